"""How fast working time is measured: 30 days with hours, breaks, holidays, zones and clock changes.

Beside it a way that anybody would write first: looking at each minute, here of one day, times 30.

"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from statistics import median
from time import perf_counter
from zoneinfo import ZoneInfo

from work_assignment.domain.hours.availability import (
    Calendar,
    Interval,
    Override,
    WorkingHours,
    local_moment,
)

ROUNDS = 5
DAYS = 30
BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 3, 10, 10, 3, tzinfo=UTC)
END = START + timedelta(days=DAYS)
WORKDAYS = frozenset(range(5))
OPENS, PAUSES, RESUMES, CLOSES = time(8), time(12), time(13), time(17)
HOLIDAYS = (date(2026, 4, 3), date(2026, 4, 6))
"""Clocks jump on 29 March; Good Friday and Easter Monday lie within the 30 days."""


def calendar() -> Calendar:
    """A calendar that has not been asked anything yet."""
    hours = WorkingHours(WORKDAYS, OPENS, CLOSES, BERLIN, ((PAUSES, RESUMES),))
    closed = tuple(
        Interval(local_moment(day, time(0), BERLIN), local_moment(day, time(23, 59), BERLIN))
        for day in HOLIDAYS
    )
    return Calendar((hours,), overrides=(Override(time_off=closed),))


def minute_by_minute(start: datetime, end: datetime) -> timedelta:
    """The same, by looking at each minute."""
    found, minute = timedelta(0), timedelta(minutes=1)
    while start < end:
        local = start.astimezone(BERLIN)
        at = local.time()
        if (
            local.weekday() in WORKDAYS
            and local.date() not in HOLIDAYS
            and (OPENS <= at < PAUSES or RESUMES <= at < CLOSES)
        ):
            found += minute
        start += minute
    return found


def measure() -> Mapping[str, float]:
    """Microseconds for each question, the median of some rounds, and the ratio of the two ways."""
    known = calendar()
    if known.working_time(START, END) != minute_by_minute(START, END):
        raise AssertionError("the two ways to measure working time differ")
    within, night = timedelta(hours=24), START.replace(hour=20)
    asked = {
        "working time over 30 days": _micro(partial(known.working_time, START, END), 20_000),
        "working time over 30 days, asked first": _micro(
            lambda: calendar().working_time(START, END), 50
        ),
        "100 working hours added": _micro(
            partial(known.add_working_time, START, timedelta(hours=100)), 20_000
        ),
        "first working moment after a night": _micro(
            partial(known.first_working_moment, night, within), 20_000
        ),
        "first working moment, asked first": _micro(
            lambda: calendar().first_working_moment(START, within), 50
        ),
        "30 days minute by minute": DAYS
        * _micro(partial(minute_by_minute, START, START + timedelta(days=1)), 3),
    }
    return asked | {
        "minute by minute, times as long": asked["30 days minute by minute"]
        / asked["working time over 30 days"]
    }


def _micro(ask: Callable[[], object], times: int) -> float:
    """Microseconds for one question."""
    return median(_seconds(ask, times) for _ in range(ROUNDS)) / times * 1_000_000


def _seconds(ask: Callable[[], object], times: int) -> float:
    started = perf_counter()
    for _ in range(times):
        ask()
    return perf_counter() - started


def show() -> Mapping[str, float]:
    """Measure and print a table."""
    measured = measure()
    width = max(map(len, measured))
    lines = [f"{name:<{width}}  {value:>12,.1f}" for name, value in measured.items()]
    sys.stdout.write("\n".join([f"{'microseconds':>{width + 14}}", *lines, ""]))
    return measured
