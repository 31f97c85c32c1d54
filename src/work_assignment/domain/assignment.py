"""decide(): segment, then rule, then sellers, then distribution."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from work_assignment.domain.conditions import first_failure
from work_assignment.domain.decisions import (
    Assigned,
    Decision,
    Dropped,
    Held,
    RuleTried,
    Trace,
    Unassigned,
)
from work_assignment.domain.distribution import Candidate, bucket_of, candidate, rank
from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.records import Record, SegmentId, SellerId
from work_assignment.domain.rules import AssignmentRule, OnNoSeller
from work_assignment.domain.segments import DEFAULT_SEGMENT, Segment, try_segments
from work_assignment.domain.sellers import Seller, Standing
from work_assignment.domain.statuses import IMPORTANCE, RoutingStatus, SegmentationStatus

Standings = Mapping[SellerId, Standing]


@dataclass(frozen=True, slots=True)
class Pool:
    """The sellers a rule may give to, and those it drops whatever the record."""

    sellers: tuple[Seller, ...]
    dropped: tuple[Dropped, ...]


@dataclass(frozen=True)
class Definitions:
    """Active segments, rules and sellers, put in order once and used for many records."""

    segments: Mapping[str, tuple[Segment, ...]]
    rules: Mapping[tuple[str, SegmentId | None], tuple[AssignmentRule, ...]]
    sellers: Mapping[SellerId, Seller]
    pools: Mapping[str, Pool] = field(repr=False)

    @property
    def record_types(self) -> tuple[str, ...]:
        """The types that are routed: those with an active segment or rule."""
        return tuple(sorted(self.segments))

    @property
    def counted_types(self) -> tuple[str, ...]:
        """The types whose open records use capacity: those with an active rule."""
        return tuple(sorted({record_type for record_type, _ in self.rules}))

    def in_scope_since(self, record_type: str) -> datetime:
        """The first activation of the type: records created earlier are left alone."""
        activations = [s.active_since for s in self.segments[record_type] if s.id is not None]
        activations += [
            rule.active_since
            for (rule_type, _), rules in self.rules.items()
            if rule_type == record_type
            for rule in rules
        ]
        return min(activations)


def define(
    segments: Iterable[Segment], rules: Iterable[AssignmentRule], sellers: Iterable[Seller]
) -> Definitions:
    """Put definitions in order: segments by priority, the built-in default last; rules by order."""
    ordered_rules = _rules_in_order(rules)
    by_type: dict[str, list[Segment]] = {record_type: [] for record_type, _ in ordered_rules}
    for segment in sorted(segments, key=lambda s: (s.priority, s.name, s.id)):
        by_type.setdefault(segment.record_type, []).append(segment)
    everyone = {seller.id: seller for seller in sorted(sellers, key=lambda s: s.id)}
    return Definitions(
        {kind: (*found, _default_segment(kind)) for kind, found in by_type.items()},
        ordered_rules,
        everyone,
        {rule.id: _pool(rule, everyone.values()) for r in ordered_rules.values() for rule in r},
    )


def _rules_in_order(
    rules: Iterable[AssignmentRule],
) -> dict[tuple[str, SegmentId | None], tuple[AssignmentRule, ...]]:
    found: dict[tuple[str, SegmentId | None], list[AssignmentRule]] = {}
    for rule in rules:
        found.setdefault((rule.record_type, rule.segment_id), []).append(rule)
    return {
        place: tuple(sorted(listed, key=lambda rule: (rule.order, rule.name, rule.id)))
        for place, listed in found.items()
    }


def _default_segment(record_type: str) -> Segment:
    return Segment(None, DEFAULT_SEGMENT, record_type, 0, datetime.min.replace(tzinfo=UTC))


def _pool(rule: AssignmentRule, sellers: Iterable[Seller]) -> Pool:
    kept, dropped = [], []
    for seller in sellers:
        why = _mismatch(rule, seller)
        if why:
            dropped.append(Dropped(seller, why))
        else:
            kept.append(seller)
    return Pool(tuple(kept), tuple(dropped))


def _mismatch(rule: AssignmentRule, seller: Seller) -> str:
    if not seller.takes_assignments:
        return "does not take assignments"
    if rule.match.listed is not None and seller.id not in rule.match.listed:
        return "is not in the rule's list"
    failure = first_failure(rule.match.columns, seller.columns) or first_failure(
        rule.match.attributes, seller.attributes
    )
    if failure is None:
        return ""
    has = ", ".join(f"{column} is {_shown(value)}" for column, value in failure.values)
    return f"not {failure.condition} ({has})"


def _shown(value: object) -> str:
    if value is None or value == ():
        return "empty"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def decide_block(
    records: Sequence[Record],
    definitions: Definitions,
    standings: Mapping[SellerId, Standing],
    *,
    at: datetime,
    since: Mapping[str, datetime],
) -> list[Decision]:
    """Decide records one after the other, oldest first; each takes into account those before it.

    `standings` move: what a seller takes counts for the records after. A record that a seller made
    for herself counts as received, before it is decided. `since` gives, for a record that counts
    from a later moment than its creation (it was updated), that moment by its id.
    """
    turn = max((standing.turn for standing in standings.values()), default=0)
    decisions = []
    for record in sorted(records, key=lambda r: (r.created_at, r.id)):
        counts_from = since.get(record.id, record.created_at)
        creator = None if record.id in since else _creator_who_owns(record, standings)
        if creator is not None:
            turn += 1
            creator.turn = turn
        decision = decide(record, definitions, standings, at=at, since=counts_from)
        if isinstance(decision, Assigned):
            turn += 1
            standings[decision.seller.id].take(turn, at)
            decision = replace(decision, turn=turn)
        decisions.append(decision)
    return decisions


def _creator_who_owns(record: Record, standings: Standings) -> Standing | None:
    owner = record.owner
    if owner is None or owner.type != "systemuser" or owner.id != record.created_by:
        return None
    return standings.get(SellerId(owner.id))


def decide(
    record: Record, definitions: Definitions, standings: Standings, *, at: datetime, since: datetime
) -> Decision:
    """Decide one record at a moment; `since` is the moment that counts against activations."""
    try:
        tried = try_segments(record, definitions.segments.get(record.type, ()), since)
    except DefinitionError as fault:
        return Unassigned(
            record,
            SegmentationStatus.WENT_WRONG,
            None,
            None,
            RoutingStatus.SEGMENTATION_FAILED,
            Trace(),
            str(fault),
        )
    segment = tried[-1].segment if tried and tried[-1].matched else None
    rules = definitions.rules.get((record.type, segment.id), ()) if segment else ()
    if segment is None or (segment.id is None and not rules):
        return Unassigned(
            record,
            SegmentationStatus.NO_MATCHING_SEGMENT,
            None,
            None,
            RoutingStatus.SEGMENTATION_FAILED,
            # A default segment without rules takes no record, so it is not told as a match.
            Trace(tuple(entry for entry in tried if entry.segment.id is not None)),
        )
    run = _Run(record, definitions, standings, at, since)
    return run.through(segment, rules, Trace(tried))


@dataclass(slots=True)
class _Run:
    """One record's way through the rules of its segment."""

    record: Record
    definitions: Definitions
    standings: Standings
    at: datetime
    since: datetime

    def through(self, segment: Segment, rules: Sequence[AssignmentRule], trace: Trace) -> Decision:
        segmentation = (
            SegmentationStatus.MATCHED_PREVIOUS_SEGMENT
            if segment.id is not None and segment.id == self.record.segment_id
            else SegmentationStatus.SUCCESSFUL
        )
        tried: list[RuleTried] = []
        for rule in rules:
            try:
                outcome = self._try(rule)
            except DefinitionError as fault:
                return Unassigned(
                    self.record,
                    segmentation,
                    segment,
                    rule,
                    RoutingStatus.SERVER_ISSUE,
                    Trace(trace.segments, tuple(tried)),
                    str(fault),
                )
            tried.append(outcome)
            so_far = Trace(trace.segments, tuple(tried))
            if outcome.ranking is not None:
                chosen = outcome.ranking.chosen.seller
                return Assigned(self.record, segmentation, segment, rule, chosen, so_far)
            if outcome.status is RoutingStatus.IN_PROGRESS:
                return Held(self.record, rule, so_far)
            if _reached_sellers(outcome) and rule.on_no_seller is OnNoSeller.STOP:
                break
        worst = min(tried, key=lambda t: IMPORTANCE.index(t.status), default=None)
        return Unassigned(
            self.record,
            segmentation,
            segment,
            worst.rule if worst and _reached_sellers(worst) else None,
            worst.status if worst else RoutingStatus.NO_RULE,
            Trace(trace.segments, tuple(tried)),
        )

    def _try(self, rule: AssignmentRule) -> RuleTried:
        """Raises the fault of a rule that is reached and cannot be used."""
        if rule.active_since > self.since:
            return RuleTried(rule, RoutingStatus.NO_RULE, passed_over="activated after the record")
        if rule.fault is not None:
            raise rule.fault
        window = rule.created_within
        if window is not None and self.at - self.record.created_at > window:
            hours = window.total_seconds() / 3600
            return RuleTried(
                rule,
                RoutingStatus.TOO_OLD,
                passed_over=f"the record is older than {hours:g} hours",
            )
        failure = first_failure(rule.filter, self.record.columns)
        if failure is not None:
            return RuleTried(rule, RoutingStatus.NO_CONDITIONS_MET, failure=failure)
        return self._find_seller(rule)

    def _find_seller(self, rule: AssignmentRule) -> RuleTried:
        pool = self.definitions.pools[rule.id]
        dropped = list(pool.dropped)
        able = self._able(pool.sellers, dropped)
        if not able:
            status = RoutingStatus.NO_PRIVILEGES if pool.sellers else RoutingStatus.NO_SELLERS
            return RuleTried(rule, status, dropped=tuple(dropped))
        with_room = self._with_room(rule, able, dropped)
        available = self._available(rule, with_room, dropped)
        if available:
            ranking = rank(available, rule.distribution)
            return RuleTried(rule, RoutingStatus.ASSIGNED, dropped=tuple(dropped), ranking=ranking)
        if rule.uses_capacity and self._would_be_free(rule, able):
            return RuleTried(rule, RoutingStatus.IN_PROGRESS, dropped=tuple(dropped))
        status = RoutingStatus.NO_AVAILABILITY if with_room else RoutingStatus.NO_CAPACITY
        return RuleTried(rule, status, dropped=tuple(dropped))

    def _able(self, sellers: Sequence[Seller], dropped: list[Dropped]) -> list[Seller]:
        able = []
        for seller in sellers:
            barred = self.standings[seller.id].barred
            if barred:
                dropped.append(Dropped(seller, barred))
            else:
                able.append(seller)
        return able

    def _with_room(
        self, rule: AssignmentRule, sellers: Sequence[Seller], dropped: list[Dropped]
    ) -> list[Seller]:
        if not rule.uses_capacity:
            return list(sellers)
        with_room = []
        for seller in sellers:
            if self.standings[seller.id].room(seller.max_capacity) > 0:
                with_room.append(seller)
            else:
                dropped.append(Dropped(seller, self._full(seller)))
        return with_room

    def _full(self, seller: Seller) -> str:
        standing = self.standings[seller.id]
        held = seller.max_capacity - standing.room(seller.max_capacity)
        return f"is full: {held} of {seller.max_capacity}"

    def _available(
        self, rule: AssignmentRule, sellers: Sequence[Seller], dropped: list[Dropped]
    ) -> list[Candidate]:
        within = rule.available_within
        if within is None:
            return [candidate(seller, self.standings[seller.id], 0) for seller in sellers]
        found = []
        for seller in sellers:
            moment = seller.calendar.first_working_moment(self.at, within)
            if moment is None:
                hours = within.total_seconds() / 3600
                dropped.append(Dropped(seller, f"does not work within {hours:g} hours"))
            else:
                bucket = bucket_of(self.at, moment)
                found.append(candidate(seller, self.standings[seller.id], bucket))
        return found

    def _would_be_free(self, rule: AssignmentRule, sellers: Sequence[Seller]) -> bool:
        """Whether only what others have reserved keeps the record from a seller."""
        free = [
            seller
            for seller in sellers
            if self.standings[seller.id].room_without_reservations(seller.max_capacity) > 0
        ]
        return bool(self._available(rule, free, []))


def _reached_sellers(tried: RuleTried) -> bool:
    return tried.failure is None and not tried.passed_over
