"""Dataverse's calendars: rows with rules become the calendars that decisions use."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from work_assignment.dataverse.calendar_rules import calendar_from_rows, inner_calendars
from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.hours.availability import ALWAYS_WORKING, Calendar

Row = dict[str, Any]
BERLIN, NEW_YORK, UTC_CODE = 110, 35, 92
OPEN = "9999-12-30T00:00:00Z"
WORK, PAUSE, VACATION, NOT_WORKING, CAPACITY = (0, 1), (2, 4), (2, 6), (2, 0), (3, 10)


def leaf(codes: tuple[int, int], start: int, end: int, **more: Any) -> Row:
    """A rule of an inner calendar, from one minute of the day to another."""
    return {
        "timecode": codes[0],
        "subcode": codes[1],
        "offset": start,
        "duration": end - start,
        **more,
    }


def root(pattern: str, start: str = "2026-01-01", *leaves: Row, **more: Any) -> Row:
    """A root rule; its leaves stand here, in place of the id of their calendar."""
    return {
        "pattern": pattern,
        "starttime": f"{start}T00:00:00Z" if len(start) == 10 else start,
        "duration": 1440,
        "rank": 2,
        "timezonecode": BERLIN,
        "effectiveintervalend": OPEN,
        "leaves": leaves,
        **more,
    }


def weekly(days: str, *leaves: Row, **more: Any) -> Row:
    return root(f"FREQ=WEEKLY;INTERVAL=1;BYDAY={days}", "2026-01-05", *leaves, **more)


def single(day: str, *leaves: Row, **more: Any) -> Row:
    made = root("FREQ=DAILY;COUNT=1", day, *leaves, rank=0, extentcode=1)
    return made | more


OFFICE = weekly("MO,TU,WE,TH,FR", leaf(WORK, 480, 1020))
LEISURE = {"extentcode": 2}


def read(*rules: Row, closures: Mapping[str, Row] | None = None, **more: Any) -> Calendar:
    """The calendar of these root rules, and of calendars of closures by their ids."""
    inner = {name: {"calendarid": name, **row} for name, row in (closures or {}).items()}
    roots = []
    for number, rule in enumerate(rules):
        held = dict(rule)
        leaves = held.pop("leaves")
        if leaves or "_innercalendarid_value" not in held:
            held["_innercalendarid_value"] = f"inner {number}"
            inner[f"inner {number}"] = {
                "calendarid": f"inner {number}",
                "calendar_calendar_rules": list(leaves),
            }
        roots.append(held)
    row = {"calendarid": "c1", "name": "Ana", "calendar_calendar_rules": roots, **more}
    return calendar_from_rows(row, inner)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def hours(calendar: Calendar, start: str, end: str) -> float:
    return calendar.working_time(utc(start), utc(end)) / timedelta(hours=1)


def on(calendar: Calendar, day: str) -> float:
    """The hours worked on a day of UTC."""
    return hours(calendar, day, f"{day}T23:59:59")


def first(calendar: Calendar, at: str) -> str | None:
    moment = calendar.first_working_moment(utc(at), timedelta(days=30))
    return None if moment is None else moment.strftime("%Y-%m-%d %H:%M")


def test_a_weekly_pattern_is_worked_in_its_time_zone() -> None:
    calendar = read(OFFICE)

    assert first(calendar, "2026-03-06T20:00") == "2026-03-09 07:00"
    assert first(calendar, "2026-04-03T20:00") == "2026-04-06 06:00"
    assert hours(calendar, "2026-03-02", "2026-03-09") == 45


def test_a_break_lies_on_top_of_the_hours() -> None:
    office = weekly("MO", leaf(WORK, 480, 1020), leaf(PAUSE, 720, 750), leaf(PAUSE, 1000, 1080))
    calendar = read(office)

    assert first(calendar, "2026-03-02T11:10") == "2026-03-02 11:30"
    assert on(calendar, "2026-03-02") == pytest.approx(9 - 0.5 - 20 / 60)


def test_a_leaf_without_offset_begins_at_the_time_of_its_start() -> None:
    late = leaf(WORK, 0, 60, offset=None, starttime="2026-01-05T13:30:00Z")

    assert first(read(weekly("MO", late)), "2026-03-02T00:00") == "2026-03-02 12:30"


def test_several_leaves_and_several_patterns_add_up() -> None:
    calendar = read(
        weekly("MO", leaf(WORK, 480, 720), leaf(WORK, 780, 1020)),
        weekly("MO,TU", leaf(WORK, 1080, 1140)),
    )

    assert on(calendar, "2026-03-02") == 9
    assert on(calendar, "2026-03-03") == 1


def test_a_leaf_may_go_on_past_midnight() -> None:
    night = weekly("SA", leaf(WORK, 1320, 1800), leaf(PAUSE, 1500, 1560), timezonecode=UTC_CODE)
    calendar = read(night)

    assert hours(calendar, "2026-03-07", "2026-03-09") == 7
    assert first(calendar, "2026-03-08T01:10") == "2026-03-08 02:00"


def test_a_pattern_holds_from_its_start_to_the_end_of_its_interval() -> None:
    calendar = read(
        weekly("MO,TU", leaf(WORK, 480, 1020), effectiveintervalend="2026-03-10T00:00:00Z")
    )

    assert on(calendar, "2025-12-30") == 0
    assert on(calendar, "2026-03-09") == 9
    assert on(calendar, "2026-03-10") == 0


@pytest.mark.parametrize(
    ("end", "last_is_worked"),
    [
        ("2026-03-10T23:59:59Z", True),
        ("2026-03-10T08:00:01Z", True),
        ("2026-03-10T08:00:00Z", False),
        ("2026-03-10T00:00:00Z", False),
    ],
)
def test_an_interval_that_ends_late_in_a_day_includes_it(end: str, last_is_worked: bool) -> None:
    calendar = read(weekly("TU", leaf(WORK, 480, 1020), effectiveintervalend=end))

    assert (on(calendar, "2026-03-10") == 9) is last_is_worked


def test_a_later_effective_start_keeps_the_step_of_the_pattern() -> None:
    calendar = read(
        root(
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO",
            "2026-01-05",
            leaf(WORK, 480, 1020),
            effectiveintervalstart="2026-03-09T00:00:00Z",
        )
    )

    assert on(calendar, "2026-03-02") == on(calendar, "2026-03-09") == 0
    assert first(calendar, "2026-03-01T00:00") == "2026-03-16 07:00"


@pytest.mark.parametrize(
    ("pattern", "worked"),
    [
        ("FREQ=DAILY", [2, 3, 4, 5, 6, 7, 8, 9]),
        ("FREQ=DAILY;INTERVAL=3", [2, 5, 8]),
        ("FREQ=DAILY;COUNT=3", [2, 3, 4]),
        ("FREQ=DAILY;INTERVAL=1;BYDAY=TU,FR", [3, 6]),
        ("FREQ=WEEKLY", [2, 9]),
        ("FREQ=WEEKLY;BYDAY=MO,TH;COUNT=3", [2, 5, 9]),
        ("FREQ=WEEKLY;BYDAY=TU;COUNT=1", [3]),
        ("freq=weekly; interval=2; byday=MO,SU", [2, 8]),
        ("", [2]),
    ],
)
def test_patterns(pattern: str, worked: list[int]) -> None:
    calendar = read(root(pattern, "2026-03-02", leaf(WORK, 480, 1020), rank=0))

    assert [day for day in range(1, 10) if on(calendar, f"2026-03-0{day}")] == worked


@pytest.mark.parametrize(
    ("start", "zone"),
    [
        ("2026-03-04T00:00:00Z", BERLIN),
        ("2026-03-03T23:00:00Z", BERLIN),
        ("2026-03-03T22:00:00Z", BERLIN),
        ("2026-03-04T00:00:00Z", NEW_YORK),
        ("2026-03-04T05:00:00Z", NEW_YORK),
    ],
)
def test_the_start_of_a_rule_is_a_day_of_its_zone(start: str, zone: int) -> None:
    calendar = read(single(start, leaf(WORK, 480, 960), timezonecode=zone))

    assert hours(calendar, "2026-03-01", "2026-03-10") == 8
    assert on(calendar, "2026-03-04") == 8


def test_a_single_day_replaces_the_weekly_hours_of_that_day() -> None:
    calendar = read(OFFICE, single("2026-03-04", leaf(WORK, 600, 720)))

    assert on(calendar, "2026-03-03") == 9
    assert on(calendar, "2026-03-04") == 2


@pytest.mark.parametrize("leaves", [[], [leaf(NOT_WORKING, 0, 1440)]])
@pytest.mark.parametrize("extent", [None, 1])
def test_a_single_day_without_hours_takes_them_away(leaves: list[Row], extent: int | None) -> None:
    calendar = read(OFFICE, single("2026-03-04", *leaves, extentcode=extent))

    assert on(calendar, "2026-03-04") == 0
    assert hours(calendar, "2026-03-02", "2026-03-09") == 36


def test_not_working_for_part_of_a_day_leaves_the_rest() -> None:
    calendar = read(OFFICE, single("2026-03-04", leaf(NOT_WORKING, 780, 900), **LEISURE))

    assert on(calendar, "2026-03-04") == 7
    assert first(calendar, "2026-03-04T12:30") == "2026-03-04 14:00"


@pytest.mark.parametrize(
    ("duration", "of_leaf"), [(1440, 4320), (4320, 1440), (4320, 4320), (None, 4320)]
)
def test_time_off_may_last_several_days(duration: int | None, of_leaf: int) -> None:
    off = single("2026-03-04", leaf(VACATION, 0, of_leaf), **LEISURE, duration=duration)
    calendar = read(OFFICE, off)

    assert [on(calendar, f"2026-03-0{day}") for day in (3, 4, 5, 6, 9)] == [9, 0, 0, 0, 9]


def test_time_off_may_start_and_end_within_days() -> None:
    off = single("2026-03-04", leaf(VACATION, 720, 720 + 1440), **LEISURE, duration=2880)
    calendar = read(OFFICE, off)

    assert [on(calendar, f"2026-03-0{day}") for day in (3, 4, 5)] == [9, 4, 5]


def test_whole_working_days_may_be_several() -> None:
    duty = single("2026-03-07", leaf(WORK, 0, 2880), duration=2880, timezonecode=UTC_CODE)
    calendar = read(OFFICE, duty)

    assert hours(calendar, "2026-03-07", "2026-03-09") == 48


def test_with_nothing_but_time_off_a_user_works_otherwise() -> None:
    calendar = read(single("2026-03-04", leaf(VACATION, 0, 1440), **LEISURE, timezonecode=UTC_CODE))

    assert hours(calendar, "2026-03-03", "2026-03-06") == 48


def test_a_calendar_without_rules_is_always_worked() -> None:
    assert read() == ALWAYS_WORKING


def closed(start: str, days: int = 1, **more: Any) -> Row:
    """A closure as the organization's calendar of closures holds it."""
    return {
        "name": "Closed",
        "pattern": "FREQ=DAILY;INTERVAL=1;COUNT=1",
        "starttime": start,
        "duration": days * 1440,
        "timecode": 2,
        "subcode": 5,
        "timezonecode": -1,
        **more,
    }


