"""Records that make deciding fail: found, so that all others are decided, and left alone a while."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from work_assignment.domain.carried_text import readable
from work_assignment.domain.errors import Unavailable
from work_assignment.domain.records import RecordKey
from work_assignment.services import telemetry

MOST = 10
"""Where more records than these fail and none does not, it is not the records' fault."""
LEFT_ALONE_FOR = timedelta(minutes=10)
PATIENCE = 5
"""How often a record is tried that Dataverse answers and does not write, for whatever reason."""

_log = telemetry.logger(__name__)


def find_culprits(
    keys: Sequence[RecordKey],
    work_off: Callable[[Sequence[RecordKey]], object],
    *,
    nobodys_fault: tuple[type[Exception], ...] = (Unavailable,),
) -> dict[RecordKey, Exception]:
    """Work records off in halves, and those that fail again, until each that fails is alone.

    What is nobody's fault goes through; so does the last error where more than `MOST` fail and
    nothing else.
    """
    guilty: dict[RecordKey, Exception] = {}
    has_worked = False
    left = [list(keys)]
    while left:
        part = left.pop()
        try:
            work_off(part)
            has_worked = True
        except nobodys_fault:
            raise
        except Exception as exc:
            if len(part) > 1:
                middle = len(part) // 2
                left += [part[middle:], part[:middle]]
                continue
            guilty[part[0]] = exc
            if len(guilty) > MOST and not has_worked:
                raise
            _log.exception("it makes deciding fail", record=f"{part[0].table}/{part[0].id}")
    return guilty


class Culprits:
    """What was found, kept for a while: who waits is found waiting time and again.

    `monotonic` is time that passes, in seconds, whatever clocks are set to.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._until: dict[RecordKey, float] = {}
        self._tries: dict[RecordKey, tuple[int, float]] = {}

    def add(self, key: RecordKey) -> None:
        """Leave a record alone from now on, unless an event asks for it."""
        self._tries.pop(key, None)
        self._until[key] = self._end()

    def now(self) -> set[RecordKey]:
        """The records that are to be left alone."""
        now = self._monotonic()
        self._until = {key: until for key, until in self._until.items() if until > now}
        return set(self._until)

    def was_tried(self, key: RecordKey) -> bool:
        """Count one more try that came to nothing; says whether it was one of too many lately."""
        now = self._monotonic()
        self._tries = {k: (n, until) for k, (n, until) in self._tries.items() if until > now}
        tries = self._tries.get(key, (0, now))[0] + 1
        self._tries[key] = tries, self._end()
        return tries >= PATIENCE

    def _end(self) -> float:
        return self._monotonic() + LEFT_ALONE_FOR.total_seconds()


def in_words(error: BaseException) -> str:
    """An error as a reason: its kind and what it says."""
    said = readable(str(error))
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
