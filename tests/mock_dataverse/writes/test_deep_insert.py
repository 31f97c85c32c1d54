"""Creating a row together with those it points at and those that hang on it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.mock_dataverse.core.client import Api, assert_fault, unique

NO_DEEP_UPDATE = "Deep update of navigation properties is not allowed."


def names(api: Api, path: str, column: str) -> list[str]:
    return sorted(row[column] for row in api.row(path)["value"])


def test_objects_and_arrays_become_rows_tied_to_each_other_at_any_depth(api: Api) -> None:
    account = api.create(
        "accounts",
        name="Contoso",
        primarycontactid={"firstname": "Ada", "lastname": "Byron"},
        opportunity_customer_accounts=[
            {
                "name": "Seats",
                "Opportunity_Tasks": [
                    {"subject": "Call", "task_activity_parties": []},
                    {"subject": "Write", "Task_Annotation": [{"notetext": "by hand"}]},
                ],
            }
        ],
        Account_Tasks=[{"subject": "Visit"}],
    )
    query = (
        "$expand=primarycontactid($select=fullname),Account_Tasks($select=subject),"
        "opportunity_customer_accounts($select=name)"
    )
    row = api.row(f"accounts({account})?{query}")
    assert row["primarycontactid"]["fullname"] == "Ada Byron"
    assert [task["subject"] for task in row["Account_Tasks"]] == ["Visit"]
    (opportunity,) = row["opportunity_customer_accounts"]
    tasks = f"opportunities({opportunity['opportunityid']})/Opportunity_Tasks"
    assert names(api, tasks, "subject") == ["Call", "Write"]
    note = api.row("annotations?$filter=notetext eq 'by hand'&$expand=objectid_task")["value"][0]
    assert note["objectid_task"]["subject"] == "Write"


def test_a_lookup_of_several_tables_is_filled_by_the_property_of_each(api: Api) -> None:
    task = api.create("tasks", subject="x", regardingobjectid_lead_task={"subject": unique("lead")})
    row = api.row(f"tasks({task})?$expand=regardingobjectid_lead_task($select=subject)")
    lead = row["regardingobjectid_lead_task"]
    assert row["_regardingobjectid_value"] == lead["leadid"]
    assert api.row(f"leads({lead['leadid']})/Lead_Tasks")["value"][0]["activityid"] == task


def test_rows_of_a_many_to_many_collection_are_created_and_associated(api: Api) -> None:
    team = api.create(
        "teams", name=unique("team"), teammembership_association=[{"firstname": "Ana"}]
    )
    assert names(api, f"teams({team})/teammembership_association", "firstname") == ["Ana"]


def test_nested_rows_bind_to_rows_that_are_there_also_by_alternate_key(api: Api) -> None:
    seller = api.create("systemusers", firstname="Ben")
    segment = unique("segment")
    api.create("wa_segments", wa_name=segment, wa_recordtype="lead")
    lead = {
        "subject": "nested",
        "ownerid@odata.bind": f"/systemusers({seller})",
        "wa_SegmentId@odata.bind": f"wa_segments(wa_recordtype='lead',wa_name='{segment}')",
    }
    account = api.create("accounts", name="x", lead_parent_account=[lead])
    (row,) = api.row(f"accounts({account})/lead_parent_account")["value"]
    assert row["_ownerid_value"] == seller
    assert row["_wa_segmentid_value"] is not None


def test_the_whole_is_returned_on_request(api: Api) -> None:
    body = {"name": "x", "primarycontactid": {"lastname": "Byron"}, "Account_Tasks": []}
    path = "accounts?$select=name&$expand=primarycontactid($select=lastname)"
    answer = api.post(path, body, Prefer="return=representation")
    assert answer.status_code == 201
    assert answer.json()["primarycontactid"]["lastname"] == "Byron"


@pytest.mark.parametrize(
    ("nested", "code", "words"),
    [
        (
            {"Account_Tasks": [{"subject": "a"}, {"subject": "x" * 201}]},
            "0x80044331",
            ["'subject'", "'Account_Tasks[1].subject'"],
        ),
        (
            {"Account_Tasks": [{"colour": "red"}]},
            "0x80048d19",
            ["'colour'", "Its place is 'Account_Tasks[0].colour'."],
        ),
        (
            {"opportunity_customer_accounts": [{"Opportunity_Tasks": [{"statuscode": 99}]}]},
            "0x80048408",
            ["'opportunity_customer_accounts[0].Opportunity_Tasks[0]'"],
        ),
        ({"primarycontactid": {"gendercode": 9}}, "0x8004431a", ["'primarycontactid.gendercode'"]),
        ({"primarycontactid": [{"lastname": "x"}]}, "0x80048d19", ["a new record is an object"]),
        ({"Account_Tasks": {"subject": "x"}}, "0x80048d19", ["'Account_Tasks' is not an array"]),
        ({"Account_Tasks": [5]}, "0x80048d19", ["'Account_Tasks' is not an array of records"]),
        ({"Account_Tasks": None}, "0x80048d19", ["'Account_Tasks' is not an array"]),
        ({"ownerid": {"firstname": "New"}}, "0x80060888", ["through 'ownerid'"]),
        ({"createdby": {"firstname": "New"}}, "0x80060888", ["through 'createdby'"]),
    ],
)
def test_what_is_wrong_inside_is_named_by_its_place_and_nothing_is_kept(
    api: Api, nested: dict[str, Any], code: str, words: list[str]
) -> None:
    name = unique("nothing")
    answer = api.post("accounts", {"name": name, **nested})
    assert_fault(answer, 400, code, *words)
    assert api.row(f"accounts?$filter=name eq '{name}'")["value"] == []


def test_a_duplicate_inside_takes_everything_back(api: Api) -> None:
    taken = unique("taken")
    api.create("wa_sellerattributes", wa_name=taken)
    value = {"wa_name": "English", "wa_SellerAttributeId": {"wa_name": taken}}
    answer = api.post("wa_sellerattributevalues", value)
    assert_fault(answer, 412, "0x80060892", "'wa_SellerAttributeId'")


def test_deep_insert_works_inside_a_change_set_and_falls_with_it(api: Api) -> None:
    name = unique("batch")
    account = {"name": name, "Account_Tasks": [{"subject": "x", "activityid": None}]}
    for last, expected in (({"subject": "fine"}, 1), ({"leadsourcecode": 99}, 1)):
        parts = "".join(
            f"--cs\r\nContent-Type: application/http\r\nContent-ID: {number}\r\n\r\n"
            f"POST {path} HTTP/1.1\r\nContent-Type: application/json\r\n\r\n"
            f"{json.dumps(body)}\r\n"
            for number, (path, body) in enumerate((("accounts", account), ("leads", last)), 1)
        )
        text = f"--b\r\nContent-Type: multipart/mixed;boundary=cs\r\n\r\n{parts}--cs--\r\n--b--\r\n"
        headers = {"Content-Type": "multipart/mixed;boundary=b"}
        api.send("POST", "$batch", data=text.encode(), headers=headers)
        query = f"accounts?$filter=name eq '{name}'&$expand=Account_Tasks"
        found = api.row(query)["value"]
        assert len(found) == expected
        assert len(found[0]["Account_Tasks"]) == 1


def test_an_update_or_upsert_creates_nothing_beside_its_row(api: Api) -> None:
    lead = api.create("leads", subject="x")
    for path in (f"leads({lead})", "leads(11111111-2222-4333-8444-555555555555)"):
        for nested in ({"Lead_Tasks": [{"subject": "y"}]}, {"parentaccountid": {"name": "z"}}):
            answer = api.patch(path, nested)
            assert_fault(answer, 400, "0x80060888", NO_DEEP_UPDATE, next(iter(nested)))
    bulk = {"@odata.type": "Microsoft.Dynamics.CRM.lead", "Lead_Tasks": [{"subject": "y"}]}
    answer = api.post("leads/Microsoft.Dynamics.CRM.CreateMultiple", {"Targets": [bulk]})
    assert_fault(answer, 400, "0x80060888", "'Targets[0].Lead_Tasks'")


def test_what_is_nested_too_deep_is_refused(api: Api) -> None:
    body: dict[str, Any] = {"name": "innermost"}
    for _ in range(30):
        body = {"name": "x", "parentaccountid": body}
    assert_fault(api.post("accounts", body), 400, "0x80048d19", "nested deeper than")
    text = '{"parentaccountid":' * 100_000
    headers = {"Content-Type": "application/json"}
    answer = api.send("POST", "accounts", data=text, headers=headers)
    assert_fault(answer, 400, "0x80048d19", "not valid JSON")
