"""Requests on behalf of another user, by either header, alone and inside a batch."""

from __future__ import annotations

import json

import pytest
from tests.mock_dataverse.core.client import Api, assert_fault
from tests.mock_dataverse.serving.admin import Admin

from work_assignment.mock_dataverse.well_known import (
    ADMINISTRATOR_ID,
    DELEGATE_ROLE,
    SALESPERSON_ROLE,
    role_id,
)

PEOPLE = "$select=_createdby_value,_createdonbehalfby_value,_modifiedby_value,_modifiedonbehalfby_value,_ownerid_value"
OBJECT_ID = "0b1e7a52-7a10-4a6c-9d0b-%012d"


@pytest.fixture
def ana(api: Api) -> str:
    number = api.row("systemusers?$count=true&$top=1")["@odata.count"]
    return api.create(
        "systemusers", firstname="Ana", azureactivedirectoryobjectid=OBJECT_ID % number
    )


def object_id_of(api: Api, user: str) -> str:
    found: str = api.row(f"systemusers({user})")["azureactivedirectoryobjectid"]
    return found


def people(api: Api, lead: str) -> tuple[str | None, ...]:
    row = api.row(f"leads({lead})?{PEOPLE}")
    names = ("createdby", "createdonbehalfby", "modifiedby", "modifiedonbehalfby", "ownerid")
    return tuple(row[f"_{name}_value"] for name in names)


def created(api: Api, **headers: str) -> str:
    answer = api.post("leads", {"subject": "x"}, **headers)
    assert answer.status_code == 204, answer.text
    return answer.headers["OData-EntityId"][-37:-1]


@pytest.mark.parametrize("header", ["MSCRMCallerID", "CallerObjectId"])
def test_rows_are_the_impersonated_users_and_name_the_real_one(
    api: Api, ana: str, header: str
) -> None:
    named = ana if header == "MSCRMCallerID" else object_id_of(api, ana).upper()
    lead = created(api, **{header: named})
    assert people(api, lead) == (ana, ADMINISTRATOR_ID, ana, ADMINISTRATOR_ID, ana)
    answer = api.get("WhoAmI", headers={header: named})
    assert answer.json()["UserId"] == ana


def test_who_changes_a_row_herself_has_no_delegate_any_more(api: Api, ana: str) -> None:
    lead = created(api, MSCRMCallerID=ana)
    api.patch(f"leads({lead})", {"subject": "y"})
    assert people(api, lead) == (ana, ADMINISTRATOR_ID, ADMINISTRATOR_ID, None, ana)
    api.patch(f"leads({lead})", {"subject": "z"}, MSCRMCallerID=ana)
    assert people(api, lead) == (ana, ADMINISTRATOR_ID, ana, ADMINISTRATOR_ID, ana)


def test_the_object_id_wins_over_the_user_id(api: Api, ana: str) -> None:
    headers = {"MSCRMCallerID": ADMINISTRATOR_ID, "CallerObjectId": object_id_of(api, ana)}
    assert api.get("WhoAmI", headers=headers).json()["UserId"] == ana


def test_who_names_herself_is_nobodys_delegate(api: Api) -> None:
    lead = created(api, MSCRMCallerID=ADMINISTRATOR_ID)
    assert people(api, lead)[:2] == (ADMINISTRATOR_ID, None)


def test_the_privilege_comes_from_a_role(api: Api, ana: str) -> None:
    bob = api.create("systemusers", firstname="Bob")
    as_bob = Api(api.server, f"user:{bob}")
    words = "User does not have the privilege to act on behalf another user."
    for role in (None, SALESPERSON_ROLE):
        if role is not None:
            _give(api, bob, role)
        answer = as_bob.post("leads", {}, MSCRMCallerID=ana)
        assert_fault(answer, 403, "0x8004a110", words)
    _give(api, bob, DELEGATE_ROLE)
    assert people(api, created(as_bob, MSCRMCallerID=ana))[:2] == (ana, bob)
    as_bob.close()


def _give(api: Api, user: str, role: str) -> None:
    address = {"@odata.id": f"{api.root}roles({role_id(role)})"}
    path = f"systemusers({user})/systemuserroles_association/$ref"
    assert api.post(path, address).status_code == 204


def test_users_who_cannot_be_impersonated_are_told_apart(api: Api) -> None:
    gone = api.create("systemusers", firstname="Gone", isdisabled=True)
    unknown = "0b1e7a52-0000-4000-8000-00000000dead"
    for headers, status, code, words in (
        ({"MSCRMCallerID": unknown}, 404, "0x80040217", f"systemuser With Id = {unknown}"),
        ({"CallerObjectId": unknown}, 403, "0x80072560", "not a member"),
        ({"MSCRMCallerID": gone}, 403, "0x80040225", "disabled"),
        ({"MSCRMCallerID": "ana"}, 400, "0x80060888", "'ana'"),
    ):
        assert_fault(api.get("WhoAmI", headers=headers), status, code, words)


def test_requests_and_limits_are_counted_for_the_real_user(
    api: Api, admin: Admin, ana: str
) -> None:
    admin.json("POST", "counters/reset")
    api.get("WhoAmI", headers={"MSCRMCallerID": ana})
    assert admin.json("GET", "counters")["http_requests_by_user"] == {ADMINISTRATOR_ID: 1}


def batch(api: Api, parts: list[str], **headers: str) -> list[dict[str, str]]:
    inner = "".join(f"--b\r\nContent-Type: application/http\r\n\r\n{part}\r\n" for part in parts)
    kind = {"Content-Type": "multipart/mixed; boundary=b", **headers}
    answer = api.send("POST", "$batch", data=f"{inner}--b--\r\n", headers=kind)
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines() if line.startswith("{")]


def test_a_batch_acts_for_the_outer_user_unless_a_request_names_another(api: Api, ana: str) -> None:
    eva = api.create("systemusers", firstname="Eva")
    parts = [
        "GET WhoAmI HTTP/1.1\r\n\r\n",
        f"GET WhoAmI HTTP/1.1\r\nMSCRMCallerID: {eva}\r\n\r\n",
        "GET WhoAmI HTTP/1.1\r\n\r\n",
    ]
    assert [body["UserId"] for body in batch(api, parts)] == [
        ADMINISTRATOR_ID,
        eva,
        ADMINISTRATOR_ID,
    ]
    found = [body["UserId"] for body in batch(api, parts, MSCRMCallerID=ana)]
    assert found == [ana, eva, ana]


def test_each_request_of_a_change_set_can_act_for_another(api: Api, ana: str) -> None:
    eva = api.create("systemusers", firstname="Eva")
    parts = "".join(
        f"--c\r\nContent-Type: application/http\r\nContent-ID: {number}\r\n\r\n"
        f"POST leads HTTP/1.1\r\nContent-Type: application/json\r\n{header}"
        "Prefer: return=representation\r\n\r\n{}\r\n"
        for number, header in enumerate(
            [f"MSCRMCallerID: {ana}\r\n", f"MSCRMCallerID: {eva}\r\n", ""], start=1
        )
    )
    body = f"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n{parts}--c--\r\n--b--\r\n"
    headers = {"Content-Type": "multipart/mixed; boundary=b"}
    answer = api.send("POST", "$batch", data=body, headers=headers)
    rows = [json.loads(line) for line in answer.text.splitlines() if line.startswith("{")]
    assert [(r["_createdby_value"], r["_createdonbehalfby_value"]) for r in rows] == [
        (ana, ADMINISTRATOR_ID),
        (eva, ADMINISTRATOR_ID),
        (ADMINISTRATOR_ID, None),
    ]
