"""$select, $orderby, $top, $count and single rows."""

from __future__ import annotations

import json
import re

import pytest
from tests.mock_dataverse.reads.conftest import ADA, ANA, CONTOSO, FABRIKAM, NORTH
from tests.mock_dataverse.reads.world import CATALOG, ME, ROOT, World, guid

from work_assignment.mock_dataverse.faults import Fault
from work_assignment.mock_dataverse.reading.preferences import Preferences
from work_assignment.mock_dataverse.reading.reads import (
    read_navigation,
    read_property,
    read_references,
)

LEAD = CATALOG.tables["lead"]


def test_a_row_shows_what_was_selected_its_key_and_a_currency(world: World) -> None:
    assert json.dumps(world.row("leads", 1, select="subject,estimatedamount,_ownerid_value")) == (
        json.dumps(
            {
                "@odata.context": f"{ROOT}$metadata#leads(subject,estimatedamount,_ownerid_value)/$entity",
                "@odata.etag": 'W/"1007"',
                "subject": "Forty chairs",
                "estimatedamount": 1234.5,
                "_ownerid_value": guid(ANA),
                "_transactioncurrencyid_value": guid(0xE1),
                "leadid": guid(1),
            }
        )
    )


def test_without_select_all_readable_columns_appear_nulls_included(world: World) -> None:
    row = world.row("leads", 3)
    assert row["@odata.context"] == f"{ROOT}$metadata#leads/$entity"
    assert set(row) - {"@odata.context", "@odata.etag"} == {
        column.wire_name for column in LEAD.columns.values() if column.valid_for_read
    }
    assert row["firstname"] is None
    assert row["_ownerid_value"] is None


def test_values_have_their_wire_form(world: World) -> None:
    row = world.row("leads", 1)
    assert row["donotemail"] is True
    assert row["createdon"] == "2026-03-01T09:00:00Z"
    assert row["closeon"] == "2026-03-01"
    assert row["leadsourcecode"] == 2
    assert not [key for key in row if "@OData" in key or "@Microsoft" in key]


def test_a_navigation_name_in_select_means_its_lookup(world: World) -> None:
    row = world.row("leads", 1, select="ownerid,wa_SegmentId")
    assert row["_ownerid_value"] == guid(ANA)
    assert row["_wa_segmentid_value"] == guid(FABRIKAM)


@pytest.mark.parametrize("name", ["Subject", "hidden", "none", "_subject_value", "subject,"])
def test_an_unknown_column_in_select_is_refused(world: World, name: str) -> None:
    with pytest.raises(Fault) as refused:
        world.get("leads", select=name)
    assert (refused.value.status, refused.value.code) == (400, "0x80060888")


def test_a_missing_row_is_a_404(world: World) -> None:
    with pytest.raises(Fault) as missing:
        world.row("leads", 99)
    assert (missing.value.status, missing.value.code) == (404, "0x80040217")
    assert missing.value.message == f"lead With Id = {guid(99)} Does Not Exist"


@pytest.mark.parametrize(
    ("orderby", "ids"),
    [
        ("subject", [2, 1, 3]),
        ("subject desc", [3, 1, 2]),
        ("statecode,createdon desc", [1, 3, 2]),
        ("statecode desc,createdon asc", [2, 3, 1]),
        ("employees", [3, 2, 1]),
        ("employees desc", [1, 2, 3]),
        ("parentaccountid/name desc", [2, 1, 3]),
        ("_parentaccountid_value", [3, 1, 2]),
        ("_ownerid_value desc", [2, 1, 3]),
        ("leadid desc", [3, 2, 1]),
    ],
)
def test_order(world: World, orderby: str, ids: list[int]) -> None:
    body = world.get("leads", orderby=orderby, select="leadid")
    assert [row["leadid"] for row in body["value"]] == [guid(number) for number in ids]


