"""Decisions turned into what is written: the run-log row, and the record's outcome."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from itertools import chain
from uuid import UUID, uuid5

from work_assignment.domain.deciding.decisions import Assigned, Unassigned, Unchanged
from work_assignment.domain.deciding.explanations import shortened, summary, to_data
from work_assignment.domain.records import Owner, RecordKey, SellerId
from work_assignment.domain.runs.facts import CurrentRecord, LastRun, Result
from work_assignment.domain.runs.news import MOST_OTHERS, Names, others_to_tell
from work_assignment.domain.runs.outcomes import (
    Outcome,
    RequestSource,
    Run,
    Telling,
    WriteResult,
    Written,
)
from work_assignment.domain.runs.sweeps import Swept
from work_assignment.domain.statuses import RoutingStatus, SegmentationStatus

_RUNS = UUID("6b2d5f0e-5d0a-5c55-9a39-3f7f1f3f8a01")
_REASON_LENGTH = 1000
_NAME_LENGTH = 300
_ID_LENGTH = 8
"""Of an id so much tells answers and notes apart: a record's version has 40 characters at most."""
_EXPLANATION_LENGTH = 1_048_576
_KEEP_SEGMENT = (SegmentationStatus.WENT_WRONG, SegmentationStatus.NOT_REQUIRED)
"""Where which segment is right cannot be told just now, or is not to count."""
_log = logging.getLogger(__name__)
_FEWER = (100, 10, 1)
"""Sellers that an explanation names of each list, where all are too many."""


