"""A record as decisions see it: its columns and who owns it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import NewType

RecordId = NewType("RecordId", str)
SellerId = NewType("SellerId", str)
SegmentId = NewType("SegmentId", str)
RuleId = NewType("RuleId", str)

Value = str | int | Decimal | bool | datetime | date | None
"""A column's value: text, whole or decimal number, yes/no, aware moment, day, or empty.

A choice is its number, a lookup the id of the row it points at.
"""


@dataclass(frozen=True, slots=True)
class RecordKey:
    """Which record: its table's logical name and its id."""

    table: str
    id: str


@dataclass(frozen=True, slots=True)
class Owner:
    """Whom a record belongs to: `type` is systemuser or team."""

    type: str
    id: str


@dataclass(frozen=True, slots=True)
class Record:
    """A row that may be routed. A column that is missing from `columns` is empty.

    `created_by` is the user who created it.
    """

    type: str
    id: RecordId
    created_at: datetime
    columns: Mapping[str, Value] = field(default_factory=dict)
    owner: Owner | None = None
    name: str = ""
    segment_id: SegmentId | None = None
    created_by: str | None = None
