"""A sweep that the running app carries out: its row is written, and followed until it ends."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol
from uuid import uuid4

from work_assignment.bootstrap import now
from work_assignment.cli.common import Refused
from work_assignment.cli.sweep_progress import Display
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.definition_store import DefinitionStore
from work_assignment.dataverse.sweep_store import SweepStore
from work_assignment.dataverse.unavailable import away_means_unavailable
from work_assignment.domain.errors import Unavailable
from work_assignment.domain.runs.sweeps import Scope, Sweep, SweepStatus
from work_assignment.services.sweep_orders import Order, asked_for, scope_of
from work_assignment.services.sweep_reports import SweepReport, report_of
from work_assignment.services.sweep_turns import WAITS_FOR

LOOK_EVERY = 2.0
PATIENCE = timedelta(seconds=90)
"""How long nobody may take a sweep up before that is said: a lost webhook costs a minute."""
_AWAY_TRIES = 10


def hand_over(client: DataverseClient, order: Order) -> tuple[SweepStore, Scope, Sweep]:
    """Write the row that asks for a sweep. Raises SweepRefused for what cannot be swept."""
    definitions = DefinitionStore(client)
    with away_means_unavailable():
        rulebook = definitions.rulebook()
    scope = scope_of(order, rulebook)
    store = SweepStore(client, lambda: definitions.schemas)
    asked = asked_for(order, scope, str(uuid4()), now(), is_dry=False)
    return store, scope, store.save(asked) or asked


class Reading(Protocol):
    """Who can read a sweep's row."""

    def read(self, sweep_id: str) -> Sweep | None: ...


def follow(
    store: Reading,
    sweep: Sweep,
    display: Display,
    *,
    pause: Callable[[float], object] = time.sleep,
    say: Callable[[str], object] = lambda text: print(text, file=sys.stderr, flush=True),
) -> SweepReport:
    """Show how far the sweep is until it has ended; while nobody can say, how far it was."""
    last, tries, is_seen, has_said, told = sweep, 0, False, False, ""
    while True:
        try:
            found, tries = store.read(sweep.id), 0
        except Unavailable as exc:
            found, tries = last, tries + 1
            if tries == _AWAY_TRIES:
                raise
            if tries == 1:
                say(f"wa sweep: how far it is cannot be asked now, it is tried again: {exc}")
        if found is None:
            raise Refused(f"the row of sweep {sweep.id} was deleted")
        last, report = found, _report(found)
        if not found.is_going_on:
            return report
        if found.status is SweepStatus.IN_PROGRESS and not is_seen:
            is_seen = True
            display.seen(report)
        display.show(report)
        if found.message.startswith(WAITS_FOR) and found.message != told:
            told = found.message
            say(f"wa sweep: {told}")
        if found.status is SweepStatus.QUEUED and found.idle >= PATIENCE and not has_said:
            has_said = True
            say("wa sweep: no running app has taken it up yet; it waits, and so do we")
        pause(LOOK_EVERY)


def _report(found: Sweep) -> SweepReport:
    """What the row says, the records of the block at hand included."""
    report = report_of(found)
    report.under_way = max(found.counts.total - report.counts.total, 0)
    return report
