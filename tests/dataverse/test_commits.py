"""Many change sets: in which batches they travel, and the law of what becomes of them."""

from __future__ import annotations

import threading
from contextvars import ContextVar
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
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

from work_assignment.dataverse.batches import ChangeSetResult
from work_assignment.dataverse.commits import CommitResult, Lost, NotSent, Refused
from work_assignment.dataverse.errors import (
    BadRequest,
    CircuitOpen,
    ConnectionFailed,
    OutcomeUnknown,
    ServerUnavailable,
    Throttled,
)


def test_results_are_in_the_order_of_the_change_sets_and_each_is_sent_once(
    dataverse: FakeDataverse,
) -> None:
    gone = undone(404, "0x80040217")
    dataverse.behave = lambda number, inside: [
        gone if place % 7 == 3 else WRITTEN for place in inside
    ]
    results = send(dataverse, 300)
    assert results == [gone if place % 7 == 3 else WRITTEN for place in range(300)]
    assert sorted(dataverse.numbers_sent) == all_there(300)


def test_as_many_batches_are_under_way_as_the_pace_is_wide(dataverse: FakeDataverse) -> None:
    dataverse.pace.hinted(3)
    dataverse.behave = at_once(3, scripted())
    send(dataverse, 120)
    assert dataverse.most_under_way == 3
    assert [len(batch.numbers) for batch in dataverse.sent[:3]] == [20, 20, 20]


def test_quick_batches_grow(dataverse: FakeDataverse) -> None:
    dataverse.pace.hinted(1)
    send(dataverse, 400)
    assert [len(batch.numbers) for batch in dataverse.sent] == [20, 40, 80, 100, 100, 60]


def test_slow_batches_shrink(dataverse: FakeDataverse, clock: Clock) -> None:
    dataverse.pace.hinted(1)

    def slow(number: int, inside: list[int]) -> None:
        clock.now += len(inside)

    dataverse.behave = slow
    send(dataverse, 32)
    assert [len(batch.numbers) for batch in dataverse.sent] == [20, 4, 4, 4]


def test_a_batch_has_at_most_a_thousand_operations(dataverse: FakeDataverse) -> None:
    ours = committer(dataverse)
    change_sets = [change_set(number, operations=300) for number in range(7)]
    ours.send(change_sets, until=START + timedelta(minutes=30), longest=LONGEST)
    ours.close()
    assert sorted(batch.numbers for batch in dataverse.sent) == [[0, 1, 2], [3, 4, 5], [6]]


def test_a_single_batch_needs_no_thread(dataverse: FakeDataverse) -> None:
    send(dataverse, 20)
    assert [batch.thread for batch in dataverse.sent] == [threading.current_thread().name]


def test_several_batches_use_threads_that_last_until_close(dataverse: FakeDataverse) -> None:
    ours = committer(dataverse)
    change_sets = [change_set(number) for number in range(80)]
    dataverse.behave = at_once(4, scripted())
    ours.send(change_sets, until=START + timedelta(minutes=30), longest=LONGEST)
    first = {batch.thread for batch in dataverse.sent}
    ours.send(change_sets, until=START + timedelta(minutes=30), longest=LONGEST)
    later = {batch.thread for batch in dataverse.sent[4:]}
    assert len(first) == 4
    assert later <= first
    ours.close()
    assert not first & {thread.name for thread in threading.enumerate()}


def test_a_closed_committer_may_be_used_again(dataverse: FakeDataverse) -> None:
    ours = committer(dataverse)
    change_sets = [change_set(number) for number in range(60)]
    for _ in range(2):
        ours.send(change_sets, until=START + timedelta(minutes=30), longest=LONGEST)
        ours.close()
    assert sorted(dataverse.numbers_sent) == sorted([*range(60), *range(60)])


def test_nothing_to_send_is_sent_as_nothing(dataverse: FakeDataverse) -> None:
    assert send(dataverse, 0) == []
    assert dataverse.sent == []


