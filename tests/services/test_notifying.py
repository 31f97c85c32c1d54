"""Who is told now, later or not at all, whatever is away meanwhile."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.domain.cases import seller
from tests.services.fakes import Calls, Killed, killed
from tests.services.sweeps import SweepWorld
from tests.services.world import ANA, World

from work_assignment.domain.deciding.definitions import define
from work_assignment.domain.defining.notifications import Channel, Kind, Language, Notifications
from work_assignment.domain.errors import Unavailable
from work_assignment.domain.hours.availability import EVERY_DAY, Calendar, WorkingHours
from work_assignment.domain.records import Owner, RecordKey, SellerId
from work_assignment.domain.runs.outcomes import Notice
from work_assignment.domain.runs.recipients import Recipient
from work_assignment.services.blocks import RESERVED_FOR
from work_assignment.services.deciding import Decider
from work_assignment.services.notifying import Teller

NIGHTS = Calendar((WorkingHours(EVERY_DAY, time(20), time(22), ZoneInfo("UTC")),))
RETIRED = Calendar(
    (WorkingHours(EVERY_DAY, time(8), time(9), ZoneInfo("UTC"), last_day=date(2020, 1, 1)),)
)
EMAIL_TOO = Notifications({Kind.ASSIGNED: frozenset({Channel.APP, Channel.EMAIL})})


class People:
    """What is known of people; `away` while that cannot be asked."""

    def __init__(self, *known: Recipient, away: bool = False) -> None:
        self.known = {person.id: person for person in known}
        self.away = away

    def of(self, ids: Collection[SellerId]) -> Mapping[SellerId, Recipient]:
        if self.away:
            raise Unavailable("nobody answers")
        return {who: self.known.get(who, Recipient(who)) for who in ids}


class Outbox:
    """What goes other ways; `away` while it cannot be kept."""

    def __init__(self, *, away: bool = False) -> None:
        self.notices: list[Notice] = []
        self.away = away

    def put(self, notices: Sequence[Notice]) -> None:
        if self.away:
            raise Unavailable("the storage is away")
        self.notices += notices


def works(world: World, calendar: Calendar) -> None:
    """Ana has these hours, in which alone people are told; rules do not ask for them."""
    sellers = [replace(seller("ana", 1000), calendar=calendar)]
    book = world.organization.rulebook
    world.organization.rulebook = replace(
        book,
        stamp="quiet",
        definitions=define((), world.rules, sellers),
        notifications=Notifications(quiet_hours=True),
    )


def answer(world: World, **changes: Any) -> None:
    Decider(replace(world.shop(), **changes)).answer(thorough=True)


def titles(world: World) -> list[str]:
    return [notice.title for notice in world.organization.notices.values()]


def untold(world: World) -> int:
    return sum(logged.tell for logged in world.organization.runs.values())


@pytest.mark.parametrize("count", [1, 3])
def test_quiet_hours_are_waited_for_and_no_longer(count: int) -> None:
    world = World(names=("ana",))
    works(world, NIGHTS)
    world.create_many(count)
    for _ in range(3):
        answer(world)
        world.clock.advance(timedelta(hours=2))
        assert (titles(world), untold(world)) == ([], 1)
    world.clock.advance(timedelta(hours=5))
    answer(world)
    assert (len(titles(world)), untold(world)) == (1, 0)


def test_who_does_not_work_any_more_is_looked_at_again_after_a_week() -> None:
    world = World(names=("ana",))
    works(world, RETIRED)
    world.create_many(2)
    answer(world)
    (mark,) = (logged for logged in world.organization.runs.values() if logged.tell)
    assert mark.tell_after == world.clock() + timedelta(days=7)


def test_who_opted_out_of_a_kind_hears_of_the_others() -> None:
    world = SweepWorld(names=("ana",))
    mute = People(Recipient(ANA, muted=frozenset({Kind.ASSIGNED}), language=Language.FRENCH))
    keys = [world.create(number) for number in (1, 2)]
    answer(world, recipients=mute)
    assert [world.organization.records[key].record.owner for key in keys] == [
        Owner("systemuser", ANA)
    ] * 2
    assert (titles(world), untold(world)) == ([], 0)


@pytest.mark.parametrize("count", [1, 3])
def test_while_the_other_ways_are_away_nobody_is_told_half(count: int) -> None:
    world = World(names=("ana",))
    world.organization.rulebook = replace(
        world.organization.rulebook, stamp="mail", notifications=EMAIL_TOO
    )
    world.create_many(count)
    outbox = Outbox(away=True)
    answer(world, outbox=outbox)
    assert (titles(world), outbox.notices) == ([], [])
    outbox.away = False
    world.clock.advance(RESERVED_FOR + timedelta(minutes=1))
    answer(world, outbox=outbox)
    assert len(titles(world)) == 1
    assert [notice.title for notice in outbox.notices] == titles(world)


@pytest.mark.parametrize("count", [1, 3])
def test_while_nobody_says_who_people_are_the_news_wait(count: int) -> None:
    world = World(names=("ana",))
    world.create_many(count)
    answer(world, recipients=People(away=True))
    assert titles(world) == []
    world.clock.advance(RESERVED_FOR + timedelta(minutes=1))
    answer(world, recipients=People(Recipient(ANA, language=Language.GERMAN)))
    said = "Neuer Lead: Lead 1" if count == 1 else "Ihnen wurden 3 Leads zugewiesen"
    assert titles(world) == [said]


def undone(world: SweepWorld, calls: Calls | None = None) -> list[RecordKey]:
    keys = world.waiting(5)
    sweep_id = world.sweep().sweep.id
    world.clock.advance(timedelta(seconds=10))
    world.organization.notices.clear()
    world.undo(sweep_id, calls)
    return keys


def test_what_an_undo_takes_back_is_told_at_once_for_all() -> None:
    world = SweepWorld(names=("ana",))
    keys = undone(world)
    (notice,) = world.organization.notices.values()
    assert notice.title == "5 of your leads were taken back"
    assert (notice.kind, set(notice.records)) == (Kind.TAKEN_BACK, set(keys))
    assert untold(world) == 0


def test_after_an_undo_that_died_the_timer_tells_the_same_under_the_same_id() -> None:
    world = SweepWorld(names=("ana",))
    with pytest.raises(Killed):
        undone(world, Calls(when={"after tell": killed}))
    (told,) = world.organization.notices
    for logged in world.organization.runs.values():
        logged.tell = logged.run.status.name == "UNDONE"
    world.let_time_pass(minutes=5)
    assert list(world.organization.notices) == [told]
    assert untold(world) == 0


def test_nobody_is_asked_for_where_nothing_is_to_be_told() -> None:
    world = World(names=("ana",))
    people = People(away=True)
    calls = Calls()
    teller = Teller(replace(world.shop(calls), recipients=people))
    teller.tell([])
    teller.tell_untold()
    assert teller.of_block("block", []) == teller.of_dead_block("block", []) == []
    asked = {moment.split(" ", 1)[1] for moment in calls.moments}
    assert asked == {"untold", "untold changes"}
