"""Which registered steps an operation sets off, and which registrations are accepted."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..conditions.comparisons import quoted, select
from ..faults import Fault, bad_request, not_emulated
from ..storage.rows import fetch_value
from ..tables.metadata import Catalog
from ..tables.values import stored_moment
from .contexts import STEP_TABLE, Image, Step, body_of, execution_context
from .endpoints import INVALID_ARGUMENT, read_endpoint
from .operations import CREATE, DELETE, UPDATE, Operation
from .outbox_rows import Delivery, keep

_STATE = ("statecode", "statuscode")
_BOOKKEEPING = ("modifiedon", "modifiedby", "modifiedonbehalfby")
_MESSAGES = (CREATE, UPDATE, DELETE)
_NO_TABLE = "none"

# CROSS JOIN keeps SQLite on the few steps first, and off the many filters.
_STEPS = """
SELECT s."sdkmessageprocessingstepid" AS "id", s."name" AS "name", s."eventhandler" AS "endpoint",
       s."filteringattributes" AS "filtering", s."asyncautodelete" AS "deletes_job"
FROM "sdkmessageprocessingstep" AS s
CROSS JOIN "sdkmessage" AS m ON m."sdkmessageid" = s."sdkmessageid"
LEFT JOIN "sdkmessagefilter" AS f ON f."sdkmessagefilterid" = s."sdkmessagefilterid"
WHERE s."statecode" = 0 AND s."mode" = 1 AND s."stage" = 40 AND m."name" = ?
  AND s."eventhandler" IS NOT NULL
  AND (s."sdkmessagefilterid" IS NULL OR f."primaryobjecttypecode" IN (?, ?))
ORDER BY s."rank", s."createdon", s."sdkmessageprocessingstepid"
"""

_IMAGES = """
SELECT "entityalias" AS "alias", "imagetype" AS "kind", "attributes" AS "columns"
FROM "sdkmessageprocessingstepimage" WHERE "sdkmessageprocessingstepid" = ?
ORDER BY "createdon", "sdkmessageprocessingstepimageid"
"""

# Beside the id of a polymorphic lookup stands `<lookup>__type`, which is no column of Dataverse.
_COLUMNS = """SELECT "name" FROM pragma_table_info(?) WHERE "name" NOT GLOB '*__type'"""


@dataclass(frozen=True, slots=True)
class _Registered:
    """An enabled step for a message and table, as its row says it."""

    id: str
    name: str
    endpoint_id: str
    filtering: frozenset[str]
    deletes_job: bool

    def heeds(self, operation: Operation) -> bool:
        """Only updates are filtered, by what the request holds, changed or not."""
        if operation.message != UPDATE or not self.filtering:
            return True
        return not self.filtering.isdisjoint(operation.target)


class Outbox:
    """Puts what webhooks have to say about a write into the same transaction as the write."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._has_steps = STEP_TABLE in catalog.tables

    def enqueue(self, db: sqlite3.Connection, operation: Operation) -> None:
        """Keep a delivery for every step that this operation sets off."""
        if operation.bypass_async or not self._has_steps:
            return
        registered = _registered(db, operation)
        if not registered:
            return
        names = _NamesIn(db, self._catalog)
        for part in pipeline_runs(operation):
            for entry in registered:
                if entry.heeds(part):
                    self._keep(db, part, entry, names)

    def _keep(
        self, db: sqlite3.Connection, operation: Operation, entry: _Registered, names: _NamesIn
    ) -> None:
        operation_id = str(uuid.uuid4())
        step = Step(entry.id, entry.name, _images(db, entry.id))
        body = body_of(execution_context(operation, step, names, operation_id=operation_id))
        delivery = Delivery(
            operation_id=operation_id,
            message=operation.message,
            table_name=operation.table.logical_name,
            row_id=operation.row_id,
            correlation_id=operation.correlation_id,
            depth=operation.depth,
            user_id=operation.caller.user_id,
            business_unit_id=operation.caller.business_unit_id,
            occurred_at=stored_moment(operation.occurred_at),
            step_id=entry.id,
            step_name=entry.name,
            endpoint_id=entry.endpoint_id,
            deletes_job=entry.deletes_job,
            body=body.text,
            is_trimmed=body.is_trimmed,
        )
        keep(db, delivery)


def pipeline_runs(operation: Operation) -> tuple[Operation, ...]:
    """Split an update of the state and other columns: Dataverse runs its pipeline for each.

    The other columns come first (Learn: "Special update operation behavior").
    """
    target = operation.target
    state = {name for name in _STATE if name in target}
    if operation.message != UPDATE or not state or not _asks_for_more(operation, state):
        return (operation,)
    second = state.union(_BOOKKEEPING, (f"{name}__type" for name in _BOOKKEEPING))
    between = operation.post
    if operation.pre is not None and operation.post is not None:
        between = {**operation.post, **{name: operation.pre.get(name) for name in state}}
    others = {name: value for name, value in target.items() if name not in state}
    states = {name: value for name, value in target.items() if name in second}
    return (
        replace(operation, target=others, post=between),
        replace(operation, target=states, pre=between),
    )


def _asks_for_more(operation: Operation, state: set[str]) -> bool:
    """Tell whether the request set more than the state; what only the server sets is read-only."""
    others = operation.target.keys() - state - set(_BOOKKEEPING)
    columns = [operation.table.columns.get(name) for name in others]
    return any(
        column is not None and column.valid_for_update and not column.is_primary_id
        for column in columns
    )


