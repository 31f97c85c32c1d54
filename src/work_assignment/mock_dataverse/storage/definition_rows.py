"""Definitions that were made at run time, kept beside the rows that they describe."""

from __future__ import annotations

import sqlite3
import uuid

from ..tables.metadata import Catalog
from ..tables.overlays import Overlay, changes_between, decode, encode, with_changes
from .definition_changes import create_definition_changes

_CREATE = """
CREATE TABLE IF NOT EXISTS "__definition" (
    "number" INTEGER PRIMARY KEY,
    "kind" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "body" TEXT,
    UNIQUE ("kind", "name")
)
"""
_CREATE_STATE = 'CREATE TABLE IF NOT EXISTS "__definition_token" ("value" TEXT NOT NULL)'
_KEEP = """
INSERT INTO "__definition" ("kind", "name", "body") VALUES (?, ?, ?)
ON CONFLICT ("kind", "name") DO UPDATE SET "body" = excluded."body"
"""
_FORGET = 'DELETE FROM "__definition" WHERE "kind" = ? AND "name" = ?'


def prepare(db: sqlite3.Connection) -> None:
    """Create what definitions are kept in, unless it is there."""
    db.execute(_CREATE)
    db.execute(_CREATE_STATE)
    create_definition_changes(db)
    if db.execute('SELECT 1 FROM "__definition_token"').fetchone() is None:
        db.execute('INSERT INTO "__definition_token" VALUES (?)', (str(uuid.uuid4()),))


def is_current(db: sqlite3.Connection, catalog: Catalog) -> bool:
    """Tell whether a catalog describes the database as this transaction sees it."""
    found = db.execute('SELECT "value" FROM "__definition_token"').fetchone()
    return found is not None and bool(found[0] == catalog.token)


def load(db: sqlite3.Connection, base: Catalog) -> Catalog:
    """Return the catalog of the database, given the one that it began with."""
    token = db.execute('SELECT "value" FROM "__definition_token"').fetchone()[0]
    kept = _kept(db)
    return with_changes(base, kept, token) if kept else base.with_token(token)


def keep(db: sqlite3.Connection, base: Catalog, changed: Catalog) -> Catalog:
    """Keep what differs from the base; return the catalog as it now stands, with a new token."""
    wanted, kept = changes_between(base, changed), _kept(db)
    for address, element in wanted.items():
        if address not in kept or kept[address] != element:
            db.execute(_KEEP, (*address, None if element is None else encode(element)))
    db.executemany(_FORGET, [address for address in kept if address not in wanted])
    token = str(uuid.uuid4())
    db.execute('UPDATE "__definition_token" SET "value" = ?', (token,))
    return changed.with_token(token)


def _kept(db: sqlite3.Connection) -> Overlay:
    rows = db.execute('SELECT "kind", "name", "body" FROM "__definition" ORDER BY "number"')
    return {(kind, name): None if body is None else decode(kind, body) for kind, name, body in rows}
