"""Messages about queues: a record gets in, somebody takes it, gives it back, takes it out."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..faults import bad_request
from ..requests.exchanges import Response
from ..storage.rows import RawRow
from ..tables.metadata import Catalog
from ..tables.values import stored_moment
from ..webhooks import json_text
from ..webhooks.operations import Parameters
from ..writing.owners import is_user_owned
from ..writing.payloads import Payload, read_payload
from ..writing.queue_items import ITEMS, OPEN, active_item, already_queued, is_queue_enabled
from ..writing.references import Reference
from ..writing.writes import WriteContext, existing_row
from .announcements import announced
from .calls import Arguments, Call
from .teams import MEMBERS as TEAM_MEMBERS

_MEMBERS = "queuemembership_association"
_REMOVED = {"statecode": 1, "statuscode": 2}
_NO_WORKER = {"workerid": None, "workerid__type": None}


def add_to_queue(call: Call) -> Response:
    """Put a record into the queue, or move its item there from the source queue."""
    arguments = call.arguments("Target", "SourceQueue", "QueueItemProperties")
    session, context = call.session, call.session.write_context(call.request)
    with session.writing() as db:
        queue = call.bound_row(db)
        target = arguments.row(db, "Target")
        source = arguments.optional_row(db, "SourceQueue", "queue")
        properties = _properties(db, arguments)
        _check(db, queue, target)
        said = _said(call, queue, source, target, properties)
        with announced(session, db, call.name, target, said, context) as event:
            if source is None:
                item_id = _create(db, call, queue, target, properties, event.context)
            else:
                item_id = _item_in(db, session.catalog, source, target)
                if source.row_id == queue.row_id:
                    raise already_queued(target.table.logical_name, target.row_id)
                moved = {"queueid": queue.row_id, "enteredon": stored_moment(session.now)}
                values = {**_NO_WORKER, **properties.values, **moved}
                _update_item(db, call, item_id, values, event.context)
            event.outputs = (("QueueItemId", json_text.text(item_id)),)
    return call.answer({"QueueItemId": item_id})


def _said(
    call: Call,
    queue: Reference,
    source: Reference | None,
    target: Reference,
    properties: Payload,
) -> Parameters:
    """List the parameters of AddToQueue as steps get to see them."""
    items, outbox = call.session.catalog.tables[ITEMS], call.session.organization.outbox
    given = outbox.written(items, json_text.NO_ID, properties.values) if properties.values else None
    return (
        ("Target", json_text.reference(target.table.logical_name, target.row_id)),
        ("SourceQueueId", json_text.text(source.row_id if source else json_text.NO_ID)),
        ("DestinationQueueId", json_text.text(queue.row_id)),
        ("QueueItemProperties", given or json_text.NULL),
    )


def _properties(db: sqlite3.Connection, arguments: Arguments) -> Payload:
    """Read what the caller says of the item; where it lies is said by the message."""
    session = arguments.call.session
    table = session.catalog.tables[ITEMS]
    given = arguments.record("QueueItemProperties")
    payload = read_payload(db, table, given, session.references, creates=True)
    if payload.links or payload.row_id or {"objectid", "queueid"} & set(payload.values):
        raise bad_request("QueueItemProperties cannot say which record lies in which queue.")
    return payload


def _check(db: sqlite3.Connection, queue: Reference, target: Reference) -> None:
    if existing_row(db, queue.table, queue.row_id)["statecode"] != OPEN:
        raise bad_request("The queue is not active; nothing can be added to it.", "0x80040522")
    if not is_queue_enabled(target.table):
        raise bad_request(
            f"The table {target.table.logical_name} is not enabled for queues.", "0x80040527"
        )
    row = existing_row(db, target.table, target.row_id)
    if row.get("statecode", OPEN) != OPEN:
        raise bad_request("A deactivated record cannot be added to a queue.", "0x8004051e")


def _item_in(db: sqlite3.Connection, catalog: Catalog, source: Reference, target: Reference) -> str:
    """Return the item by which a record lies in the source queue."""
    item = active_item(db, catalog, target.table.logical_name, target.row_id)
    if item is None or item["queueid"] != source.row_id:
        raise bad_request(
            f"The {target.table.logical_name} {target.row_id} is not in the source queue.",
            "0x80040524",
        )
    return str(item["queueitemid"])


def pick_from_queue(call: Call) -> Response:
    """Let somebody work on an item, and own the record behind it."""
    arguments = call.arguments("SystemUser", "RemoveQueueItem")
    removes = arguments.flag("RemoveQueueItem")
    context = call.session.write_context(call.request)
    with call.session.writing() as db:
        item = _open_item(db, call)
        worker = arguments.row(db, "SystemUser", "systemuser")
        values: dict[str, Any] = {"workerid": worker.row_id, "workerid__type": "systemuser"}
        said = (
            ("WorkerId", json_text.text(worker.row_id)),
            ("RemoveQueueItem", json_text.flag(removes)),
        )
        with _item_announced(db, call, item["queueitemid"], said, context) as inner:
            _update_item(db, call, item["queueitemid"], values, inner)
            _give(db, call, item, ("systemuser", worker.row_id), inner)
            if removes:
                _update_item(db, call, item["queueitemid"], _REMOVED, inner)
    return Response(204)


def release_to_queue(call: Call) -> Response:
    """Give an item back: nobody works on it, and the queue's owner owns the record."""
    call.without_body()
    context = call.session.write_context(call.request)
    with call.session.writing() as db:
        item = _open_item(db, call)
        with _item_announced(db, call, item["queueitemid"], (), context) as inner:
            _update_item(db, call, item["queueitemid"], _NO_WORKER, inner)
            queue = existing_row(db, call.session.catalog.tables["queue"], item["queueid"])
            _give(db, call, item, (queue["ownerid__type"], queue["ownerid"]), inner)
    return Response(204)


