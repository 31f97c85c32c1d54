"""When definitions were created, changed and deleted, for those who keep a copy of them."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

_CREATE = """
CREATE TABLE IF NOT EXISTS "__definition_change" (
    "id" TEXT PRIMARY KEY,
    "kind" TEXT NOT NULL,
    "created" INTEGER,
    "changed" INTEGER,
    "deleted" INTEGER
)
"""
_INSERT = 'INSERT INTO "__definition_change" ("id", "kind", '
_CREATED = (
    f'{_INSERT}"created") VALUES (?, ?, ?) ON CONFLICT ("id") DO UPDATE'
    ' SET "created" = excluded."created", "deleted" = NULL'
)
_CHANGED = (
    f'{_INSERT}"changed") VALUES (?, ?, ?) ON CONFLICT ("id") DO UPDATE'
    ' SET "changed" = excluded."changed"'
)
_DELETED = (
    f'{_INSERT}"deleted") VALUES (?, ?, ?) ON CONFLICT ("id") DO UPDATE'
    ' SET "deleted" = excluded."deleted"'
)
_SINCE = """
SELECT "id", "kind", "created" > :version, "deleted" > :version FROM "__definition_change"
WHERE max(coalesce("created", 0), coalesce("changed", 0), coalesce("deleted", 0)) > :version
ORDER BY "deleted", "id"
"""
_LATEST = """
SELECT max(
    1000000, coalesce(max("created"), 0), coalesce(max("changed"), 0), coalesce(max("deleted"), 0)
) FROM "__definition_change"
"""


@dataclass(frozen=True, slots=True)
class DefinitionChanges:
    """Ids of definitions that are new, that are otherwise changed, and by kind the deleted ones."""

    created: frozenset[str]
    changed: frozenset[str]
    deleted: Mapping[str, tuple[str, ...]]

    def has_touched(self, definition_id: str) -> bool:
        return definition_id in self.created or definition_id in self.changed


def create_definition_changes(db: sqlite3.Connection) -> None:
    """Make the table where it is missing."""
    db.execute(_CREATE)


def note_definition_changes(
    db: sqlite3.Connection,
    version: int,
    *,
    created: Mapping[str, str],
    changed: Mapping[str, str],
    deleted: Mapping[str, str],
) -> None:
    """Note what one transaction did at its version; each mapping leads from ids to kinds."""
    for statement, items in ((_CREATED, created), (_CHANGED, changed), (_DELETED, deleted)):
        db.executemany(statement, [(each, kind, version) for each, kind in items.items()])


def latest_definition_version(db: sqlite3.Connection) -> int:
    """Return the version at which definitions were changed last, or that the counter began with."""
    return int(db.execute(_LATEST).fetchone()[0])


def definition_changes_since(db: sqlite3.Connection, version: int) -> DefinitionChanges:
    """Return what happened after a version."""
    created, changed = set(), set()
    deleted: dict[str, list[str]] = defaultdict(list)
    for definition_id, kind, is_new, is_gone in db.execute(_SINCE, {"version": version}):
        if is_gone:
            deleted[kind].append(definition_id)
        elif is_new:
            created.add(definition_id)
        else:
            changed.add(definition_id)
    gone = {kind: tuple(ids) for kind, ids in deleted.items()}
    return DefinitionChanges(frozenset(created), frozenset(changed), gone)
