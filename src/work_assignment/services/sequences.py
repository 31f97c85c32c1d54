"""What becomes of the sequences of records that get another segment or owner."""

from __future__ import annotations

from collections.abc import Sequence

from work_assignment.domain.runs.outcomes import Run
from work_assignment.services.ports import Sequences


class _NoSequences:
    """Of an organisation without sequences: there is nothing to end and nothing to begin."""

    def follow(self, runs: Sequence[Run]) -> None:
        pass


NO_SEQUENCES: Sequences = _NoSequences()
