"""A record's way through the rules of its segment: what was tried, and the outcome that follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from work_assignment.domain.deciding.decisions import (
    NO_TRACE,
    Assigned,
    Held,
    RuleTried,
    Trace,
    Unassigned,
)
from work_assignment.domain.defining.recipients import Recipient
from work_assignment.domain.defining.rules import AssignmentRule
from work_assignment.domain.defining.segments import Segment, SegmentTried
from work_assignment.domain.filtering.conditions import Failure
from work_assignment.domain.records import Record
from work_assignment.domain.statuses import IMPORTANCE, RoutingStatus, SegmentationStatus

_LEAST = len(IMPORTANCE)
_RANKS = {status: rank for rank, status in enumerate(IMPORTANCE)}


@dataclass(slots=True)
class Way:
    """Where a record is on its way; `position` is the rule that comes next, `number` its place among
    the records that are decided with it.

    Of the failures so far the most important one is kept, and with a trace all of them. `too_old`
    are the rules whose windows have ended; of the windows of those that the record meets the latest
    end is kept, unless one of them has none.
    """

    record: Record
    since: datetime
    segmentation: SegmentationStatus
    segment: Segment
    rules: Sequence[AssignmentRule]
    segments_tried: tuple[SegmentTried, ...] | None
    position: int = 0
    number: int = 0
    rank: int = _LEAST
    status: RoutingStatus = RoutingStatus.NO_RULE
    rule: AssignmentRule | None = None
    detail: str = ""
    rules_tried: list[RuleTried] = field(default_factory=list)
    too_old: tuple[AssignmentRule, ...] = ()
    latest_end: datetime | None = None
    is_open_ended: bool = False

    @property
    def is_traced(self) -> bool:
        return self.segments_tried is not None

    def passed_over(self, rule: AssignmentRule, status: RoutingStatus, why: str) -> None:
        """Note that a rule does not apply, for another reason than its filter."""
        self._note(status, None)
        if self.is_traced:
            self.rules_tried.append(RuleTried(rule, status, passed_over=why))

    def is_too_old(self, rule: AssignmentRule, why: str) -> None:
        """Note that a rule does not apply any more, whatever its conditions say."""
        self.passed_over(rule, RoutingStatus.TOO_OLD, why)
        self.too_old += (rule,)

    def meets(self, rule: AssignmentRule) -> None:
        """Note a rule that can give the record an owner until its window ends."""
        if rule.created_within is None:
            self.is_open_ended = True
            return
        end = self.record.created_at + rule.created_within
        if self.latest_end is None or end > self.latest_end:
            self.latest_end = end

    def did_not_match(self, rule: AssignmentRule, failure: Failure | None) -> None:
        """Note that the record does not meet a rule's conditions."""
        self._note(RoutingStatus.NO_CONDITIONS_MET, None)
        if failure is not None:
            status = RoutingStatus.NO_CONDITIONS_MET
            self.rules_tried.append(RuleTried(rule, status, failure=failure))

    def found_nobody(self, tried: RuleTried, place: int | None = None, *, detail: str = "") -> None:
        """Note that a rule applied and nobody could take the record; None: after all others."""
        self._note(tried.status, tried.rule, tried.note or detail)
        self.meets(tried.rule)
        if self.is_traced:
            self.rules_tried.insert(len(self.rules_tried) if place is None else place, tried)

    def forget_from(self, place: int) -> None:
        """Take back what was noted of rules that stand behind the one that decides."""
        del self.rules_tried[place:]

    def _note(self, status: RoutingStatus, rule: AssignmentRule | None, detail: str = "") -> None:
        rank = _RANKS[status]
        if rank < self.rank:
            self.rank, self.status, self.rule, self.detail = rank, status, rule, detail

    def trace(self, last: RuleTried | None = None) -> Trace:
        """What was tried so far, and the last rule."""
        if self.segments_tried is None:
            return NO_TRACE
        rules = (*self.rules_tried, last) if last is not None else tuple(self.rules_tried)
        return Trace(self.segments_tried, rules)

    def assigned(
        self, recipient: Recipient, rule: AssignmentRule, last: RuleTried | None, turn: int = 0
    ) -> Assigned:
        """The record goes to somebody, by a rule; `last` tells how, in a trace."""
        trace = self.trace(last)
        return Assigned(self.record, self.segmentation, self.segment, rule, recipient, trace, turn)

    def unassigned(self) -> Unassigned:
        """Nobody takes the record: the most important failure says why."""
        return Unassigned(
            self.record,
            self.segmentation,
            self.segment,
            self.rule,
            self.status,
            self.trace(),
            self.detail,
            self._due_at,
        )

    def failed(
        self, status: RoutingStatus, detail: str = "", rule: AssignmentRule | None = None
    ) -> Unassigned:
        """The record gets no owner for a reason that no rule gave."""
        return Unassigned(
            self.record,
            self.segmentation,
            self.segment,
            rule,
            status,
            self.trace(),
            detail,
            self._due_at,
        )

    @property
    def _due_at(self) -> datetime | None:
        return None if self.is_open_ended else self.latest_end

    def held(self, tried: RuleTried) -> Held:
        """The record waits for what others have reserved."""
        return Held(self.record, tried.rule, self.trace(tried))
