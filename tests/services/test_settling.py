"""A block at its end: shares given back, turns put right, and every seller told once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.domain.cases import rule
from tests.services.fakes import Calls, Killed, killed, unavailable
from tests.services.world import ANA, BEN, CEM, World, broken_laws

from work_assignment.domain.defining.notifications import Channel, Kind, Notifications
from work_assignment.domain.records import Owner, SellerId
from work_assignment.domain.runs.outcomes import Notice
from work_assignment.services.blocks import RESERVED_FOR
from work_assignment.services.deciding import Decider


def notices(world: World) -> dict[SellerId, Notice]:
    found = list(world.organization.notices.values())
    assert len({notice.recipient for notice in found}) == len(found)
    return {notice.recipient: notice for notice in found}


def dies(world: World, moment: str) -> None:
    with pytest.raises(Killed):
        world.decider(Calls(when={moment: killed}), shared_lease=True).answer()


def expire(world: World) -> None:
    world.clock.advance(RESERVED_FOR + timedelta(seconds=1))


def test_many_records_of_a_block_are_told_in_one_notification() -> None:
    world = World(names=("ana",))
    keys = world.create_many(5)
    world.decider().answer()
    notice = notices(world)[ANA]
    assert notice.title == "5 leads were assigned to you"
    assert notice.body == "Lead 1, Lead 2, Lead 3 and 2 more."
    assert notice.records == tuple(keys)


def test_one_record_of_a_block_is_told_by_its_name_and_reason() -> None:
    world = World(names=("ana", "ben"))
    first, second = world.create_many(2)
    world.decider().answer()
    told = notices(world)
    assert [told[ANA].title, told[BEN].title] == ["New lead: Lead 1", "New lead: Lead 2"]
    assert [told[ANA].records, told[BEN].records] == [(first,), (second,)]
    assert told[ANA].body.startswith("It was assigned to you by rule “")


def test_a_seller_hears_nothing_of_a_record_that_was_hers_already() -> None:
    world = World(names=("ana",))
    kept, given = world.create_many(2)
    world.organization.change(kept, owner=world.organization.records[given].record.owner)
    owner = world.organization.records[kept].record.owner
    assert owner is not None
    world.create(3, owner=type(owner)("systemuser", ANA))
    world.decider().answer()
    assert notices(world)[ANA].records == (kept, given)


@pytest.mark.parametrize("moment", ["after commit", "before settle"])
def test_what_a_dead_worker_committed_is_told_by_the_timer(moment: str) -> None:
    world = World(names=("ana", "ben", "cem"), capacity=5)
    world.create_many(6)
    dies(world, moment)
    assert notices(world) == {}
    expire(world)
    world.let_time_pass(minutes=3)
    assert broken_laws(world, capacity=5) == []
    assert sum(len(notice.records) for notice in world.organization.notices.values()) == 6


def test_before_its_time_a_block_is_left_to_its_worker() -> None:
    world = World(names=("ana", "ben", "cem"), capacity=5)
    world.create_many(6)
    dies(world, "before settle")
    world.decider(shared_lease=True).answer(thorough=True)
    assert notices(world) == {}
    assert all(row.reservations for row in world.organization.sellers.values())


def test_a_worker_that_died_before_it_wrote_gives_all_turns_back() -> None:
    world = World(names=("ana", "ben", "cem"))
    world.create_many(2)
    dies(world, "after reserve")
    assert world.turns() == {"ana": 1, "ben": 2, "cem": 0}
    expire(world)
    world.let_time_pass(minutes=3)
    assert world.turns() == {"ana": 1, "ben": 2, "cem": 0}
    assert [world.organization.owned(name) for name in (ANA, BEN, CEM)] == [1, 1, 0]


def test_turns_of_what_a_dead_worker_did_not_write_go_back() -> None:
    world = World(names=("ana", "ben"))
    world.create_many(4)
    dies(world, "after commit")  # the first of four is written
    expire(world)
    world.decider().answer(thorough=True)
    assert broken_laws(world) == []
    assert [world.organization.owned(name) for name in (ANA, BEN)] == [2, 2]


def test_nothing_is_decided_before_a_dead_block_could_be_settled() -> None:
    world = World(names=("ana", "ben"))
    world.create_many(3)
    dies(world, "after reserve")
    expire(world)
    away = Calls(when={"before settle": unavailable})
    assert world.decider(away, shared_lease=True).answer(thorough=True).away
    assert [world.organization.owned(name) for name in (ANA, BEN)] == [0, 0]
    world.let_time_pass(minutes=3)
    assert broken_laws(world) == []
    assert [world.organization.owned(name) for name in (ANA, BEN)] == [2, 1]


def test_turns_of_single_rules_go_back_too() -> None:
    one = rule(segment_id=None)
    world = World(names=("ana", "ben"), rules=[one])
    before = {row.id: row.rule_stamps for row in world.organization.sellers.values()}
    world.create_many(2)
    dies(world, "after reserve")
    expire(world)
    shop = world.decider()
    world.organization.records.clear()
    shop.answer(thorough=True)
    assert {row.id: row.rule_stamps for row in world.organization.sellers.values()} == before
    assert set(world.turns().values()) == {0}


class Box:
    """What goes by e-mail and Teams."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []

    def put(self, notices: Sequence[Notice]) -> None:
        self.notices += notices


