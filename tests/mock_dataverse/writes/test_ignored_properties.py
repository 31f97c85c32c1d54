"""What a body may say of columns that nobody writes, and about its properties."""

from __future__ import annotations

from typing import Any

import pytest
from tests.mock_dataverse.core.client import Api, assert_fault

from work_assignment.mock_dataverse.well_known import CURRENCY_ID

NOBODY = "00000000-0000-0000-0000-00000000abcd"


def answers_to(api: Api, body: dict[str, Any]) -> list[tuple[int, str]]:
    """Status and message when it is sent to create a lead, and to change one."""
    lead = api.create("leads", subject="x")
    answers = (api.post("leads", body), api.patch(f"leads({lead})", body))
    return [(answer.status_code, answer.json()["error"]["message"]) for answer in answers]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"createdon": "x"}, ("'createdon'", "'x'", "Edm.DateTimeOffset")),
        ({"createdon": 5}, ("'createdon'", "5")),
        ({"createdon": "2024-13-01T00:00:00Z"}, ("'createdon'", "2024-13-01")),
        ({"modifiedon": True}, ("'modifiedon'", "true")),
        ({"versionnumber": "abc"}, ("'versionnumber'", "Edm.Int64")),
        ({"fullname": 5}, ("'fullname'", "Edm.String")),
        ({"address1_composite": []}, ("'address1_composite'",)),
        ({"revenue_base": "x"}, ("'revenue_base'", "Edm.Decimal")),
        ({"exchangerate": "x"}, ("'exchangerate'", "Edm.Decimal")),
        ({"createdby@odata.bind": "garbage"}, ("'createdby@odata.bind'", "garbage")),
        ({"createdby@odata.bind": "/systemusers(zz)"}, ("'createdby@odata.bind'", "'zz'")),
        ({"createdby@odata.bind": 5}, ("'createdby@odata.bind'", "5")),
        ({"createdby@odata.bind": f"/leads({NOBODY})"}, ("'createdby'", "systemuser, not lead")),
        ({"owninguser@odata.bind": "/users(1)"}, ("'owninguser@odata.bind'", "'users'")),
    ],
)
def test_a_wrong_value_is_refused_also_where_nobody_writes(
    api: Api, body: dict[str, Any], words: tuple[str, ...]
) -> None:
    for status, told in answers_to(api, body):
        assert (status, [word for word in words if word not in told]) == (400, []), told


@pytest.mark.parametrize(
    "body",
    [
        {"createdon": None, "modifiedon": "2024-01-01T00:00:00Z", "versionnumber": 5},
        {"versionnumber": "5", "fullname": "a", "revenue_base": -5.5, "exchangerate": 1},
        {"fullname": "x" * 5000, "exchangerate": 0},
        {"createdby@odata.bind": f"/systemusers({NOBODY})"},
        {"createdby@odata.bind": None, "createdby": None},
        {"owninguser@odata.bind": f"systemusers({NOBODY})"},
    ],
)
def test_what_nobody_writes_is_ignored(api: Api, body: dict[str, Any]) -> None:
    lead = api.create("leads", subject="a", **body)
    row = api.row(f"leads({lead})")
    assert (row["fullname"], row["revenue_base"], row["exchangerate"]) == (None, None, None)
    assert row["createdon"] == row["modifiedon"]
    assert row["_createdby_value"] == row["_owninguser_value"] != NOBODY
    assert api.patch(f"leads({lead})", body).status_code == 204


