"""Tables that change, and what reconcilers of one app share, in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from tests.services.fakes import Clock, MemoryQueues

from work_assignment.domain.deciding.definitions import define
from work_assignment.domain.defining.policy import Policy
from work_assignment.domain.errors import Refused, Unavailable
from work_assignment.domain.runs.changes import ChangedRow, ChangePage, ChangeTable, Found, LinkLost
from work_assignment.domain.runs.facts import Rulebook
from work_assignment.services.bell import Bell
from work_assignment.services.events import Event
from work_assignment.services.reconciling import LEASE, Reconciled, Reconciler

US, SOMEBODY = "00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b"
DAY = timedelta(days=1)
PAGE = 2


def row_id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


@dataclass
class Table:
    """The rows of a table by id, each with the version of its last change, and what was deleted."""

    tracks: bool = True
    has_times: bool = True
    rows: dict[str, tuple[int, ChangedRow]] = field(default_factory=dict)
    oldest_token: int = 0
    returns_all_for_old_tokens: bool = False
    refused: str = ""


class Tables:
    """Dataverse's tables with change tracking; links are the text of where they go on."""

    def __init__(self, clock: Clock, **tables: Table) -> None:
        self._clock = clock
        self._versions = count(1)
        self.version = 0
        self.tables = tables
        self.asked: list[str] = []
        self.on_page: Callable[[], object] = lambda: None

    def write(self, table: str, number: int, by: str = SOMEBODY) -> None:
        self._put(table, ChangedRow(row_id(number), self._clock(), by))

    def delete(self, table: str, number: int) -> None:
        self._put(table, ChangedRow(row_id(number), is_deleted=True))

    def _put(self, table: str, row: ChangedRow) -> None:
        self.version = next(self._versions)
        self.tables[table].rows[row.id] = (self.version, row)

    def table(self, name: str) -> ChangeTable | None:
        there = self.tables.get(name)
        if there is None:
            return None
        if there.refused:
            raise Refused(there.refused)
        return ChangeTable(name, f"{name}s", f"{name}id", there.tracks, there.has_times)

    def whole(self, table: ChangeTable) -> ChangePage:
        self.asked.append(f"whole {table.name}")
        return self._page(table.name, -1, self.version, 0, with_deleted=False)

    def modified(self, table: ChangeTable, since: datetime) -> ChangePage:
        self.asked.append(f"modified {table.name}")
        found = [row for _, row in self._sorted(table.name) if row.at and row.at >= since]
        return ChangePage(tuple(found))

    def further(self, table: ChangeTable, link: str) -> ChangePage:
        self.asked.append(f"{link.partition(' ')[0]} {table.name}")
        kind, *numbers = link.split(" ")
        since, until, start = map(int, numbers) if kind == "page" else (int(numbers[0]), -1, 0)
        there = self.tables[table.name]
        if kind == "token":
            until = self.version
            if since < there.oldest_token:
                if not there.returns_all_for_old_tokens:
                    raise LinkLost("the version stamp has expired")
                since = -1
        return self._page(table.name, since, until, start, with_deleted=since >= 0)

    def _sorted(self, table: str) -> list[tuple[int, ChangedRow]]:
        return sorted(self.tables[table].rows.values(), key=lambda entry: entry[0])

    def _page(
        self, table: str, since: int, until: int, start: int, *, with_deleted: bool
    ) -> ChangePage:
        self.on_page()
        rows = [
            row
            for version, row in self._sorted(table)
            if since < version <= until and (with_deleted or not row.is_deleted)
        ]
        part, end = tuple(rows[start : start + PAGE]), start + PAGE
        if end < len(rows):
            return ChangePage(part, following=f"page {since} {until} {end}")
        return ChangePage(part, token=f"token {until}")


class FakeFacts:
    """The rulebook, and whose application user we are."""

    def __init__(self, *related: str) -> None:
        watched = {table: frozenset({"name"}) for table in ("lead", *related)}
        self.book = Rulebook(
            stamp="1",
            definitions=define([], [], [], [], Policy()),
            columns={"lead": frozenset()},
            watched=watched,
        )
        self.away = False

    def own_user_id(self) -> str:
        return US

    def rulebook(self) -> Rulebook:
        if self.away:
            raise Unavailable("Dataverse is away")
        return self.book

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"reconciling does not ask for {name}")


class FakeNotes:
    """Notes that can be kept from being written."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.on_write: Callable[[], object] = lambda: None

    def read(self, name: str) -> str | None:
        return self.texts.get(name)

    def write(self, name: str, text: str) -> None:
        self.on_write()
        self.texts[name] = text


class FakeLeases:
    """One lease, which can be lost."""

    def __init__(self) -> None:
        self.is_taken = self.is_lost = False

    def acquire(self, name: str) -> FakeLeases | None:
        assert name == LEASE
        if self.is_taken:
            return None
        self.is_taken = True
        return self

    def renew(self) -> bool:
        return not self.is_lost

    def release(self) -> None:
        self.is_taken = False


class World:
    """Tables, and reconcilers that share queues, notes and leases."""

    def __init__(self, mode: str = "on", **tables: Table) -> None:
        self.clock = Clock()
        self.changes = Tables(self.clock, **(tables or {"lead": Table()}))
        self.facts = FakeFacts(*(name for name in tables if name != "lead"))
        self.queues = MemoryQueues(self.clock)
        self.notes = FakeNotes()
        self.leases = FakeLeases()
        self.mode = mode

    def reconciler(self) -> Reconciler:
        return Reconciler(
            self.changes,
            self.facts,
            self.queues,
            Bell(self.queues, monotonic=self.clock.monotonic),
            self.leases,
            self.notes,
            self.clock,
            self.clock.monotonic,
            self.mode,
        )

    def night(self) -> Reconciled:
        """A day passes, then it is night."""
        self.clock.advance(DAY)
        return self.reconciler().begin()

    def events(self) -> list[Event]:
        """What was queued; the queue is empty then."""
        taken = []
        while messages := self.queues.receive("wa-events", limit=32, hidden_for=DAY):
            self.queues.delete_many("wa-events", messages)
            taken += [Event.from_text(message.text) for message in messages]
        return taken

    def told(self) -> list[tuple[str, str]]:
        """The events' messages and the numbers of their rows."""
        return [(event.message, event.record_id[-3:]) for event in self.events()]

    def bells(self) -> int:
        return len(self.queues.texts("wa-bell"))


def found(result: Reconciled, table: str = "lead") -> Found:
    """What a reconcile found in a table."""
    return result.found[table]
