"""Has segments swept when their schedules say so: one sweep for each time that is due, and no other.

A sweep's id follows from its segment and the time it was due, so that however many workers ask for
it, and however often, there is one row. What was in force of each schedule at the last look is
noted: a time that comes before somebody changes the schedule is due by the one there was.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import UUID, uuid5

from work_assignment.domain.defining.schedules import Schedule, read_schedule, schedule_form
from work_assignment.domain.errors import DefinitionError, Unavailable
from work_assignment.domain.records import SegmentId
from work_assignment.domain.runs.sweeps import Cursor, Sweep, SweepStatus, Trigger
from work_assignment.domain.runs.timetables import (
    Due,
    InForce,
    SegmentTimes,
    Timetable,
    due,
    in_force,
)
from work_assignment.services import telemetry
from work_assignment.services.ports import Clock, Sweeps
from work_assignment.services.seen import Notes
from work_assignment.services.sweep_requests import SweepRequests

NOTE = "schedules"
LATE = timedelta(minutes=5)
"""How late a sweep is before its row says so: the timer goes off every minute."""
PAUSED = "The segment is paused: no rule runs"
_MARGIN = timedelta(hours=1)
"""Rows are kept by Dataverse's clock."""
_IDS = UUID("0e9b6c5f-6a0f-5b0d-8c53-5d2f9f3b1a77")

_log = telemetry.logger(__name__)
_InForce = Mapping[SegmentId, InForce]


class Schedules(Protocol):
    """The schedules of segments."""

    def timetable(self, now: datetime) -> Timetable:
        """All segments with their schedules, and what each was swept for last."""


@dataclass
class Scheduling:
    """Asks for the sweeps that are due; the app takes them up from the queue."""

    schedules: Schedules
    sweeps: Sweeps
    requests: SweepRequests
    notes: Notes
    clock: Clock
    mode: str = "on"
    _done: dict[SegmentId, datetime] = field(default_factory=dict)
    _said: set[str] = field(default_factory=set)
    _looked_in: datetime | None = None

    def look(self) -> int:
        """Ask for what is due now; says how many sweeps that were.

        What cannot be asked for now is due still when it is looked at next.
        """
        if self.mode == "off":
            return 0
        now = self.clock()
        minute = now.replace(second=0, microsecond=0)
        if minute == self._looked_in:
            return 0  # times have whole minutes, and a bell may come again while others decide
        try:
            timetable = self.schedules.timetable(now)
        except Unavailable as exc:
            _log.warning("schedules are looked at later: %s", exc)
            return 0
        known = self._known()
        there = {segment.id for segment in timetable.segments}
        found = {segment_id: known[segment_id] for segment_id in there & known.keys()}
        asked, is_left = 0, False
        for segment in timetable.segments:
            self._say_fault(segment)
            if not _has_times(segment, known):
                continue
            stretches = in_force(segment, known.get(segment.id))
            try:
                asked += self._ask(segment, stretches, timetable, now)
            except Unavailable as exc:
                _log.warning("sweeps that are due are asked for later: %s", exc)
                is_left = True
                break
            except Exception:
                _log.exception("the sweep of '%s' cannot be asked for", segment.name)
                is_left = True
                continue
            found[segment.id] = stretches[-1]
        self._note(known, found)
        self._looked_in = None if is_left else minute
        return asked

    def _ask(
        self,
        segment: SegmentTimes,
        stretches: tuple[InForce, ...],
        timetable: Timetable,
        now: datetime,
    ) -> int:
        """Ask for the segment's sweep if one is due; says how many were."""
        # Of what is older the row may be deleted: nobody can tell whether it ran.
        after = [now - timetable.kept_for + _MARGIN, self._done.get(segment.id), segment.newest_due]
        found = due(stretches, max(at for at in after if at is not None), now)
        if found is None or segment.in_force is None:
            return 0
        sweep = _sweep(segment, found, timetable, now, is_dry=self.mode == "dry-run")
        written = self.sweeps.save(sweep)
        self._done[segment.id] = found.at
        if written is None:
            return 0  # another worker's, or ours whose answer was lost: it is looked after
        if written.is_going_on:
            self.requests.put(written.id)
        return 1

    def _say_fault(self, segment: SegmentTimes) -> None:
        """Say once what is wrong with a schedule: it is looked at every minute."""
        if segment.fault is not None and str(segment.fault) not in self._said:
            self._said.add(str(segment.fault))
            _log.error("a schedule cannot be used, and runs nothing: %s", segment.fault)

    def _known(self) -> _InForce:
        """What was in force at the last look; nothing where that cannot be told."""
        try:
            return _read_note(self.notes.read(NOTE))
        except Exception as exc:
            _log.warning("what schedules there were cannot be read: %s", exc)
            return {}

    def _note(self, known: _InForce, found: _InForce) -> None:
        if found == known:
            return
        try:
            self.notes.write(NOTE, _note_text(found))
        except Exception as exc:
            _log.warning("what schedules there are cannot be noted: %s", exc)


