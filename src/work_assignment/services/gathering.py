"""Facts read together with the definitions that they are decided by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from work_assignment.domain.errors import Unavailable
from work_assignment.domain.records import RecordKey
from work_assignment.domain.runs.facts import Gathered, Result, Rulebook
from work_assignment.domain.runs.sweeps import Page
from work_assignment.services import telemetry
from work_assignment.services.inbox import Pending
from work_assignment.services.ports import Facts

RULEBOOK_KEPT = timedelta(minutes=1)
"""Definitions edited in the app do not change the stamp; they take effect within this time."""
_KEPT = RULEBOOK_KEPT.total_seconds()
_READINGS = 5
"""Of definitions that keep changing, before they are left to another time."""

_log = telemetry.logger(__name__)


class Gatherer:
    """Reads facts. Keeps the definitions under their stamp, and for a while."""

    def __init__(self, facts: Facts, monotonic: Callable[[], float]) -> None:
        self._facts = facts
        self._monotonic = monotonic
        self._rulebook: Rulebook | None = None
        self._read_at = 0.0

    @telemetry.timed("gather")
    def gather(self, asked: Sequence[RecordKey], *, waiting: int) -> tuple[Rulebook, Gathered]:
        """Read facts and, where they changed, the definitions; both are of one stamp."""
        return self._of_one_stamp(
            lambda rulebook: self._facts.gather(rulebook, asked, waiting=waiting)
        )

    @telemetry.timed("gather")
    def gather_page(self, page: Page) -> tuple[Rulebook, Gathered]:
        """The same with the next records of a sweep."""
        return self._of_one_stamp(lambda rulebook: self._facts.gather_page(rulebook, page))

    def _of_one_stamp(self, read: Callable[[Rulebook], Gathered]) -> tuple[Rulebook, Gathered]:
        rulebook = self.rulebook()
        for _ in range(_READINGS):
            gathered = read(rulebook)
            if gathered.stamp == rulebook.stamp:
                return rulebook, gathered
            rulebook = self.read_rulebook()
        raise Unavailable("the definitions change faster than they can be read")

    def forget(self) -> None:
        """Have the definitions read anew: somebody has just changed them."""
        self._rulebook = None

    def rulebook(self) -> Rulebook:
        """The definitions as they were read a while ago at most."""
        if self._rulebook is None or self._monotonic() - self._read_at > _KEPT:
            return self.read_rulebook()
        return self._rulebook

    def read_rulebook(self) -> Rulebook:
        """Read all definitions anew; those that cannot be used are logged."""
        read_at = self._monotonic()
        rulebook = self._facts.rulebook()
        for fault in rulebook.faults:
            _log.error("a definition cannot be used: %s", fault)
        self._rulebook, self._read_at = rulebook, read_at
        return rulebook


def with_asked_as_waiting(gathered: Gathered, pending: Sequence[Pending]) -> Gathered:
    """The same, with records that were asked for and of which no event tells among those that wait."""
    told = {entry.key for entry in pending}
    found = (
        current
        for key, current in gathered.asked.items()
        if key not in told and current.is_open and current.result is Result.UNDECIDED
    )
    return replace(gathered, waiting=(*gathered.waiting, *found))
