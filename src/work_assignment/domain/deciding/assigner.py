"""Decides records one after the other at one moment; sellers' standings move with the decisions."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from work_assignment.domain.deciding.board import Board
from work_assignment.domain.deciding.decisions import (
    Decision,
    RuleTried,
    Unchanged,
)
from work_assignment.domain.deciding.definitions import Definitions
from work_assignment.domain.deciding.lines import Line
from work_assignment.domain.deciding.lineup import Lineup
from work_assignment.domain.deciding.pools import Pool
from work_assignment.domain.deciding.segmentation import Segmentation
from work_assignment.domain.deciding.together import Chance, Parked, give_together
from work_assignment.domain.deciding.ways import Way
from work_assignment.domain.deciding.without_rules import (
    left,
    left_alone,
    no_segment,
    segmentation_went_wrong,
    trace_of,
)
from work_assignment.domain.defining.policy import RoundRobinScope
from work_assignment.domain.defining.recipients import Target, TeamOrQueue
from work_assignment.domain.defining.rules import AssignmentRule, Distribution, OnNoSeller
from work_assignment.domain.defining.segments import SegmentTried
from work_assignment.domain.defining.sellers import Standing
from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.filtering.conditions import first_failure
from work_assignment.domain.filtering.rows import NO_ROWS, Rows, Scope
from work_assignment.domain.matching.best_overall import FlowSolver
from work_assignment.domain.records import Record, RuleId, SellerId
from work_assignment.domain.statuses import RoutingStatus, SegmentationStatus

_NOBODY = {Target.TEAM: RoutingStatus.NO_TEAM, Target.QUEUE: RoutingStatus.NO_QUEUE}
_SEVERAL = {Target.TEAM: RoutingStatus.SEVERAL_TEAMS, Target.QUEUE: RoutingStatus.SEVERAL_QUEUES}
_NO_SEGMENTS = Segmentation(())


class Assigner:
    """Decides by definitions, from where sellers stand. Use a new one when somebody closes a record.

    Without a trace decisions are the same and come faster.
    """

    def __init__(
        self,
        definitions: Definitions,
        standings: Mapping[SellerId, Standing],
        *,
        at: datetime,
        rows: Rows = NO_ROWS,
        solver: FlowSolver | None = None,
        barred: Mapping[str, str] | None = None,
        is_traced: bool = True,
    ) -> None:
        known = definitions.rows.with_others(rows)
        self._definitions = definitions
        self._at = at
        self._solver = solver
        self._is_traced = is_traced
        self._scope = Scope(at, known)
        self._board = Board(definitions.sellers, standings)
        self._lineup = Lineup(
            definitions, self._board, self._scope, barred or {}, is_traced=is_traced
        )
        self._counted = frozenset(definitions.counted_types)
        policy = definitions.policy
        self._rule_rounds = policy.round_robin_scope is RoundRobinScope.RULE

    def decide_all(
        self, records: Sequence[Record], since: Mapping[str, datetime] | None = None
    ) -> list[Decision]:
        """Decide records, oldest first, as `assignment.decide_block` says."""
        since = since or {}
        in_order = sorted(records, key=lambda record: (record.created_at, record.id))
        alone = len(in_order) == 1
        found: list[Decision | None] = []
        parked: list[Parked] = []
        for number, record in enumerate(in_order):
            counts_from = since.get(record.id)
            if counts_from is None:
                self._note_creator(record)
            way = self._begin(record, record.created_at if counts_from is None else counts_from)
            outcome = self._advance(way, alone=alone) if isinstance(way, Way) else way
            if isinstance(outcome, Parked):
                outcome.way.number = number
                parked.append(outcome)
                found.append(None)
            else:
                found.append(outcome)
        while parked:
            parked = self._settle(parked, found)
        return [decision for decision in found if decision is not None]

    def _note_creator(self, record: Record) -> None:
        """A record that a seller made for herself counts as received, before it is decided."""
        owner = record.owner
        if owner is None or owner.type != "systemuser" or owner.id != record.created_by:
            return
        if record.type in self._counted:
            self._board.received(SellerId(owner.id))

    # segment

    def _begin(self, record: Record, since: datetime) -> Way | Decision:
        """The record's segment and way through its rules, or a decision that needs none."""
        scope = self._scope
        scope.record, scope.labels = record.columns, record.labels
        segmentation = self._definitions.segmentations.get(record.type, _NO_SEGMENTS)
        tried: tuple[SegmentTried, ...] | None = None
        try:
            if self._is_traced:
                tried = segmentation.trace(record, scope, since)
                segment = tried[-1].segment if tried and tried[-1].matched else None
            else:
                segment = segmentation.find(record, scope, since)
        except DefinitionError as fault:
            return segmentation_went_wrong(record, fault)
        rules = (
            self._definitions.rules.get((record.type, segment.id), ())
            if segment is not None
            else ()
        )
        if segment is None or (segment.id is None and not rules):
            return no_segment(record, tried)
        same = segment.id == record.segment_id and (segment.id is not None or record.is_settled)
        status = (
            SegmentationStatus.MATCHED_PREVIOUS_SEGMENT if same else SegmentationStatus.SUCCESSFUL
        )
        if same and record.is_settled:
            return Unchanged(record, status, segment, None, trace_of(tried))
        if record.restless and not same:
            return left_alone(record, segmentation, segment, tried)
        way = Way(record, since, status, segment, rules, tried)
        return self._without_rules(way, moves=not same and _was_in_another(record)) or way

    def _without_rules(self, way: Way, *, moves: bool) -> Decision | None:
        """The outcome where no rule is to run."""
        segment = way.segment
        if way.record.is_chosen:
            detail, status = "its owner was chosen by hand", RoutingStatus.ASSIGNED_BY_HAND
            return Unchanged(way.record, way.segmentation, segment, status, way.trace(), detail)
        if segment.is_paused:
            return left(way, RoutingStatus.RULES_OFF_FOR_SEGMENT, "the segment is paused")
        if moves and not segment.reassign_on_move:
            return left(way, RoutingStatus.RULES_OFF_FOR_SEGMENT)
        if not moves and self._stays_with_creator(way.record):
            status = RoutingStatus.ASSIGNED_BY_HAND
            detail = "its creator keeps it"
            return Unchanged(way.record, way.segmentation, segment, status, way.trace(), detail)
        return None

    def _stays_with_creator(self, record: Record) -> bool:
        owner = record.owner
        return (
            self._definitions.policy.keeps_self_created
            and owner is not None
            and owner.id == record.created_by
            and owner.id in self._board.positions
        )

    # rules

    def _advance(self, way: Way, *, alone: bool) -> Decision | Parked:
        """Try the rules from where the way stands."""
        scope, record = self._scope, way.record
        scope.record, scope.labels = record.columns, record.labels
        rules = way.rules
        try:
            while way.position < len(rules):
                rule = rules[way.position]
                way.position += 1
                if not self._applies(way, rule):
                    continue
                if rule.distribution is Distribution.BEST_OVERALL and not alone:
                    way.position -= 1
                    return self._park(way)
                outcome = self._give(way, rule)
                if outcome is not None:
                    return outcome
                if rule.on_no_seller is OnNoSeller.STOP:
                    break
        except DefinitionError as fault:
            broken = rules[way.position - 1]
            way.meets(broken)  # nobody can tell, and once it is mended it may
            self._meet_too_old(way)
            return way.failed(RoutingStatus.SERVER_ISSUE, str(fault), broken)
        return self._unassigned(way)

    def _unassigned(self, way: Way) -> Decision:
        self._meet_too_old(way)
        return way.unassigned()

    def _meet_too_old(self, way: Way) -> None:
        """Note the rules that the record meets but for its age: their windows have ended."""
        if way.is_open_ended or not way.too_old:
            return
        scope, record = self._scope, way.record
        scope.record, scope.labels = record.columns, record.labels
        for rule in way.too_old:
            try:
                if rule.filter.holds(record.columns, scope):
                    way.meets(rule)
            except DefinitionError:
                way.meets(rule)

    def _applies(self, way: Way, rule: AssignmentRule) -> bool:
        """Whether the record meets the rule's conditions. Raises the rule's fault."""
        record, scope = way.record, self._scope
        if rule.active_since > way.since:
            way.passed_over(rule, RoutingStatus.NO_RULE, "activated after the record")
            return False
        if rule.fault is not None:
            raise rule.fault
        window = rule.created_within
        if window is not None and self._at - record.created_at > window:
            hours = window.total_seconds() / 3600
            why = f"the record is older than {hours:g} hours"
            way.is_too_old(rule, why)
            return False
        if rule.filter.holds(record.columns, scope):
            return True
        failure = first_failure(rule.filter, record.columns, scope) if way.is_traced else None
        way.did_not_match(rule, failure)
        return False

    def _give(self, way: Way, rule: AssignmentRule) -> Decision | None:
        """Give the record by a rule that applies; None when nobody can take it."""
        if rule.target is not Target.SELLERS:
            return self._give_to_group(way, rule)
        line = self._lineup.line(rule, way.record)
        position = line.first()
        if position is not None:
            return self._assign(way, rule, line, position)
        stays = self._leave_with_owner(way, rule, line)
        if stays is not None:
            return stays
        status = line.why_nobody()
        tried = RuleTried(rule, status, dropped=line.dropped() if way.is_traced else ())
        if status is RoutingStatus.IN_PROGRESS:
            return way.held(tried)
        way.found_nobody(tried, detail=line.why_refused())
        return None

    def _assign(self, way: Way, rule: AssignmentRule, line: Line, position: int) -> Decision:
        last = None
        if way.is_traced:
            status = RoutingStatus.ASSIGNED
            last = RuleTried(rule, status, dropped=line.dropped(), ranking=line.ranking())
        seller = self._board.sellers[position]
        return way.assigned(seller, rule, last, self._take(position, rule.id, way.record))

    def _leave_with_owner(self, way: Way, rule: AssignmentRule, line: Line) -> Decision | None:
        """The owner may keep what takes none of her room, where nobody else has any."""
        record = way.record
        if not record.may_stay or record.owner is None or record.type not in self._counted:
            return None
        position = self._board.positions.get(SellerId(record.owner.id))
        if position is None or position not in line.in_line:
            return None
        last = None
        if way.is_traced:
            dropped = tuple(d for d in line.dropped() if d.seller.id != record.owner.id)
            note = "it is hers already, and nobody has room for another"
            last = RuleTried(rule, RoutingStatus.ASSIGNED, dropped=dropped, note=note)
        seller = self._board.sellers[position]
        return way.assigned(seller, rule, last, self._take(position, rule.id, record))

    def _take(self, position: int, rule: RuleId, record: Record) -> int:
        """Note what a seller is given; what she owns already is among her open records."""
        owner = record.owner
        is_hers = owner is not None and owner.id == self._board.sellers[position].id
        return self._board.take(
            position,
            self._at,
            rule if self._rule_rounds else None,
            fills_place=not (is_hers and record.type in self._counted),
        )

    def _give_to_group(self, way: Way, rule: AssignmentRule) -> Decision | None:
        """Give the record to a team or queue."""
        pool = self._lineup.pool(rule, way.record)
        kept = [entry for entry in pool.kept if isinstance(entry, TeamOrQueue)]
        if not kept:
            status = _NOBODY[rule.target]
        elif len(kept) > 1 and rule.distribution is Distribution.NONE:
            status = _SEVERAL[rule.target]
        else:
            tried = _group_tried(rule, RoutingStatus.ASSIGNED, pool, kept)
            return way.assigned(any_one(kept, way.record), rule, tried)
        way.found_nobody(_group_tried(rule, status, pool, kept))
        return None

    # together

    def _park(self, way: Way) -> Parked:
        """Set a record aside that is to be given together with others.

        The rules that come directly after and do the same belong to it.
        """
        chances: list[Chance] = []
        while way.position < len(way.rules):
            rule = way.rules[way.position]
            if chances and not _goes_on(chances[-1].rule, rule):
                break
            try:
                applies = self._applies(way, rule)
            except DefinitionError:
                break  # whoever gets as far as this rule meets its fault again
            if applies:
                line = self._lineup.line(rule, way.record)
                chances.append(Chance(rule, line, len(way.rules_tried)))
            way.position += 1
        return Parked(way, tuple(chances), self._lineup.words(chances[0].rule, way.record))

    def _settle(self, parked: Sequence[Parked], found: list[Decision | None]) -> list[Parked]:
        """Give parked records together; those for whom nobody was found go on to other rules."""
        if self._solver is None:
            raise ValueError("to distribute best overall among several records needs a solver")
        left: list[Parked] = []
        for entry, given in give_together(parked, self._board, self._solver, self._take):
            outcome = given or self._after(entry)
            if isinstance(outcome, Parked):
                left.append(outcome)
            else:
                found[entry.way.number] = outcome
        return left

    def _after(self, entry: Parked) -> Decision | Parked:
        """What becomes of a record for which nobody was found together with others."""
        for chance in entry.chances:
            stays = self._leave_with_owner(entry.way, chance.rule, chance.line)
            if stays is not None:
                return stays
        return self._unassigned(entry.way) if entry.stops else self._advance(entry.way, alone=False)


def any_one(kept: Sequence[TeamOrQueue], record: Record) -> TeamOrQueue:
    """One of several, at random for people and always the same for the same record."""
    return kept[zlib.crc32(record.id.encode()) % len(kept)]


def _group_tried(
    rule: AssignmentRule, status: RoutingStatus, pool: Pool, kept: Sequence[TeamOrQueue]
) -> RuleTried:
    return RuleTried(rule, status, dropped=pool.dropped, matching=tuple(kept))


def _goes_on(before: AssignmentRule, rule: AssignmentRule) -> bool:
    """Whether a rule continues the one before, in giving the same records together."""
    return (
        before.on_no_seller is not OnNoSeller.STOP
        and rule.distribution is Distribution.BEST_OVERALL
        and rule.uses_capacity == before.uses_capacity
    )


def _was_in_another(record: Record) -> bool:
    return record.segment_id is not None or record.is_settled