def _has_times(segment: SegmentTimes, known: _InForce) -> bool:
    """Whether a schedule is there, or was."""
    return segment.schedule is not None or segment.id in known


def _sweep(
    segment: SegmentTimes, found: Due, timetable: Timetable, now: datetime, *, is_dry: bool
) -> Sweep:
    """The row of a sweep that is due; of a paused segment it says that nothing is to be run."""
    at = found.at.astimezone(UTC)
    name = f"Sweep of {segment.record_type} in '{segment.name}', due {at:%Y-%m-%d %H:%M} UTC"
    is_paused = segment.state == "paused"
    late = ". ".join(_late_words(found, now))
    return Sweep(
        id=str(uuid5(_IDS, f"{segment.id} {at:%Y-%m-%d %H:%M}")),
        name=name + (", dry run" if is_dry else ""),
        status=SweepStatus.SKIPPED if is_paused else SweepStatus.QUEUED,
        started_at=now,
        ended_at=now if is_paused else None,
        trigger=Trigger.SCHEDULED,
        segment_id=segment.id,
        record_type=segment.record_type,
        due_at=found.at,
        message=". ".join(filter(None, (PAUSED if is_paused else "", late))),
        cursor=Cursor(limit=timetable.limit, asked_with=late),
    )


def _late_words(found: Due, now: datetime) -> Iterable[str]:
    late = now - found.at
    if late > LATE:
        yield f"It was asked for {_duration(late)} late"
    if found.left_out == 1:
        yield "1 time due before it was left out"
    elif found.left_out:
        yield f"{found.left_out:,} times due before it were left out"


def _duration(of: timedelta) -> str:
    minutes = int(of.total_seconds()) // 60
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = ((days, "d"), (hours, "h"), (minutes, "min"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count)


def _read_note(text: str | None) -> dict[SegmentId, InForce]:
    """What a note says; what of it cannot be read is as good as not noted."""
    entries = json.loads(text or "{}")
    found: dict[SegmentId, InForce] = {}
    for segment_id, noted in entries.items():
        try:
            entry, since = noted
            found[SegmentId(segment_id)] = InForce(_read(entry), datetime.fromisoformat(since))
        except (DefinitionError, TypeError, ValueError) as exc:
            _log.warning("what schedule segment %s had is not known: %s", segment_id, exc)
    return found


def _read(entry: object) -> Schedule | None:
    return None if entry is None else read_schedule(entry, UTC, NOTE)


def _note_text(found: _InForce) -> str:
    """The note: zones by name, whatever they were taken from."""
    return json.dumps(
        {
            segment_id: [_form(stretch.schedule), stretch.since.isoformat()]
            for segment_id, stretch in found.items()
        }
    )


def _form(schedule: Schedule | None) -> dict[str, object] | None:
    if schedule is None:
        return None
    return schedule_form(
        schedule.days, schedule.times, str(schedule.zone), schedule.starts_on, schedule.ends_on
    )
