"""Sweeps in memory, beside the organisation's records, and a world in which they are swept."""

from __future__ import annotations

from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Any

from tests.services.fakes import NOW, Calls, unavailable
from tests.services.organization import LoggedRun, Organization
from tests.services.world import World

from work_assignment.domain.records import Owner, RecordKey
from work_assignment.domain.runs.facts import Result
from work_assignment.domain.runs.sweeps import (
    Place,
    QueueItem,
    Scope,
    Sweep,
    SweepKind,
    SweepOutcome,
    SweepStatus,
    Swept,
)
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.services.sweep_desk import SweepDesk
from work_assignment.services.sweep_orders import Order
from work_assignment.services.sweep_reports import SweepReport
from work_assignment.services.sweep_requests import QUEUE, SweepRequests
from work_assignment.services.sweep_sessions import Tools
from work_assignment.services.sweeping import Sweeper
from work_assignment.services.undoing import Following, Undoer, UndoReport

EIGHT_MINUTES = timedelta(minutes=8)
ID = "6b2d5f0e-5d0a-4c55-9a39-3f7f1f3f8a01"
PLACED = (RoutingStatus.ASSIGNED, RoutingStatus.ASSIGNED_BY_HAND)
_ORDER = {field.name for field in fields(Order)}


@dataclass
class MemorySweeps:
    """One worker's way to what is stored; `rows`, `times` and `unable` are shared by all.

    `times` are those at which rows were written.
    """

    organization: Organization
    calls: Calls
    rows: dict[str, Sweep]
    times: dict[str, datetime]
    unable_owners: dict[Owner, str]
    most_counted: int | None = None
    saved: list[Sweep] = field(default_factory=list)

    def save(self, sweep: Sweep) -> Sweep | None:
        with self.calls.call("save the sweep"):
            stored = self.rows.get(sweep.id)
            if (stored.version if stored else "") != sweep.version:
                return None
            asked_at = stored.asked_at if stored else self.organization.clock()
            written = replace(sweep, version=self.organization.version(), asked_at=asked_at)
            self.rows[sweep.id] = written
            self.times[sweep.id] = self.organization.clock()
            self.saved.append(written)
            return written

    def read(self, sweep_id: str) -> Sweep | None:
        with self.calls.call("read the sweep"):
            return self._as_read(sweep_id) if sweep_id in self.rows else None

    def _as_read(self, sweep_id: str) -> Sweep:
        idle = self.organization.clock() - self.times[sweep_id]
        return replace(self.rows[sweep_id], idle=idle)

    def going_on(self) -> list[Sweep]:
        with self.calls.call("read sweeps"):
            return [self._as_read(s.id) for s in self.rows.values() if s.is_going_on]

    def count(self, scope: Scope) -> int | None:
        raise AssertionError("no service counts what waits")

    def placed(self, sweep_id: str, since: datetime | None) -> Mapping[RoutingStatus, int] | None:
        with self.calls.call("count what was placed"):
            runs = (logged.run for logged in self._runs(sweep_id))
            found = Counter(run.status for run in runs if since is None or run.decided_at >= since)
            is_many = self.most_counted is not None and found.total() > self.most_counted
            if since is None and is_many:
                return None
            return {status: found[status] for status in PLACED}

    def _runs(self, sweep_id: str) -> list[LoggedRun]:
        logged = self.organization.runs.values()
        return [one for one in logged if one.run.sweep_id == sweep_id and one.run.mode == "on"]

    def outcomes(self, sweep_id: str, since: datetime | None = None) -> list[SweepOutcome]:
        with self.calls.call("read what was written"):
            return [
                _outcome(logged)
                for logged in self._runs(sweep_id)
                if since is None or logged.last_attempt_at >= since
            ]

    def given(self, sweep: Sweep, behind: Place | None, limit: int) -> list[Swept]:
        with self.calls.call("read what was given"):
            swept = [
                Swept(
                    logged.run.id,
                    logged.run.key,
                    logged.run.record_name,
                    logged.run.owner,
                    logged.run.previous_owner,
                    logged.run.previous_segment_id,
                    logged.written_by,
                    logged.written_at,
                    is_placed=logged.run.assigns,
                    was_settled=logged.run.previous_result is Result.SUCCEEDED,
                )
                for logged in self._runs(sweep.id)
                if logged.run.assigns or _is_changed(sweep, logged)
            ]
            later = [entry for entry in swept if behind is None or _is_behind(entry.place, behind)]
            later.sort(key=lambda entry: (entry.place.created_at, entry.place.id))
            return later[:limit]

    def runs_there(self, run_ids: Sequence[str]) -> frozenset[str]:
        with self.calls.call("read what was undone"):
            return frozenset(run_ids) & self.organization.runs.keys()

    def unable(self, owners: Collection[Owner]) -> Mapping[Owner, str]:
        with self.calls.call("read owners"):
            return {
                owner: self.unable_owners[owner] for owner in owners & self.unable_owners.keys()
            }

    def queue_items(self, records: Collection[RecordKey]) -> Mapping[RecordKey, QueueItem]:
        with self.calls.call("read queue items"):
            items = self.organization.queue_items
            return {key: items[key] for key in records if key in items}


def _is_changed(sweep: Sweep, logged: LoggedRun) -> bool:
    had_outcome = logged.run.previous_result is not Result.UNDECIDED and logged.attempts == 1
    return sweep.kind is not SweepKind.REASSIGNMENT and had_outcome


