"""Rows to domain objects. A bad row stops here, and the error names table, row and column."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any

from work_assignment.dataverse.choices import (
    AssignmentResult,
    DistributeTo,
    DistributionType,
    MatchType,
    OnNoSeller,
)
from work_assignment.dataverse.messages import Row
from work_assignment.dataverse.names import (
    ASSIGNMENT_RULE,
    ROUTING_RUN,
    SEGMENT,
    SELLER,
    AssignmentRuleColumn,
    Common,
    RoutedColumn,
    RoutingRunColumn,
    SegmentColumn,
    SellerColumn,
    TableName,
)
from work_assignment.dataverse.schemas import wire_name
from work_assignment.domain import rules as domain_rules
from work_assignment.domain.attributes import Attributes, compile_attributes
from work_assignment.domain.conditions import ALWAYS, Columns, Condition, compile_filter
from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.facts import CurrentRecord, LastRun, Reservation, Result, SellerRow
from work_assignment.domain.filters import read_fetchxml, read_nested
from work_assignment.domain.operators import ColumnKind
from work_assignment.domain.records import (
    Owner,
    Record,
    RecordId,
    RuleId,
    SegmentId,
    SellerId,
    Value,
)
from work_assignment.domain.rules import AssignmentRule, Distribution, SellerMatch
from work_assignment.domain.schemas import TableSchema
from work_assignment.domain.segments import Segment
from work_assignment.domain.sellers import Seller
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.domain.working_times import read_calendar


class BadRow(DefinitionError):
    """A row that cannot be read: which table, row and column, and what is wrong."""

    def __init__(self, table: str, row_id: object, column: str, problem: str) -> None:
        super().__init__(f"{table} {row_id}", f"column {column}: {problem}")


def moment(text: str) -> datetime:
    """A date and time as Dataverse writes it."""
    return datetime.fromisoformat(text).astimezone(UTC)


def _moment_or_none(text: str | None) -> datetime | None:
    return moment(text) if text else None


def _hours(value: int | None) -> timedelta | None:
    return None if value is None else timedelta(hours=value)


def _required(row: Row, column: str, table: TableName) -> Any:
    value = row.get(column)
    if value is None:
        raise BadRow(table.logical_name, row.get(table.primary_id), column, "it is empty")
    return value


def segment_from_row(row: Row, columns: Columns | None, zone: tzinfo) -> Segment:
    """A segment; what is wrong with its filter becomes its fault, to be said where it matters."""
    name = _required(row, SegmentColumn.NAME, SEGMENT)
    condition, fault = _filter_of(row, SegmentColumn.FILTER, f"segment '{name}'", columns, zone)
    return Segment(
        id=SegmentId(row[SEGMENT.primary_id]),
        name=name,
        record_type=_required(row, SegmentColumn.RECORD_TYPE, SEGMENT),
        priority=_required(row, SegmentColumn.PRIORITY, SEGMENT),
        active_since=_active_since(row, SegmentColumn.ACTIVATED_ON),
        filter=condition,
        allow_move_in=bool(row.get(SegmentColumn.ALLOW_MOVE_IN)),
        fault=fault,
    )


def _active_since(row: Row, column: str) -> datetime:
    """When it was activated; a row activated by hand counts from its last change."""
    return moment(row.get(column) or row[Common.MODIFIED_ON])


def _filter_of(
    row: Row, column: str, where: str, columns: Columns | None, zone: tzinfo
) -> tuple[Condition, DefinitionError | None]:
    text = row.get(column)
    if not text:
        return ALWAYS, None
    if columns is None:
        return ALWAYS, DefinitionError(where, "its table does not exist")
    try:
        return compile_filter(read_fetchxml(text, where), where, columns, zone), None
    except DefinitionError as exc:
        return ALWAYS, exc


_DISTRIBUTIONS = {
    DistributionType.ROUND_ROBIN: Distribution.ROUND_ROBIN,
    DistributionType.LOAD_BALANCING: Distribution.LOAD_BALANCING,
}


def rule_from_row(
    row: Row, columns: Columns | None, user_columns: Columns, zone: tzinfo
) -> AssignmentRule:
    """A rule; what cannot be used becomes its fault."""
    name = _required(row, AssignmentRuleColumn.NAME, ASSIGNMENT_RULE)
    where = f"rule '{name}'"
    condition, fault = _filter_of(row, AssignmentRuleColumn.FILTER, where, columns, zone)
    match = SellerMatch()
    distribution = Distribution.ROUND_ROBIN
    try:
        match = _seller_match(row, where, user_columns, zone)
        distribution = _distribution(row, where)
    except DefinitionError as exc:
        fault = fault or exc
    on_no_seller = row.get(AssignmentRuleColumn.ON_NO_SELLER)
    return AssignmentRule(
        id=RuleId(row[ASSIGNMENT_RULE.primary_id]),
        name=name,
        segment_id=row.get(AssignmentRuleColumn.SEGMENT.value),
        record_type=_required(row, AssignmentRuleColumn.RECORD_TYPE, ASSIGNMENT_RULE),
        order=_required(row, AssignmentRuleColumn.EVALUATION_ORDER, ASSIGNMENT_RULE),
        active_since=_active_since(row, AssignmentRuleColumn.ACTIVATED_ON),
        filter=condition,
        created_within=_hours(row.get(AssignmentRuleColumn.CREATED_WITHIN_HOURS)),
        match=match,
        distribution=distribution,
        uses_capacity=bool(row.get(AssignmentRuleColumn.USE_CAPACITY)),
        available_within=_hours(row.get(AssignmentRuleColumn.AVAILABLE_WITHIN_HOURS)),
        on_no_seller=domain_rules.OnNoSeller.STOP
        if on_no_seller == OnNoSeller.STOP
        else domain_rules.OnNoSeller.NEXT_RULE,
        fault=fault,
    )


def _distribution(row: Row, where: str) -> Distribution:
    if (
        row.get(AssignmentRuleColumn.DISTRIBUTE_TO) or DistributeTo.SELLERS
    ) != DistributeTo.SELLERS:
        raise DefinitionError(where, "assigning to teams and queues is not supported")
    kind = row.get(AssignmentRuleColumn.DISTRIBUTION_TYPE) or DistributionType.ROUND_ROBIN
    if kind not in _DISTRIBUTIONS:
        raise DefinitionError(where, f"distribution {kind} is not supported")
    return _DISTRIBUTIONS[kind]


def _seller_match(row: Row, where: str, user_columns: Columns, zone: tzinfo) -> SellerMatch:
    match_type = row.get(AssignmentRuleColumn.MATCH_TYPE)
    seller_filter = row.get(AssignmentRuleColumn.SELLER_FILTER)
    columns: Condition = ALWAYS
    if seller_filter:
        place = f"{where}, seller filter"
        columns = compile_filter(read_fetchxml(seller_filter, place), place, user_columns, zone)
    listed = None
    attributes: Condition = ALWAYS
    if match_type == MatchType.LIST:
        listed = tuple(
            SellerId(str(entry).lower())
            for entry in _json(row.get(AssignmentRuleColumn.SELLER_LIST), f"{where}, list") or ()
        )
    elif match_type != MatchType.ANY and row.get(AssignmentRuleColumn.ATTRIBUTE_FILTER):
        place = f"{where}, attributes"
        form = _json(row[AssignmentRuleColumn.ATTRIBUTE_FILTER], place)
        attributes = compile_attributes(read_nested(form, place), place)
    return SellerMatch(listed, columns, attributes)


def _json(text: str | None, where: str) -> Any:
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError as exc:
        raise DefinitionError(where, f"it is no JSON ({exc})") from None


def seller_from_row(
    row: Row, user: Row, user_schema: TableSchema, attributes: Attributes, default_capacity: int
) -> Seller:
    """A seller, from her row and her user's; raises DefinitionError for hours that make no sense."""
    name = user.get("fullname") or row.get(SellerColumn.NAME) or ""
    where = f"seller '{name}'"
    capacity = row.get(SellerColumn.MAX_CAPACITY)
    takes = row.get(SellerColumn.TAKES_ASSIGNMENTS)
    return Seller(
        id=SellerId(_required(row, SellerColumn.SYSTEM_USER.value, SELLER)),
        name=name,
        max_capacity=default_capacity if capacity is None else capacity,
        takes_assignments=takes is None or bool(takes),
        columns=values_from_row(user, user_schema, user_schema.columns),
        attributes=attributes,
        calendar=read_calendar(
            _json(row.get(SellerColumn.WORKING_HOURS), where),
            _json(row.get(SellerColumn.TIME_OFF), where),
            where,
        ),
    )


