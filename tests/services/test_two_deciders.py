"""Two workers at once without the lease: what they write is right whoever goes first, and when."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.services.fakes import Calls
from tests.services.world import World, broken_laws

CAPACITY = 2


def scene(*, capacity: int | None = CAPACITY, leads: int = 7, checks: bool = True) -> World:
    world = World(capacity=capacity, reserve_checks_versions=checks)
    world.create_many(leads)
    return world


def moments(size: int, leads: int) -> int:
    """How many moments a worker has when it is alone."""
    calls = Calls()
    scene(leads=leads).decider(calls, shared_lease=True, block_size=size).answer()
    return len(calls.moments)


SHAPES = [(200, 7), (3, 7), (200, 1), (200, 2)]
INTERRUPTIONS = [
    pytest.param(size, leads, number, id=f"{leads} leads by {size}, at {number}")
    for size, leads in SHAPES
    for number in range(moments(size, leads))
]


def interrupted(world: World, number: int, size: int) -> None:
    """A worker is interrupted at a moment by another that does all it can."""
    other = world.decider(shared_lease=True, block_size=size)
    calls = Calls({number: other.answer})
    world.decider(calls, shared_lease=True, block_size=size).answer()
    world.let_time_pass(minutes=7, shared_lease=True, block_size=size)


@pytest.mark.parametrize(("size", "leads", "number"), INTERRUPTIONS)
def test_capacity_holds_wherever_another_worker_cuts_in(size: int, leads: int, number: int) -> None:
    world = scene(leads=leads)

    interrupted(world, number, size)

    assert broken_laws(world, capacity=CAPACITY) == []


@pytest.mark.parametrize(("size", "leads", "number"), INTERRUPTIONS)
def test_round_robin_stays_within_one_wherever_another_worker_cuts_in(
    size: int, leads: int, number: int
) -> None:
    world = scene(capacity=None, leads=leads)

    interrupted(world, number, size)

    assert broken_laws(world) == []


def test_without_the_versions_of_sellers_rows_capacity_would_not_hold() -> None:
    """The same interruptions and the same laws: it is the If-Match of reserving that keeps them."""
    found = []
    for number in range(moments(3, 7)):
        world = scene(checks=False)
        interrupted_by_newer_leads(world, number)
        found += broken_laws(world, capacity=CAPACITY)

    assert any("more than 2" in law for law in found)


@pytest.mark.parametrize("number", range(moments(3, 7)))
def test_with_them_it_holds_for_the_same_interruptions(number: int) -> None:
    world = scene()

    interrupted_by_newer_leads(world, number)

    assert broken_laws(world, capacity=CAPACITY) == []


def interrupted_by_newer_leads(world: World, number: int) -> None:
    """Leads that the first worker has not seen come in and are decided by another."""
    other = world.decider(shared_lease=True, block_size=3)

    def more_leads() -> None:
        for each in range(11, 15):
            world.create(each)
        other.answer()

    calls = Calls({number: more_leads})
    world.decider(calls, shared_lease=True, block_size=3).answer()
    world.let_time_pass(minutes=7, shared_lease=True, block_size=3)


class Turnstile:
    """Lets one of two workers make a move at a time, in the order given."""

    def __init__(self, order: Iterator[int]) -> None:
        self._order = order
        self._may_move = (threading.Semaphore(0), threading.Semaphore(0))
        self._has_moved = threading.Semaphore(0)
        self._at_work = {0, 1}
        self._errors: list[BaseException] = []

    def wait(self, worker: int) -> None:
        """Called by a worker before each of its moves."""
        self._has_moved.release()
        assert self._may_move[worker].acquire(timeout=30)

    def run(self, *work: Callable[[], object]) -> None:
        threads = [
            threading.Thread(target=self._run_one, args=(number, each))
            for number, each in enumerate(work)
        ]
        for thread in threads:
            thread.start()
            assert self._has_moved.acquire(timeout=30)
        while self._at_work:
            at_work = sorted(self._at_work)
            chosen = at_work[next(self._order, 0) % len(at_work)]
            self._may_move[chosen].release()
            assert self._has_moved.acquire(timeout=30)
        for thread in threads:
            thread.join(30)
        if self._errors:
            raise self._errors[0]

    def _run_one(self, number: int, work: Callable[[], object]) -> None:
        try:
            self.wait(number)
            work()
        except BaseException as exc:
            self._errors.append(exc)
        self._at_work.discard(number)
        self._has_moved.release()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 1), max_size=150),
    st.sampled_from([2, 3, 200]),
    st.integers(1, 9),
    st.sampled_from([CAPACITY, None]),
)
def test_the_laws_hold_however_two_workers_take_turns(
    order: list[int], size: int, leads: int, capacity: int | None
) -> None:
    world = scene(capacity=capacity, leads=leads)
    turnstile = Turnstile(iter(order))
    deciders = [
        world.decider(
            Calls(everywhere=partial(turnstile.wait, number)),
            shared_lease=True,
            block_size=size,
        )
        for number in (0, 1)
    ]

    turnstile.run(*(decider.answer for decider in deciders))

    world.let_time_pass(minutes=7, shared_lease=True, block_size=size)
    assert broken_laws(world, capacity=capacity) == []
