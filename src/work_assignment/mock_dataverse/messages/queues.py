"""Messages about queues: a record gets in, somebody takes it, gives it back, takes it out."""

from __future__ import annotations

import sqlite3
from typing import Any

from ..faults import bad_request
from ..requests.exchanges import Response
from ..storage.rows import RawRow
from ..tables.metadata import Catalog
from ..tables.values import stored_moment
from ..writing.owners import is_user_owned
from ..writing.payloads import Payload, read_payload
from ..writing.queue_items import ITEMS, OPEN, active_item, already_queued, is_queue_enabled
from ..writing.references import Reference
from ..writing.writes import existing_row
from .calls import Arguments, Call
from .teams import MEMBERS as TEAM_MEMBERS

_MEMBERS = "queuemembership_association"
_REMOVED = {"statecode": 1, "statuscode": 2}
_NO_WORKER = {"workerid": None, "workerid__type": None}


def add_to_queue(call: Call) -> Response:
    """Put a record into the queue, or move its item there from the source queue."""
    arguments = call.arguments("Target", "SourceQueue", "QueueItemProperties")
    with call.session.writing() as db:
        queue = call.bound_row(db)
        target = arguments.row(db, "Target")
        source = arguments.optional_row(db, "SourceQueue", "queue")
        properties = _properties(db, arguments)
        _check(db, queue, target)
        if source is None:
            item_id = _create(db, call, queue, target, properties)
        else:
            item_id = _item_in(db, call.session.catalog, source, target)
            if source.row_id == queue.row_id:
                raise already_queued(target.table.logical_name, target.row_id)
            entered = stored_moment(call.session.organization.store.clock())
            moved = {"queueid": queue.row_id, "enteredon": entered}
            _update_item(db, call, item_id, {**_NO_WORKER, **properties.values, **moved})
    return call.answer({"QueueItemId": item_id})


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
    with call.session.writing() as db:
        item = _open_item(db, call)
        worker = arguments.row(db, "SystemUser", "systemuser")
        values: dict[str, Any] = {"workerid": worker.row_id, "workerid__type": "systemuser"}
        _update_item(db, call, item["queueitemid"], values)
        _give(db, call, item, "systemuser", worker.row_id)
        if removes:
            _update_item(db, call, item["queueitemid"], _REMOVED)
    return Response(204)


def release_to_queue(call: Call) -> Response:
    """Give an item back: nobody works on it, and the queue's owner owns the record."""
    call.without_body()
    with call.session.writing() as db:
        item = _open_item(db, call)
        _update_item(db, call, item["queueitemid"], _NO_WORKER)
        queue = existing_row(db, call.session.catalog.tables["queue"], item["queueid"])
        _give(db, call, item, queue["ownerid__type"], queue["ownerid"])
    return Response(204)


def remove_from_queue(call: Call) -> Response:
    """Take an item out of its queue: it stays as an inactive row."""
    call.without_body()
    with call.session.writing() as db:
        _update_item(db, call, call.bound_row(db).row_id, _REMOVED)
    return Response(204)


def _open_item(db: sqlite3.Connection, call: Call) -> RawRow:
    reference = call.bound_row(db)
    item = existing_row(db, reference.table, reference.row_id)
    if item["statecode"] != OPEN:
        raise bad_request(
            f"The queue item {reference.row_id} is inactive: the record has left the queue.",
            "0x80040230",
        )
    return item


def _give(db: sqlite3.Connection, call: Call, item: RawRow, kind: str, owner_id: str) -> None:
    """Make somebody the owner of the record behind an item, if its table has owners."""
    session = call.session
    table = session.catalog.tables[item["objectid__type"]]
    if is_user_owned(table):
        session.organization.writes.update(
            db,
            table,
            item["objectid"],
            Payload({"ownerid": owner_id, "ownerid__type": kind}),
            session.write_context(call.request),
        )


def _create(
    db: sqlite3.Connection, call: Call, queue: Reference, target: Reference, properties: Payload
) -> str:
    session = call.session
    table, context = session.catalog.tables[ITEMS], session.write_context(call.request)
    values = {
        "queueid": queue.row_id,
        "objectid": target.row_id,
        "objectid__type": target.table.logical_name,
    }
    return session.organization.writes.create(db, table, properties.with_values(values), context)


def _update_item(db: sqlite3.Connection, call: Call, item_id: str, values: dict[str, Any]) -> None:
    session = call.session
    table, context = session.catalog.tables[ITEMS], session.write_context(call.request)
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
        for member in members:
            if not links.holds(db, queue, _MEMBERS, member):
                links.add(db, queue, _MEMBERS, member, context)
    return Response(204)
