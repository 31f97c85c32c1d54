"""Outcomes and what becomes of them when Dataverse loses, refuses or does not understand one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import pytest
from tests.dataverse.fake_dataverse import Clock

from work_assignment.dataverse.batches import Batch, ChangeSet, ChangeSetResult, PartResult
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.connections import Gate, Traffic
from work_assignment.dataverse.errors import (
    AccessDenied,
    BadRequest,
    CircuitOpen,
    DataverseError,
    OutcomeUnknown,
    RequestTooLarge,
    UserDisabled,
)
from work_assignment.dataverse.messages import Response
from work_assignment.dataverse.outcome_writer import OutcomeWriter
from work_assignment.dataverse.pace import Pace
from work_assignment.dataverse.queries import Query
from work_assignment.domain.filtering.schemas import TableSchema
from work_assignment.domain.records import Owner, RecordKey, RuleId, SegmentId, SellerId
from work_assignment.domain.runs.facts import LastRun, Result, SellerRow
from work_assignment.domain.runs.outcomes import (
    Outcome,
    RequestSource,
    Run,
    SellerChange,
    WriteResult,
    Written,
)
from work_assignment.domain.statuses import RoutingStatus, SegmentationStatus

AT = datetime(2026, 3, 6, 10, tzinfo=UTC)
LEADS = {"lead": TableSchema("lead", "leads", "leadid", "fullname", {})}
ADA, SEGMENT, RULE, SWEEP, ITEM, OLD_RUN = (str(UUID(int=9000 + n)) for n in range(6))
LOST = OutcomeUnknown(None, "", "connection lost", "", "$batch")
DONE = WriteResult(Written.DONE)


def refusal(status: int, code: str = "", message: str = "m", place: int = 0) -> ChangeSetResult:
    body = json.dumps({"error": {"code": code, "message": message}}).encode()
    return ChangeSetResult((), Response(status, {}, body), place)


def missing(row_id: str) -> ChangeSetResult:
    return refusal(404, "0x80040217", f"contact With Id = {row_id} Does Not Exist")


LOCKED = refusal(400, "0x80044151")
CHANGED = refusal(412, "0x80060882")
QUEUED = refusal(400, "0x80040526")


def lead(number: int) -> str:
    return str(UUID(int=number + 1))


def outcome(number: int, **changes: Any) -> Outcome:
    run = Run(
        id=str(UUID(int=50_000 + number)),
        key=RecordKey("lead", lead(number)),
        record_name="Larkfell",
        record_version='W/"1"',
        source=RequestSource.NEW,
        segmentation=SegmentationStatus.SUCCESSFUL,
        status=RoutingStatus.ASSIGNED,
        reason="because",
        decided_at=AT,
        block="block",
        mode="on",
        segment_id=SegmentId(SEGMENT),
        rule_id=RuleId(RULE),
        owner=Owner("systemuser", ADA),
        sweep_id=SWEEP,
    )
    return Outcome(replace(run, **changes), 'W/"1"', Result.SUCCEEDED)


def counted_up(number: int) -> Outcome:
    again = LastRun(OLD_RUN, RoutingStatus.NO_SELLERS, SEGMENT, RULE, AT, attempts=2)
    failed = outcome(number, status=RoutingStatus.NO_SELLERS, owner=None)
    return replace(failed, result=Result.FAILED, again=again)


Answer = Callable[[int, list[int]], DataverseError | None]


@dataclass
class Dataverse:
    """Keeps run rows. `whole` answers batches, `says` single leads, each time they come."""

    clock: Clock = field(default_factory=Clock)
    whole: Answer = lambda number, inside: None
    says: dict[int, Iterator[ChangeSetResult | None]] = field(default_factory=dict)
    runs: set[str] = field(default_factory=set)
    sent: list[list[int]] = field(default_factory=list)
    reading: DataverseError | None = None
    pace: Pace = field(default_factory=Pace)
    traffic: Traffic = field(default_factory=Traffic)

    def __post_init__(self) -> None:
        self.gate = Gate(self.clock.sleep, self.clock)

    def send_batch(self, batch: Batch, *, retry: object) -> list[PartResult]:
        inside = [_number(cast(ChangeSet, part)) for part in batch.parts]
        self.sent.append(inside)
        error = self.whole(len(self.sent) - 1, inside)
        if error is not None:
            raise error
        return [
            self._do(number, cast(ChangeSet, part))
            for number, part in zip(inside, batch.parts, strict=True)
        ]

    def _do(self, number: int, change_set: ChangeSet) -> ChangeSetResult:
        answer = next(self.says[number], None) if number in self.says else None
        if answer is None:
            self.land(number)
        return answer or ChangeSetResult(tuple(Response(204) for _ in change_set.requests))

    def land(self, number: int) -> None:
        """A request is carried out."""
        self.runs.add(outcome(number).run.id)

    def rows(self, query: Query) -> Iterator[dict[str, str]]:
        if self.reading is not None:
            raise self.reading
        if query.entity_set != "wa_routingruns":
            return iter(())
        return iter([{"wa_routingrunid": run} for run in self.runs if run in str(query.filter)])


def _number(change_set: ChangeSet) -> int:
    """The lead's; for what writes a run row alone it is in the row, or none."""
    for request in change_set.requests:
        found = re.fullmatch(r"leads\((.+)\)", request.path)
        if found:
            return UUID(found[1]).int - 1
    return -1


