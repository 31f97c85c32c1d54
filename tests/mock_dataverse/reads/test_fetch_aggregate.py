"""FetchXML groups and counts."""

from __future__ import annotations

from typing import Any

import pytest
from tests.mock_dataverse.reads.conftest import ANA, CONTOSO, NORTH
from tests.mock_dataverse.reads.world import ALL_ANNOTATIONS, ROOT, World, guid

from work_assignment.mock_dataverse.faults import Fault
from work_assignment.mock_dataverse.reading.render import FORMATTED


def _lead(inner: str, head: str = "") -> str:
    return f"<fetch aggregate='true' {head}><entity name='lead'>{inner}</entity></fetch>"


COUNT = "<attribute name='leadid' alias='n' aggregate='count'/>"
BY_OWNER = "<attribute name='ownerid' alias='owner' groupby='true'/>"


def test_one_row_without_groups(world: World) -> None:
    inner = "".join(
        f"<attribute name='employees' alias='{function}' aggregate='{function}'/>"
        for function in ("count", "countcolumn", "sum", "avg", "min", "max")
    )
    body = world.get("leads", fetch=_lead(inner))
    assert body == {
        "@odata.context": f"{ROOT}$metadata#leads(count,countcolumn,sum,avg,min,max)",
        "value": [{"count": 3, "countcolumn": 2, "sum": 1203, "avg": 601, "min": 3, "max": 1200}],
    }


def test_no_rows_still_make_one_row(empty_world: World) -> None:
    inner = f"{COUNT}<attribute name='employees' alias='s' aggregate='sum'/>"
    assert empty_world.fetched(_lead(inner)) == [{"n": 0}]


def test_grouped_by_owner_with_a_filter(world: World) -> None:
    world.add("lead", 4, statecode=0, ownerid=guid(ANA), ownerid__type="systemuser")
    opened = "<filter><condition attribute='statecode' operator='eq' value='0'/></filter>"
    assert world.fetched(_lead(f"{BY_OWNER}{COUNT}{opened}")) == [
        {"n": 1},
        {"owner": guid(ANA), "n": 2},
    ]


def test_a_grouped_lookup_has_its_annotations(world: World) -> None:
    rows = world.get("leads", ALL_ANNOTATIONS, fetch=_lead(BY_OWNER + COUNT))["value"]
    assert rows[2] == {
        f"owner@{FORMATTED}": "North",
        "owner@Microsoft.Dynamics.CRM.associatednavigationproperty": "ownerid",
        "owner@Microsoft.Dynamics.CRM.lookuplogicalname": "team",
        "owner": guid(NORTH),
        f"n@{FORMATTED}": "1",
        "n": 1,
    }


def test_grouped_choices_and_amounts_are_formatted(world: World) -> None:
    inner = (
        "<attribute name='statecode' alias='state' groupby='true'/>"
        "<attribute name='donotemail' alias='mail' groupby='true'/>"
        "<attribute name='estimatedamount' alias='amount' aggregate='sum'/>"
        "<order alias='amount' descending='true'/>"
    )
    row = world.get("leads", ALL_ANNOTATIONS, fetch=_lead(inner))["value"][0]
    assert row == {
        f"state@{FORMATTED}": "Open",
        "state": 0,
        f"mail@{FORMATTED}": "Do Not",
        "mail": True,
        f"amount@{FORMATTED}": "$1,234.50",
        "amount": 1234.5,
    }


def test_grouped_by_a_linked_column(world: World) -> None:
    link = (
        "<link-entity name='account' from='accountid' to='parentaccountid' link-type='outer'>"
        "<attribute name='name' alias='company' groupby='true'/></link-entity>"
    )
    assert world.fetched(_lead(COUNT + link)) == [
        {"n": 1},
        {"n": 1, "company": "Contoso"},
        {"n": 1, "company": "Fabrikam"},
    ]


def test_texts_that_differ_in_case_are_one_group(world: World) -> None:
    world.add("lead", 4, subject="o'hara ")
    inner = "<attribute name='subject' alias='s' groupby='true'/>" + COUNT
    assert [row["n"] for row in world.fetched(_lead(f"{inner}<order alias='n'/>"))] == [1, 1, 2]


def test_distinct_values_are_counted_once(world: World) -> None:
    world.add("lead", 4, parentaccountid=guid(CONTOSO))
    inner = "<attribute name='parentaccountid' alias='n' aggregate='countcolumn' distinct='true'/>"
    assert world.fetched(_lead(inner)) == [{"n": 2}]


@pytest.mark.parametrize(
    ("part", "day", "value"),
    [
        ("day", "2026-03-17", 17),
        ("week", "2026-01-01", 1),
        ("week", "2026-01-03", 1),
        ("week", "2026-01-04", 2),
        ("week", "2026-12-31", 53),
        ("week", "2028-12-31", 54),
        ("month", "2026-03-17", 3),
        ("quarter", "2026-03-31", 1),
        ("quarter", "2026-04-01", 2),
        ("quarter", "2026-12-31", 4),
        ("year", "2026-03-17", 2026),
    ],
)
def test_dates_are_grouped_by_a_part(empty_world: World, part: str, day: str, value: int) -> None:
    empty_world.add("lead", 1, createdon=f"{day}T12:00:00Z", closeon=day)
    for column in ("createdon", "closeon"):
        inner = f"<attribute name='{column}' alias='d' groupby='true' dategrouping='{part}'/>"
        assert empty_world.fetched(_lead(inner + COUNT)) == [{"d": value, "n": 1}]


FISCAL = (
    "<attribute name='{0}' alias='y' groupby='true' dategrouping='fiscal-year' {1}/>"
    "<attribute name='{0}' alias='p' groupby='true' dategrouping='fiscal-period' {1}/>"
    "<order alias='p'/>"
)


