"""Conditions on trees of rows, and on the caller with her teams and her language."""

from __future__ import annotations

import pytest
from tests.mock_dataverse.reads.conftest import ANA, BEN
from tests.mock_dataverse.reads.world import World, guid

from work_assignment.mock_dataverse.faults import Fault

OPERATORS = {
    "under",
    "eq-or-under",
    "not-under",
    "above",
    "eq-or-above",
    "eq-userteams",
    "eq-useroruserteams",
    "eq-userlanguage",
    "eq-useroruserhierarchy",
    "eq-useroruserhierarchyandteams",
}
GROUP, EUROPE, GERMANY, BERLIN, ASIA = range(0x501, 0x506)


@pytest.fixture
def tree(empty_world: World) -> World:
    """Group over Europe (over Germany over Berlin) and Asia, each with one lead but the group."""
    parents = {EUROPE: GROUP, GERMANY: EUROPE, BERLIN: GERMANY, ASIA: GROUP}
    empty_world.add("account", GROUP, name="Group")
    for number, parent in parents.items():
        empty_world.add("account", number, name=str(number), parentaccountid=guid(parent))
        empty_world.add("lead", number, subject=str(number), parentaccountid=guid(number))
    empty_world.add("lead", 1, subject="without account")
    return empty_world


def _accounts(world: World, operator: str, row: int, attribute: str = "accountid") -> set[int]:
    condition = f"<condition attribute='{attribute}' operator='{operator}' value='{guid(row)}'/>"
    fetch = (
        "<fetch><entity name='account'><attribute name='accountid'/>"
        f"<filter>{condition}</filter></entity></fetch>"
    )
    return {_number(row["accountid"]) for row in world.fetched(fetch, "accounts")}


def _leads(world: World, attribute: str, operator: str, value: str = "") -> set[int]:
    given = f" value='{value}'" if value else ""
    fetch = (
        "<fetch><entity name='lead'><attribute name='leadid'/><filter>"
        f"<condition attribute='{attribute}' operator='{operator}'{given}/>"
        "</filter></entity></fetch>"
    )
    return {_number(row["leadid"]) for row in world.fetched(fetch)}


def _number(row_id: str) -> int:
    return int(row_id.replace("-", ""), 16)


@pytest.mark.parametrize(
    ("operator", "found"),
    [
        ("under", {GERMANY, BERLIN}),
        ("eq-or-under", {EUROPE, GERMANY, BERLIN}),
        ("not-under", {GROUP, EUROPE, ASIA}),
        ("above", {GROUP}),
        ("eq-or-above", {GROUP, EUROPE}),
    ],
)
def test_rows_by_their_place_in_the_tree(tree: World, operator: str, found: set[int]) -> None:
    assert _accounts(tree, operator, EUROPE) == found


@pytest.mark.parametrize(
    ("operator", "found"),
    [
        ("under", {GERMANY, BERLIN}),
        ("eq-or-under", {EUROPE, GERMANY, BERLIN}),
        ("not-under", {1, EUROPE, ASIA}),
        ("above", set()),
        ("eq-or-above", {EUROPE}),
    ],
)
def test_rows_by_the_place_of_what_they_point_at(
    tree: World, operator: str, found: set[int]
) -> None:
    assert _leads(tree, "parentaccountid", operator, guid(EUROPE)) == found


def test_the_column_that_makes_the_tree_may_itself_be_asked(tree: World) -> None:
    assert _accounts(tree, "eq-or-under", EUROPE, "parentaccountid") == {GERMANY, BERLIN}


def test_a_lookup_of_several_tables_uses_the_one_that_is_a_tree(tree: World) -> None:
    tree.add("lead", 2, subject="customer", customerid=guid(BERLIN), customerid__type="account")
    assert _leads(tree, "customerid", "under", guid(GROUP)) == {2}


def test_a_row_that_does_not_exist_has_nothing_above_or_under_it(tree: World) -> None:
    assert _accounts(tree, "eq-or-under", 0x999) == set()
    assert _accounts(tree, "eq-or-above", 0x999) == set()
    assert len(_accounts(tree, "not-under", 0x999)) == 5


def test_rows_in_a_circle_end_the_search(tree: World) -> None:
    statement = '"account" SET "parentaccountid" = ? WHERE "accountid" = ?'
    tree.db.execute(f"UPDATE {statement}", (guid(BERLIN), guid(EUROPE)))
    assert _accounts(tree, "under", EUROPE) == {GERMANY, BERLIN}
    assert _accounts(tree, "above", EUROPE) == {GERMANY, BERLIN}
    assert _accounts(tree, "eq-or-under", EUROPE) == {EUROPE, GERMANY, BERLIN}


