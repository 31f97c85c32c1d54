"""Facts read together with the definitions that they are decided by."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

from work_assignment.domain.errors import Unavailable
from work_assignment.domain.records import RecordKey
from work_assignment.domain.runs.facts import Gathered, Result, Rulebook
from work_assignment.domain.runs.sweeps import Page
from work_assignment.services import telemetry
from work_assignment.services.inbox import Pending
from work_assignment.services.ports import Facts

_READINGS = 5
"""Of definitions that keep changing, before they are left to another time."""

_log = logging.getLogger(__name__)


class Gatherer:
    """Reads facts. `rulebook` is the last one read, kept under its stamp."""

    def __init__(self, facts: Facts, rulebook: Rulebook | None = None) -> None:
        self._facts = facts
        self.rulebook = rulebook

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
        rulebook = self.rulebook or self.read_rulebook()
        for _ in range(_READINGS):
            gathered = read(rulebook)
            if gathered.stamp == rulebook.stamp:
                return rulebook, gathered
            rulebook = self.read_rulebook()
        raise Unavailable("the definitions change faster than they can be read")

    def read_rulebook(self) -> Rulebook:
        """Read all definitions anew; those that cannot be used are logged."""
        self.rulebook = self._facts.rulebook()
        for fault in self.rulebook.faults:
            _log.error("a definition cannot be used: %s", fault)
        return self.rulebook


def with_asked_as_waiting(gathered: Gathered, pending: Sequence[Pending]) -> Gathered:
    """The same, with records that were asked for and of which no event tells among those that wait."""
    told = {entry.key for entry in pending}
    found = (
        current
        for key, current in gathered.asked.items()
        if key not in told and current.is_open and current.result is Result.UNDECIDED
    )
    return replace(gathered, waiting=(*gathered.waiting, *found))