def observing(**more: Any) -> Row:
    made = root("FREQ=YEARLY;INTERVAL=1", "2026-01-01", rank=1, extentcode=2, duration=525600)
    return made | {"_innercalendarid_value": "closures"} | more


def closures(*rules: Row) -> dict[str, Row]:
    return {"closures": {"calendar_calendar_rules": list(rules)}}


@pytest.mark.parametrize("start", ["2026-03-04T00:00:00Z", "2026-03-03T23:00:00Z"])
def test_closures_count_for_those_who_observe_them(start: str) -> None:
    shut = closures(closed(start, 2))

    assert hours(read(OFFICE, observing(), closures=shut), "2026-03-02", "2026-03-09") == 27
    assert hours(read(OFFICE, closures=shut), "2026-03-02", "2026-03-09") == 45


def test_a_closure_may_be_an_interval_or_part_of_a_day() -> None:
    interval = closed(
        "2026-03-04T00:00:00Z",
        0,
        effectiveintervalstart="2026-03-04T00:00:00Z",
        effectiveintervalend="2026-03-06T00:00:00Z",
    )
    afternoon = closed("2026-03-03T12:00:00Z") | {"duration": 240}
    calendar = read(OFFICE, observing(), closures=closures(interval, afternoon))

    assert [on(calendar, f"2026-03-0{day}") for day in (2, 3, 4, 5, 6)] == [9, 5, 0, 0, 9]


