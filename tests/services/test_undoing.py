"""A sweep undone: previous owners come back where nothing changed since."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.domain.cases import listed, queue, rule, segment, sellers, team
from tests.services.fakes import Calls, Killed, killed
from tests.services.organization import OURSELVES
from tests.services.sweeps import SweepWorld
from tests.services.world import ANA, BEN, CEM

from work_assignment.domain.deciding.definitions import define
from work_assignment.domain.defining.recipients import Target, TeamOrQueue
from work_assignment.domain.defining.rules import AssignmentRule, Distribution
from work_assignment.domain.records import Owner, RecordKey
from work_assignment.domain.runs.facts import Result, Rulebook
from work_assignment.domain.runs.outcomes import Written
from work_assignment.domain.runs.sweeps import SweepStatus
from work_assignment.domain.runs.undoing import Why
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.services.intake import TAG
from work_assignment.services.leasing import Busy
from work_assignment.services.sweep_keeping import DIED
from work_assignment.services.sweep_orders import SweepRefused
from work_assignment.services.undoing import UndoReport

ASSIGNED, UNDONE = RoutingStatus.ASSIGNED, RoutingStatus.UNDONE
SOON = timedelta(seconds=10)
WEB_USER = Owner("systemuser", "web")


def swept(
    count: int = 3, world: SweepWorld | None = None
) -> tuple[SweepWorld, list[RecordKey], str]:
    """A world in which so many leads were swept, ten seconds ago."""
    world = world or SweepWorld()
    keys = world.waiting(count)
    sweep_id = world.sweep().sweep.id
    world.clock.advance(SOON)
    return world, keys, sweep_id


def reasons(report: UndoReport) -> dict[str, Why]:
    """Why records were left, by their names."""
    return {entry.swept.record_name: entry.why for entry in report.left}


def test_previous_owners_come_back_and_the_log_says_so() -> None:
    world, keys, sweep_id = swept()

    report = world.undo(sweep_id)

    assert {entry.key for entry in report.back} == set(keys)
    assert report.is_complete
    assert set(world.owners(keys)) == {"web"}
    assert {world.result(key) for key in keys} == {Result.FAILED}
    assert all(world.statuses(key) == [ASSIGNED, UNDONE] for key in keys)
    run = world.organization.runs_of(keys[0])[-1].run
    assert (run.owner, run.previous_owner) == (WEB_USER, Owner("systemuser", ANA))
    assert run.sweep_id == sweep_id
    assert world.sweeps[sweep_id].is_undone
    assert world.sweeps[sweep_id].undone == 3
    assert world.sweeps[sweep_id].status is SweepStatus.SUCCEEDED


def test_the_segment_that_a_record_had_before_comes_back() -> None:
    uk = segment("UK")
    world = SweepWorld(segments=[uk], rules=[rule(segment_id=uk.id)])
    world, (key,), sweep_id = swept(1, world)
    assert world.organization.records[key].record.segment_id == uk.id

    world.undo(sweep_id)

    assert world.organization.records[key].record.segment_id is None


def test_who_loses_a_record_is_told_and_nobody_else() -> None:
    world, (key,), sweep_id = swept(1)
    world.organization.notices.clear()

    world.undo(sweep_id)

    (notice,) = world.organization.notices.values()
    assert (notice.recipient, notice.records) == (ANA, (key,))
    assert notice.title == "No longer yours: Lead 1"
    assert notice.body == "The sweep that had assigned it to you was undone."


def test_who_was_not_told_because_the_worker_died_is_told_by_the_timer() -> None:
    world, _, sweep_id = swept(1)
    world.organization.notices.clear()
    with pytest.raises(Killed):
        world.undo(sweep_id, Calls(when={"before tell": killed}))
    assert world.organization.notices == {}

    world.let_time_pass(minutes=5)

    (notice,) = world.organization.notices.values()
    assert (notice.recipient, notice.title) == (ANA, "No longer yours: Lead 1")


def test_what_changed_since_is_left_with_the_reason() -> None:
    world, keys, sweep_id = swept(6)
    changed, by_hand, closed, gone, re_routed, untouched = keys
    world.organization.change(changed, name="Somebody was here")
    world.give_by_hand(by_hand, "cem", told=False)
    world.organization.change(closed, is_open=False)
    del world.organization.records[gone]
    last = world.organization.runs_of(re_routed)[0]
    newer = replace(last.run, id="newer", sweep_id=None, decided_at=world.clock())
    world.organization.runs["newer"] = replace(last, run=newer, last_attempt_at=world.clock())
    before = {key: world.organization.records.get(key) for key in keys}

    report = world.undo(sweep_id)

    assert [entry.key for entry in report.back] == [untouched]
    assert reasons(report) == {
        "Lead 1": Why.CHANGED,
        "Lead 2": Why.REASSIGNED,
        "Lead 3": Why.CLOSED,
        "Lead 4": Why.GONE,
        "Lead 5": Why.REASSIGNED,
    }
    after = {key: world.organization.records.get(key) for key in keys}
    assert {key for key in keys if after[key] != before[key]} == {untouched}
    assert world.sweeps[sweep_id].undone == 1


def test_a_change_by_the_user_that_swept_is_a_change_too() -> None:
    world, (key,), sweep_id = swept(1)
    world.organization.change(key, by=OURSELVES, name="By an admin who sweeps as herself")

    assert set(reasons(world.undo(sweep_id)).values()) == {Why.CHANGED}
    assert world.owner(key) == ANA


def test_a_change_between_looking_and_writing_is_not_overwritten() -> None:
    world, keys, sweep_id = swept()
    calls = Calls(when={"before commit": lambda: world.give_by_hand(keys[0], "cem", told=False)})

    report = world.undo(sweep_id, calls)

    assert reasons(report) == {"Lead 1": Why.REASSIGNED}
    assert world.owners(keys) == [CEM, "web", "web"]


def test_a_previous_owner_who_cannot_take_it_is_said() -> None:
    world, keys, sweep_id = swept()
    world.unable[WEB_USER] = "is disabled"

    report = world.undo(sweep_id)

    assert {entry.detail for entry in report.left} == {"is disabled"}
    assert set(reasons(report).values()) == {Why.OWNER_CANNOT}
    assert sorted(world.owners(keys)) == [ANA, BEN, CEM]
    assert not world.sweeps[sweep_id].is_undone


def test_an_owner_whom_dataverse_refuses_is_said() -> None:
    world, _, sweep_id = swept(1)
    world.organization.refused[ANA] = "never asked"
    world.organization.refused[type(ANA)("web")] = "lacks the privileges to own it"

    (left,) = world.undo(sweep_id).left

    assert (left.why, left.detail) == (Why.OWNER_CANNOT, "lacks the privileges to own it")


def test_what_could_not_be_written_can_be_tried_again() -> None:
    world, keys, sweep_id = swept(2)
    world.organization.spoilt[keys[0]] = Written.FAILED

    report = world.undo(sweep_id)

    assert reasons(report) == {"Lead 1": Why.NOT_WRITTEN}
    assert not report.is_complete
    world.organization.spoilt.clear()
    again = world.undo(sweep_id)
    assert (len(again.back), again.before, again.is_complete) == (1, 1, True)
    assert world.sweeps[sweep_id].undone == 2


def test_a_second_undo_changes_nothing() -> None:
    world, _, sweep_id = swept()
    world.undo(sweep_id)
    records, runs = dict(world.organization.records), dict(world.organization.runs)
    notices, rows = dict(world.organization.notices), dict(world.sweeps)
    world.clock.advance(SOON)

    report = world.undo(sweep_id)

    assert (report.back, report.left, report.before) == ([], [], 3)
    assert records == world.organization.records
    assert runs == world.organization.runs
    assert notices == world.organization.notices
    assert rows == world.sweeps


@pytest.mark.parametrize("moment", ["before commit", "after commit", "before save the sweep"])
def test_an_undo_that_died_goes_on_where_it_was(moment: str) -> None:
    world, keys, sweep_id = swept(4)
    with pytest.raises(Killed):
        world.undo(sweep_id, Calls(when={moment: killed}))
    world.clock.advance(timedelta(minutes=2))

    report = world.undo(sweep_id)

    assert len(report.back) + report.before == 4
    assert report.left == []
    assert set(world.owners(keys)) == {"web"}
    assert all(world.statuses(key) == [ASSIGNED, UNDONE] for key in keys)
    assert world.sweeps[sweep_id].undone == 4


def test_an_undo_survives_dying_at_any_moment() -> None:
    world, _, sweep_id = swept()
    calls = Calls()
    world.undo(sweep_id, calls)
    for number in range(len(calls.moments)):
        world, keys, sweep_id = swept()
        with pytest.raises(Killed):
            world.undo(sweep_id, Calls({number: killed}))
        world.clock.advance(timedelta(minutes=2))
        world.undo(sweep_id)
        assert set(world.owners(keys)) == {"web"}, calls.moments[number]
        assert world.sweeps[sweep_id].undone == 3, calls.moments[number]
        assert all(world.statuses(key) == [ASSIGNED, UNDONE] for key in keys)


def test_a_sweep_that_died_can_be_undone_and_its_row_gets_an_end() -> None:
    world = SweepWorld()
    keys = world.waiting(3)
    with pytest.raises(Killed):
        world.sweep(Calls(when={"after commit": killed}))
    (sweep_id,) = world.sweeps
    world.clock.advance(timedelta(minutes=2))

    report = world.undo(sweep_id)

    assert len(report.back) == 1
    assert set(world.owners(keys)) == {"web"}
    row = world.sweeps[sweep_id]
    assert (row.status, row.message, row.undone) == (SweepStatus.FAILED, DIED, 1)


def test_a_dry_run_shows_the_same_and_writes_nothing() -> None:
    world, keys, sweep_id = swept()
    world.give_by_hand(keys[0], "cem", told=False)
    records, rows = dict(world.organization.records), dict(world.sweeps)

    shown = world.undo(sweep_id, dry_run=True)

    assert records == world.organization.records
    assert rows == world.sweeps
    report = world.undo(sweep_id)
    assert (shown.back, shown.left, shown.before) == (report.back, report.left, report.before)


def test_an_undone_record_is_not_routed_again_by_itself() -> None:
    world, keys, sweep_id = swept()
    world.undo(sweep_id)

    world.let_time_pass(minutes=3)

    assert set(world.owners(keys)) == {"web"}


@pytest.mark.parametrize("user", [OURSELVES, "an admin"])
def test_the_events_that_undoing_causes_are_nobodys_choice(user: str) -> None:
    world, keys, sweep_id = swept()
    world.undo(sweep_id)
    for key in keys:
        columns = frozenset({"ownerid", "wa_assignmentresult"})
        world.event(key, columns=columns, user=user, tag=TAG)

    world.let_time_pass(minutes=2)

    assert all(world.statuses(key) == [ASSIGNED, UNDONE] for key in keys)
    assert {world.result(key) for key in keys} == {Result.FAILED}


def test_an_event_from_before_the_undo_does_not_route_the_record_again() -> None:
    world = SweepWorld()
    key = world.create(1)
    sweep_id = world.sweep().sweep.id
    world.clock.advance(SOON)
    world.undo(sweep_id)

    world.let_time_pass(minutes=2)

    assert world.statuses(key) == [ASSIGNED, UNDONE]


def test_an_update_or_the_next_sweep_routes_an_undone_record_again() -> None:
    world, (updated, left), sweep_id = swept(2)
    world.undo(sweep_id)
    world.clock.advance(SOON)
    world.update(updated)
    world.decider().answer()
    assert world.statuses(updated) == [ASSIGNED, UNDONE, ASSIGNED]
    assert world.statuses(left) == [ASSIGNED, UNDONE]

    assert world.sweep().assigned == 1

    assert world.statuses(left) == [ASSIGNED, UNDONE, ASSIGNED]


def test_an_owner_chosen_by_hand_after_the_undo_stays() -> None:
    world, (key,), sweep_id = swept(1)
    world.undo(sweep_id)
    world.clock.advance(SOON)
    world.give_by_hand(key, "cem")
    world.decider().answer()

    assert world.sweep().sweep.counts.total == 0
    assert world.owner(key) == CEM
    assert world.statuses(key)[-1] is RoutingStatus.ASSIGNED_BY_HAND


def test_records_that_were_swept_again_are_not_taken_back_with_the_first_sweep() -> None:
    world, keys, first = swept()
    world.undo(first)
    world.clock.advance(SOON)
    second = world.sweep().sweep.id
    world.clock.advance(SOON)

    report = world.undo(first)

    assert (len(report.back), report.before) == (0, 3)
    assert "web" not in world.owners(keys)
    assert len(world.undo(second).back) == 3


def test_what_a_sweep_did_not_assign_is_left_as_it_is() -> None:
    world = SweepWorld(capacity=1, names=("ana",))
    world, keys, sweep_id = swept(3, world)

    report = world.undo(sweep_id)

    assert len(report.back) == 1
    assert report.left == []
    assert [world.statuses(key)[0] for key in keys].count(RoutingStatus.NO_CAPACITY) == 2


def test_a_dry_sweep_has_nothing_to_undo() -> None:
    world = SweepWorld()
    world.waiting(2)
    sweep_id = world.sweep(mode="dry-run").sweep.id

    report = world.undo(sweep_id)

    assert (report.back, report.left, report.before) == ([], [], 0)


def test_an_undo_in_dry_run_mode_and_of_no_sweep_is_refused() -> None:
    world, _, sweep_id = swept(1)
    with pytest.raises(SweepRefused, match="WA_MODE is dry-run: no owner is written"):
        world.undo(sweep_id, mode="dry-run")
    with pytest.raises(SweepRefused, match="there is no sweep nonsense"):
        world.undo("nonsense")
    assert len(world.undo(sweep_id, mode="dry-run", dry_run=True).back) == 1


def test_an_undo_waits_its_turn() -> None:
    world, keys, sweep_id = swept(1)
    assert world.shop().leases.acquire("decider") is not None

    with pytest.raises(Busy):
        world.undo(sweep_id)

    assert world.statuses(keys[0]) == [ASSIGNED]


# teams and queues


def with_others(target: Target, *others: TeamOrQueue) -> SweepWorld:
    """A world whose one rule gives to a team or a queue."""
    rules: list[AssignmentRule] = [
        rule(
            segment_id=None,
            target=target,
            distribution=Distribution.ANY_ONE,
            match=listed(*(other.id for other in others)),
        )
    ]
    world = SweepWorld()
    definitions = define((), rules, sellers("ana"), others)
    world.organization.rulebook = Rulebook("1", definitions, {"lead": frozenset()})
    return world


def test_a_team_gives_its_record_back_and_nobody_is_told() -> None:
    world, (key,), sweep_id = swept(1, with_others(Target.TEAM, team("North")))
    assert world.organization.records[key].record.owner == Owner("team", "team North")

    assert len(world.undo(sweep_id).back) == 1

    assert world.owner(key) == "web"
    assert world.organization.notices == {}


def test_a_record_leaves_the_queue_that_it_was_put_into() -> None:
    world, (key,), sweep_id = swept(1, with_others(Target.QUEUE, queue("Hot")))
    assert world.organization.queue_items[key].queue_id == "queue Hot"

    assert len(world.undo(sweep_id).back) == 1

    assert world.organization.queue_items == {}
    assert world.owner(key) == "web"
    assert world.result(key) is Result.FAILED
    assert world.sweep().assigned == 1


@pytest.mark.parametrize("what", ["picked", "moved", "taken out"])
def test_a_record_that_somebody_took_from_the_queue_is_left(what: str) -> None:
    world, (key,), sweep_id = swept(1, with_others(Target.QUEUE, queue("Hot")))
    items = world.organization.queue_items
    match what:
        case "picked":
            items[key] = replace(items[key], is_picked=True)
        case "moved":
            items[key] = replace(items[key], queue_id="queue Cold")
        case _:
            del items[key]

    assert set(reasons(world.undo(sweep_id)).values()) == {Why.REASSIGNED}
    assert world.statuses(key) == [ASSIGNED]
