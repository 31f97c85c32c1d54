"""The event pipeline of a write: synchronous steps are called, asynchronous ones are kept to be
sent, all in the transaction of the write."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..faults import bad_request
from ..storage.rows import fetch_value
from ..tables.metadata import Catalog, Table
from ..tables.values import stored_moment
from . import json_text
from .calls import Calls
from .contexts import STEP_TABLE, ContextWriter, Runner
from .images import ImageWriter
from .jobs import JOB_TABLE, Jobs
from .json_text import NO_ID
from .operations import DEEPEST, MULTIPLE_OF, Gathering, Operation
from .outbox_rows import Delivery, keep
from .runs import events_of, heeds, pipeline_runs
from .steps import Mode, Registered, Stage, Step, StepCache


@dataclass(frozen=True, slots=True)
class _User:
    user_id: str
    aad_object_id: str


class Outbox:
    """Carries out the steps that operations set off.

    Without `calls` there is nobody to post for synchronous steps, and they do not run.
    """

    def __init__(self, catalog: Catalog, calls: Calls | None = None) -> None:
        self._catalog = catalog
        self._calls = calls
        self._images = ImageWriter()
        self._cache = StepCache()
        self._has_steps = STEP_TABLE in catalog.tables
        self._jobs = Jobs(catalog.tables[JOB_TABLE]) if self._has_steps else None

    def validate(self, db: sqlite3.Connection, operation: Operation) -> None:
        """Run stage 10, before anything else is done about an operation."""
        registered = self._registered(db)
        if registered:
            self._call_all(db, registered, operation, Stage.PRE_VALIDATION)

    def prepare(self, db: sqlite3.Connection, operation: Operation) -> None:
        """Run stage 20, right before the rows are written."""
        registered = self._registered(db)
        if registered:
            run = pipeline_runs(operation)[0]
            self._call_all(db, registered, run, Stage.PRE_OPERATION)

    def written(self, table: Table, row_id: str, values: Mapping[str, Any]) -> str:
        """Write a record that is the parameter of a message, as JSON."""
        name, attributes = table.logical_name, self._images.attributes(table, row_id, values)
        return json_text.typed_entity(json_text.plain_entity(name, row_id, attributes))

    def precedes(self, db: sqlite3.Connection, table: Table) -> bool:
        """Tell whether anything runs before the rows of a table are written."""
        registered = self._registered(db)
        return registered is not None and registered.has_early(table.logical_name)

    def is_idle(self, db: sqlite3.Connection) -> bool:
        """Tell whether nobody is to hear of anything."""
        return not self._registered(db)

    def enqueue(self, db: sqlite3.Connection, operation: Operation) -> None:
        """Run stage 40, and keep what is to be sent once the transaction is committed."""
        registered = self._registered(db)
        if not registered:
            return
        if operation.gathering is not None:
            operation.gathering.operations.append(operation)
        for number, run in enumerate(pipeline_runs(operation)):
            if number:
                self._call_all(db, registered, run, Stage.PRE_OPERATION)
            self._finish(db, registered, run)

    def enqueue_multiple(self, db: sqlite3.Connection, operation: Operation) -> None:
        """Run all stages of a message of many rows, whose single writes are gathered and done."""
        registered = self._registered(db)
        if not registered or not registered.of(operation.message, operation.table.logical_name):
            return
        for run in _multiple_runs(operation):
            for stage in (Stage.PRE_VALIDATION, Stage.PRE_OPERATION):
                self._call_all(db, registered, run, stage)
            self._finish(db, registered, run)

    def _registered(self, db: sqlite3.Connection) -> Registered | None:
        """Return what is registered if anything is, and if what happens here is real."""
        if not self._has_steps or getattr(db, "is_rehearsal", False):
            return None
        return self._cache.registered(db) or None

    def _call_all(
        self, db: sqlite3.Connection, registered: Registered, run: Operation, stage: Stage
    ) -> None:
        for event in events_of(run, registered):
            _check_depth(event)
            self._call_stage(db, event, _heeding(registered, event), stage, None)

    def _finish(self, db: sqlite3.Connection, registered: Registered, run: Operation) -> None:
        for event in events_of(run, registered):
            steps = _heeding(registered, event)
            if steps:
                _check_depth(event)
                writer = self._writer(db, event)
                self._call_stage(db, event, steps, Stage.POST_OPERATION, writer)
                self._keep_all(db, event, steps, writer)

    def _call_stage(
        self,
        db: sqlite3.Connection,
        event: Operation,
        steps: tuple[Step, ...],
        stage: Stage,
        writer: ContextWriter | None,
    ) -> None:
        if self._calls is None or event.bypass.synchronous:
            return
        for step in steps:
            if step.mode == Mode.SYNCHRONOUS and step.stage == stage:
                writer = writer or self._writer(db, event)
                delivery = self._delivery(db, event, step, writer, NO_ID)
                self._calls.call(db, self._catalog.tables["serviceendpoint"], delivery)

    def _keep_all(
        self,
        db: sqlite3.Connection,
        event: Operation,
        steps: tuple[Step, ...],
        writer: ContextWriter,
    ) -> None:
        if event.bypass.asynchronous:
            return
        for step in steps:
            if step.mode == Mode.ASYNCHRONOUS and step.stage == Stage.POST_OPERATION:
                self._keep(db, event, step, writer)

    def _keep(
        self, db: sqlite3.Connection, event: Operation, step: Step, writer: ContextWriter
    ) -> None:
        delivery = self._delivery(db, event, step, writer, str(uuid.uuid4()))
        keep(db, delivery)
        if self._jobs is not None:
            self._jobs.wait(db, delivery)

    def _writer(self, db: sqlite3.Connection, event: Operation) -> ContextWriter:
        return ContextWriter(event, self._images, _NamesIn(db, self._catalog))

    def _delivery(
        self,
        db: sqlite3.Connection,
        event: Operation,
        step: Step,
        writer: ContextWriter,
        operation_id: str,
    ) -> Delivery:
        runner = self._runner(db, event, step)
        body = writer.body(step, runner, Stage(step.stage), operation_id)
        return Delivery(
            operation_id=operation_id,
            message=event.message,
            table_name=event.table.logical_name,
            row_id=event.row_id,
            correlation_id=event.correlation_id,
            depth=event.depth,
            user_id=runner.user_id,
            business_unit_id=event.caller.business_unit_id,
            occurred_at=stored_moment(event.occurred_at),
            step_id=step.id,
            step_name=step.name,
            endpoint_id=step.endpoint_id,
            deletes_job=step.deletes_job,
            body=body.text,
            is_trimmed=body.is_trimmed,
        )

    def _runner(self, db: sqlite3.Connection, event: Operation, step: Step) -> Runner:
        """Return the user that a step runs as: the caller, or the one that it impersonates."""
        if step.runs_as is None:
            return event.caller
        users = self._catalog.tables["systemuser"]
        known = fetch_value(db, users, step.runs_as, "azureactivedirectoryobjectid")
        return _User(step.runs_as, known or NO_ID)


def _heeding(registered: Registered, event: Operation) -> tuple[Step, ...]:
    """List the steps of a message that this operation sets off."""
    bypassed = event.bypass.step_ids
    return tuple(
        step
        for step in registered.of(event.message, event.table.logical_name)
        if step.id not in bypassed and heeds(step, event)
    )


def _check_depth(event: Operation) -> None:
    """Stop what sets itself off again and again (Learn: Event framework, depth)."""
    if event.depth > DEEPEST:
        raise bad_request(
            "This workflow job was canceled because the workflow that started it included an"
            f" infinite loop: {event.message} of {event.table.logical_name} runs at depth"
            f" {event.depth}. Correct the workflow logic and try again.",
            "0x80044182",
        )


def _multiple_runs(operation: Operation) -> Iterator[Operation]:
    """Split a message of many rows as the writes of its rows are split."""
    singles = operation.gathering.operations if operation.gathering else []
    split = [pipeline_runs(s) for s in singles if MULTIPLE_OF.get(s.message) == operation.message]
    for number in range(max(map(len, split), default=0)):
        gathered = [runs[number] for runs in split if number < len(runs)]
        yield replace(operation, gathering=Gathering(operation.table.logical_name, gathered))


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
