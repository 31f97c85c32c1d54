"""Teams, roles and privileges: who belongs where, and who may be given a record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from tests.mock_dataverse.core.client import Api, assert_fault, unique

from work_assignment.mock_dataverse.server import MockServer
from work_assignment.mock_dataverse.well_known import (
    ADMINISTRATOR_ID,
    BUSINESS_UNIT_ID,
    SALESPERSON_ROLE,
    role_id,
)

CRM = "Microsoft.Dynamics.CRM."
LACKING = "Target user or team does not hold required privileges."


def user(api: Api, *roles: str) -> str:
    made = api.create("systemusers", firstname="Ana")
    for role in roles:
        associate(api, f"systemusers({made})/systemuserroles_association", f"roles({role})")
    return made


def team(api: Api, *roles: str, **values: Any) -> str:
    made = api.create("teams", name=unique("team"), **values)
    for role in roles:
        associate(api, f"teams({made})/teamroles_association", f"roles({role})")
    return made


def role(api: Api, *privileges: str, depth: str = "Global") -> str:
    """Create a role that holds these privileges only."""
    made = api.create("roles", name=unique("role"))
    if privileges:
        granted = [{"PrivilegeId": privilege_id(api, name), "Depth": depth} for name in privileges]
        path = f"roles({made})/{CRM}AddPrivilegesRole"
        assert api.post(path, {"Privileges": granted}).status_code == 204
    return made


def privilege_id(api: Api, name: str) -> str:
    (row,) = api.row(f"privileges?$select=name&$filter=name eq '{name}'")["value"]
    found: str = row["privilegeid"]
    return found


def associate(api: Api, path: str, target: str) -> None:
    answer = api.post(f"{path}/$ref", {"@odata.id": f"{api.root}{target}"})
    assert answer.status_code == 204, answer.text


def members(api: Api, *users: str) -> dict[str, Any]:
    kind = f"{CRM}systemuser"
    return {"Members": [{"@odata.type": kind, "ownerid": item} for item in users]}


def test_members_join_and_leave_a_team(api: Api) -> None:
    ana, ben = user(api), user(api)
    sales = team(api)
    add, remove = (f"teams({sales})/{CRM}{name}MembersTeam" for name in ("Add", "Remove"))
    assert api.post(add, members(api, ana, ben)).status_code == 204
    assert api.post(add, members(api, ana)).status_code == 204
    by_key = {"Members": [{"systemuserid": ana}]}
    assert api.post(remove, by_key).status_code == 204
    assert api.post(remove, by_key).status_code == 204
    expand = "$expand=teammembership_association($select=fullname)"
    found = api.row(f"teams({sales})?{expand}")["teammembership_association"]
    assert [item["systemuserid"] for item in found] == [ben]


def test_a_missing_member_leaves_the_team_as_it_was(api: Api) -> None:
    ana, sales = user(api), team(api)
    path = f"teams({sales})/{CRM}AddMembersTeam"
    answer = api.post(path, members(api, ana, sales))
    assert_fault(answer, 404, "0x80040217", "systemuser With Id")
    assert api.row(f"teams({sales})/teammembership_association")["value"] == []
    wrong = {"Members": [{"@odata.type": f"{CRM}team", "teamid": sales}]}
    assert_fault(api.post(path, wrong), 400, "0x80048d19", "'Members'", "systemuser")


def test_roles_of_users_and_teams_can_be_expanded(api: Api) -> None:
    own = role(api)
    ana, sales = user(api, own), team(api, own)
    for path, navigation in (
        (f"systemusers({ana})", "systemuserroles_association"),
        (f"teams({sales})", "teamroles_association"),
    ):
        found = api.row(f"{path}?$expand={navigation}($select=name)")[navigation]
        assert [item["roleid"] for item in found] == [own]


def test_every_table_has_privileges_named_after_it(own_api: Api) -> None:
    rows = own_api.row("privileges?$select=name,accessright")["value"]
    rights = {row["name"]: row["accessright"] for row in rows}
    assert rights["prvReadLead"] == 1
    assert rights["prvWriteOpportunity"] == 2
    assert rights["prvAssignwa_Segment"] == 524288
    assert rights["prvReadActivity"] == 1
    assert "prvReadTask" not in rights
    assert "prvAssignProduct" not in rights
    assert_fault(own_api.post("privileges", {"name": "x"}), 405, "0x8004023b", "'Create'")


def test_the_seeded_roles_read_all_sales_tables(own_api: Api) -> None:
    for name in ("System Administrator", "Sales Manager", SALESPERSON_ROLE):
        expand = "$expand=roleprivileges_association($select=name)"
        found = own_api.row(f"roles({role_id(name)})?{expand}")["roleprivileges_association"]
        names = {item["name"] for item in found}
        assert {"prvReadLead", "prvReadAccount", "prvReadwa_Segment", "prvReadActivity"} <= names


def test_what_was_taken_from_a_seeded_role_stays_taken(tmp_path: Any) -> None:
    database = tmp_path / "mock.db"
    grant = f"roles({role_id(SALESPERSON_ROLE)})/roleprivileges_association"
    with MockServer(database) as server:
        api = Api(server)
        taken = privilege_id(api, "prvReadLead")
        assert api.delete(f"{grant}({taken})/$ref").status_code == 204
        api.close()
    with MockServer(database) as server:
        api = Api(server)
        names = {item["name"] for item in api.row(f"{grant}?$select=name")["value"]}
        assert "prvReadLead" not in names
        assert "prvReadOpportunity" in names
        api.close()


def held(api: Api, path: str) -> dict[str, str]:
    body = api.row(path)
    assert all(item["BusinessUnitId"] == BUSINESS_UNIT_ID for item in body["RolePrivileges"])
    return {item["PrivilegeName"]: item["Depth"] for item in body["RolePrivileges"]}


def test_the_privileges_of_a_user_are_those_of_her_roles_and_teams(api: Api) -> None:
    own, through_team = (
        role(api, "prvReadLead", depth="Local"),
        role(api, "prvReadLead", "prvReadAccount", depth="Deep"),
    )
    ana, sales = user(api, own), team(api, through_team)
    api.post(f"teams({sales})/{CRM}AddMembersTeam", members(api, ana))
    bound = f"systemusers({ana})/{CRM}"
    everything = held(api, f"{bound}RetrieveUserPrivileges()")
    assert everything == {"prvReadAccount": "Basic", "prvReadLead": "Local"}
    by_name = f"{bound}RetrieveUserPrivilegeByPrivilegeName(PrivilegeName=@p)?@p='prvReadLead'"
    assert held(api, by_name) == {"prvReadLead": "Deep"}
    names = '["prvReadLead","prvReadAccount","prvWriteLead"]'
    several = f"{bound}RetrieveUserSetOfPrivilegesByNames(PrivilegeNames=@p)?@p={names}"
    assert held(api, several) == {"prvReadAccount": "Deep", "prvReadLead": "Deep"}
    assert held(api, f"systemusers({user(api)})/{CRM}RetrieveUserPrivileges") == {}


def test_the_administrator_holds_every_privilege_globally(own_api: Api) -> None:
    path = f"systemusers({ADMINISTRATOR_ID})/{CRM}RetrieveUserPrivileges"
    everything = held(own_api, path)
    assert len(everything) == own_api.row("privileges?$count=true")["@odata.count"]
    assert set(everything.values()) == {"Global"}
    assert {"prvSendAppNotification", "prvActOnBehalfOfAnotherUser"} <= set(everything)


def test_a_privilege_that_does_not_exist_is_refused(api: Api) -> None:
    path = f"systemusers({ADMINISTRATOR_ID})/{CRM}RetrieveUserPrivilegeByPrivilegeName"
    assert_fault(api.get(f"{path}(PrivilegeName='prvReadNothing')"), 404, "0x80040217")
    assert_fault(api.get(f"{path}(PrivilegeName=1)"), 400, "0x80060888", "single quotes")
    grants = {"Privileges": [{"PrivilegeId": ADMINISTRATOR_ID, "Depth": "Global"}]}
    made = role(api)
    answer = api.post(f"roles({made})/{CRM}AddPrivilegesRole", grants)
    assert_fault(answer, 404, "0x80040217", "privilege With Id")
    number = {"Privileges": [{"PrivilegeId": privilege_id(api, "prvReadLead"), "Depth": 8}]}
    answer = api.post(f"roles({made})/{CRM}AddPrivilegesRole", number)
    assert_fault(answer, 400, "0x80060888", "Basic, Local, Deep, Global")


def test_granting_again_changes_the_depth(api: Api) -> None:
    made = role(api, "prvReadLead", depth="Basic")
    again = {"PrivilegeId": privilege_id(api, "prvReadLead"), "Depth": "Deep"}
    assert api.post(f"roles({made})/{CRM}AddPrivilegesRole", {"Privileges": [again]}).ok
    path = f"systemusers({user(api, made)})/{CRM}RetrieveUserPrivileges()"
    assert held(api, path) == {"prvReadLead": "Deep"}


def give(api: Api, lead: str, owner: str) -> Any:
    return api.patch(f"leads({lead})", {"ownerid@odata.bind": f"/{owner}"})


def test_who_may_not_read_the_table_is_given_no_record(api: Api) -> None:
    lead = api.create("leads", subject="x")
    without = role(api, "prvReadAccount")
    for owner in (f"systemusers({user(api, without)})", f"teams({team(api, without)})"):
        answer = give(api, lead, owner)
        assert_fault(answer, 403, "0x80040231", LACKING, "prvReadLead")
        created = api.post("leads", {"ownerid@odata.bind": f"/{owner}"})
        assert_fault(created, 403, "0x80040231", LACKING)
    assert api.row(f"leads({lead})")["_ownerid_value"] == ADMINISTRATOR_ID
    account = api.create("accounts", name="x")
    bind = {"ownerid@odata.bind": f"/systemusers({user(api, without)})"}
    assert api.patch(f"accounts({account})", bind).status_code == 204


@pytest.mark.parametrize("roles", [(), ("own",), ("own", "empty")])
def test_who_may_read_or_has_no_role_at_all_is_given_records(
    api: Api, roles: Sequence[str]
) -> None:
    made = {"own": role(api, "prvReadLead", depth="Basic"), "empty": role(api)}
    lead = api.create("leads", subject="x")
    ids = [made[name] for name in roles]
    for owner in (f"systemusers({user(api, *ids)})", f"teams({team(api, *ids)})"):
        assert give(api, lead, owner).status_code == 204


def test_a_seller_may_read_through_her_team(api: Api) -> None:
    lead = api.create("leads", subject="x")
    ana, sales = user(api, role(api)), team(api, role(api, "prvReadLead"))
    assert_fault(give(api, lead, f"systemusers({ana})"), 403, "0x80040231")
    api.post(f"teams({sales})/{CRM}AddMembersTeam", members(api, ana))
    assert give(api, lead, f"systemusers({ana})").status_code == 204


def test_an_access_team_owns_nothing(api: Api) -> None:
    lead = api.create("leads", subject="x")
    shared = team(api, teamtype=1)
    assert_fault(give(api, lead, f"teams({shared})"), 400, "0x80048340", "access team")


def test_a_caller_without_privileges_still_does_what_she_likes(api: Api) -> None:
    ana = user(api, role(api))
    client = Api(api.server, token=f"user:{ana}")
    lead = client.create("leads", subject="hers")
    assert client.row(f"leads({lead})")["_ownerid_value"] == ana
    client.close()


def test_a_notification_reaches_who_may_not_read_any(api: Api) -> None:
    ana = user(api, role(api))
    body = {"Title": "Hello", "Recipient": f"/systemusers({ana})"}
    assert api.post("SendAppNotification", body).status_code == 200
