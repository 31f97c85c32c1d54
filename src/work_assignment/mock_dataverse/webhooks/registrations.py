"""Which registrations of endpoints, steps and images are accepted."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from ..conditions.comparisons import quoted, select
from ..faults import Fault, bad_request, not_emulated
from ..tables.sdk_messages import FIRED_MESSAGES, UNFILTERED_MESSAGES
from .endpoints import INVALID_ARGUMENT, read_endpoint
from .operations import (
    ASSIGN,
    CREATE,
    DELETE,
    MULTIPLE_OF,
    SET_STATE,
    SET_STATE_DYNAMIC,
    UPDATE,
    UPDATE_MULTIPLE,
)
from .steps import Mode, Stage, listed

_NO_TABLE = "none"
_PRE, _POST, _BOTH = 0, 1, 2
# The parameter whose row an image shows (Learn: Register a plug-in, messages that support images).
_IMAGE_PROPERTIES = {
    CREATE: "Id",
    UPDATE: "Target",
    DELETE: "Target",
    ASSIGN: "Target",
    SET_STATE: "EntityMoniker",
    SET_STATE_DYNAMIC: "EntityMoniker",
}
_IMAGES = """
SELECT "imagetype", "entityalias" FROM "sdkmessageprocessingstepimage"
WHERE "sdkmessageprocessingstepid" = ?
"""

# Beside the id of a polymorphic lookup stands `<lookup>__type`, which is no column of Dataverse.
_COLUMNS = """SELECT "name" FROM pragma_table_info(?) WHERE "name" NOT GLOB '*__type'"""


def check_registration(db: sqlite3.Connection, table_name: str, row: Mapping[str, Any]) -> None:
    """Refuse a serviceendpoint, step or image row that would not do what it says.

    `row` is the whole raw row as it would be after the write; other tables are let pass.
    """
    match table_name:
        case "serviceendpoint":
            read_endpoint(row)
        case "sdkmessageprocessingstep":
            _check_step(db, row)
        case "sdkmessageprocessingstepimage":
            _check_image(db, row)


def _check_step(db: sqlite3.Connection, row: Mapping[str, Any]) -> None:
    _check_moment(row)
    if row.get("supporteddeployment") == 1:
        raise not_emulated("steps that run in Outlook only (supporteddeployment 1)")
    _required(db, "serviceendpoint", row, "eventhandler")
    message = _required(db, "sdkmessage", row, "sdkmessageid")["name"]
    if message not in FIRED_MESSAGES:
        raise not_emulated(f"webhook steps on the message {message}")
    table = _table_of_step(db, row, message)
    if message in (UPDATE, UPDATE_MULTIPLE):
        _check_columns(db, table, row.get("filteringattributes"), "filteringattributes")
    if row.get("impersonatinguserid") is not None:
        _required(db, "systemuser", row, "impersonatinguserid")
    for image in db.execute(_IMAGES, (row.get("sdkmessageprocessingstepid"),)):
        _check_kind(message, row, image["imagetype"], image["entityalias"])


def _check_moment(row: Mapping[str, Any]) -> None:
    """Check when a step runs (Learn: Event framework, event execution pipeline)."""
    if row.get("mode") not in list(Mode):
        raise _invalid("A step's mode is 0 (Synchronous) or 1 (Asynchronous).")
    if row.get("stage") not in list(Stage):
        raise _invalid("A step's stage is 10 (PreValidation), 20 (PreOperation) or 40.")
    if row.get("mode") == Mode.ASYNCHRONOUS and row.get("stage") != Stage.POST_OPERATION:
        raise _invalid("An asynchronous step runs in stage 40 (PostOperation), no other.")


def _table_of_step(db: sqlite3.Connection, row: Mapping[str, Any], message: str) -> str | None:
    """Return the table that the step's filter names; None when it heeds every table."""
    if row.get("sdkmessagefilterid") is None:
        return None
    if message in UNFILTERED_MESSAGES:
        raise _invalid(f"A step on {message} is for all tables; it has no sdkmessagefilterid.")
    chosen = _required(db, "sdkmessagefilter", row, "sdkmessagefilterid")
    if chosen["sdkmessageid"] != row["sdkmessageid"]:
        raise _invalid("The step's sdkmessagefilterid belongs to another message.")
    table = chosen["primaryobjecttypecode"]
    return None if table in (None, _NO_TABLE) else str(table)


def _check_image(db: sqlite3.Connection, row: Mapping[str, Any]) -> None:
    if not row.get("entityalias"):
        raise _invalid("A step image needs an entityalias.")
    if row.get("imagetype") not in (_PRE, _POST, _BOTH):
        raise _invalid("A step image's imagetype is 0 (pre), 1 (post) or 2 (both).")
    step = _required(db, "sdkmessageprocessingstep", row, "sdkmessageprocessingstepid")
    message = _required(db, "sdkmessage", step, "sdkmessageid")["name"]
    _check_property(message, row.get("messagepropertyname"))
    _check_kind(message, step, row["imagetype"], row["entityalias"])
    table = _table_of_step(db, step, message)
    _check_columns(db, table, row.get("attributes"), "attributes")


def _check_property(message: str, given: object) -> None:
    if message in MULTIPLE_OF.values():
        raise not_emulated(f"images of the message {message}, which no webhook's body has room for")
    expected = _IMAGE_PROPERTIES.get(message)
    if expected is None:
        raise _invalid(f"The message {message} does not support images.")
    if given != expected:
        raise _invalid(
            f"Message property name '{given}' is not valid on message {message}; it is"
            f" '{expected}'."
        )


def _check_kind(message: str, step: Mapping[str, Any], kind: int, alias: str) -> None:
    """Refuse an image of a moment at which there is no row (Learn: Register a plug-in)."""
    if message == CREATE and kind != _POST:
        raise _invalid(f"The image '{alias}' is impossible: before a Create there is no row.")
    if message == DELETE and kind != _PRE:
        raise _invalid(f"The image '{alias}' is impossible: after a Delete there is no row.")
    if kind != _PRE and step["stage"] != Stage.POST_OPERATION:
        raise _invalid(
            f"The image '{alias}' is impossible: a step of stage {step['stage']} runs before the"
            " row is written, so it has no post image."
        )


def _check_columns(
    db: sqlite3.Connection, table: str | None, names: str | None, where: str
) -> None:
    """Refuse columns that the table does not have; every table's step cannot be checked."""
    if table is None:
        return
    known = {found["name"] for found in db.execute(_COLUMNS, (table,))}
    unknown = sorted(listed(names) - known)
    if unknown:
        raise _invalid(f"{where}: '{table}' has no column named {', '.join(unknown)}.")


def _required(
    db: sqlite3.Connection, table: str, row: Mapping[str, Any], column: str
) -> Mapping[str, Any]:
    """Return the row that a lookup points at."""
    statement = select("*", quoted(table), f"{quoted(f'{table}id')} = ?")
    found = db.execute(statement, (row.get(column),)).fetchone()
    if found is None:
        raise _invalid(f"{column} has to be an existing {table}, not {row.get(column)}.")
    return dict(found)


def _invalid(message: str) -> Fault:
    return bad_request(message, INVALID_ARGUMENT)
