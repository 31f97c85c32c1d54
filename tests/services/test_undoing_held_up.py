"""A long undo while others decide or Dataverse is away: it waits, or says how far it came."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from tests.services.fakes import Calls, unavailable
from tests.services.sweeps import SweepWorld

from work_assignment.domain.errors import Unavailable
from work_assignment.domain.records import RecordKey
from work_assignment.services import undoing
from work_assignment.services.leasing import PATIENCE_BETWEEN_BLOCKS, Busy
from work_assignment.services.undoing import STOPPED, Following

MINUTE = timedelta(minutes=1)


@pytest.fixture
def swept(monkeypatch: pytest.MonkeyPatch) -> tuple[SweepWorld, list[RecordKey], str]:
    """Six leads that were swept, to be given back two by two."""
    monkeypatch.setattr(undoing, "BLOCK", 2)
    world = SweepWorld()
    keys = world.waiting(6)
    sweep_id = world.sweep().sweep.id
    world.clock.advance(timedelta(seconds=10))
    return world, keys, sweep_id


def others_decide(world: SweepWorld, how_long: timedelta) -> Callable[[], None]:
    """Somebody has the lease from now on, as the part at hand outlasts it."""

    def take_it() -> None:
        world.leases.holder, world.leases.until = object(), world.clock() + how_long

    return take_it


@pytest.mark.parametrize("moment", ["after commit", "after save the sweep"])
def test_it_waits_for_others_who_decide_as_long_as_a_sweep_does(
    swept: tuple[SweepWorld, list[RecordKey], str], moment: str
) -> None:
    world, keys, sweep_id = swept
    meanwhile = others_decide(world, PATIENCE_BETWEEN_BLOCKS - MINUTE)

    report = world.undo(sweep_id, Calls(when={moment: meanwhile}))

    assert set(world.owners(keys)) == {"web"}
    assert (report.came_back, report.is_complete, report.ended_early) == (6, True, "")
    assert world.sweeps[sweep_id].undone == 6


def test_it_waits_for_others_too_before_it_looks_again_at_what_was_not_written(
    swept: tuple[SweepWorld, list[RecordKey], str],
) -> None:
    world, keys, sweep_id = swept

    def meanwhile() -> None:
        world.organization.change(keys[0], by="app")
        others_decide(world, 5 * MINUTE)()

    report = world.undo(sweep_id, Calls(when={"before commit": meanwhile}))

    assert report.ended_early == ""
    assert report.came_back + len(report.left) == 6


@pytest.mark.parametrize(
    ("what", "said"),
    [("others", "another worker is deciding"), ("away", "Dataverse is away")],
)
def test_what_came_back_is_told_when_it_cannot_go_on(
    swept: tuple[SweepWorld, list[RecordKey], str], what: str, said: str
) -> None:
    world, keys, sweep_id = swept
    others = others_decide(world, timedelta(hours=1))
    when = {"after save the sweep": others} if what == "others" else {}

    def may_be_away() -> None:
        looks = calls.moments.count("before gather sellers")
        if what == "away" and looks == 2 and calls.moments[-1] == "before gather sellers":
            unavailable()

    calls = Calls(when=when, everywhere=may_be_away)

    report = world.undo(sweep_id, calls)

    assert (report.came_back, report.is_complete) == (2, False)
    assert said in report.ended_early
    assert world.owners(keys).count("web") == 2
    assert world.sweeps[sweep_id].undone == 2
    world.clock.advance(timedelta(hours=1))
    again = world.undo(sweep_id)
    assert (again.before, again.came_back, again.is_complete) == (2, 4, True)


def test_what_came_back_is_told_though_the_row_cannot_be_written(
    swept: tuple[SweepWorld, list[RecordKey], str],
) -> None:
    world, keys, sweep_id = swept

    report = world.undo(sweep_id, Calls(when={"before save the sweep": unavailable}))

    assert (report.came_back, report.ended_early) == (2, "Dataverse is away")
    assert world.undo(sweep_id).before == 2
    assert world.sweeps[sweep_id].undone == 6
    assert set(world.owners(keys)) == {"web"}


def test_an_undo_that_cannot_begin_says_so_and_changes_nothing(
    swept: tuple[SweepWorld, list[RecordKey], str],
) -> None:
    world, keys, sweep_id = swept
    before = world.owners(keys)

    with pytest.raises(Unavailable, match="Dataverse is away"):
        world.undo(sweep_id, Calls(when={"before gather sellers": unavailable}))
    others_decide(world, timedelta(hours=1))()
    with pytest.raises(Busy):
        world.undo(sweep_id)

    assert world.owners(keys) == before


def test_stopped_it_ends_after_the_part_at_hand_and_goes_on_when_begun_again(
    swept: tuple[SweepWorld, list[RecordKey], str],
) -> None:
    world, keys, sweep_id = swept
    heard: list[int] = []
    following = Following(lambda: 4 in heard, lambda report: heard.append(report.done))

    report = world.undo(sweep_id, following=following)

    assert (report.came_back, report.is_complete, report.ended_early) == (4, False, STOPPED)
    assert heard == [0, 2, 4]
    assert world.owners(keys).count("web") == 4
    assert world.sweeps[sweep_id].undone == 4
    again = world.undo(sweep_id)
    assert (again.before, again.came_back, again.is_complete) == (4, 2, True)


def test_stopped_while_others_decide_it_waits_no_longer(
    swept: tuple[SweepWorld, list[RecordKey], str],
) -> None:
    world, _, sweep_id = swept
    others = others_decide(world, timedelta(hours=1))
    calls = Calls(when={"after save the sweep": others})
    start = world.clock()

    def is_told() -> bool:
        return world.clock() - start >= MINUTE

    report = world.undo(sweep_id, calls, following=Following(is_told))

    assert (report.came_back, report.ended_early) == (2, STOPPED)
    assert world.clock() - start < 2 * MINUTE


def test_a_dry_run_can_be_stopped_too(
    swept: tuple[SweepWorld, list[RecordKey], str],
) -> None:
    world, keys, sweep_id = swept
    heard: list[int] = []
    following = Following(lambda: 2 in heard, lambda report: heard.append(report.done))

    report = world.undo(sweep_id, dry_run=True, following=following)

    assert (report.came_back, report.ended_early) == (2, STOPPED)
    assert "web" not in world.owners(keys)
