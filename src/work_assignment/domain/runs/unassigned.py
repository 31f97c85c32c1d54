"""Records that nobody has, as an admin looks at them: since when, why, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from work_assignment.domain.records import RecordKey, SegmentId
from work_assignment.domain.runs.sweeps import Place
from work_assignment.domain.statuses import RoutingStatus


@dataclass(frozen=True, slots=True)
class NamedSegment:
    """A segment's row, whatever its state."""

    id: SegmentId
    name: str
    record_type: str


@dataclass(frozen=True, slots=True)
class UnassignedRecord:
    """An open record for which nobody was found; without a status its runs are not kept any more.

    `owner` is the name of whom it belongs to all the same: who brought it, or had it before it moved.
    `due_at` is until when a rule can still assign it, if there is such an end.
    """

    key: RecordKey
    name: str
    segment: str | None
    created_at: datetime
    status: RoutingStatus | None = None
    attempts: int = 0
    last_attempt_at: datetime | None = None
    due_at: datetime | None = None
    owner: str = ""

    @property
    def place(self) -> Place:
        """Where it stands among those of its type, oldest first."""
        return Place(self.created_at, self.key.id)

    def is_overdue(self, now: datetime) -> bool:
        """Whether nobody got it in time."""
        return self.due_at is not None and self.due_at < now
