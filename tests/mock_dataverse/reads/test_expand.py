"""$expand embeds related rows."""

from __future__ import annotations

from typing import Any

import pytest
from tests.mock_dataverse.reads.conftest import ADA, ANA, BEN, CONTOSO, FABRIKAM, NORTH
from tests.mock_dataverse.reads.world import ROOT, World, guid

from work_assignment.mock_dataverse.faults import Fault
from work_assignment.mock_dataverse.reading.preferences import Preferences


def _leads(world: World, expand: str, **options: str) -> list[dict[str, Any]]:
    body = world.get("leads", select="leadid", orderby="leadid", expand=expand, **options)
    rows: list[dict[str, Any]] = body["value"]
    return rows


def test_a_lookup_embeds_its_row_or_null(world: World) -> None:
    first, second, third = _leads(world, "parentaccountid($select=name)")
    assert first["parentaccountid"] == {"name": "Contoso", "accountid": guid(CONTOSO)}
    assert second["parentaccountid"]["name"] == "Fabrikam"
    assert third["parentaccountid"] is None


def test_without_nested_select_the_whole_row_comes(world: World) -> None:
    account = _leads(world, "parentaccountid")[1]["parentaccountid"]
    assert account["revenue"] is None
    assert account["_primarycontactid_value"] is None


def test_a_polymorphic_lookup_embeds_only_the_table_named(world: World) -> None:
    first, second, _ = _leads(
        world, "customerid_account($select=name),customerid_contact($select=city)"
    )
    assert (first["customerid_account"]["name"], first["customerid_contact"]) == ("Contoso", None)
    assert second["customerid_account"] is None
    assert second["customerid_contact"] == {"city": "London", "contactid": guid(ADA)}


def test_a_user_is_embedded_with_both_of_its_ids(world: World) -> None:
    user = _leads(world, "owninguser($select=fullname)")[0]["owninguser"]
    assert user == {"fullname": "Ana Alvarez", "systemuserid": guid(ANA), "ownerid": guid(ANA)}


def test_an_owner_is_a_principal_of_which_only_ids_are_shown(world: World) -> None:
    first, second, third = _leads(world, "ownerid($select=ownerid)")
    assert first["ownerid"] == {
        "@odata.type": "#Microsoft.Dynamics.CRM.systemuser",
        "systemuserid": guid(ANA),
        "ownerid": guid(ANA),
    }
    assert second["ownerid"]["teamid"] == guid(NORTH)
    assert third["ownerid"] is None
    with pytest.raises(Fault, match="'fullname' on type"):
        _leads(world, "ownerid($select=fullname)")


def test_a_collection_is_complete_and_still_has_a_link(world: World) -> None:
    small_pages = Preferences(max_page_size=1)
    body = world.get("leads", small_pages, expand="lead_tasks($select=subject)", orderby="leadid")
    lead = body["value"][0]
    assert [task["subject"] for task in lead["lead_tasks"]] == ["Call", "Write"]
    assert lead["lead_tasks@odata.nextLink"] == f"{ROOT}leads({guid(1)})/lead_tasks?$select=subject"


def test_collection_rows_include_the_way_back(world: World) -> None:
    tasks = _leads(world, "lead_tasks($select=subject)")[0]["lead_tasks"]
    version = world.row("tasks", 0x71, select="subject")["@odata.etag"]
    assert tasks[0] == {
        "@odata.etag": version,
        "subject": "Call",
        "taskid": guid(0x71),
        "_regardingobjectid_value": guid(1),
    }


def test_nested_options_apply_to_each_row_of_its_own(world: World) -> None:
    for number in range(5):
        world.add(
            "task",
            0x80 + number,
            subject=f"More {number}",
            effort=number,
            regardingobjectid=guid(2),
            regardingobjectid__type="lead",
        )
    options = "$select=subject;$filter=effort ge 1;$orderby=effort desc;$top=2"
    first, second, third = _leads(world, f"lead_tasks({options})")
    assert [task["subject"] for task in first["lead_tasks"]] == ["Write", "Call"]
    assert [task["subject"] for task in second["lead_tasks"]] == ["More 4", "More 3"]
    assert third["lead_tasks"] == []


def test_rows_of_another_table_with_the_same_id_stay_out(world: World) -> None:
    world.add("lead", CONTOSO, subject="Same id as an account")
    lead = _leads(world, "lead_tasks", filter=f"leadid eq {guid(CONTOSO)}")[0]
    assert lead["lead_tasks"] == []


def test_many_to_many_from_either_side(world: World) -> None:
    association = "teammembership_association"
    team = world.get("teams", expand=f"{association}($select=fullname;$orderby=fullname desc)")
    assert [user["fullname"] for user in team["value"][0][association]] == [
        "Ben Brown",
        "Ana Alvarez",
    ]
    users = world.get("systemusers", expand=f"{association}($select=name)")["value"]
    assert [user[association][0]["name"] for user in users] == ["North", "North"]


def test_expands_nest(world: World) -> None:
    expand = "parentaccountid($select=name;$expand=account_contacts($select=city),primarycontactid)"
    account = _leads(world, expand)[0]["parentaccountid"]
    assert account["account_contacts"] == [{"city": "London", "contactid": guid(ADA)}]
    assert account["primarycontactid"]["fullname"] == "Ada Byron"


