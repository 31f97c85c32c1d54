"""Definitions' rows to domain objects; what cannot be used becomes the object's own fault."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from work_assignment.dataverse.choices import (
    DistributeTo,
    DistributionType,
    MatchType,
    OnNoSeller,
    SegmentStatus,
)
from work_assignment.dataverse.mapping import BadRow, moment
from work_assignment.dataverse.messages import Row
from work_assignment.dataverse.names import (
    ASSIGNMENT_RULE,
    SEGMENT,
    AssignmentRuleColumn,
    Common,
    SegmentColumn,
    TableName,
)
from work_assignment.domain.defining import rules as domain_rules
from work_assignment.domain.defining.recipients import Target
from work_assignment.domain.defining.rules import AssignmentRule, Distribution, SellerMatch
from work_assignment.domain.defining.segments import Segment
from work_assignment.domain.defining.stored_json import read_json
from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.filtering.attributes import compile_attributes
from work_assignment.domain.filtering.conditions import ALWAYS, Condition, compile_filter
from work_assignment.domain.filtering.fetchxml import read_fetchxml
from work_assignment.domain.filtering.filters import own_columns, read_nested
from work_assignment.domain.filtering.reckoning import Reckoning
from work_assignment.domain.filtering.schemas import FindTable, TableSchema, Vocabulary
from work_assignment.domain.records import RuleId, SegmentId

_TARGETS = {
    DistributeTo.SELLERS: Target.SELLERS,
    DistributeTo.TEAM: Target.TEAM,
    DistributeTo.QUEUE: Target.QUEUE,
}
_DISTRIBUTIONS = {
    DistributionType.ROUND_ROBIN: Distribution.ROUND_ROBIN,
    DistributionType.LOAD_BALANCING: Distribution.LOAD_BALANCING,
    DistributionType.BEST_OVERALL: Distribution.BEST_OVERALL,
    DistributionType.ANY_ONE_TEAM: Distribution.ANY_ONE,
    DistributionType.ANY_ONE_QUEUE: Distribution.ANY_ONE,
    DistributionType.NO_TEAM: Distribution.NONE,
    DistributionType.NO_QUEUE: Distribution.NONE,
}


@dataclass(frozen=True, slots=True)
class Language:
    """What the filters of all definitions may name, and how they count dates."""

    find: FindTable
    reckoning: Reckoning

    def of(self, table: str, where: str, record: TableSchema | None = None) -> Vocabulary:
        """What a filter on a table may name; raises DefinitionError when there is no such table."""
        schema = self.find(table)
        if schema is None:
            raise DefinitionError(where, f"its table {table} does not exist")
        return Vocabulary(table, schema, record or schema, self.find, self.reckoning)


def _required(row: Row, column: str, table: TableName) -> Any:
    value = row.get(column)
    if value is None:
        raise BadRow(table.logical_name, row.get(table.primary_id), column, "it is empty")
    return value


def _active_since(row: Row, column: str) -> datetime:
    """When it was activated; a row activated by hand counts from its last change."""
    return moment(row.get(column) or row[Common.MODIFIED_ON])


def _hours(value: int | None) -> timedelta | None:
    return None if value is None else timedelta(hours=value)


def segment_from_row(row: Row, language: Language) -> Segment:
    """A segment; what is wrong with its filter becomes its fault, to be said where it matters."""
    name = _required(row, SegmentColumn.NAME, SEGMENT)
    record_type = _required(row, SegmentColumn.RECORD_TYPE, SEGMENT)
    where = f"segment '{name}'"
    condition, fault = _filter_of(row, SegmentColumn.FILTER, where, record_type, language)
    allows = bool(row.get(SegmentColumn.ALLOW_MOVE_IN))
    reassigns = row.get(SegmentColumn.REASSIGN_ON_MOVE)
    return Segment(
        id=SegmentId(row[SEGMENT.primary_id]),
        name=name,
        record_type=record_type,
        priority=_required(row, SegmentColumn.PRIORITY, SEGMENT),
        active_since=_active_since(row, SegmentColumn.ACTIVATED_ON),
        filter=condition,
        allow_move_in=allows,
        reassign_on_move=allows if reassigns is None else bool(reassigns),
        is_paused=row.get(Common.STATUS) == SegmentStatus.PAUSED,
        fault=fault,
    )


def _filter_of(
    row: Row, column: str, where: str, table: str, language: Language
) -> tuple[Condition, DefinitionError | None]:
    text = row.get(column)
    if not text:
        return ALWAYS, None
    try:
        tree = read_fetchxml(text, where, table)
        return compile_filter(tree, where, language.of(table, where)), None
    except DefinitionError as exc:
        return ALWAYS, exc


def rule_from_row(row: Row, language: Language) -> AssignmentRule:
    """A rule; what cannot be used becomes its fault."""
    name = _required(row, AssignmentRuleColumn.NAME, ASSIGNMENT_RULE)
    record_type = _required(row, AssignmentRuleColumn.RECORD_TYPE, ASSIGNMENT_RULE)
    where = f"rule '{name}'"
    condition, fault = _filter_of(row, AssignmentRuleColumn.FILTER, where, record_type, language)
    target, match, distribution = Target.SELLERS, SellerMatch(), Distribution.ROUND_ROBIN
    try:
        target = _target(row, where)
        match = _match(row, where, target.table, record_type, language)
        distribution = _distribution(row, where, target)
    except DefinitionError as exc:
        fault = fault or exc
    stops = row.get(AssignmentRuleColumn.ON_NO_SELLER) == OnNoSeller.STOP
    sells = target is Target.SELLERS
    return AssignmentRule(
        id=RuleId(row[ASSIGNMENT_RULE.primary_id]),
        name=name,
        segment_id=row.get(AssignmentRuleColumn.SEGMENT.value),
        record_type=record_type,
        order=_required(row, AssignmentRuleColumn.EVALUATION_ORDER, ASSIGNMENT_RULE),
        active_since=_active_since(row, AssignmentRuleColumn.ACTIVATED_ON),
        filter=condition,
        created_within=_hours(row.get(AssignmentRuleColumn.CREATED_WITHIN_HOURS)),
        target=target,
        match=match,
        distribution=distribution,
        uses_capacity=sells and bool(row.get(AssignmentRuleColumn.USE_CAPACITY)),
        available_within=_hours(row.get(AssignmentRuleColumn.AVAILABLE_WITHIN_HOURS))
        if sells
        else None,
        on_no_seller=domain_rules.OnNoSeller.STOP if stops else domain_rules.OnNoSeller.NEXT_RULE,
        fault=fault,
    )


def target_of(row: Row) -> Target | None:
    """To whom a rule's row gives; None for a number that means nothing."""
    number = row.get(AssignmentRuleColumn.DISTRIBUTE_TO) or DistributeTo.SELLERS
    return _TARGETS.get(number)


