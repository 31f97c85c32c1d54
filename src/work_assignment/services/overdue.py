"""Overdue records: looked for each minute, marked, and told to the managers of their segments."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from work_assignment.domain.defining.notifications import Channel, Kind, Notifications
from work_assignment.domain.records import SellerId
from work_assignment.domain.runs.overdue import (
    DueRun,
    Finding,
    Marks,
    Overdue,
    Surroundings,
    judge,
)
from work_assignment.domain.runs.recipients import Recipient
from work_assignment.services.ports import Clock, Outbox, Recipients
from work_assignment.services.telling import overdue_notices

AT_ONCE = 200
"""Runs looked at in one minute: their marks are written in few change sets."""
LEFT_OUT_FOR = 600.0
"""Seconds in which a run that could not be marked is left out, so that it keeps no other waiting."""
_PAGES = 5

_log = logging.getLogger(__name__)


class DueRuns(Protocol):
    """Runs whose records were to be assigned by now."""

    def due(self, now: datetime, behind: DueRun | None, limit: int) -> Sequence[DueRun]:
        """The next of them that nobody has looked at, the longest overdue first."""

    def look(self, runs: Sequence[DueRun]) -> Surroundings:
        """What decides whether they are overdue."""

    def mark(self, marks: Sequence[Marks]) -> Sequence[DueRun]:
        """Write marks, each run only as it was read; gives those that cannot be written.

        One that was written meanwhile is found again. Of who cannot be told at all only the mark is
        written. Raises Unavailable, and may have written some.
        """


class Escalation:
    """Tells managers of what is overdue, once for each record and due moment.

    Under any number of workers: a mark and what is told of it are written together, and a mark only
    on a row that is as it was when it was looked at.
    """

    def __init__(
        self,
        rows: DueRuns,
        recipients: Recipients,
        outbox: Outbox,
        notifications: Callable[[], Notifications],
        clock: Clock,
        *,
        mode: str,
        monotonic: Callable[[], float] = time.monotonic,
        quiet_until: Callable[[SellerId, datetime], datetime | None] = lambda who, at: None,
    ) -> None:
        self._rows = rows
        self._recipients = recipients
        self._outbox = outbox
        self._notifications = notifications
        self._clock = clock
        self._mode = mode
        self._monotonic = monotonic
        self._quiet_until = quiet_until
        self._left_out: dict[str, float] = {}

    def look(self) -> int:
        """See to what has become due; how many records are newly overdue.

        Raises Unavailable while Dataverse is away.
        """
        if self._mode != "on":
            return 0
        runs = self._due()
        if not runs:
            return 0
        around = self._rows.look(runs)
        found: dict[Finding, list[DueRun]] = {finding: [] for finding in Finding}
        for run in runs:
            found[judge(run, around)].append(run)
        told = self._told(found[Finding.OVERDUE], around)
        marks = [
            Marks(tuple(found[Finding.PAST]), is_overdue=False),
            Marks(tuple(found[Finding.KNOWN]), is_overdue=True),
            *told,
        ]
        refused = self._rows.mark([entry for entry in marks if entry.runs])
        self._leave_out([*found[Finding.UNKNOWN], *refused])
        count = sum(len(entry.runs) for entry in told if entry.is_overdue)
        if count:
            _log.info("%d records are overdue", count)
        return count

    def _due(self) -> list[DueRun]:
        """What is due and not left out just now, as far as a few pages have it."""
        now, monotonic = self._clock(), self._monotonic()
        self._left_out = {run: until for run, until in self._left_out.items() if until > monotonic}
        behind: DueRun | None = None
        for _ in range(_PAGES):
            page = self._rows.due(now, behind, AT_ONCE)
            found = [run for run in page if run.id not in self._left_out]
            if found or len(page) < AT_ONCE:
                return found
            behind = page[-1]
        return []

    def _leave_out(self, runs: Iterable[DueRun]) -> None:
        until = self._monotonic() + LEFT_OUT_FOR
        self._left_out |= {run.id: until for run in runs}

    def _told(self, runs: Sequence[DueRun], around: Surroundings) -> list[Marks]:
        """The marks of what is overdue, by manager; what nobody is told of is marked together.

        A manager who is not to be disturbed has her records looked at again when she may be.
        """
        overdue = list(_managed(runs, around))
        people = self._able({entry.manager for entry in overdue})
        now = self._clock()
        later = {who: at for who in people if (at := self._quiet_until(who, now)) is not None}
        told_of = [e for e in overdue if e.manager in people and e.manager not in later]
        languages = {who: person.language for who, person in people.items()}
        ways = self._notifications().ways(Kind.OVERDUE)
        notices = overdue_notices(told_of, languages.__getitem__)
        fresh = [entry for entry in told_of if not entry.run.told_outside]
        if fresh:
            self._outbox.put(overdue_notices(fresh, languages.__getitem__))
        by_manager: dict[SellerId, list[DueRun]] = {}
        for entry in overdue:
            by_manager.setdefault(entry.manager, []).append(entry.run)
        told = [
            Marks(
                tuple(by_manager.pop(notice.recipient)),
                True,
                replace(notice, told_outside=bool(ways - {Channel.APP}))
                if Channel.APP in ways
                else None,
            )
            for notice in notices
        ]
        told += [Marks(tuple(by_manager[who]), False, until=at) for who, at in later.items()]
        said = {run.id for entry in told for run in entry.runs}
        return [*told, Marks(tuple(run for run in runs if run.id not in said), is_overdue=True)]

    def _able(self, managers: Iterable[SellerId]) -> Mapping[SellerId, Recipient]:
        """Those of these managers who can be told and want to be; of who has left is said so."""
        wanted = sorted(managers)
        people = self._recipients.of(wanted) if wanted else {}
        able: dict[SellerId, Recipient] = {}
        for manager in wanted:
            person = people.get(manager)
            if person is None or person.is_disabled:
                why = "does not exist any more" if person is None else "is disabled"
                _log.warning(
                    "nobody is told of overdue records: user %s, who manages their segment, %s",
                    manager,
                    why,
                )
            elif Kind.OVERDUE not in person.muted:
                able[manager] = person
        return able


def _managed(runs: Iterable[DueRun], around: Surroundings) -> Iterable[Overdue]:
    """The runs whose segments have a manager."""
    for run in runs:
        segment = None if run.segment_id is None else around.segments.get(run.segment_id)
        if segment is not None and segment.manager is not None:
            yield Overdue(run, segment.name, segment.manager)