@dataclass(frozen=True, slots=True)
class Writer:
    """Builds what one block writes. In a dry run records are left alone and say so in the log.

    `followers` are told of records that change hands or segment, but `asked_by`, who wanted that, is not.
    """

    block: str
    mode: str
    at: datetime
    owner_column: str | None = None
    sweep_id: str | None = None
    followers: Mapping[RecordKey, frozenset[SellerId]] = field(default_factory=dict)
    asked_by: SellerId | None = None

    def decided(
        self,
        decision: Assigned | Unassigned | Unchanged,
        current: CurrentRecord,
        source: RequestSource,
        last: LastRun | None,
    ) -> Outcome:
        """The outcome of a decision; one like the last is counted up there."""
        owner = decision.owner if isinstance(decision, Assigned) else None
        if isinstance(decision, Unchanged):
            owner = current.record.owner
        segment_id = decision.segment.id if decision.segment else None
        if decision.segmentation in _KEEP_SEGMENT:
            segment_id = current.record.segment_id
        rule = None if isinstance(decision, Unchanged) else decision.rule
        run = Run(
            id=self._run_id(current.key, current.version),
            key=current.key,
            record_name=current.record.name[:_NAME_LENGTH],
            record_version=self._version(current.version),
            source=source,
            segmentation=decision.segmentation,
            status=decision.status or RoutingStatus.ASSIGNED_BY_HAND,
            reason=summary(decision)[:_REASON_LENGTH],
            decided_at=self.at,
            block=self.block,
            mode=self.mode,
            explain=partial(_explanation, decision),
            segment_id=segment_id,
            previous_segment_id=current.record.segment_id,
            rule_id=rule.id if rule else None,
            owner=owner,
            previous_owner=current.record.owner,
            tell=self._telling(owner, current.record.owner),
            sweep_id=self.sweep_id,
            due_at=decision.due_at if isinstance(decision, Unassigned) else None,
            previous_result=current.result,
            names=_names(decision),
        )
        again = last if self._is_same(run, current, last) else None
        if again is None and not self._dry:
            run = replace(run, others=self._others(run, current))
        return Outcome(
            run,
            current.version,
            self._result(Result.SUCCEEDED if owner else Result.FAILED),
            again=again,
            turn=decision.turn if isinstance(decision, Assigned) else 0,
            owner_column=self.owner_column,
        )

    def _telling(self, owner: Owner | None, before: Owner | None) -> Telling:
        is_news = _is_told(owner) and owner != before and not self._dry
        return Telling.AT_ONCE if is_news else Telling.NOBODY

    def _others(self, run: Run, current: CurrentRecord) -> frozenset[SellerId]:
        found = others_to_tell(
            owner=run.owner,
            previous_owner=run.previous_owner,
            has_moved=run.segment_id != run.previous_segment_id,
            was_settled=current.result is Result.SUCCEEDED,
            followers=self.followers.get(current.key, ()),
        )
        people = [person for person in found if person != self.asked_by]
        if len(people) > MOST_OTHERS:
            _log.warning(
                "%s %s: %d of those who follow it are not told: more than %d never are",
                current.key.table,
                current.key.id,
                len(people) - MOST_OTHERS,
                MOST_OTHERS,
            )
        return frozenset(people[:MOST_OTHERS])

    def _is_same(self, run: Run, current: CurrentRecord, last: LastRun | None) -> bool:
        """Whether the record and its last run already say what this run would."""
        if last is None or self._dry:
            return False
        if current.result is not Result.FAILED and run.status is not RoutingStatus.LEFT_ALONE:
            return False
        return (last.status, last.segment_id, last.rule_id) == (
            run.status,
            run.segment_id,
            run.rule_id,
        )

    def by_hand(self, current: CurrentRecord, last: LastRun | None = None) -> Outcome:
        """Somebody chose the owner; it is left so.

        Noting it leaves the record at its version, at which it may be decided yet, as when a row
        beside it changes, or be noted once more: each note has a row of its own behind the `last`.
        """
        behind = f" {last.id[:_ID_LENGTH]}" if last is not None else ""
        run = self._plain_run(
            current.key,
            f"by hand {current.version}{behind}",
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
        return Outcome(
            run, current.version, written, gives_back=True, owner_column=self.owner_column
        )

    def undone(self, given: Swept, current: CurrentRecord, queue_item: str | None) -> Outcome:
        """What a sweep wrote taken back: the record is again as the sweep found it.

        What was undecided then has failed now, so that it is not routed again before somebody asks
        for it.
        """
        lost = given.owner if given.owner != given.previous_owner else None
        run = Run(
            id=undone_id(given.run_id),
            key=given.key,
            record_name=given.record_name,
            record_version=f"undo {current.version}",
            source=RequestSource.BY_HAND,
            segmentation=SegmentationStatus.NOT_REQUIRED,
            status=RoutingStatus.UNDONE,
            reason=f"{RoutingStatus.UNDONE.reason}: the sweep that had assigned it was undone",
            decided_at=self.at,
            block=self.block,
            mode=self.mode,
            segment_id=given.previous_segment_id,
            previous_segment_id=current.record.segment_id,
            owner=given.previous_owner,
            previous_owner=given.owner,
            tell=Telling.AT_ONCE if _is_told(lost) else Telling.NOBODY,
            sweep_id=self.sweep_id,
        )
        return Outcome(
            run,
            current.version,
            Result.SUCCEEDED if given.was_settled else Result.FAILED,
            gives_back=queue_item is None and given.is_placed,
            owner_column=self.owner_column,
            queue_item=queue_item,
        )

    def answered(
        self,
        decision: Unassigned | Unchanged,
        current: CurrentRecord,
        source: RequestSource,
    ) -> Outcome:
        """A record that somebody asked about by name stays as it is; only the log gets the answer.

        Its row is its own in each sweep: one under the record's version would be taken for what is
        decided on that version later.
        """
        version = f"answer {(self.sweep_id or '')[:_ID_LENGTH]} {current.version}"
        run = Run(
            id=self._run_id(current.key, version),
            key=current.key,
            record_name=current.record.name[:_NAME_LENGTH],
            record_version=self._version(version),
            source=source,
            segmentation=decision.segmentation,
            status=decision.status or RoutingStatus.UNCHANGED,
            reason=summary(decision)[:_REASON_LENGTH],
            decided_at=self.at,
            block=self.block,
            mode=self.mode,
            explain=partial(_explanation, decision),
            segment_id=current.record.segment_id,
            previous_segment_id=current.record.segment_id,
            owner=current.record.owner,
            previous_owner=current.record.owner,
            sweep_id=self.sweep_id,
        )
        return Outcome(run, current.version, None)

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
            sweep_id=self.sweep_id,
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
        return _run_id(key, self._version(version))


def _run_id(key: RecordKey, version: str) -> str:
    return str(uuid5(_RUNS, f"{key.table} {key.id} {version}"))


def undone_id(run_id: str) -> str:
    """The run row that says that an assignment was undone: one for each, however often it is tried."""
    return str(uuid5(_RUNS, f"undone {run_id}"))


def refused(outcome: Outcome, result: WriteResult) -> Outcome:
    """A run row that says why nothing was written; the record is left alone.

    A row of its own: one that a later try writes for the same version is made together with that.
    """
    status = (
        RoutingStatus.APPLICATION_USER_LACKS_PERMISSION
        if result.written is Written.FORBIDDEN
        else RoutingStatus.SERVER_ISSUE
    )
    reason = f"{status.reason}: {result.why}"[:_REASON_LENGTH]
    version = f"refused {outcome.run.record_version}"
    run = replace(
        outcome.run,
        id=_run_id(outcome.run.key, version),
        record_version=version,
        status=status,
        reason=reason,
        owner=None,
        tell=Telling.NOBODY,
        others=frozenset(),
        # Of what failed the explanation may be what failed.
        explain=outcome.run.explain if result.written is Written.FORBIDDEN else str,
    )
    return Outcome(run, outcome.version, None)


def _names(decision: Assigned | Unassigned | Unchanged) -> Names:
    """What people call whom the decision is about, as it can be read from the run's lookups later."""
    segment = decision.segment
    rule = None if isinstance(decision, Unchanged) else decision.rule
    return Names(
        owner=decision.recipient.name if isinstance(decision, Assigned) else "",
        segment=segment.name if segment is not None and segment.id is not None else "",
        rule=rule.name if rule is not None and rule.id else "",
    )


def _is_told(owner: Owner | None) -> bool:
    """Whether there is somebody to tell: teams and queues are no one."""
    return owner is not None and owner.type == "systemuser"


def _explanation(decision: Assigned | Unassigned | Unchanged) -> str:
    """The trace as the column holds it: one that is too long names fewer, at last the outcome alone."""
    data = to_data(decision)
    for told in chain((data,), (shortened(data, entries) for entries in _FEWER)):
        text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
        if len(text) <= _EXPLANATION_LENGTH:
            return text
    return json.dumps({"segments": [], "rules": [], "outcome": data["outcome"], "cut": True})
