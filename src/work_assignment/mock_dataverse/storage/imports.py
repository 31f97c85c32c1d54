"""Which files were imported into a database, so that a kept one is not filled twice with them."""

from __future__ import annotations

import sqlite3

_CREATE = 'CREATE TABLE IF NOT EXISTS "__import" ("fingerprint" TEXT PRIMARY KEY)'


def create_imports(db: sqlite3.Connection) -> None:
    """Make the table where it is missing."""
    db.execute(_CREATE)


def remember_import(db: sqlite3.Connection, fingerprint: str) -> None:
    """Note that files were imported; once more does no harm."""
    db.execute('INSERT OR IGNORE INTO "__import" VALUES (?)', (fingerprint,))


def was_imported(db: sqlite3.Connection, fingerprint: str) -> bool:
    """Tell whether files were imported whose rows are in this state of the database."""
    found = db.execute('SELECT 1 FROM "__import" WHERE "fingerprint" = ?', (fingerprint,))
    return found.fetchone() is not None
