"""One request's view of the organization: its caller, its transaction, its content ids."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from ..caller import Caller
from ..faults import not_emulated
from ..storage.store import Store
from ..tables.metadata import Catalog
from ..webhooks.registrations import Outbox
from ..writing.deletes import Deletes
from ..writing.links import Links
from ..writing.references import Reference, References
from ..writing.writes import WriteContext, Writes
from .exchanges import Request


class Organization:
    """Everything that answers requests: the rows, what writes them, what hears of it."""

    def __init__(self, store: Store, on_commit: Callable[[], None]) -> None:
        outbox = Outbox(store.catalog)
        self.store = store
        self.catalog: Catalog = store.catalog
        self.writes = Writes(store.catalog, outbox)
        self.links = Links(store.catalog, outbox, self.writes)
        self.deletes = Deletes(store.catalog, outbox, self.links)
        self._on_commit = on_commit

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection in a transaction; webhooks are told once it is committed."""
        with self.store.writing() as db:
            yield db
        self._on_commit()


@dataclass(frozen=True, slots=True)
class Session:
    """What a handler works with; inside a change set all share one open transaction."""

    organization: Organization
    caller: Caller
    content_ids: Mapping[str, Reference] = field(default_factory=dict)
    open_db: sqlite3.Connection | None = None

    @property
    def catalog(self) -> Catalog:
        return self.organization.catalog

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
                yield db

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection in the change set's transaction, else in one of its own."""
        if self.open_db is not None:
            yield self.open_db
        else:
            with self.organization.writing() as db:
                yield db

    def in_change_set(
        self, db: sqlite3.Connection, content_ids: Mapping[str, Reference]
    ) -> Session:
        return replace(self, open_db=db, content_ids=content_ids)

    def write_context(self, request: Request) -> WriteContext:
        """Say who writes, when, and with which of the optional parameters."""
        bypassed = request.headers.get("mscrm.bypassbusinesslogicexecution", "")
        if "mscrm.bypassbusinesslogicexecutionstepids" in request.headers:
            raise not_emulated("the header MSCRM.BypassBusinessLogicExecutionStepIds")
        return WriteContext(
            caller=self.caller,
            now=self.now,
            tag=request.query.get("tag"),
            bypass_async="CustomAsync" in [part.strip() for part in bypassed.split(",")],
        )
