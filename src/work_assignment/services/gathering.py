"""Facts read together with the definitions that they are decided by."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from work_assignment.domain.errors import Unavailable
from work_assignment.domain.records import RecordKey
from work_assignment.domain.runs.facts import Gathered, Rulebook
from work_assignment.services.ports import Facts

_READINGS = 5
"""Of definitions that keep changing, before they are left to another time."""

_log = logging.getLogger(__name__)


class Gatherer:
    """Reads facts. `rulebook` is the last one read, kept under its stamp."""

    def __init__(self, facts: Facts, rulebook: Rulebook | None = None) -> None:
        self._facts = facts
        self.rulebook = rulebook

    def gather(self, asked: Sequence[RecordKey], *, waiting: int) -> tuple[Rulebook, Gathered]:
        """Read facts and, where they changed, the definitions; both are of one stamp."""
        rulebook = self.rulebook or self.read_rulebook()
        for _ in range(_READINGS):
            gathered = self._facts.gather(rulebook, asked, waiting=waiting)
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