def values_from_row(row: Row, schema: TableSchema, columns: Iterable[str]) -> dict[str, Value]:
    """The columns' values as conditions compare them; columns that were not read are left out."""
    found: dict[str, Value] = {}
    for column in columns:
        value = row.get(wire_name(column, schema))
        if value is not None:
            found[column] = _value(value, schema.columns[column].kind, schema, row, column)
    return found


def _value(value: Any, kind: ColumnKind, schema: TableSchema, row: Row, column: str) -> Value:
    try:
        match kind:
            case ColumnKind.MOMENT:
                return moment(value)
            case ColumnKind.DAY:
                return date.fromisoformat(value)
            case ColumnKind.NUMBER if isinstance(value, float):
                return Decimal(str(value))
            case ColumnKind.LOOKUP:
                return str(value).lower()
            case _:
                return plain(value)
    except (ValueError, TypeError) as exc:
        raise BadRow(schema.table, row.get(schema.primary_id), column, str(exc)) from exc


def plain(value: Any) -> Value:
    """Text, a whole number, or yes and no: as it came."""
    if isinstance(value, str | int | bool):
        return value
    raise TypeError(f"{value!r} is not a value of this column")


def record_from_row(row: Row, schema: TableSchema, columns: Iterable[str]) -> CurrentRecord:
    """A record as it stands, with the columns that definitions read."""
    owner = (
        Owner("systemuser", row[Common.OWNING_USER.value].lower())
        if row.get(Common.OWNING_USER.value)
        else None
    )
    if owner is None and row.get(Common.OWNING_TEAM.value):
        owner = Owner("team", row[Common.OWNING_TEAM.value].lower())
    return CurrentRecord(
        Record(
            type=schema.table,
            id=RecordId(row[schema.primary_id]),
            created_at=moment(row[Common.CREATED_ON]),
            columns=values_from_row(row, schema, columns),
            owner=owner,
            name=str(row.get(schema.primary_name or "") or ""),
            segment_id=row.get(RoutedColumn.SEGMENT.value),
            created_by=row.get(Common.CREATED_BY.value),
        ),
        version=row["@odata.etag"],
        is_open=row[Common.STATE] == 0,
        result=_result(row, schema),
    )


