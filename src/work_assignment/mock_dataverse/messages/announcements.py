"""Messages as events: the steps registered on a message run around what it does."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from ..requests.sessions import Session
from ..tables.metadata import Table
from ..webhooks.json_text import NO_ID
from ..webhooks.operations import MULTIPLE_OF, Gathering, Parameters
from ..writing.references import Reference
from ..writing.writes import WriteContext


@dataclass(slots=True)
class Announced:
    """A message under way: `context` is for all that it writes, `outputs` for what it answers."""

    context: WriteContext
    outputs: Parameters = ()


@contextmanager
def announced(
    session: Session,
    db: sqlite3.Connection,
    message: str,
    target: Reference,
    parameters: Parameters,
    context: WriteContext,
) -> Iterator[Announced]:
    """Run the steps of a message before and after what is done meanwhile."""
    outbox = session.organization.outbox
    asked = replace(
        context.operation(message, target.table, target.row_id, {}, None, None),
        parameters=parameters,
    )
    outbox.validate(db, asked)
    outbox.prepare(db, asked)
    under_way = Announced(context.within(asked))
    yield under_way
    outbox.enqueue(db, replace(asked, outputs=under_way.outputs))


@contextmanager
def gathered(
    session: Session, db: sqlite3.Connection, table: Table, context: WriteContext
) -> Iterator[WriteContext]:
    """Let the writes of many rows be heard as a message of many rows too, when all are done."""
    gathering = Gathering(table.logical_name)
    yield replace(context, gathering=gathering)
    for message in MULTIPLE_OF.values():
        whole = replace(
            context.operation(message, table, NO_ID, {}, None, None), gathering=gathering
        )
        session.organization.outbox.enqueue_multiple(db, whole)