def test_nested_collections_are_paged_and_their_link_continues(world: World) -> None:
    for number in range(3):
        world.add("contact", 0x200 + number, fullname=f"C{number}", parentaccountid=guid(FABRIKAM))
    prefer = Preferences(max_page_size=2)
    expand = "parentaccountid($expand=account_contacts($select=fullname))"
    lead = world.row("leads", 2, prefer, expand=expand)
    account = lead["parentaccountid"]
    assert [contact["fullname"] for contact in account["account_contacts"]] == ["C0", "C1"]
    assert "$skiptoken=" in account["account_contacts@odata.nextLink"]


def test_a_nested_expand_pages_the_collections_beside_it(world: World) -> None:
    prefer = Preferences(max_page_size=1)
    expand = "parentaccountid($select=name;$expand=primarycontactid),lead_tasks($select=subject)"
    lead = world.row("leads", 1, prefer, expand=expand, select="leadid")
    assert lead["lead_tasks"] == [{"subject": "Call", "taskid": guid(0x71)}]
    link = lead["lead_tasks@odata.nextLink"]
    assert link.startswith(f"{ROOT}leads({guid(1)})/lead_tasks?$select=subject&$skiptoken=")
    with pytest.raises(Fault, match="Only \\$select and \\$filter clause"):
        world.row("leads", 1, expand=f"{expand[:-1]};$top=1)")


def test_one_statement_for_each_navigation_property(world: World) -> None:
    for number in range(300):
        world.add("lead", 0x1000 + number, subject="x", parentaccountid=guid(CONTOSO))
    statements: list[str] = []
    world.db.set_trace_callback(statements.append)
    _leads(world, "parentaccountid($expand=account_contacts),lead_tasks,owninguser")
    assert len(statements) == 5


def test_a_reference_is_an_address(world: World) -> None:
    first, _, third = _leads(world, "parentaccountid/$ref")
    assert first["parentaccountid"] == {"@odata.id": f"{ROOT}accounts({guid(CONTOSO)})"}
    assert first["_parentaccountid_value"] == guid(CONTOSO)
    assert third["parentaccountid"] is None
    first, second, _ = _leads(world, "ownerid/$ref")
    assert first["ownerid"] == {"@odata.id": f"{ROOT}systemusers({guid(ANA)})"}
    assert second["ownerid"] == {"@odata.id": f"{ROOT}teams({guid(NORTH)})"}
    context = world.get("leads", select="subject", expand="parentaccountid/$ref")["@odata.context"]
    assert context.endswith("#leads(subject,parentaccountid/$ref())")


_FEW_OPTIONS = "Only $select and $filter clause can be provided while doing $expand on many-to-one"


@pytest.mark.parametrize(
    ("expand", "message"),
    [
        ("lead_tasks/$ref", "Expand with $ref is only supported on lookup type navigation"),
        ("parentaccountid($orderby=name)", _FEW_OPTIONS),
        ("parentaccountid($expand=account_contacts($top=1))", _FEW_OPTIONS),
        ("parentaccountid($expand=account_contacts($orderby=city))", _FEW_OPTIONS),
        ("ownerid($top=1)", _FEW_OPTIONS),
        ("ownerid($expand=owninguser)", "'owninguser' on type 'Microsoft.Dynamics.CRM.principal'"),
        ("parentaccountid($levels=2)", "The query option '$levels' is not supported"),
        ("none", "Could not find a property named 'none'"),
        ("parentaccountid($select=none)", "'none' on type 'Microsoft.Dynamics.CRM.account'"),
        ("parentaccountid($skip=1)", "The query option '$skip' is not supported"),
        ("parentaccountid($count=true)", "The query option '$count' is not supported"),
        ("parentaccountid($filter=name eq @p)", "alias"),
        ("parentaccountid(name)", "option without value"),
        ("parentaccountid($select=name", "cannot be read"),
        (",".join(["parentaccountid"] * 16), "the maximum is 15"),
    ],
)
def test_a_wrong_expand_is_refused(world: World, expand: str, message: str) -> None:
    with pytest.raises(Fault) as refused:
        _leads(world, expand)
    assert (refused.value.status, refused.value.code) == (400, "0x80060888")
    assert message in refused.value.message


def test_many_to_many_does_not_go_with_nesting(world: World) -> None:
    with pytest.raises(Fault, match="many-to-many"):
        world.get("teams", expand="teammembership_association($expand=user_tasks)")
    with pytest.raises(Fault, match="many-to-many"):
        _leads(world, "owninguser($expand=teammembership_association)")


def test_a_filter_in_quotes_may_hold_what_separates_options(world: World) -> None:
    world.add("contact", BEN, fullname="a;b),c", parentaccountid=guid(CONTOSO))
    lead = _leads(world, "parentaccountid($expand=account_contacts($filter=fullname eq 'a;b),c'))")[
        0
    ]
    assert [c["fullname"] for c in lead["parentaccountid"]["account_contacts"]] == ["a;b),c"]
