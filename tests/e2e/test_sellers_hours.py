"""Whose hours count: our seller row's, or else the seller's calendar in Dataverse."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.e2e.features import (
    change_user,
    create,
    define,
    lead,
    owner,
    people,
    rulebook,
    run_of,
    shop,
    told,
)
from tests.e2e.world import World, user_id

from work_assignment.dataverse import messages
from work_assignment.dataverse.calendar_names import CALENDAR
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.services.deciding import Decider

Row = dict[str, Any]
BERLIN = ZoneInfo("Europe/Berlin")
WORK, PAUSE = {"timecode": 0, "subcode": 1}, {"timecode": 2, "subcode": 4}
FREE, CLOSED = {"timecode": 2, "subcode": 6}, {"timecode": 2, "subcode": 5}


def next_monday() -> datetime:
    """Midnight in Berlin of a Monday to come."""
    today = datetime.now(BERLIN).replace(hour=0, minute=0, second=0, microsecond=0)
    return today + timedelta(days=7 - today.weekday())


MONDAY = next_monday()


def at(days: int, hours: float) -> datetime:
    """A moment of that week, in Berlin's time."""
    day = (MONDAY + timedelta(days=days)).date()
    minutes = round(hours * 60)
    return datetime(day.year, day.month, day.day, minutes // 60, minutes % 60, tzinfo=BERLIN)


def calendar(world: World, *rules: Row, **columns: Any) -> str:
    row = {"name": "Hours", "calendar_calendar_rules": list(rules), **columns}
    return create(world, CALENDAR, row)


def rule(world: World, pattern: str, start: datetime, *leaves: Row, **more: Any) -> Row:
    """A rule whose inner calendar has these leaves."""
    inner = create(world, CALENDAR, {"type": -1, "calendar_calendar_rules": list(leaves)})
    return {
        "pattern": pattern,
        "starttime": f"{start.date()}T00:00:00Z",
        "effectiveintervalend": "9999-12-30T00:00:00Z",
        "duration": 1440,
        "rank": 2,
        "extentcode": 1,
        "timezonecode": 110,
        **messages.bind("innercalendarid", CALENDAR.entity_set, inner),
    } | more


def leaf(kind: Row, start: int, end: int) -> Row:
    return {**kind, "offset": start * 60, "duration": (end - start) * 60}


def office_hours(world: World) -> Row:
    """Eight to five on working days, with an hour for lunch."""
    leaves = leaf(WORK, 8, 17), leaf(PAUSE, 12, 13)
    days = "FREQ=WEEKLY;INTERVAL=1;BYDAY=MO,TU,WE,TH,FR"
    return rule(world, days, MONDAY - timedelta(days=14), *leaves)


def day_off(world: World, day: datetime, kind: Row = FREE) -> Row:
    return rule(
        world, "FREQ=DAILY;COUNT=1", day, leaf(kind, 0, 24), rank=0, effectiveintervalend=None
    )


def works_by(world: World, name: str, calendar_id: str) -> None:
    change_user(world, name, **messages.bind("calendarid", CALENDAR.entity_set, calendar_id))


def definitions(*sellers: str) -> str:
    listed = "\n".join(f"  - {seller}" for seller in sellers)
    return f"""
segments: [{{name: All, record_type: lead}}]
rules: [{{name: At work, segment: All, match: any, available_within_hours: 1}}]
sellers:
{listed}
"""


def gets_a_lead(world: World, moment: datetime) -> str | None:
    """Who gets a lead at that moment."""
    one = lead(world)
    Decider(replace(shop(world), clock=lambda: moment.astimezone(UTC))).answer()
    run = run_of(world, one)
    if run["wa_routingstatus"] == RoutingStatus.ASSIGNED:
        return owner(world, one)
    assert run["wa_routingstatus"] == RoutingStatus.NO_AVAILABILITY
    assert "does not work within 1 hours" in told(world, one)
    return None


@pytest.mark.parametrize(
    ("moment", "works"),
    [
        (at(0, 10), True),
        (at(0, 6.5), False),
        (at(0, 7.5), True),
        (at(0, 12.5), True),
        (at(0, 17), False),
        (at(1, 10), False),
        (at(2, 10), True),
        (at(3, 10), False),
        (at(5, 10), False),
    ],
    ids=[
        "at work",
        "two hours early",
        "within the hour",
        "a break of an hour ends in time",
        "after hours",
        "time off",
        "between",
        "business closure",
        "weekend",
    ],
)
def test_a_seller_without_hours_of_ours_follows_her_dataverse_calendar(
    world: World, moment: datetime, works: bool
) -> None:
    people(world, "Ada")
    define(world, definitions("{user: ada@team.example}"))
    days = day_off(world, at(1, 0)), day_off(world, at(3, 0), CLOSED)
    works_by(world, "Ada", calendar(world, office_hours(world), *days))
    assert (gets_a_lead(world, moment) == "Ada") is works


def test_hours_of_ours_count_instead_of_her_dataverse_calendar(world: World) -> None:
    people(world, "Ada")
    evenings = '{days: [mon], from: "18:00", to: "22:00", time_zone: Europe/Berlin}'
    define(world, definitions(f"{{user: ada@team.example, working_hours: [{evenings}]}}"))
    works_by(world, "Ada", calendar(world, office_hours(world)))
    assert gets_a_lead(world, at(0, 10)) is None
    assert gets_a_lead(world, at(0, 19)) == "Ada"


def test_time_off_of_ours_comes_on_top_of_her_dataverse_calendar(world: World) -> None:
    people(world, "Ada")
    off = f"{{from: '{at(0, 0).isoformat()}', to: '{at(1, 0).isoformat()}'}}"
    define(world, definitions(f"{{user: ada@team.example, time_off: [{off}]}}"))
    works_by(world, "Ada", calendar(world, office_hours(world)))
    assert gets_a_lead(world, at(0, 10)) is None
    assert gets_a_lead(world, at(1, 10)) == "Ada"
    assert gets_a_lead(world, at(1, 20)) is None


def test_a_seller_without_any_calendar_is_always_there(world: World) -> None:
    people(world, "Ada")
    define(world, definitions("{user: ada@team.example}"))
    assert gets_a_lead(world, at(6, 3)) == "Ada"


def test_a_calendar_that_makes_no_sense_leaves_its_seller_out_and_says_so(world: World) -> None:
    people(world, "Ada", "Bea")
    define(world, definitions("{user: ada@team.example}", "{user: bea@team.example}"))
    odd = office_hours(world) | {"pattern": "FREQ=MONTHLY;INTERVAL=1"}
    works_by(world, "Ada", calendar(world, odd))
    (fault,) = rulebook(world).faults
    assert str(fault).startswith("the hours of Ada Seller: ")
    assert "FREQ=MONTHLY" in str(fault)
    assert [gets_a_lead(world, at(0, 10)) for _ in range(2)] == ["Bea", "Bea"]


def test_hours_of_ours_that_make_no_sense_leave_their_seller_out_and_say_so(world: World) -> None:
    people(world, "Ada", "Bea")
    define(world, definitions("{user: ada@team.example}", "{user: bea@team.example}"))
    (row,) = (row for row in world.seller_rows() if row["_wa_systemuserid_value"] == user_id("Ada"))
    world.change_seller(row["wa_sellerid"], {"wa_workinghours": '[{"days": ["someday"]}]'})
    (fault,) = rulebook(world).faults
    assert "seller 'Ada Seller'" in str(fault)
    assert gets_a_lead(world, at(0, 10)) == "Bea"
