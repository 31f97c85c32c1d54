"""Sellers in line for what one rule gives: at any time it is known who comes first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from work_assignment.domain.deciding.board import Board
from work_assignment.domain.deciding.decisions import Dropped
from work_assignment.domain.deciding.distribution import Candidate, Ranking, used_in
from work_assignment.domain.defining.rules import Distribution
from work_assignment.domain.records import RuleId
from work_assignment.domain.statuses import RoutingStatus


@dataclass(frozen=True, slots=True)
class Terms:
    """How a line gives: `round` is the rule whose turns count, None for those sellers have
    everywhere; `when_empty` is the status where nobody is in line to begin with, `refused` are
    those whom Dataverse would not let own the records.
    """

    distribution: Distribution
    uses_capacity: bool
    round: RuleId | None
    when_empty: RoutingStatus
    refused: Sequence[Dropped] = ()


_Key = Callable[[int], Any]
_MOST_NAMED = 3


class Line:
    """The sellers of one pool at one moment, by their positions on the board.

    What a seller takes moves her in this line and all others. Sellers may only lose room while a
    line is used: for somebody who closes a record lines are made anew.
    """

    def __init__(
        self,
        board: Board,
        terms: Terms,
        buckets: Mapping[int, Sequence[int]],
        unavailable: Sequence[int],
        dropped: tuple[Dropped, ...],
    ) -> None:
        """`buckets` are positions by when sellers work, `unavailable` those who work too late.

        `dropped` are all who are out whatever they take, the unavailable among them.
        """
        self._board = board
        self._terms = terms
        self._unavailable = unavailable
        self._dropped = dropped
        self._bucket_of = {p: bucket for bucket, found in buckets.items() for p in found}
        self._in_line = sorted(self._bucket_of)
        self._looks_ahead = terms.distribution is Distribution.BEST_OVERALL
        self._waiting: list[tuple[_Key, list[int]]] = (
            [(self._least_load, list(self._in_line))]
            if self._looks_ahead
            else [(self._key(b), sorted(buckets[b])) for b in sorted(buckets)]
        )
        self._soonest = min(buckets, default=0)

    def _least_load(self, position: int) -> tuple[int, int, int]:
        """Best overall of one record: load counts first, then who works sooner, as for many."""
        load = self._board.standings[position].load
        return load, self._bucket_of[position], self._turns()[position]

    def _key(self, bucket: int) -> _Key:
        """What those of a bucket are ordered by, the least number first."""
        board, turns = self._board, self._turns()
        if used_in(self._terms.distribution, bucket) is not Distribution.LOAD_BALANCING:
            return turns.__getitem__
        levels = board.by_room
        if self._terms.round is None:
            return levels.__getitem__
        return lambda position: levels[position] - board.turns[position] + turns[position]

    def _turns(self) -> Sequence[int]:
        return self._board.turns_of(self._terms.round)

    def first(self) -> int | None:
        """The position of who is next: of the soonest bucket where somebody can take a record.

        Best overall looks at all buckets together. Among equals the one with the lesser id comes
        first, as positions do.
        """
        rooms, limited = self._board.rooms, self._terms.uses_capacity
        for key, positions in self._waiting:
            while positions:
                position = min(positions, key=key)
                if not limited or rooms[position] > 0:
                    return position
                positions.remove(position)
        return None

    def able(self) -> list[int]:
        """The positions of those who can take a record now."""
        if not self._terms.uses_capacity:
            return self._in_line
        rooms = self._board.rooms
        return [position for position in self._in_line if rooms[position] > 0]

    @property
    def in_line(self) -> Sequence[int]:
        """The positions of all who work in time, those who are full among them."""
        return self._in_line

    def bucket(self, position: int) -> int:
        """When a seller in line works."""
        return self._bucket_of[position]

    def ranking(self) -> Ranking:
        """Everybody who can take a record, in order; there must be somebody."""
        in_time = able = self.able()
        if self._looks_ahead:
            everyone = map(self.candidate, sorted(able, key=self._least_load))
            return Ranking(Distribution.BEST_OVERALL, tuple(everyone))
        soonest = self._soonest
        later: tuple[Candidate, ...] = ()
        if len(self._waiting) > 1:
            bucket_of = self._bucket_of
            soonest = min(map(bucket_of.__getitem__, able))
            in_time = [position for position in able if bucket_of[position] == soonest]
            later = self._later([p for p in able if bucket_of[p] != soonest])
        order = sorted(in_time, key=self._key(soonest))
        ranked = self._board.candidates(order, soonest, self._terms.round)
        return Ranking(used_in(self._terms.distribution, soonest), ranked, later)

    def _later(self, positions: list[int]) -> tuple[Candidate, ...]:
        """Those of later buckets, the sooner and then the longer waiting first."""
        turns, bucket_of = self._turns(), self._bucket_of
        positions.sort(key=lambda position: (bucket_of[position], turns[position]))
        return tuple(map(self.candidate, positions))

    def candidate(self, position: int) -> Candidate:
        """A seller in line as she stands now."""
        bucket = self._bucket_of[position]
        (found,) = self._board.candidates((position,), bucket, self._terms.round)
        return found

    def dropped(self) -> tuple[Dropped, ...]:
        """Those who cannot take a record, and why."""
        if not self._terms.uses_capacity:
            return self._dropped
        rooms = self._board.rooms
        full = [position for position in self._in_line if rooms[position] <= 0]
        if not full:
            return self._dropped
        return (*self._dropped, *(self._full(position) for position in full))

    def _full(self, position: int) -> Dropped:
        seller = self._board.sellers[position]
        held = seller.max_capacity - self._board.rooms[position]
        return Dropped(seller, f"is full: {held} of {seller.max_capacity}")

    def why_nobody(self) -> RoutingStatus:
        """The reason when there is no first; IN_PROGRESS when only what others have reserved is
        in the way.
        """
        if not self._in_line and not self._unavailable:
            return self._terms.when_empty
        board = self._board
        if any(board.standings[p].reserved + board.rooms[p] > 0 for p in self._in_line):
            return RoutingStatus.IN_PROGRESS
        if not self._terms.uses_capacity or any(board.rooms[p] > 0 for p in self._unavailable):
            return RoutingStatus.NO_AVAILABILITY
        return RoutingStatus.NO_CAPACITY

    def why_refused(self) -> str:
        """Whom Dataverse would not let own the record, and why, where that left nobody."""
        if self._in_line or self._unavailable:
            return ""
        said = [f"{one.seller.name} {one.why}" for one in self._terms.refused[:_MOST_NAMED]]
        more = len(self._terms.refused) - len(said)
        return ", ".join([*said, f"and {more} more"] if more else said)
