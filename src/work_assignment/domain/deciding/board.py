"""Where all sellers stand, as plain numbers by which the next one is found quickly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from work_assignment.domain.deciding.distribution import Candidate
from work_assignment.domain.defining.rounds import EVERYWHERE
from work_assignment.domain.defining.sellers import Seller, Standing
from work_assignment.domain.records import RuleId, SellerId

_TURNS = 1 << 48
"""More than there are turns: what is ordered by first is counted in these."""


class Board:
    """Sellers by their position in the order of ids. What they take moves the numbers.

    `turns` are order stamps, `rooms` what each has left; `by_room` orders by most room, and by turn
    among equals: the least number comes first.
    """

    def __init__(
        self, sellers: Mapping[SellerId, Seller], standings: Mapping[SellerId, Standing]
    ) -> None:
        self.sellers = tuple(sellers.values())
        self.standings = tuple(standings[seller_id] for seller_id in sellers)
        self.positions = {seller_id: n for n, seller_id in enumerate(sellers)}
        self.last_turn = max((entry.newest_turn for entry in standings.values()), default=0)
        count = len(self.sellers)
        self.turns = [0] * count
        self.rooms = [0] * count
        self.by_room = [0] * count
        self._rounds: dict[RuleId, list[int]] = {}
        self._candidates: dict[tuple[int, RuleId | None], list[Candidate | None]] = {}
        for position in range(count):
            self._place(position)

    def _place(self, position: int) -> None:
        standing = self.standings[position]
        load, turn = standing.load, standing.turn
        room = self.sellers[position].max_capacity - load
        self.turns[position] = turn
        self.rooms[position] = room
        self.by_room[position] = turn - room * _TURNS
        for known in self._candidates.values():
            known[position] = None

    def round_of(self, rule: RuleId) -> Sequence[int]:
        """The turns of one rule, where each has a round of its own."""
        found = self._rounds.get(rule)
        if found is None:
            found = [standing.rule_turns.get(rule, 0) for standing in self.standings]
            self._rounds[rule] = found
        return found

    def turns_of(self, rule: RuleId | None) -> Sequence[int]:
        """The turns that count for a rule: its own, or for None those that sellers have everywhere."""
        return self.turns if rule is None else self.round_of(rule)

    def candidates(
        self, positions: Iterable[int], bucket: int, rule: RuleId | None
    ) -> tuple[Candidate, ...]:
        """Sellers as they stand, to be told of; each is made anew only when she has moved."""
        known = self._candidates.get((bucket, rule))
        if known is None:
            known = self._candidates[bucket, rule] = [None] * len(self.sellers)
        return tuple([known[p] or self._candidate(known, p, bucket, rule) for p in positions])

    def _candidate(
        self, known: list[Candidate | None], position: int, bucket: int, rule: RuleId | None
    ) -> Candidate:
        turn, room = self.turns_of(rule)[position], self.rooms[position]
        load = self.standings[position].load
        made = Candidate(self.sellers[position], bucket, room, turn, load)
        known[position] = made
        return made

    def take(self, position: int, at: datetime, rule: RuleId | None, *, fills_place: bool) -> int:
        """A seller is given a record; `rule` where it has a round of its own. Says which turn."""
        standing = self.standings[position]
        turn = standing.next_turn(EVERYWHERE if rule is None else rule, self.last_turn + 1)
        self.last_turn = max(self.last_turn, turn)
        standing.take(turn, at, rule, fills_place=fills_place)
        self._place(position)
        if rule is not None and rule in self._rounds:
            self._rounds[rule][position] = turn
        return turn

    def received(self, seller_id: SellerId) -> None:
        """A seller has come by a record otherwise, which counts as her turn."""
        position = self.positions.get(seller_id)
        if position is not None:
            standing = self.standings[position]
            standing.turn = standing.next_turn(EVERYWHERE, self.last_turn + 1)
            self.last_turn = max(self.last_turn, standing.turn)
            self._place(position)
