"""Relative and fiscal dates, as a caller in Berlin asks for them on Wednesday 4 March 2026."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from tests.mock_dataverse.reads.conftest import NOW
from tests.mock_dataverse.reads.world import ME, World

from work_assignment.mock_dataverse.conditions.relative_dates import COUNTED_SPANS, FIXED_SPANS
from work_assignment.mock_dataverse.faults import Fault

BEIRUT, KATHMANDU, LONDON = 131, 193, 85
SECOND = timedelta(seconds=1)

# Fiscal years start on 1 April, are named by their start, and have quarters.
SPANS: list[tuple[str, str, str | None, str | None]] = [
    ("yesterday", "", "2026-03-02T23:00:00Z", "2026-03-03T22:59:59Z"),
    ("today", "", "2026-03-03T23:00:00Z", "2026-03-04T22:59:59Z"),
    ("tomorrow", "", "2026-03-04T23:00:00Z", "2026-03-05T22:59:59Z"),
    ("last-seven-days", "", "2026-02-24T23:00:00Z", "2026-03-04T12:30:00Z"),
    ("next-seven-days", "", "2026-03-04T12:30:00Z", "2026-03-11T22:59:59Z"),
    ("last-week", "", "2026-02-22T23:00:00Z", "2026-03-01T22:59:59Z"),
    ("this-week", "", "2026-03-01T23:00:00Z", "2026-03-08T22:59:59Z"),
    ("next-week", "", "2026-03-08T23:00:00Z", "2026-03-15T22:59:59Z"),
    ("last-month", "", "2026-01-31T23:00:00Z", "2026-02-28T22:59:59Z"),
    ("this-month", "", "2026-02-28T23:00:00Z", "2026-03-31T21:59:59Z"),
    ("next-month", "", "2026-03-31T22:00:00Z", "2026-04-30T21:59:59Z"),
    ("last-year", "", "2024-12-31T23:00:00Z", "2025-12-31T22:59:59Z"),
    ("this-year", "", "2025-12-31T23:00:00Z", "2026-12-31T22:59:59Z"),
    ("next-year", "", "2026-12-31T23:00:00Z", "2027-12-31T22:59:59Z"),
    ("last-x-hours", "2", "2026-03-04T10:00:00Z", "2026-03-04T12:30:00Z"),
    ("next-x-hours", "2", "2026-03-04T12:30:00Z", "2026-03-04T14:59:59Z"),
    ("last-x-days", "3", "2026-02-28T23:00:00Z", "2026-03-04T12:30:00Z"),
    ("next-x-days", "3", "2026-03-04T12:30:00Z", "2026-03-07T22:59:59Z"),
    ("last-x-weeks", "2", "2026-02-17T23:00:00Z", "2026-03-04T12:30:00Z"),
    ("next-x-weeks", "4", "2026-03-04T12:30:00Z", "2026-04-01T21:59:59Z"),
    ("last-x-months", "1", "2026-02-03T23:00:00Z", "2026-03-04T12:30:00Z"),
    ("next-x-months", "2", "2026-03-04T12:30:00Z", "2026-05-04T21:59:59Z"),
    ("last-x-years", "1", "2025-03-03T23:00:00Z", "2026-03-04T12:30:00Z"),
    ("next-x-years", "1", "2026-03-04T12:30:00Z", "2027-03-04T22:59:59Z"),
    ("olderthan-x-minutes", "15", None, "2026-03-04T12:14:59Z"),
    ("olderthan-x-hours", "2", None, "2026-03-04T10:29:59Z"),
    ("olderthan-x-days", "2", None, "2026-03-02T12:29:59Z"),
    ("olderthan-x-weeks", "1", None, "2026-02-25T12:29:59Z"),
    ("olderthan-x-months", "6", None, "2025-09-04T11:29:59Z"),
    ("olderthan-x-years", "1", None, "2025-03-04T12:29:59Z"),
    ("last-fiscal-year", "", "2024-03-31T22:00:00Z", "2025-03-31T21:59:59Z"),
    ("this-fiscal-year", "", "2025-03-31T22:00:00Z", "2026-03-31T21:59:59Z"),
    ("next-fiscal-year", "", "2026-03-31T22:00:00Z", "2027-03-31T21:59:59Z"),
    ("last-fiscal-period", "", "2025-09-30T22:00:00Z", "2025-12-31T22:59:59Z"),
    ("this-fiscal-period", "", "2025-12-31T23:00:00Z", "2026-03-31T21:59:59Z"),
    ("next-fiscal-period", "", "2026-03-31T22:00:00Z", "2026-06-30T21:59:59Z"),
    ("last-x-fiscal-years", "2", "2023-03-31T22:00:00Z", "2026-03-04T12:30:00Z"),
    ("next-x-fiscal-years", "2", "2026-03-04T12:30:00Z", "2028-03-31T21:59:59Z"),
    ("last-x-fiscal-periods", "1", "2025-09-30T22:00:00Z", "2026-03-04T12:30:00Z"),
    ("next-x-fiscal-periods", "3", "2026-03-04T12:30:00Z", "2026-12-31T22:59:59Z"),
    ("in-fiscal-year", "2025", "2025-03-31T22:00:00Z", "2026-03-31T21:59:59Z"),
    ("in-fiscal-period", "4", "2025-12-31T23:00:00Z", "2026-03-31T21:59:59Z"),
    ("in-fiscal-period-and-year", "3 2025", "2025-09-30T22:00:00Z", "2025-12-31T22:59:59Z"),
    ("in-or-before-fiscal-period-and-year", "3 2025", None, "2025-12-31T22:59:59Z"),
    ("in-or-after-fiscal-period-and-year", "3 2025", "2025-09-30T22:00:00Z", None),
    ("on", "2026-03-29", "2026-03-28T23:00:00Z", "2026-03-29T21:59:59Z"),
    ("on-or-before", "2026-03-04", None, "2026-03-04T22:59:59Z"),
    ("on-or-after", "2026-03-04", "2026-03-03T23:00:00Z", None),
]
OPERATORS = {operator for operator, *_ in SPANS}


def _parsed(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _stored(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize(("operator", "values", "first", "last"), SPANS)
def test_the_first_and_the_last_second_of_a_span(
    berlin: World, operator: str, values: str, first: str | None, last: str | None
) -> None:
    inside = [text for text in (first, last) if text is not None]
    outside = [_stored(_parsed(first) - SECOND)] if first else []
    outside += [_stored(_parsed(last) + SECOND)] if last else []
    berlin.add_dates(*inside, *outside, None)
    assert berlin.dates_found(operator, values) == inside


def test_every_relative_operator_is_shown_above() -> None:
    assert set(FIXED_SPANS) | set(COUNTED_SPANS) <= OPERATORS


# time zones and daylight saving


@pytest.mark.parametrize(
    ("now", "first", "last"),
    [
        ("2026-03-29T10:00:00Z", "2026-03-28T23:00:00Z", "2026-03-29T21:59:59Z"),
        ("2026-10-25T10:00:00Z", "2026-10-24T22:00:00Z", "2026-10-25T22:59:59Z"),
    ],
)
def test_a_day_on_which_the_clock_is_turned_has_23_or_25_hours(
    berlin: World, now: str, first: str, last: str
) -> None:
    berlin.now = _parsed(now)
    berlin.add_dates(first, last, _stored(_parsed(first) - SECOND), _stored(_parsed(last) + SECOND))
    assert berlin.dates_found("today") == [first, last]


def test_a_day_whose_midnight_is_skipped_begins_with_the_skip(berlin: World) -> None:
    berlin.set_all("usersettings", timezonecode=BEIRUT)
    berlin.add_dates("2026-03-28T21:59:59Z", "2026-03-28T22:00:00Z", "2026-03-29T20:59:59Z")
    assert berlin.dates_found("on", "2026-03-29") == [
        "2026-03-28T22:00:00Z",
        "2026-03-29T20:59:59Z",
    ]


def test_the_last_days_are_those_of_the_calendar_and_older_days_have_24_hours(
    berlin: World,
) -> None:
    """Noon in Berlin is 10:00 in UTC today and was 11:00 two days ago."""
    berlin.now = datetime(2026, 3, 30, 10, 0, tzinfo=UTC)
    berlin.add_dates("2026-03-27T23:00:00Z", "2026-03-28T09:59:59Z", "2026-03-28T10:00:00Z")
    assert len(berlin.dates_found("last-x-days", "2")) == 3
    older = ["2026-03-27T23:00:00Z", "2026-03-28T09:59:59Z"]
    assert berlin.dates_found("olderthan-x-days", "2") == older
    assert berlin.dates_found("olderthan-x-hours", "48") == older


def test_months_end_where_a_shorter_month_does(berlin: World) -> None:
    berlin.now = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
    berlin.add_dates("2026-02-27T22:59:59Z", "2026-02-27T23:00:00Z", "2026-02-28T12:59:59Z")
    assert berlin.dates_found("last-x-months", "1") == [
        "2026-02-27T23:00:00Z",
        "2026-02-28T12:59:59Z",
    ]
    # noon in Berlin's summer is 14:00 there, which in February was 13:00 in UTC
    assert berlin.dates_found("olderthan-x-months", "1") == [
        "2026-02-27T22:59:59Z",
        "2026-02-27T23:00:00Z",
        "2026-02-28T12:59:59Z",
    ]


def test_full_hours_are_those_of_utc(berlin: World) -> None:
    berlin.set_all("usersettings", timezonecode=KATHMANDU)  # where it is 18:15
    berlin.add_dates("2026-03-04T10:59:59Z", "2026-03-04T11:00:00Z")
    assert berlin.dates_found("last-x-hours", "1") == ["2026-03-04T11:00:00Z"]


def test_a_user_without_settings_has_the_default_zone(empty_world: World) -> None:
    empty_world.now = NOW
    empty_world.add_dates("2026-03-03T23:30:00Z", "2026-03-04T00:00:00Z")
    assert empty_world.dates_found("today") == ["2026-03-04T00:00:00Z"]


def test_a_time_zone_code_that_is_unknown_is_a_501(berlin: World) -> None:
    berlin.set_all("usersettings", timezonecode=999)
    with pytest.raises(Fault) as refused:
        berlin.dates_found("today")
    assert refused.value.status == 501
    assert "999" in refused.value.message


def test_the_settings_are_those_of_the_caller(berlin: World) -> None:
    berlin.add("usersettings", 0xA2, timezonecode=LONDON)
    assert berlin.caller == ME
    berlin.add_dates("2026-03-03T23:30:00Z")
    assert berlin.dates_found("today") == ["2026-03-03T23:30:00Z"]


@pytest.mark.parametrize(
    "value",
    [
        "2026-03-04",
        "2026-03-04T23:30:00",
        "2026-03-03T23:30:00Z",
        "2026-03-04T23:30:00+01:00",
    ],
)
def test_a_moment_means_the_day_that_the_caller_then_has(berlin: World, value: str) -> None:
    berlin.add_dates("2026-03-03T23:00:00Z", "2026-03-04T22:59:59Z", "2026-03-04T23:00:00Z")
    assert berlin.dates_found("on", value) == ["2026-03-03T23:00:00Z", "2026-03-04T22:59:59Z"]


def test_a_moment_means_a_day_of_utc_where_the_column_knows_no_zones(berlin: World) -> None:
    berlin.add_dates("2026-03-02", "2026-03-03", "2026-03-04", column="closeon")
    assert berlin.dates_found("on", "2026-03-03T23:30:00Z", "closeon") == ["2026-03-03"]


def test_a_time_without_offset_is_read_on_the_callers_clock(berlin: World) -> None:
    berlin.add_dates("2026-03-04T10:59:59Z", "2026-03-04T11:00:00Z", "2026-03-04T12:00:00Z")
    assert berlin.dates_found("eq", "2026-03-04T12:00:00") == ["2026-03-04T11:00:00Z"]
    assert berlin.dates_found("eq", "2026-03-04T12:00:00Z") == ["2026-03-04T12:00:00Z"]
    assert berlin.dates_found("between", "2026-03-04T12:00:00 2026-03-04T13:00:00") == [
        "2026-03-04T11:00:00Z",
        "2026-03-04T12:00:00Z",
    ]
    assert len(berlin.dates_found("gt", "2026-03-04")) == 3
    berlin.add_dates("2026-03-01T12:00:00Z", column="wall")
    assert berlin.dates_found("eq", "2026-03-01T12:00:00", "wall") == ["2026-03-01T12:00:00Z"]


# weeks


@pytest.mark.parametrize(
    ("start", "first"), [(0, "2026-03-01"), (1, "2026-03-02"), (4, "2026-02-26")]
)
def test_weeks_start_on_the_organizations_day(berlin: World, start: int, first: str) -> None:
    berlin.set_all("organization", weekstartdaycode=start)
    days = [(date(2026, 2, 20) + timedelta(days=n)).isoformat() for n in range(20)]
    berlin.add_dates(*days, column="closeon")
    found = berlin.dates_found("this-week", column="closeon")
    assert (found[0], len(found)) == (first, 7)


# days without time, and clocks without zone


@pytest.mark.parametrize(
    ("operator", "values", "days"),
    [
        ("today", "", ["2026-03-04"]),
        ("last-x-days", "1", ["2026-03-03", "2026-03-04"]),
        ("next-x-days", "1", ["2026-03-04", "2026-03-05"]),
        ("olderthan-x-days", "1", ["2026-03-02"]),
        ("on-or-after", "2026-03-05", ["2026-03-05"]),
        ("on-or-before", "2026-03-02", ["2026-03-02"]),
        ("this-fiscal-year", "", ["2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05"]),
    ],
)
def test_a_column_of_days_is_compared_by_day(
    berlin: World, operator: str, values: str, days: list[str]
) -> None:
    berlin.add_dates("2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05", None, column="closeon")
    assert berlin.dates_found(operator, values, "closeon") == days


def test_late_in_the_evening_of_utc_the_caller_has_the_next_day(berlin: World) -> None:
    berlin.now = datetime(2026, 3, 4, 23, 30, tzinfo=UTC)
    berlin.add_dates("2026-03-04", "2026-03-05", column="closeon")
    assert berlin.dates_found("today", column="closeon") == ["2026-03-05"]


@pytest.mark.parametrize(
    ("operator", "values", "first", "last"),
    [
        ("today", "", "2026-03-04T00:00:00Z", "2026-03-04T23:59:59Z"),
        ("last-x-days", "1", "2026-03-03T00:00:00Z", "2026-03-04T13:30:00Z"),
        ("last-x-hours", "1", "2026-03-04T12:00:00Z", "2026-03-04T13:30:00Z"),
        ("on", "2026-03-29", "2026-03-29T00:00:00Z", "2026-03-29T23:59:59Z"),
    ],
)
def test_a_clock_without_zone_is_compared_with_the_callers_clock(
    berlin: World, operator: str, values: str, first: str, last: str
) -> None:
    outside = [_stored(_parsed(first) - SECOND), _stored(_parsed(last) + SECOND)]
    berlin.add_dates(first, last, *outside, None, column="wall")
    assert berlin.dates_found(operator, values, "wall") == [first, last]


# extremes and refusals


def test_a_span_beyond_the_calendar_is_open(berlin: World) -> None:
    berlin.add_dates("1753-01-01T00:00:00Z", "9999-12-30T00:00:00Z", None)
    for unit in ("years", "months", "weeks", "days", "hours", "fiscal-years", "fiscal-periods"):
        assert berlin.dates_found(f"last-x-{unit}", "999999999999") == ["1753-01-01T00:00:00Z"]
        assert berlin.dates_found(f"next-x-{unit}", "999999999999") == ["9999-12-30T00:00:00Z"]
    for unit in ("years", "months", "weeks", "days", "hours", "minutes"):
        assert berlin.dates_found(f"olderthan-x-{unit}", "999999999999") == []
    assert berlin.dates_found("on-or-after", "0001-01-01") == [
        "1753-01-01T00:00:00Z",
        "9999-12-30T00:00:00Z",
    ]
    assert len(berlin.dates_found("on-or-before", "9999-12-31")) == 2


@pytest.mark.parametrize(
    ("column", "operator", "values", "message"),
    [
        ("subject", "today", "", "'today' needs a date column, which 'subject' is not"),
        ("createdon", "today", "1", "takes no value, not 1"),
        ("createdon", "last-x-days", "", "takes one value, not 0"),
        ("createdon", "last-x-days", "many", "'many' of 'createdon' is not a valid whole number"),
        ("createdon", "last-x-days", "1.5", "not a valid whole number"),
        ("createdon", "last-x-days", "0", "takes 1 or more, not 0"),
        ("createdon", "olderthan-x-days", "-1", "takes 1 or more, not -1"),
        ("closeon", "last-x-hours", "1", "needs a time of day, which 'closeon'"),
        ("closeon", "next-x-hours", "1", "needs a time of day"),
        ("closeon", "olderthan-x-minutes", "1", "needs a time of day"),
        ("closeon", "olderthan-x-hours", "1", "needs a time of day"),
        ("createdon", "in-fiscal-period", "14", "no fiscal period 14; they go from 1 to 13"),
        ("createdon", "in-fiscal-period-and-year", "0 2025", "no fiscal period 0"),
        ("createdon", "in-fiscal-period-and-year", "1", "takes two values, not 1"),
        ("createdon", "in-fiscal-year", "0", "no fiscal year 0"),
        ("createdon", "in-fiscal-year", "20255", "no fiscal year 20255"),
        ("createdon", "on", "soon", "not a valid DateTime"),
        ("createdon", "eq", "0001-01-01T00:00:00+14:00", "not a valid DateTime"),
    ],
)
def test_a_wrong_date_condition_is_refused_by_name(
    berlin: World, column: str, operator: str, values: str, message: str
) -> None:
    with pytest.raises(Fault) as refused:
        berlin.dates_found(operator, values, column)
    assert refused.value.status == 400
    assert message in refused.value.message
