"""The import itself: all files in one transaction, parents first, nothing half-written."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, TypeAlias

from ..caller import Caller
from ..faults import Fault
from ..requests.sessions import Organization, Session, by_current_definitions
from ..storage.imports import remember_import
from ..webhooks.operations import Bypass
from ..writing.payloads import Payload, read_payload
from ..writing.references import Reference
from ..writing.writes import WriteContext
from .files import fingerprint, read_folder
from .lookups import Lookups, UnknownRow, check_names
from .problems import Problems, shown
from .rows import ImportRow, read_rows

# How many rows of how many are written; the file whose rows come next, and how many it has.
Progress: TypeAlias = Callable[[int, int], None]
FileBegins: TypeAlias = Callable[[str, int], None]
_TELL_EVERY = 200
_NAMED = re.compile(r" The column is '([^']+)'\.")
_Links: TypeAlias = Mapping[str, Reference]


def import_folder(
    organization: Organization,
    caller: Caller,
    folder: Path,
    progress: Progress | None = None,
    begins: FileBegins | None = None,
) -> dict[str, int]:
    """Write the rows of a folder's CSV files, and return how many each table got.

    An ImportRefused names all mistakes. Webhooks are not fired. `progress` hears how many rows of
    how many are written, `begins` each file before its rows are.
    """
    telling = _Telling(progress or _silent, begins or _silent)
    return by_current_definitions(
        Session(organization, caller), lambda session: _import(session, folder, telling)
    )


@dataclass(frozen=True, slots=True)
class _Telling:
    """Who hears how far it has come."""

    progress: Progress
    begins: FileBegins


def _silent(*_: object) -> None:
    """Stand in for somebody who wants to hear nothing."""


def _import(session: Session, folder: Path, telling: _Telling) -> dict[str, int]:
    problems = Problems()
    files = read_folder(folder, session.catalog, problems)
    rows = read_rows(files, session.catalog, problems)
    with session.writing() as db:
        check_names(db, session.catalog, rows, problems)
        links = _resolved(db, session, rows, problems)
        problems.raise_if_any()
        _Import(db, session, rows, links, problems, telling).run()
        problems.raise_if_any()
        remember_import(db, fingerprint(folder))
    counts = Counter(row.table.logical_name for row in rows)
    return {file.table.logical_name: counts[file.table.logical_name] for file in files}


def _resolved(
    db: sqlite3.Connection, session: Session, rows: list[ImportRow], problems: Problems
) -> dict[str, _Links]:
    """Return the rows that each row's lookups mean, by its id."""
    lookups = Lookups(db, session.catalog, rows)
    links: dict[str, dict[str, Reference]] = defaultdict(dict)
    for row in rows:
        for pointer in row.pointers:
            try:
                found = lookups.find(pointer)
            except UnknownRow as exc:
                if problems.unread.isdisjoint(pointer.targets):
                    problems.note(row.file, str(exc), row.record.line, pointer.field.header)
            else:
                links[_key(row)][pointer.field.column.logical_name] = found
    return dict(links)


class _Import:
    """One import under way."""

    def __init__(
        self,
        db: sqlite3.Connection,
        session: Session,
        rows: list[ImportRow],
        links: Mapping[str, _Links],
        problems: Problems,
        telling: _Telling,
    ) -> None:
        self._db = db
        self._session = session
        self._rows = _in_order(rows, links)
        self._links = links
        self._problems = problems
        self._telling = telling
        self._waiting = {(row.table.logical_name, row.row_id) for row in rows}
        self._later: list[tuple[ImportRow, dict[str, Reference]]] = []
        self._context = WriteContext(
            session.caller, session.now, bypass=Bypass(synchronous=True, asynchronous=True)
        )

    def run(self) -> None:
        """Create all rows; what points at one that comes later is pointed there in the end."""
        total, counts, file = len(self._rows), Counter(row.file for row in self._rows), None
        for done, row in enumerate(self._rows):
            if row.file != file:
                file = row.file
                self._telling.begins(file, counts[file])
            if done % _TELL_EVERY == 0:
                self._telling.progress(done, total)
            self._attempt(row, self._create)
            if self._problems.are_enough:
                return
        for row, links in self._later:
            self._attempt(row, partial(self._point, links=links))
        self._telling.progress(total, total)

    def _attempt(self, row: ImportRow, write: Callable[[ImportRow], None]) -> None:
        try:
            write(row)
        except Fault as fault:
            column, what = _told(row, fault.message)
            self._problems.note(row.file, what, row.record.line, column)

    def _create(self, row: ImportRow) -> None:
        links = self._links.get(_key(row), {})
        later = {
            n: r for n, r in links.items() if (r.table.logical_name, r.row_id) in self._waiting
        }
        payload = read_payload(
            self._db, row.table, row.body, self._session.references, creates=True
        ).with_values(_values(row, {n: r for n, r in links.items() if n not in later}))
        self._session.organization.inserts.create(self._db, row.table, payload, self._context)
        self._waiting.discard((row.table.logical_name, row.row_id))
        if later:
            self._later.append((row, later))

    def _point(self, row: ImportRow, links: _Links) -> None:
        payload = Payload(_values(row, links))
        writes = self._session.organization.writes
        writes.update(self._db, row.table, row.row_id, payload, self._context)


def _values(row: ImportRow, links: _Links) -> dict[str, Any]:
    """Return lookups as they are stored: the id, and the table where there are several."""
    values: dict[str, Any] = {}
    for name, target in links.items():
        values[name] = target.row_id
        if row.table.columns[name].is_polymorphic:
            values[f"{name}__type"] = target.table.logical_name
    return values


def _in_order(rows: list[ImportRow], links: Mapping[str, _Links]) -> list[ImportRow]:
    """Sort by table: those that others point at first, as far as there are no circles."""
    by_table: dict[str, list[ImportRow]] = defaultdict(list)
    for row in rows:
        by_table[row.table.logical_name].append(row)
    graph: dict[str, set[str]] = {name: set() for name in by_table}
    for name, members in by_table.items():
        targets = (
            link.table.logical_name for row in members for link in links.get(_key(row), {}).values()
        )
        graph[name] = {target for target in targets if target in by_table and target != name}
    return [row for name in _sorted(graph) for row in by_table[name]]


def _sorted(graph: dict[str, set[str]]) -> Iterable[str]:
    while True:
        try:
            return list(TopologicalSorter(graph).static_order())
        except CycleError as exc:
            circle: list[str] = exc.args[1]
            graph[circle[1]].discard(circle[0])


def _key(row: ImportRow) -> str:
    return f"{row.table.logical_name} {row.row_id}"


def _told(row: ImportRow, message: str) -> tuple[str | None, str]:
    """Return the column that a refusal names, if there is one, and what to say of its cell."""
    named = _NAMED.search(message)
    said = message if named is None else message.replace(named[0], "")
    for where in (message,) if named is None else (named[1], message):
        for name, text in row.record.cells.items():
            if text and re.search(rf"\b{re.escape(name.lower())}\b", where.lower()):
                return name, f"{shown(text)} is refused: {said}"
    return None, message
