"""Decided records told: as the objects that `wa decide` prints, and in sentences for people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from typing import Any

from work_assignment.domain.deciding.decisions import Assigned, Unassigned
from work_assignment.domain.deciding.explanations import sentences, to_data
from work_assignment.services.cases.playing import Decided


def output(decided: Decided) -> dict[str, Any]:
    """One record's outcome as plain data."""
    decision, status = decided.decision, decided.status
    given = decision if isinstance(decision, Assigned) else None
    rule = None if not isinstance(decision, Assigned | Unassigned) else decision.rule
    segment = decision.segment
    return {
        "id": decision.record.id,
        "outcome": _outcome(decided),
        "owner": given.owner.id if given else None,
        "owner_type": given.owner.type if given else None,
        "segment": segment.name if segment else None,
        "rule": rule.name if rule else None,
        "reason": _reason(decided),
        "status": None if status is None else int(status),
        "segmentation_status": int(decision.segmentation),
        "sequence": segment.sequence if segment else None,
    }


def _outcome(decided: Decided) -> str:
    match decided.decision:
        case Assigned():
            return "assigned"
        case Unassigned():
            return "unassigned"
        case _:
            return "unchanged"


def _reason(decided: Decided) -> str | None:
    """The status in words, with what the decision says beyond them."""
    decision, status = decided.decision, decided.status
    if status is None:
        return None
    said = "" if isinstance(decision, Assigned) else decision.detail
    detail = said if decision.status is not None else ""
    return f"{status.reason}: {detail}" if detail else status.reason


def explanation(decided: Decided) -> Iterator[str]:
    """What happened and how it came about, one line after the other."""
    record = decided.decision.record
    moment = decided.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    yield f"{moment}, {record.type} {record.id}: {_headline(decided)}"
    yield from (f"  {line}" for line in sentences(to_data(decided.decision)))


def _headline(decided: Decided) -> str:
    decision = decided.decision
    if isinstance(decision, Assigned):
        recipient = decision.recipient
        named = "" if recipient.name == recipient.id else f" ({recipient.id})"
        return f"assigned to {recipient.name}{named}"
    why = decision.segmentation.reason if decision.status is None else _reason(decided)
    return f"{_outcome(decided)}. {why}"