def writer(dataverse: Dataverse) -> OutcomeWriter:
    client = cast(DataverseClient, dataverse)
    return OutcomeWriter(client, lambda: LEADS, dataverse.clock.date, sleep=dataverse.clock.sleep)


def commit(
    dataverse: Dataverse,
    outcomes: Sequence[Outcome],
    progress: Callable[[int], object] = lambda count: None,
) -> list[WriteResult]:
    with closing(writer(dataverse)) as ours:
        until = dataverse.clock.date() + timedelta(minutes=30)
        return ours.commit(outcomes, until=until, progress=progress)


def test_places_of_what_was_written_count_what_cannot_even_be_built() -> None:
    dataverse = Dataverse(says={2: iter([CHANGED])})
    odd = outcome(1, key=RecordKey("unknown", lead(1)))
    landed: list[int] = []
    with closing(writer(dataverse)) as ours:
        until = dataverse.clock.date() + timedelta(minutes=30)
        results = ours.commit(
            [outcome(0), odd, outcome(2), outcome(3)], until=until, landed=landed.extend
        )
    assert results[1].written is Written.FAILED
    assert sorted(landed) == [0, 3]


def lose(*numbers: int) -> Answer:
    """The batches with these numbers are lost."""
    return lambda number, inside: LOST if number in numbers else None


# An answer that was lost


def test_a_lost_commit_whose_second_request_only_meets_locks_may_still_land() -> None:
    """The first one may be what holds the lock."""
    dataverse = Dataverse(whole=lose(0), says={0: iter([LOCKED] * 100)})
    (result,) = commit(dataverse, [outcome(0)])
    assert (result.written, result.may_still_land) == (Written.LATER, True)


def test_a_lost_commit_that_lands_while_the_second_meets_its_lock_is_done() -> None:
    dataverse = Dataverse(whole=lose(0))

    def lock_until_it_lands() -> Iterator[ChangeSetResult]:
        yield from [LOCKED] * 6
        dataverse.land(0)
        while True:
            yield CHANGED

    dataverse.says = {0: lock_until_it_lands()}
    assert commit(dataverse, [outcome(0)]) == [DONE]


@pytest.mark.parametrize(
    "answer", [refusal(500), refusal(503), refusal(429, "0x80072322"), refusal(401)]
)
def test_a_second_request_that_fails_for_the_moment_leaves_a_lost_commit_open(
    answer: ChangeSetResult,
) -> None:
    dataverse = Dataverse(whole=lose(0), says={0: iter([answer] * 100)})
    (result,) = commit(dataverse, [outcome(0)])
    assert (result.written, result.may_still_land) == (Written.LATER, True)
    assert len(dataverse.sent) <= 1 + 5 * 6


def test_a_second_batch_that_is_refused_whole_leaves_a_lost_commit_open() -> None:
    refused = AccessDenied(403, "", "m", "", "$batch")
    dataverse = Dataverse(whole=lambda number, inside: refused if number else LOST)
    (result,) = commit(dataverse, [outcome(0)])
    assert (result.written, result.may_still_land) == (Written.LATER, True)


@pytest.mark.parametrize(
    ("answer", "written"),
    [
        (CHANGED, Written.CHANGED),
        (missing(lead(0)), Written.GONE),
        (refusal(403, "0x80040225"), Written.REFUSED),
        (refusal(400, "0x80040203"), Written.FAILED),
    ],
    ids=lambda value: value.value if isinstance(value, Written) else None,
)
def test_a_second_request_that_is_refused_for_good_ends_it(
    answer: ChangeSetResult, written: Written
) -> None:
    dataverse = Dataverse(whole=lose(0), says={0: iter([answer] * 100)})
    (result,) = commit(dataverse, [outcome(0)])
    assert (result.written, result.may_still_land) == (written, False)
    assert len(dataverse.sent) == 2


