"""Change sets that have to wait, for Retry-After or for locks, and the end of the reservation."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.dataverse.fake_dataverse import (
    LOCKED,
    LONGEST,
    WRITTEN,
    Clock,
    FakeDataverse,
    Outcome,
    SteadyPace,
    TellingGate,
    all_there,
    at_once,
    error,
    scripted,
    send,
    undone,
)

from work_assignment.dataverse.commits import RUNS_OUT, NotSent
from work_assignment.dataverse.errors import (
    LockConflict,
    Throttled,
)

# Throttling


def test_batches_that_were_under_way_are_all_that_throttling_wastes(
    dataverse: FakeDataverse, clock: Clock
) -> None:
    dataverse.pace = SteadyPace()
    dataverse.behave = at_once(4, scripted(*[error(Throttled, 429, 7.0)] * 4))
    results = send(dataverse, 160)
    assert results == [WRITTEN] * 160
    assert len(dataverse.sent) == 4 + 160 / 20
    assert dataverse.traffic.throttled == 4
    assert dataverse.traffic.retried == 4
    assert clock.slept == [7.0]
    assert {batch.at for batch in dataverse.sent[4:]} == {clock.now}


def test_while_one_batch_is_throttled_no_other_is_sent(
    dataverse: FakeDataverse, clock: Clock
) -> None:
    gate = TellingGate(clock)
    dataverse.gate, dataverse.pace = gate, SteadyPace()

    def one_is_refused(number: int, inside: list[int]) -> Outcome:
        if number == 0:
            return error(Throttled, 429, 7.0)
        if number < 4:
            assert gate.is_shut.wait(10)
        return None

    dataverse.behave = at_once(4, one_is_refused)
    assert send(dataverse, 120) == [WRITTEN] * 120
    assert [batch.at for batch in dataverse.sent] == [1000.0] * 4 + [1007.0] * 3


def test_a_batch_goes_on_being_sent_as_long_as_there_is_time(
    dataverse: FakeDataverse, clock: Clock
) -> None:
    dataverse.behave = scripted(*[error(Throttled, 429, 30.0)] * 10)
    assert send(dataverse, 10) == [WRITTEN] * 10
    assert clock.slept == [30.0] * 10
    assert [batch.numbers for batch in dataverse.sent] == [all_there(10)] * 11
    assert dataverse.pace.width == 1


def test_a_429_without_a_time_is_waited_out_longer_and_longer(
    dataverse: FakeDataverse, clock: Clock
) -> None:
    dataverse.behave = scripted(*[error(Throttled, 429)] * 3, error(Throttled, 429, 0.0))
    assert send(dataverse, 10) == [WRITTEN] * 10
    assert clock.slept == [0.5, 1.0, 2.0, 4.0]


def test_a_wait_that_is_longer_than_the_reservation_is_not_begun(
    dataverse: FakeDataverse, clock: Clock
) -> None:
    dataverse.behave = scripted(error(Throttled, 429, 60.0))
    results = send(dataverse, 15, until=LONGEST + timedelta(seconds=60))
    assert results == [NotSent(f"{RUNS_OUT} before Dataverse may be asked again", 60.0)] * 15
    assert clock.slept == []


def test_a_gate_that_another_thread_shut_costs_no_request(
    dataverse: FakeDataverse, clock: Clock
) -> None:
    dataverse.gate.hold(20.0)
    assert send(dataverse, 60) == [WRITTEN] * 60
    assert [batch.at for batch in dataverse.sent] == [1020.0] * 3
    assert dataverse.traffic.retried == 0


def test_a_change_set_throttled_inside_a_batch_is_sent_again_after_the_wait(
    dataverse: FakeDataverse, clock: Clock
) -> None:
    told_to_wait = undone(429, "0x80072322", retry_after="9")
    dataverse.behave = scripted([WRITTEN, told_to_wait, told_to_wait, WRITTEN])
    assert send(dataverse, 4) == [WRITTEN] * 4
    assert [batch.numbers for batch in dataverse.sent] == [[0, 1, 2, 3], [1, 2]]
    assert dataverse.sent[1].at >= dataverse.sent[0].at + 9.0
    assert (dataverse.traffic.throttled, dataverse.traffic.retried) == (1, 1)
    assert dataverse.pace.width == 2


# The end of the reservation


def test_nothing_is_sent_that_might_be_under_way_at_the_end(dataverse: FakeDataverse) -> None:
    assert send(dataverse, 50, until=LONGEST) == [NotSent(RUNS_OUT)] * 50
    assert dataverse.sent == []
    assert send(dataverse, 5, until=LONGEST + timedelta(seconds=1)) == [WRITTEN] * 5


def test_what_is_left_when_time_runs_out_stays_unsent(
    dataverse: FakeDataverse, clock: Clock
) -> None:
    dataverse.pace.hinted(1)

    def take_a_second_each(number: int, inside: list[int]) -> None:
        clock.now += 20

    dataverse.behave = take_a_second_each
    results = send(dataverse, 40, until=LONGEST + timedelta(seconds=61))
    sent = len(dataverse.numbers_sent)
    assert len(dataverse.sent) == 4
    assert results == [WRITTEN] * sent + [NotSent(RUNS_OUT)] * (40 - sent)


def test_a_clock_that_is_set_back_gives_no_more_time(
    dataverse: FakeDataverse, clock: Clock
) -> None:
    dataverse.pace.hinted(1)

    def set_the_clock_back(number: int, inside: list[int]) -> None:
        clock.now += 100
        clock.set_back += timedelta(hours=1)

    dataverse.behave = set_the_clock_back
    results = send(dataverse, 40, until=LONGEST + timedelta(seconds=61))
    assert results == [WRITTEN] * 20 + [NotSent(RUNS_OUT)] * 20


# Locks


def test_what_lost_against_another_transaction_is_sent_again_whole_and_last(
    dataverse: FakeDataverse,
) -> None:
    dataverse.behave = scripted([LOCKED, WRITTEN] * 10, [LOCKED] * 2 + [WRITTEN] * 18)
    results = send(dataverse, 100)
    assert results == [WRITTEN] * 100
    assert sum(dataverse.writes.values()) == 100
    again = dataverse.sent[-1].numbers
    assert len(again) == 12
    assert sorted(dataverse.numbers_sent) == sorted([*all_there(100), *again])


@pytest.mark.parametrize("code", ["0x80044150", "0x80044151", "0x80044339"])
def test_after_five_repeats_its_error_is_the_result(
    dataverse: FakeDataverse, clock: Clock, code: str
) -> None:
    locked = undone(400, code)
    dataverse.behave = lambda number, inside: [
        locked if place == 2 else WRITTEN for place in inside
    ]
    results = send(dataverse, 4)
    assert [dataverse.numbers_sent.count(place) for place in range(4)] == [1, 1, 6, 1]
    assert results == [WRITTEN, WRITTEN, locked, WRITTEN]
    assert isinstance(locked.error("x"), LockConflict)
    assert clock.slept == [0.1, 0.2, 0.4, 0.8, 1.6]


def test_repeats_do_not_meet_batches_of_our_own(dataverse: FakeDataverse) -> None:
    pace = dataverse.pace = SteadyPace()
    others: list[int] = []

    def first_is_locked(number: int, inside: list[int]) -> Outcome:
        if number == 0:
            return [LOCKED] * len(inside)
        if number < 4:
            assert pace.has_learned.wait(10)
        else:
            others.append(dataverse.under_way - 1)
        return None

    dataverse.behave = at_once(4, first_is_locked)
    assert send(dataverse, 80) == [WRITTEN] * 80
    assert others == [0]
