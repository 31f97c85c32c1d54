"""A seller: who she is, what she can take, and where she stands now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from work_assignment.domain.defining.rounds import EVERYWHERE
from work_assignment.domain.filtering.attributes import Attributes
from work_assignment.domain.hours.availability import ALWAYS_WORKING, Calendar
from work_assignment.domain.records import RuleId, SellerId, Value


@dataclass(frozen=True, slots=True)
class Seller:
    """What is known of a seller and changes only when somebody changes it.

    `id` is the user's; `columns` are the user's own; `max_capacity` counts open records. `roles`
    are the names of her security roles, her teams' among them. `unreadable` are the record types
    that none of them lets her read.
    """

    id: SellerId
    name: str
    max_capacity: int
    takes_assignments: bool = True
    columns: Mapping[str, Value] = field(default_factory=dict)
    attributes: Attributes = field(default_factory=dict)
    calendar: Calendar = ALWAYS_WORKING
    roles: frozenset[str] = frozenset()
    unreadable: frozenset[str] = frozenset()


@dataclass(slots=True)
class Standing:
    """Where a seller stands while a block is decided; deciding moves it.

    `open_records` are those she owns; `reserved` are promised to her by others who are not done;
    `taken` are those of this block. `turn` is the order stamp of her last assignment, 0 for never;
    `rule_turns` are those of single rules, where each has a round of its own. `unused` are turns
    that she has by round and takes before new ones. `barred` says why Dataverse would refuse her
    just now, or is empty.
    """

    seller_id: SellerId
    open_records: int = 0
    reserved: int = 0
    taken: int = 0
    turn: int = 0
    last_assigned_at: datetime | None = None
    barred: str = ""
    rule_turns: dict[RuleId, int] = field(default_factory=dict)
    unused: dict[RuleId, list[int]] = field(default_factory=dict)

    @property
    def load(self) -> int:
        """The open records that she has or is about to have."""
        return self.open_records + self.reserved + self.taken

    def room(self, capacity: int) -> int:
        """How many more records she can take; below zero when she has too many."""
        return capacity - self.open_records - self.reserved - self.taken

    def room_without_reservations(self, capacity: int) -> int:
        return capacity - self.open_records - self.taken

    @property
    def newest_turn(self) -> int:
        """The highest number that she has, used or not."""
        return max((self.turn, *(turn for left in self.unused.values() for turn in left)))

    def next_turn(self, round_: RuleId, newest: int) -> int:
        """The turn she takes next in a round: one that she has, or else `newest`."""
        left = self.unused.get(round_)
        return left.pop(0) if left else newest

    def take(
        self, turn: int, at: datetime, rule: RuleId | None = None, *, fills_place: bool = True
    ) -> None:
        """Note a record of this block, given by a rule; one that she owned before fills no place."""
        self.taken += fills_place
        self.last_assigned_at = at
        if rule is None:
            self.turn = turn
        else:
            self.rule_turns[rule] = turn
            self.turn = max(self.turn, turn)

    def receive(self, newest: int, at: datetime) -> None:
        """Note that she has come by a record otherwise, which counts as her turn."""
        self.turn = self.next_turn(EVERYWHERE, newest)
        self.last_assigned_at = at
