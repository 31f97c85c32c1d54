"""How the sellers that are left share the work: who comes first, and why."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from work_assignment.domain.defining.rules import Distribution
from work_assignment.domain.defining.sellers import Seller

_BUCKET = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A seller who may take the record. `bucket` is 0 when she works now, k when her next working
    moment lies within the k-th 24 hours; `room` is what she has left, `load` what she has open.
    """

    seller: Seller
    bucket: int
    room: int
    turn: int
    load: int = 0


def bucket_of(at: datetime, first_working: datetime) -> int:
    """0 for now, else the number of 24-hour stretches that have begun by then."""
    return math.ceil((first_working - at) / _BUCKET)


@dataclass(frozen=True, slots=True)
class Ranking:
    """Candidates in order, the first of whom is chosen, by which distribution.

    Sellers who do not work yet are shared by round robin where the rule says load balancing. `later`
    are those who work only in a later bucket; best overall looks at all of them together.
    """

    distribution: Distribution
    order: tuple[Candidate, ...]
    later: tuple[Candidate, ...] = ()

    @property
    def chosen(self) -> Candidate:
        return self.order[0]


def used_in(distribution: Distribution, bucket: int) -> Distribution:
    """The distribution among sellers of a bucket."""
    return distribution if bucket == 0 else Distribution.ROUND_ROBIN
