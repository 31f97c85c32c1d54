"""The questions that gathering asks, as requests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from work_assignment.dataverse import fetch, messages
from work_assignment.dataverse.choices import AssignmentResult, RunMode
from work_assignment.dataverse.messages import FORMATTED_VALUE, PLAIN, Prefer, Request
from work_assignment.dataverse.names import (
    ROUTING_RUN,
    SELLER,
    SETTING,
    Common,
    RoutedColumn,
    RoutingRunColumn,
    SellerColumn,
    SettingColumn,
)
from work_assignment.dataverse.queries import (
    Expand,
    Filter,
    Guid,
    Query,
    after,
    and_,
    eq,
    ge,
    gt,
    is_null,
    le,
    ne,
    or_,
)
from work_assignment.dataverse.schemas import wire_name
from work_assignment.domain.filtering.schemas import TableSchema
from work_assignment.domain.records import SellerId
from work_assignment.domain.runs.facts import Rulebook
from work_assignment.domain.runs.sweeps import Page, SweepKind
from work_assignment.domain.statuses import RoutingStatus

_OPEN = eq(Common.STATE, 0)


def stamp() -> Request:
    """The stamp under which definitions may be kept."""
    return messages.get(Query(SETTING.entity_set, select=(SettingColumn.DEFINITIONS_VERSION,)))


def sellers() -> Request:
    """Sellers' rows, with what is reserved on them."""
    return _sellers(_OPEN)


def sellers_with_shares() -> Request:
    """The rows on which anything is reserved: few, so that one answer has them all."""
    return _sellers(and_(_OPEN, ne(SellerColumn.RESERVATIONS, None)))


def _sellers(filter_: Filter) -> Request:
    return messages.get(
        Query(
            SELLER.entity_set,
            select=(
                SellerColumn.SYSTEM_USER.value,
                SellerColumn.RESERVATIONS,
                SellerColumn.OPEN_COUNT,
                SellerColumn.LAST_ASSIGNED_ON,
                SellerColumn.ORDER_STAMP,
                SellerColumn.RULE_STAMPS,
                SellerColumn.UNUSED_TURNS,
            ),
            filter=filter_,
            expand=(Expand(SellerColumn.SYSTEM_USER.navigation, select=("isdisabled",)),),
        )
    )


def counts(
    schema: TableSchema, owners: Sequence[SellerId], owner_column: str | None = None
) -> Request:
    """How many open records of a type each of these owns."""
    owner = owner_column or Common.OWNER.column
    question = fetch.count_by(
        schema.table,
        owner,
        counted=schema.primary_id,
        filter_=fetch.all_of(
            fetch.Condition(Common.STATE, "eq", (0,)),
            fetch.Condition(owner, "in", tuple(owners)),
        ),
        group_alias="owner",
        count_alias="records",
    )
    return messages.fetch(schema.entity_set, fetch.render(question))


def _record_columns(schema: TableSchema, rulebook: Rulebook) -> tuple[str, ...]:
    extra = (rulebook.owner_column, rulebook.score_column)
    wanted = sorted({*rulebook.columns.get(schema.table, ()), *filter(None, extra)})
    known = [column for column in wanted if column in schema.columns]
    return tuple(
        dict.fromkeys(
            (
                Common.CREATED_ON,
                Common.CREATED_BY.value,
                Common.OWNING_USER.value,
                Common.OWNING_TEAM.value,
                Common.MODIFIED_ON,
                Common.MODIFIED_BY.value,
                Common.STATE,
                RoutedColumn.SEGMENT.value,
                RoutedColumn.ASSIGNMENT_RESULT,
                *((schema.primary_name,) if schema.primary_name else ()),
                *(wire_name(column, schema) for column in known),
            )
        )
    )


def records(schema: TableSchema, rulebook: Rulebook, ids: Filter) -> Request:
    """Records by id."""
    return messages.get(
        Query(schema.entity_set, select=_record_columns(schema, rulebook), filter=ids),
        prefer=_wishes(rulebook),
    )


def _wishes(rulebook: Rulebook) -> Prefer:
    """What people read in choices and lookups is asked for only where it decides something."""
    return Prefer(annotations=(FORMATTED_VALUE,)) if rulebook.labelled else PLAIN


def waiting(schema: TableSchema, rulebook: Rulebook, limit: int) -> Request:
    """The oldest open records in scope that have no outcome."""
    since = rulebook.definitions.in_scope_since(schema.table)
    return messages.get(
        Query(
            schema.entity_set,
            select=_record_columns(schema, rulebook),
            filter=and_(
                _OPEN, is_null(RoutedColumn.ASSIGNMENT_RESULT), ge(Common.CREATED_ON, since)
            ),
            orderby=(Common.CREATED_ON, schema.primary_id),
            top=limit,
        ),
        prefer=_wishes(rulebook),
    )


def left_alone(since: datetime, until: datetime) -> Query:
    """Runs that left a record alone, for the last time after one moment and until another."""
    return Query(
        ROUTING_RUN.entity_set,
        select=(RoutingRunColumn.RECORD_TYPE, RoutingRunColumn.RECORD_ID),
        filter=and_(
            eq(RoutingRunColumn.ROUTING_STATUS, RoutingStatus.LEFT_ALONE),
            eq(RoutingRunColumn.MODE, RunMode.ON.value),
            gt(RoutingRunColumn.LAST_ATTEMPT_ON, since),
            le(RoutingRunColumn.LAST_ATTEMPT_ON, until),
        ),
    )


def page_of(schema: TableSchema, rulebook: Rulebook, page: Page) -> Request:
    """The next open records of a sweep, with those that found nobody before.

    Where it is not for what waits alone, those that have their owner are among them.
    """
    result = RoutedColumn.ASSIGNMENT_RESULT
    failed = eq(result, AssignmentResult.FAILED)
    waits_only = page.scope.kind is SweepKind.REASSIGNMENT
    parts: list[Filter] = [_OPEN, ge(Common.CREATED_ON, page.scope.created_from[schema.table])]
    if waits_only:
        parts.insert(1, failed if page.failed_only else or_(is_null(result), failed))
    if page.scope.segment is not None:
        segment_id, column = page.scope.segment.id, RoutedColumn.SEGMENT.value
        new = is_null(column)  # some of which fall into it
        own = new if segment_id is None else eq(column, Guid(segment_id))
        parts.append(or_(own, new) if waits_only and segment_id is not None else own)
    place = page.after.get(schema.table)
    if place is not None:
        parts.append(after(place.created_at, Guid(place.id), id_column=schema.primary_id))
    return messages.get(
        Query(
            schema.entity_set,
            select=_record_columns(schema, rulebook),
            filter=and_(*parts),
            orderby=(Common.CREATED_ON, schema.primary_id),
            top=min(page.limit, fetch.LONGEST_PAGE),
        ),
        prefer=_wishes(rulebook),
    )
