"""Laws of dates: spans that meet, spans within spans, the same day in every kind of column; and
of hierarchies: under and above are each other's inverse."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from tests.domain.asking import holds

from work_assignment.domain.filtering.fiscal_years import FIXED_FISCAL
from work_assignment.domain.filtering.operators import ColumnKind
from work_assignment.domain.filtering.reckoning import FiscalPeriod, FiscalYear, Reckoning
from work_assignment.domain.filtering.relative_dates import FIXED
from work_assignment.domain.filtering.trees import Tree

# Clocks that change by an hour and by half of one, at midnight, in the south, and not at all.
ZONES = [
    *("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Beirut"),
    *("America/Havana", "Asia/Kolkata", "Pacific/Apia", "Pacific/Chatham"),
]
MOMENTS = st.datetimes(
    datetime(2009, 1, 1),  # noqa: DTZ001 (the strategy adds the zone)
    datetime(2030, 12, 31),  # noqa: DTZ001 (the strategy adds the zone)
    timezones=st.just(UTC),
)
FISCAL_YEARS = st.builds(
    FiscalYear,
    st.integers(1, 12),
    st.integers(1, 28),
    st.sampled_from(FiscalPeriod),
    st.booleans(),
)
RECKONINGS = st.builds(
    Reckoning, st.sampled_from(ZONES).map(ZoneInfo), st.integers(0, 6), FISCAL_YEARS
)
COUNTS = st.integers(1, 40)
UNITS = ["days", "weeks", "months", "years", "fiscal-periods", "fiscal-years"]
CALENDAR_UNITS = ["week", "month", "year", "fiscal-period", "fiscal-year"]
DATE_KINDS = [ColumnKind.MOMENT, ColumnKind.WALL_CLOCK, ColumnKind.DAY]
INSTANT = timedelta(microseconds=1)


def asked(operator: str, value: datetime, at: datetime, reckoning: Reckoning, *texts: str) -> bool:
    return holds(operator, value, *texts, at=at, reckoning=reckoning)


@st.composite
def near_moments(draw: st.DrawFn) -> tuple[datetime, datetime]:
    """Now, and a moment that is more often near than far."""
    at = draw(MOMENTS)
    reach = draw(st.sampled_from([timedelta(hours=2), timedelta(days=3), timedelta(days=800)]))
    return at, at + draw(st.timedeltas(-reach, reach))


@given(near_moments(), RECKONINGS, COUNTS, st.sampled_from([*UNITS, "hours"]))
def test_what_is_in_the_last_or_next_so_many_is_in_one_more(
    moments: tuple[datetime, datetime], reckoning: Reckoning, count: int, unit: str
) -> None:
    at, value = moments

    for way in ("last", "next"):
        if asked(f"{way}-x-{unit}", value, at, reckoning, str(count)):
            assert asked(f"{way}-x-{unit}", value, at, reckoning, str(count + 1))


@given(near_moments(), RECKONINGS, COUNTS, st.sampled_from(UNITS))
def test_the_last_so_many_lie_behind_and_the_next_ahead(
    moments: tuple[datetime, datetime], reckoning: Reckoning, count: int, unit: str
) -> None:
    at, value = moments

    assert asked(f"last-x-{unit}", value, at, reckoning, str(count)) <= (value <= at)
    assert asked(f"next-x-{unit}", value, at, reckoning, str(count)) <= (value >= at)


@given(near_moments(), RECKONINGS, COUNTS, st.sampled_from(["days", "weeks", "months", "years"]))
def test_what_is_older_is_older_and_what_is_not_is_recent(
    moments: tuple[datetime, datetime], reckoning: Reckoning, count: int, unit: str
) -> None:
    at, value = moments
    older = asked(f"olderthan-x-{unit}", value, at, reckoning, str(count))
    recent = asked(f"last-x-{unit}", value, at, reckoning, str(count))

    # Days are older by 24 hours, so that those in which clocks change may lie between the two.
    assert older or recent or value > at or unit in ("days", "weeks")
    assert asked(f"olderthan-x-{unit}", value, at, reckoning, str(count + 1)) <= older
    assert asked(f"olderthan-x-{unit}", value - INSTANT, at, reckoning, str(count)) >= older


@given(near_moments(), RECKONINGS, st.sampled_from(CALENDAR_UNITS))
def test_last_this_and_next_follow_upon_each_other(
    moments: tuple[datetime, datetime], reckoning: Reckoning, unit: str
) -> None:
    at, value = moments
    today = at.date()
    last, this, following = (
        {**FIXED, **FIXED_FISCAL}[f"{way}-{unit}"](today, reckoning)
        for way in ("last", "this", "next")
    )
    held = [asked(f"{way}-{unit}", value, at, reckoning) for way in ("last", "this", "next")]

    assert last.first <= last.last
    assert last.last + timedelta(days=1) == this.first <= today <= this.last
    assert this.last + timedelta(days=1) == following.first <= following.last
    assert sum(held) <= 1
    assert asked(f"this-{unit}", at, at, reckoning)


@given(near_moments(), RECKONINGS)
def test_yesterday_today_and_tomorrow_are_the_days_on_which_they_fall(
    moments: tuple[datetime, datetime], reckoning: Reckoning
) -> None:
    at, value = moments
    today = at.astimezone(reckoning.zone).date()

    for name, ahead in (("yesterday", -1), ("today", 0), ("tomorrow", 1)):
        day = (today + timedelta(days=ahead)).isoformat()
        assert asked(name, value, at, reckoning) is asked("on", value, at, reckoning, day)


@given(MOMENTS, RECKONINGS, st.dates(date(2009, 1, 1), date(2030, 12, 31)))
def test_every_moment_is_on_one_day_and_before_or_after_all_others(
    value: datetime, reckoning: Reckoning, day: date
) -> None:
    def on(operator: str, other: date) -> bool:
        return asked(operator, value, value, reckoning, other.isoformat())

    local = value.astimezone(reckoning.zone).date()
    assert on("on", local)
    assert on("on", day) is (day == local)
    assert on("on-or-after", day) is (local >= day)
    assert on("on-or-before", day) is (local <= day)


@given(
    near_moments(),
    st.integers(0, 6),
    FISCAL_YEARS,
    COUNTS,
    st.sampled_from(["last-x-", "next-x-", "olderthan-x-"]),
    st.sampled_from(UNITS),
)
def test_where_clocks_are_those_of_utc_a_time_zone_makes_no_difference(
    moments: tuple[datetime, datetime],
    week_start: int,
    fiscal: FiscalYear,
    count: int,
    way: str,
    unit: str,
) -> None:
    at, value = moments
    reckoning = Reckoning(UTC, week_start, fiscal)
    if way == "olderthan-x-" and "fiscal" in unit:
        return

    answers = {
        holds(way + unit, value, str(count), kind=kind, at=at, reckoning=reckoning)
        for kind in (ColumnKind.MOMENT, ColumnKind.WALL_CLOCK)
    }

    assert len(answers) == 1


@given(near_moments(), RECKONINGS, st.sampled_from(CALENDAR_UNITS))
def test_a_day_is_in_a_span_just_when_its_noon_is(
    moments: tuple[datetime, datetime], reckoning: Reckoning, unit: str
) -> None:
    at, value = moments
    day = value.date()
    noon = datetime.combine(day, datetime.min.time().replace(hour=12), UTC)

    for operator in (f"last-{unit}", f"this-{unit}", f"next-{unit}"):
        by_day = holds(operator, day, at=at, reckoning=reckoning)
        by_wall = holds(operator, noon, kind=ColumnKind.WALL_CLOCK, at=at, reckoning=reckoning)
        assert by_day is by_wall


@given(st.dates(date(1950, 1, 1), date(2100, 12, 31)), FISCAL_YEARS)
def test_every_day_is_in_one_period_of_one_fiscal_year(day: date, fiscal: FiscalYear) -> None:
    reckoning = Reckoning(fiscal_year=fiscal)
    years = [str(day.year + ahead) for ahead in (-1, 0, 1, 2)]
    periods = [str(number) for number in range(1, 14)]

    in_years = [y for y in years if holds("in-fiscal-year", day, y, reckoning=reckoning)]
    in_periods = [p for p in periods if holds("in-fiscal-period", day, p, reckoning=reckoning)]
    in_both = [
        (p, y)
        for p in periods
        for y in years
        if holds("in-fiscal-period-and-year", day, p, y, reckoning=reckoning)
    ]

    assert len(in_years) == len(in_periods) == 1
    assert in_both == [(in_periods[0], in_years[0])]


@given(
    st.dates(date(1950, 1, 1), date(2100, 12, 31)),
    FISCAL_YEARS,
    st.integers(1, 13),
    st.integers(1950, 2100),
)
def test_a_day_is_before_in_or_after_a_fiscal_period(
    day: date, fiscal: FiscalYear, period: int, year: int
) -> None:
    def held(operator: str) -> bool:
        return holds(
            f"{operator}fiscal-period-and-year",
            day,
            str(period),
            str(year),
            reckoning=Reckoning(fiscal_year=fiscal),
        )

    assert (held("in-or-before-") and held("in-or-after-")) is held("in-")


ROWS = st.sampled_from("abcdefgh")
TREES = st.dictionaries(ROWS, ROWS).map(Tree)


@given(TREES, ROWS, ROWS)
def test_under_and_above_are_each_others_inverse(tree: Tree, one: str, other: str) -> None:
    def held(operator: str, value: str, row: str) -> bool:
        return holds(operator, value, row, tree=tree)

    under = held("under", one, other)
    assert under is held("above", other, one)
    assert under is tree.is_above(other, one)
    assert under is not held("not-under", one, other)
    assert held("eq-or-under", one, other) is (under or one == other)
    assert not held("under", one, one)


@given(TREES, ROWS, ROWS, ROWS)
def test_what_is_above_what_is_above_is_above(tree: Tree, top: str, middle: str, low: str) -> None:
    if tree.is_above(top, middle) and tree.is_above(middle, low) and top != low:
        assert tree.is_above(top, low)
