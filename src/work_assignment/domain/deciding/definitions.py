"""Definitions put in order and compiled once, to decide many records by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from work_assignment.domain.deciding.pools import Matcher, matcher
from work_assignment.domain.deciding.segmentation import Segmentation
from work_assignment.domain.defining.policy import Policy
from work_assignment.domain.defining.recipients import Recipient, Target, TeamOrQueue
from work_assignment.domain.defining.rules import AssignmentRule
from work_assignment.domain.defining.segments import DEFAULT_SEGMENT, Segment
from work_assignment.domain.defining.sellers import Seller
from work_assignment.domain.filtering.conditions import columns_read, hierarchies, record_columns
from work_assignment.domain.filtering.rows import NO_ROWS, Rows, Scope
from work_assignment.domain.filtering.terms import Hierarchy
from work_assignment.domain.records import RuleId, SegmentId, SellerId

_ANY_TIME = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Definitions:
    """Active segments, rules and those they give to, in order.

    `rows` are the related rows that filters on sellers, teams and queues look at.
    """

    segments: Mapping[str, tuple[Segment, ...]]
    rules: Mapping[tuple[str, SegmentId | None], tuple[AssignmentRule, ...]]
    sellers: Mapping[SellerId, Seller]
    policy: Policy
    rows: Rows = field(repr=False)
    segmentations: Mapping[str, Segmentation] = field(repr=False)
    matchers: Mapping[RuleId, Matcher] = field(repr=False)

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
        activations += [rule.active_since for rule in self.rules_of(record_type)]
        return min(activations)

    def rules_of(self, record_type: str) -> list[AssignmentRule]:
        """The rules of a record type, whatever their segments."""
        return [
            rule
            for (rule_type, _), rules in self.rules.items()
            if rule_type == record_type
            for rule in rules
        ]

    def hierarchies(self) -> frozenset[Hierarchy]:
        """The trees that filters ask."""
        filters = [segment.filter for found in self.segments.values() for segment in found]
        for rules in self.rules.values():
            filters += [part for rule in rules for part in (rule.filter, rule.match.columns)]
        return frozenset(tree for part in filters for tree in hierarchies(part))

    def columns_read(self, record_type: str) -> frozenset[str]:
        """The record's columns whose change can change a decision: the change triggers."""
        found: set[str] = set()
        for segment in self.segments.get(record_type, ()):
            found |= columns_read(segment.filter) | record_columns(segment.filter)
        for rule in self.rules_of(record_type):
            found |= columns_read(rule.filter) | record_columns(rule.filter)
            found |= record_columns(rule.match.columns) | record_columns(rule.match.attributes)
        return frozenset(found)


def define(
    segments: Iterable[Segment],
    rules: Iterable[AssignmentRule],
    sellers: Iterable[Seller],
    others: Iterable[TeamOrQueue] = (),
    policy: Policy | None = None,
    rows: Rows = NO_ROWS,
) -> Definitions:
    """Put definitions in order: segments by priority, the built-in default last; rules by order.

    `others` are the teams and queues.
    """
    policy = policy or Policy()
    ordered_rules = _rules_in_order(rules)
    by_type: dict[str, list[Segment]] = {record_type: [] for record_type, _ in ordered_rules}
    for segment in sorted(segments, key=lambda s: (s.priority, s.name, str(s.id))):
        by_type.setdefault(segment.record_type, []).append(segment)
    in_order = {kind: (*found, _default_segment(kind)) for kind, found in by_type.items()}
    everyone = {seller.id: seller for seller in sorted(sellers, key=lambda s: s.id)}
    targets = _by_target(everyone.values(), others)
    scope = Scope(_ANY_TIME, rows)
    return Definitions(
        in_order,
        ordered_rules,
        everyone,
        policy,
        rows,
        {kind: Segmentation(found) for kind, found in in_order.items()},
        {
            rule.id: matcher(rule, targets[rule.target], policy, scope)
            for place in ordered_rules.values()
            for rule in place
        },
    )


def _by_target(
    sellers: Iterable[Seller], others: Iterable[TeamOrQueue]
) -> Mapping[Target, Sequence[Recipient]]:
    found: dict[Target, list[Recipient]] = {target: [] for target in Target}
    found[Target.SELLERS].extend(sellers)
    for other in sorted(others, key=lambda entry: entry.id):
        found[other.target].append(other)
    return found


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
    return Segment(None, DEFAULT_SEGMENT, record_type, 0, _ANY_TIME)