def _fiscal(world: World, column: str = "createdon", more: str = "") -> list[tuple[Any, ...]]:
    body = world.get("leads", ALL_ANNOTATIONS, fetch=_lead(FISCAL.format(column, more) + COUNT))
    return [
        (row.get("y"), row.get("p"), row.get(f"y@{FORMATTED}"), row.get(f"p@{FORMATTED}"), row["n"])
        for row in body["value"]
    ]


def test_dates_are_grouped_by_fiscal_year_and_period(berlin: World) -> None:
    berlin.add_dates("2026-03-31T12:00:00Z", "2026-04-01T00:00:00Z", "2026-06-30T10:00:00Z", None)
    expected = [
        (None, None, None, None, 1),
        (2025, 202504, "FY2025", "Quarter 4 FY2025", 1),
        (2026, 202601, "FY2026", "Quarter 1 FY2026", 2),
    ]
    assert _fiscal(berlin) == expected
    berlin.set_all("organization", fiscalyeardisplaycode=2, fiscalperiodtype=2000)
    assert [row[2:4] for row in _fiscal(berlin)][1:] == [
        ("FY2026", "FY2026"),
        ("FY2027", "FY2027"),
    ]


def test_dates_are_grouped_on_the_callers_clock_when_asked(berlin: World) -> None:
    berlin.add_dates("2026-03-31T22:30:00Z")
    day = "<attribute name='createdon' alias='d' groupby='true' dategrouping='day' {}/>"
    assert berlin.fetched(_lead(day.format("") + COUNT)) == [{"d": 31, "n": 1}]
    local = "usertimezone='true'"
    assert berlin.fetched(_lead(day.format(local) + COUNT)) == [{"d": 1, "n": 1}]
    assert [row[1] for row in _fiscal(berlin)] == [202504]
    assert [row[1] for row in _fiscal(berlin, more=local)] == [202601]


def test_days_without_time_have_no_clock(berlin: World) -> None:
    berlin.add("lead", 1, closeon="2026-03-31", wall="2026-03-31T23:30:00Z")
    for column in ("closeon", "wall"):
        assert [row[1] for row in _fiscal(berlin, column, "usertimezone='1'")] == [202504]


def test_no_dates_make_one_group_without_a_fiscal_year(berlin: World) -> None:
    assert _fiscal(berlin) == []
    berlin.add_dates(None)
    assert _fiscal(berlin) == [(None, None, None, None, 1)]


def test_a_query_may_lower_the_limit_of_rows(world: World) -> None:
    assert world.fetched(_lead(COUNT, "aggregatelimit='3'")) == [{"n": 3}]
    with pytest.raises(Fault) as refused:
        world.fetched(_lead(COUNT, "aggregatelimit='2'"))
    assert refused.value.code == "0x8004e023"


def test_orders_by_alias_and_pages(world: World) -> None:
    order = "<order alias='n' descending='true'/>"
    world.add("lead", 4, ownerid=guid(NORTH), ownerid__type="team")
    whole = world.fetched(_lead(BY_OWNER + COUNT + order))
    assert [row["n"] for row in whole] == [2, 1, 1]
    assert whole[0]["owner"] == guid(NORTH)
    paged: list[dict[str, Any]] = []
    for page in (1, 2):
        body = world.get(
            "leads",
            ALL_ANNOTATIONS,
            fetch=_lead(BY_OWNER + COUNT + order, f"count='2' page='{page}'"),
        )
        has_more = "@Microsoft.Dynamics.CRM.fetchxmlpagingcookie" in body
        assert has_more is (page == 1)
        paged += body["value"]
    assert [row.get("owner") for row in paged] == [row.get("owner") for row in whole]


def test_more_than_fifty_thousand_rows_are_too_many(empty_world: World) -> None:
    empty_world.db.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50001) "
        "INSERT INTO lead (leadid, versionnumber) SELECT i, i FROM n"
    )
    with pytest.raises(Fault) as refused:
        empty_world.fetched(_lead(COUNT))
    assert (refused.value.status, refused.value.code) == (400, "0x8004e023")
    empty_world.db.execute("DELETE FROM lead WHERE versionnumber = 1")
    assert empty_world.fetched(_lead(COUNT)) == [{"n": 50000}]


@pytest.mark.parametrize(
    ("inner", "status", "message"),
    [
        ("", 400, "at least one attribute"),
        ("<all-attributes/>", 400, "all-attributes"),
        ("<attribute name='subject'/>", 400, "needs an alias"),
        ("<attribute name='subject' alias='s'/>", 400, "either aggregate or groupby"),
        (f"{COUNT}<attribute name='subject' alias='n' aggregate='count'/>", 400, "called 'n'"),
        ("<attribute name='subject' alias='s' aggregate='sum'/>", 400, "cannot be applied"),
        ("<attribute name='subject' alias='s' aggregate='median'/>", 400, "'median' is not known"),
        ("<attribute name='none' alias='s' aggregate='count'/>", 400, "Name = 'none'"),
        (COUNT + "<order attribute='subject'/>", 400, "names an alias"),
        (COUNT + "<order alias='x'/>", 400, "alias 'x'"),
        (COUNT.replace("/>", " distinct='true'/>"), 501, "distinct"),
        ("<attribute name='createdon' alias='d' groupby='true' dategrouping='hour'/>", 400, "hour"),
        ("<attribute name='subject' alias='d' groupby='true' dategrouping='day'/>", 400, "date"),
    ],
)  # fmt: skip
def test_a_wrong_aggregate_is_refused(world: World, inner: str, status: int, message: str) -> None:
    with pytest.raises(Fault) as refused:
        world.fetched(_lead(inner))
    assert refused.value.status == status
    assert message in refused.value.message