def by_teams_too(world: World) -> None:
    ways = Notifications({Kind.ASSIGNED: frozenset({Channel.APP, Channel.TEAMS})})
    book = world.organization.rulebook
    world.organization.rulebook = replace(book, stamp="teams", notifications=ways)


def answered_late(world: World, box: Box, calls: Calls | None = None) -> None:
    expire(world)
    shop = replace(world.shop(calls, shared_lease=True), outbox=box)
    Decider(shop).answer(thorough=True)


def test_whose_share_was_settled_before_a_worker_died_gets_no_second_card() -> None:
    world = World(names=("ana", "ben"), capacity=5)
    by_teams_too(world)
    world.create_many(4)
    dies(world, "before settle")
    row = next(row for row in world.organization.sellers.values() if row.seller_id == ANA)
    world.organization.sellers[row.id] = replace(row, reservations=())
    box = Box()
    answered_late(world, box)
    assert [notice.recipient for notice in box.notices] == [BEN]
    assert not any(row.reservations for row in world.organization.sellers.values())


def test_however_often_a_dead_block_cannot_be_settled_its_sellers_get_one_card() -> None:
    world = World(names=("ana", "ben"), capacity=5)
    by_teams_too(world)
    world.create_many(4)
    dies(world, "before settle")
    box = Box()
    for _ in range(3):
        answered_late(world, box, Calls(when={"before settle": unavailable}))
    assert sorted(notice.recipient for notice in box.notices) == [ANA, BEN]
    assert notices(world) == {}
    answered_late(world, box)
    assert (len(box.notices), len(notices(world))) == (2, 2)


def test_of_what_a_seller_lost_before_a_dead_block_is_settled_she_hears_nothing() -> None:
    world = World(names=("ana",), capacity=5)
    first, *_ = world.create_many(3)
    dies(world, "before settle")
    world.organization.change(first, owner=Owner("systemuser", BEN))
    expire(world)
    world.let_time_pass(minutes=3)
    assert notices(world)[ANA].title == "2 leads were assigned to you"


def test_settling_twice_changes_and_tells_nothing_more() -> None:
    world = World(names=("ana", "ben", "cem"), capacity=5)
    world.create_many(6)

    def timer() -> None:
        expire(world)
        world.decider(shared_lease=True).answer(thorough=True)

    world.decider(Calls(when={"before settle": timer}), shared_lease=True).answer()
    assert broken_laws(world, capacity=5) == []
    assert [row.open_count for row in world.organization.sellers.values()] == [2, 2, 2]


def test_blocks_grow_while_more_comes_than_they_hold() -> None:
    world = World(names=("ana", "ben", "cem"))
    world.create_many(300)
    calls = Calls()
    shop = world.shop(calls, block_size=5)
    Decider(replace(shop, largest_block=60)).answer()
    reserved = [name for name in calls.moments if name == "before reserve"]
    assert len(reserved) == 1 + 1 + 5  # blocks of 5, 20, and 60 for the other 275
    assert broken_laws(world) == []