def test_a_part_of_an_address_comes_with_the_whole(world: World) -> None:
    row = world.row("contacts", ADA, select="address1_city,fullname")
    assert list(row)[2:] == ["address1_city", "fullname", "address1_composite", "contactid"]
    assert "address1_composite" not in world.row("contacts", ADA, select="city")


@pytest.mark.parametrize(
    ("orderby", "words"),
    [
        ("subject sideways", "the direction 'sideways' of 'subject', which is 'asc' or 'desc'"),
        ("subject ASC", "the direction 'ASC' of 'subject'"),
        ("subject asc desc", "the direction 'asc desc' of 'subject'"),
        ("subject,", "an empty term"),
        ("subject,,statecode", "an empty term"),
        ("len(subject) desc", "a term that is no column: 'len(subject) desc'"),
    ],
)
def test_what_is_wrong_with_an_order_is_named(world: World, orderby: str, words: str) -> None:
    with pytest.raises(Fault, match=re.escape(f"The $orderby '{orderby}' has {words}")):
        world.get("leads", orderby=orderby)


def test_an_order_may_be_named_by_an_alias(world: World) -> None:
    def ids(**options: str) -> list[str]:
        body = world.get("leads", select="leadid", **options)
        return [row["leadid"] for row in body["value"]]

    assert ids(orderby="@column desc", p_column="employees") == [guid(1), guid(2), guid(3)]
    assert ids(orderby="@a,@b", p_a="statecode", p_b="parentaccountid/name") == [
        guid(3),
        guid(1),
        guid(2),
    ]
    with pytest.raises(Fault, match="is no column: '@unset'"):
        ids(orderby="@unset")
    with pytest.raises(Fault, match="single value of primitive type"):
        ids(orderby="parentaccountid")


@pytest.mark.parametrize(
    "orderby", ["subject up", "", "subject,,employees", "none", "lead_tasks/subject", "a b c d"]
)
def test_a_wrong_order_is_refused(world: World, orderby: str) -> None:
    with pytest.raises(Fault) as refused:
        world.get("leads", orderby=orderby)
    assert refused.value.status == 400


def test_top_limits_and_has_no_next_link_but_a_page_size_wins(world: World) -> None:
    body = world.get("leads", top="2")
    assert len(body["value"]) == 2
    assert "@odata.nextLink" not in body
    paged = world.get("leads", Preferences(max_page_size=1), top="2")
    assert len(paged["value"]) == 1
    assert "@odata.nextLink" in paged
    assert world.get("leads", top="0")["value"] == []


@pytest.mark.parametrize(
    "option",
    [
        {"$skip": "5"},
        {"$search": "x"},
        {"$SELECT": "subject"},
        {"$top": "-1"},
        {"$top": "many"},
        {"$count": "yes"},
        {"filter": "subject eq 'a'"},
        {"$format": "json"},
    ],
)
def test_unknown_options_and_bad_numbers_are_refused(world: World, option: dict[str, str]) -> None:
    with pytest.raises(Fault) as refused:
        world.query("leads", option)
    assert refused.value.status == 400
    assert next(iter(option)) in refused.value.message


def test_the_tag_of_a_request_changes_nothing(world: World) -> None:
    assert len(world.query("leads", {"tag": "wa"})["value"]) == 3


def test_count_beside_the_rows_and_alone(world: World) -> None:
    body = world.get("leads", count="true", filter="statecode eq 0", top="1")
    assert list(body) == ["@odata.context", "@odata.count", "value"]
    assert body["@odata.count"] == 2
    assert world.count("leads", filter="statecode eq 0") == 2
    with pytest.raises(Fault):
        world.count("leads", select="subject")


