"""What is watched from outside: Dataverse's jobs that failed, and how it does altogether."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from work_assignment.domain.runs.sweeps import Sweep


@dataclass(frozen=True, slots=True)
class FailedJobs:
    """Deliveries to us that Dataverse gave up: how many, and the newest; `is_cut` says at least."""

    count: int = 0
    is_cut: bool = False
    newest: str = ""
    newest_step: str = ""
    newest_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Glance:
    """What one look at Dataverse shows: the newest sweep, the newest outcome, jobs that failed, and
    how many records have become overdue.

    `troubles` says of parts that could not be read why; those are None.
    """

    sweep: Sweep | None = None
    decided_at: datetime | None = None
    failed_jobs: FailedJobs | None = None
    overdue: int | None = None
    troubles: tuple[str, ...] = ()
