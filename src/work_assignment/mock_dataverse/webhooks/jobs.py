"""The system jobs of asynchronous deliveries: one asyncoperation row each, from first to last."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Any

from ..storage.rows import (
    RawRow,
    delete_row,
    empty_row,
    fetch_row,
    insert_row,
    next_version,
    update_row,
)
from ..tables.metadata import Table
from ..tables.values import stored_moment
from .contexts import STEP_TABLE
from .deliveries import Failure
from .outbox_rows import Delivery

JOB_TABLE = "asyncoperation"

_SYSTEM_EVENT = 1
_READY, _WAITING_FOR_RESOURCES = 0, 0
_LOCKED, _IN_PROGRESS = 2, 20
_COMPLETED, _SUCCEEDED, _FAILED = 3, 30, 31


class Jobs:
    """Writes the jobs of deliveries, with those columns that the table has."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self._blank = empty_row(table)

    def wait(self, db: sqlite3.Connection, delivery: Delivery) -> None:
        """Insert the job of a delivery that nobody has begun with."""
        row = {**self._blank, **self._known(_waiting(delivery)), **self._lookups(delivery)}
        row["versionnumber"] = next_version(db)
        insert_row(db, self.table, row)

    def begin(self, db: sqlite3.Connection, delivery: Delivery, at: datetime) -> bool:
        """Lock the job; False if somebody has deleted, canceled or otherwise ended it."""
        job = fetch_row(db, self.table, delivery.operation_id)
        if job is None or job["statecode"] == _COMPLETED:
            return False
        begun = {"statecode": _LOCKED, "statuscode": _IN_PROGRESS, "modifiedon": stored_moment(at)}
        if job["startedon"] is None:
            begun["startedon"] = stored_moment(at)
        self._change(db, delivery, begun)
        return True

    def end(
        self,
        db: sqlite3.Connection,
        delivery: Delivery,
        failure: Failure | None,
        *,
        started_at: datetime,
        ended_at: datetime,
    ) -> None:
        """Say how a delivery ended; a success leaves nothing if its step wants it so."""
        if failure is None and delivery.deletes_job:
            delete_row(db, self.table, delivery.operation_id)
            return
        text = f"{failure.code}: {failure.message}" if failure else None
        ended = stored_moment(ended_at)
        self._change(
            db,
            delivery,
            {
                "statecode": _COMPLETED,
                "statuscode": _FAILED if failure else _SUCCEEDED,
                "message": text,
                "friendlymessage": text,
                "errorcode": _signed(failure.code) if failure else None,
                "retrycount": delivery.attempts,
                "completedon": ended,
                "modifiedon": ended,
                "executiontimespan": (ended_at - started_at).total_seconds(),
            },
        )

    def _change(self, db: sqlite3.Connection, delivery: Delivery, changes: RawRow) -> None:
        known = {**self._known(changes), "versionnumber": next_version(db)}
        update_row(db, self.table, delivery.operation_id, known)

    def _known(self, values: RawRow) -> RawRow:
        return {name: value for name, value in values.items() if name in self._blank}

    def _lookups(self, delivery: Delivery) -> RawRow:
        """Store ids as the columns hold them; a table that one cannot point at is left out."""
        users = ("ownerid", "owninguser", "createdby", "modifiedby")
        lookups = {
            **dict.fromkeys(users, ("systemuser", delivery.user_id)),
            "owningextensionid": (STEP_TABLE, delivery.step_id),
            "regardingobjectid": (delivery.table_name, delivery.row_id or None),
        }
        stored: RawRow = {}
        for name, (table, row_id) in lookups.items():
            column = self.table.columns.get(name)
            if column is None or table not in column.targets or row_id is None:
                continue
            stored[name] = row_id
            if column.is_polymorphic:
                stored[f"{name}__type"] = table
        return stored


def _waiting(delivery: Delivery) -> dict[str, Any]:
    return {
        "asyncoperationid": delivery.operation_id,
        "name": delivery.step_name,
        "operationtype": _SYSTEM_EVENT,
        "statecode": _READY,
        "statuscode": _WAITING_FOR_RESOURCES,
        "retrycount": 0,
        "messagename": delivery.message,
        "primaryentitytype": delivery.table_name,
        "correlationid": delivery.correlation_id,
        "depth": delivery.depth,
        "createdon": delivery.occurred_at,
        "modifiedon": delivery.occurred_at,
        "owningbusinessunit": delivery.business_unit_id,
    }


def _signed(code: str) -> int:
    """Turn a code into the number that the column holds: 32 bits with a sign."""
    number = int(code, 16)
    return number - 2**32 if number >= 2**31 else number
