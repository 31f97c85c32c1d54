"""A record as decisions see it: its columns and who owns it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import NewType

RecordId = NewType("RecordId", str)
SellerId = NewType("SellerId", str)
SegmentId = NewType("SegmentId", str)
RuleId = NewType("RuleId", str)

Value = str | int | Decimal | bool | datetime | date | tuple[int, ...] | None
"""A column's value: text, whole or decimal number, yes/no, aware moment, day, or empty.

A choice is its number, several are a tuple, a lookup is the id of the row it points at. A time
without time zone carries UTC, as Dataverse sends it.
"""


@dataclass(frozen=True, slots=True)
class RecordKey:
    """Which record: its table's logical name and its id."""

    table: str
    id: str


@dataclass(frozen=True, slots=True)
class Owner:
    """Whom a record belongs to: `type` is systemuser, team or queue.

    A record given to a queue keeps its owner in Dataverse and waits in the queue to be picked.
    """

    type: str
    id: str


@dataclass(frozen=True, slots=True)
class Record:
    """A row that may be routed. A column that is missing from `columns` is empty.

    `created_by` is the user who created it; `labels` are what people read in choices and lookups,
    where that is known. `is_settled` says that its owner has been chosen: only a move to another
    segment can change it. `score` says how much it is worth being assigned when not all can be.
    `is_chosen` says that a person chose its owner before it ever was in a segment: it is put into
    one and keeps that owner. `may_stay` says that it is routed as if it were new while somebody owns
    it: her place for it stays hers. `restless` says how often it was moved lately, where that is as often as the limit allows: it is
    left alone then.
    """

    type: str
    id: RecordId
    created_at: datetime
    columns: Mapping[str, Value] = field(default_factory=dict)
    owner: Owner | None = None
    name: str = ""
    segment_id: SegmentId | None = None
    created_by: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    is_settled: bool = False
    score: Decimal | int = 0
    restless: str = ""
    is_chosen: bool = False
    may_stay: bool = False

    def as_new(self) -> Record:
        """The same as if it had just come: of no segment, chosen for nobody and nobody's own.

        Who owns it stays known, as it is among her open records.
        """
        return replace(
            self,
            is_settled=False,
            segment_id=None,
            created_by=None,
            restless="",
            is_chosen=False,
            may_stay=True,
        )
