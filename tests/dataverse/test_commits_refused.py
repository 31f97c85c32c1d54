"""Batches that Dataverse refuses as a whole: the guilty change set is found, all others are written."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from tests.dataverse.fake_dataverse import (
    LONGEST,
    START,
    WRITTEN,
    FakeDataverse,
    Outcome,
    all_there,
    change_set,
    committer,
    error,
    scripted,
    send,
)

from work_assignment.dataverse.batches import ChangeSet
from work_assignment.dataverse.commits import MOST_REFUSALS, NotSent, Refused
from work_assignment.dataverse.errors import (
    AccessDenied,
    BadRequest,
    DataverseError,
    InvalidRequest,
    RequestTooLarge,
)
from work_assignment.dataverse.pace import MOST_BYTES

LATER = START + timedelta(minutes=30)
REFUSALS = (error(RequestTooLarge, 413), error(BadRequest, 400), error(AccessDenied, 403))


def refuse_batches_with(
    dataverse: FakeDataverse, guilty: set[int], refusal: DataverseError
) -> None:
    def refuse(number: int, inside: list[int]) -> Outcome:
        return refusal if guilty & set(inside) else None

    dataverse.behave = refuse


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: str(refusal.status))
def test_one_change_set_that_has_its_batch_refused_is_found_and_all_others_are_written(
    dataverse: FakeDataverse, refusal: DataverseError
) -> None:
    refuse_batches_with(dataverse, {137}, refusal)
    told: list[int] = []
    results = send(dataverse, 300, progress=told.append)
    assert results == [WRITTEN] * 137 + [Refused(refusal)] + [WRITTEN] * 162
    assert [dataverse.writes[place] for place in range(300)] == [int(n != 137) for n in range(300)]
    assert sum(told) == 300


def test_finding_the_guilty_one_of_twenty_costs_a_few_requests(dataverse: FakeDataverse) -> None:
    refuse_batches_with(dataverse, {13}, REFUSALS[1])
    send(dataverse, 20)
    assert len(dataverse.sent) <= 10


def test_a_refusal_that_does_not_come_again_costs_no_change_set(dataverse: FakeDataverse) -> None:
    dataverse.behave = scripted(None, *REFUSALS)
    assert send(dataverse, 300) == [WRITTEN] * 300
    assert sorted(dataverse.writes.values()) == [1] * 300


def test_several_guilty_ones_are_all_found(dataverse: FakeDataverse) -> None:
    guilty = {0, 1, 19, 20, 44, 99}
    refuse_batches_with(dataverse, guilty, REFUSALS[1])
    results = send(dataverse, 100)
    assert {place for place, result in enumerate(results) if result != WRITTEN} == guilty


def test_a_batch_that_we_may_not_even_send_is_halved_too(dataverse: FakeDataverse) -> None:
    unfit = InvalidRequest("the query is longer than 65536")

    def check(number: int, inside: list[int]) -> Outcome:
        if 7 in inside:
            raise unfit
        return None

    dataverse.behave = check
    assert send(dataverse, 20) == [WRITTEN] * 7 + [Refused(unfit)] + [WRITTEN] * 12


def test_where_everything_is_refused_it_is_nobodys_fault(dataverse: FakeDataverse) -> None:
    """The application user lost its roles, say: no record is to be noted as one that cannot be written."""
    refusal = REFUSALS[2]
    dataverse.behave = lambda number, inside: refusal
    told: list[int] = []
    results = send(dataverse, 2000, progress=told.append)
    assert results == [NotSent(str(refusal))] * 2000
    assert len(dataverse.sent) <= MOST_REFUSALS + 4
    assert sum(told) == 2000


def test_many_that_are_refused_among_others_that_are_written_stay_their_own_fault(
    dataverse: FakeDataverse,
) -> None:
    guilty = set(range(2 * MOST_REFUSALS))
    refuse_batches_with(dataverse, guilty, REFUSALS[1])
    dataverse.pace.hinted(1)
    results = send(dataverse, 100)
    assert {place for place, result in enumerate(results) if isinstance(result, Refused)} == guilty


# How many bytes a batch may have


def large(number: int, size: int) -> ChangeSet:
    (request,) = change_set(number).requests
    return ChangeSet([type(request)(request.method, request.path, {}, {"text": "x" * size})])


def sent_in_batches(dataverse: FakeDataverse, change_sets: Iterator[ChangeSet]) -> list[list[int]]:
    ours = committer(dataverse)
    try:
        ours.send(change_sets, until=LATER, longest=LONGEST)
    finally:
        ours.close()
    return sorted(batch.numbers for batch in dataverse.sent)


def test_a_batch_has_at_most_eight_megabytes(dataverse: FakeDataverse) -> None:
    third = MOST_BYTES // 3 - 100
    batches = sent_in_batches(dataverse, (large(number, third) for number in range(7)))
    assert batches == [[0, 1, 2], [3, 4, 5], [6]]


def test_a_change_set_that_is_larger_travels_alone(dataverse: FakeDataverse) -> None:
    sizes = [10, MOST_BYTES + 10, 10, 10]
    batches = sent_in_batches(dataverse, (large(n, size) for n, size in enumerate(sizes)))
    assert batches == [[0], [1], [2, 3]]


def test_what_was_too_large_once_makes_later_batches_smaller(dataverse: FakeDataverse) -> None:
    dataverse.pace.hinted(1)
    dataverse.behave = lambda number, inside: (
        error(RequestTooLarge, 413) if len(inside) > 5 else None
    )
    each = MOST_BYTES // 8
    sent_in_batches(dataverse, (large(number, each - 100) for number in range(40)))
    refused = [batch for batch in dataverse.sent if len(batch.numbers) > 5]
    assert len(refused) == 1
    assert sorted(dataverse.writes) == all_there(40)


# The place in the pace


@pytest.mark.parametrize("bad", [0, 5, 20, 41])
def test_an_iterable_that_fails_leaves_no_place_taken_in_the_pace(
    dataverse: FakeDataverse, bad: int
) -> None:
    def failing() -> Iterator[ChangeSet]:
        for number in range(60):
            if number == bad:
                raise ZeroDivisionError("a bug")
            yield change_set(number)

    ours = committer(dataverse)
    for _ in range(6):
        with pytest.raises(ZeroDivisionError, match="a bug"):
            ours.send(failing(), until=LATER, longest=LONGEST)
    ours.close()
    assert [dataverse.pace.enter(is_first=False) for _ in range(5)] == [True] * 4 + [False]


def test_threads_that_cannot_be_had_leave_no_place_taken_either(
    dataverse: FakeDataverse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        send(dataverse, 60)
    assert [dataverse.pace.enter(is_first=False) for _ in range(5)] == [True] * 4 + [False]


# Many that wait


def test_what_cannot_be_sent_any_more_is_not_kept_all_at_once(dataverse: FakeDataverse) -> None:
    """Each has its explanation with it, of up to a megabyte."""
    told: list[int] = []
    kept: list[int] = []

    def building() -> Iterator[ChangeSet]:
        for number in range(2000):
            kept.append(number - sum(told))
            yield change_set(number)

    ours = committer(dataverse)
    ours.send(building(), until=START + LONGEST, longest=LONGEST, progress=told.append)
    ours.close()
    assert sum(told) == 2000
    assert max(kept) <= 100