@pytest.mark.parametrize("answer", [CHANGED, refusal(403, "0x80040225"), refusal(400)])
def test_a_lost_commit_that_landed_before_the_second_was_refused_is_done(
    answer: ChangeSetResult,
) -> None:
    dataverse = Dataverse(whole=lose(0))

    def land_and_refuse() -> Iterator[ChangeSetResult]:
        dataverse.land(0)
        yield answer

    dataverse.says = {0: land_and_refuse()}
    assert commit(dataverse, [outcome(0)]) == [DONE]


def test_a_lost_commit_that_cannot_be_read_may_still_land_whatever_the_reason() -> None:
    for kind in (CircuitOpen, AccessDenied):
        dataverse = Dataverse(whole=lose(0), reading=kind(None, "", "m", "", "GET"))
        (result,) = commit(dataverse, [outcome(0)])
        assert (result.written, result.may_still_land) == (Written.LATER, True)


def test_an_outcome_that_is_only_counted_up_is_sent_again_when_its_answer_was_lost() -> None:
    dataverse = Dataverse(whole=lose(0, 1))
    assert commit(dataverse, [counted_up(0)]) == [DONE]
    assert len(dataverse.sent) == 3


def test_an_outcome_that_is_only_counted_up_never_keeps_the_shares_of_its_block() -> None:
    dataverse = Dataverse(whole=lose(*range(100)))
    assert commit(dataverse, [counted_up(0)]) == [
        WriteResult(Written.LATER, "the connection was lost")
    ]
    with closing(writer(dataverse)) as ours:
        assert not ours.commit_alone([], counted_up(0)).may_still_land


def test_a_run_row_alone_may_be_written_any_number_of_times() -> None:
    dry = replace(outcome(0), result=None)
    assert not commit(Dataverse(whole=lose(*range(100))), [dry])[0].may_still_land
    assert commit(Dataverse(whole=lose(0)), [dry]) == [DONE]


# What cannot be put together, or is refused with its batch


def fail_to_explain() -> str:
    raise RuntimeError("a filter of a kind that nobody can explain")


def test_one_outcome_that_cannot_be_put_together_among_300_fails_alone() -> None:
    outcomes = [outcome(number) for number in range(300)]
    outcomes[137] = replace(outcomes[137], run=replace(outcomes[137].run, explain=fail_to_explain))
    told: list[int] = []
    dataverse = Dataverse()
    results = commit(dataverse, outcomes, told.append)
    failed = results.pop(137)
    assert failed.written is Written.FAILED
    assert "RuntimeError: a filter of a kind that nobody can explain" in failed.why
    assert results == [DONE] * 299
    assert sum(told) == 300


def test_a_block_of_one_that_cannot_be_put_together_fails_and_nothing_is_sent() -> None:
    dataverse = Dataverse()
    with closing(writer(dataverse)) as ours:
        result = ours.commit_alone([], outcome(0, explain=fail_to_explain))
    assert result.written is Written.FAILED
    assert dataverse.sent == []


WHOLE = [
    (RequestTooLarge(413, "", "m", "", "$batch"), Written.FAILED),
    (BadRequest(400, "", "m", "", "$batch"), Written.FAILED),
    (AccessDenied(403, "", "m", "", "$batch"), Written.FORBIDDEN),
    (UserDisabled(403, "0x80040225", "m", "", "$batch"), Written.FORBIDDEN),
]


@pytest.mark.parametrize(("refused", "written"), WHOLE)
def test_one_outcome_whose_batch_is_refused_among_300_fails_alone(
    refused: DataverseError, written: Written
) -> None:
    dataverse = Dataverse(whole=lambda number, inside: refused if 42 in inside else None)
    results = commit(dataverse, [outcome(number) for number in range(300)])
    assert results.pop(42) == WriteResult(written, str(refused))
    assert results == [DONE] * 299


@pytest.mark.parametrize(("refused", "written"), WHOLE)
def test_a_block_of_one_whose_batch_is_refused_has_that_as_its_result(
    refused: DataverseError, written: Written
) -> None:
    dataverse = Dataverse(whole=lambda number, inside: refused)
    with closing(writer(dataverse)) as ours:
        assert ours.commit_alone([], outcome(0)) == WriteResult(written, str(refused))


# What is left for later, and why