@pytest.mark.parametrize(
    ("attribute", "value", "status", "message"),
    [
        ("wa_segmentid", "soon", 400, "not a valid guid"),
        ("subject", guid(1), 400, "needs a lookup"),
        ("transactioncurrencyid", guid(1), 400, "a hierarchical relationship"),
        ("leadid", guid(1), 400, "a hierarchical relationship, which 'leadid' of 'lead' is not"),
        ("parentaccountid", "", 400, "takes one value, not 0"),
    ],
)
def test_a_column_that_is_in_no_tree_is_refused(
    tree: World, attribute: str, value: str, status: int, message: str
) -> None:
    with pytest.raises(Fault) as refused:
        _leads(tree, attribute, "under", value)
    assert refused.value.status == status
    assert message in refused.value.message


@pytest.fixture
def line(world: World) -> World:
    """Below Ana come Ben, then four more, each with one lead; the last one's team has one too."""
    world.set_all("systemuser", parentsystemuserid=None)
    statement = '"systemuser" SET "parentsystemuserid" = ? WHERE "systemuserid" = ?'
    world.db.execute(f"UPDATE {statement}", (guid(ANA), guid(BEN)))
    boss = BEN
    for number in range(0x31, 0x35):
        world.add("systemuser", number, parentsystemuserid=guid(boss))
        world.add("lead", number, ownerid=guid(number), ownerid__type="systemuser")
        boss = number
    world.add("team", 0xF2, name="South")
    world.add("teammembership", 0x93, systemuserid=guid(0x32), teamid=guid(0xF2))
    world.add("lead", 4, subject="south", ownerid=guid(0xF2), ownerid__type="team")
    return world


def test_the_caller_and_three_levels_of_reports(line: World) -> None:
    assert _leads(line, "ownerid", "eq-useroruserhierarchy") == {1, 0x31, 0x32}
    found = line.get("leads", filter="Microsoft.Dynamics.CRM.EqualUserOrUserHierarchy("
                     "PropertyName='ownerid')")["value"]  # fmt: skip
    assert {_number(row["leadid"]) for row in found} == {1, 0x31, 0x32}


def test_the_callers_reports_come_with_their_teams_when_asked(line: World) -> None:
    assert _leads(line, "ownerid", "eq-useroruserhierarchyandteams") == {1, 2, 4, 0x31, 0x32}


def test_reports_in_a_circle_end_the_search(line: World) -> None:
    statement = '"systemuser" SET "parentsystemuserid" = ? WHERE "systemuserid" = ?'
    line.db.execute(f"UPDATE {statement}", (guid(BEN), guid(ANA)))
    assert _leads(line, "ownerid", "eq-useroruserhierarchy") == {1, 0x31, 0x32}


def test_how_deep_reports_count_is_the_organizations_setting(line: World) -> None:
    line.add("organization", 0xC1, maxdepthforhierarchicalsecuritymodel=1)
    assert _leads(line, "ownerid", "eq-useroruserhierarchy") == {1}


def test_the_callers_teams_and_herself(world: World) -> None:
    world.add("team", 0xF2, name="South")
    world.add("lead", 4, subject="south", ownerid=guid(0xF2), ownerid__type="team")
    assert _leads(world, "ownerid", "eq-userteams") == {2}
    assert _leads(world, "ownerid", "eq-useroruserteams") == {1, 2}
    assert world.subjects(
        "Microsoft.Dynamics.CRM.EqualUserOrUserTeams(PropertyName='ownerid')"
    ) == ["Forty chairs", "100% cotton"]


def test_the_callers_language(world: World) -> None:
    def found(value: str) -> list[str]:
        filter_text = f"Microsoft.Dynamics.CRM.EqualUserLanguage(PropertyName='{value}')"
        rows = world.get("systemusers", filter=filter_text)["value"]
        return [row["fullname"] for row in rows]

    world.add("systemuser", 0xA3, fullname="Cem Can", languageid=1033)
    world.add("systemuser", 0xA4, fullname="Dora Dahl", languageid=1030)
    assert found("languageid") == ["Cem Can"]
    world.add("usersettings", ANA, uilanguageid=1030)
    assert found("languageid") == ["Dora Dahl"]
    with pytest.raises(Fault, match="needs a number"):
        found("fullname")
