"""A sweep's row kept current by the worker who is at it, and by nobody else.

The row is where a sweep stands, so it is also what decides whose it is: every write names the
version that was read last. Of two workers who take a sweep up, the second's first write is refused;
of one who was given up for dead and comes back, the next. A lease would have to be held through
every wait for Dataverse, and its loss would still have to be found out here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from work_assignment.domain.errors import Unavailable, WorkAssignmentError
from work_assignment.domain.runs.sweeps import Sweep, SweepStatus
from work_assignment.services import telemetry
from work_assignment.services.ports import Sweeps

SAVE_EVERY = timedelta(seconds=5)
"""How current the row is while a block is on its way: every write is a request."""
DEAD_AFTER = timedelta(minutes=2)
"""How long nobody has written the row of a sweep before its worker is taken for dead."""
DIED = "Its process ended early"
STOPPED = "It was stopped by hand"
_TRIES = 5

_log = telemetry.logger(__name__)


class NotOurs(WorkAssignmentError):
    """Somebody ended the sweep, went on with it, or deleted its row; `sweep` is what is there."""

    def __init__(self, why: str, sweep: Sweep | None) -> None:
        super().__init__(why)
        self.sweep = sweep


def amend(sweeps: Sweeps, sweep: Sweep, change: Callable[[Sweep], Sweep | None]) -> Sweep | None:
    """Change a row as it stands, read anew where somebody wrote it; None where that is no use."""
    current: Sweep | None = sweep
    for _ in range(_TRIES):
        changed = change(current) if current is not None else None
        if changed is None:
            return None
        saved = sweeps.save(changed)
        if saved is not None:
            return saved
        current = sweeps.read(sweep.id)
    raise Unavailable(f"sweep {sweep.id} changes faster than it can be written")


def close_dead_sweeps(sweeps: Sweeps, now: datetime) -> list[Sweep]:
    """Write the end of sweeps whose people's processes died; gives the others that are going on."""
    others = []
    for sweep in sweeps.going_on():
        if is_dead(sweep) and sweep.cursor.is_attended:
            _close(sweeps, sweep, now)
        else:
            others.append(sweep)
    return others


def _close(sweeps: Sweeps, sweep: Sweep, now: datetime) -> None:
    """Write the end of one; where that is refused, others are looked after all the same."""
    try:
        # Whoever else wrote it meanwhile has the last word.
        sweeps.save(replace(sweep, status=SweepStatus.FAILED, ended_at=now, message=DIED))
    except Unavailable:
        raise
    except Exception as exc:
        _log.error("that its process ended cannot be written: %s", exc, sweep=sweep.id)


def stop(sweeps: Sweeps, sweep_id: str, now: datetime) -> Sweep | None:
    """Write the end of a sweep: whoever is at it leaves it after the block at hand.

    None for one that has ended before, or that there is not.
    """
    sweep = sweeps.read(sweep_id)
    if sweep is None:
        return None

    def ended(row: Sweep) -> Sweep | None:
        if not row.is_going_on:
            return None
        return replace(row, status=SweepStatus.FAILED, ended_at=now, message=STOPPED)

    return amend(sweeps, sweep, ended)


def is_dead(sweep: Sweep) -> bool:
    """Whether a sweep has a worker who is not at it any more, or does not wait with it any more."""
    has_worker = sweep.is_going_on and bool(sweep.cursor.worker)
    return has_worker and sweep.idle >= DEAD_AFTER


class Keeper:
    """Writes the row of one sweep for one worker."""

    def __init__(self, sweeps: Sweeps, monotonic: Callable[[], float]) -> None:
        self._sweeps = sweeps
        self._monotonic = monotonic
        self._version = ""
        self._saved_at = monotonic()

    def save(self, sweep: Sweep) -> Sweep:
        """Write the row. Raises NotOurs."""
        mine = replace(sweep, version=self._version or sweep.version)
        for _ in range(_TRIES):
            saved = self._sweeps.save(mine)
            if saved is not None:
                self._version, self._saved_at = saved.version, self._monotonic()
                return saved
            mine = replace(mine, version=self._still_ours(sweep).version)
        raise Unavailable(f"sweep {sweep.id} changes faster than it can be written")

    def beat(self, sweep: Sweep, every: timedelta = SAVE_EVERY) -> None:
        """Write the row if that was not done just now: it says how far it is, and that we live.

        Raises NotOurs. That it cannot be written just now is no reason to stop.
        """
        if self._monotonic() - self._saved_at < every.total_seconds():
            return
        try:
            self.save(sweep)
        except Unavailable as exc:
            self._saved_at = self._monotonic()
            _log.warning("how far it is cannot be written now: %s", exc, sweep=sweep.id)

    def _still_ours(self, sweep: Sweep) -> Sweep:
        """The row as it stands: somebody has changed it, or the answer to our write was lost."""
        current = self._sweeps.read(sweep.id)
        if current is None:
            raise NotOurs("its row was deleted", None)
        if current.cursor.worker != sweep.cursor.worker:
            raise NotOurs("another worker went on with it", current)
        was_given_up = current.status is SweepStatus.FAILED and current.message == DIED
        if not current.is_going_on and not was_given_up and current.status is not sweep.status:
            raise NotOurs(current.message or "somebody ended it", current)
        return current