def _registered(db: sqlite3.Connection, operation: Operation) -> list[_Registered]:
    table = operation.table.logical_name
    rows = db.execute(_STEPS, (operation.message, table, _NO_TABLE)).fetchall()
    return [
        _Registered(
            row["id"],
            row["name"] or "",
            row["endpoint"],
            _names(row["filtering"]),
            bool(row["deletes_job"]),
        )
        for row in rows
    ]


def _images(db: sqlite3.Connection, step_id: str) -> tuple[Image, ...]:
    return tuple(
        Image(row["alias"], row["kind"] in (0, 2), row["kind"] in (1, 2), _names(row["columns"]))
        for row in db.execute(_IMAGES, (step_id,))
    )


def _names(listed: str | None) -> frozenset[str]:
    """Read a comma list of column names."""
    return frozenset(name.strip().lower() for name in (listed or "").split(",") if name.strip())


class _NamesIn:
    """What rows are called, read in the transaction of the write."""

    def __init__(self, db: sqlite3.Connection, catalog: Catalog) -> None:
        self._db = db
        self._catalog = catalog

    def row_name(self, table: str, row_id: str) -> str | None:
        known = self._catalog.tables.get(table)
        if known is None or known.primary_name is None:
            return None
        name: str | None = fetch_value(self._db, known, row_id, known.primary_name)
        return name

    def currency_symbol(self, currency_id: str) -> str | None:
        known = self._catalog.tables.get("transactioncurrency")
        if known is None or "currencysymbol" not in known.columns:
            return None
        symbol: str | None = fetch_value(self._db, known, currency_id, "currencysymbol")
        return symbol


def check_registration(db: sqlite3.Connection, table_name: str, row: Mapping[str, Any]) -> None:
    """Refuse a serviceendpoint, step or image row that would not do what it says.

    `row` is the whole raw row as it would be after the write; other tables are let pass.
    """
    match table_name:
        case "serviceendpoint":
            read_endpoint(row)
        case "sdkmessageprocessingstep":
            _check_step(db, row)
        case "sdkmessageprocessingstepimage":
            _check_image(db, row)


def _check_step(db: sqlite3.Connection, row: Mapping[str, Any]) -> None:
    if row.get("mode") != 1:
        raise not_emulated("synchronous webhook steps (mode 0), only asynchronous ones (mode 1)")
    if row.get("stage") != 40:
        raise _invalid("An asynchronous step runs in stage 40 (PostOperation), no other.")
    if row.get("supporteddeployment") == 1:
        raise not_emulated("steps that run in Outlook only (supporteddeployment 1)")
    if row.get("impersonatinguserid") is not None:
        raise not_emulated("steps that impersonate a user (impersonatinguserid)")
    _required(db, "serviceendpoint", row, "eventhandler")
    message = _required(db, "sdkmessage", row, "sdkmessageid")["name"]
    if message not in _MESSAGES:
        raise not_emulated(f"webhook steps on the message {message}, only {', '.join(_MESSAGES)}")
    table = _table_of_step(db, row)
    if message == UPDATE:
        _check_columns(db, table, row.get("filteringattributes"), "filteringattributes")


def _table_of_step(db: sqlite3.Connection, row: Mapping[str, Any]) -> str | None:
    """Return the table that the step's filter names; None when it heeds every table."""
    if row.get("sdkmessagefilterid") is None:
        return None
    chosen = _required(db, "sdkmessagefilter", row, "sdkmessagefilterid")
    if chosen["sdkmessageid"] != row["sdkmessageid"]:
        raise _invalid("The step's sdkmessagefilterid belongs to another message.")
    table = chosen["primaryobjecttypecode"]
    return None if table in (None, _NO_TABLE) else str(table)


def _check_image(db: sqlite3.Connection, row: Mapping[str, Any]) -> None:
    if not row.get("entityalias"):
        raise _invalid("A step image needs an entityalias.")
    if row.get("imagetype") not in (0, 1, 2):
        raise _invalid("A step image's imagetype is 0 (pre), 1 (post) or 2 (both).")
    step = _required(db, "sdkmessageprocessingstep", row, "sdkmessageprocessingstepid")
    message = _required(db, "sdkmessage", step, "sdkmessageid")["name"]
    expected = "Id" if message == CREATE else "Target"
    if row.get("messagepropertyname") != expected:
        raise _invalid(
            f"Message property name '{row.get('messagepropertyname')}' is not valid on message "
            f"{message}; it is '{expected}'."
        )
    _check_columns(db, _table_of_step(db, step), row.get("attributes"), "attributes")


def _check_columns(
    db: sqlite3.Connection, table: str | None, listed: str | None, where: str
) -> None:
    """Refuse columns that the table does not have; every table's step cannot be checked."""
    if table is None:
        return
    known = {found["name"] for found in db.execute(_COLUMNS, (table,))}
    unknown = sorted(_names(listed) - known)
    if unknown:
        raise _invalid(f"{where}: '{table}' has no column named {', '.join(unknown)}.")


def _required(
    db: sqlite3.Connection, table: str, row: Mapping[str, Any], column: str
) -> Mapping[str, Any]:
    """Return the row that a lookup points at."""
    statement = select("*", quoted(table), f"{quoted(f'{table}id')} = ?")
    found = db.execute(statement, (row.get(column),)).fetchone()
    if found is None:
        raise _invalid(f"{column} has to be an existing {table}, not {row.get(column)}.")
    return dict(found)


def _invalid(message: str) -> Fault:
    return bad_request(message, INVALID_ARGUMENT)
