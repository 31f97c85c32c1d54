"""What a block's writes taught, in the log: a line for each reason, not one for each record."""

from __future__ import annotations

import logging

from work_assignment.domain.runs.outcomes import Run
from work_assignment.services import telemetry

Kind = tuple[int, str, str]
ANEW: Kind = (logging.INFO, "a record is decided anew", "records are decided anew")
UNWRITTEN: Kind = (logging.ERROR, "a record could not be written", "records could not be written")
WAITS: Kind = (logging.WARNING, "a record still waits", "records still wait")

_log = telemetry.logger(__name__)


class BlockLines:
    """Counts records by what is to be said of them, and remembers the first of each."""

    def __init__(self) -> None:
        self._said: dict[tuple[Kind, str], list[Run]] = {}

    def note(self, kind: Kind, why: str, run: Run) -> None:
        """This is to be said of the run's record."""
        self._said.setdefault((kind, why), []).append(run)

    def tell(self) -> None:
        """A line for each reason, with the ids of the first of its records."""
        for (kind, why), runs in self._said.items():
            level, one, many = kind
            words = one if len(runs) == 1 else f"{len(runs)} {many}"
            _log.log(level, "%s: %s", words, why, run=runs[0])
