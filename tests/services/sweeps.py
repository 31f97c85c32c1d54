"""Sweeps in memory, beside the organisation's records, and a world in which they are swept."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.services.fakes import Calls
from tests.services.organization import Organization
from tests.services.world import World

from work_assignment.domain.records import Owner, RecordKey
from work_assignment.domain.runs.facts import Result
from work_assignment.domain.runs.sweeps import (
    Given,
    Place,
    QueueItem,
    Scope,
    Sweep,
    SweepStatus,
    Swept,
)
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.services.sweep_orders import Order
from work_assignment.services.sweeping import Sweeper, SweepReport
from work_assignment.services.undoing import Undoer, UndoReport


@dataclass
class MemorySweeps:
    """One worker's way to what is stored; `rows` and `unable` are shared by all."""

    organization: Organization
    calls: Calls
    rows: dict[str, Sweep]
    unable_owners: dict[Owner, str]
    saved: list[Sweep] = field(default_factory=list)

    def save(self, sweep: Sweep) -> None:
        with self.calls.call("save the sweep"):
            self.rows[sweep.id] = sweep
            self.saved.append(sweep)

    def read(self, sweep_id: str) -> Sweep | None:
        with self.calls.call("read the sweep"):
            return self.rows.get(sweep_id)

    def in_progress(self) -> list[Sweep]:
        with self.calls.call("read sweeps"):
            return [s for s in self.rows.values() if s.status is SweepStatus.IN_PROGRESS]

    def waiting(
        self, scope: Scope, after: Mapping[str, Place], limit: int
    ) -> list[tuple[RecordKey, Place]]:
        with self.calls.call("read what waits"):
            found = sorted(
                (current.record.created_at, current.record.id, key)
                for key, current in self.organization.records.items()
                if current.is_open
                and current.result is not Result.SUCCEEDED
                and self._is_in(scope, key)
            )
            places = [(key, Place(created, record)) for created, record, key in found]
            return [entry for entry in places if _is_behind(*entry, after)][:limit]

    def _is_in(self, scope: Scope, key: RecordKey) -> bool:
        record = self.organization.records[key].record
        start = scope.created_from.get(key.table)
        if start is None or record.created_at < start:
            return False
        return scope.segment is None or scope.segment.id == record.segment_id

    def given(self, sweep_id: str) -> Given:
        with self.calls.call("read what was given"):
            runs = [
                logged
                for logged in self.organization.runs.values()
                if logged.run.sweep_id == sweep_id and logged.run.mode == "on"
            ]
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
                )
                for logged in runs
                if logged.run.assigns
            ]
            undone = {logged.run.id for logged in runs if logged.run.status is RoutingStatus.UNDONE}
            return Given(tuple(swept), frozenset(undone))

    def unable(self, owners: Collection[Owner]) -> Mapping[Owner, str]:
        with self.calls.call("read owners"):
            return {
                owner: self.unable_owners[owner] for owner in owners & self.unable_owners.keys()
            }

    def queue_items(self, records: Collection[RecordKey]) -> Mapping[RecordKey, QueueItem]:
        with self.calls.call("read queue items"):
            items = self.organization.queue_items
            return {key: items[key] for key in records if key in items}


def _is_behind(key: RecordKey, place: Place, after: Mapping[str, Place]) -> bool:
    last = after.get(key.table)
    return last is None or (place.created_at, place.id) > (last.created_at, last.id)


class SweepWorld(World):
    """A world whose records come in without events, and wait to be swept."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.sweeps: dict[str, Sweep] = {}
        self.unable: dict[Owner, str] = {}

    def store(self, calls: Calls | None = None) -> MemorySweeps:
        return MemorySweeps(self.organization, calls or Calls(), self.sweeps, self.unable)

    def waiting(self, count: int, **changes: Any) -> list[RecordKey]:
        """So many leads that no event told of."""
        return [self.create(number, told=False, **changes) for number in range(1, count + 1)]

    def sweep(
        self,
        calls: Calls | None = None,
        *,
        store: MemorySweeps | None = None,
        stopped: Callable[[], bool] = lambda: False,
        block_size: int = 1000,
        mode: str = "on",
        **order: Any,
    ) -> SweepReport:
        """Sweep what an order of these says."""
        shop = self.shop(calls, mode=mode)
        sweeper = Sweeper(
            shop,
            store or self.store(calls),
            pause=self.clock.advance,
            stopped=stopped,
            block_size=block_size,
        )
        return sweeper.sweep(Order(**order))

    def undo(
        self, sweep_id: str, calls: Calls | None = None, *, dry_run: bool = False, mode: str = "on"
    ) -> UndoReport:
        shop = self.shop(calls, mode=mode)
        undoer = Undoer(shop, self.store(calls), pause=self.clock.advance)
        return undoer.undo(sweep_id, dry_run=dry_run)

    def owners(self, keys: Sequence[RecordKey]) -> list[str]:
        return [self.owner(key) for key in keys]
