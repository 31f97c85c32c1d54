"""Records shared with users and teams, and what somebody may do with a record."""

from __future__ import annotations

from typing import Any

import pytest
from tests.mock_dataverse.core.client import Api, assert_fault, unique

from work_assignment.mock_dataverse.well_known import (
    ADMINISTRATOR_ID,
    BUSINESS_UNIT_ID,
    SALESPERSON_ROLE,
    role_id,
)

CRM = "Microsoft.Dynamics.CRM."
ALL = {
    "ReadAccess",
    "WriteAccess",
    "AppendAccess",
    "AppendToAccess",
    "CreateAccess",
    "DeleteAccess",
    "ShareAccess",
    "AssignAccess",
}


def user(api: Api, *roles: str, **values: Any) -> str:
    made = api.create("systemusers", firstname="Ana", **values)
    for role in roles:
        path = f"systemusers({made})/systemuserroles_association/$ref"
        assert api.post(path, {"@odata.id": f"roles({role})"}).ok
    return made


def record(kind: str, row_id: str) -> dict[str, str]:
    key = "activityid" if kind == "task" else f"{kind}id"
    return {key: row_id, "@odata.type": f"{CRM}{kind}"}


def share(api: Api, message: str, target: dict[str, str], to: dict[str, str], mask: str) -> Any:
    access = {"Principal": to, "AccessMask": mask}
    return api.post(message, {"Target": target, "PrincipalAccess": access})


def access(api: Api, principal: str, target: str) -> set[str]:
    path = f"{principal}/{CRM}RetrievePrincipalAccess(Target=@t)?@t={{'@odata.id':'{target}'}}"
    body = api.row(path)
    assert body["@odata.context"].endswith(f"#{CRM}RetrievePrincipalAccessResponse")
    return set(body["AccessRights"].split(","))


def shared_with(api: Api, target: str) -> dict[str, str]:
    path = f"RetrieveSharedPrincipalsAndAccess(Target=@t)?@t={{'@odata.id':'{target}'}}"
    return {
        item["Principal"]["ownerid"]: item["AccessMask"]
        for item in api.row(path)["PrincipalAccesses"]
    }


def test_granting_adds_modifying_replaces_revoking_takes_all(api: Api) -> None:
    lead, ana = api.create("leads"), user(api)
    target, to = record("lead", lead), record("systemuser", ana)
    assert access(api, f"systemusers({ana})", f"leads({lead})") == {"None"}
    assert share(api, "GrantAccess", target, to, "ReadAccess").status_code == 204
    assert share(api, "GrantAccess", target, to, "WriteAccess, AppendAccess").ok
    assert access(api, f"systemusers({ana})", f"leads({lead})") == {
        "ReadAccess",
        "WriteAccess",
        "AppendAccess",
    }
    assert share(api, "ModifyAccess", target, to, "ReadAccess").ok
    assert share(api, "ModifyAccess", target, to, "None").ok
    assert shared_with(api, f"leads({lead})") == {ana: "ReadAccess"}
    assert api.post("RevokeAccess", {"Target": target, "Revokee": to}).status_code == 204
    assert shared_with(api, f"leads({lead})") == {}


def test_a_share_goes_on_to_what_belongs_to_the_record_and_comes_back(api: Api) -> None:
    lead, ana = api.create("leads", Lead_Tasks=[{"subject": "x"}]), user(api)
    (task,) = api.row(f"leads({lead})/Lead_Tasks")["value"]
    task_path = f"tasks({task['activityid']})"
    target, to = record("lead", lead), record("systemuser", ana)
    share(api, "GrantAccess", target, to, "ReadAccess")
    assert access(api, f"systemusers({ana})", task_path) == {"ReadAccess"}
    share(api, "GrantAccess", record("task", task["activityid"]), to, "WriteAccess")
    api.post("RevokeAccess", {"Target": target, "Revokee": to})
    assert shared_with(api, task_path) == {ana: "WriteAccess"}
    (row,) = api.row(f"principalobjectaccessset?$filter=principalid eq {ana}")["value"]
    assert (row["objectid"], row["objecttypecode"]) == (task["activityid"], "task")
    assert (row["accessrightsmask"], row["inheritedaccessrightsmask"]) == (2, 0)


