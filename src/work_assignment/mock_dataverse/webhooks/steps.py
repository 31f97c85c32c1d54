"""The registered steps, as values, read again only when a registration has changed."""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from threading import Lock

from ..storage.rows import REGISTRATIONS
from ..storage.schema import quoted
from ..tables.sdk_messages import is_event

_MOST_KEPT = 8
_NO_TABLE = "none"
# CROSS JOIN keeps SQLite on the few steps first, and off the many filters.
_STEPS = """
SELECT s."sdkmessageprocessingstepid" AS "id", s."name" AS "name", s."eventhandler" AS "endpoint",
       s."mode" AS "mode", s."stage" AS "stage", s."filteringattributes" AS "filtering",
       s."asyncautodelete" AS "deletes_job", s."impersonatinguserid" AS "runs_as",
       m."name" AS "message", f."primaryobjecttypecode" AS "table_name"
FROM "sdkmessageprocessingstep" AS s
CROSS JOIN "sdkmessage" AS m ON m."sdkmessageid" = s."sdkmessageid"
LEFT JOIN "sdkmessagefilter" AS f ON f."sdkmessagefilterid" = s."sdkmessagefilterid"
WHERE s."statecode" = 0 AND s."eventhandler" IS NOT NULL
ORDER BY s."rank", s."createdon", s."sdkmessageprocessingstepid"
"""

_IMAGES = """
SELECT "sdkmessageprocessingstepid" AS "step", "entityalias" AS "alias", "imagetype" AS "kind",
       "attributes" AS "columns"
FROM "sdkmessageprocessingstepimage" ORDER BY "createdon", "sdkmessageprocessingstepimageid"
"""

_STAMP = 'SELECT "stamp" FROM "__registrations"'


class Stage(IntEnum):
    """Where in the pipeline a step runs; PreValidation is outside of the transaction."""

    PRE_VALIDATION = 10
    PRE_OPERATION = 20
    POST_OPERATION = 40


class Mode(IntEnum):
    """Whether the request waits for a step."""

    SYNCHRONOUS = 0
    ASYNCHRONOUS = 1


@dataclass(frozen=True, slots=True)
class Image:
    """A registered picture of the row before or after; no `columns` means all of them."""

    alias: str
    is_pre: bool
    is_post: bool
    columns: frozenset[str]


@dataclass(frozen=True, slots=True)
class Step:
    """An enabled step, as its row says it; no `table` means every table."""

    id: str
    name: str
    endpoint_id: str
    message: str
    table: str | None
    mode: int
    stage: int
    filtering: frozenset[str] = frozenset()
    deletes_job: bool = False
    runs_as: str | None = None
    images: tuple[Image, ...] = ()


class Registered:
    """All enabled steps in the order in which they run, found by message and table."""

    def __init__(self, steps: Iterable[Step]) -> None:
        self._steps = tuple(steps)
        self._found: dict[tuple[str, str], tuple[Step, ...]] = {}
        self._early = {s.table for s in self._steps if s.stage != Stage.POST_OPERATION}

    def __bool__(self) -> bool:
        return bool(self._steps)

    def has_early(self, table: str) -> bool:
        """Tell whether a step of this table or of all tables runs before the main stage."""
        return bool(self._early) and not self._early.isdisjoint((None, table))

    def of(self, message: str, table: str) -> tuple[Step, ...]:
        found = self._found.get((message, table))
        if found is None:
            steps = self._steps if is_event(message, table) else ()
            found = tuple(s for s in steps if s.message == message and s.table in (None, table))
            self._found[message, table] = found
        return found


class StepCache:
    """Keeps what was read under the stamp that the database had then.

    Triggers draw a new stamp with every change of a registration, so a change that is rolled back,
    or a database that is put back to an earlier moment, is met with what was true for its stamp.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._by_stamp: OrderedDict[str, Registered] = OrderedDict()

    def registered(self, db: sqlite3.Connection) -> Registered:
        """What the database holds now; asked again in a transaction it is not read again."""
        kept: list[Registered] | None = getattr(db, "registered", None)
        if kept:
            return kept[0]
        found = self._found(db)
        if kept is not None:
            kept.append(found)
        return found

    def _found(self, db: sqlite3.Connection) -> Registered:
        stamp = _stamp(db)
        with self._lock:
            known = self._by_stamp.get(stamp)
        if known is not None:
            return known
        found = _read(db)
        with self._lock:
            self._by_stamp[stamp] = found
            if len(self._by_stamp) > _MOST_KEPT:
                self._by_stamp.popitem(last=False)
        return found


def watch_registrations(db: sqlite3.Connection) -> None:
    """Make the stamp and its triggers where they are missing; in a transaction that writes."""
    db.execute('CREATE TABLE IF NOT EXISTS "__registrations" ("stamp" TEXT NOT NULL)')
    db.execute(
        'INSERT INTO "__registrations" SELECT hex(randomblob(16))'
        ' WHERE NOT EXISTS (SELECT 1 FROM "__registrations")'
    )
    for table in sorted(REGISTRATIONS):
        for event in ("INSERT", "UPDATE", "DELETE"):
            db.execute(_trigger(table, event))


def _trigger(table: str, event: str) -> str:
    name = quoted(f"__{table}_{event.lower()}")
    change = 'BEGIN UPDATE "__registrations" SET "stamp" = hex(randomblob(16)); END'
    return " ".join(
        ("CREATE TRIGGER IF NOT EXISTS", name, "AFTER", event, "ON", quoted(table), change)
    )


def _stamp(db: sqlite3.Connection) -> str:
    try:
        found = db.execute(_STAMP).fetchone()
    except sqlite3.OperationalError:  # a database in which nothing has been watched yet
        watch_registrations(db)
        found = db.execute(_STAMP).fetchone()
    return str(found[0])


def _read(db: sqlite3.Connection) -> Registered:
    images: dict[str, list[Image]] = {}
    for row in db.execute(_IMAGES):
        image = Image(
            row["alias"], row["kind"] in (0, 2), row["kind"] in (1, 2), listed(row["columns"])
        )
        images.setdefault(row["step"], []).append(image)
    return Registered(_step(row, images.get(row["id"], ())) for row in db.execute(_STEPS))


def _step(row: sqlite3.Row, images: Iterable[Image]) -> Step:
    return Step(
        id=row["id"],
        name=row["name"] or "",
        endpoint_id=row["endpoint"],
        message=row["message"],
        table=None if row["table_name"] == _NO_TABLE else row["table_name"],
        mode=row["mode"],
        stage=row["stage"],
        filtering=listed(row["filtering"]),
        deletes_job=bool(row["deletes_job"]),
        runs_as=row["runs_as"],
        images=tuple(images),
    )


def listed(names: str | None) -> frozenset[str]:
    """Read a comma list of column names."""
    return frozenset(name.strip().lower() for name in (names or "").split(",") if name.strip())
