"""Sweeps: each that is due, none twice, one after the other where they meet, and all to their end."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import ceil

from tests.torture.evidence import GOING_ON, Evidence, SweepRow
from tests.torture.notes import Note
from tests.torture.organization import DUE_EVERY

from work_assignment.domain.runs.sweeps import Trigger
from work_assignment.services.sweep_keeping import DEAD_AFTER, DIED
from work_assignment.services.sweep_turns import WAITS_FOR

_IN_PROGRESS = "1"
_LEFT_OUT = re.compile(r"(\d+) times? due before it")
_A_WHILE = 400.0
"""Seconds of the run in which a due time may still be found: its clock leaps."""
_CUT = 3.0


def each_due_time_is_swept_once(evidence: Evidence) -> Iterator[str]:
    """A segment has one sweep at most for each time of its schedule."""
    counts = Counter(
        (sweep.segment, sweep.due_at) for sweep in evidence.sweeps if sweep.due_at is not None
    )
    for (segment, due_at), count in counts.items():
        if count > 1:
            name = evidence.segments.get(segment or "", "no segment")
            yield f"{name} has {count} sweeps that were due at {due_at}"


def no_due_time_is_forgotten(evidence: Evidence) -> Iterator[str]:
    """Each time that was due was swept for, or a later sweep says how many before it were left out."""
    around = evidence.surroundings
    for name, minutes in DUE_EVERY.items():
        every = minutes * 60.0
        swept = [sweep for sweep in _scheduled(evidence) if _name(evidence, sweep) == name]
        if not swept:
            if around.settled_at - around.began_at > every + _A_WHILE:
                yield f"{name} was never swept"
            continue
        since = around.began_at
        for sweep in swept:
            yield from _compare(name, sweep, since, every)
            since = sweep.due_at or since
        if around.settled_at - since > every + _A_WHILE:
            yield f"{name} was not swept any more in the last {around.settled_at - since:.0f} s"


def _compare(name: str, sweep: SweepRow, since: float, every: float) -> Iterator[str]:
    """Whether a sweep says how many times were due since a moment, before its own."""
    were_due = ceil(((sweep.due_at or since) - since) / every) - 1
    found = _LEFT_OUT.search(sweep.message)
    said = int(found[1]) if found else 0
    if were_due != said:
        yield f"{name}: sweep {sweep.id} says that {said} times were left out, it was {were_due}"


def _scheduled(evidence: Evidence) -> Sequence[SweepRow]:
    found = [sweep for sweep in evidence.sweeps if sweep.due_at is not None]
    return sorted(
        (sweep for sweep in found if sweep.trigger == Trigger.SCHEDULED),
        key=lambda sweep: sweep.due_at or 0.0,
    )


def _name(evidence: Evidence, sweep: SweepRow) -> str:
    return evidence.segments.get(sweep.segment or "", "")


def sweeps_have_ended(evidence: Evidence) -> Iterator[str]:
    """Whatever was asked for until everything was quiet has its end."""
    for sweep in evidence.sweeps:
        is_old = sweep.created_at <= evidence.surroundings.settled_at - _CUT
        if sweep.status in GOING_ON and is_old:
            yield f"sweep {sweep.id} has no end: {sweep.message or 'it does not say why'}"


@dataclass(slots=True)
class _Stint:
    """One worker's time with a sweep: the writes of its row from taking it up to leaving it."""

    sweep: SweepRow
    notes: list[Note] = field(default_factory=list)
    left_by: Note | None = None

    @property
    def is_work(self) -> bool:
        """Whether the worker went on, and did not step back, or die as soon as it was there."""
        if len(self.notes) > 1:
            return True
        last = self.left_by
        if last is None or (last.before or "") == DIED:
            return False
        standing = (last.after or "").split(" ", 1)
        is_handed = standing[1:] == [""] and not (last.before or "").startswith(WAITS_FOR)
        return standing[0] != _IN_PROGRESS and is_handed

    def idle_at(self, seq: int) -> Note | None:
        """What was written last before, if the worker was at it then."""
        if self.left_by is not None and self.left_by.seq < seq:
            return None
        return next((note for note in reversed(self.notes) if note.seq < seq), None)


def sweeps_take_turns(evidence: Evidence) -> Iterator[str]:
    """Nobody takes a sweep up while another one that may have its records is in somebody's hands.

    But for one that nobody has written for so long that whoever was at it must have died.
    """
    stints = [stint for stint in _stints(evidence) if stint.is_work]
    run_time = evidence.surroundings.run_time
    patience = DEAD_AFTER.total_seconds() - _CUT
    for stint in stints:
        begun = stint.notes[0]
        for other in stints:
            if other.sweep.id == stint.sweep.id or not _overlap(stint.sweep, other.sweep):
                continue
            last = other.idle_at(begun.seq)
            if last is not None and run_time(begun.at) - run_time(last.at) < patience:
                yield f"sweep {stint.sweep.id} was begun while {other.sweep.id} was in progress"


def _stints(evidence: Evidence) -> Sequence[_Stint]:
    rows = {sweep.id: sweep for sweep in evidence.sweeps}
    by_sweep: defaultdict[str, list[Note]] = defaultdict(list)
    for note in evidence.notes:
        if note.kind == "sweep" and note.row_id in rows:
            by_sweep[note.row_id].append(note)
    return [stint for one, notes in by_sweep.items() for stint in _stints_of(rows[one], notes)]


def _stints_of(sweep: SweepRow, notes: Sequence[Note]) -> Iterator[_Stint]:
    stint: _Stint | None = None
    for note in notes:
        status, _, worker = (note.after or "").partition(" ")
        is_same = stint is not None and note.after == stint.notes[0].after
        if stint is not None and not is_same:
            stint.left_by = note
            yield stint
            stint = None
        if status == _IN_PROGRESS and worker:
            stint = stint or _Stint(sweep)
            stint.notes.append(note)
    if stint is not None:
        yield stint


def _overlap(one: SweepRow, other: SweepRow) -> bool:
    """Whether two sweeps may have records in common, by what was asked for."""
    if None not in (one.record_type, other.record_type) and one.record_type != other.record_type:
        return False
    if one.record_ids is not None and other.record_ids is not None:
        return not one.record_ids.isdisjoint(other.record_ids)
    return None in (one.segment, other.segment) or one.segment == other.segment
