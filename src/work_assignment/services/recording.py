"""Decisions turned into what is written: the run-log row, and the record's outcome."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid5

from work_assignment.domain.decisions import Assigned, Unassigned
from work_assignment.domain.explanations import summary, to_data
from work_assignment.domain.facts import CurrentRecord, LastRun, Result
from work_assignment.domain.outcomes import (
    Notice,
    Outcome,
    RequestSource,
    Run,
    Untold,
    WriteResult,
    Written,
)
from work_assignment.domain.records import Owner, RecordKey, SellerId
from work_assignment.domain.statuses import RoutingStatus, SegmentationStatus

_RUNS = UUID("6b2d5f0e-5d0a-5c55-9a39-3f7f1f3f8a01")
_NOTICES = UUID("6b2d5f0e-5d0a-5c55-9a39-3f7f1f3f8a02")
_REASON_LENGTH = 1000
_NAME_LENGTH = 300
_EXPLANATION_LENGTH = 1_048_576


@dataclass(frozen=True, slots=True)
class Writer:
    """Builds what one block writes. In a dry run records are left alone and say so in the log."""

    block: str
    mode: str
    at: datetime

    def decided(
        self,
        decision: Assigned | Unassigned,
        current: CurrentRecord,
        source: RequestSource,
        last: LastRun | None,
    ) -> Outcome:
        """The outcome of a decision; one like the last is counted up there."""
        seller = decision.seller if isinstance(decision, Assigned) else None
        owner = Owner("systemuser", seller.id) if seller else None
        segment_id = decision.segment.id if decision.segment else None
        if decision.segmentation is SegmentationStatus.WENT_WRONG:
            segment_id = current.record.segment_id  # which one is right cannot be told just now
        rule_id = decision.rule.id if decision.rule else None
        run = Run(
            id=self._run_id(current.key, current.version),
            key=current.key,
            record_name=current.record.name[:_NAME_LENGTH],
            record_version=self._version(current.version),
            source=source,
            segmentation=decision.segmentation,
            status=decision.status,
            reason=summary(decision)[:_REASON_LENGTH],
            decided_at=self.at,
            block=self.block,
            mode=self.mode,
            explanation=_explanation(decision),
            segment_id=segment_id,
            previous_segment_id=current.record.segment_id,
            rule_id=rule_id,
            owner=owner,
            previous_owner=current.record.owner,
            tell=owner is not None and owner != current.record.owner and not self._dry,
        )
        return Outcome(
            run,
            current.version,
            self._result(Result.SUCCEEDED if owner else Result.FAILED),
            again=last if self._is_same_failure(run, current, last) else None,
            turn=decision.turn if isinstance(decision, Assigned) else 0,
        )

    def _is_same_failure(self, run: Run, current: CurrentRecord, last: LastRun | None) -> bool:
        """Whether the record and its last run already say what this run would."""
        if last is None or self._dry or current.result is not Result.FAILED:
            return False
        return (last.status, last.segment_id, last.rule_id) == (
            run.status,
            run.segment_id,
            run.rule_id,
        )

    def by_hand(self, current: CurrentRecord) -> Outcome:
        """Somebody chose the owner; it is left so."""
        run = self._plain_run(
            current.key,
            current.version,
            RequestSource.BY_HAND,
            RoutingStatus.ASSIGNED_BY_HAND,
            RoutingStatus.ASSIGNED_BY_HAND.reason,
            name=current.record.name,
            owner=current.record.owner,
        )
        written = None if current.result is Result.SUCCEEDED else self._result(Result.SUCCEEDED)
        return Outcome(run, current.version, written)

    def give_back(self, current: CurrentRecord, owner: Owner) -> Outcome:
        """Somebody chose the owner before we did, and we hear of it only now: that choice counts."""
        run = self._plain_run(
            current.key,
            current.version,
            RequestSource.BY_HAND,
            RoutingStatus.ASSIGNED_BY_HAND,
            f"{RoutingStatus.ASSIGNED_BY_HAND.reason}, before it was assigned here",
            name=current.record.name,
            owner=owner,
        )
        written = self._result(Result.SUCCEEDED)
        return Outcome(run, current.version, written, gives_back=True)

    def closed(self, current: CurrentRecord) -> Outcome:
        """The record was closed before anybody could be chosen."""
        run = self._plain_run(
            current.key,
            current.version,
            RequestSource.NEW,
            RoutingStatus.NO_CONDITIONS_MET,
            "The record was closed before it could be assigned",
            name=current.record.name,
        )
        return Outcome(run, current.version, None)

    def deleted(self, key: RecordKey) -> Outcome:
        """The record was deleted before anybody could be chosen."""
        run = self._plain_run(
            key,
            "deleted",
            RequestSource.NEW,
            RoutingStatus.NO_CONDITIONS_MET,
            "The record was deleted before it could be assigned",
        )
        return Outcome(run, "deleted", None)

    def _plain_run(
        self,
        key: RecordKey,
        version: str,
        source: RequestSource,
        status: RoutingStatus,
        reason: str,
        *,
        name: str = "",
        owner: Owner | None = None,
    ) -> Run:
        return Run(
            id=self._run_id(key, version),
            key=key,
            record_name=name[:_NAME_LENGTH],
            record_version=self._version(version),
            source=source,
            segmentation=SegmentationStatus.NOT_REQUIRED,
            status=status,
            reason=reason,
            decided_at=self.at,
            block=self.block,
            mode=self.mode,
            owner=owner,
        )

    @property
    def _dry(self) -> bool:
        return self.mode == "dry-run"

    def _result(self, result: Result) -> Result | None:
        return None if self._dry else result

    def _version(self, version: str) -> str:
        """Dry runs keep rows of their own, so that switching on decides the record anew."""
        return f"dry-run {version}" if self._dry else version

    def _run_id(self, key: RecordKey, version: str) -> str:
        return str(uuid5(_RUNS, f"{key.table} {key.id} {self._version(version)}"))


def refused(outcome: Outcome, result: WriteResult) -> Outcome:
    """The same record's run row, saying why nothing was written; the record is left alone."""
    status = (
        RoutingStatus.APPLICATION_USER_LACKS_PERMISSION
        if result.written is Written.FORBIDDEN
        else RoutingStatus.SERVER_ISSUE
    )
    reason = f"{status.reason}: {result.why}"[:_REASON_LENGTH]
    run = replace(outcome.run, status=status, reason=reason, owner=None, tell=False)
    return Outcome(run, outcome.version, None)


def _explanation(decision: Assigned | Unassigned) -> str:
    """The trace as the column holds it; one that is too long keeps its outcome."""
    data = to_data(decision)
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    if len(text) <= _EXPLANATION_LENGTH:
        return text
    return json.dumps({"segments": [], "rules": [], "outcome": data["outcome"], "cut": True})


def notice(run: Run) -> Notice:
    """The notification for the new owner of an assigned record."""
    if run.owner is None:
        raise ValueError(f"run {run.id} has no owner to tell")
    owner = SellerId(run.owner.id)
    return late_notice(Untold(run.id, owner, run.key, run.record_name, run.reason))


def late_notice(untold: Untold) -> Notice:
    """The same for a run that was read back: the id follows from run, recipient and kind."""
    return Notice(
        id=str(uuid5(_NOTICES, f"{untold.run_id} {untold.owner} assigned")),
        run_id=untold.run_id,
        recipient=untold.owner,
        key=untold.key,
        title=f"New {untold.key.table}: {untold.record_name}",
        body=f"It was assigned to you. {untold.reason}",
    )
