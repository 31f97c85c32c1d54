"""From event to owner, against a Dataverse in memory."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from tests.domain.cases import condition, rule
from tests.services.fakes import NOW, Calls, Killed, killed
from tests.services.organization import OURSELVES
from tests.services.world import ANA, BEN, World, broken_laws

from work_assignment.domain.records import Owner
from work_assignment.domain.runs.facts import Result
from work_assignment.domain.runs.outcomes import RequestSource
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.services.bell import QUEUE as BELL
from work_assignment.services.intake import QUEUE as EVENTS

ASSIGNED = RoutingStatus.ASSIGNED
NO_CAPACITY = RoutingStatus.NO_CAPACITY
SOON = timedelta(seconds=10)


def test_a_new_record_is_assigned_and_its_seller_told() -> None:
    world = World()
    key = world.create()

    report = world.decider().answer()

    assert (report.assigned, report.rounds, report.away) == (1, 1, "")
    assert world.owner(key) == ANA
    assert world.result(key) is Result.SUCCEEDED
    (logged,) = world.organization.runs_of(key)
    assert (logged.run.status, logged.run.source) == (ASSIGNED, RequestSource.NEW)
    assert logged.run.previous_owner == Owner("systemuser", "web")
    (notice,) = world.organization.notices.values()
    assert (notice.recipient, notice.title) == (ANA, "New lead: Lead 1")
    assert broken_laws(world) == []


def test_a_block_is_shared_out_evenly_and_leaves_nothing_reserved() -> None:
    world = World()
    world.create_many(7)

    report = world.decider().answer()

    assert report.assigned == 7
    assert broken_laws(world) == []


def test_more_records_than_a_block_are_worked_off_block_by_block() -> None:
    world = World(capacity=4)
    world.create_many(13)

    report = world.decider(block_size=5).answer()

    assert (report.assigned, report.unassigned) == (12, 1)
    assert broken_laws(world, capacity=4) == []


def test_a_record_whose_event_was_lost_is_found_waiting() -> None:
    world = World()
    key = world.create(told=False)

    world.decider().answer()

    assert world.owner(key) == ANA
    assert world.organization.runs_of(key)[0].run.source is RequestSource.FOUND_WAITING


def test_a_second_event_changes_nothing() -> None:
    world = World()
    key = world.create()
    decider = world.decider()
    decider.answer()
    turns, before = world.turns(), world.organization.records[key]

    world.clock.advance(SOON)
    world.event(key)
    world.event(key, "Create", columns=None)
    decider.answer()

    assert world.organization.records[key] == before
    assert world.turns() == turns
    assert broken_laws(world) == []


def test_an_echo_of_our_own_write_changes_nothing() -> None:
    world = World()
    key = world.create()
    decider = world.decider()
    decider.answer()

    world.event(key, columns=frozenset({"ownerid", "wa_assignmentresult"}), user=OURSELVES)
    decider.answer()

    assert world.statuses(key) == [ASSIGNED]
    assert world.queues.texts(EVENTS) == []


def test_an_event_that_comes_while_its_record_is_decided_changes_nothing() -> None:
    world = World()
    key, *_ = world.create_many(3)
    calls = Calls(when={"before reserve": lambda: world.event(key)})

    world.decider(calls).answer()
    world.let_time_pass(minutes=2)

    assert world.statuses(key) == [ASSIGNED]
    assert world.turns() == {"ana": 1, "ben": 2, "cem": 3}
    assert broken_laws(world) == []


def test_an_event_that_arrives_during_the_last_round_does_not_wait_for_the_timer() -> None:
    world = World()
    world.create(1)
    calls = Calls(when={"after tell": lambda: world.create(2)})

    world.decider(calls).answer()

    assert broken_laws(world) == []
    assert world.organization.owned(BEN) == 1


def test_a_bell_that_finds_another_worker_at_it_sounds_again() -> None:
    world = World()
    key = world.create()
    other = world.decider()
    reports = []

    def bell_meanwhile() -> None:
        world.create(2)
        reports.append(other.answer())

    calls = Calls(when={"before release the lease": bell_meanwhile})
    world.decider(calls).answer()

    assert [report.busy for report in reports] == [True]
    assert world.answer_bells(other.answer) >= 1
    assert world.owner(key) == ANA
    assert broken_laws(world) == []


def test_however_many_bells_find_another_worker_at_it_one_sounds_again() -> None:
    world = World()
    world.leases.holder, world.leases.until = object(), NOW + timedelta(seconds=60)
    decider = world.decider()

    for _ in range(20):
        assert decider.answer().busy

    assert len(world.queues.texts(BELL)) == 1
    assert world.answer_bells(decider.answer) < 60


@pytest.mark.parametrize("told", [True, False])
def test_a_record_created_before_activation_is_never_touched(told: bool) -> None:
    world = World(rules=[rule(segment_id=None, active_since=NOW)])
    key = world.create(created_at=NOW - timedelta(seconds=1), told=told)
    before = world.organization.records[key]
    if told:
        world.event(key, columns=frozenset({"ownerid"}), user="boss")

    world.let_time_pass(minutes=2)

    assert world.organization.records[key] == before
    assert world.statuses(key) == []
    assert world.queues.texts(EVENTS) == []


def test_an_event_of_a_type_without_rules_asks_for_nothing() -> None:
    world = World()
    key = world.create(type="opportunity")

    world.decider().answer()

    assert world.owner(key) == "web"
    assert world.statuses(key) == []
    assert world.queues.texts(EVENTS) == []


def test_two_records_of_two_types_with_one_id_are_two_records() -> None:
    both = [rule("L", segment_id=None), rule("O", segment_id=None, record_type="opportunity")]
    world = World(rules=both)
    one = world.create()
    other = world.create(type="opportunity")

    world.decider().answer()

    assert {world.owner(one), world.owner(other)} == {ANA, BEN}
    assert world.statuses(one) == world.statuses(other) == [ASSIGNED]


def test_changed_definitions_are_read_before_deciding() -> None:
    world = World()
    decider = world.decider()
    world.create(1)
    decider.answer()

    nobody = rule(segment_id=None, filter=condition(["revenue", "gt", 5]))
    world.organization.rulebook = world.rulebook([nobody], stamp="2")
    key = world.create(2)
    decider.answer()

    assert world.statuses(key) == [RoutingStatus.NO_CONDITIONS_MET]


def test_definitions_edited_without_a_new_stamp_count_after_a_minute_in_a_long_session_too() -> (
    None
):
    world = World()
    early, late = world.create_many(2)
    nobody = rule(segment_id=None, filter=condition(["revenue", "gt", 5]))

    def later() -> None:
        world.organization.rulebook = world.rulebook([nobody])
        world.clock.advance(timedelta(seconds=61))

    world.decider(Calls(when={"after commit alone": later}), block_size=1).answer()

    assert world.statuses(early) == [ASSIGNED]
    assert world.statuses(late) == [RoutingStatus.NO_CONDITIONS_MET]


def test_a_record_that_is_met_round_after_round_while_it_is_held_counts_once() -> None:
    world = World(capacity=20)
    early = world.create_many(3)
    calls = Calls(when={"after reserve": killed})
    with pytest.raises(Killed):
        world.decider(calls, block_size=3).answer()
    world.clock.advance(timedelta(seconds=70))
    for number in range(4, 16):
        world.create(number)

    report = world.decider(block_size=2).answer(thorough=True)

    assert report.rounds > 2
    assert report.assigned == 12
    assert report.held == len(early)


def test_a_record_that_only_others_reservations_keep_from_a_seller_waits_for_them() -> None:
    world = World(capacity=1)
    early = world.create_many(3)
    late = world.create(4)
    calls = Calls(when={"after reserve": killed})

    with pytest.raises(Killed):
        world.decider(calls, block_size=3).answer()
    world.clock.advance(timedelta(seconds=70))
    report = world.decider().answer()

    assert report.held == len({*early, late})
    assert world.result(late) is Result.UNDECIDED
    world.let_time_pass()
    outcomes = [status for key in (*early, late) for status in world.statuses(key)]
    assert Counter(outcomes) == {RoutingStatus.ASSIGNED: 3, NO_CAPACITY: 1}
    assert broken_laws(world, capacity=1) == []


def test_a_flood_of_events_that_ask_for_nothing_is_worked_off_without_a_pause() -> None:
    world = World()
    keys = world.create_many(30)
    decider = world.decider(block_size=5)
    decider.answer()
    world.clock.advance(SOON)
    for key in keys:
        world.event(key)
    before = world.clock()

    world.decider(block_size=5).answer()

    assert world.queues.texts(EVENTS) == []
    assert world.clock() == before
    assert broken_laws(world) == []


def test_whoever_made_a_record_for_herself_is_at_the_end_of_the_round() -> None:
    world = World()
    key = world.create(owner=Owner("systemuser", "ana"), created_by="ana")

    world.decider().answer()

    assert world.owner(key) == BEN
    assert world.turns() == {"ana": 1, "ben": 2, "cem": 0}


def test_the_timer_tells_whom_a_dead_worker_did_not_get_to_telling() -> None:
    world = World()
    key = world.create()
    with pytest.raises(Killed):
        world.decider(Calls(when={"before tell": killed})).answer()
    assert not world.organization.notices

    world.let_time_pass()

    (notice,) = world.organization.notices.values()
    assert (notice.recipient, notice.records) == (ANA, (key,))


def test_nobody_is_told_of_a_record_that_was_hers_already() -> None:
    world = World(names=("ana",))
    world.create(owner=Owner("systemuser", "ana"), created_by="boss")

    world.decider().answer()

    assert not world.organization.notices