def _outcome(logged: LoggedRun) -> SweepOutcome:
    run = logged.run
    return SweepOutcome(
        run.id,
        run.key,
        run.record_name,
        run.segmentation,
        run.status,
        run.reason,
        run.block,
        run.segment_id,
        run.previous_segment_id,
        run.owner,
        run.previous_owner,
    )


def _is_behind(place: Place, other: Place) -> bool:
    return (place.created_at, place.id) > (other.created_at, other.id)


class SweepWorld(World):
    """A world whose records come in without events, and wait to be swept."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.sweeps: dict[str, Sweep] = {}
        self.written_at: dict[str, datetime] = {}
        self.unable: dict[Owner, str] = {}
        self._clock_set_by = timedelta(0)

    def set_clock(self, by: timedelta) -> None:
        """Somebody sets the clock; no time passes."""
        self.clock.advance(by)
        self._clock_set_by += by

    def monotonic(self) -> float:
        """The seconds that passed, whatever the clock says."""
        return (self.clock() - NOW - self._clock_set_by).total_seconds()

    def store(self, calls: Calls | None = None) -> MemorySweeps:
        return MemorySweeps(
            self.organization, calls or Calls(), self.sweeps, self.written_at, self.unable
        )

    def waiting(self, count: int, **changes: Any) -> list[RecordKey]:
        """So many leads that no event told of."""
        return [self.create(number, told=False, **changes) for number in range(1, count + 1)]

    def sweeper(
        self,
        calls: Calls | None = None,
        *,
        store: MemorySweeps | None = None,
        stopped: Callable[[], bool] = lambda: False,
        progress: Callable[[SweepReport], object] = lambda report: None,
        block_size: int | None = 1000,
        mode: str = "on",
        shared_lease: bool = False,
    ) -> Sweeper:
        """A worker that sweeps; `calls` are the moments at which a test interferes with it."""
        shop = self.shop(calls, mode=mode, shared_lease=shared_lease)
        return Sweeper(
            Tools(
                replace(shop, monotonic=self.monotonic),
                store or self.store(calls),
                pause=self.clock.advance,
                stopped=stopped,
                progress=progress,
                block_size=block_size,
            )
        )

    def sweep(self, calls: Calls | None = None, **more: Any) -> SweepReport:
        """Sweep what an order of these words says; the others are the worker's."""
        said = {word: more.pop(word) for word in _ORDER if word in more}
        return self.sweeper(calls, **more).sweep(Order(**said))

    def carry_on(self, sweep_id: str, calls: Calls | None = None, **worker: Any) -> bool:
        """Let the app go on with a sweep for eight minutes."""
        return self.sweeper(calls, **worker).carry_on(sweep_id, EIGHT_MINUTES)

    def undo(
        self,
        sweep_id: str,
        calls: Calls | None = None,
        *,
        dry_run: bool = False,
        mode: str = "on",
        following: Following | None = None,
    ) -> UndoReport:
        shop = self.shop(calls, mode=mode)
        undoer = Undoer(shop, self.store(calls), pause=self.clock.advance, following=following)
        return undoer.undo(sweep_id, dry_run=dry_run)

    def owners(self, keys: Sequence[RecordKey]) -> list[str]:
        return [self.owner(key) for key in keys]


def queued(world: SweepWorld, sweep_id: str = ID, **columns: Any) -> Sweep:
    """A row that somebody wrote to have it swept."""
    row = Sweep(sweep_id, "", SweepStatus.QUEUED, world.clock(), **columns)
    saved = world.store().save(row)
    assert saved is not None
    return saved


def desk(world: SweepWorld, **worker: Any) -> SweepDesk:
    @contextmanager
    def sweeper() -> Iterator[Sweeper]:
        yield world.sweeper(**worker)

    mode, store = worker.get("mode", "on"), world.store(worker.get("calls"))
    return SweepDesk(SweepRequests(world.queues), store, sweeper, world.clock, mode)


def answer_all(world: SweepWorld, office: SweepDesk, *, most: int = 30) -> int:
    """Let the app answer message after message, each when it is due; says how many there were."""
    for number in range(most):
        due = world.queues.due(QUEUE)
        if not due:
            return number
        world.clock.now = max(world.clock.now, due[0])
        (message,) = world.queues.receive(QUEUE, limit=1, hidden_for=timedelta(minutes=10))
        office.answer(b64decode(message.text).decode())
        world.queues.delete_many(QUEUE, [message])
    raise AssertionError(f"sweeps still are on the queue after {most} messages")


def hiccup(world: SweepWorld, moment: str) -> Callable[[], None]:
    """What a storage that cannot be used comes to at a moment of the lease, or Dataverse at another.

    A lease that was not let go is held in nobody's hands, until it expires by itself.
    """

    def lose_the_lease() -> None:
        world.leases.holder = object()

    is_held = "renew" in moment or "release" in moment
    return lose_the_lease if is_held else unavailable


def row(world: SweepWorld) -> Sweep:
    (found,) = world.sweeps.values()
    return found


def all_assigned(world: SweepWorld, keys: list[RecordKey]) -> bool:
    return all(world.statuses(key) == [RoutingStatus.ASSIGNED] for key in keys)
