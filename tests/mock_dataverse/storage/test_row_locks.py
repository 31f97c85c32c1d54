"""The lock manager itself: order of waiting, cycles of any length, what is given back."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from tests.mock_dataverse.storage.eventually import eventually

from work_assignment.mock_dataverse.faults import Fault
from work_assignment.mock_dataverse.storage.recording import RowWrite
from work_assignment.mock_dataverse.storage.row_locks import LockCounts, LockSettings, RowLocks

A, B, C = (RowWrite((("lead", name),)) for name in "abc")


def test_a_lock_can_be_taken_again_by_who_holds_it() -> None:
    locks = RowLocks()
    with locks.transaction() as held:
        held.lock(A)
        held.lock(A)
        assert held.lock_if_free(A)
    assert locks.counts == LockCounts()


def test_locks_are_given_back_also_after_an_error() -> None:
    locks = RowLocks()

    def fail() -> None:
        with locks.transaction() as held:
            held.lock(A)
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        fail()
    with locks.transaction() as other:
        assert other.lock_if_free(A)


def test_what_another_holds_is_not_free() -> None:
    locks = RowLocks()
    both = RowWrite((*A.locks, *B.locks))
    with locks.transaction() as one, locks.transaction() as two:
        one.lock(B)
        assert not two.lock_if_free(both)
        assert one.lock_if_free(A)  # a refusal has taken nothing


def test_a_wait_ends_with_its_time() -> None:
    locks = RowLocks(LockSettings(timeout=0.01))
    with locks.transaction() as one, locks.transaction() as two:
        one.lock(A)
        with pytest.raises(Fault, match=r"SQL timeout expired\.") as caught:
            two.lock(A)
    assert (caught.value.status, caught.value.code) == (400, "0x80044151")
    assert locks.counts == LockCounts(waits=1, timeouts=1)


def test_who_waits_longest_comes_first() -> None:
    locks, order = RowLocks(), list[int]()

    def wait(number: int) -> None:
        with locks.transaction() as held:
            held.lock(A)
            order.append(number)

    with ThreadPoolExecutor(4) as pool, locks.transaction() as first:
        first.lock(A)
        for number in range(4):
            pool.submit(wait, number)
            eventually(partial(_waits, locks, number + 1))
    assert order == [0, 1, 2, 3]


def test_who_closes_a_cycle_of_three_is_killed() -> None:
    locks = RowLocks(LockSettings(timeout=15))
    ready = threading.Barrier(3)

    def cross(first: RowWrite, second: RowWrite) -> str:
        try:
            with locks.transaction() as held:
                held.lock(first)
                ready.wait(15)
                held.lock(second)
        except Fault as fault:
            return fault.code
        return "done"

    with ThreadPoolExecutor(3) as pool:
        ends = sorted(pool.map(cross, (A, B, C), (B, C, A)))
    assert ends == ["0x80044150", "done", "done"]
    assert locks.counts.deadlocks == 1


def test_a_row_handed_over_to_who_waited_closes_cycles_too() -> None:
    locks = RowLocks(LockSettings(timeout=15))
    with ThreadPoolExecutor(1) as pool:
        with locks.transaction() as mine:
            mine.lock(B)
            with locks.transaction() as before:
                before.lock(A)
                heir = pool.submit(_take_both, locks)
                eventually(lambda: locks.counts.waits == 1)
            eventually(lambda: locks.counts.waits == 2)  # the heir has A and waits for B
            with pytest.raises(Fault, match=r"Generic SQL error\."):
                mine.lock(A)
        assert heir.result() == "done"


def _waits(locks: RowLocks, count: int) -> bool:
    return locks.counts.waits == count


def _take_both(locks: RowLocks) -> str:
    with locks.transaction() as held:
        held.lock(A)
        held.lock(B)
    return "done"
