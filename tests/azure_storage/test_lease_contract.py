"""What every implementation of leases keeps to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.azure_storage.subjects import LEASES, LeaseSubject

from work_assignment.azure_storage.errors import LeaseLost
from work_assignment.azure_storage.leases import HELD_FOR, Lease, NamedLeases

NAME = "decider"


@pytest.fixture(params=LEASES, ids=lambda make: make.__name__)
def subject(request: pytest.FixtureRequest) -> Iterator[LeaseSubject]:
    make: Callable[[pytest.FixtureRequest], LeaseSubject] = request.param
    subject = make(request)
    yield subject
    subject.close()


def acquired(leases: NamedLeases) -> Lease:
    lease = leases.acquire(NAME)
    assert lease is not None
    return lease


def test_only_one_holds_a_lease(subject: LeaseSubject) -> None:
    lease = acquired(subject.leases)
    assert lease.name == NAME
    assert subject.another.acquire(NAME) is None
    assert subject.leases.acquire(NAME) is None


def test_leases_of_other_names_are_free(subject: LeaseSubject) -> None:
    acquired(subject.leases)
    assert subject.another.acquire("sweeper") is not None


def test_a_released_lease_is_free_at_once(subject: LeaseSubject) -> None:
    subject.leases.release(acquired(subject.leases))
    assert acquired(subject.another).name == NAME


def test_an_expired_lease_is_free(subject: LeaseSubject) -> None:
    acquired(subject.leases)
    subject.pass_time(HELD_FOR - subject.tick)
    assert subject.another.acquire(NAME) is None
    subject.pass_time(subject.tick)
    acquired(subject.another)


def test_renewing_counts_from_now(subject: LeaseSubject) -> None:
    lease = acquired(subject.leases)
    subject.pass_time(HELD_FOR / 2)
    subject.leases.renew(lease)
    subject.pass_time(HELD_FOR * 3 / 4)
    assert subject.another.acquire(NAME) is None


def test_an_expired_lease_can_be_renewed_while_nobody_has_taken_it(subject: LeaseSubject) -> None:
    lease = acquired(subject.leases)
    subject.pass_time(HELD_FOR * 5)
    subject.leases.renew(lease)
    assert subject.another.acquire(NAME) is None


def test_a_lease_that_somebody_else_has_taken_is_lost(subject: LeaseSubject) -> None:
    lease = acquired(subject.leases)
    subject.pass_time(HELD_FOR)
    theirs = acquired(subject.another)
    with pytest.raises(LeaseLost, match=NAME):
        subject.leases.renew(lease)
    subject.leases.release(lease)
    assert subject.leases.acquire(NAME) is None
    assert theirs.renew()


def test_a_released_lease_is_lost(subject: LeaseSubject) -> None:
    lease = acquired(subject.leases)
    subject.leases.release(lease)
    subject.leases.release(lease)
    with pytest.raises(LeaseLost):
        subject.leases.renew(lease)


def test_the_holder_can_keep_a_lease_and_let_go_without_saying_how_long(
    subject: LeaseSubject,
) -> None:
    lease = subject.leases.acquire(NAME)
    assert lease is not None
    subject.pass_time(subject.leases.held_for)
    assert lease.renew()
    assert subject.another.acquire(NAME) is None
    lease.release()
    assert subject.another.acquire(NAME) is not None
    assert not lease.renew()


def test_of_many_that_ask_at_once_one_gets_the_lease(subject: LeaseSubject) -> None:
    def ask(number: int) -> Lease | None:
        leases = subject.leases if number % 2 else subject.another
        return leases.acquire(NAME)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(64)))
    assert len([lease for lease in answers if lease is not None]) == 1
