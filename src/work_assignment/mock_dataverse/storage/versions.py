"""The counter that row versions are taken from, and what a restore did to it."""

from __future__ import annotations

import sqlite3

_CREATE = (
    'CREATE TABLE IF NOT EXISTS "__version" ("value" INTEGER NOT NULL)',
    'INSERT INTO "__version" SELECT 1000000 WHERE NOT EXISTS (SELECT 1 FROM "__version")',
    # What was seen at a version beyond `kept`, up to `undone`, is true no more.
    'CREATE TABLE IF NOT EXISTS "__restore" ("kept" INTEGER NOT NULL, "undone" INTEGER NOT NULL)',
)


def create_counter(db: sqlite3.Connection) -> None:
    """Make the counter where it is missing."""
    for statement in _CREATE:
        db.execute(statement)


def current_version(db: sqlite3.Connection) -> int:
    """Return the highest version given to a row so far."""
    return int(db.execute('SELECT "value" FROM "__version"').fetchone()[0])


def was_undone(db: sqlite3.Connection, version: int) -> bool:
    """Tell whether the state of the organization at a version was undone by a restore."""
    statement = 'SELECT 1 FROM "__restore" WHERE "kept" < ? AND ? <= "undone"'
    return db.execute(statement, (version, version)).fetchone() is not None


def take_over_counter(live: sqlite3.Connection, copy: sqlite3.Connection, kept: int) -> None:
    """Let a copy that is to replace the live rows go on with their counter.

    No version is ever given twice, since clients hold them in ETags. `kept` is the version up to
    which the copy is the past of the live rows.
    """
    undone = current_version(live)
    restores = [tuple(row) for row in live.execute('SELECT "kept", "undone" FROM "__restore"')]
    copy.execute('DELETE FROM "__restore"')
    copy.executemany('INSERT INTO "__restore" VALUES (?, ?)', [*restores, (kept, undone)])
    copy.execute('UPDATE "__version" SET "value" = ?', (undone + 1,))
