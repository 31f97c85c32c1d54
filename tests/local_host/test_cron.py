"""Schedules mean what NCrontab, and so Azure, makes of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from work_assignment.local_host.cron import BadSchedule, parse_schedule

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*/15 * * * * *", datetime(2026, 1, 1, 0, 0, 15, tzinfo=UTC)),
        ("0 * * * * *", datetime(2026, 1, 1, 0, 1, tzinfo=UTC)),
        ("30 5/20 * * * *", datetime(2026, 1, 1, 0, 5, 30, tzinfo=UTC)),
        ("0 0 8-18/2 * * MON-FRI", datetime(2026, 1, 1, 8, tzinfo=UTC)),
        ("0 0 9 * feb,Apr sun", datetime(2026, 2, 1, 9, tzinfo=UTC)),
        ("0 0 0 * * 0", datetime(2026, 1, 4, tzinfo=UTC)),
        # Day of month and day of week must both hold: a Friday the thirteenth.
        ("0 0 0 13 * 5", datetime(2026, 2, 13, tzinfo=UTC)),
        ("0 0 0 29 2 *", datetime(2028, 2, 29, tzinfo=UTC)),
    ],
)
def test_the_next_occurrence_is_ncrontabs(text: str, expected: datetime) -> None:
    assert parse_schedule(text, at=START).next_after(START) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("* * * * *", "has five fields; Azure wants six, seconds first: '0 * * * * *'"),
        ("00:05:00", "is a time span"),
        ("1.00:00:00", "is a time span"),
        ("", "has 0 fields"),
        ("0 0 0 1 1 * 2026", "has 7 fields"),
        ("@daily", "has 1 fields"),
        ("60 * * * * *", "'60' is no second; use 0-59"),
        ("0 0 0 0 * *", "'0' is no day of month; use 1-31"),
        ("0 0 0 * * 7", "'7' is no day of week; use 0-6 or sun-sat"),
        ("0 0 0 * smarch *", "'smarch' is no month; use 1-12 or jan-dec"),
        ("0 0 0 L * *", "'L' is no day of month"),
        ("0 0 0 ? * *", "'?' is no day of month"),
        ("0 0 0 * * fri-mon", "the range 'fri-mon' (day of week) runs backwards"),
        ("0 */0 * * * *", "the step in '*/0' (minute) is not usable"),
        ("0 1- * * * *", "'1-' is no minute"),
        ("0 1,,2 * * * *", "'' is no minute"),
        ("0 0 0 30 2 *", "never occurs"),
    ],
)
def test_what_azure_would_not_take_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(BadSchedule) as refusal:
        parse_schedule(text, at=START)
    assert reason in str(refusal.value)


def test_occurrences_are_in_utc_whatever_the_zone_of_the_moment() -> None:
    moment = datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=3)))
    assert parse_schedule("0 0 * * * *", at=START).next_after(moment) == datetime(
        2025, 12, 31, 23, tzinfo=UTC
    )


def numbers(low: int, high: int) -> st.SearchStrategy[str]:
    number = st.integers(low, high)
    span = st.tuples(number, number).map(lambda ends: f"{min(ends)}-{max(ends)}")
    step = st.tuples(span | st.just("*"), st.integers(1, high)).map(lambda p: f"{p[0]}/{p[1]}")
    item = st.just("*") | number.map(str) | span | step
    return st.lists(item, min_size=1, max_size=3).map(",".join)


@given(
    st.tuples(numbers(0, 59), numbers(0, 59), numbers(0, 23), numbers(1, 28)),
    st.integers(0, 5 * 365 * 86_400_000).map(lambda ms: START + timedelta(milliseconds=ms)),
)
def test_whatever_is_taken_goes_strictly_forward(
    fields: tuple[str, str, str, str], moment: datetime
) -> None:
    schedule = parse_schedule(f"{' '.join(fields)} * *", at=moment)
    times = [moment]
    for _ in range(3):
        times.append(schedule.next_after(times[-1]))
    assert all(earlier < later for earlier, later in pairwise(times))
