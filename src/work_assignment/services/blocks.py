"""One block of records: decide, reserve, commit, settle, and tell the sellers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from work_assignment.domain.deciding.decisions import Unassigned, Unchanged
from work_assignment.domain.defining.policy import RoundRobinScope
from work_assignment.domain.defining.sellers import Standing
from work_assignment.domain.records import Owner, RecordKey, SellerId
from work_assignment.domain.runs.facts import Gathered, Rulebook, SellerRow
from work_assignment.domain.runs.outcomes import (
    Outcome,
    Run,
    SellerChange,
    Telling,
    WriteResult,
    Written,
)
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.services import telemetry
from work_assignment.services.block_decisions import decided
from work_assignment.services.block_lines import ANEW, UNWRITTEN, WAITS, BlockLines
from work_assignment.services.giving_up import note_not_given_back
from work_assignment.services.notifying import Teller
from work_assignment.services.ports import RunReport
from work_assignment.services.recording import Writer, refused
from work_assignment.services.settling import Settler, committed_of, turns_given
from work_assignment.services.standings import (
    Block,
    changes,
    note_received,
    stand,
)
from work_assignment.services.triage import Triage
from work_assignment.services.workshop import Workshop

RESERVED_FOR = timedelta(minutes=5)
RESERVED_FOR_MANY = timedelta(minutes=10)
"""For blocks that many batches commit."""
_MANY = 500

_log = telemetry.logger(__name__)


class Finishing(Protocol):
    """Who is to be told of records that are done with."""

    def finish(self, keys: Iterable[RecordKey]) -> object:
        """Everything that was asked for these records is written."""


@dataclass(slots=True)
class _End:
    """What a block's writes came to: records that are done with, runs whose sellers are to be told,
    runs that gave a record another segment or owner, for its sequence,
    and rows that only the log gets; with `again` something is to be decided anew. `lines` are what
    the log says of the others.
    """

    done: list[RecordKey] = field(default_factory=list)
    told: list[Run] = field(default_factory=list)
    moved: list[Run] = field(default_factory=list)
    gone: list[Outcome] = field(default_factory=list)
    noted: list[Outcome] = field(default_factory=list)
    unwritten: list[Outcome] = field(default_factory=list)
    again: bool = False
    lines: BlockLines = field(default_factory=BlockLines)


class Blocks:
    """Works blocks off, and remembers between them what the last writes taught.

    `owners_seen` are the owners that records had when a write found them changed, `barred` the
    sellers whom Dataverse refused and why, `unwritable` the records that it would not let us write,
    `troubled` those that it answers and does not write now, and why; `put_off` are all that were
    not written at their last try, and why; `retry_after` is the longest time, in seconds, that it
    asked us to wait.

    Runs belong to the sweep of `sweep_id`, if any, which `asked_by` wanted, and `note` is called
    with each that is written.
    `left` is called with each decision that leaves its record as it is and needs no row;
    `on_reserved` when a block's shares are on the sellers' rows, so that others may decide
    while it commits; `progress` with how many of its records have become final, and before it
    `landed` with the runs of those that were written, as far as their answers came.
    """

    def __init__(
        self,
        shop: Workshop,
        asking: Finishing,
        report: RunReport,
        *,
        sweep_id: str | None = None,
        asked_by: SellerId | None = None,
        note: Callable[[Run], object] = lambda run: None,
        left: Callable[[Unassigned | Unchanged], object] = lambda decision: None,
        on_reserved: Callable[[], object] = lambda: None,
        progress: Callable[[int], object] = lambda count: None,
        landed: Callable[[Sequence[Run]], object] = lambda runs: None,
    ) -> None:
        self._shop = shop
        self._asking = asking
        self._report = report
        self._sweep_id = sweep_id
        self._asked_by = asked_by
        self._note = note
        self._left = left
        self._on_reserved = on_reserved
        self._progress = progress
        self._landed = landed
        self._teller = Teller(shop)
        self._settler = Settler(shop, self._teller)
        self.barred: dict[SellerId, str] = {}
        self.unwritable: set[RecordKey] = set()
        self.troubled: dict[RecordKey, str] = {}
        self.put_off: dict[RecordKey, str] = {}
        self.retry_after = 0.0
        self.owners_seen: dict[RecordKey, Owner | None] = {}

    def work_off(
        self, rulebook: Rulebook, gathered: Gathered, sorted_out: Triage, now: datetime
    ) -> bool:
        """Decide and write a block; says whether some of it must be decided anew.

        `now` is a moment before the facts were read.
        """
        self._teller.follow(rulebook)
        if self._shop.mode == "on" and self._settler.settle_the_dead(gathered, now):
            return True
        block_id = self._shop.new_id()
        telemetry.note(block=block_id)
        writer = Writer(
            block_id,
            self._shop.mode,
            now,
            rulebook.owner_column,
            self._sweep_id,
            gathered.followers,
            self._asked_by,
        )
        standings = stand(rulebook.definitions.sellers, gathered, self.barred, now)
        _receive(sorted_out, standings, now)
        outcomes = [
            *_noted(sorted_out, gathered, writer),
            *self._decide(rulebook, gathered, sorted_out, standings, writer),
        ]
        if not outcomes:
            return False
        alone = len(outcomes) == 1
        reserved_for = RESERVED_FOR_MANY if len(outcomes) > _MANY else RESERVED_FOR
        rounds = rulebook.definitions.policy.round_robin_scope
        given = turns_given(outcomes, by_rule=rounds is RoundRobinScope.RULE)
        block = Block(block_id, now + reserved_for, given)
        touched: list[SellerChange] = []
        if self._shop.mode == "on":
            touched = changes(gathered.sellers, standings, block, alone=alone)
        if not alone:
            outcomes = list(map(_told_with_block, outcomes))
        results = self._write(block, touched, outcomes)
        if results is None:
            self._report.conflicts += telemetry.count("conflicts")
            return True
        return self._close(outcomes, results, writer)

    def _write(
        self, block: Block, touched: Sequence[SellerChange], outcomes: Sequence[Outcome]
    ) -> list[WriteResult] | None:
        """Reserve, commit and settle; None when a seller's row had changed and nothing is written."""
        store = self._shop.outcomes
        if len(outcomes) == 1:
            with telemetry.timed("commit"):
                return [store.commit_alone(touched, outcomes[0])]
        with telemetry.timed("reserve"):
            rows = store.reserve(touched) if touched else []
        if rows is None:
            return None
        self._on_reserved()
        with telemetry.timed("commit"):
            results = store.commit(
                outcomes,
                until=block.expires_at,
                progress=self._progress,
                landed=lambda places: self._landed([outcomes[place].run for place in places]),
            )
        if any(result.may_still_land for result in results):
            _log.warning("block %s keeps its shares: something may still land", block.id)
        elif block.given and touched:
            self._settle(block.id, outcomes, results, rows)
        return results

    @telemetry.timed("settle")
    def _settle(
        self,
        block: str,
        outcomes: Sequence[Outcome],
        results: Sequence[WriteResult],
        rows: Sequence[SellerRow],
    ) -> None:
        pairs = list(zip(outcomes, results, strict=True))
        committed = [outcome.run for outcome, r in pairs if r.written is Written.DONE]
        refused = [outcome.run for outcome, r in pairs if r.written is Written.REFUSED]
        self._settler.settle(
            block, committed_of(committed), rows, refused=frozenset(run.key.id for run in refused)
        )

    @telemetry.timed("decide")
    def _decide(
        self,
        rulebook: Rulebook,
        gathered: Gathered,
        sorted_out: Triage,
        standings: dict[SellerId, Standing],
        writer: Writer,
    ) -> list[Outcome]:
        verdict = decided(
            rulebook,
            gathered,
            sorted_out,
            standings,
            writer,
            solver=self._shop.solver,
            barred=self.barred,
        )
        self._report.waited.update(verdict.held)
        for key in verdict.held:
            self.put_off.pop(key, None)
        self._asking.finish(verdict.as_they_were)
        for decision in verdict.left:
            self._left(decision)
        return verdict.outcomes

    def _close(
        self, outcomes: Sequence[Outcome], results: Sequence[WriteResult], writer: Writer
    ) -> bool:
        """Draw the consequences of what was and was not written."""
        end = _End()
        for outcome, result in zip(outcomes, results, strict=True):
            self._learn(outcome, result, writer, end)
        end.lines.tell()
        gone_logged, unwritten_logged = self._log(end.gone), self._log(end.unwritten)
        noted_logged = self._log(end.noted)
        self._report.by_hand += telemetry.count("by_hand", len(noted_logged))
        self._report.gone += telemetry.count("gone", len(gone_logged))
        self._report.unassigned += len(unwritten_logged)
        for outcome in end.unwritten:
            if outcome.run.key in unwritten_logged:
                self._note(outcome.run)
                telemetry.count_unassigned(outcome.run.status.name)
        logged = [*gone_logged, *unwritten_logged, *noted_logged]
        if end.moved:
            self._shop.sequences.follow(end.moved)
        self._asking.finish([*end.done, *logged])
        self._teller.tell(end.told)
        is_all_logged = len(logged) == len(end.gone + end.unwritten + end.noted)
        return end.again or not is_all_logged

    def _learn(self, outcome: Outcome, result: WriteResult, writer: Writer, end: _End) -> None:
        """Sort one outcome by what became of it, and remember what that teaches."""
        run = outcome.run
        match result.written:
            case Written.DONE:
                _log.info("%s", run.reason, run=run)
                self._count(run.status)
                self._note(run)
                end.done.append(run.key)
                self.troubled.pop(run.key, None)
                self.put_off.pop(run.key, None)
                if run.tell is Telling.AT_ONCE or run.others:
                    end.told.append(run)
                if _has_moved(outcome):
                    end.moved.append(run)
            case Written.CHANGED if result.is_its_own and _is_noted(outcome):
                # Who is chosen for a closed record is noted in the log alone, if it must be.
                end.noted.append(replace(outcome, result=None))
            case Written.CHANGED:
                end.lines.note(ANEW, result.why, run)
                self.put_off.pop(run.key, None)
                self.owners_seen[run.key] = run.previous_owner
                end.again = True
            case Written.GONE:
                end.gone.append(writer.deleted(run.key))
            case Written.FORBIDDEN | Written.FAILED:
                end.lines.note(UNWRITTEN, result.why, run)
                self.unwritable.add(run.key)
                end.unwritten.append(refused(outcome, result))
            case Written.REFUSED if outcome.gives_back:
                if note_not_given_back(self._shop, run, result.why):
                    end.done.append(run.key)
                else:
                    end.again = True
            case Written.REFUSED if run.owner is not None:
                self.barred[SellerId(run.owner.id)] = result.why
                end.again = True
            case _:
                end.lines.note(WAITS, result.why, run)
                self.put_off[run.key] = result.why
                end.again = True
                self.retry_after = max(self.retry_after, result.retry_after or 0.0)
                if result.is_its_own:
                    self.troubled[run.key] = result.why

    def _log(self, outcomes: Sequence[Outcome]) -> list[RecordKey]:
        """Write run rows alone; says whose are written, or never will be."""
        if not outcomes:
            return []
        # No reservation is at stake, so there is no hurry.
        until = self._shop.clock() + RESERVED_FOR
        results = self._shop.outcomes.commit(outcomes, until=until)
        return [
            outcome.run.key
            for outcome, result in zip(outcomes, results, strict=True)
            if result.written is not Written.LATER
        ]

    def _count(self, status: RoutingStatus) -> None:
        match status:
            case RoutingStatus.ASSIGNED:
                self._report.assigned += telemetry.count("assigned")
            case RoutingStatus.ASSIGNED_BY_HAND:
                self._report.by_hand += telemetry.count("by_hand")
            case _:
                self._report.unassigned += 1
                telemetry.count_unassigned(status.name)

    def tell_the_untold(self) -> None:
        """Tell what a worker that died did not get to tell, and what is due by now."""
        self._teller.tell_untold()


