"""What becomes of a record on which no rule is run: it stays as it is, or fails."""

from __future__ import annotations

from work_assignment.domain.deciding.decisions import (
    NO_TRACE,
    Decision,
    Trace,
    Unassigned,
    Unchanged,
)
from work_assignment.domain.deciding.segmentation import Segmentation
from work_assignment.domain.deciding.ways import Way
from work_assignment.domain.defining.segments import Segment, SegmentTried
from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.records import Record
from work_assignment.domain.statuses import RoutingStatus, SegmentationStatus


def left(way: Way, status: RoutingStatus, detail: str = "") -> Decision:
    """The record stays with whom it is: with an owner that was chosen, or with none."""
    if not way.record.is_settled:
        return way.failed(status, detail)
    return Unchanged(way.record, way.segmentation, way.segment, status, way.trace(), detail)


def left_alone(
    record: Record,
    segmentation: Segmentation,
    found_segment: Segment,
    tried: tuple[SegmentTried, ...] | None,
) -> Decision:
    """A record that was moved too often stays in its segment, with its owner or without."""
    own = next((one for one in segmentation.segments if one.id == record.segment_id), None)
    detail = f"{record.restless}; else it would move to '{found_segment.name}'"
    found, status = SegmentationStatus.NOT_REQUIRED, RoutingStatus.LEFT_ALONE
    if record.is_settled:
        return Unchanged(record, found, own, status, trace_of(tried), detail)
    return Unassigned(record, found, own, None, status, trace_of(tried), detail)


def trace_of(tried: tuple[SegmentTried, ...] | None) -> Trace:
    """The segments that were tried, where they are told."""
    return NO_TRACE if tried is None else Trace(tried)


def segmentation_went_wrong(record: Record, fault: DefinitionError) -> Unassigned:
    """A filter that the record reached cannot be evaluated."""
    return Unassigned(
        record,
        SegmentationStatus.WENT_WRONG,
        None,
        None,
        RoutingStatus.SEGMENTATION_FAILED,
        NO_TRACE,
        str(fault),
    )


def no_segment(record: Record, tried: tuple[SegmentTried, ...] | None) -> Decision:
    """Nothing takes the record: without an owner it has failed, else it keeps the one it has."""
    # A default segment without rules takes no record, so it is not told as a match.
    told = None if tried is None else tuple(t for t in tried if t.segment.id is not None)
    status = SegmentationStatus.NO_MATCHING_SEGMENT
    if record.is_settled:
        return Unchanged(record, status, None, None, trace_of(told))
    return Unassigned(record, status, None, None, RoutingStatus.SEGMENTATION_FAILED, trace_of(told))
