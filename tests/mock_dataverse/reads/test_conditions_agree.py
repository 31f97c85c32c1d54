"""The same condition finds the same rows through FetchXML and through $filter; and laws of dates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.mock_dataverse.reads.world import World, guid, open_world

from work_assignment.mock_dataverse.conditions.fiscal_calendar import (
    FiscalCalendar,
    FiscalPeriodType,
)
from work_assignment.mock_dataverse.conditions.relative_dates import (
    COUNTED_SPANS,
    FIXED_SPANS,
    Frame,
    Span,
    fiscal_year,
    numbered_period,
)
from work_assignment.mock_dataverse.conditions.special_operators import (
    SPECIAL_OPERATORS,
    Bare,
    Chosen,
    Dated,
    Identified,
    Numbered,
)
from work_assignment.mock_dataverse.conditions.time_zone_codes import CODES, zone_of
from work_assignment.mock_dataverse.faults import Fault
from work_assignment.mock_dataverse.reading.filter_functions import FUNCTIONS

_CRM = "Microsoft.Dynamics.CRM"
_FIRST, _LAST = datetime(2023, 1, 1, tzinfo=UTC), datetime(2029, 12, 31, tzinfo=UTC)
_PATTERN_OPERATORS = (
    "begins-with",
    "not-begin-with",
    "ends-with",
    "not-end-with",
    "like",
    "not-like",
)
_moments = st.integers(0, int((_LAST - _FIRST).total_seconds())).map(
    lambda seconds: _FIRST + timedelta(seconds=seconds)
)
_days = st.dates(_FIRST.date(), _LAST.date())
_zones = st.sampled_from(sorted(CODES))
_fiscal_calendars = st.builds(
    FiscalCalendar,
    st.dates(date(1999, 1, 1), date(2001, 12, 31)),
    st.sampled_from(FiscalPeriodType),
    st.booleans(),
)
_frames = st.builds(Frame, _moments, _zones.map(zone_of), st.integers(0, 6), _fiscal_calendars)


def _stored(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@contextmanager
def _filled_world(draw: st.DataObject) -> Iterator[World]:
    """A few leads around now, below a few accounts, for a caller and an organization set up
    somehow."""
    world = open_world()
    try:
        world.now = draw.draw(_moments, "now")
        fiscal = draw.draw(_fiscal_calendars, "fiscal")
        world.add(
            "organization",
            0xC1,
            weekstartdaycode=draw.draw(st.integers(0, 6), "week start"),
            fiscalcalendarstart=fiscal.start.isoformat(),
            fiscalperiodtype=fiscal.period_type.value,
            fiscalyeardisplaycode=1 + fiscal.is_named_by_end,
        )
        world.add("usersettings", 0xA1, timezonecode=draw.draw(_zones, "zone"))
        _add_accounts(world, draw)
        _add_leads(world, draw)
        yield world
    finally:
        world.db.close()


def _add_accounts(world: World, draw: st.DataObject) -> None:
    parents = draw.draw(st.lists(st.none() | st.integers(1, 4), min_size=4, max_size=4), "parents")
    for number, parent in enumerate(parents, 1):
        world.add("account", number, parentaccountid=None if parent is None else guid(parent))
    world.add("team", 0xF1)
    world.add("teammembership", 0x91, systemuserid=guid(0xA1), teamid=guid(0xF1))


def _add_leads(world: World, draw: st.DataObject) -> None:
    hours = st.integers(-20_000, 20_000) | st.integers(-80, 80)
    for number in range(1, 13):
        away = draw.draw(st.none() | hours, f"lead {number}")
        moment = None if away is None else world.now + timedelta(hours=away)
        world.add(
            "lead",
            number,
            createdon=moment and _stored(moment),
            wall=moment and _stored(moment),
            closeon=moment and moment.date().isoformat(),
            employees=draw.draw(st.sampled_from([None, 1033, 3, 7]), "employees"),
            interests=draw.draw(st.sampled_from([None, "1", "1,9", "2,12", "9,12"]), "interests"),
            subject=draw.draw(st.sampled_from([None, "abc", "Ábc", "bca", "cab"]), "subject"),
            parentaccountid=draw.draw(st.sampled_from([None, guid(1), guid(2), guid(3)])),
            ownerid=draw.draw(st.sampled_from([guid(0xA1), guid(0xA2), guid(0xF1)])),
        )


def _asked(draw: st.DataObject, operator: str) -> tuple[str, list[str], str]:
    """A column, the values for FetchXML, and the arguments for $filter."""
    date_columns = ["createdon", "wall", "closeon"]
    match SPECIAL_OPERATORS.get(operator):
        case Bare() if operator in FIXED_SPANS:
            return draw.draw(st.sampled_from(date_columns)), [], ""
        case Bare():
            column = "employees" if operator == "eq-userlanguage" else "ownerid"
            return column, [], ""
        case Numbered(how_many=2):
            period, year = draw.draw(st.integers(1, 2)), draw.draw(st.integers(2022, 2030))
            column = draw.draw(st.sampled_from(date_columns))
            return (
                column,
                [str(period), str(year)],
                f"PropertyValue1={period},PropertyValue2={year}",
            )
        case Numbered():
            number = 2025 if operator == "in-fiscal-year" else 1
            if "-x-" in operator:
                number = draw.draw(st.integers(1, 30))
            column = draw.draw(st.sampled_from(date_columns))
            return column, [str(number)], f"PropertyValue={number}"
        case Dated():
            day = draw.draw(_days).isoformat()
            return draw.draw(st.sampled_from(date_columns)), [day], f"PropertyValue={day}"
        case Identified():
            row_id = guid(draw.draw(st.integers(1, 5)))
            return "parentaccountid", [row_id], f"PropertyValue='{row_id}'"
        case Chosen():
            return "interests", ["1", "9"], "PropertyValues=['1','9']"
    if operator in _PATTERN_OPERATORS:
        return "subject", ["[ab]_%"], "PropertyValue='[ab]_%'"
    values = ["1", "5"]
    return "employees", values, 'PropertyValues=["1","5"]'


Outcome = set[str] | int


def _outcome(ask: Callable[[], set[str]]) -> Outcome:
    """What is found, or the status of the refusal."""
    try:
        return ask()
    except Fault as fault:
        return fault.status


def _fetched(world: World, column: str, operator: str, values: list[str]) -> set[str]:
    inner = "".join(f"<value>{value}</value>" for value in values)
    fetch = (
        "<fetch><entity name='lead'><attribute name='leadid'/><filter>"
        f"<condition attribute='{column}' operator='{operator}'>{inner}</condition>"
        "</filter></entity></fetch>"
    )
    return {row["leadid"] for row in world.fetched(fetch)}


def _filtered(world: World, column: str, function: str, arguments: str) -> set[str]:
    given = ",".join([f"PropertyName='{column}'", *([arguments] if arguments else [])])
    body = world.get("leads", select="leadid", filter=f"{_CRM}.{function}({given})")
    return {row["leadid"] for row in body["value"]}


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(draw=st.data())
def test_every_condition_finds_the_same_rows_in_fetchxml_and_in_filter(draw: st.DataObject) -> None:
    with _filled_world(draw) as world:
        for function, operator in FUNCTIONS.items():
            column, values, arguments = _asked(draw, operator)
            fetched = _outcome(partial(_fetched, world, column, operator, values))
            filtered = _outcome(partial(_filtered, world, column, function, arguments))
            assert fetched == filtered, (function, column, values)


# laws of spans


@given(frame=_frames)
def test_last_this_and_next_follow_each_other_without_gap(frame: Frame) -> None:
    units = ("week", "month", "year", "fiscal-year", "fiscal-period")
    named = [(f"last-{unit}", f"this-{unit}", f"next-{unit}") for unit in units]
    for names in [*named, ("yesterday", "today", "tomorrow")]:
        last, this, following = (FIXED_SPANS[name](frame) for name in names)
        assert _first(this) <= frame.today <= _end(this)
        assert _end(last) + timedelta(days=1) == _first(this)
        assert _end(this) + timedelta(days=1) == _first(following)


def _first(span: Span) -> date:
    assert span.first is not None
    return span.first


def _end(span: Span) -> date:
    assert span.last is not None
    return span.last


@given(fiscal=_fiscal_calendars, day=_days)
def test_a_day_lies_in_exactly_one_period_of_one_fiscal_year(
    fiscal: FiscalCalendar, day: date
) -> None:
    holding = [
        (period, name)
        for name in range(day.year - 1, day.year + 3)
        for period in range(1, fiscal.periods_a_year + 1)
        if _holds(numbered_period(fiscal, period, fiscal.named_year(name)), day)
    ]
    assert len(holding) == 1
    ((_, name),) = holding
    year = fiscal_year(fiscal, fiscal.named_year(name))
    assert _holds(year, day)
    assert name == (_end(year) if fiscal.is_named_by_end else _first(year)).year


def _holds(span: Span, day: date) -> bool:
    return _first(span) <= day <= _end(span)


@given(frame=_frames, count=st.integers(1, 60))
def test_what_is_counted_back_reaches_now_and_what_is_counted_on_starts_now(
    frame: Frame, count: int
) -> None:
    for name, span_of in COUNTED_SPANS.items():
        span, further = span_of(frame, count), span_of(frame, count + 1)
        if name.startswith("last-"):
            assert span.last == frame.now
            assert _moment(further.first, frame) < _moment(span.first, frame) <= frame.now
        elif name.startswith("next-"):
            assert span.first == frame.now
            assert _moment(further.last, frame) > _moment(span.last, frame)
        else:
            assert span.before is not None
            assert further.before is not None
            assert further.before < span.before < frame.now


def _moment(edge: date | None, frame: Frame) -> datetime:
    assert edge is not None
    if isinstance(edge, datetime):
        return edge
    return datetime.combine(edge, time(), frame.zone).astimezone(UTC)
