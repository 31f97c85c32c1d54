"""What a write did, as a value: all that webhooks need to know of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..caller import Caller
from ..tables.metadata import Table

CREATE = "Create"
UPDATE = "Update"
DELETE = "Delete"
ASSOCIATE = "Associate"
DISASSOCIATE = "Disassociate"


@dataclass(frozen=True, slots=True)
class Operation:
    """One write of one row, with raw values (see `store.py`) before and after.

    `target` holds the columns of the request and those the server set with them, null where the
    request cleared one; it is empty for Delete. `pre` is None for Create, `post` for Delete.
    `occurred_at` is aware.
    """

    message: str
    table: Table
    row_id: str
    target: Mapping[str, Any]
    pre: Mapping[str, Any] | None
    post: Mapping[str, Any] | None
    caller: Caller
    tag: str | None
    bypass_async: bool
    correlation_id: str
    occurred_at: datetime
    depth: int = 1