def test_counts_stop_at_five_thousand(empty_world: World) -> None:
    for number in range(5001):
        empty_world.add("team", number)
    wanted = Preferences(annotations=("Microsoft.Dynamics.CRM.*",), max_page_size=1)
    body = empty_world.get("teams", wanted, count="true")
    assert body["@odata.count"] == 5000
    assert body["@Microsoft.Dynamics.CRM.totalrecordcount"] == 5000
    assert body["@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"] is True
    assert empty_world.count("teams") == 5000
    uncounted = empty_world.get("teams", wanted)
    assert uncounted["@Microsoft.Dynamics.CRM.totalrecordcount"] == -1
    full = empty_world.get("teams")
    assert len(full["value"]) == 5000
    assert "@odata.nextLink" in full


def test_one_property(world: World) -> None:
    def value_of(number: int, name: str) -> object:
        return read_property(
            world.db, CATALOG, LEAD, guid(number), name, root=ROOT, caller=ME, now=world.now
        )

    assert value_of(1, "subject") == {
        "@odata.context": f"{ROOT}$metadata#leads({guid(1)})/subject",
        "value": "Forty chairs",
    }
    assert value_of(3, "firstname") is None
    with pytest.raises(Fault, match="none"):
        value_of(1, "none")
    with pytest.raises(Fault, match="Does Not Exist"):
        value_of(99, "subject")


def _navigate(world: World, set_name: str, number: int, navigation: str, **query: str) -> object:
    table = CATALOG.by_set(set_name)
    assert table is not None
    options = {f"${name}": value for name, value in query.items()}
    return read_navigation(
        world.db, CATALOG, table, guid(number), navigation, options, Preferences(),
        root=ROOT, caller=ME, now=world.now,
    )  # fmt: skip


def test_a_navigation_property_leads_to_a_row_or_to_nothing(world: World) -> None:
    account = _navigate(world, "leads", 1, "parentaccountid", select="name")
    assert isinstance(account, dict)
    assert account["@odata.context"] == f"{ROOT}$metadata#accounts(name)/$entity"
    assert account["accountid"] == guid(CONTOSO)
    assert _navigate(world, "leads", 3, "parentaccountid") is None
    assert _navigate(world, "leads", 1, "customerid_contact") is None
    owner = _navigate(world, "leads", 2, "ownerid")
    assert isinstance(owner, dict)
    assert owner["teamid"] == guid(NORTH)


def test_a_navigation_property_leads_to_a_collection(world: World) -> None:
    tasks = _navigate(world, "leads", 1, "lead_tasks", filter="effort gt 5", select="subject")
    assert isinstance(tasks, dict)
    assert tasks["@odata.context"] == f"{ROOT}$metadata#tasks(subject)"
    assert [row["subject"] for row in tasks["value"]] == ["Write"]
    users = _navigate(world, "teams", NORTH, "teammembership_association", orderby="fullname desc")
    assert isinstance(users, dict)
    assert [row["fullname"] for row in users["value"]] == ["Ben Brown", "Ana Alvarez"]


def test_navigating_from_nowhere_or_along_nothing_is_a_404(world: World) -> None:
    for number, navigation in ((99, "parentaccountid"), (99, "lead_tasks"), (1, "none")):
        with pytest.raises(Fault) as missing:
            _navigate(world, "leads", number, navigation)
        assert missing.value.status == 404


def test_references(world: World) -> None:
    def references(set_name: str, number: int, navigation: str) -> object:
        table = CATALOG.by_set(set_name)
        assert table is not None
        return read_references(
            world.db, CATALOG, table, guid(number), navigation, root=ROOT, caller=ME, now=world.now
        )

    assert references("leads", 1, "parentaccountid") == {
        "@odata.context": f"{ROOT}$metadata#$ref",
        "@odata.id": f"{ROOT}accounts({guid(CONTOSO)})",
    }
    assert references("leads", 3, "parentaccountid") is None
    assert references("leads", 1, "lead_tasks") == {
        "@odata.context": f"{ROOT}$metadata#Collection($ref)",
        "value": [{"@odata.id": f"{ROOT}tasks({guid(n)})"} for n in (0x71, 0x72)],
    }