def test_closures_are_observed_while_the_rule_that_observes_them_is_effective() -> None:
    shut = closures(closed("2026-03-03T00:00:00Z"), closed("2026-03-10T00:00:00Z", 2))
    watching = observing(
        starttime="2026-03-04T00:00:00Z", effectiveintervalend="2026-03-11T00:00:00Z"
    )
    calendar = read(OFFICE, watching, closures=shut)

    assert [on(calendar, f"2026-03-{day}") for day in ("03", "10", "11")] == [9, 0, 9]


def test_a_single_day_outranks_closures_and_those_the_week() -> None:
    shut = closures(closed("2026-03-04T00:00:00Z", 2))
    duty = single("2026-03-04", leaf(WORK, 420, 900))
    calendar = read(duty, observing(), OFFICE, closures=shut)

    assert [on(calendar, f"2026-03-0{day}") for day in (3, 4, 5, 6)] == [9, 8, 0, 9]


def test_a_holiday_schedule_counts_for_the_calendar_that_has_it() -> None:
    shut = closures(closed("2026-03-03T23:00:00Z"))

    calendar = read(OFFICE, closures=shut, _holidayschedulecalendarid_value="CLOSURES")

    assert hours(calendar, "2026-03-02", "2026-03-09") == 36


def test_among_rules_of_one_sort_the_lower_rank_wins() -> None:
    long = single("2026-03-04", leaf(WORK, 480, 1020), rank=1)
    short = single("2026-03-04", leaf(WORK, 480, 540), rank=0)

    assert on(read(long, short), "2026-03-04") == on(read(short, long), "2026-03-04") == 1


