"""Columns that follow from others: full names, base amounts, customers, what a webhook has set."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from ..storage.rows import fetch_value
from ..tables.metadata import Catalog, Table
from ..well_known import stable_id

Row: TypeAlias = Mapping[str, Any]

_NON_INTERACTIVE = 4

_ADDRESS_PARTS = (
    "line1",
    "line2",
    "line3",
    "city",
    "stateorprovince",
    "postalcode",
    "country",
)


@dataclass(frozen=True, slots=True)
class Write:
    """A write under way: `changes` of the request and `row` as it would be with them."""

    db: sqlite3.Connection
    catalog: Catalog
    table: Table
    changes: Row
    row: Row
    creates: bool


def computed_columns(write: Write) -> dict[str, Any]:
    """Return the columns that follow from what a write changes."""
    found = {**_amounts(write), **_addresses(write)}
    rule = _RULES.get(write.table.logical_name)
    if rule is not None:
        found.update(rule(write))
    if write.creates and write.table.is_activity:
        found["activitytypecode"] = write.table.logical_name
    return found


@lru_cache(maxsize=512)
def _amount_columns(names: tuple[str, ...]) -> tuple[str, ...]:
    known = set(names)
    return tuple(name for name in names if f"{name}_base" in known)


def _amounts(write: Write) -> dict[str, Any]:
    """Keep the currency, its rate and the amounts in base currency in step."""
    columns = write.table.columns
    if "exchangerate" not in columns or "transactioncurrencyid" not in columns:
        return {}
    amounts = _amount_columns(tuple(columns))
    changed = [name for name in amounts if name in write.changes]
    moves = "transactioncurrencyid" in write.changes
    if not changed and not moves:
        return {}
    if write.row.get("transactioncurrencyid") is None and not any(
        write.row.get(name) is not None for name in amounts
    ):
        return {f"{name}_base": None for name in changed}
    currency = write.row.get("transactioncurrencyid") or _base_currency(write)
    rate = _rate(write, currency)
    affected = amounts if moves or write.row.get("exchangerate") != rate else tuple(changed)
    return {
        "transactioncurrencyid": currency,
        "exchangerate": rate,
        **{f"{name}_base": _in_base(write.row.get(name), rate) for name in affected},
    }


def _base_currency(write: Write) -> str | None:
    row = write.db.execute('SELECT "basecurrencyid" FROM "organization"').fetchone()
    return None if row is None else row[0]


def _rate(write: Write, currency: str | None) -> float:
    if currency is None:
        return 1.0
    table = write.catalog.tables["transactioncurrency"]
    return float(fetch_value(write.db, table, currency, "exchangerate") or 1.0)


def _in_base(amount: float | None, rate: float) -> float | None:
    return None if amount is None else round(amount / rate, 4)


@lru_cache(maxsize=512)
def _address_prefixes(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.removesuffix("_composite") for name in names if name.endswith("_composite"))


def _addresses(write: Write) -> dict[str, Any]:
    """Write each address of which a part changes as a person reads it, line by line."""
    return {
        f"{prefix}_composite": _address(write.row, prefix)
        for prefix in _address_prefixes(tuple(write.table.columns))
        if any(f"{prefix}_{part}" in write.changes for part in _ADDRESS_PARTS)
    }


def _address(row: Row, prefix: str) -> str | None:
    parts = {part: row[f"{prefix}_{part}"] or "" for part in _ADDRESS_PARTS}
    region = " ".join(filter(None, (parts["stateorprovince"], parts["postalcode"])))
    place = ", ".join(filter(None, (parts["city"], region)))
    lines = (parts["line1"], parts["line2"], parts["line3"], place, parts["country"])
    return "\r\n".join(filter(None, lines)) or None


def _full_name(write: Write) -> dict[str, Any]:
    """Join first and last name, and how they are pronounced."""
    found: dict[str, Any] = {}
    for prefix in ("", "yomi"):
        first, last = f"{prefix}firstname", f"{prefix}lastname"
        if first in write.row and (
            write.creates or first in write.changes or last in write.changes
        ):
            names = (write.row[first], write.row[last])
            found[f"{prefix}fullname"] = " ".join(filter(None, names)) or None
    return found


def _user(write: Write) -> dict[str, Any]:
    """Give an application's user what Dataverse gives her (Learn: Use OAuth with Dataverse)."""
    found, application = _full_name(write), write.row.get("applicationid")
    if write.creates and application is not None:
        principal = write.row.get("azureactivedirectoryobjectid")
        found["azureactivedirectoryobjectid"] = principal or stable_id(
            "service principal", application
        )
        found["accessmode"] = _NON_INTERACTIVE
    return found


def _lead(write: Write) -> dict[str, Any]:
    return {**_full_name(write), **_customer(write)}


def _contact(write: Write) -> dict[str, Any]:
    halves = {"account": "accountid", "contact": "parentcontactid"}
    return {**_full_name(write), **_halves(write.changes, "parentcustomerid", halves)}


def _customer(write: Write) -> dict[str, Any]:
    found = _parents(write)
    halves = {"account": "accountid", "contact": "contactid"}
    return {**found, **_halves({**write.changes, **found}, "customerid", halves)}


def _halves(changes: Row, customer: str, halves: Mapping[str, str]) -> dict[str, Any]:
    """Keep the columns that have a customer of one table in step with it."""
    if customer not in changes:
        return {}
    kind = changes.get(f"{customer}__type")
    return {name: changes[customer] if kind == table else None for table, name in halves.items()}


def _parents(write: Write) -> dict[str, Any]:
    """Keep customerid and the parent account and contact in step; the account comes first."""
    changes, row = write.changes, write.row
    if changes.get("customerid") is not None:
        kind = changes["customerid__type"]
        return {f"parent{kind}id": changes["customerid"]}
    if not {"parentaccountid", "parentcontactid"} & set(changes):
        return {}
    for kind in ("account", "contact"):
        parent = row.get(f"parent{kind}id")
        if parent is not None:
            return {"customerid": parent, "customerid__type": kind}
    return {"customerid": None, "customerid__type": None}


def _service_endpoint(write: Write) -> dict[str, Any]:
    return {"isauthvalueset": int(bool(write.row.get("authvalue")))}


def _queue_item(write: Write) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if write.creates:
        found["enteredon"] = write.row["createdon"]
    if "workerid" in write.changes:
        found["workeridmodifiedon"] = write.row["modifiedon"]
    kind = write.row.get("objectid__type")
    if "objectid" in write.changes and kind is not None:
        table = write.catalog.tables[kind]
        found["objecttypecode"] = table.object_type_code
        if write.row.get("title") is None and table.primary_name is not None:
            found["title"] = fetch_value(write.db, table, write.row["objectid"], table.primary_name)
    return found


def _annotation(write: Write) -> dict[str, Any]:
    found: dict[str, Any] = {"isdocument": int(write.row.get("documentbody") is not None)}
    if "objectid" in write.changes:
        found["objecttypecode"] = write.row.get("objectid__type")
    return found


_RULES: dict[str, Callable[[Write], dict[str, Any]]] = {
    "lead": _lead,
    "contact": _contact,
    "systemuser": _user,
    "opportunity": _customer,
    "serviceendpoint": _service_endpoint,
    "queueitem": _queue_item,
    "annotation": _annotation,
}