def _target(row: Row, where: str) -> Target:
    number = row.get(AssignmentRuleColumn.DISTRIBUTE_TO) or DistributeTo.SELLERS
    if number not in _TARGETS:
        raise DefinitionError(where, f"there is nobody to give to by the number {number}")
    return _TARGETS[number]


def _distribution(row: Row, where: str, target: Target) -> Distribution:
    number = row.get(AssignmentRuleColumn.DISTRIBUTION_TYPE) or DistributionType.ROUND_ROBIN
    kind = _DISTRIBUTIONS.get(number)
    if kind is None:
        raise DefinitionError(where, f"there is no distribution {number}")
    if target is Target.SELLERS and kind in (Distribution.ANY_ONE, Distribution.NONE):
        raise DefinitionError(where, f"distribution '{kind.value}' is for teams and queues")
    if target is not Target.SELLERS and kind not in (Distribution.ANY_ONE, Distribution.NONE):
        return Distribution.ANY_ONE  # the column's first value, which says nothing of teams
    return kind


def _match(row: Row, where: str, table: str, record_type: str, language: Language) -> SellerMatch:
    """What a rule says of those it gives to; what another way of matching left behind is ignored."""
    match row.get(AssignmentRuleColumn.MATCH_TYPE):
        case MatchType.ANY:
            return SellerMatch()
        case MatchType.LIST:
            listed = read_names(row.get(AssignmentRuleColumn.SELLER_LIST), f"{where}, list") or ()
            return SellerMatch(tuple(entry.lower() for entry in listed))
    record = language.find(record_type)
    columns: Condition = ALWAYS
    attributes: Condition = ALWAYS
    if text := row.get(AssignmentRuleColumn.SELLER_FILTER):
        place = f"{where}, seller filter"
        vocabulary = language.of(table, place, record)
        columns = compile_filter(read_fetchxml(text, place, table), place, vocabulary)
    if text := row.get(AssignmentRuleColumn.ATTRIBUTE_FILTER):
        place = f"{where}, attributes"
        tree = read_nested(read_json(text, place), place)
        attributes = compile_attributes(tree, place, None, record)
    return SellerMatch(None, columns, attributes)


def read_names(text: str | None, where: str) -> list[str] | None:
    """A column's list of names or ids; None for an empty column."""
    found = read_json(text, where)
    if found is None:
        return None
    if not isinstance(found, list) or not all(isinstance(entry, str) for entry in found):
        raise DefinitionError(where, "it is no list of texts")
    return found


def columns_named(rows: Iterable[Row], target: Target) -> frozenset[str]:
    """The columns of sellers, teams or queues that rules' filters read.

    A broken filter is its rule's own fault, said elsewhere.
    """
    found: set[str] = set()
    for row in rows:
        text = row.get(AssignmentRuleColumn.SELLER_FILTER)
        if text and target_of(row) is target:
            try:
                found |= own_columns(read_fetchxml(text, ""))
            except DefinitionError:
                continue
    return frozenset(found)
