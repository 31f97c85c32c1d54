"""Change sets when Dataverse is away, answers are lost, or somebody made a mistake."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from tests.dataverse.fake_dataverse import (
    LOCKED,
    LONGEST,
    START,
    WRITTEN,
    Clock,
    FakeDataverse,
    Outcome,
    all_there,
    at_once,
    change_set,
    committer,
    error,
    scripted,
    send,
    undone,
)

from work_assignment.dataverse.commits import Lost, NotSent
from work_assignment.dataverse.errors import (
    CircuitOpen,
    ConnectionFailed,
    DataverseError,
    NotAuthenticated,
    OutcomeUnknown,
    PreconditionFailed,
    ServerUnavailable,
)


def test_a_server_that_had_not_begun_gets_the_same_batch_again(
    dataverse: FakeDataverse, clock: Clock
) -> None:
    dataverse.behave = scripted(
        error(ServerUnavailable, 503), error(ConnectionFailed), error(ServerUnavailable, 503, 4.0)
    )
    assert send(dataverse, 10) == [WRITTEN] * 10
    assert [batch.numbers for batch in dataverse.sent] == [all_there(10)] * 4
    assert clock.slept == [0.5, 1.0, 4.0]
    assert dataverse.traffic.retried == 3


@pytest.mark.parametrize("failure", [error(ServerUnavailable, 503), error(ConnectionFailed)])
def test_after_five_tries_the_rest_is_not_sent(
    dataverse: FakeDataverse, failure: DataverseError
) -> None:
    dataverse.pace.hinted(1)
    dataverse.behave = lambda number, inside: failure
    assert send(dataverse, 50) == [NotSent(str(failure))] * 50
    assert [batch.numbers for batch in dataverse.sent] == [all_there(20)] * 5


@pytest.mark.parametrize("kind", [CircuitOpen, NotAuthenticated])
def test_a_dataverse_that_is_away_is_not_asked_again(
    dataverse: FakeDataverse, kind: type[DataverseError]
) -> None:
    dataverse.pace.hinted(1)
    away = error(kind, None, 30.0)
    dataverse.behave = scripted(None, away)
    results = send(dataverse, 200)
    assert results == [WRITTEN] * 20 + [NotSent(str(away), 30.0)] * 180
    assert len(dataverse.sent) == 2


def test_what_is_under_way_when_dataverse_goes_away_still_counts(
    dataverse: FakeDataverse,
) -> None:
    away = error(CircuitOpen)
    is_known = threading.Event()
    outcomes: list[Outcome] = [away, None, [LOCKED] * 20, error(OutcomeUnknown)]

    def go_away(number: int, inside: list[int]) -> Outcome:
        if number > 0:
            assert is_known.wait(10)
        return outcomes[number]

    dataverse.behave = at_once(4, go_away)
    results = send(dataverse, 100, progress=lambda count: is_known.set())
    assert len(dataverse.sent) == 4
    assert [
        {type(results[place]).__name__ for place in batch.numbers} for batch in dataverse.sent
    ] == [{"NotSent"}, {"ChangeSetResult"}, {"NotSent"}, {"Lost"}]
    assert results[80:] == [NotSent(str(away))] * 20


def test_after_a_lost_connection_nothing_is_sent_blindly(dataverse: FakeDataverse) -> None:
    dataverse.pace.hinted(1)
    lost = error(OutcomeUnknown)
    dataverse.behave = scripted(None, lost)
    results = send(dataverse, 100)
    assert results == [WRITTEN] * 20 + [Lost(str(lost))] * 40 + [WRITTEN] * 40
    assert dataverse.numbers_sent == all_there(100)


def test_a_batch_that_was_too_slow_to_be_answered_makes_the_next_ones_smaller(
    dataverse: FakeDataverse, clock: Clock
) -> None:
    def time_out(number: int, inside: list[int]) -> Outcome:
        clock.now += 65 if number == 0 else 0
        return error(OutcomeUnknown) if number == 0 else None

    dataverse.pace.hinted(1)
    dataverse.behave = time_out
    send(dataverse, 22)
    assert [len(batch.numbers) for batch in dataverse.sent] == [20, 1, 1]


# Refusals and bugs


def test_a_refusal_inside_the_batch_is_the_change_sets_own_result(
    dataverse: FakeDataverse,
) -> None:
    changed = undone(412, "0x80060882")
    dataverse.behave = scripted([WRITTEN, changed])
    assert send(dataverse, 2) == [WRITTEN, changed]
    assert isinstance(changed.error("x"), PreconditionFailed)


@pytest.mark.parametrize("count", [5, 200])
def test_a_bug_surfaces_when_nothing_is_under_way_any_more(
    dataverse: FakeDataverse, count: int
) -> None:
    others_may_end = threading.Event()
    a_moment_later = threading.Timer(0.05, others_may_end.set)

    def stumble(number: int, inside: list[int]) -> None:
        if number == 0:
            a_moment_later.start()
            raise ZeroDivisionError("a bug")
        assert others_may_end.wait(10)

    dataverse.behave = stumble
    threads = threading.active_count()
    ours = committer(dataverse)
    change_sets = [change_set(number) for number in range(count)]
    with pytest.raises(ZeroDivisionError, match="a bug"):
        ours.send(change_sets, until=START + timedelta(minutes=30), longest=LONGEST)
    assert dataverse.under_way == 0
    ours.close()
    assert sum(dataverse.writes.values()) == len(dataverse.numbers_sent) - min(count, 20)
    assert [dataverse.pace.enter(is_first=False) for _ in range(5)] == [True] * 4 + [False]
    a_moment_later.join()
    assert threading.active_count() == threads


def test_a_listener_that_fails_surfaces_too(dataverse: FakeDataverse) -> None:
    def fail(count: int) -> None:
        raise ZeroDivisionError("a bug")

    with pytest.raises(ZeroDivisionError):
        send(dataverse, 200, progress=fail)
    assert dataverse.under_way == 0


def test_an_answer_that_misses_change_sets_is_a_bug(dataverse: FakeDataverse) -> None:
    dataverse.behave = scripted([WRITTEN])
    with pytest.raises(ValueError, match="zip"):
        send(dataverse, 2)
    assert len(dataverse.sent) == 1