@pytest.mark.parametrize(
    "entity_set", ["leads", "accounts", "contacts", "opportunities", "tasks", "products", "queues"]
)
def test_a_row_can_be_sent_back_as_it_was_read(api: Api, entity_set: str) -> None:
    named = {"products": {"name": "p", "productnumber": "p-1"}, "queues": {"name": "q"}}
    row_id = api.create(entity_set, **named.get(entity_set, {}))
    read = api.row(f"{entity_set}({row_id})")
    sent = {name: value for name, value in read.items() if not name.startswith("_")}
    answer = api.patch(f"{entity_set}({row_id})", sent)
    assert answer.status_code == 204, answer.text


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"subject@odata.type": "#Int32", "subject": "a"}, ("'subject@odata.type'", "#Int32")),
        ({"subject@odata.type": 5}, ("'subject@odata.type'", "5")),
        ({"createdon@odata.type": "#String"}, ("'createdon@odata.type'", "Edm.DateTimeOffset")),
        ({"numberofemployees@odata.type": "#Int64"}, ("Edm.Int32",)),
        ({"_ownerid_value@odata.type": "#String"}, ("'_ownerid_value@odata.type'", "Edm.Guid")),
        ({"@odata.id": 5}, ("'@odata.id'", "text", "5")),
        ({"@odata.etag": True}, ("'@odata.etag'", "text", "True")),
        ({"parentaccountid@odata.bind": 5}, ("'parentaccountid@odata.bind'", "5")),
        ({"parentaccountid@odata.bind": "x"}, ("'parentaccountid@odata.bind'", "'x'")),
        ({"estimatedclosedate": "2024-13-01"}, ("'estimatedclosedate'", "2024-13-01")),
    ],
)
def test_a_contradiction_is_refused_by_name(
    api: Api, body: dict[str, Any], words: tuple[str, ...]
) -> None:
    for status, told in answers_to(api, body):
        assert (status, [word for word in words if word not in told]) == (400, []), told


def test_a_link_is_a_text(api: Api) -> None:
    lead = api.create("leads", subject="x")
    answer = api.put(f"leads({lead})/parentaccountid/$ref", {"@odata.id": 5})
    assert_fault(answer, 400, "0x80048d19", "'@odata.id' is 5, not a text.")


def test_a_missing_record_is_told_in_dataverses_words(api: Api) -> None:
    answer = api.post("leads", {"parentaccountid@odata.bind": f"/accounts({NOBODY})"})
    assert_fault(answer, 404, "0x80040217")
    assert answer.json()["error"]["message"] == f"account With Id = {NOBODY} Does Not Exist"


def test_types_and_addresses_that_fit_are_taken(api: Api) -> None:
    typed = {
        "@odata.id": f"leads({NOBODY})",
        "@odata.etag": 'W/"1"',
        "subject@odata.type": "#String",
        "subject": "a",
        "revenue@odata.type": "#Int32",
        "revenue": 5,
        "estimatedamount@odata.type": "Edm.Decimal",
        "createdon@odata.type": "#DateTimeOffset",
        "statuscode@odata.type": "#Int32",
        "_ownerid_value@odata.type": "#Guid",
        "subject@own.note": 5,
    }
    lead = api.create("leads", **typed)
    row = api.row(f"leads({lead})")
    assert (row["subject"], row["revenue"]) == ("a", 5)


def test_a_new_row_has_a_state(api: Api) -> None:
    answer = api.post("leads", {"statecode": None})
    assert_fault(answer, 400, "0x80040200", "'statecode'", "cannot be cleared")
    answer = api.post("leads", {"statecode": None, "statuscode": 1})
    assert_fault(answer, 400, "0x80040200", "'statecode'")


@pytest.mark.parametrize("given", [{}, {"leadid": NOBODY}])
def test_a_wrong_status_reason_of_a_new_row_names_no_id(api: Api, given: dict[str, str]) -> None:
    answer = api.post("leads", {"statuscode": 99, **given})
    said = "99 is not a valid status code for state code LeadState.Open on lead."
    assert_fault(answer, 400, "0x80048408", said, "'statuscode'")
    assert " Id " not in answer.json()["error"]["message"]
    answer = api.post("leads", {"statecode": 9, **given})
    assert_fault(answer, 400, "0x80048408", "9 is not a valid state code on lead.", "'statecode'")


def test_a_key_that_has_more_than_the_id_names_the_rest(api: Api) -> None:
    for key in (f"{CURRENCY_ID},x=1", f"x=1,{CURRENCY_ID}"):
        answer = api.patch(f"leads({key})", {"subject": "a"})
        assert_fault(answer, 400, "0x80060890", "does not fit is 'x=1'.")
    answer = api.patch(f"leads({CURRENCY_ID},{CURRENCY_ID})", {"subject": "a"})
    assert_fault(answer, 400, "0x80060890", f"does not fit is '{CURRENCY_ID},{CURRENCY_ID}'.")
