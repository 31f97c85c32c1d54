"""Reconciling: what no webhook told of is found by reading what changed, and told as if one had."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Protocol

from pydantic import TypeAdapter, ValidationError

from work_assignment.domain.errors import Refused, Unavailable
from work_assignment.domain.runs.changes import (
    ChangedRow,
    ChangePage,
    ChangeTable,
    Found,
    How,
    LinkLost,
    Notebook,
    Reading,
    Standing,
)
from work_assignment.domain.runs.facts import Rulebook
from work_assignment.services import telemetry
from work_assignment.services.bell import Bell
from work_assignment.services.events import FOUND, Event
from work_assignment.services.intake import QUEUE
from work_assignment.services.ports import Clock, Facts, Lease, Leases, Queues
from work_assignment.services.seen import Notes

LEASE = NOTE = "reconcile"
TIME_BUDGET = timedelta(minutes=8)
"""A worker hands on before the function's own time ends."""
CHORE_BUDGET = timedelta(seconds=30)
"""What a bell's worker spends on what was handed on: it has had its own work before."""
MOST_DELETED = 1000
"""Of one table. More were deleted on purpose and in bulk: nobody asks what became of each."""
_AT_ONCE = 500
_LOOKS = 3
"""At one table, before a link that is lost each time is taken for a problem."""

_log = telemetry.logger(__name__)
_notebook = TypeAdapter(Notebook)


class Changes(Protocol):
    """Tables, and what changed in them. Raises Unavailable, and Refused for what does not pass."""

    def table(self, name: str) -> ChangeTable | None:
        """A table as it is defined now; None when there is no such table."""

    def whole(self, table: ChangeTable) -> ChangePage:
        """The first page of all rows; behind the last stands the token of a later look."""

    def modified(self, table: ChangeTable, since: datetime) -> ChangePage:
        """The first page of what was modified at a moment or later, oldest first."""

    def further(self, table: ChangeTable, link: str) -> ChangePage:
        """What a page's link, or a token, leads to. Raises LinkLost."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a reconcile found, by table, as far as it is by now; `left` are tables still to look at.

    `why` says what kept it from its end: another worker, an app that is off, Dataverse away.
    """

    found: dict[str, Found]
    left: tuple[str, ...] = ()
    why: str = ""

    @property
    def is_complete(self) -> bool:
        """Whether every table was read to its end."""
        return not self.why and not self.left and not any(f.problem for f in self.found.values())


@dataclass(frozen=True)
class Reconciler:
    """Looks through the watched tables, one worker at a time, in pieces that fit into a function's time.

    A page's events are queued before its link is noted: who dies in between tells them again, and
    that changes nothing. Where a lease is lost two workers tell the same.
    """

    changes: Changes
    facts: Facts
    queues: Queues[Any]
    bell: Bell
    leases: Leases
    notes: Notes
    clock: Clock
    monotonic: Callable[[], float]
    mode: str = "on"

    def begin(self, budget: timedelta | None = TIME_BUDGET) -> Reconciled:
        """Look at every watched table; with no `budget` to the end."""
        return self._with_lease(budget, is_new=True)

    def go_on(self, budget: timedelta | None = CHORE_BUDGET) -> Reconciled:
        """Go on with what was handed on, or could not be begun, if anything was."""
        if self.mode == "off" or not self._read_notebook().is_unfinished:
            return Reconciled({})
        return self._with_lease(budget, is_new=False)

    def look_after(self) -> None:
        """The same as a chore: what cannot be done now is done another minute."""
        try:
            self.go_on()
        except Unavailable as exc:
            _log.warning("reconciling goes on later: %s", exc)

    def _with_lease(self, budget: timedelta | None, *, is_new: bool) -> Reconciled:
        if self.mode == "off":
            return Reconciled({}, why="the app is switched off")
        lease = self.leases.acquire(LEASE)
        if lease is None:
            return Reconciled({}, why="another worker is at it")
        try:
            book = self._read_notebook()
            if is_new:
                # First of all: while Dataverse is away a night is put off, not left out.
                book = replace(book, is_due=True)
                self.note(book)
            return _Session(self, lease, budget, book).run()
        finally:
            lease.release()

    def _read_notebook(self) -> Notebook:
        text = self.notes.read(NOTE)
        try:
            return Notebook() if text is None else _notebook.validate_json(text)
        except ValidationError as exc:
            _log.error("what reconciling has noted cannot be read, it begins anew: %s", exc)
            return Notebook()

    def note(self, book: Notebook) -> None:
        """Keep where reconciling stands."""
        self.notes.write(NOTE, _notebook.dump_json(book).decode())


class _HandOn(Exception):
    """This worker's time, or its lease, has ended."""


