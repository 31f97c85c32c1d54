"""What a write or a message did, as a value: all that webhooks need to know of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from ..caller import Caller
from ..tables.metadata import Table

CREATE = "Create"
UPDATE = "Update"
DELETE = "Delete"
ASSOCIATE = "Associate"
DISASSOCIATE = "Disassociate"
ASSIGN = "Assign"
SET_STATE = "SetState"
SET_STATE_DYNAMIC = "SetStateDynamicEntity"
CREATE_MULTIPLE = "CreateMultiple"
UPDATE_MULTIPLE = "UpdateMultiple"

# The messages of many rows, by the message that each of their rows is also sent through.
MULTIPLE_OF = {CREATE: CREATE_MULTIPLE, UPDATE: UPDATE_MULTIPLE}
# Dataverse stops what runs deeper than this (0x80044182).
DEEPEST = 8

# Names with values that are JSON already (see `json_text.py`).
Parameters: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Bypass:
    """The steps that a request does not want to run (MSCRM.BypassBusinessLogicExecution...)."""

    synchronous: bool = False
    asynchronous: bool = False
    step_ids: frozenset[str] = frozenset()


BYPASS_NOTHING = Bypass()


@dataclass(frozen=True, slots=True)
class Parties:
    """Who takes part in an activity, as its request says: raw rows of the table of parties."""

    table: Table
    rows: tuple[Mapping[str, Any], ...]


@dataclass(slots=True)
class Gathering:
    """The single writes of a message of many rows of one table, in their order."""

    table: str
    operations: list[Operation] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Operation:
    """One message, most often the write of one row, with raw values before and after.

    `target` holds the columns of the request and those the server set with them, null where the
    request cleared one; it is empty for Delete. `pre` is None for Create, `post` for Delete.
    `parameters` and `outputs` are those of messages other than these. `parent` is the operation in
    whose pipeline this one runs. `occurred_at` is aware.
    """

    message: str
    table: Table
    row_id: str
    target: Mapping[str, Any]
    pre: Mapping[str, Any] | None
    post: Mapping[str, Any] | None
    caller: Caller
    tag: str | None
    correlation_id: str
    occurred_at: datetime
    depth: int = 1
    bypass: Bypass = BYPASS_NOTHING
    parameters: Parameters = ()
    outputs: Parameters = ()
    parent: Operation | None = None
    gathering: Gathering | None = None
    parties: Parties | None = None
