"""One request's view of the organization: its caller, its transaction, its content ids."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import RLock
from typing import TypeVar

from ..caller import Caller
from ..faults import bad_request
from ..storage.connections import take_news
from ..storage.definition_rows import is_current, keep, load, prepare
from ..storage.schema import migrate
from ..storage.seeds import remove_table_rows, seed_table
from ..storage.store import Store
from ..tables.metadata import Catalog
from ..webhooks.bypasses import read_bypass
from ..webhooks.calls import Calls
from ..webhooks.outbox import Outbox
from ..writing.deletes import Deletes
from ..writing.inserts import Inserts
from ..writing.links import Links
from ..writing.owners import OwnerRules
from ..writing.references import Reference, References
from ..writing.writes import WriteContext, Writes
from .exchanges import Request

T = TypeVar("T")
ChangeOfDefinitions = Callable[[sqlite3.Connection, Catalog], Catalog]


class DefinitionsChanged(Exception):
    """The tables are no longer those that a request began with; it has to begin again."""


@dataclass(frozen=True, slots=True)
class _Workings:
    """A catalog and what is built from it."""

    catalog: Catalog
    outbox: Outbox
    writes: Writes
    links: Links
    deletes: Deletes
    inserts: Inserts


def _workings(catalog: Catalog, rules: OwnerRules, calls: Calls | None) -> _Workings:
    outbox = Outbox(catalog, calls)
    writes = Writes(catalog, outbox, rules)
    links = Links(catalog, outbox, writes)
    deletes = Deletes(catalog, outbox, links)
    return _Workings(catalog, outbox, writes, links, deletes, Inserts(writes, links))


class Organization:
    """Everything that answers requests: the rows, what writes them, what hears of it."""

    _workings: _Workings

    def __init__(
        self, store: Store, on_commit: Callable[[], None], calls: Calls | None = None
    ) -> None:
        self.store = store
        self._calls = calls
        self.owner_rules = OwnerRules()
        self._on_commit = on_commit
        self._base: Catalog = store.catalog
        self._changing = RLock()
        with store.writing() as db:
            catalog = load(db, self._base)
            migrate(db, self._base, catalog)
        self._use(catalog)

    @property
    def catalog(self) -> Catalog:
        return self._workings.catalog

    @property
    def outbox(self) -> Outbox:
        return self._workings.outbox

    @property
    def writes(self) -> Writes:
        return self._workings.writes

    @property
    def links(self) -> Links:
        return self._workings.links

    @property
    def deletes(self) -> Deletes:
        return self._workings.deletes

    @property
    def inserts(self) -> Inserts:
        return self._workings.inserts

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection in a transaction; webhooks are told once it is committed."""
        with self.store.writing() as db:
            yield db
            has_news = take_news(db)
        if has_news:
            self._on_commit()

    def change_definitions(self, change: ChangeOfDefinitions) -> None:
        """Let `change` return another catalog; tables, columns and rows follow it or nothing does.

        `change` may read and write rows in the same transaction, in which the old tables are.
        """
        with self._changing:
            self.refresh()
            before = self._workings
            try:
                with self.store.writing() as db:
                    wanted = change(db, before.catalog)
                    _move(db, before.catalog, wanted, self.store.clock())
                    # Whoever writes next finds the new definitions, whoever reads now waits.
                    self._use(keep(db, self._base, wanted))
            except BaseException:
                self._workings, self.store.catalog = before, before.catalog
                raise

    def refresh(self) -> None:
        """Take over the definitions that the database has now, after it was replaced."""
        with self._changing:
            with self.store.writing() as db:
                prepare(db)
                if is_current(db, self.catalog):
                    return
                catalog = load(db, self._base)
            self._use(catalog)

    def _use(self, catalog: Catalog) -> None:
        self._workings = _workings(catalog, self.owner_rules, self._calls)
        self.store.catalog = catalog


def _move(db: sqlite3.Connection, before: Catalog, after: Catalog, now: datetime) -> None:
    """Take the database from one catalog to another."""
    for table in before:
        if table.logical_name not in after.tables:
            remove_table_rows(db, table)
    migrate(db, before, after)
    for table in after:
        if table.logical_name not in before.tables:
            seed_table(db, after, table, now)


@dataclass(frozen=True, slots=True)
class Session:
    """What a handler works with; inside a change set all share one open transaction."""

    organization: Organization
    caller: Caller
    content_ids: Mapping[str, Reference] = field(default_factory=dict)
    open_db: sqlite3.Connection | None = None
    catalog: Catalog = field(init=False)

    def __post_init__(self) -> None:
        """Keep to the catalog of this moment, whatever is changed while the request is answered."""
        object.__setattr__(self, "catalog", self.organization.catalog)

    @property
    def now(self) -> datetime:
        """The time of the organization's own clock."""
        return self.organization.store.clock()

    @property
    def references(self) -> References:
        return References(self.catalog, self.content_ids)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        if self.open_db is not None:
            yield self.open_db
        else:
            with self.organization.store.reading() as db:
                self._check_definitions(db)
                yield db

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection in the change set's transaction, else in one of its own."""
        if self.open_db is not None:
            yield self.open_db
        else:
            with self.organization.writing() as db:
                self._check_definitions(db)
                yield db

    def change_definitions(self, change: ChangeOfDefinitions) -> None:
        """Change tables, columns and the like, which a change set cannot hold."""
        if self.open_db is not None:
            raise bad_request(
                "A change set cannot hold changes of definitions; they belong beside it."
            )
        self.organization.change_definitions(change)

    def renewed(self) -> Session:
        """The same session with the catalog of now, unless a change set holds on to its own."""
        return self if self.open_db is not None else replace(self)

    def _check_definitions(self, db: sqlite3.Connection) -> None:
        if not is_current(db, self.catalog):
            raise DefinitionsChanged

    def in_change_set(
        self, db: sqlite3.Connection, content_ids: Mapping[str, Reference]
    ) -> Session:
        session = replace(self, open_db=db, content_ids=content_ids)
        session._check_definitions(db)
        return session

    def write_context(self, request: Request) -> WriteContext:
        """Say who writes, when, and with which of the optional parameters."""
        return WriteContext(
            caller=self.caller,
            now=self.now,
            tag=request.query.get("tag"),
            bypass=read_bypass(request.headers),
        )


def by_current_definitions(session: Session, answer: Callable[[Session], T]) -> T:
    """Answer by the definitions of one moment; begin again when they change before a transaction.

    Handlers open one transaction each, so nothing is done twice.
    """
    while True:
        try:
            return answer(session.renewed())
        except DefinitionsChanged:
            session.organization.refresh()