class _Session:
    """One worker's time with the lease."""

    def __init__(
        self, tools: Reconciler, lease: Lease, budget: timedelta | None, book: Notebook
    ) -> None:
        self._tools = tools
        self._lease = lease
        self._until = None if budget is None else tools.monotonic() + budget.total_seconds()
        self._own_user_id = tools.facts.own_user_id()
        self._queued = 0
        self._book = book

    def run(self) -> Reconciled:
        """Look at table after table until all are read, or the time is over."""
        rulebook = self._tools.facts.rulebook()
        if self._book.is_due:
            tables = tuple(sorted({*rulebook.watched, *rulebook.columns}))
            self._note(self._book.begun(tables, self._tools.clock()))
        why = ""
        try:
            for name in self._book.left:
                self._look_through(name, rulebook)
        except _HandOn as exc:
            why = str(exc)
        finally:
            if self._queued:
                self._tools.bell.ring("reconcile")
        return Reconciled(
            {name: standing.found for name, standing in self._book.tables.items()},
            self._book.left,
            why,
        )

    def _note(self, book: Notebook) -> None:
        self._tools.note(book)
        self._book = book

    def _look_through(self, name: str, rulebook: Rulebook) -> None:
        """Read a table to its end; what is refused is said, and keeps no other table waiting."""
        before = self._book.tables.get(name, Standing())
        try:
            table = self._tools.changes.table(name)
            if table is None:
                raise Refused("there is no such table")
            if not (table.tracks_changes or table.has_times):
                raise Refused(
                    "it does not track changes, nor do its rows say when they were modified"
                )
            self._read(table, is_routed=name in rulebook.columns)
        except Refused as exc:
            standing = self._book.tables.get(name, before)
            found = replace(standing.found, problem=str(exc))
            self._note(self._book.after(name, replace(standing, found=found), is_done=True))
            _log.error("reconcile: %s cannot be read: %s", name, exc)
        except (Unavailable, _HandOn):
            raise
        except Exception as exc:
            # Its place stays noted, so that it goes on from there another night.
            _log.exception("reconcile: %s cannot be looked through", name)
            standing = self._book.tables.get(name, before)
            found = replace(standing.found, problem=f"{type(exc).__name__}: {exc}")
            self._note(self._book.after(name, replace(standing, found=found), is_done=True))

    def _read(self, table: ChangeTable, *, is_routed: bool) -> None:
        looks = 1
        while True:
            standing = self._book.tables.get(table.name, Standing())
            reading = standing.reading or standing.next_reading(table, self._tools.clock())
            self._keep()
            try:
                page = self._page(table, reading)
            except LinkLost as exc:
                if looks == _LOOKS:
                    raise Refused(f"its pages are lost time and again: {exc}") from exc
                looks += 1
                _log.warning("reconcile: %s is read anew: %s", table.name, exc)
                self._note(self._book.after(table.name, standing.without_token(), is_done=False))
                continue
            found = self._tell(page.rows, reading, standing.found, table.name, is_routed=is_routed)
            standing = standing.behind(page, reading, found)
            is_done = standing.reading is None
            self._note(self._book.after(table.name, standing, is_done=is_done))
            if is_done:
                _log_found(table, found)
                return

    def _page(self, table: ChangeTable, reading: Reading) -> ChangePage:
        if reading.link is not None:
            return self._tools.changes.further(table, reading.link)
        if reading.how is not How.MODIFIED:
            return self._tools.changes.whole(table)
        if reading.told_from is None:
            return ChangePage(())  # nothing is told of a first look, and there is no token to fetch
        return self._tools.changes.modified(table, reading.told_from)

    def _keep(self) -> None:
        """Hold the lease; hand on where the time is over, or somebody else may have it."""
        if self._until is not None and self._tools.monotonic() >= self._until:
            raise _HandOn("its time is over, the next worker goes on")
        if not self._lease.renew():
            raise _HandOn("another worker may be at it")

    def _tell(
        self,
        rows: Sequence[ChangedRow],
        reading: Reading,
        found: Found,
        table: str,
        *,
        is_routed: bool,
    ) -> Found:
        """Queue what is news; what it comes to with what was found before."""
        news = [row for row in rows if reading.tells_of(row)]
        gone = [row for row in news if row.is_deleted]
        # Every write of ours to a record knew all that was written before it.
        others = [
            row
            for row in news
            if not row.is_deleted and not (is_routed and row.by == self._own_user_id)
        ]
        told = list(others)
        if is_routed and found.deleted + len(gone) <= MOST_DELETED:
            told += gone
        self._queue([_event(table, row, self._tools.clock()) for row in told])
        return replace(
            found,
            how=reading.how,
            is_first=reading.told_from is None,
            read=found.read + len(rows),
            changed=found.changed + len(news) - len(gone),
            deleted=found.deleted + len(gone),
            own=found.own + len(news) - len(gone) - len(others),
            queued=found.queued + len(told),
        )

    def _queue(self, events: Sequence[Event]) -> None:
        """Queue events, a few hundred at a time: a queue takes a while for thousands."""
        for part in _parts(events, _AT_ONCE):
            # Before: of a part that fails some may lie there.
            self._queued += telemetry.count("queued", len(part))
            self._tools.queues.put_many(QUEUE, [event.to_text() for event in part])
            if not self._lease.renew():
                raise _HandOn("another worker may be at it")


def _event(table: str, row: ChangedRow, now: datetime) -> Event:
    return Event(
        table=table,
        record_id=row.id,
        message="Delete" if row.is_deleted else "Update",
        occurred_at=row.at or now,
        user_id=row.by or "",
        depth=FOUND,
    )


def _parts(events: Sequence[Event], size: int) -> Iterator[list[Event]]:
    rest = iter(events)
    while part := list(islice(rest, size)):
        yield part


def _log_found(table: ChangeTable, found: Found) -> None:
    if found.is_first and not table.tracks_changes:
        _log.warning(
            "reconcile: %s does not track changes, so it is asked what was modified: rows that are "
            "deleted are not found. 'Track changes' of the table's settings switches it on",
            table.name,
        )
    if found.is_first:
        _log.info(
            "reconcile: %s is looked at for the first time: %d rows, none is told of; what changes "
            "from now on is found",
            table.name,
            found.read,
        )
        return
    _log.info(
        "reconcile: %s by %s: %d changed, of which %d by us, %d deleted; %d told of",
        table.name,
        found.how.value,
        found.changed,
        found.own,
        found.deleted,
        found.queued,
    )
    if found.deleted > MOST_DELETED:
        _log.warning("reconcile: %d rows of %s were deleted in bulk", found.deleted, table.name)