@pytest.mark.parametrize("answer", [refusal(500), LOCKED, QUEUED, refusal(404, "0x80060891")])
@pytest.mark.parametrize("alone", [True, False])
def test_what_dataverse_answers_for_a_record_time_and_again_is_its_own(
    answer: ChangeSetResult, alone: bool
) -> None:
    dataverse = Dataverse(says={0: iter([answer] * 100)})
    with closing(writer(dataverse)) as ours:
        result = ours.commit_alone([], outcome(0)) if alone else commit(dataverse, [outcome(0)])[0]
    assert (result.written, result.is_its_own) == (Written.LATER, True)


def test_what_left_nothing_behind_or_was_only_throttled_is_not_the_records_own() -> None:
    away = CircuitOpen(None, "", "m", "", "$batch", 40.0)
    for dataverse in (
        Dataverse(whole=lambda number, inside: away),
        Dataverse(whole=lose(*range(100))),
        Dataverse(says={0: iter([refusal(429, "0x80072322")] * 100)}),
    ):
        (result,) = commit(dataverse, [outcome(0)])
        assert (result.written, result.is_its_own) == (Written.LATER, False)


def test_how_long_dataverse_asks_to_be_left_alone_is_passed_on() -> None:
    away = CircuitOpen(None, "", "m", "", "$batch", 40.0)
    dataverse = Dataverse(whole=lambda number, inside: away)
    with closing(writer(dataverse)) as ours:
        assert ours.commit_alone([], outcome(0)).retry_after == 40.0
    assert [result.retry_after for result in commit(dataverse, [outcome(0)] * 3)] == [40.0] * 3


@pytest.mark.parametrize("ours", [SEGMENT, RULE, SWEEP])
def test_a_definition_that_was_deleted_meanwhile_is_no_fault_of_the_record(ours: str) -> None:
    (result,) = commit(Dataverse(says={0: iter([missing(ours)])}), [outcome(0)])
    assert (result.written, result.is_its_own) == (Written.LATER, False)


def test_rows_that_were_read_for_an_outcome_and_are_gone_are_read_anew() -> None:
    for gone, entry in (
        (OLD_RUN, counted_up(-1)),
        (ITEM, replace(outcome(0), queue_item=ITEM)),
        (SEGMENT, outcome(0, segment_id=None, previous_segment_id=SegmentId(SEGMENT))),
    ):
        answers = iter([missing(gone)])
        (result,) = commit(Dataverse(says={0: answers, -1: answers}), [entry])
        assert (result.written, result.is_its_own) == (Written.LATER, False)


def test_a_row_that_only_a_plug_in_misses_fails_at_once() -> None:
    (result,) = commit(Dataverse(says={0: iter([missing(str(UUID(int=77)))])}), [outcome(0)])
    assert result.written is Written.FAILED
    assert str(UUID(int=77)) in result.why


def test_the_record_and_its_owner_are_told_apart_from_other_rows() -> None:
    gone, nobody = commit(
        Dataverse(says={0: iter([missing(lead(0))]), 1: iter([missing(ADA)])}),
        [outcome(0), outcome(1)],
    )
    assert (gone.written, nobody.written) == (Written.GONE, Written.REFUSED)


def test_a_record_in_a_queue_stays_for_later_while_its_queue_cannot_be_asked_for() -> None:
    dataverse = Dataverse(says={0: iter([QUEUED])}, reading=AccessDenied(403, "", "m", "", "GET"))
    (result,) = commit(dataverse, [outcome(0)])
    assert result.written is Written.LATER
    assert len(dataverse.sent) == 1


@pytest.mark.parametrize(
    ("whose", "written"), [(ADA, Written.REFUSED), (str(UUID(int=7)), Written.FORBIDDEN)]
)
def test_a_seller_whose_row_cannot_be_written_gets_nothing_and_others_do(
    whose: str, written: Written
) -> None:
    row = SellerRow(str(UUID(int=6)), SellerId(whose), 'W/"7"', 5, None)
    dataverse = Dataverse(says={0: iter([refusal(403, "0x80040220", "not hers")])})
    with closing(writer(dataverse)) as ours:
        result = ours.commit_alone([SellerChange(row, 6, AT, ())], outcome(0))
    assert result.written is written
    assert "not hers" in result.why


def test_a_lock_on_a_sellers_row_is_not_the_records_own() -> None:
    row = SellerRow(str(UUID(int=6)), SellerId(ADA), 'W/"7"', 5, None)
    dataverse = Dataverse(says={0: iter([LOCKED])})
    with closing(writer(dataverse)) as ours:
        result = ours.commit_alone([SellerChange(row, 6, AT, ())], outcome(0))
    assert (result.written, result.is_its_own) == (Written.LATER, False)
