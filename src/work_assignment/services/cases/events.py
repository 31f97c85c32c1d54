"""What happens in a case, in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from work_assignment.domain.records import Owner, Value


@dataclass(frozen=True, slots=True)
class New:
    """A record is created; `columns` have its own id, its creation and its owner among them.

    `score` None is what the column of scores says.
    """

    type: str
    id: str
    columns: Mapping[str, Value]
    created_at: datetime
    owner: Owner | None
    score: Decimal | int | None
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Changed:
    """Columns of a record are updated; None empties one."""

    id: str
    columns: Mapping[str, Value]
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RowChanged:
    """Columns of a related row are updated."""

    table: str
    id: str
    columns: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class AssignedByHand:
    """Somebody gives a record an owner; one of an unknown id is an open one more."""

    type: str
    id: str
    owner: Owner


@dataclass(frozen=True, slots=True)
class Closed:
    """A record is closed: it uses nobody's capacity any more, and is not decided again."""

    id: str


@dataclass(frozen=True, slots=True)
class Sweep:
    """The open records without a chosen owner are decided; those of one segment or type, if it is named.

    `segment` is its folded name.
    """

    segment: str | None
    type: str | None = None


@dataclass(frozen=True, slots=True)
class LookedAtAgain:
    """A person asks whether a record falls into another segment; forced, it is routed anew."""

    id: str
    is_forced: bool


@dataclass(frozen=True, slots=True)
class TimePasses:
    """It is later now."""

    at: datetime


Event = New | Changed | RowChanged | AssignedByHand | Closed | Sweep | LookedAtAgain | TimePasses
