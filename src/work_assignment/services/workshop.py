"""What a decider works with, put together once a process."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from work_assignment.domain.matching.flows import FlowSolver
from work_assignment.services.bell import Bell
from work_assignment.services.outbox import NO_OUTBOX
from work_assignment.services.ports import (
    Clock,
    Facts,
    Leases,
    Outbox,
    Outcomes,
    Queues,
    Recipients,
    Sequences,
    SweepsGoingOn,
)
from work_assignment.services.recipients import EVERYBODY
from work_assignment.services.sequences import NO_SEQUENCES

BLOCK = 200
"""Records decided at once: enough to share the reads, few enough to be reserved shortly."""
LARGEST_BLOCK = 2000
"""What a block grows to while more records come than it holds."""


@dataclass(frozen=True)
class Workshop:
    """`mode` is on, dry-run (decide and log, write no owner) or off (nothing is decided).

    A block begins with `block_size` records and grows to `largest_block` while there are more.
    `solver` is what best overall is found with. `clock` says when something was, `monotonic`, in
    seconds, how long ago that is here: clocks are set now and then. `sweeps` are those going on,
    whose records nobody else tries again.
    """

    queues: Queues[Any]
    leases: Leases
    facts: Facts
    outcomes: Outcomes
    bell: Bell
    clock: Clock
    mode: str = "on"
    block_size: int = BLOCK
    largest_block: int = LARGEST_BLOCK
    new_id: Callable[[], str] = field(default=lambda: str(uuid4()))
    solver: FlowSolver | None = None
    monotonic: Callable[[], float] = time.monotonic
    outbox: Outbox = NO_OUTBOX
    recipients: Recipients = EVERYBODY
    sequences: Sequences = NO_SEQUENCES
    sweeps: SweepsGoingOn | None = None
