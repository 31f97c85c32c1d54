"""What was decided for a record, with everything that led there."""

from __future__ import annotations

from dataclasses import dataclass

from work_assignment.domain.conditions import Failure
from work_assignment.domain.distribution import Ranking
from work_assignment.domain.records import Record
from work_assignment.domain.rules import AssignmentRule
from work_assignment.domain.segments import Segment, SegmentTried
from work_assignment.domain.sellers import Seller
from work_assignment.domain.statuses import RoutingStatus, SegmentationStatus


@dataclass(frozen=True, slots=True)
class Dropped:
    """A seller who could not take the record, and why."""

    seller: Seller
    why: str


@dataclass(frozen=True, slots=True)
class RuleTried:
    """A rule that was looked at.

    `failure` is the part of its filter that failed, `passed_over` another reason not to apply it;
    otherwise `dropped` are the sellers who could not take the record and `ranking` the order of
    the others. `status` says how it ended; ASSIGNED when it gave an owner.
    """

    rule: AssignmentRule
    status: RoutingStatus
    failure: Failure | None = None
    passed_over: str = ""
    dropped: tuple[Dropped, ...] = ()
    ranking: Ranking | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """Segments and rules in the order they were tried; the last of each decided."""

    segments: tuple[SegmentTried, ...] = ()
    rules: tuple[RuleTried, ...] = ()


@dataclass(frozen=True, slots=True)
class Assigned:
    """The record goes to `seller`; `turn` is the order stamp that the assignment gives her."""

    record: Record
    segmentation: SegmentationStatus
    segment: Segment
    rule: AssignmentRule
    seller: Seller
    trace: Trace
    turn: int = 0

    @property
    def status(self) -> RoutingStatus:
        return RoutingStatus.ASSIGNED


@dataclass(frozen=True, slots=True)
class Unassigned:
    """Nobody takes the record, for the reason that `status` names; `detail` may say more."""

    record: Record
    segmentation: SegmentationStatus
    segment: Segment | None
    rule: AssignmentRule | None
    status: RoutingStatus
    trace: Trace
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """Only what others have reserved keeps the record from a seller: no outcome yet, ask again."""

    record: Record
    rule: AssignmentRule
    trace: Trace


Decision = Assigned | Unassigned | Held
