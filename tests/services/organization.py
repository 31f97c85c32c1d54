"""A Dataverse in memory: records, sellers' rows and the run log, each row with a version.

Versions change with every write, and a write that names an old one is refused, so that the real
protocol runs against it. `Connection` is one worker's way to it, with a moment around every call.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from tests.services.fakes import Calls, Clock

from work_assignment.domain.defining.notifications import Kind
from work_assignment.domain.errors import Unavailable
from work_assignment.domain.records import Owner, RecordKey, SellerId
from work_assignment.domain.runs.facts import (
    CurrentRecord,
    Gathered,
    LastRun,
    Result,
    Rulebook,
    SellerRow,
)
from work_assignment.domain.runs.flapping import is_a_change
from work_assignment.domain.runs.news import Change
from work_assignment.domain.runs.outcomes import (
    Committed,
    Notice,
    Outcome,
    RequestSource,
    Run,
    SellerChange,
    Settlement,
    Telling,
    Untold,
    WriteResult,
    Written,
    settled,
)
from work_assignment.domain.runs.sweeps import Page, Place, QueueItem, Scope, SweepKind
from work_assignment.domain.statuses import RoutingStatus

OURSELVES = "app"
LONGEST_REQUEST = timedelta(seconds=75)
_TRIES_TO_SETTLE = 10


@dataclass(slots=True)
class LoggedRun:
    """A row of the run log."""

    run: Run
    attempts: int
    last_attempt_at: datetime
    tell: bool
    written_by: str
    written_at: datetime
    tell_after: datetime | None = None
    others: frozenset[SellerId] = frozenset()
    others_after: datetime | None = None


@dataclass
class Organization:
    """What is stored. `reserve_checks_versions` taken away breaks it, on purpose.

    `refused` are sellers who cannot own records and why, `spoilt` what comes of writing a record.
    """

    clock: Clock
    rulebook: Rulebook
    reserve_checks_versions: bool = True
    records: dict[RecordKey, CurrentRecord] = field(default_factory=dict)
    sellers: dict[str, SellerRow] = field(default_factory=dict)
    runs: dict[str, LoggedRun] = field(default_factory=dict)
    notices: dict[str, Notice] = field(default_factory=dict)
    refused: dict[SellerId, str] = field(default_factory=dict)
    spoilt: dict[RecordKey, Written] = field(default_factory=dict)
    closed_is_closed: bool = False
    told_outside: set[str] = field(default_factory=set)
    queue_items: dict[RecordKey, QueueItem] = field(default_factory=dict)
    _versions: count[int] = field(default_factory=lambda: count(1))

    def version(self) -> str:
        return f'W/"{next(self._versions)}"'

    def change(
        self,
        key: RecordKey,
        *,
        is_open: bool | None = None,
        result: Result | None = None,
        by: str = "somebody",
        **columns: Any,
    ) -> None:
        """Somebody writes fields of a record."""
        current = self.records[key]
        result = current.result if result is None else result
        self.records[key] = CurrentRecord(
            replace(current.record, **{"is_settled": result is Result.SUCCEEDED, **columns}),
            self.version(),
            current.is_open if is_open is None else is_open,
            result,
            by,
            self.whole_second(),
        )

    def whole_second(self) -> datetime:
        """The present, as it is stored."""
        return self.clock().replace(microsecond=0)

    def owned(self, seller: SellerId) -> int:
        return sum(
            current.is_open and current.record.owner == Owner("systemuser", seller)
            for current in self.records.values()
        )

    def runs_of(self, key: RecordKey) -> list[LoggedRun]:
        """The run log of a record, oldest first."""
        return [logged for logged in self.runs.values() if logged.run.key == key]

    def write_sellers(self, changes: Sequence[SellerChange]) -> bool:
        for change in changes:
            stale = self.sellers[change.row.id].version != change.row.version
            if stale and self.reserve_checks_versions:
                return False
        for change in changes:
            self.sellers[change.row.id] = change.row_after(self.version())
        return True

    def notify(self, notices: Sequence[Notice]) -> None:
        for notice in notices:
            run_id = notice.run_id or notice.block_runs[0]
            if notice.after is not None:
                self.runs[run_id].tell, self.runs[run_id].tell_after = True, notice.after
                continue
            if notice.in_app:
                self.notices[notice.id] = notice
            for told in notice.block_runs if notice.kind is Kind.TAKEN_BACK else (run_id,):
                self.runs[told].tell = False

    def notify_others(
        self, notices: Sequence[Notice], others: Mapping[str, frozenset[SellerId]]
    ) -> None:
        for notice in notices:
            if notice.in_app and notice.after is None:
                self.notices[notice.id] = notice
        for run_id in others:
            theirs = [n for n in notices if run_id in n.block_runs and n.after is not None]
            logged = self.runs[run_id]
            logged.others = frozenset(notice.recipient for notice in theirs)
            logged.others_after = min((n.after for n in theirs if n.after), default=None)

    def refusal(self, outcome: Outcome) -> WriteResult | None:
        """Why the outcome cannot be written, if it cannot."""
        if outcome.again is not None:
            gone = outcome.again.id not in self.runs
            return WriteResult(Written.CHANGED) if gone else None
        if outcome.result is None:
            return None
        current, run = self.records.get(outcome.run.key), outcome.run
        if current is None:
            return WriteResult(Written.GONE)
        if current.version != outcome.version:
            return WriteResult(Written.CHANGED)
        assert current.is_open or not run.assigns, "a closed record is left with its owner"
        if not current.is_open and self.closed_is_closed:
            return WriteResult(Written.CHANGED, "it is inactive", is_its_own=True)
        if run.key in self.spoilt:
            spoilt = self.spoilt[run.key]
            return WriteResult(spoilt, "for a reason " * 200, is_its_own=spoilt is Written.LATER)
        gives = run.assigns or outcome.gives_back
        if gives and run.owner and run.owner.id in self.refused:
            return WriteResult(Written.REFUSED, self.refused[SellerId(run.owner.id)])
        return None

    def write(self, outcome: Outcome) -> None:
        run = outcome.run
        if outcome.again is not None:
            logged = self.runs[outcome.again.id]
            logged.attempts, logged.last_attempt_at = outcome.again.attempts + 1, run.decided_at
            return
        at = self.whole_second()
        is_untold = run.tell is Telling.AT_ONCE
        self.runs[run.id] = LoggedRun(
            run, 1, run.decided_at, is_untold, OURSELVES, at, others=run.others
        )
        if outcome.result is not None:
            self._write_record(outcome, outcome.result)

    def _write_record(self, outcome: Outcome, result: Result) -> None:
        run, record = outcome.run, self.records[outcome.run.key].record
        owner = record.owner
        if run.owner is not None and run.owner.type == "queue":
            self.queue_items[run.key] = QueueItem(f"item {run.id}", run.owner.id, is_picked=False)
        elif run.assigns or outcome.gives_back:
            owner = run.owner
        if outcome.queue_item is not None:
            assert self.queue_items.pop(run.key).id == outcome.queue_item
        moved = run.segment_id != run.previous_segment_id
        segment_id = run.segment_id if moved else record.segment_id
        self.change(run.key, result=result, by=OURSELVES, owner=owner, segment_id=segment_id)


class Connection:
    """One worker's Dataverse: what services ask for facts, and where they write outcomes."""

    def __init__(self, organization: Organization, calls: Calls) -> None:
        self._organization = organization
        self._calls = calls

    def own_user_id(self) -> str:
        with self._calls.call("own user"):
            return OURSELVES

    def rulebook(self) -> Rulebook:
        with self._calls.call("rulebook"):
            return self._organization.rulebook

    def gather(self, rulebook: Rulebook, asked: Sequence[RecordKey], *, waiting: int) -> Gathered:
        return self._gather(rulebook, asked, lambda: self._undecided(rulebook, waiting))

    def gather_page(self, rulebook: Rulebook, page: Page) -> Gathered:
        gathered = self._gather(rulebook, (), lambda: self._page(page))
        runs = {c.key: run for c in gathered.waiting if (run := self._last_run(c.key)) is not None}
        reached = {
            current.key.table: Place(current.record.created_at, current.record.id)
            for current in gathered.waiting
        }
        return replace(gathered, last_runs=runs, reached=reached)

    def affected(self, rulebook: Rulebook, changed: Collection[RecordKey]) -> Iterator[RecordKey]:
        """Records whose lookup of a path leads to one of these rows; one join is enough here."""
        with self._calls.call("affected"):
            found = [
                key
                for start, paths in rulebook.reach.paths.items()
                for path in paths
                for key, current in self._organization.records.items()
                if key.table == start
                and current.is_open
                and current.result is not Result.UNDECIDED
                and RecordKey(path.table, str(current.record.columns.get(path.joins[0].own_column)))
                in changed
            ]
        yield from found

    def left_alone(self, after: datetime, until: datetime) -> list[RecordKey]:
        with self._calls.call("left alone"):
            return [
                logged.run.key
                for logged in self._organization.runs.values()
                if logged.run.status is RoutingStatus.LEFT_ALONE
                and after < logged.last_attempt_at <= until
            ]

    def _page(self, page: Page) -> tuple[CurrentRecord, ...]:
        found = [
            current
            for key, current in self._organization.records.items()
            if current.is_open
            and (
                current.result is not Result.SUCCEEDED
                or page.scope.kind is not SweepKind.REASSIGNMENT
            )
            and not (page.failed_only and current.result is Result.UNDECIDED)
            and _is_in(page.scope, current)
            and _is_behind(current, page.after.get(key.table))
        ]
        found.sort(key=lambda current: (current.record.created_at, current.record.id))
        return tuple(found[: page.limit])

    def _gather(
        self,
        rulebook: Rulebook,
        asked: Sequence[RecordKey],
        search: Callable[[], tuple[CurrentRecord, ...]],
    ) -> Gathered:
        organization = self._organization
        with self._calls.call("gather sellers"):
            stamp = organization.rulebook.stamp
            sellers = tuple(organization.sellers.values())
        with self._calls.call("gather counts"):
            counts = Counter(
                current.record.owner.id
                for key, current in organization.records.items()
                if key.table in rulebook.definitions.counted_types
                and current.is_open
                and current.record.owner is not None
            )
        with self._calls.call("gather records"):
            found = {key: organization.records[key] for key in asked if key in organization.records}
            waiting = search()
            runs = {key: run for key in asked if (run := self._last_run(key)) is not None}
        open_counts = {SellerId(owner): number for owner, number in counts.items()}
        return Gathered(stamp, sellers, open_counts, found, waiting, runs)

    def _undecided(self, rulebook: Rulebook, limit: int) -> tuple[CurrentRecord, ...]:
        found = [
            current
            for key, current in self._organization.records.items()
            if key.table in rulebook.definitions.segments
            and current.is_open
            and current.result is Result.UNDECIDED
            and current.record.created_at >= rulebook.definitions.in_scope_since(key.table)
        ]
        found.sort(key=lambda current: (current.record.created_at, current.record.id))
        return tuple(found[:limit])

    def _last_run(self, key: RecordKey) -> LastRun | None:
        runs = [
            run
            for run in self._organization.runs_of(key)
            if run.run.mode == "on" and run.run.status is not RoutingStatus.UNCHANGED
        ]
        if not runs:
            return None
        newest = max(reversed(runs), key=lambda logged: (logged.written_at, logged.run.decided_at))
        run = newest.run
        is_queued = run.owner is not None and run.owner.type == "queue"
        is_user = run.owner is not None and run.owner.type == "systemuser"
        return LastRun(
            run.id,
            run.status,
            run.segment_id,
            run.rule_id,
            newest.last_attempt_at.replace(microsecond=0),
            newest.attempts,
            owner=run.owner if run.owner and not is_queued else run.previous_owner,
            written_at=newest.written_at,
            seller_id=SellerId(run.owner.id) if run.owner and is_user else None,
            previous_owner=run.previous_owner,
            sweep_id=run.sweep_id,
            changed_at=tuple(logged.written_at for logged in runs if _is_a_change(logged.run)),
        )

    def reserve(self, changes: Sequence[SellerChange]) -> list[SellerRow] | None:
        with self._calls.call("reserve"):
            if not self._organization.write_sellers(changes):
                return None
            return [self._organization.sellers[change.row.id] for change in changes]

    def commit_alone(self, changes: Sequence[SellerChange], outcome: Outcome) -> WriteResult:
        with self._calls.call("commit alone"):
            refusal = self._organization.refusal(outcome)
            if refusal is not None:
                return refusal
            if not self._organization.write_sellers(changes):
                return WriteResult(Written.CHANGED)
            self._organization.write(outcome)
            return WriteResult(Written.DONE)

    def commit(
        self,
        outcomes: Sequence[Outcome],
        *,
        until: datetime,
        progress: Callable[[int], object] = lambda count: None,
        landed: Callable[[Sequence[int]], object] = lambda places: None,
    ) -> list[WriteResult]:
        results = []
        for place, outcome in enumerate(outcomes):
            results.append(self._commit_one(outcome, until))
            if results[-1].written is Written.DONE:
                landed([place])
            progress(1)
        return results

    def _commit_one(self, outcome: Outcome, until: datetime) -> WriteResult:
        with self._calls.call("commit"):
            if self._organization.clock() + LONGEST_REQUEST >= until:
                return WriteResult(Written.LATER)
            refusal = self._organization.refusal(outcome)
            if refusal is None:
                self._organization.write(outcome)
            return refusal or WriteResult(Written.DONE)

    def settle(
        self,
        block: str,
        settlement: Settlement,
        notices: Sequence[Notice] = (),
        rows: Sequence[SellerRow] = (),
    ) -> None:
        news = {notice.recipient: notice for notice in notices}
        for _ in range(_TRIES_TO_SETTLE):
            if not rows:
                with self._calls.call("read what to settle"):
                    rows = tuple(self._organization.sellers.values())
            changes = [
                settled(row, block, settlement)
                for row in rows
                if any(entry.block == block for entry in row.reservations)
            ]
            with self._calls.call("settle"):
                if self._organization.write_sellers(changes):
                    told = [news[c.row.seller_id] for c in changes if c.row.seller_id in news]
                    self._organization.notify(told)
                    return
            rows = ()
        raise Unavailable("sellers' rows keep changing")

    def committed(self, blocks: Collection[str]) -> list[Committed]:
        with self._calls.call("read what was committed"):
            return [
                replace(_committed(run), told_outside=run.id in self._organization.told_outside)
                for run in (logged.run for logged in self._organization.runs.values())
                if run.block in blocks and run.assigns and run.owner and run.owner.type != "queue"
            ]

    def tell(self, notices: Sequence[Notice]) -> None:
        with self._calls.call("tell"):
            self._organization.notify(notices)

    def untold(self, *, before: datetime, now: datetime) -> list[Untold]:
        with self._calls.call("untold"):
            return [
                _untold(logged.run)
                for logged in self._organization.runs.values()
                if logged.tell
                and logged.run.decided_at < before
                and (logged.tell_after is None or logged.tell_after <= now)
            ]

    def note_told_outside(self, runs: Collection[str]) -> None:
        with self._calls.call("note told outside"):
            self._organization.told_outside |= set(runs)

    def tell_others(
        self, notices: Sequence[Notice], others: Mapping[str, frozenset[SellerId]]
    ) -> None:
        with self._calls.call("tell others"):
            self._organization.notify_others(notices, others)

    def untold_changes(self, *, before: datetime, now: datetime) -> list[Change]:
        with self._calls.call("untold changes"):
            return [
                replace(logged.run.change, others=logged.others)
                for logged in self._organization.runs.values()
                if logged.others
                and (logged.run.decided_at < before)
                and (logged.others_after is None or logged.others_after <= now)
            ]


