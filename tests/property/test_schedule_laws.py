"""Laws of schedules, in real zones and around their changes of clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from work_assignment.domain.defining.schedules import Schedule

DAY = timedelta(days=1)
ZONES = [
    ZoneInfo(name)
    for name in (
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",  # half an hour
        "America/Sao_Paulo",  # jumped at midnight
        "Asia/Beirut",
        "Pacific/Apia",  # skipped a day in 2011
        "Africa/Casablanca",
        "Asia/Kathmandu",
        "America/St_Johns",
        "Antarctica/Troll",  # two hours
    )
]
CHANGES = [
    date(2026, 3, 29),
    date(2026, 10, 25),
    date(2026, 3, 8),
    date(2026, 11, 1),
    date(2026, 4, 5),
    date(2026, 10, 4),
    date(2018, 11, 4),
    date(2018, 2, 18),
    date(2011, 12, 30),
    date(2026, 3, 22),
]


@st.composite
def days_near_changes(draw: st.DrawFn) -> date:
    near = draw(st.sampled_from(CHANGES))
    return near + draw(st.integers(-3, 3)) * DAY


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    minutes = draw(st.sets(st.integers(0, 24 * 4 - 1), min_size=1, max_size=8))
    days = draw(st.frozensets(st.integers(0, 6), min_size=1))
    times = tuple(time(quarter // 4, quarter % 4 * 15) for quarter in sorted(minutes))
    borders = draw(st.none() | st.tuples(days_near_changes(), st.integers(0, 20)))
    starts_on = None if borders is None else borders[0]
    ends_on = None if borders is None else borders[0] + borders[1] * DAY
    return Schedule(days, times, draw(st.sampled_from(ZONES)), starts_on, ends_on)


@st.composite
def moments_near_changes(draw: st.DrawFn) -> datetime:
    day = draw(days_near_changes())
    quarter = draw(st.integers(0, 24 * 4 - 1))
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + quarter * timedelta(minutes=15)


def first_shown(schedule: Schedule, day: date, at: time) -> datetime:
    """The first moment at which a clock in the zone shows this or more, found by watching it."""
    wanted = datetime.combine(day, at)
    moment = datetime.combine(day - DAY, time(), UTC) - timedelta(hours=15)
    while moment.astimezone(schedule.zone).replace(tzinfo=None) < wanted:
        moment += timedelta(minutes=15)
    return moment


@given(schedules(), days_near_changes())
@settings(max_examples=150, deadline=None)
def test_every_time_of_every_day_is_due_when_a_clock_first_shows_it(
    schedule: Schedule, day: date
) -> None:
    days = [day + number * DAY for number in range(-1, 2)]
    wanted = {
        first_shown(schedule, each, at)
        for each in days
        if each.weekday() in schedule.days
        and (schedule.starts_on is None or schedule.starts_on <= each)
        and (schedule.ends_on is None or each <= schedule.ends_on)
        for at in schedule.times
    }
    start = first_shown(schedule, days[0], time())
    end = first_shown(schedule, days[-1] + DAY, time())

    found = set(schedule.moments(start - timedelta(minutes=1), end - timedelta(minutes=1)))

    # A day before whose times were jumped over comes due at the start.
    assert {at for at in wanted if at < end} <= found
    assert found - wanted <= {start}


@given(schedules(), moments_near_changes(), moments_near_changes())
@settings(max_examples=200, deadline=None)
def test_moments_rise_and_the_three_questions_agree(
    schedule: Schedule, one: datetime, other: datetime
) -> None:
    after, until = sorted((one, other))
    until = min(until, after + 20 * DAY)

    found = list(schedule.moments(after, until))

    assert all(earlier < later for earlier, later in pairwise([after, *found]))
    assert schedule.newest_due(after, until) == (found[-1] if found else None)
    following, walked = schedule.next_due(after), []
    while following is not None and following <= until:
        walked.append(following)
        following = schedule.next_due(following)
    assert walked == found


@given(schedules(), moments_near_changes(), st.integers(1, 400))
@settings(max_examples=100, deadline=None)
def test_looking_every_so_often_finds_each_moment_once(
    schedule: Schedule, start: datetime, minutes: int
) -> None:
    end = start + 4 * DAY
    step, at = timedelta(minutes=minutes), start
    found: list[datetime] = []
    while at < end:
        found += schedule.moments(at, min(at + step, end))
        at += step

    assert found == list(schedule.moments(start, end))
