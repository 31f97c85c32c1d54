"""Creates, updates and upserts rows inside an open transaction, and tells the outbox of each."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
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
from ..tables.standard_tables.activity_parties import PARTIES_OF, PARTY
from ..tables.values import stored_moment
from ..webhooks.operations import (
    BYPASS_NOTHING,
    CREATE,
    DELETE,
    UPDATE,
    Bypass,
    Gathering,
    Operation,
    Parties,
)
from ..webhooks.registrations import check_registration
from ..well_known import ORGANIZATION_ID
from .cascades import Assignments
from .computed import Write, computed_columns
from .loops import check_parent
from .owners import (
    OwnerRules,
    assigned_owner_columns,
    check_assigner,
    is_user_owned,
    owner_columns,
)
from .parties import follow_activity, has_parties
from .payloads import Payload
from .queue_items import check_new_item
from .shares import Shares
from .states import state_columns


class OperationSink(Protocol):
    """What hears of every write, in its transaction."""

    def is_idle(self, db: sqlite3.Connection) -> bool: ...
    def precedes(self, db: sqlite3.Connection, table: Table) -> bool: ...
    def validate(self, db: sqlite3.Connection, operation: Operation) -> None: ...
    def prepare(self, db: sqlite3.Connection, operation: Operation) -> None: ...
    def enqueue(self, db: sqlite3.Connection, operation: Operation) -> None: ...


@dataclass(frozen=True, slots=True)
class WriteContext:
    """Who writes, when, and what is to be said about it; `now` is aware."""

    caller: Caller
    now: datetime
    tag: str | None = None
    bypass: Bypass = BYPASS_NOTHING
    depth: int = 1
    correlation_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    parent: Operation | None = None
    gathering: Gathering | None = None

    def within(self, operation: Operation) -> WriteContext:
        """The same for what an operation has the platform do as a part of its own."""
        return replace(self, depth=self.depth + 1, parent=operation, gathering=None)

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
            bypass=self.bypass,
            correlation_id=self.correlation_id,
            occurred_at=self.now,
            depth=self.depth,
            parent=self.parent,
            gathering=self._gathering_of(table),
        )

    def _gathering_of(self, table: Table) -> Gathering | None:
        gathering = self.gathering
        return gathering if gathering and gathering.table == table.logical_name else None


class Writes:
    """The writes of single rows."""

    def __init__(
        self, catalog: Catalog, outbox: OperationSink, rules: OwnerRules | None = None
    ) -> None:
        self.catalog = catalog
        self.shares = Shares(catalog)
        self._outbox = outbox
        self._rules = rules or OwnerRules()
        self._assignments = Assignments(catalog)
        self._blank = {t.logical_name: empty_row(t) | _defaults_of(t) for t in catalog}
        self._required = {t.logical_name: _required_of(t) for t in catalog}

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
        is_preceded = self._outbox.precedes(db, table)
        if is_preceded:
            asked = context.operation(CREATE, table, row_id, payload.values, None, None)
            self._outbox.validate(db, asked)
        row = self._blank[table.logical_name].copy()
        row.update(_who_and_when(table, context))
        row[table.primary_id] = row_id
        row.update(payload.values)
        row.update(_migrated(payload.values, row))
        if is_user_owned(table):
            row.update(self._owner(db, table, payload.values, context, None))
        row.update(state_columns(table, payload.values, None))
        row.update(
            computed_columns(Write(db, self.catalog, table, payload.values, row, creates=True))
        )
        self._check_required(table, row, row)
        check_registration(db, table.logical_name, row)
        check_new_item(db, self.catalog, table, row)
        if is_preceded:
            sent = _target(row, payload)
            self._outbox.prepare(db, context.operation(CREATE, table, row_id, sent, None, None))
        row["versionnumber"] = next_version(db)
        _store(table, lambda: insert_row(db, table, row))
        self._add_companions(db, table, row)
        target = _target(row, payload)
        self._follow(db, table, row, {n for n, v in target.items() if v is not None}, context)
        if self._outbox.is_idle(db):
            return row_id
        created = context.operation(CREATE, table, row_id, target, None, row)
        if payload.children and has_parties(table):
            created = replace(created, parties=self._parties(table, payload))
        self._outbox.enqueue(db, created)
        return row_id

    def _parties(self, table: Table, payload: Payload) -> Parties | None:
        """Return who takes part in a new activity, whose rows are written after it."""
        given = payload.children.get(PARTIES_OF[table.logical_name])
        if not given:
            return None
        return Parties(self.catalog.tables[PARTY], tuple(party.values for party in given))

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
        if self._outbox.precedes(db, table):
            asked = context.operation(UPDATE, table, row_id, changes, before, None)
            self._outbox.validate(db, asked)
        if "ownerid" in changes:
            changes.update(self._owner(db, table, changes, context, before["ownerid"]))
        changes.update(state_columns(table, changes, before))
        self.change(db, table, before, changes, context)
        if changes.get("ownerid", before.get("ownerid")) != before.get("ownerid"):
            self._assign_below(db, table, before, changes, context)

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
        check_parent(db, table, before, changes)
        changes.update(_modified(table, before, context))
        after = before | changes
        changes.update(
            computed_columns(Write(db, self.catalog, table, changes, after, creates=False))
        )
        after.update(changes)
        self._check_required(table, changes, after)
        check_registration(db, table.logical_name, after)
        if self._outbox.precedes(db, table):
            asked = context.operation(UPDATE, table, row_id, changes, before, after)
            self._outbox.prepare(db, asked)
        changes["versionnumber"] = after["versionnumber"] = next_version(db)
        _store(table, lambda: update_row(db, table, row_id, changes))
        moved = {name for name in changes if changes[name] != before[name]}
        self._follow(db, table, after, moved, context)
        if not self._outbox.is_idle(db):
            done = context.operation(UPDATE, table, row_id, changes, before, after)
            self._outbox.enqueue(db, done)

    def _assign_below(
        self,
        db: sqlite3.Connection,
        table: Table,
        before: RawRow,
        changes: Mapping[str, Any],
        context: WriteContext,
    ) -> None:
        """Give the new owner of a row what goes with it, once for each row."""
        kind, owner_id = changes["ownerid__type"], changes["ownerid"]
        following = context.within(
            context.operation(UPDATE, table, str(before[table.primary_id]), changes, before, None)
        )
        owners: dict[str, dict[str, Any]] = {}
        for hanging in self._assignments.below(db, table, before):
            if hanging.row["ownerid"] != owner_id:
                name = hanging.table.logical_name
                owners[name] = owners.get(name) or assigned_owner_columns(
                    db, self.catalog, hanging.table, kind, owner_id, self._rules
                )
                self.change(db, hanging.table, hanging.row, dict(owners[name]), following)

    def _follow(
        self,
        db: sqlite3.Connection,
        table: Table,
        row: RawRow,
        changed: Collection[str],
        context: WriteContext,
    ) -> None:
        """Write what other tables keep about a row: its parties, and shares of its parents."""
        if has_parties(table):
            follow_activity(db, self.catalog, table, row, changed)
        self.shares.inherit(db, table, row, changed, context.now)

    def _owner(
        self,
        db: sqlite3.Connection,
        table: Table,
        values: Mapping[str, Any],
        context: WriteContext,
        before: str | None,
    ) -> dict[str, Any]:
        """Return the columns of the owner; a row is hers already when she was `before`."""
        user_id = context.caller.user_id
        if "ownerid" not in values:
            return owner_columns(db, self.catalog, "systemuser", user_id)
        kind, owner_id = values["ownerid__type"], values["ownerid"]
        found = assigned_owner_columns(db, self.catalog, table, kind, owner_id, self._rules)
        if owner_id != (before or user_id):
            check_assigner(db, table, user_id)
        return found

    def _check_required(self, table: Table, written: Mapping[str, Any], row: RawRow) -> None:
        for name in self._required[table.logical_name]:
            if row[name] is None and name in written:
                raise bad_request(
                    f"Required field missing. The column '{name}' of"
                    f" '{table.logical_name}' needs a value.",
                    "0x80040200",
                )

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


def _required_of(table: Table) -> tuple[str, ...]:
    return tuple(c.logical_name for c in table.columns.values() if c.system_required)


def _who_and_when(table: Table, context: WriteContext) -> dict[str, Any]:
    """Return the values that Dataverse gives each new row; the request may set some of them."""
    moment, caller = stored_moment(context.now), context.caller
    filled = {
        "createdon": moment,
        "createdby": caller.user_id,
        "createdonbehalfby": caller.delegate_id,
        "modifiedon": moment,
        "modifiedby": caller.user_id,
        "modifiedonbehalfby": caller.delegate_id,
        "organizationid": ORGANIZATION_ID,
        "businessunitid": caller.business_unit_id,
        "timezoneruleversionnumber": 0,
    }
    return {name: value for name, value in filled.items() if name in table.columns}


def _target(row: RawRow, payload: Payload) -> RawRow:
    """Return what a Create tells of: what has a value, what was sent, and who acted for whom."""
    told = {*payload.values, "modifiedonbehalfby"}
    return {name: value for name, value in row.items() if value is not None or name in told}


def _modified(table: Table, before: RawRow, context: WriteContext) -> dict[str, Any]:
    """Return who changes a row and when; a delegate is written down and forgotten again."""
    if "modifiedon" not in table.columns:
        return {}
    caller = context.caller
    modified: dict[str, Any] = {
        "modifiedon": stored_moment(context.now),
        "modifiedby": caller.user_id,
    }
    if caller.delegate_id is not None or before.get("modifiedonbehalfby") is not None:
        modified["modifiedonbehalfby"] = caller.delegate_id
    return {name: value for name, value in modified.items() if name in table.columns}


def _migrated(values: Mapping[str, Any], row: RawRow) -> dict[str, Any]:
    """Take the creation time of a migrated row (Learn: Create a record, overriddencreatedon)."""
    created = values.get("overriddencreatedon")
    if created is None:
        return {}
    return {"createdon": created, "overriddencreatedon": row["createdon"]}


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
