"""Short makers of records, segments, rules and sellers, with what a test does not care about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from work_assignment.domain.deciding.assigner import Assigner
from work_assignment.domain.deciding.decisions import Assigned, Decision, Unassigned, Unchanged
from work_assignment.domain.deciding.definitions import Definitions, define
from work_assignment.domain.defining.policy import Policy
from work_assignment.domain.defining.recipients import Target, TeamOrQueue
from work_assignment.domain.defining.rules import AssignmentRule, SellerMatch
from work_assignment.domain.defining.segments import Segment
from work_assignment.domain.defining.sellers import Seller, Standing
from work_assignment.domain.filtering.attributes import compile_attributes
from work_assignment.domain.filtering.conditions import Condition, compile_filter
from work_assignment.domain.filtering.filters import read_nested
from work_assignment.domain.filtering.operators import ColumnKind
from work_assignment.domain.filtering.rows import NO_ROWS, Rows, Scope
from work_assignment.domain.filtering.schemas import (
    ColumnKinds,
    ColumnSchema,
    TableSchema,
    Vocabulary,
)
from work_assignment.domain.hours.working_times import read_calendar
from work_assignment.domain.matching.best_overall import FlowSolver
from work_assignment.domain.records import (
    Owner,
    Record,
    RecordId,
    RuleId,
    SegmentId,
    SellerId,
)

NOW = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)  # a Wednesday
LONG_AGO = NOW - timedelta(days=30)

COLUMNS: ColumnKinds = {
    "subject": ColumnKind.TEXT,
    "address1_country": ColumnKind.TEXT,
    "revenue": ColumnKind.NUMBER,
    "donotemail": ColumnKind.YES_NO,
    "leadsourcecode": ColumnKind.CHOICE,
    "campaignid": ColumnKind.LOOKUP,
    "lastusedon": ColumnKind.MOMENT,
    "estimatedclosedate": ColumnKind.DAY,
}


def table(kinds: ColumnKinds, name: str = "lead") -> TableSchema:
    """A table of these columns."""
    columns = {column: ColumnSchema(kind) for column, kind in kinds.items()}
    return TableSchema(name, f"{name}s", f"{name}id", None, columns)


def vocabulary(kinds: ColumnKinds = COLUMNS, **changes: Any) -> Vocabulary:
    """What filters on these columns may name."""
    return Vocabulary("lead", table(kinds), **changes)


def lead(number: int = 1, **changes: Any) -> Record:
    """The `number`-th lead, created so many seconds after a minute ago."""
    created = NOW - timedelta(minutes=1) + timedelta(seconds=number)
    made: dict[str, Any] = {
        "type": "lead",
        "id": RecordId(f"lead-{number:03}"),
        "created_at": created,
        "owner": Owner("systemuser", "web"),
        "created_by": "web",
        "name": f"Lead {number}",
    }
    return Record(**(made | changes))


def leads(count: int, **changes: Any) -> list[Record]:
    """So many leads, the oldest first."""
    return [lead(number, **changes) for number in range(1, count + 1)]


def condition(form: object) -> Condition:
    return compile_filter(read_nested(form, "here"), "here", vocabulary())


def attributes(form: object) -> Condition:
    return compile_attributes(read_nested(form, "here"), "here")


def holds(tested: Condition, row: Mapping[str, Any], **scope: Any) -> bool:
    """Whether a condition holds for a row at NOW."""
    return tested.holds(row, Scope(**{"at": NOW, **scope}))


def segment(name: str = "All", **changes: Any) -> Segment:
    made: dict[str, Any] = {
        "id": SegmentId(f"segment {name}"),
        "name": name,
        "record_type": "lead",
        "priority": 1,
        "active_since": LONG_AGO,
    }
    return Segment(**(made | changes))


def rule(name: str = "Anyone", **changes: Any) -> AssignmentRule:
    made: dict[str, Any] = {
        "id": RuleId(f"rule {name}"),
        "name": name,
        "segment_id": SegmentId("segment All"),
        "record_type": "lead",
        "order": 1,
        "active_since": LONG_AGO,
    }
    return AssignmentRule(**(made | changes))


def listed(*names: str) -> SellerMatch:
    """These alone."""
    return SellerMatch(listed=names)


def seller(name: str, capacity: int = 50, **changes: Any) -> Seller:
    return Seller(SellerId(name), name.capitalize(), capacity, **changes)


def sellers(*names: str) -> list[Seller]:
    return [seller(name) for name in names]


def away(name: str, hours: float, capacity: int = 50, **changes: Any) -> Seller:
    """A seller whose next working moment is so many hours away."""
    off = [{"from": "2026-01-01T00:00:00Z", "to": (NOW + timedelta(hours=hours)).isoformat()}]
    return seller(name, capacity, calendar=read_calendar(None, off, name), **changes)


def team(name: str, **changes: Any) -> TeamOrQueue:
    return TeamOrQueue(Target.TEAM, f"team {name}", name, **changes)


def queue(name: str, **changes: Any) -> TeamOrQueue:
    return TeamOrQueue(Target.QUEUE, f"queue {name}", name, **changes)


def standings(
    everyone: Iterable[Seller], **standing: Mapping[str, Any]
) -> dict[SellerId, Standing]:
    """Where each stands: `ana={"open_records": 3}` says what is not zero."""
    return {who.id: Standing(who.id, **standing.get(who.id, {})) for who in everyone}


def definitions(
    rules: Iterable[AssignmentRule],
    everyone: Iterable[Seller],
    segments: Iterable[Segment] | None = None,
    others: Iterable[TeamOrQueue] = (),
    policy: Policy | None = None,
) -> Definitions:
    return define([segment()] if segments is None else segments, rules, everyone, others, policy)


def decided_all(
    records: Sequence[Record],
    rules: Iterable[AssignmentRule],
    everyone: Iterable[Seller] = (),
    segments: Iterable[Segment] | None = None,
    *,
    others: Iterable[TeamOrQueue] = (),
    policy: Policy | None = None,
    rows: Rows = NO_ROWS,
    since: Mapping[str, datetime] | None = None,
    solver: FlowSolver | None = None,
    barred: Mapping[str, str] | None = None,
    is_traced: bool = True,
    standing: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[Decision]:
    """The decisions at NOW for records, oldest first."""
    everyone = list(everyone)
    assigner = Assigner(
        definitions(rules, everyone, segments, others, policy),
        standings(everyone, **(standing or {})),
        at=NOW,
        rows=rows,
        solver=solver,
        barred=barred,
        is_traced=is_traced,
    )
    return assigner.decide_all(records, since)


def decided(
    record: Record,
    rules: Iterable[AssignmentRule],
    everyone: Iterable[Seller] = (),
    segments: Iterable[Segment] | None = None,
    *,
    others: Iterable[TeamOrQueue] = (),
    policy: Policy | None = None,
    rows: Rows = NO_ROWS,
    **standing: Mapping[str, Any],
) -> Decision:
    """The decision at NOW for one record."""
    (decision,) = decided_all(
        [record],
        rules,
        everyone,
        segments,
        others=others,
        policy=policy,
        rows=rows,
        standing=standing,
    )
    return decision


def owner_of(decision: Decision) -> str:
    assert isinstance(decision, Assigned), decision
    return decision.recipient.id


def owners(decisions: Iterable[Decision]) -> list[str | None]:
    """Who was given each record; None for nobody."""
    return [d.recipient.id if isinstance(d, Assigned) else None for d in decisions]


def refusal(decision: Decision) -> Unassigned:
    assert isinstance(decision, Unassigned), decision
    return decision


def unchanged(decision: Decision) -> Unchanged:
    assert isinstance(decision, Unchanged), decision
    return decision
