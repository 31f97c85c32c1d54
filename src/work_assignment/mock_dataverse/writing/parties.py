"""Activity parties: written as a whole with their activity, which itself adds owner and subject."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ..faults import Fault, invalid_payload, located
from ..storage.rows import (
    RawRow,
    delete_row,
    fetch_row,
    fetch_values,
    find_ids,
    insert_row,
    next_version,
)
from ..tables.metadata import Catalog, Table
from ..tables.standard_tables.activity_parties import OWNER, PARTIES_OF, PARTY, REGARDING
from .payloads import Payload

_FOLLOWED = {REGARDING: "regardingobjectid", OWNER: "ownerid"}
_PERMISSIONS = ("donotemail", "donotfax", "donotphone", "donotpostalmail")
# Where the address of a party stands when the request names none.
_ADDRESSES = {
    "account": "emailaddress1",
    "contact": "emailaddress1",
    "lead": "emailaddress1",
    "queue": "emailaddress",
    "systemuser": "internalemailaddress",
}


def has_parties(table: Table) -> bool:
    """Tell whether people take part in the rows of a table."""
    return table.logical_name in PARTIES_OF


def replace_parties(
    db: sqlite3.Connection,
    catalog: Catalog,
    activity: Table,
    activity_id: str,
    given: Iterable[Payload],
) -> None:
    """Replace all parties of an activity but those that it has of itself."""
    parties = catalog.tables[PARTY]
    for party_id in find_ids(db, parties, {"activityid": activity_id}):
        row = fetch_row(db, parties, party_id) or {}
        if row["participationtypemask"] not in _FOLLOWED:
            delete_row(db, parties, party_id)
    for number, payload in enumerate(given):
        place = f"{PARTIES_OF[activity.logical_name]}[{number}]"
        role = payload.values.get("participationtypemask")
        if role is None:
            raise located(_without_role(), f"{place}.participationtypemask")
        if role not in _FOLLOWED:
            _insert(db, catalog, activity, activity_id, payload.values, payload.row_id)


def follow_activity(
    db: sqlite3.Connection, catalog: Catalog, activity: Table, row: RawRow, changed: Collection[str]
) -> None:
    """Keep the owner and the subject of an activity among its parties."""
    parties, activity_id = catalog.tables[PARTY], str(row[activity.primary_id])
    for role, column in _FOLLOWED.items():
        if column not in changed:
            continue
        key = {"activityid": activity_id, "participationtypemask": role}
        for party_id in find_ids(db, parties, key):
            delete_row(db, parties, party_id)
        kind = row.get(f"{column}__type")
        if row[column] is not None and kind in parties.columns["partyid"].targets:
            values = {"partyid": row[column], "partyid__type": kind, "participationtypemask": role}
            _insert(db, catalog, activity, activity_id, values, None)


def _insert(
    db: sqlite3.Connection,
    catalog: Catalog,
    activity: Table,
    activity_id: str,
    values: Mapping[str, Any],
    party_id: str | None,
) -> None:
    parties = catalog.tables[PARTY]
    row: RawRow = dict.fromkeys((*_PERMISSIONS, "ispartydeleted"), 0)
    row.update(_of_party(db, catalog, activity, values))
    row.update(values)
    row[parties.primary_id] = party_id or str(uuid.uuid4())
    row["activityid"], row["activityid__type"] = activity_id, activity.logical_name
    row["versionnumber"] = next_version(db)
    insert_row(db, parties, row)


def _of_party(
    db: sqlite3.Connection, catalog: Catalog, activity: Table, values: Mapping[str, Any]
) -> dict[str, Any]:
    """Read what a party's own row says: how it may be reached, and where an email goes."""
    kind, row_id = values.get("partyid__type"), values.get("partyid")
    if kind is None or row_id is None:
        return {}
    table, is_mailed = catalog.tables[kind], activity.logical_name == "email"
    address = (_ADDRESSES[kind],) if is_mailed and kind in _ADDRESSES else ()
    names = (*(name for name in _PERMISSIONS if name in table.columns), *address)
    if not names:
        return {}
    party = fetch_values(db, table, row_id, names) or {}
    found = {name: party.get(name) or 0 for name in names if name in _PERMISSIONS}
    if address:
        found["addressused"] = party.get(address[0])
    return found


def _without_role() -> Fault:
    return invalid_payload("activityparties", "An activity party needs a participation type.")
