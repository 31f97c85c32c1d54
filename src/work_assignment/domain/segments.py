"""Segments: named filters over one record type, the first of which a record falls into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from work_assignment.domain.conditions import ALWAYS, Condition, Failure, first_failure
from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.records import Record, SegmentId

DEFAULT_SEGMENT = "default"
"""The name of every record type's built-in last segment, which any record falls into."""


@dataclass(frozen=True, slots=True)
class Segment:
    """An active segment; lower `priority` is tried first.

    `id` is None for the built-in default segment. `fault` is set when its definition cannot be
    used: a record that reaches it cannot be segmented.
    """

    id: SegmentId | None
    name: str
    record_type: str
    priority: int
    active_since: datetime
    filter: Condition = ALWAYS
    allow_move_in: bool = False
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


def try_segments(
    record: Record, segments: Sequence[Segment], since: datetime
) -> tuple[SegmentTried, ...]:
    """Try segments in order until one matches; the last one tried is the match, if there is one.

    `since` is the moment that counts for the record: a segment activated later leaves it alone. A
    record already in a segment can only stay or go where moving in is allowed. Raises the fault of
    a segment that is reached and cannot be used.
    """
    tried = []
    for segment in segments:
        passed_over = _passed_over(record, segment, since)
        failure = None
        if not passed_over:
            if segment.fault is not None:
                raise segment.fault
            failure = first_failure(segment.filter, record.columns)
        tried.append(SegmentTried(segment, failure, passed_over))
        if tried[-1].matched:
            break
    return tuple(tried)


def _passed_over(record: Record, segment: Segment, since: datetime) -> str:
    if segment.active_since > since:
        return "activated after the record"
    if record.segment_id not in (None, segment.id) and not segment.allow_move_in:
        return "does not let records of other segments in"
    return ""
