"""Working hours and time off as written: read, or refused with the place that is wrong."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.hours.working_times import read_calendar

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
    ("off", "start", "end"),
    [
        (("2026-12-24", "2026-12-26"), "2026-12-23T23:00", "2026-12-26T23:00"),
        (("2026-12-24", "2026-12-24"), "2026-12-23T23:00", "2026-12-24T23:00"),
        ((date(2026, 3, 29), date(2026, 3, 29)), "2026-03-28T23:00", "2026-03-29T22:00"),
        (("2026-12-24T12:00", "2026-12-24"), "2026-12-24T11:00", "2026-12-24T23:00"),
        (("2026-12-24T12:00Z", "2026-12-25T12:00-05:00"), "2026-12-24T12:00", "2026-12-25T17:00"),
    ],
)
def test_a_date_of_time_off_is_the_whole_day_in_its_time_zone(
    off: tuple[object, object], start: str, end: str
) -> None:
    entry = {"from": off[0], "to": off[1], "time_zone": "Europe/Berlin"}

    (interval,) = read_calendar(None, [entry], "ana").time_off

    assert interval.start == datetime.fromisoformat(start).replace(tzinfo=UTC)
    assert interval.end == datetime.fromisoformat(end).replace(tzinfo=UTC)


def test_time_off_may_have_no_end_in_sight() -> None:
    (interval,) = read_calendar(None, [{"from": "2026-12-24", "to": "9999-12-31"}], "ana").time_off

    assert interval.end.year == 9999


@pytest.mark.parametrize("written", [{}, {"days": None, "time_zone": None, "breaks": None}])
def test_hours_without_days_are_those_of_every_day_in_utc(written: dict[str, object]) -> None:
    (hours,) = read_calendar([{"from": "08:00:00", "to": "17:00", **written}], None, "ana").hours

    assert (hours.days, hours.start, hours.zone) == (frozenset(range(7)), time(8), UTC)


def test_days_may_be_written_long_and_in_any_case() -> None:
    entry = {**HOURS, "days": ["Monday", "TUE", "sunday "]}

    (hours,) = read_calendar([entry], None, "ana").hours

    assert hours.days == {0, 1, 6}


@pytest.mark.parametrize(
    ("start", "end", "breaks", "worked"),
    [
        ("08:00", "17:00:30", [], "9:00:30"),
        ("08:00", "24:00", [["12:00", "13:00"], {"from": "13:00", "to": "13:30"}], "14:30:00"),
        ("08:00", "24:00", [["23:00", "24:00"]], "15:00:00"),
        ("00:00", "00:00", [], "24:00:00"),
        ("00:00", "24:00:00", [["23:00", "24:00"], ["00:00", "01:00"]], "22:00:00"),
        ("22:00", "06:00", [{"from": "23:00", "to": "24:00"}, ["00:00", "01:00"]], "6:00:00"),
    ],
)
def test_a_day_has_the_hours_that_are_written(
    start: str, end: str, breaks: list[object], worked: str
) -> None:
    entry = {"days": ["wed"], "from": start, "to": end, "breaks": breaks}
    week = datetime(2026, 3, 2, tzinfo=UTC)

    found = read_calendar([entry], None, "ana").working_time(week, week + timedelta(days=7))

    hours, minutes, seconds = (int(part) for part in worked.split(":"))
    assert found == timedelta(hours=hours, minutes=minutes, seconds=seconds)


def test_hours_may_name_a_windows_time_zone() -> None:
    (hours,) = read_calendar([{**HOURS, "time_zone": "W. Europe Standard Time"}], None, "ana").hours

    assert hours.zone == ZoneInfo("Europe/Berlin")


def test_hours_may_have_a_first_and_a_last_day_and_skip_weeks() -> None:
    span = {"first_day": "2026-03-02", "last_day": date(2026, 12, 31), "every_weeks": 2}

    (hours,) = read_calendar([{**HOURS, **span}], None, "ana").hours

    assert (hours.first_day, hours.last_day) == (date(2026, 3, 2), date(2026, 12, 31))
    assert hours.every_weeks == 2


SPRING = {"first_day": "2026-03-01", "last_day": "2026-05-31"}
SUMMER = {"first_day": "2026-06-01", "last_day": "2026-08-31"}
NIGHT = {"days": ["sun"], "from": "20:00", "to": "06:00"}
FORTNIGHT = {"first_day": "2026-03-02", "every_weeks": 2}
WINTER = {"first_day": "2026-11-02", "last_day": "2027-02-28"}
# New York is five hours behind UTC in winter, four in summer; Lagos is always one ahead.
NEW_YORK = {"from": "09:00", "to": "17:00", "time_zone": "America/New_York"}
LAGOS = {"from": "14:00", "to": "15:00", "time_zone": "Africa/Lagos"}
BERLIN = {"from": "00:00", "to": "02:00", "time_zone": "Europe/Berlin"}


@pytest.mark.parametrize(
    ("one", "other", "day"),
    [
        (HOURS, HOURS, "mon"),
        (HOURS, {**HOURS, "from": "16:59", "to": "18:00"}, "mon"),
        ({**HOURS, "days": ["mon", "fri"]}, {**HOURS, "days": ["fri", "tue"]}, "fri"),
        (HOURS, {**NIGHT, "to": "08:01"}, "mon"),
        ({**NIGHT, "to": "08:01"}, HOURS, "mon"),
        (NIGHT, {**NIGHT, "from": "05:00", "to": "21:00"}, "sun"),
        ({**HOURS, **SPRING}, HOURS, "mon"),
        ({**HOURS, **SPRING}, {**HOURS, **SUMMER, "first_day": "2026-05-25"}, "mon"),
        ({**NIGHT, **SPRING}, {**HOURS, **SUMMER, "from": "05:00"}, "mon"),
        ({**HOURS, **FORTNIGHT}, {**HOURS, **FORTNIGHT, "first_day": "2026-03-16"}, "mon"),
        ({**HOURS, **FORTNIGHT}, {**HOURS, "first_day": "2026-03-09", "every_weeks": 3}, "mon"),
    ],
)
def test_hours_that_overlap_are_refused(
    one: dict[str, object], other: dict[str, object], day: str
) -> None:
    with pytest.raises(DefinitionError) as caught:
        read_calendar([one, other], None, "seller 'Ana'")

    assert str(caught.value) == (
        f"seller 'Ana', working_hours 2: they overlap with others on {day}"
    )


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        (HOURS, {**HOURS, "time_zone": "Europe/London"}, "those of UTC on mon"),
        (HOURS, {**HOURS, "time_zone": "Etc/UTC"}, "those of UTC on mon"),
        (NEW_YORK, LAGOS, "those of America/New_York on mon"),
        ({**NEW_YORK, **SUMMER}, LAGOS, "those of America/New_York on mon"),
        (
            {"days": ["fri"], "from": "20:00", "to": "24:00", "time_zone": "Pacific/Honolulu"},
            {"days": ["sat"], "from": "20:00", "to": "21:00", "time_zone": "Pacific/Auckland"},
            "those of Pacific/Honolulu on sat",
        ),
        (
            {**NEW_YORK, "first_day": "2026-03-10", "last_day": "2026-03-10"},
            {**BERLIN, "from": "14:00", "to": "15:00"},
            "those of America/New_York on tue",
        ),
        (
            {**NEW_YORK, "first_day": "9999-12-01"},
            {**HOURS, "from": "14:30", "every_weeks": 2, "first_day": "2026-01-05"},
            "those of America/New_York on mon",
        ),
    ],
)
def test_hours_that_overlap_across_time_zones_are_refused(
    one: dict[str, object], other: dict[str, object], said: str
) -> None:
    with pytest.raises(DefinitionError) as caught:
        read_calendar([one, other], None, "ana")

    assert str(caught.value) == f"ana, working_hours 2: they overlap with {said}"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (HOURS, {**HOURS, "days": ["tue"]}),
        (HOURS, {**HOURS, "from": "17:00", "to": "18:00"}),
        (HOURS, {**NIGHT, "to": "08:00"}),
        (HOURS, {**HOURS, "from": "17:00", "to": "00:00"}),
        (NEW_YORK, {**BERLIN, "from": "08:00", "to": "15:00"}),
        ({**NEW_YORK, **WINTER}, {**LAGOS, **SUMMER}),
        ({**NEW_YORK, **WINTER}, LAGOS),
        ({**NEW_YORK, "days": ["mon"]}, {**BERLIN, "days": ["tue", "sun"]}),
        ({**HOURS, **SPRING}, {**HOURS, **SUMMER}),
        ({**NIGHT, **SPRING}, {**HOURS, **SUMMER, "from": "06:00"}),
        ({**NIGHT, **SUMMER}, {**NIGHT, **SPRING}),
        ({**HOURS, **FORTNIGHT}, {**HOURS, **FORTNIGHT, "first_day": "2026-03-09"}),
        (
            {**HOURS, **FORTNIGHT, "last_day": "2026-03-29"},
            {**HOURS, "first_day": "2026-03-09", "every_weeks": 3},
        ),
    ],
)
def test_hours_that_never_meet_are_fine(one: dict[str, object], other: dict[str, object]) -> None:
    assert len(read_calendar([one, other], None, "ana").hours) == 2


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        ("always", "working_hours is a list"),
        (["mon"], "working_hours 1: needs the keys"),
        ([HOURS, {**HOURS, "day": []}], "working_hours 2: there is no key 'day'; did you mean"),
        ([{**HOURS, "days": ["mondey"]}], "there is no day 'mondey'; did you mean 'monday'?"),
        ([{**HOURS, "days": ["mon", "Monday"]}], "the day 'Monday' is there twice"),
        ([{**HOURS, "days": [1]}], "there is no day 1"),
        ([{"to": "17:00"}], "working_hours 1: 'from' is missing"),
        ([{"from": "08:00", "to": None}], "working_hours 1: 'to' is missing"),
        ([{**HOURS, "from": "24:00"}], "from is a time such as \"08:00\", not '24:00'"),
        ([{**HOURS, "to": "24:01"}], "to is a time"),
        ([{**HOURS, "to": "17:00:60"}], "to is a time"),
        ([{**HOURS, "days": []}], "days is a list such as [mon, tue], or days such as mon-fri"),
        ([{**HOURS, "from": "25:00"}], "from is a time such as \"08:00\", not '25:00'"),
        ([{**HOURS, "to": 1020}], "to is a time"),
        ([{**HOURS, "to": "08:00"}], "from and to are the same time"),
        ([{**HOURS, "time_zone": "Europe/Berln"}], "did you mean 'Europe/Berlin'?"),
        ([{**HOURS, "time_zone": "W Europe Standard Time"}], "mean 'W. Europe Standard Time'?"),
        ([{**HOURS, "time_zone": 110}], "there is no time zone 110"),
        ([{**HOURS, "first_day": "2026-02-30"}], "first_day is a date such as 2026-03-02, not"),
        ([{**HOURS, "last_day": "2026-03-02T08:00"}], "last_day is a date"),
        ([{**HOURS, **SPRING, "last_day": "2026-02-28"}], "last_day comes before first_day"),
        ([{**HOURS, "every_weeks": 2}], "every_weeks needs a first_day"),
        ([{**HOURS, "every_weeks": 0}], "every_weeks is a whole number from 1 to 52, not 0"),
        ([{**HOURS, "every_weeks": True}], "every_weeks is a whole number"),
        ([{**HOURS, "breaks": [["12:00"]]}], "a break is"),
        ([{**HOURS, "breaks": [{"from": "12:00"}]}], "working_hours 1, a break: 'to' is missing"),
        ([{**HOURS, "breaks": [{"form": "12:00"}]}], "no key 'form'; did you mean 'from'?"),
        ([{**HOURS, "breaks": [["noon", "13:00"]]}], "a break's from is a time"),
        ([{**HOURS, "breaks": [["24:00", "13:00"]]}], "a break's from is a time"),
        (
            [{**HOURS, "breaks": [["12:30", "13:30"], ["12:00", "13:00"]]}],
            "working_hours 1: the breaks at 12:00 and 12:30 overlap",
        ),
        (
            [{**NIGHT, "breaks": [["00:30", "01:00"], ["23:00", "00:45"]]}],
            "the breaks at 23:00 and 00:30 overlap",
        ),
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
        ([{**OFF, "to": "2026-12-24T00:00:00Z"}], "time_off 1: it ends when it starts"),
        ([{**OFF, "to": "2026-12-23T23:59:00Z"}], "time_off 1: it ends before it starts"),
        ([{"from": "2026-12-24T00:00:00Z"}], "time_off 1: 'to' is missing"),
        ([{"from": None, "to": "2026-12-24"}], "time_off 1: 'from' is missing"),
        ([{**OFF, "from": "Christmas"}], "from is a moment"),
        ([{**OFF, "from": "2026-02-30"}], "from is a moment"),
        ([{"from": "2026-12-24", "to": "2026-12-23"}], "time_off 1: it ends before it starts"),
        ([{**OFF, "time_zone": "Europe/Berln"}], "did you mean 'Europe/Berlin'?"),
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
