"""A seller's place in a round of turns, and how turns go back that a block could not use."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

from work_assignment.domain.records import RuleId

EVERYWHERE = RuleId("")
"""The round that all rules share; where each rule has one of its own, it is known by the rule."""


class Turn(NamedTuple):
    """A turn by its number, which rises over all sellers, and its round."""

    number: int
    round: RuleId


@dataclass(frozen=True, slots=True)
class Round:
    """Where a seller stands: the number of her last turn, and those that she still has.

    Who has the lowest stamp is next. She then takes the first of her unused turns, so that she is
    next again as often as what she was promised and did not get would have been before others.
    """

    stamp: int = 0
    unused: tuple[int, ...] = ()

    def given_back(self, turns: Collection[int], count: int, before: int) -> Round:
        """The round after `count` of these turns, which a block took after `before`, were for nothing.

        A turn is as good as another: of all that are known, those that others have given her since
        and those that she had not used among them, she stands as if she had taken the first.
        """
        if count == 0:
            return self
        numbers = sorted({*turns, self.stamp, *self.unused})
        spent = len(numbers) - len(self.unused) - count
        if spent > 0:
            return Round(numbers[spent - 1], tuple(numbers[spent:]))
        # Where several blocks overlap, numbers that others stood for may be forgotten: any do that
        # come before.
        forgotten = range(numbers[0] + spent, numbers[0])
        return Round(min(before, numbers[0] + spent - 1), (*forgotten, *numbers))
