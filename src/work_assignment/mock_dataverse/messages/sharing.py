"""Messages about access: sharing a record, and what somebody may do with it."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable
from datetime import datetime

from ..faults import Fault, bad_request, invalid_payload
from ..requests.exchanges import Response
from ..resource_paths import NAMESPACE
from ..storage.privileges import READ, RIGHTS, privilege_name, standing
from ..storage.rows import RawRow
from ..webhooks import json_text
from ..writing.access import access_of
from ..writing.owners import is_user_owned
from ..writing.references import Reference
from ..writing.writes import existing_row
from .announcements import announced
from .calls import Arguments, Call

_PRINCIPALS = ("systemuser", "team")
_QUOTED = re.compile(r"'((?:[^']|'')*)'")

Change = Callable[[sqlite3.Connection, Reference, Reference, int, datetime], None]


def grant_access(call: Call) -> Response:
    """Share a record, beside what was granted before."""
    return _share(call, call.session.organization.writes.shares.grant)


def modify_access(call: Call) -> Response:
    """Replace what somebody was granted."""
    return _share(call, call.session.organization.writes.shares.modify)


def _share(call: Call, change: Change) -> Response:
    arguments = call.arguments("Target", "PrincipalAccess")
    session = call.session
    with session.writing() as db:
        target = _shareable(db, arguments)
        given = arguments.record("PrincipalAccess")
        principal = Arguments(call, given).row(db, "Principal", *_PRINCIPALS)
        rights = _mask(call, given.get("AccessMask"))
        if rights & RIGHTS[READ]:
            _check_reader(db, target, principal)
        kind = principal.table.logical_name
        said = (
            ("Target", json_text.reference(target.table.logical_name, target.row_id)),
            ("PrincipalAccess", json_text.principal_access(rights, kind, principal.row_id)),
        )
        context = session.write_context(call.request)
        with announced(session, db, call.name, target, said, context):
            if rights:  # None neither gives nor takes anything
                change(db, target, principal, rights, session.now)
    return Response(204)


def revoke_access(call: Call) -> Response:
    """Take back all that somebody was granted."""
    arguments = call.arguments("Target", "Revokee")
    session = call.session
    with session.writing() as db:
        target = _shareable(db, arguments)
        revokee = arguments.row(db, "Revokee", *_PRINCIPALS)
        said = (
            ("Target", json_text.reference(target.table.logical_name, target.row_id)),
            ("Revokee", json_text.reference(revokee.table.logical_name, revokee.row_id)),
        )
        context = session.write_context(call.request)
        with announced(session, db, call.name, target, said, context):
            session.organization.writes.shares.revoke(db, target, revokee, session.now)
    return Response(204)


def retrieve_shared_principals(call: Call) -> Response:
    """List with whom a record is shared, and how far."""
    session = call.session
    with session.reading() as db:
        target, _ = _target(db, call)
        shares = session.organization.writes.shares.of(db, target.row_id)
    found = [
        {
            "AccessMask": _names(share.rights),
            "Principal": {
                "@odata.type": f"#{NAMESPACE}{share.principal_type}",
                "ownerid": share.principal_id,
            },
        }
        for share in shares
    ]
    return call.answer({"PrincipalAccesses": found})


def retrieve_principal_access(call: Call) -> Response:
    """Say what a user or team may do with a record: by roles, as its owner, by shares."""
    session = call.session
    with session.reading() as db:
        principal = call.bound_row(db)
        target, row = _target(db, call)
        rules = session.organization.owner_rules
        shares = session.organization.writes.shares.of(db, target.row_id)
        rights = access_of(db, target.table, row, principal, shares, rules)
    return call.answer({"AccessRights": _names(rights)})


def _shareable(db: sqlite3.Connection, arguments: Arguments) -> Reference:
    target = arguments.row(db, "Target")
    if not is_user_owned(target.table):
        raise bad_request(
            f"Records of {target.table.logical_name} have no owner and cannot be shared.",
            "0x80040203",
        )
    return target


def _target(db: sqlite3.Connection, call: Call) -> tuple[Reference, RawRow]:
    """Read a function's parameter Target, which is a reference as JSON, in either quotes."""
    call.expect("Target")
    text = call.parameters["Target"].strip()
    if '"' not in text:
        text = _QUOTED.sub(lambda found: json.dumps(found[1].replace("''", "'")), text)
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise _no_reference(call) from exc
    if not isinstance(given, dict):
        raise _no_reference(call)
    target = Arguments(call, {"Target": given}).row(db, "Target")
    return target, existing_row(db, target.table, target.row_id)


def _no_reference(call: Call) -> Fault:
    return bad_request(
        f"The parameter 'Target' of {call.name} is {call.parameters['Target']!r}, not a reference"
        " such as {'@odata.id':'leads(<id>)'}."
    )


def _check_reader(db: sqlite3.Connection, target: Reference, principal: Reference) -> None:
    kind, row_id = principal.table.logical_name, principal.row_id
    found = standing(db, target.table, READ, kind, row_id)
    if found.roles and not found.is_granted:
        raise Fault(
            403,
            "0x80040231",
            f"Target user or team does not hold required privileges. The {kind} {row_id} lacks"
            f" {privilege_name(READ, target.table)}.",
        )


def _mask(call: Call, value: object) -> int:
    """Read an AccessMask such as `ReadAccess,WriteAccess`."""
    mask = 0
    for name in value.split(",") if isinstance(value, str) else [""]:
        right = name.strip().removesuffix("Access")
        if name.strip() == "None":
            continue
        if f"{right}Access" != name.strip() or right not in RIGHTS:
            raise invalid_payload(
                call.name,
                f"The AccessMask {value!r} is not made of None,"
                f" {', '.join(f'{known}Access' for known in RIGHTS)}.",
            )
        mask |= RIGHTS[right]
    return mask


def _names(mask: int) -> str:
    return ",".join(f"{name}Access" for name, bit in RIGHTS.items() if mask & bit) or "None"