def _receive(sorted_out: Triage, standings: Mapping[SellerId, Standing], now: datetime) -> None:
    """What people gave to sellers moves them to the end of the round."""
    for current in sorted_out.by_hand:
        if current.is_open:
            note_received(standings, current.record.owner, now)
    for _, owner in sorted_out.give_back:
        note_received(standings, owner, now, opens=1)


def _noted(sorted_out: Triage, gathered: Gathered, writer: Writer) -> Iterator[Outcome]:
    """What is to be said of records on which nothing is decided."""
    yield from map(writer.deleted, sorted_out.deleted)
    yield from map(writer.closed, sorted_out.closed)
    for current in sorted_out.by_hand:
        yield writer.by_hand(current, gathered.last_runs.get(current.key))
    for current, owner in sorted_out.give_back:
        yield writer.give_back(current, owner)


def _is_noted(outcome: Outcome) -> bool:
    """Whether an outcome only notes who has the record."""
    return outcome.run.status is RoutingStatus.ASSIGNED_BY_HAND and not outcome.gives_back


def _has_moved(outcome: Outcome) -> bool:
    """Whether it was written on the record that it has another segment or owner than before."""
    run = outcome.run
    if outcome.result is None or outcome.again is not None:
        return False
    is_another_owner = (run.assigns or outcome.gives_back) and run.owner != run.previous_owner
    return is_another_owner or run.segment_id != run.previous_segment_id


def _told_with_block(outcome: Outcome) -> Outcome:
    if outcome.run.tell is Telling.NOBODY:
        return outcome
    return replace(outcome, run=replace(outcome.run, tell=Telling.WITH_BLOCK))