def test_what_is_put_below_a_shared_record_inherits_until_it_is_moved(api: Api) -> None:
    shared, other, ana = api.create("leads"), api.create("leads"), user(api)
    share(api, "GrantAccess", record("lead", shared), record("systemuser", ana), "ReadAccess")
    task = api.create(
        "tasks",
        Task_Annotation=[{"notetext": "x"}],
        **{"regardingobjectid_lead_task@odata.bind": f"leads({shared})"},
    )
    (note,) = api.row(f"tasks({task})/Task_Annotation")["value"]
    for path in (f"tasks({task})", f"annotations({note['annotationid']})"):
        assert shared_with(api, path) == {ana: "ReadAccess"}
    api.patch(f"tasks({task})", {"regardingobjectid_lead_task@odata.bind": f"leads({other})"})
    for path in (f"tasks({task})", f"annotations({note['annotationid']})"):
        assert shared_with(api, path) == {}


def test_members_have_what_is_shared_with_their_team(api: Api) -> None:
    lead, ana, team = api.create("leads"), user(api), api.create("teams", name=unique("team"))
    share(api, "GrantAccess", record("lead", lead), record("team", team), "ReadAccess")
    assert access(api, f"teams({team})", f"leads({lead})") == {"ReadAccess"}
    assert access(api, f"systemusers({ana})", f"leads({lead})") == {"None"}
    members = {"Members": [record("systemuser", ana)]}
    api.post(f"teams({team})/{CRM}AddMembersTeam", members)
    assert access(api, f"systemusers({ana})", f"leads({lead})") == {"ReadAccess"}


def test_roles_reach_as_far_as_their_depth(api: Api) -> None:
    unit = api.create(
        "businessunits",
        name=unique("unit"),
        **{"parentbusinessunitid@odata.bind": f"businessunits({BUSINESS_UNIT_ID})"},
    )
    mine = {"businessunitid@odata.bind": f"businessunits({unit})"}
    near, far = user(api, role_id(SALESPERSON_ROLE)), user(api, role_id(SALESPERSON_ROLE), **mine)
    lead = api.create("leads")  # in the unit of the administrator, and of the near seller
    assert access(api, f"systemusers({near})", f"leads({lead})") == {"ReadAccess"}
    assert access(api, f"systemusers({far})", f"leads({lead})") == {"None"}
    hers = api.create("leads", **{"ownerid@odata.bind": f"systemusers({far})"})
    assert access(api, f"systemusers({far})", f"leads({hers})") == ALL
    assert access(api, f"systemusers({ADMINISTRATOR_ID})", f"leads({hers})") == ALL


def test_shares_go_with_the_record(api: Api) -> None:
    lead, ana = api.create("leads"), user(api)
    share(api, "GrantAccess", record("lead", lead), record("systemuser", ana), "ReadAccess")
    api.delete(f"leads({lead})")
    path = f"principalobjectaccessset?$filter=objectid eq {lead}"
    assert api.row(path)["value"] == []


def test_shares_are_written_by_messages_only(api: Api) -> None:
    assert_fault(api.post("principalobjectaccessset", {}), 405, "0x8004023b")


def test_wrong_shares_are_refused(api: Api) -> None:
    lead, ana = api.create("leads"), user(api)
    target, to = record("lead", lead), record("systemuser", ana)
    assert_fault(share(api, "GrantAccess", target, to, "Read"), 400, "0x80048d19", "'Read'")
    assert_fault(share(api, "GrantAccess", target, target, "ReadAccess"), 400, "0x80048d19")
    answer = api.post("GrantAccess", {"Target": target})
    assert_fault(answer, 400, "0x80048d19", "Principal")
    unit = {"businessunitid": BUSINESS_UNIT_ID, "@odata.type": f"{CRM}businessunit"}
    answer = share(api, "GrantAccess", unit, to, "ReadAccess")
    assert_fault(answer, 400, "0x80040203", "businessunit")
    empty = user(api, api.create("roles", name=unique("role")))
    answer = share(api, "GrantAccess", target, record("systemuser", empty), "ReadAccess")
    assert_fault(answer, 403, "0x80040231", "prvReadLead")
    assert shared_with(api, f"leads({lead})") == {}


@pytest.mark.parametrize("target", ["", "5", "{'x'", "[]", "{'@odata.id':'nothing(1)'}"])
def test_a_target_that_is_no_reference_is_refused(api: Api, target: str) -> None:
    path = f"systemusers({ADMINISTRATOR_ID})/{CRM}RetrievePrincipalAccess(Target=@t)"
    answer = api.get(f"{path}?@t={target}")
    assert answer.status_code == 400
