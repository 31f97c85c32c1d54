"""The engine and the mock find the same rows by dates: relative, fiscal, in any zone, any kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contract.organisation import Organisation, running

from work_assignment.dataverse import messages
from work_assignment.domain.filtering.filters import Filter, Group, Term
from work_assignment.domain.filtering.operators import DATES, OPERATORS, ColumnKind, Needs
from work_assignment.domain.filtering.reckoning import FiscalPeriod, FiscalYear, Reckoning
from work_assignment.domain.hours.time_zones import time_zone_of_code

_COLUMN = """
<attribute PhysicalName="{0}"><Type>{1}</Type><LogicalName>{2}</LogicalName>
<RequiredLevel>none</RequiredLevel>{3}</attribute>"""
_DATE = "<Format>datetime</Format><Behavior>{}</Behavior>"
KINDS = {
    "new_moment": ColumnKind.MOMENT,
    "new_day": ColumnKind.DAY,
    "new_wallclock": ColumnKind.WALL_CLOCK,
}
NOWS = [
    datetime(2026, 3, 4, 9, 30, tzinfo=UTC),
    datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC),  # the clocks go forward in Berlin
    datetime(2026, 10, 25, 1, 30, tzinfo=UTC),  # and back
    datetime(2024, 2, 29, 23, 0, tzinfo=UTC),
    datetime(2026, 1, 31, 12, 0, tzinfo=UTC),
    datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC),
    datetime(2026, 9, 6, 4, 30, tzinfo=UTC),  # a day in Santiago that begins at one o'clock
]
CODES = [92, 110, 35, 56, 120, 131, 193, 290, 0]
"""Time zones as Dataverse counts them: UTC, Berlin, New York, Santiago, Cairo, Beirut, Kathmandu,
Auckland, and twelve hours behind."""


def write_visits(folder: Path) -> Path:
    """A solution with the table `new_visit`, whose dates are of every kind."""
    columns = [
        _COLUMN.format("new_VisitId", "primarykey", "new_visitid", ""),
        _COLUMN.format(
            "new_Name",
            "nvarchar",
            "new_name",
            "<DisplayMask>PrimaryName</DisplayMask><MaxLength>100</MaxLength>",
        ),
        _COLUMN.format("new_Moment", "datetime", "new_moment", _DATE.format(1)),
        _COLUMN.format("new_Day", "datetime", "new_day", _DATE.format(2)),
        _COLUMN.format("new_WallClock", "datetime", "new_wallclock", _DATE.format(3)),
    ]
    files = {
        "Other/Solution.xml": "<ImportExportXml />",
        "Other/Relationships.xml": "<EntityRelationships />",
        "Entities/new_Visit/Entity.xml": (
            "<Entity><Name>new_Visit</Name><EntityInfo><entity Name='new_Visit'>"
            f"<attributes>{''.join(columns)}</attributes><EntitySetName>new_visits</EntitySetName>"
            "<OwnershipTypeMask>UserOwned</OwnershipTypeMask></entity></EntityInfo></Entity>"
        ),
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def moments() -> list[datetime]:
    """Moments around each of the present ones, near and far."""
    hours = [0, 1, 2, 5, 13, 23, 24, 25, 36, 48, 24 * 7, 24 * 30, 24 * 45, 24 * 100, 24 * 366]
    around = {
        now + sign * timedelta(hours=hour) for now in NOWS for hour in hours for sign in (1, -1)
    }
    edges = {now + timedelta(seconds=seconds) for now in NOWS for seconds in (-1, 1)}
    nights = {
        now.replace(hour=0, minute=0, second=0) + timedelta(minutes=minutes)
        for now in NOWS
        for minutes in (-1, 0, 60 * 4, 60 * 13, 60 * 22, 60 * 23 + 1)
    }
    return sorted(around | edges | nights)


def rows() -> Iterator[dict[str, Any]]:
    for moment in moments():
        yield {
            "new_moment": moment,
            "new_day": moment.date(),
            "new_wallclock": moment.isoformat().replace("+00:00", "Z"),
        }
    yield {}


@pytest.fixture(scope="module")
def organisation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Organisation]:
    with running(write_visits(tmp_path_factory.mktemp("visits"))) as made:
        made.write([messages.create("new_visits", {"new_name": "x", **row}) for row in rows()])
        made.read({"new_visit": tuple(KINDS)})
        yield made


def set_up(organisation: Organisation, code: int, reckoning: Reckoning) -> None:
    """Set the caller's zone and the organisation's calendar as the engine is told them."""
    me = organisation.client.send(messages.who_am_i()).json
    organisation.set("usersettingscollection", me["UserId"], timezonecode=code)
    year = reckoning.fiscal_year
    organisation.set(
        "organizations",
        me["OrganizationId"],
        weekstartdaycode=(reckoning.week_start + 1) % 7,
        fiscalcalendarstart=date(2000, year.start_month, year.start_day).isoformat(),
        fiscalperiodtype=year.period.value,
        fiscalyeardisplaycode=2 if year.named_after_end else 1,
    )


def test_the_columns_are_of_the_kinds_that_the_terms_are_drawn_for(
    organisation: Organisation,
) -> None:
    kinds = organisation.schemas["new_visit"].kinds

    assert {name: kinds[name] for name in KINDS} == KINDS


FISCAL_YEARS = st.builds(
    FiscalYear,
    st.integers(1, 12),
    st.sampled_from([1, 2, 15, 28]),
    st.sampled_from(FiscalPeriod),
    st.booleans(),
)
DAYS = st.sampled_from([moment.date() for moment in moments()]).map(date.isoformat)
COUNTS = st.sampled_from(["1", "2", "3", "7", "12", "31", "10000000"])
YEARS = st.sampled_from(["2023", "2024", "2025", "2026", "2027"])
PERIODS = {
    FiscalPeriod.ANNUALLY: 1,
    FiscalPeriod.SEMI_ANNUALLY: 2,
    FiscalPeriod.QUARTERLY: 4,
    FiscalPeriod.MONTHLY: 12,
    FiscalPeriod.FOUR_WEEKS: 13,
}


def operands(name: str, year: FiscalYear) -> st.SearchStrategy[tuple[str, ...]]:
    """Operands of an operator on dates, such as the mock takes too."""
    numbers = st.integers(1, PERIODS[year.period]).map(str)
    if "period-and-year" in name:
        return st.tuples(numbers, YEARS)
    if name == "in-fiscal-year":
        return st.tuples(YEARS)
    if name == "in-fiscal-period":
        return st.tuples(numbers)
    operator = OPERATORS[name]
    if operator.arity == 0:
        return st.just(())
    if operator.needs is Needs.MOMENT:
        return st.tuples(COUNTS)
    if operator.arity == 2:
        return st.tuples(DAYS, DAYS)
    return st.tuples(DAYS) if operator.arity == 1 else st.lists(DAYS, min_size=1).map(tuple)


ON_DATES = sorted(name for name, operator in OPERATORS.items() if operator.kinds & DATES)


def terms(year: FiscalYear) -> st.SearchStrategy[Filter]:
    fitting = [
        (column, name)
        for column, kind in KINDS.items()
        for name in ON_DATES
        if kind in OPERATORS[name].kinds
    ]
    return st.sampled_from(fitting).flatmap(
        lambda chosen: st.builds(
            Term, st.just(chosen[0]), st.just(chosen[1]), operands(chosen[1], year)
        )
    )


@dataclass(frozen=True)
class Case:
    """A moment, how dates are counted, and conditions."""

    now: datetime
    code: int
    reckoning: Reckoning
    trees: tuple[Filter, ...]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    year, code = draw(FISCAL_YEARS), draw(st.sampled_from(CODES))
    zone = time_zone_of_code(code)
    assert zone is not None
    trees = tuple(draw(terms(year)) for _ in range(6))
    reckoning = Reckoning(zone, draw(st.integers(0, 6)), year)
    return Case(draw(st.sampled_from(NOWS)), code, reckoning, (*trees, Group("any", trees[:2])))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(case=cases())
def test_conditions_on_dates_find_the_same_rows_in_both(
    organisation: Organisation, case: Case
) -> None:
    organisation.clock.now = case.now
    set_up(organisation, case.code, case.reckoning)
    for tree in case.trees:
        by_engine = organisation.found_by_the_engine("new_visit", tree, case.reckoning)
        assert by_engine == organisation.found_by_the_mock("new_visit", tree), tree
