"""A storage that cannot be used now ends a worker's session as Dataverse's absence does."""

from __future__ import annotations

import pytest
from tests.services.fakes import Calls, Clock, MemoryLeases, WorkerLease, WorkerLeases, unavailable
from tests.services.world import World, broken_laws

from work_assignment.services.inbox import Inbox
from work_assignment.services.leasing import DeciderLease


@pytest.mark.parametrize(
    "moment",
    [
        "before acquire the lease",
        "before renew the lease",
        "before receive wa-events",
        "before put wa-bell",
        "before put wa-events",
    ],
)
def test_a_storage_that_is_away_fails_no_bell_and_loses_nothing(moment: str) -> None:
    world = World(names=("ana", "ben"))
    world.create_many(5)
    calls = Calls(when={moment: unavailable, "before gather sellers": unavailable})

    report = world.decider(calls).answer()

    assert report.away
    world.let_time_pass()
    assert broken_laws(world) == []


def test_a_storage_that_stays_away_is_left_to_the_timer(caplog: pytest.LogCaptureFixture) -> None:
    world = World(names=("ana", "ben"))
    world.create_many(5)

    report = world.decider(Calls(everywhere=unavailable)).answer()

    assert report.away
    assert "the timer rings" in caplog.text
    world.let_time_pass()
    assert broken_laws(world) == []


def test_what_is_held_through_a_long_session_is_hidden_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = []
    monkeypatch.setattr(Inbox, "keep", lambda inbox: kept.append(inbox))
    world = World(names=("ana", "ben"))
    world.create_many(9)

    report = world.decider(block_size=3).answer()

    assert len(kept) >= report.rounds > 1


def test_a_lease_that_could_not_be_renewed_does_not_keep_its_own_holder_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock()
    leases = WorkerLeases(MemoryLeases(clock), Calls(), shared=False)
    with DeciderLease(leases, clock.advance) as lease:
        monkeypatch.setattr(WorkerLease, "renew", lambda _: False)
        before = clock()

        lease.keep()

        assert clock() == before
