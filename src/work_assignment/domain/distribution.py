"""How the sellers that are left share the work: who comes first, and why."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from work_assignment.domain.rules import Distribution
from work_assignment.domain.sellers import Seller, Standing

_BUCKET = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A seller who may take the record. `bucket` is 0 when she works now, k when her next working
    moment lies within the k-th 24 hours; `room` is None where capacity has no say.
    """

    seller: Seller
    bucket: int
    room: int
    turn: int


def candidate(seller: Seller, standing: Standing, bucket: int) -> Candidate:
    return Candidate(seller, bucket, standing.room(seller.max_capacity), standing.turn)


def bucket_of(at: datetime, first_working: datetime) -> int:
    """0 for now, else the number of 24-hour stretches that have begun by then."""
    return math.ceil((first_working - at) / _BUCKET)


@dataclass(frozen=True, slots=True)
class Ranking:
    """Candidates in order, the first of whom is chosen, by which distribution.

    Sellers who do not work yet are always shared by round robin, whatever the rule says. `later`
    are those who work only in a later bucket.
    """

    distribution: Distribution
    order: tuple[Candidate, ...]
    later: tuple[Candidate, ...] = ()

    @property
    def chosen(self) -> Candidate:
        return self.order[0]


def rank(candidates: Sequence[Candidate], distribution: Distribution) -> Ranking:
    """Rank the candidates of the soonest bucket; there must be at least one."""
    soonest = min(entry.bucket for entry in candidates)
    in_time = [entry for entry in candidates if entry.bucket == soonest]
    used = distribution if soonest == 0 else Distribution.ROUND_ROBIN
    if used is Distribution.LOAD_BALANCING:
        order = sorted(in_time, key=lambda entry: (-entry.room, *_turn(entry)))
    else:
        order = sorted(in_time, key=_turn)
    later = sorted((entry for entry in candidates if entry.bucket > soonest), key=_soonest)
    return Ranking(used, tuple(order), tuple(later))


def _turn(entry: Candidate) -> tuple[int, str]:
    """Round robin: the longest wait first, never assigned before all, then by id."""
    return entry.turn, entry.seller.id


def _soonest(entry: Candidate) -> tuple[int, int, str]:
    return entry.bucket, *_turn(entry)
