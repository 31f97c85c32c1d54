"""decide_block(): segment, then rule, then sellers, then distribution, for many records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from work_assignment.domain.deciding.assigner import Assigner
from work_assignment.domain.deciding.decisions import Decision
from work_assignment.domain.deciding.definitions import Definitions
from work_assignment.domain.defining.sellers import Standing
from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.filtering.rows import NO_ROWS, Rows, Scope
from work_assignment.domain.matching.best_overall import FlowSolver
from work_assignment.domain.records import Record, SegmentId, SellerId


def decide_block(
    records: Sequence[Record],
    definitions: Definitions,
    standings: Mapping[SellerId, Standing],
    *,
    at: datetime,
    since: Mapping[str, datetime],
    rows: Rows = NO_ROWS,
    solver: FlowSolver | None = None,
    barred: Mapping[str, str] | None = None,
) -> list[Decision]:
    """Decide records, oldest first; each takes into account those before it.

    `standings` move: what a seller takes counts for the records after. `since` gives, for a record
    that counts from a later moment than its creation (it was updated), that moment by its id.
    `rows` are the related rows that filters look at, `barred` teams and queues that were refused.
    `solver` is needed where a rule distributes best overall and there are several records.
    """
    assigner = Assigner(definitions, standings, at=at, rows=rows, solver=solver, barred=barred)
    return assigner.decide_all(records, since)


def segments_of(
    records: Sequence[Record],
    definitions: Definitions,
    *,
    at: datetime,
    since: Mapping[str, datetime],
    rows: Rows = NO_ROWS,
) -> dict[str, SegmentId | None]:
    """Into which segment each record falls, by its id, without deciding anything else.

    None is the built-in default segment, none at all, or one whose filter cannot be evaluated.
    """
    scope = Scope(at, definitions.rows.with_others(rows))
    found: dict[str, SegmentId | None] = {}
    for record in records:
        scope.record, scope.labels = record.columns, record.labels
        counts_from = since.get(record.id, record.created_at)
        try:
            segment = definitions.segmentations[record.type].find(record, scope, counts_from)
        except DefinitionError:
            segment = None
        found[record.id] = segment.id if segment is not None else None
    return found


def decide(
    record: Record,
    definitions: Definitions,
    standings: Mapping[SellerId, Standing],
    *,
    at: datetime,
    since: datetime,
    rows: Rows = NO_ROWS,
) -> Decision:
    """Decide one record at a moment; `since` is the moment that counts against activations."""
    (decision,) = decide_block(
        [record], definitions, standings, at=at, since={record.id: since}, rows=rows
    )
    return decision
