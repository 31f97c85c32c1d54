"""Short makers of records, segments, rules and sellers, with what a test does not care about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from work_assignment.domain.assignment import Definitions, decide, define
from work_assignment.domain.attributes import compile_attributes
from work_assignment.domain.conditions import Columns, Condition, compile_filter
from work_assignment.domain.decisions import Assigned, Decision, Unassigned
from work_assignment.domain.filters import read_nested
from work_assignment.domain.operators import ColumnKind
from work_assignment.domain.records import Owner, Record, RecordId, RuleId, SegmentId, SellerId
from work_assignment.domain.rules import AssignmentRule
from work_assignment.domain.segments import Segment
from work_assignment.domain.sellers import Seller, Standing

NOW = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)  # a Wednesday
LONG_AGO = NOW - timedelta(days=30)

COLUMNS: Columns = {
    "subject": ColumnKind.TEXT,
    "address1_country": ColumnKind.TEXT,
    "revenue": ColumnKind.NUMBER,
    "donotemail": ColumnKind.YES_NO,
    "leadsourcecode": ColumnKind.CHOICE,
    "campaignid": ColumnKind.LOOKUP,
    "lastusedon": ColumnKind.MOMENT,
    "estimatedclosedate": ColumnKind.DAY,
}


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


def condition(form: object) -> Condition:
    return compile_filter(read_nested(form, "here"), "here", COLUMNS)


def attributes(form: object) -> Condition:
    return compile_attributes(read_nested(form, "here"), "here")


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


def seller(name: str, capacity: int = 50, **changes: Any) -> Seller:
    return Seller(SellerId(name), name.capitalize(), capacity, **changes)


def sellers(*names: str) -> list[Seller]:
    return [seller(name) for name in names]


def standings(
    everyone: Iterable[Seller], **standing: Mapping[str, Any]
) -> dict[SellerId, Standing]:
    """Where each stands: `ana={"open_records": 3}` says what is not zero."""
    return {who.id: Standing(who.id, **standing.get(who.id, {})) for who in everyone}


def definitions(
    rules: Iterable[AssignmentRule],
    everyone: Iterable[Seller],
    segments: Iterable[Segment] | None = None,
) -> Definitions:
    return define([segment()] if segments is None else segments, rules, everyone)


def decided(
    record: Record,
    rules: Iterable[AssignmentRule],
    everyone: Iterable[Seller],
    segments: Iterable[Segment] | None = None,
    **standing: Mapping[str, Any],
) -> Decision:
    """The decision at NOW for one record."""
    everyone = list(everyone)
    return decide(
        record,
        definitions(rules, everyone, segments),
        standings(everyone, **standing),
        at=NOW,
        since=record.created_at,
    )


def owner_of(decision: Decision) -> str:
    assert isinstance(decision, Assigned), decision
    return decision.seller.id


def refusal(decision: Decision) -> Unassigned:
    assert isinstance(decision, Unassigned), decision
    return decision
