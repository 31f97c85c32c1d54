"""What is decided for the records of a block, and which of it is to be written. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from work_assignment.domain.deciding.assignment import decide_block
from work_assignment.domain.deciding.decisions import Assigned, Held, Unassigned, Unchanged
from work_assignment.domain.defining.policy import FlapLimit
from work_assignment.domain.defining.sellers import Standing
from work_assignment.domain.matching.flows import FlowSolver
from work_assignment.domain.records import Record, RecordKey, SellerId
from work_assignment.domain.runs.facts import CurrentRecord, Gathered, Result, Rulebook
from work_assignment.domain.runs.flapping import too_often
from work_assignment.domain.runs.outcomes import Outcome, RequestSource
from work_assignment.domain.statuses import RoutingStatus, SegmentationStatus
from work_assignment.services.recording import Writer
from work_assignment.services.triage import Triage


@dataclass(slots=True)
class Verdict:
    """What a block's decisions come to.

    `outcomes` are to be written; `as_they_were` are records for which nothing is, and `left` the
    decisions that say so; `held` wait for what others have reserved.
    """

    outcomes: list[Outcome] = field(default_factory=list)
    held: list[RecordKey] = field(default_factory=list)
    as_they_were: list[RecordKey] = field(default_factory=list)
    left: list[Unassigned | Unchanged] = field(default_factory=list)


def decided(
    rulebook: Rulebook,
    gathered: Gathered,
    sorted_out: Triage,
    standings: dict[SellerId, Standing],
    writer: Writer,
    *,
    solver: FlowSolver | None,
    barred: Mapping[SellerId, str],
) -> Verdict:
    """Decide what is to be decided; `standings` move. `barred` are those whom Dataverse refused."""
    by_record = {current.key: current for current in sorted_out.decide}
    limit = rulebook.definitions.policy.flap_limit
    decisions = decide_block(
        [_seen(current, sorted_out, gathered, limit, writer.at) for current in sorted_out.decide],
        rulebook.definitions,
        standings,
        at=writer.at,
        since=sorted_out.since,
        rows=gathered.rows,
        solver=solver,
        barred={str(who): why for who, why in barred.items()},
    )
    verdict = Verdict()
    for decision in decisions:
        key = RecordKey(decision.record.type, decision.record.id)
        if isinstance(decision, Held):
            verdict.held.append(key)
        else:
            _judge(decision, by_record[key], gathered, sorted_out, writer, verdict)
    return verdict


def _judge(
    decision: Assigned | Unassigned | Unchanged,
    current: CurrentRecord,
    gathered: Gathered,
    sorted_out: Triage,
    writer: Writer,
    verdict: Verdict,
) -> None:
    source = sorted_out.sources[current.key]
    is_answered = current.key in sorted_out.answered
    if not isinstance(decision, Assigned) and _leaves_it(decision, current):
        if is_answered:
            verdict.outcomes.append(writer.answered(decision, current, source))
        else:
            verdict.as_they_were.append(current.key)
            verdict.left.append(decision)
        return
    last = None if is_answered else gathered.last_runs.get(current.key)
    outcome = writer.decided(decision, current, source, last)
    if outcome.again is not None and current.key in sorted_out.tried_before:
        verdict.as_they_were.append(current.key)
    else:
        verdict.outcomes.append(outcome)


def _leaves_it(decision: Unassigned | Unchanged, current: CurrentRecord) -> bool:
    """Whether the outcome that the record has stands; a fault takes nobody's record away."""
    if isinstance(decision, Unchanged):
        return decision.status is None
    is_at_a_loss = decision.segmentation is SegmentationStatus.WENT_WRONG
    return is_at_a_loss and current.result is Result.SUCCEEDED


def _seen(
    current: CurrentRecord,
    sorted_out: Triage,
    gathered: Gathered,
    limit: FlapLimit | None,
    at: datetime,
) -> Record:
    """The record as it is to be decided: restless, if it was moved too often lately, or chosen.

    A person who has it routed by force wants it moved: as if nobody had had it, and of no segment.
    """
    if current.key in sorted_out.as_new:
        return current.record.as_new()
    if sorted_out.sources[current.key] is RequestSource.FORCED_BY_HAND:
        return current.record
    last, record = gathered.last_runs.get(current.key), current.record
    if last is None:
        return record
    if last.status is RoutingStatus.ASSIGNED_BY_HAND and record.is_settled:
        record = replace(record, is_chosen=record.segment_id is None)
    restless = too_often(last.changed_at, limit, at)
    return replace(record, restless=restless) if restless else record
