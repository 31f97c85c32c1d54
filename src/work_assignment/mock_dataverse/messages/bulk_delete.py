"""BulkDelete: a job that deletes the rows that its queries find."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from ..faults import Fault, bad_request, invalid_payload, not_emulated
from ..reading.preferences import parse_prefer
from ..reading.reads import read_collection
from ..requests.exchanges import Response
from ..tables.metadata import Table
from ..tables.standard_tables.bulk_deletions import BULK_DELETIONS
from ..tables.values import stored_moment
from ..webhooks import json_text
from ..webhooks.operations import DELETE
from ..writing.payloads import Payload
from ..writing.references import Reference
from ..writing.writes import WriteContext, refuse_message
from .announcements import announced
from .calls import Arguments, Call
from .query_expressions import to_fetch_xml

_COOKIE = "Microsoft.Dynamics.CRM.fetchxmlpagingcookie"
_PAGING = re.compile(r'<cookie pagenumber="(\d+)" pagingcookie="([^"]*)"')
_JOB_TYPE = 13
_SUCCEEDED = {"statecode": 3, "statuscode": 30}


@dataclass(frozen=True, slots=True)
class _Outcome:
    deleted: int
    failed: int


def bulk_delete(call: Call) -> Response:
    """Delete what the queries find; the job has ended when its id is answered.

    A row that cannot be deleted is left and counted, as by the job of Dataverse.
    """
    arguments = call.arguments(
        "JobName",
        "QuerySet",
        "SendEmailNotification",
        "ToRecipients",
        "CCRecipients",
        "RecurrencePattern",
        "StartDateTime",
        "RunNow",
        "SourceImportId",
    )
    name, queries = _checked(arguments)
    session, context = call.session, call.session.write_context(call.request)
    with session.writing() as db:
        deleted = failed = 0
        jobs = Reference(session.catalog.tables[BULK_DELETIONS], json_text.NO_ID)
        said = (("JobName", json_text.text(name)),)
        with announced(session, db, call.name, jobs, said, context) as event:
            for query in queries:
                outcome = _run(db, call, query, context)
                deleted, failed = deleted + outcome.deleted, failed + outcome.failed
            job_id = _record(db, call, name, _Outcome(deleted, failed), context)
            event.outputs = (("JobId", json_text.text(job_id)),)
    return call.answer({"JobId": job_id})


def _checked(arguments: Arguments) -> tuple[str, list[dict[str, Any]]]:
    """Read the parameters that say what is to be done; refuse what is not done here."""
    name, queries = arguments.body.get("JobName"), arguments.records("QuerySet")
    if not isinstance(name, str) or not name:
        raise invalid_payload("BulkDelete", "The parameter 'JobName' of BulkDelete is not a text.")
    if not queries:
        raise bad_request("'QuerySet' of BulkDelete is empty.", "0x80040203")
    if arguments.flag("SendEmailNotification"):
        raise not_emulated("the emails of BulkDelete (SendEmailNotification)")
    if arguments.body.get("RecurrencePattern"):
        raise not_emulated("a RecurrencePattern of BulkDelete")
    for recipients in ("ToRecipients", "CCRecipients"):
        arguments.records(recipients)
    start = arguments.body.get("StartDateTime")
    try:
        datetime.fromisoformat(start if isinstance(start, str) else "")
    except ValueError as exc:
        raise invalid_payload(
            "BulkDelete", "The parameter 'StartDateTime' of BulkDelete is not a date and time."
        ) from exc
    return name, queries


def _run(
    db: sqlite3.Connection, call: Call, query: Mapping[str, Any], context: WriteContext
) -> _Outcome:
    table = call.session.catalog.tables.get(str(query.get("EntityName")))
    if table is None:
        raise bad_request(
            f"The entity with a name = '{query.get('EntityName')}' was not found.", "0x80041102"
        )
    refuse_message(table, DELETE)
    deleted = failed = 0
    for row_id in _found(db, call, table, query):
        db.execute("SAVEPOINT one_of_many")
        try:
            call.session.organization.deletes.delete(db, table, row_id, context)
            deleted += 1
        except Fault as fault:
            db.execute("ROLLBACK TO one_of_many")
            failed += fault.code != "0x80040217"  # else it went with another row before it
        db.execute("RELEASE one_of_many")
    return _Outcome(deleted, failed)


def _found(db: sqlite3.Connection, call: Call, table: Table, query: Mapping[str, Any]) -> list[str]:
    """List the ids of all rows that a query finds, page by page, before any of them goes."""
    session, ids = call.session, []
    cookie: tuple[int, str] | None = None
    while True:
        body = read_collection(
            db,
            session.catalog,
            table,
            {"fetchXml": to_fetch_xml(query, table.primary_id, cookie)},
            parse_prefer(f'odata.include-annotations="{_COOKIE}"'),
            root=call.request.root,
            caller=session.caller,
            now=session.now,
            path=table.entity_set_name,
        )
        ids += [row[table.primary_id] for row in body["value"]]
        matched = _PAGING.match(body.get(f"@{_COOKIE}", ""))
        if matched is None:
            return ids
        cookie = (int(matched[1]), unquote(unquote(matched[2])))


def _record(
    db: sqlite3.Connection, call: Call, name: str, outcome: _Outcome, context: WriteContext
) -> str:
    """Write the system job and what it did; return the job's id."""
    writes, tables = call.session.organization.writes, call.session.catalog.tables
    moment = stored_moment(call.session.now)
    job = {
        "name": name[:256],
        "operationtype": _JOB_TYPE,
        "messagename": "BulkDelete",
        "primaryentitytype": BULK_DELETIONS,
        "startedon": moment,
        "completedon": moment,
        **_SUCCEEDED,
    }
    job_id = writes.insert(db, tables["asyncoperation"], Payload(job), context)
    done = {
        "name": name[:256],
        "asyncoperationid": job_id,
        "successcount": outcome.deleted,
        "failurecount": outcome.failed,
        **_SUCCEEDED,
    }
    writes.insert(db, tables[BULK_DELETIONS], Payload(done), context)
    return job_id