def remove_from_queue(call: Call) -> Response:
    """Take an item out of its queue: it stays as an inactive row."""
    call.without_body()
    context = call.session.write_context(call.request)
    with call.session.writing() as db:
        item_id = call.bound_row(db).row_id
        with _item_announced(db, call, item_id, (), context) as inner:
            _update_item(db, call, item_id, _REMOVED, inner)
    return Response(204)


@contextmanager
def _item_announced(
    db: sqlite3.Connection, call: Call, item_id: str, said: Parameters, context: WriteContext
) -> Iterator[WriteContext]:
    """Run the steps of a message about an item around what it does."""
    target = Reference(call.session.catalog.tables[ITEMS], item_id)
    parameters = (("QueueItemId", json_text.text(item_id)), *said)
    with announced(call.session, db, call.name, target, parameters, context) as event:
        yield event.context


def _open_item(db: sqlite3.Connection, call: Call) -> RawRow:
    reference = call.bound_row(db)
    item = existing_row(db, reference.table, reference.row_id)
    if item["statecode"] != OPEN:
        raise bad_request(
            f"The queue item {reference.row_id} is inactive: the record has left the queue.",
            "0x80040230",
        )
    if item["objectid"] is None:
        raise bad_request(f"The queue item {reference.row_id} holds no record.", "0x80040203")
    return item


def _give(
    db: sqlite3.Connection,
    call: Call,
    item: RawRow,
    owner: tuple[str, str],
    context: WriteContext,
) -> None:
    """Make somebody the owner of the record behind an item, if its table has owners."""
    kind, owner_id = owner
    session = call.session
    table = session.catalog.tables[item["objectid__type"]]
    if is_user_owned(table):
        session.organization.writes.update(
            db,
            table,
            item["objectid"],
            Payload({"ownerid": owner_id, "ownerid__type": kind}),
            context,
        )


def _create(
    db: sqlite3.Connection,
    call: Call,
    queue: Reference,
    target: Reference,
    properties: Payload,
    context: WriteContext,
) -> str:
    session = call.session
    table = session.catalog.tables[ITEMS]
    values = {
        "queueid": queue.row_id,
        "objectid": target.row_id,
        "objectid__type": target.table.logical_name,
    }
    return session.organization.writes.create(db, table, properties.with_values(values), context)


def _update_item(
    db: sqlite3.Connection,
    call: Call,
    item_id: str,
    values: dict[str, Any],
    context: WriteContext,
) -> None:
    session = call.session
    table = session.catalog.tables[ITEMS]
    session.organization.writes.update(db, table, item_id, Payload(values), context)


def add_principal_to_queue(call: Call) -> Response:
    """Make a user, or each member of a team, a member of a queue."""
    arguments = call.arguments("Principal")
    session, context = call.session, call.session.write_context(call.request)
    with session.writing() as db:
        queue, links = call.bound_row(db), session.organization.links
        principal = arguments.row(db, "Principal", "systemuser", "team")
        members = [principal]
        if principal.table.logical_name == "team":
            members = links.targets(db, principal, TEAM_MEMBERS)
        said = (
            ("QueueId", json_text.text(queue.row_id)),
            ("Principal", json_text.reference(principal.table.logical_name, principal.row_id)),
        )
        with announced(session, db, call.name, queue, said, context) as event:
            for member in members:
                if not links.holds(db, queue, _MEMBERS, member):
                    links.add(db, queue, _MEMBERS, member, event.context)
    return Response(204)