def _result(row: Row, schema: TableSchema) -> Result:
    value = row.get(RoutedColumn.ASSIGNMENT_RESULT)
    if value not in _RESULTS:
        column = RoutedColumn.ASSIGNMENT_RESULT
        raise BadRow(schema.table, row.get(schema.primary_id), column, f"{value!r} is no result")
    return _RESULTS[value]


_RESULTS: Mapping[int | None, Result] = {
    None: Result.UNDECIDED,
    AssignmentResult.SUCCEEDED: Result.SUCCEEDED,
    AssignmentResult.FAILED: Result.FAILED,
}


def seller_row_from_row(row: Row) -> SellerRow:
    """A seller's row with what is reserved on it."""
    user = row.get(SellerColumn.SYSTEM_USER.navigation) or {}
    return SellerRow(
        id=row[SELLER.primary_id],
        seller_id=SellerId(_required(row, SellerColumn.SYSTEM_USER.value, SELLER)),
        version=row["@odata.etag"],
        order_stamp=row.get(SellerColumn.ORDER_STAMP) or 0,
        last_assigned_at=_moment_or_none(row.get(SellerColumn.LAST_ASSIGNED_ON)),
        reservations=_reservations(row),
        barred="is disabled" if user.get("isdisabled") else "",
    )


def _reservations(row: Row) -> tuple[Reservation, ...]:
    text = row.get(SellerColumn.RESERVATIONS)
    if not text:
        return ()
    try:
        return tuple(
            Reservation(
                entry["block"],
                int(entry["shares"]),
                moment(entry["expires"]),
                tuple(map(str, entry.get("records", ()))),
            )
            for entry in json.loads(text)
        )
    except (ValueError, KeyError, TypeError) as exc:
        raise BadRow(
            SELLER.logical_name, row[SELLER.primary_id], SellerColumn.RESERVATIONS, str(exc)
        ) from exc


def reservations_text(reservations: Iterable[Reservation]) -> str | None:
    """Reservations as the column holds them; none leave it empty."""
    entries = [
        {
            "block": entry.block,
            "shares": entry.shares,
            "expires": entry.expires_at.isoformat(),
            "records": entry.records,
        }
        for entry in reservations
    ]
    return json.dumps(entries, separators=(",", ":")) if entries else None


def last_run_from_row(row: Row) -> LastRun:
    """The outcome that a run-log row holds."""
    run_id = row[ROUTING_RUN.primary_id]
    status = row.get(RoutingRunColumn.ROUTING_STATUS)
    decided = row.get(RoutingRunColumn.LAST_ATTEMPT_ON) or row.get(RoutingRunColumn.DECIDED_ON)
    if status not in set(RoutingStatus) or not decided:
        column = RoutingRunColumn.ROUTING_STATUS if decided else RoutingRunColumn.DECIDED_ON
        raise BadRow(ROUTING_RUN.logical_name, run_id, column, "it holds no outcome")
    return LastRun(
        id=run_id,
        status=RoutingStatus(status),
        segment_id=row.get(RoutingRunColumn.SEGMENT.value),
        rule_id=row.get(RoutingRunColumn.ASSIGNMENT_RULE.value),
        decided_at=moment(decided),
        attempts=row.get(RoutingRunColumn.ATTEMPTS) or 1,
        seller_id=row.get(RoutingRunColumn.ASSIGNED_SELLER.value),
    )
