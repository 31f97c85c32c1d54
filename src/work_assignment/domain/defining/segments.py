"""Segments: named filters over one record type, the first of which a record falls into."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.filtering.conditions import ALWAYS, Condition, Failure
from work_assignment.domain.records import Record, SegmentId

DEFAULT_SEGMENT = "default"
"""The name of every record type's built-in last segment, which any record falls into."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment that takes records; lower `priority` is tried first.

    `id` is None for the built-in default segment. `allow_move_in` lets records of other segments
    in, whose rules then run if `reassign_on_move`. A paused segment takes records and runs no
    rules. `sequence` is the name of what its records are worked through. `fault` is set when its
    definition cannot be used: a record that reaches it cannot be segmented.
    """

    id: SegmentId | None
    name: str
    record_type: str
    priority: int
    active_since: datetime
    filter: Condition = ALWAYS
    allow_move_in: bool = False
    reassign_on_move: bool = True
    is_paused: bool = False
    sequence: str | None = None
    fault: DefinitionError | None = None


@dataclass(frozen=True, slots=True)
class SegmentTried:
    """A segment that was looked at: matched, or the part of its filter that failed."""

    segment: Segment
    failure: Failure | None = None
    passed_over: str = ""

    @property
    def matched(self) -> bool:
        return self.failure is None and not self.passed_over


def reason_to_pass_over(record: Record, segment: Segment, since: datetime) -> str:
    """Why a segment does not come into question whatever its filter says, or nothing.

    `since` is the moment that counts for the record: a segment activated later leaves it alone. A
    record already in a segment can only stay or go where moving in is allowed; a settled one
    without is in the default segment.
    """
    if segment.active_since > since:
        return "activated after the record"
    is_in_another = record.segment_id != segment.id and (
        record.segment_id is not None or (record.is_settled and not record.is_chosen)
    )
    if is_in_another and not segment.allow_move_in:
        return "does not let records of other segments in"
    return ""
