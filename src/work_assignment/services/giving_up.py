"""Records and events that are given up: said in the run log first, and only then put aside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from work_assignment.domain.records import RecordKey
from work_assignment.domain.runs.outcomes import (
    Outcome,
    RequestSource,
    Run,
    WriteResult,
    Written,
)
from work_assignment.domain.statuses import RoutingStatus, SegmentationStatus
from work_assignment.services import telemetry
from work_assignment.services.inbox import GivenUp, Inbox
from work_assignment.services.workshop import Workshop

MODE = "given up"
"""What such a row has for its mode: nothing was decided, so it is nobody's last outcome."""
_ROWS = UUID("6b2d5f0e-5d0a-5c55-9a39-3f7f1f3f8a04")
_REASON_LENGTH = 1000
_NO_HURRY = timedelta(minutes=10)
_MAY_BE_WRITTEN_LATER = (Written.LATER, Written.FORBIDDEN)

_log = telemetry.logger(__name__)


def give_up(shop: Workshop, inbox: Inbox[Any]) -> int:
    """Write down why events are given up and put them on the poison queue; says how many.

    One whose row cannot be written stays on its own queue and comes again in five minutes.
    """
    entries, inbox.given_up = inbox.given_up, []
    if not entries:
        return 0
    noted = [*(entry for entry in entries if entry.event is None), *_noted(shop, entries)]
    inbox.poison(noted, shop.clock())
    return len(noted)


def _noted(shop: Workshop, entries: Sequence[GivenUp[Any]]) -> list[GivenUp[Any]]:
    """Those of them that name a record and of which the run log tells now."""
    now, block = shop.clock(), shop.new_id()
    named = [entry for entry in entries if entry.event is not None]
    return [
        entry
        for entry, written in zip(
            named, _write(shop, [_event_row(e, block, now) for e in named]), strict=True
        )
        if written
    ]


def _event_row(entry: GivenUp[Any], block: str, at: datetime) -> Outcome:
    event = entry.event
    if event is None:
        raise ValueError("what is no event names no record")
    tries = "1 try" if entry.tries == 1 else f"{entry.tries} tries"
    return _row(
        RecordKey(event.table, event.record_id),
        f"message {entry.message.id}",
        f"Its event was given up after {tries}: {entry.why}",
        RequestSource.NEW if event.message == "Create" else RequestSource.UPDATED,
        block,
        at,
    )


def note_undecidable(shop: Workshop, key: RecordKey, why: str) -> None:
    """Say in the run log that a record which was found waiting cannot be decided.

    One row for each record and reason, however often it is found.
    """
    _note_waiting(shop, {key: why}, "It cannot be decided")


def note_unwritable(shop: Workshop, reasons: Mapping[RecordKey, str]) -> None:
    """The same of records that were decided and cannot be written."""
    _note_waiting(shop, reasons, "What was decided cannot be written")


def _note_waiting(shop: Workshop, reasons: Mapping[RecordKey, str], what: str) -> None:
    block, now = shop.new_id(), shop.clock()
    rows = [
        _row(key, why, f"{what}: {why}", RequestSource.FOUND_WAITING, block, now)
        for key, why in reasons.items()
    ]
    _write(shop, rows)


def note_not_given_back(shop: Workshop, run: Run, why: str) -> bool:
    """Say in the run log that a record stays where it is, as who was chosen for it cannot own it.

    False while that cannot be said: the choice must not be forgotten before.
    """
    text = f"It cannot be given back to the owner who had been chosen by hand: the user {why}"
    occasion = f"not given back {run.record_version}"
    row = _row(run.key, occasion, text, RequestSource.BY_HAND, run.block, shop.clock())
    return all(_write(shop, [row]))


def _row(
    key: RecordKey, occasion: str, reason: str, source: RequestSource, block: str, at: datetime
) -> Outcome:
    """A row of its own, the record is left alone; the same occasion gives the same row."""
    row_id = uuid5(_ROWS, f"{key.table} {key.id} {occasion}")
    version = f"{MODE} {row_id.hex[:16]}"
    status = RoutingStatus.SERVER_ISSUE
    run = Run(
        id=str(row_id),
        key=key,
        record_name="",
        record_version=version,
        source=source,
        segmentation=SegmentationStatus.WENT_WRONG,
        status=status,
        reason=f"{status.reason}. {reason}"[:_REASON_LENGTH],
        decided_at=at,
        block=block,
        mode=MODE,
    )
    return Outcome(run, version, None)


def _write(shop: Workshop, outcomes: Sequence[Outcome]) -> list[bool]:
    """Write rows; says of each whether it is there, or never will be."""
    if not outcomes:
        return []
    try:
        results = shop.outcomes.commit(outcomes, until=shop.clock() + _NO_HURRY)
    except Exception as exc:
        _log.error("what was given up cannot be written down yet: %s", exc, exc_info=True)
        return [False] * len(outcomes)
    return [_is_final(outcome, result) for outcome, result in zip(outcomes, results, strict=True)]


def _is_final(outcome: Outcome, result: WriteResult) -> bool:
    if result.written is not Written.DONE:
        _log.error("the run log has no row that it was given up: %s", result.why, run=outcome.run)
    return result.written not in _MAY_BE_WRITTEN_LATER
