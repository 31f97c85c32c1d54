"""Rows to domain objects. A bad row stops here, and the error names table, row and column."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from work_assignment.dataverse.choices import AssignmentResult
from work_assignment.dataverse.messages import FORMATTED_VALUE, Row
from work_assignment.dataverse.names import (
    ROUTING_RUN,
    SELLER,
    SYSTEM_USER,
    TEAM,
    Common,
    RoutedColumn,
    RoutingRunColumn,
    SellerColumn,
    TableName,
)
from work_assignment.dataverse.schemas import wire_name
from work_assignment.domain.defining.rounds import Turn
from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.filtering.operators import ColumnKind
from work_assignment.domain.filtering.schemas import TableSchema
from work_assignment.domain.records import Owner, Record, RecordId, RuleId, SellerId, Value
from work_assignment.domain.runs.facts import (
    CurrentRecord,
    LastRun,
    Reservation,
    Result,
    SellerRow,
)
from work_assignment.domain.statuses import RoutingStatus

Read = TypeVar("Read")

_log = logging.getLogger(__name__)


class BadRow(DefinitionError):
    """A row that cannot be read: which table, row and column, and what is wrong."""

    def __init__(self, table: str, row_id: object, column: str, problem: str) -> None:
        super().__init__(f"{table} {row_id}", f"column {column}: {problem}")


def moment(text: str) -> datetime:
    """A date and time as Dataverse writes it."""
    return datetime.fromisoformat(text).astimezone(UTC)


def version_number(row: Row) -> int:
    """The number in a row's ETag, such as `W/"1234"`; 0 where there is none."""
    digits = "".join(filter(str.isdecimal, str(row.get("@odata.etag", ""))))
    return int(digits or 0)


def _moment_or_none(text: str | None) -> datetime | None:
    return moment(text) if text else None


def _required(row: Row, column: str, table: TableName) -> Any:
    value = row.get(column)
    if value is None:
        raise BadRow(table.logical_name, row.get(table.primary_id), column, "it is empty")
    return value


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
            case ColumnKind.MOMENT | ColumnKind.WALL_CLOCK:
                return moment(value)
            case ColumnKind.DAY:
                return date.fromisoformat(value)
            case ColumnKind.NUMBER if isinstance(value, float):
                return Decimal(str(value))
            case ColumnKind.LOOKUP:
                return str(value).lower()
            case ColumnKind.CHOICES:
                return tuple(sorted(int(number) for number in value.split(",")))
            case _:
                return plain(value)
    except (ValueError, TypeError) as exc:
        raise BadRow(schema.table, row.get(schema.primary_id), column, str(exc)) from exc


def plain(value: Any) -> Value:
    """Text, a whole number, or yes and no: as it came."""
    if isinstance(value, str | int | bool):
        return value
    raise TypeError(f"{value!r} is not a value of this column")


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read of a record: the columns of filters, and where owner and score stand.

    `labelled` are the columns of which what people read is wanted too. Without an `owner_column`
    the owner is the record's own.
    """

    columns: frozenset[str]
    labelled: frozenset[str] = frozenset()
    owner_column: str | None = None
    score_column: str | None = None


def record_from_row(row: Row, schema: TableSchema, reading: Reading) -> CurrentRecord:
    """A record as it stands, with the columns that definitions read."""
    record_id = str(row[schema.primary_id])
    columns = values_from_row(row, schema, reading.columns & schema.columns.keys())
    result = _result(row, schema)
    return CurrentRecord(
        Record(
            type=schema.table,
            id=RecordId(record_id),
            created_at=moment(row[Common.CREATED_ON]),
            columns=columns | {schema.primary_id: record_id.lower()},
            owner=_owner(row, schema, reading.owner_column),
            name=str(row.get(schema.primary_name or "") or ""),
            segment_id=row.get(RoutedColumn.SEGMENT.value),
            created_by=row.get(Common.CREATED_BY.value),
            labels=_labels(row, schema, reading.labelled),
            is_settled=result is Result.SUCCEEDED,
            score=_score(row, schema, reading.score_column),
        ),
        version=row["@odata.etag"],
        is_open=row[Common.STATE] == 0,
        result=result,
        modified_by=row.get(Common.MODIFIED_BY.value),
        modified_at=_moment_or_none(row.get(Common.MODIFIED_ON)),
    )


def _owner(row: Row, schema: TableSchema, column: str | None) -> Owner | None:
    if column is not None:
        user = row.get(wire_name(column, schema))
        return Owner("systemuser", user.lower()) if user else None
    if row.get(Common.OWNING_USER.value):
        return Owner("systemuser", row[Common.OWNING_USER.value].lower())
    if row.get(Common.OWNING_TEAM.value):
        return Owner("team", row[Common.OWNING_TEAM.value].lower())
    return None


def _labels(row: Row, schema: TableSchema, columns: Iterable[str]) -> dict[str, str]:
    wires = {column: wire_name(column, schema) for column in columns if column in schema.columns}
    texts = {column: row.get(f"{wire}@{FORMATTED_VALUE}") for column, wire in wires.items()}
    return {column: text for column, text in texts.items() if text}


def _score(row: Row, schema: TableSchema, column: str | None) -> Decimal | int:
    """The record's score; one that has none comes last."""
    value = None
    if column is not None and column in schema.columns:
        value = values_from_row(row, schema, (column,)).get(column)
    return value if isinstance(value, int | Decimal) else 0


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
        rule_stamps=_rule_stamps(row),
        open_count=row.get(SellerColumn.OPEN_COUNT) or 0,
        unused=_unused(row),
    )


