"""What SQLite is told of its indexes: how many rows have a value in common in a large organization.

Without it a state, which half of all rows share, looks as selective as an account, and pages of an
account's rows are found by walking through all rows of the state. Counting instead would find the
empty database of a start, and costs time whenever rows have been written.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

_ROWS = 1_000_000
_SHARES = {"statecode": 0.5, "ownerid": 0.01}
_SHARE = 0.00001


def prepare_hints(db: sqlite3.Connection, table: str) -> None:
    """Have SQLite create its table of statistics, which only counting some table does."""
    known = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat1'").fetchone()
    if known is None:
        db.execute(f'ANALYZE "{table}"')


def hint(db: sqlite3.Connection, table: str, indexes: Iterable[tuple[str, Sequence[str]]]) -> None:
    """Describe the indexes of a table, given by name and columns, of which SQLite thinks wrong."""
    rows = [
        (table, name, _statistics(columns))
        for name, columns in indexes
        if not _SHARES.keys().isdisjoint(columns)
    ]
    db.executemany(
        'DELETE FROM "sqlite_stat1" WHERE "tbl" = ? AND "idx" = ?', (r[:2] for r in rows)
    )
    db.executemany('INSERT INTO "sqlite_stat1" VALUES (?, ?, ?)', rows)


def heed_hints(db: sqlite3.Connection) -> None:
    """Let a connection that is open already plan by them; others read them with the schema."""
    db.execute("ANALYZE sqlite_master")


def _statistics(columns: Sequence[str]) -> str:
    """Write the number of rows, then how many of them agree in the first column, two, and so on."""
    numbers, rows = [_ROWS], float(_ROWS)
    for column in columns:
        rows *= _SHARES.get(column, _SHARE)
        numbers.append(max(1, round(rows)))
    return " ".join(map(str, numbers))
