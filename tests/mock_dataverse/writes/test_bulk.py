"""Messages of many rows, and jobs that delete what a query finds."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from tests.mock_dataverse.core.client import Api, assert_fault, unique

CRM = "Microsoft.Dynamics.CRM."
LEAD = {"@odata.type": f"{CRM}lead"}
ATTRIBUTE = {"@odata.type": f"{CRM}wa_sellerattribute"}


def bulk(api: Api, entity_set: str, message: str, *targets: dict[str, Any]) -> Any:
    return api.post(f"{entity_set}/{CRM}{message}", {"Targets": list(targets)})


def test_upsert_multiple_creates_and_updates_by_key_and_by_id(api: Api) -> None:
    there, absent, new_id = unique("it's"), unique("absent"), str(uuid.uuid4())
    first = api.create("wa_sellerattributes", wa_name=there)
    key = "wa_sellerattributes(wa_name='" + there.replace("'", "''") + "')"
    answer = bulk(
        api,
        "wa_sellerattributes",
        "UpsertMultiple",
        {**ATTRIBUTE, "@odata.id": key, "utcconversiontimezonecode": 7},
        {**ATTRIBUTE, "@odata.id": f"wa_sellerattributes(wa_name='{absent}')"},
        {**ATTRIBUTE, "wa_sellerattributeid": new_id, "wa_name": unique("new")},
        {**ATTRIBUTE, "wa_name": unique("without id")},
    )
    assert (answer.status_code, answer.content) == (204, b"")
    assert api.row(f"wa_sellerattributes({first})")["utcconversiontimezonecode"] == 7
    assert api.row(f"wa_sellerattributes(wa_name='{absent}')")["wa_name"] == absent
    assert api.row(f"wa_sellerattributes({new_id})")["wa_sellerattributeid"] == new_id


def test_upsert_multiple_is_all_or_nothing_and_takes_each_row_once(api: Api) -> None:
    name = unique("once")
    target = {**ATTRIBUTE, "@odata.id": f"wa_sellerattributes(wa_name='{name}')"}
    answer = bulk(api, "wa_sellerattributes", "UpsertMultiple", target, target)
    assert_fault(answer, 400, "0x80060888", "more than once", "'Targets[1]'")
    assert api.get(f"wa_sellerattributes(wa_name='{name}')").status_code == 404


def test_a_key_that_is_none_or_of_another_table_is_refused(api: Api) -> None:
    wrong = {**ATTRIBUTE, "@odata.id": "wa_sellerattributes(other='x')"}
    answer = bulk(api, "wa_sellerattributes", "UpsertMultiple", wrong)
    assert_fault(answer, 400, "0x80060890", "'Targets[0]'")
    lead = {**ATTRIBUTE, "@odata.id": f"leads({uuid.uuid4()})"}
    answer = bulk(api, "wa_sellerattributes", "UpsertMultiple", lead)
    assert_fault(answer, 400, "0x80060888", "not a wa_sellerattribute")


def test_delete_multiple_is_for_elastic_tables_only(api: Api) -> None:
    lead = api.create("leads")
    answer = bulk(api, "leads", "DeleteMultiple", {**LEAD, "leadid": lead})
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == "DeleteMultiple has not yet been implemented."
    assert api.get(f"leads({lead})").status_code == 200


@pytest.mark.parametrize("message", ["CreateMultiple", "UpdateMultiple", "UpsertMultiple"])
@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"Targets": []}, "is empty"),
        ({"Targets": {}}, "not an array"),
        ({"Targets": [[]]}, "not an array of records"),
        ({"Targets": [{"subject": "x"}]}, "'@odata.type'"),
        ({"Targets": [{"@odata.type": f"{CRM}account"}]}, "Targets[0]"),
        ({"Targets": [{**LEAD, "leadid": 5}]}, "5"),
        ({"Targets": [LEAD], "Colour": 1}, "'Colour'"),
    ],
)
def test_targets_that_are_none_are_refused(
    api: Api, message: str, body: dict[str, Any], words: str
) -> None:
    answer = api.post(f"leads/{CRM}{message}", body)
    assert answer.status_code == 400, answer.text
    assert words in answer.json()["error"]["message"]


def test_a_wrong_target_is_named_by_its_number(api: Api) -> None:
    good, bad = {**LEAD, "subject": "x"}, {**LEAD, "leadsourcecode": 99}
    answer = bulk(api, "leads", "CreateMultiple", good, good, bad)
    assert_fault(answer, 400, "0x8004431a", "'Targets[2].leadsourcecode'")
    answer = bulk(api, "leads", "UpdateMultiple", {**LEAD, "@odata.id": 5, "subject": "x"})
    said = "'@odata.id' is 5, not a text. Its place is 'Targets[0]'."
    assert_fault(answer, 400, "0x80060888", said)
    absent = str(uuid.uuid4())
    answer = bulk(api, "leads", "UpdateMultiple", {**LEAD, "leadid": absent, "subject": "x"})
    said = f"lead With Id = {absent} Does Not Exist. Its place is 'Targets[0]'."
    assert_fault(answer, 404, "0x80040217", said)


def test_activities_are_created_with_their_parties(api: Api) -> None:
    contact = api.create("contacts", lastname="x")
    party = {"participationtypemask": 2, "partyid_contact@odata.bind": f"contacts({contact})"}
    email = {"@odata.type": f"{CRM}email", "email_activity_parties": [party]}
    (made,) = bulk(api, "emails", "CreateMultiple", email).json()["Ids"]
    listed = api.row(f"emails({made})/email_activity_parties?$filter=participationtypemask eq 2")
    assert [row["_partyid_value"] for row in listed["value"]] == [contact]


def test_a_thousand_rows_are_created_and_updated_at_once(own_api: Api) -> None:
    answer = bulk(own_api, "leads", "CreateMultiple", *[{**LEAD, "subject": "x"}] * 1000)
    ids = answer.json()["Ids"]
    assert len(set(ids)) == 1000
    changed = [{**LEAD, "leadid": row_id, "subject": "y"} for row_id in ids]
    assert bulk(own_api, "leads", "UpdateMultiple", *changed).status_code == 204
    assert own_api.get("leads/$count?$filter=subject eq 'y'").text == "1000"


def job(api: Api, *queries: dict[str, Any], **others: Any) -> Any:
    body = {
        "JobName": "clean up",
        "QuerySet": list(queries),
        "SendEmailNotification": False,
        "ToRecipients": [],
        "CCRecipients": [],
        "RecurrencePattern": "",
        "StartDateTime": "2026-01-01T00:00:00Z",
        **others,
    }
    return api.post("BulkDelete", body)


def query(table: str, *conditions: dict[str, Any], kind: str = "And") -> dict[str, Any]:
    return {
        "EntityName": table,
        "ColumnSet": {"AllColumns": False, "Columns": []},
        "Criteria": {"FilterOperator": kind, "Conditions": list(conditions), "Filters": []},
    }


def condition(column: str, operator: str, *values: Any) -> dict[str, Any]:
    listed = [{"Value": str(value), "Type": "System.String"} for value in values]
    return {"AttributeName": column, "Operator": operator, "Values": listed}


def test_a_bulk_deletion_takes_what_its_query_finds_and_says_so(api: Api) -> None:
    doomed, kept = [api.create("leads") for _ in range(3)], api.create("leads")
    answer = job(api, query("lead", condition("leadid", "In", *doomed)))
    assert answer.status_code == 200
    body = answer.json()
    assert body["@odata.context"].endswith("#Microsoft.Dynamics.CRM.BulkDeleteResponse")
    assert [api.get(f"leads({lead})").status_code for lead in [*doomed, kept]] == [404] * 3 + [200]
    row = api.row(f"asyncoperations({body['JobId']})")
    assert (row["statecode"], row["statuscode"], row["operationtype"]) == (3, 30, 13)
    assert row["name"] == "clean up"
    path = f"bulkdeleteoperations?$filter=_asyncoperationid_value eq {body['JobId']}"
    (done,) = api.row(path)["value"]
    assert (done["successcount"], done["failurecount"]) == (3, 0)


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ([condition("subject", "BeginsWith", "b")], {"b", "bc"}),
        ([condition("subject", "Contains", "c")], {"bc"}),
        ([condition("subject", "Null")], {None}),
        ([condition("subject", "NotNull"), condition("subject", "NotEqual", "b")], {"a", "bc"}),
        ([condition("createdon", "LastXDays", 2), condition("subject", "Equal", "a")], {"a"}),
        ([condition("statecode", "Equal", 1)], set()),
    ],
)
def test_conditions_mean_what_they_mean_in_fetchxml(
    own_api: Api, chosen: list[dict[str, Any]], expected: set[str | None]
) -> None:
    everything = {"a", "b", "bc", None}
    for subject in everything:
        own_api.create("leads", subject=subject)
    assert job(own_api, query("lead", *chosen)).status_code == 200
    left = {row["subject"] for row in own_api.row("leads?$select=subject")["value"]}
    assert left == everything - expected


def test_rows_that_cannot_go_stay_and_are_counted(api: Api) -> None:
    codes = {"isocurrencycode": "CHF", "currencysymbol": "F"}
    used = api.create("transactioncurrencies", currencyname=unique("used"), **codes)
    free = api.create("transactioncurrencies", currencyname=unique("free"), **codes)
    bind = {"transactioncurrencyid@odata.bind": f"transactioncurrencies({used})"}
    api.create("accounts", name="x", **bind)
    chosen = condition("transactioncurrencyid", "In", used, free)
    job_id = job(api, query("transactioncurrency", chosen)).json()["JobId"]
    assert api.get(f"transactioncurrencies({used})").status_code == 200
    assert api.get(f"transactioncurrencies({free})").status_code == 404
    path = f"bulkdeleteoperations?$filter=_asyncoperationid_value eq {job_id}"
    (done,) = api.row(path)["value"]
    assert (done["successcount"], done["failurecount"]) == (1, 1)


def test_more_rows_than_a_page_holds_are_deleted(own_api: Api) -> None:
    for _ in range(6):
        bulk(own_api, "tasks", "CreateMultiple", *[{"@odata.type": f"{CRM}task"}] * 1000)
    assert job(own_api, query("task")).status_code == 200
    assert own_api.get("tasks/$count").text == "0"


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"JobName": None}, 400, "'JobName'"),
        ({"QuerySet": []}, 400, "'QuerySet'"),
        ({"QuerySet": [query("nothing")]}, 400, "'nothing'"),
        ({"QuerySet": [query("lead", condition("colour", "Null"))]}, 400, "colour"),
        ({"QuerySet": [query("lead", condition("subject", "Smells"))]}, 400, "smells"),
        ({"QuerySet": [{**query("lead"), "Colour": 1}]}, 400, "'Colour'"),
        ({"QuerySet": [query("systemuser")]}, 405, "'Delete' method"),
        ({"StartDateTime": "soon"}, 400, "'StartDateTime'"),
        ({"SendEmailNotification": True}, 501, "SendEmailNotification"),
        ({"RecurrencePattern": "FREQ=DAILY"}, 501, "RecurrencePattern"),
        ({"Colour": 1}, 400, "'Colour'"),
    ],
)
def test_a_wrong_job_deletes_nothing(
    api: Api, change: dict[str, Any], status: int, words: str
) -> None:
    lead = api.create("leads")
    answer = job(api, query("lead"), **change)
    assert answer.status_code == status, answer.text
    assert words in answer.json()["error"]["message"]
    assert api.get(f"leads({lead})").status_code == 200