def test_two_senders_share_the_width(dataverse: FakeDataverse) -> None:
    ours = committer(dataverse)
    dataverse.pace.hinted(2)
    results: list[list[CommitResult]] = []

    def work() -> None:
        change_sets = [change_set(number) for number in range(100)]
        results.append(ours.send(change_sets, until=START + timedelta(hours=1), longest=LONGEST))

    senders = [threading.Thread(target=work) for _ in range(2)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join(10)
    ours.close()
    assert results == [[WRITTEN] * 100] * 2
    assert dataverse.most_under_way <= 3


def test_the_callers_context_reaches_the_threads(dataverse: FakeDataverse) -> None:
    block = ContextVar("block", default="none")
    seen: list[str] = []
    block.set("b1")

    def look(number: int, inside: list[int]) -> None:
        seen.append(block.get())

    dataverse.behave = look
    send(dataverse, 60)
    assert set(seen) == {"b1"}


def test_progress_is_told_in_the_callers_thread_until_all_are_final(
    dataverse: FakeDataverse,
) -> None:
    told: list[tuple[int, str]] = []
    dataverse.behave = scripted(error(OutcomeUnknown), [LOCKED] * 5 + [WRITTEN] * 15)
    send(dataverse, 90, progress=lambda n: told.append((n, threading.current_thread().name)))
    assert sum(count for count, _ in told) == 90
    assert all(count > 0 for count, _ in told)
    assert {name for _, name in told} == {threading.current_thread().name}


def test_which_were_written_is_told_before_how_many_are_final(dataverse: FakeDataverse) -> None:
    told: list[int | tuple[int, ...]] = []
    dataverse.behave = scripted([WRITTEN, LOCKED, undone(400), WRITTEN, WRITTEN])
    send(dataverse, 5, progress=told.append, landed=lambda places: told.append(tuple(places)))
    assert told == [(0, 3, 4), 4, (1,), 1]


# The law


FATES = (
    "well",
    "well",
    "well",
    "locks",
    "throttled",
    "throttled inside",
    "away",
    "lost before",
    "lost after",
    "never left",
    "circuit",
    "refused",
)


@given(
    fates=st.lists(st.sampled_from(FATES), max_size=40),
    count=st.integers(0, 120),
    width=st.integers(1, 6),
    minutes=st.integers(2, 12),
)
def test_whatever_happens_each_change_set_is_final_once_and_written_once_at_most(
    fates: list[str], count: int, width: int, minutes: int
) -> None:
    dataverse = FakeDataverse(Clock())
    dataverse.pace.hinted(width)

    def meet(number: int, inside: list[int]) -> Outcome:
        half = len(inside) // 2
        match fates[number] if number < len(fates) else "well":
            case "locks":
                return [LOCKED] * half + [WRITTEN] * (len(inside) - half)
            case "throttled":
                return error(Throttled, 429, 20.0)
            case "throttled inside":
                return [WRITTEN] * half + [undone(429)] * (len(inside) - half)
            case "away":
                return error(ServerUnavailable, 503)
            case "lost before":
                return error(OutcomeUnknown)
            case "lost after":
                dataverse.write(inside)
                return error(OutcomeUnknown)
            case "never left":
                return error(ConnectionFailed)
            case "refused":
                return error(BadRequest, 400)
            case "circuit":
                return error(CircuitOpen, None, 10.0)
        return None

    dataverse.behave = meet
    told: list[int] = []
    results = send(dataverse, count, until=timedelta(minutes=minutes), progress=told.append)
    assert len(results) == sum(told) == count
    assert dataverse.most_under_way <= width
    assert dataverse.under_way == 0
    for place, result in enumerate(results):
        written = dataverse.writes[place]
        match result:
            case ChangeSetResult():
                assert written == result.committed
            case NotSent() | Refused():
                assert written == 0
            case Lost():
                assert written <= 1
