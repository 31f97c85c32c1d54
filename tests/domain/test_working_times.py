"""Working hours and time off as written: read, or refused with the place that is wrong."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest

from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.working_times import read_calendar

HOURS = {"days": ["mon"], "from": "08:00", "to": "17:00"}
OFF = {"from": "2026-12-24T00:00:00Z", "to": "2026-12-27T00:00:00Z"}


def test_hours_are_read_with_their_defaults() -> None:
    (hours,) = read_calendar([HOURS], None, "ana").hours

    assert (hours.days, hours.start, hours.end) == (frozenset({0}), time(8), time(17))
    assert (hours.zone, hours.breaks) == (UTC, ())


def test_time_off_without_offset_is_meant_in_utc() -> None:
    calendar = read_calendar(None, [{"from": "2026-12-24", "to": "2026-12-27T12:00"}], "ana")

    assert calendar.time_off[0].start == datetime(2026, 12, 24, tzinfo=UTC)
    assert calendar.time_off[0].end == datetime(2026, 12, 27, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        ("always", "working_hours is a list"),
        (["mon"], "working_hours 1: needs the keys"),
        ([HOURS, {**HOURS, "day": []}], "working_hours 2: there is no key 'day'; did you mean"),
        ([{**HOURS, "days": ["monday"]}], "there is no day 'monday'; did you mean 'mon'?"),
        ([{**HOURS, "days": []}], "days is a list of mon"),
        ([{**HOURS, "from": "25:00"}], "from is a time such as \"08:00\", not '25:00'"),
        ([{**HOURS, "to": 1020}], "to is a time"),
        ([{**HOURS, "to": "08:00"}], "from and to are the same time"),
        ([{**HOURS, "time_zone": "Europe/Berln"}], "did you mean 'Europe/Berlin'?"),
        ([{**HOURS, "breaks": [["12:00"]]}], "a break is"),
        ([{**HOURS, "breaks": [["13:00", "12:00"]]}], "break 13:00 - 12:00 "),
        ([{**HOURS, "breaks": [["12:00", "12:00"]]}], "break 12:00 - 12:00 "),
        ([{**HOURS, "breaks": [["18:00", "19:00"]]}], "break 18:00 - 19:00 "),
        ([{**HOURS, "breaks": [["07:00", "07:30"]]}], "break 07:00 - 07:30 "),
        ([{**HOURS, "breaks": [["16:00", "17:30"]]}], "break 16:00 - 17:30 "),
    ],
)
def test_hours_that_make_no_sense_are_refused(hours: object, said: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        read_calendar(hours, None, "seller 'Ana'")

    assert str(caught.value).startswith("seller 'Ana'")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("off", "said"),
    [
        ({"from": 1}, "time_off is a list"),
        ([{**OFF, "to": "2026-12-24T00:00:00Z"}], "time_off 1: it ends before it starts"),
        ([{"from": "2026-12-24T00:00:00Z"}], "to is a moment"),
        ([{**OFF, "from": "Christmas"}], "from is a moment"),
        ([{**OFF, "until": "x"}], "there is no key 'until'"),
    ],
)
def test_time_off_that_makes_no_sense_is_refused(off: object, said: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        read_calendar(None, off, "seller 'Ana'")

    assert said in str(caught.value)


@pytest.mark.parametrize("pause", [["23:00", "01:00"], ["22:00", "23:00"], ["05:00", "06:00"]])
def test_breaks_of_a_night_shift_may_lie_on_either_day(pause: list[str]) -> None:
    night = {"days": ["sat"], "from": "22:00", "to": "06:00", "breaks": [pause]}

    assert read_calendar([night], None, "ana").hours[0].breaks