def _is_a_change(run: Run) -> bool:
    return is_a_change(
        run.status,
        segment=(run.previous_segment_id, run.segment_id),
        owner=(run.previous_owner, run.owner),
        was_settled=run.previous_result is Result.SUCCEEDED,
        is_by_hand=run.source in (RequestSource.FORCED_BY_HAND, RequestSource.RESEGMENTED_BY_HAND),
    )


def _is_in(scope: Scope, current: CurrentRecord) -> bool:
    start = scope.created_from.get(current.key.table)
    if start is None or current.record.created_at < start:
        return False
    if scope.segment is None or current.record.segment_id == scope.segment.id:
        return True
    return scope.kind is SweepKind.REASSIGNMENT and current.record.segment_id is None


def _is_behind(current: CurrentRecord, place: Place | None) -> bool:
    record = current.record
    return place is None or (record.created_at, record.id) > (place.created_at, place.id)


def _committed(run: Run) -> Committed:
    assert run.owner is not None
    return Committed(
        run.block,
        run.id,
        run.key,
        run.record_name,
        SellerId(run.owner.id),
        run.rule_id,
        run.previous_owner,
        run.names,
    )


def _untold(run: Run) -> Untold:
    is_lost = run.status is RoutingStatus.UNDONE
    told = run.previous_owner if is_lost else run.owner
    assert told is not None
    recipient = SellerId(told.id)
    return Untold(
        run.id, recipient, run.key, run.record_name, is_lost, names=run.names, block=run.block
    )
