"""A dry run decides and writes nothing that counts; switched off nothing happens."""

from __future__ import annotations

from datetime import timedelta

from tests.services.fakes import Calls
from tests.services.world import ANA, World

from work_assignment.domain.runs.facts import Result
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.services.intake import QUEUE as EVENTS

ASSIGNED, BY_HAND = RoutingStatus.ASSIGNED, RoutingStatus.ASSIGNED_BY_HAND


class TestDryRun:
    """Decides and logs; the records and the sellers' turns stay as they are."""

    def test_it_writes_no_owner_and_no_result_and_moves_nobodys_turn(self) -> None:
        world = World()
        keys = world.create_many(3)
        before = dict(world.organization.records), dict(world.organization.sellers)

        report = world.decider(mode="dry-run").answer()

        assert report.assigned == 3
        assert (dict(world.organization.records), dict(world.organization.sellers)) == before
        assert [world.statuses(key) for key in keys] == [[ASSIGNED]] * 3
        assert not world.organization.notices
        assert world.queues.texts(EVENTS) == []
        assert {logged.run.mode for logged in world.organization.runs.values()} == {"dry-run"}

    def test_what_waits_without_an_event_is_not_decided_over_and_over(self) -> None:
        world = World()
        key = world.create(told=False)

        world.let_time_pass(minutes=3, mode="dry-run")

        assert world.statuses(key) == []

    def test_switched_on_the_records_are_decided(self) -> None:
        world = World()
        key = world.create()
        world.decider(mode="dry-run").answer()

        world.decider().answer()

        assert world.owner(key) == ANA
        assert len(world.organization.runs_of(key)) == 2

    def test_it_leaves_the_outcomes_of_real_runs_alone(self) -> None:
        world = World(capacity=0)
        key = world.create()
        world.decider().answer()
        (real,) = world.organization.runs_of(key)
        attempt_at = real.last_attempt_at

        world.clock.advance(timedelta(minutes=10))
        world.event(key)
        world.decider(mode="dry-run").answer()

        assert (real.attempts, real.last_attempt_at) == (1, attempt_at)
        assert [logged.run.mode for logged in world.organization.runs_of(key)] == ["on", "dry-run"]

    def test_a_choice_by_hand_is_only_noted(self) -> None:
        world = World()
        key = world.create()
        world.give_by_hand(key, "cem")

        world.decider(mode="dry-run").answer()

        assert world.result(key) is Result.UNDECIDED
        assert world.statuses(key) == [BY_HAND]
        assert world.turns() == {"ana": 0, "ben": 0, "cem": 0}


def test_switched_off_nothing_is_done_and_nothing_is_lost() -> None:
    world = World()
    key = world.create()
    calls = Calls()

    report = world.decider(calls, mode="off").answer(thorough=True)

    assert report.written == 0
    assert calls.moments == []
    assert world.result(key) is Result.UNDECIDED
    assert len(world.queues.texts(EVENTS)) == 1
