"""What an assignment or a deletion does to the rows that hang on a row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.mock_dataverse.core.client import Api, assert_fault, unique
from tests.mock_dataverse.core.solution_folder import (
    KEY_COLUMN,
    LOOKUP_COLUMN,
    NAME_COLUMN,
    relationship,
    write_solution,
)

from work_assignment.mock_dataverse.server import MockServer
from work_assignment.mock_dataverse.well_known import ADMINISTRATOR_ID


def seller(api: Api) -> str:
    return api.create("systemusers", firstname="Ana")


def owner(api: Api, path: str) -> str:
    found: str = api.row(path)["_ownerid_value"]
    return found


def assign(api: Api, path: str, user: str) -> Any:
    return api.patch(path, {"ownerid@odata.bind": f"/systemusers({user})"})


def tree(api: Api) -> dict[str, str]:
    """Create an account with all kinds of rows below; return their addresses."""
    account = api.create(
        "accounts",
        name="Contoso",
        contact_customer_accounts=[{"lastname": "Byron", "Contact_Tasks": [{"subject": "Call"}]}],
        Account_Tasks=[{"subject": "Done", "statecode": 1}],
        Account_Annotation=[{"notetext": "x"}],
        lead_parent_account=[{"subject": "far", "customerid_contact@odata.bind": None}],
    )
    contact = api.row(f"accounts({account})/contact_customer_accounts")["value"][0]["contactid"]
    paths = {
        "contact": f"contacts({contact})",
        "call": f"tasks({api.row(f'contacts({contact})/Contact_Tasks')['value'][0]['activityid']})",
        "done": f"tasks({api.row(f'accounts({account})/Account_Tasks')['value'][0]['activityid']})",
    }
    note = api.row(f"accounts({account})/Account_Annotation")["value"][0]["annotationid"]
    return {"account": f"accounts({account})", **paths, "note": f"annotations({note})"}


def test_an_assignment_goes_on_to_all_that_belongs_to_the_row(api: Api) -> None:
    ana, paths = seller(api), tree(api)
    before = {name: api.row(path)["@odata.etag"] for name, path in paths.items()}
    assert assign(api, paths["account"], ana).status_code == 204
    for name, path in paths.items():
        row = api.row(path)
        assert (row["_ownerid_value"], row["_owninguser_value"]) == (ana, ana), name
        assert row["@odata.etag"] != before[name], name


def test_rows_that_have_the_new_owner_already_stay_untouched(api: Api) -> None:
    ana = seller(api)
    lead = api.create("leads", Lead_Tasks=[{"ownerid@odata.bind": f"systemusers({ana})"}])
    (task,) = api.row(f"leads({lead})/Lead_Tasks")["value"]
    assign(api, f"leads({lead})", ana)
    (after,) = api.row(f"leads({lead})/Lead_Tasks")["value"]
    assert after["@odata.etag"] == task["@odata.etag"]


def test_an_update_that_names_the_same_owner_moves_nothing(api: Api) -> None:
    ana = seller(api)
    lead = api.create("leads", Lead_Tasks=[{"ownerid@odata.bind": f"systemusers({ana})"}])
    assign(api, f"leads({lead})", ADMINISTRATOR_ID)
    (task,) = api.row(f"leads({lead})/Lead_Tasks")["value"]
    assert task["_ownerid_value"] == ana


def test_only_parental_relationships_carry_an_assignment(api: Api) -> None:
    ana = seller(api)
    contact = api.create("contacts", lastname="x")
    account = api.create(
        "accounts", name="x", **{"primarycontactid@odata.bind": f"contacts({contact})"}
    )
    child = api.create(
        "accounts", name="y", **{"parentaccountid@odata.bind": f"accounts({account})"}
    )
    assign(api, f"accounts({account})", ana)
    assign(api, f"contacts({contact})", seller(api))
    assert owner(api, f"accounts({child})") == ADMINISTRATOR_ID
    assert owner(api, f"accounts({account})") == ana


def test_a_large_tree_is_assigned_and_deleted_as_a_whole(api: Api) -> None:
    ana = seller(api)
    calls = [{"subject": f"{number}"} for number in range(300)]
    account = api.create(
        "accounts", name="x", Account_Tasks=calls, Account_Annotation=[{"subject": "n"}] * 20
    )
    assign(api, f"accounts({account})", ana)
    mine = f"tasks/$count?$filter=_ownerid_value eq {ana}"
    assert api.get(mine).text == "300"
    assert api.delete(f"accounts({account})").status_code == 204
    assert api.get(mine).text == "0"


def test_a_long_chain_does_not_break_the_deletion(api: Api) -> None:
    first = previous = api.create("contacts", lastname="0")
    targets = []
    for number in range(1, 1500):
        row_id = f"{number:08d}-aaaa-4aaa-8aaa-aaaaaaaaaaaa"
        bind = {"parentcustomerid_contact@odata.bind": f"contacts({previous})"}
        kind = {"@odata.type": "Microsoft.Dynamics.CRM.contact"}
        targets.append({**kind, "contactid": row_id, "lastname": f"{number}", **bind})
        previous = row_id
    path = "contacts/Microsoft.Dynamics.CRM.CreateMultiple"
    assert api.post(path, {"Targets": targets}).status_code == 200
    ana = seller(api)
    assert assign(api, f"contacts({first})", ana).status_code == 204
    assert owner(api, f"contacts({previous})") == ana
    assert api.delete(f"contacts({first})").status_code == 204
    assert api.get(f"contacts({previous})").status_code == 404


def test_rows_that_point_at_each_other_end_the_cascade(api: Api) -> None:
    first = api.create("contacts", lastname="a")
    bind = {"parentcustomerid_contact@odata.bind": f"contacts({first})"}
    second = api.create("contacts", lastname="b", **bind)
    back = {"parentcustomerid_contact@odata.bind": f"contacts({second})"}
    api.patch(f"contacts({first})", back)
    ana = seller(api)
    assert assign(api, f"contacts({first})", ana).status_code == 204
    assert owner(api, f"contacts({second})") == ana
    assert api.delete(f"contacts({second})").status_code == 204
    assert api.get(f"contacts({first})").status_code == 404


def test_a_cascade_that_reaches_who_may_not_read_takes_everything_back(api: Api) -> None:
    role = api.create("roles", name=unique("role"))
    (privilege,) = api.row("privileges?$filter=name eq 'prvReadLead'")["value"]
    grants = {"Privileges": [{"PrivilegeId": privilege["privilegeid"], "Depth": "Global"}]}
    api.post(f"roles({role})/Microsoft.Dynamics.CRM.AddPrivilegesRole", grants)
    ana = seller(api)
    api.post(
        f"systemusers({ana})/systemuserroles_association/$ref", {"@odata.id": f"roles({role})"}
    )
    lead = api.create("leads", Lead_Tasks=[{"subject": "x"}])
    answer = assign(api, f"leads({lead})", ana)
    assert_fault(answer, 403, "0x80040231", "prvReadActivity")
    assert owner(api, f"leads({lead})") == ADMINISTRATOR_ID


@pytest.mark.parametrize(
    ("how", "reached"),
    [
        ("Cascade", {"mine", "hers", "closed"}),
        ("Active", {"mine", "hers"}),
        ("UserOwned", {"mine", "closed"}),
        ("NoCascade", set()),
    ],
)
def test_a_solution_says_which_rows_an_assignment_reaches(
    tmp_path: Path, how: str, reached: set[str]
) -> None:
    cascade = f"<CascadeAssign>{how}</CascadeAssign><CascadeDelete>"
    folder = write_solution(
        tmp_path,
        NAME_COLUMN + KEY_COLUMN + LOOKUP_COLUMN,
        relationships=relationship("x_lead_x_thing").replace("<CascadeDelete>", cascade),
        listed=("x_lead_x_thing",),
    )
    with MockServer(solutions=[folder]) as server:
        api = Api(server)
        lead, ana = api.create("leads"), seller(api)
        bind = {"x_LeadId@odata.bind": f"leads({lead})"}
        hers = {"ownerid@odata.bind": f"systemusers({seller(api)})"}
        api.create("x_things", x_name="mine", **bind)
        api.create("x_things", x_name="hers", **bind, **hers)
        api.create("x_things", x_name="closed", statecode=1, **bind)
        assert assign(api, f"leads({lead})", ana).status_code == 204
        found = api.row(f"x_things?$filter=_ownerid_value eq {ana}")["value"]
        assert {row["x_name"] for row in found} == reached
        api.close()