def _rule_stamps(row: Row) -> dict[RuleId, int]:
    text = row.get(SellerColumn.RULE_STAMPS)
    if not text:
        return {}
    try:
        return {RuleId(rule): int(stamp) for rule, stamp in json.loads(text).items()}
    except (ValueError, AttributeError, TypeError, RecursionError) as exc:
        raise BadRow(
            SELLER.logical_name, row[SELLER.primary_id], SellerColumn.RULE_STAMPS, str(exc)
        ) from exc


def _unused(row: Row) -> dict[RuleId, tuple[int, ...]]:
    text = row.get(SellerColumn.UNUSED_TURNS)
    if not text:
        return {}
    try:
        rounds = json.loads(text).items()
        return {RuleId(round_): tuple(sorted(map(int, turns))) for round_, turns in rounds}
    except (ValueError, AttributeError, TypeError, RecursionError) as exc:
        raise BadRow(
            SELLER.logical_name, row[SELLER.primary_id], SellerColumn.UNUSED_TURNS, str(exc)
        ) from exc


def unused_text(unused: Mapping[RuleId, Sequence[int]]) -> str | None:
    """Unused turns by round as the column holds them; none leave it empty."""
    return json.dumps(unused, separators=(",", ":"), sort_keys=True) if unused else None


def rule_stamps_text(stamps: Mapping[RuleId, int]) -> str | None:
    """Order stamps by rule as the column holds them; none leave it empty."""
    return json.dumps(stamps, separators=(",", ":"), sort_keys=True) if stamps else None


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
                {str(record): _turn(turn) for record, turn in entry["records"].items()},
                {RuleId(round_): int(stamp) for round_, stamp in entry["before"].items()},
            )
            for entry in json.loads(text)
        )
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise BadRow(
            SELLER.logical_name, row[SELLER.primary_id], SellerColumn.RESERVATIONS, str(exc)
        ) from exc


def _turn(entry: Sequence[Any]) -> Turn:
    number, round_ = entry
    return Turn(int(number), RuleId(round_))


def reservations_text(reservations: Iterable[Reservation]) -> str | None:
    """Reservations as the column holds them; none leave it empty."""
    entries = [
        {
            "block": entry.block,
            "shares": entry.shares,
            "expires": entry.expires_at.isoformat(),
            "records": entry.records,
            "before": entry.before,
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
        owner=_left_with(row),
        written_at=_moment_or_none(row.get(Common.CREATED_ON)),
        previous_owner=previous_owner(row),
        due_at=_moment_or_none(row.get(RoutingRunColumn.DUE_ON)),
        is_overdue=bool(row.get(RoutingRunColumn.OVERDUE)),
        sweep_id=row.get(RoutingRunColumn.SWEEP.value),
    )


def _left_with(row: Row) -> Owner | None:
    """Whom a run left the record with: those it names, or else who had the record before."""
    return assigned_to(row) or previous_owner(row)


def assigned_to(row: Row) -> Owner | None:
    """The user or team that a run-log row names as the owner."""
    for lookup, table in (
        (RoutingRunColumn.ASSIGNED_SELLER, SYSTEM_USER),
        (RoutingRunColumn.ASSIGNED_TEAM, TEAM),
    ):
        if row.get(lookup.value):
            return Owner(table.logical_name, str(row[lookup.value]).lower())
    return None


def previous_owner(row: Row) -> Owner | None:
    """Whom the record belonged to before, as a run-log row says."""
    kind, owner = (
        row.get(RoutingRunColumn.PREVIOUS_OWNER_TYPE),
        row.get(RoutingRunColumn.PREVIOUS_OWNER),
    )
    return Owner(str(kind), str(owner).lower()) if kind and owner else None


def readable(read: Callable[[Row], Read], rows: Iterable[Row]) -> Iterator[Read]:
    """The rows that can be read; one that cannot must not keep all others waiting."""
    for row in rows:
        try:
            yield read(row)
        except BadRow as exc:
            _log.error("a row is left out: %s", exc)