def test_a_capacity_filter_says_nothing_about_hours() -> None:
    office = weekly("MO", leaf(WORK, 480, 1020), leaf(CAPACITY, 480, 1020))

    assert on(read(office), "2026-03-02") == 9


def test_the_calendars_that_one_refers_to_are_told() -> None:
    row = {
        "_holidayschedulecalendarid_value": "C",
        "calendar_calendar_rules": [{"_innercalendarid_value": "A"}, {}],
    }

    assert list(inner_calendars(row)) == ["a", "c"]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (root("FREQ=MONTHLY;BYMONTHDAY=1"), "the recurrence pattern 'FREQ=MONTHLY;BYMONTHDAY=1'"),
        (root("FREQ=WEEKLY;BYDAY=1MO"), "'FREQ=WEEKLY;BYDAY=1MO' is not supported"),
        (root("FREQ=WEEKLY;UNTIL=20260101"), "is not supported"),
        (root("FREQ=WEEKLY;INTERVAL=0"), "is not supported"),
        (root("FREQ=DAILY;COUNT=many"), "is not supported"),
        (root("INTERVAL=1"), "is not supported"),
        (root("FREQ=YEARLY;COUNT=2"), "is not supported"),
        (root("FREQ=WEEKLY", starttime=None), "no start to count its pattern from"),
        (root("FREQ=DAILY", "9999-01-01"), "starttime lies in the year 9999"),
        (weekly("MO", effectiveintervalend="0001-01-01T00:00:00Z"), "lies in the year 1"),
        (weekly("MO", extentcode=3), "the extent code 3 is not supported"),
        (weekly("MO", leaf(WORK, 0, 2880)), "hours of 2880 minutes from 0 on"),
        (weekly("MO", leaf(VACATION, 0, 2880)), "hours of 2880 minutes from 0 on"),
        (single("2026-03-04", leaf(VACATION, 0, 2**31 - 1)), "a rule lasts 2147483647 minutes"),
        (root("FREQ=DAILY", "someday-soon"), "starttime is no moment: 'someday-soon'"),
        (weekly("MO", timezonecode=14), "there is no time zone with the code 14"),
        (weekly("MO", leaf((7, 1), 480, 540)), "the time code 7 is not supported"),
        (weekly("MO", leaf(WORK, 480, 480)), "a rule lasts 0 minutes"),
        (weekly("MO", leaf(WORK, 480, 2000)), "hours of 1520 minutes from 480 on"),
        (weekly("MO", leaf(WORK, 1440, 1500)), "hours of 60 minutes from 1440 on"),
        (weekly("MO", leaf(WORK, 480, 540, pattern="FREQ=DAILY")), "or recurs"),
        (weekly("MO", leaf(WORK, 480, 540, _innercalendarid_value="x")), "has a calendar"),
        (observing(_innercalendarid_value="gone"), "it refers to the calendar gone"),
        (observing(_innercalendarid_value=None), "points at no calendar of closures"),
    ],
)
def test_what_cannot_be_honoured_is_refused_by_the_calendars_name(rule: Row, said: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        read(rule)

    assert caught.value.where == "calendar 'Ana' (c1)"
    assert said in caught.value.problem


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (closed("2026-03-03T00:00:00Z", pattern="FREQ=YEARLY"), "a closure that recurs"),
        (closed("2026-03-03T00:00:00Z", timecode=0), "or has hours"),
        (closed("2026-03-03T00:00:00Z", 0), "no duration and no effective interval"),
    ],
)
def test_closures_that_cannot_be_honoured_are_refused(rule: Row, said: str) -> None:
    with pytest.raises(DefinitionError, match=said):
        read(OFFICE, observing(), closures=closures(rule))


def test_rules_that_did_not_come_are_not_taken_for_none() -> None:
    with pytest.raises(DefinitionError, match="the rules of calendar c1 are missing"):
        calendar_from_rows({"calendarid": "c1"}, {})
