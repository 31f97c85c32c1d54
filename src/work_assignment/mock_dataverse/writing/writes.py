"""Creates, updates and upserts rows inside an open transaction, and tells the outbox of each."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from ..caller import Caller
from ..faults import (
    Fault,
    bad_request,
    duplicate_key,
    duplicate_row,
    message_refused,
    row_not_found,
    version_mismatch,
)
from ..storage.rows import RawRow, empty_row, fetch_row, insert_row, next_version, update_row
from ..tables.metadata import Catalog, ColumnType, Table
from ..tables.standard_tables import REFUSED_MESSAGES
from ..tables.values import stored_moment
from ..webhooks.operations import CREATE, DELETE, UPDATE, Operation
from ..webhooks.registrations import check_registration
from ..well_known import ORGANIZATION_ID
from .computed import Write, computed_columns
from .owners import assigned_owner_columns, is_user_owned, owner_columns
from .payloads import Payload
from .queue_items import check_new_item
from .states import state_columns


class OperationSink(Protocol):
    """What hears of every write, in its transaction."""

    def enqueue(self, db: sqlite3.Connection, operation: Operation) -> None: ...


@dataclass(frozen=True, slots=True)
class WriteContext:
    """Who writes, when, and what is to be said about it; `now` is aware."""

    caller: Caller
    now: datetime
    tag: str | None = None
    bypass_async: bool = False
    depth: int = 1
    correlation_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def operation(
        self,
        message: str,
        table: Table,
        row_id: str,
        target: Mapping[str, Any],
        pre: Mapping[str, Any] | None,
        post: Mapping[str, Any] | None,
    ) -> Operation:
        return Operation(
            message=message,
            table=table,
            row_id=row_id,
            target={name: value for name, value in target.items() if name != "versionnumber"},
            pre=pre,
            post=post,
            caller=self.caller,
            tag=self.tag,
            bypass_async=self.bypass_async,
            correlation_id=self.correlation_id,
            occurred_at=self.now,
            depth=self.depth,
        )


class Writes:
    """The writes of single rows."""

    def __init__(self, catalog: Catalog, outbox: OperationSink) -> None:
        self.catalog = catalog
        self._outbox = outbox
        self._blank = {t.logical_name: empty_row(t) | _defaults_of(t) for t in catalog}

    def create(
        self, db: sqlite3.Connection, table: Table, payload: Payload, context: WriteContext
    ) -> str:
        """Insert a row and return its id."""
        refuse_message(table, CREATE)
        return self.insert(db, table, payload, context)

    def insert(
        self, db: sqlite3.Connection, table: Table, payload: Payload, context: WriteContext
    ) -> str:
        """Insert a row of any table, also of one that takes no create of its own."""
        row_id = payload.row_id or str(uuid.uuid4())
        row = self._blank[table.logical_name].copy()
        row.update(_who_and_when(table, context))
        row[table.primary_id] = row_id
        row.update(payload.values)
        row.update(_migrated(payload.values, row))
        if is_user_owned(table):
            row.update(self._owner(db, table, payload.values, context))
        row.update(state_columns(table, payload.values, None, row_id))
        row.update(
            computed_columns(Write(db, self.catalog, table, payload.values, row, creates=True))
        )
        _check_required(table, row, row)
        check_registration(db, table.logical_name, row)
        check_new_item(db, self.catalog, table, row)
        row["versionnumber"] = next_version(db)
        _store(table, lambda: insert_row(db, table, row))
        self._add_companions(db, table, row)
        target = {n: v for n, v in row.items() if v is not None or n in payload.values}
        self._outbox.enqueue(db, context.operation(CREATE, table, row_id, target, None, row))
        return row_id

    def update(
        self,
        db: sqlite3.Connection,
        table: Table,
        row_id: str,
        payload: Payload,
        context: WriteContext,
        *,
        version: int | None = None,
    ) -> None:
        """Change a row; with `version`, only if it still has that version."""
        refuse_message(table, UPDATE)
        if payload.row_id is not None and payload.row_id != row_id:
            raise bad_request(f"The primary key '{table.primary_id}' of a record cannot change.")
        before = existing_row(db, table, row_id)
        check_version(before, version)
        changes = dict(payload.values)
        if "ownerid" in changes:
            changes.update(self._owner(db, table, changes, context))
        changes.update(state_columns(table, changes, before, row_id))
        self.change(db, table, before, changes, context)

    def change(
        self,
        db: sqlite3.Connection,
        table: Table,
        before: RawRow,
        changes: dict[str, Any],
        context: WriteContext,
    ) -> None:
        """Write raw changes of a row and whatever follows from them."""
        row_id = str(before[table.primary_id])
        changes.update(_modified(table, context))
        after = before | changes
        changes.update(
            computed_columns(Write(db, self.catalog, table, changes, after, creates=False))
        )
        after.update(changes)
        _check_required(table, changes, after)
        check_registration(db, table.logical_name, after)
        changes["versionnumber"] = after["versionnumber"] = next_version(db)
        _store(table, lambda: update_row(db, table, row_id, changes))
        self._outbox.enqueue(db, context.operation(UPDATE, table, row_id, changes, before, after))

    def _owner(
        self,
        db: sqlite3.Connection,
        table: Table,
        values: Mapping[str, Any],
        context: WriteContext,
    ) -> dict[str, Any]:
        if "ownerid" in values:
            kind, owner_id = values["ownerid__type"], values["ownerid"]
            return assigned_owner_columns(db, self.catalog, table, kind, owner_id)
        return owner_columns(db, self.catalog, "systemuser", context.caller.user_id)

    def _add_companions(self, db: sqlite3.Connection, table: Table, row: RawRow) -> None:
        """Insert what Dataverse keeps beside a row: a user has settings."""
        if table.logical_name != "systemuser":
            return
        settings = self.catalog.tables["usersettings"]
        companion = self._blank["usersettings"].copy()
        shared = ("systemuserid", "businessunitid", "createdon", "createdby", "modifiedon")
        companion.update({name: row[name] for name in (*shared, "modifiedby")})
        companion["versionnumber"] = next_version(db)
        insert_row(db, settings, companion)


def refuse_message(table: Table, message: str) -> None:
    """Refuse what a table does not support; intersect rows are written by associating."""
    is_link = table.is_intersect and message in (CREATE, UPDATE, DELETE)
    if is_link or message in REFUSED_MESSAGES.get(table.logical_name, ()):
        raise message_refused(message, table.logical_name)


def existing_row(db: sqlite3.Connection, table: Table, row_id: str) -> RawRow:
    """Read a row that must be there."""
    row = fetch_row(db, table, row_id)
    if row is None:
        raise row_not_found(table.logical_name, row_id)
    return row


def check_version(row: Mapping[str, Any], version: int | None) -> None:
    if version is not None and row["versionnumber"] != version:
        raise version_mismatch()


def _defaults_of(table: Table) -> dict[str, Any]:
    return {
        column.logical_name: int(column.default)
        for column in table.columns.values()
        if column.default is not None and column.type not in (ColumnType.STATE, ColumnType.STATUS)
    }


def _who_and_when(table: Table, context: WriteContext) -> dict[str, Any]:
    """Return the values that Dataverse gives each new row; the request may set some of them."""
    moment, caller = stored_moment(context.now), context.caller
    filled = {
        "createdon": moment,
        "createdby": caller.user_id,
        "modifiedon": moment,
        "modifiedby": caller.user_id,
        "organizationid": ORGANIZATION_ID,
        "businessunitid": caller.business_unit_id,
    }
    return {name: value for name, value in filled.items() if name in table.columns}


def _modified(table: Table, context: WriteContext) -> dict[str, Any]:
    if "modifiedon" not in table.columns:
        return {}
    return {"modifiedon": stored_moment(context.now), "modifiedby": context.caller.user_id}


def _migrated(values: Mapping[str, Any], row: RawRow) -> dict[str, Any]:
    """Take the creation time of a migrated row (Learn: Create a record, overriddencreatedon)."""
    created = values.get("overriddencreatedon")
    if created is None:
        return {}
    return {"createdon": created, "overriddencreatedon": row["createdon"]}


def _check_required(table: Table, written: Mapping[str, Any], row: RawRow) -> None:
    for name in written:
        if row[name] is None:
            column = table.columns.get(name)
            if column is not None and column.system_required:
                raise bad_request(
                    f"Required field missing. The column '{name}' of"
                    f" '{table.logical_name}' needs a value.",
                    "0x80040200",
                )


def _store(table: Table, write: Callable[[], None]) -> None:
    """Run a statement; a broken unique index becomes the fault that Dataverse answers."""
    try:
        write()
    except sqlite3.IntegrityError as exc:
        raise unique_fault(table, str(exc)) from exc


def unique_fault(table: Table, message: str) -> Fault:
    """Name the key that a row breaks, from SQLite's `UNIQUE constraint failed: lead.leadid`."""
    names = tuple(part.rpartition(".")[2] for part in message.partition(": ")[2].split(", "))
    for key in table.keys:
        if key.columns == names:
            labels = ", ".join(table.columns[name].label for name in names)
            return duplicate_key(key.schema_name, labels)
    return duplicate_row()
