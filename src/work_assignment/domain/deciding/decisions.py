"""What was decided for a record, with everything that led there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from work_assignment.domain.deciding.distribution import Ranking
from work_assignment.domain.defining.recipients import Recipient, TeamOrQueue, owner
from work_assignment.domain.defining.rules import AssignmentRule
from work_assignment.domain.defining.segments import Segment, SegmentTried
from work_assignment.domain.filtering.conditions import Failure
from work_assignment.domain.records import Owner, Record
from work_assignment.domain.statuses import RoutingStatus, SegmentationStatus


@dataclass(frozen=True, slots=True)
class Dropped:
    """A seller, team or queue that could not take the record, and why."""

    seller: Recipient
    why: str


@dataclass(frozen=True, slots=True)
class RuleTried:
    """A rule that was looked at.

    `failure` is the part of its filter that failed, `passed_over` another reason not to apply it;
    otherwise `dropped` are those who could not take the record, and `ranking` is the order of the
    sellers who could, or `matching` are the teams or queues. `note` says what else decided. `status`
    says how it ended; ASSIGNED when it gave an owner.
    """

    rule: AssignmentRule
    status: RoutingStatus
    failure: Failure | None = None
    passed_over: str = ""
    dropped: tuple[Dropped, ...] = ()
    ranking: Ranking | None = None
    matching: tuple[TeamOrQueue, ...] = ()
    note: str = ""

    @property
    def applied(self) -> bool:
        """Whether the record met the rule's conditions, so that its sellers were looked at."""
        return self.failure is None and not self.passed_over


@dataclass(frozen=True, slots=True)
class Trace:
    """Segments and rules in the order they were tried; the last of each decided."""

    segments: tuple[SegmentTried, ...] = ()
    rules: tuple[RuleTried, ...] = ()


NO_TRACE = Trace()


@dataclass(frozen=True, slots=True)
class Assigned:
    """The record goes to `recipient`; `turn` is the order stamp that the assignment gives a seller."""

    record: Record
    segmentation: SegmentationStatus
    segment: Segment
    rule: AssignmentRule
    recipient: Recipient
    trace: Trace
    turn: int = 0

    @property
    def status(self) -> RoutingStatus:
        return RoutingStatus.ASSIGNED

    @property
    def owner(self) -> Owner:
        return owner(self.recipient)


@dataclass(frozen=True, slots=True)
class Unassigned:
    """Nobody takes the record, for the reason that `status` names; `detail` may say more.

    Until `due_at` a rule can still give it an owner; None where there is no such end.
    """

    record: Record
    segmentation: SegmentationStatus
    segment: Segment | None
    rule: AssignmentRule | None
    status: RoutingStatus
    trace: Trace
    detail: str = ""
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The record keeps its owner: `segment` may be another than before.

    `status` is None where the outcome that it had stands.
    """

    record: Record
    segmentation: SegmentationStatus
    segment: Segment | None
    status: RoutingStatus | None
    trace: Trace
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """Only what others have reserved keeps the record from a seller: no outcome yet, ask again."""

    record: Record
    rule: AssignmentRule
    trace: Trace


Decision = Assigned | Unassigned | Unchanged | Held
