"""Working time as arithmetic on instants, and a timeline that keeps what it has worked out.

An instant is a whole number of microseconds since 1970 in UTC: comparing and adding numbers is
many times faster than doing so with moments in time zones, and knows no daylight saving.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import TypeAlias

Stretch: TypeAlias = tuple[int, int]
"""From an instant up to another, which does not belong to it."""

MICROSECOND = timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BLOCK = timedelta(days=8) // MICROSECOND
_MOST_IDLE_BLOCKS = 240


def instant(moment: datetime) -> int:
    """The instant of an aware moment."""
    return (moment - EPOCH) // MICROSECOND


def moment(instant: int) -> datetime:
    """The moment of an instant, in UTC."""
    return EPOCH + timedelta(microseconds=instant)


def merged(stretches: Iterable[Stretch]) -> list[Stretch]:
    """The same time as stretches in order that neither overlap nor touch."""
    found: list[Stretch] = []
    for start, end in sorted(stretches):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def without(stretches: Sequence[Stretch], taken: Sequence[Stretch]) -> list[Stretch]:
    """What is left of stretches; both lists are as `merged` gives them."""
    left: list[Stretch] = []
    ends = [end for _, end in taken]
    for start, end in stretches:
        place = bisect_right(ends, start)
        while place < len(taken) and taken[place][0] < end:
            if start < taken[place][0]:
                left.append((start, taken[place][0]))
            start = taken[place][1]
            place += 1
        if start < end:
            left.append((start, end))
    return left


class Timeline:
    """When somebody works: asked for a block of days at a time, and kept for the next question."""

    def __init__(self, work: Callable[[int, int], Sequence[Stretch]]) -> None:
        """`work` gives the working stretches between two instants, merged; more does not matter."""
        self._work = work
        self._blocks: dict[int, _Block] = {}

    def first(self, at: int, limit: int) -> int | None:
        """The first working instant from one to another, both included, or None."""
        number = at // _BLOCK
        while True:
            block = self._block(number)
            place = bisect_right(block.ends, at)
            if place < len(block.ends):
                found = max(block.starts[place], at)
                return found if found <= limit else None
            number += 1
            if number * _BLOCK > limit:
                return None

    def worked(self, start: int, end: int) -> int:
        """How much of the time from `start` to `end`, which comes later, is worked."""
        number, last = start // _BLOCK, end // _BLOCK
        total = self._block(last).worked_before(end) - self._block(number).worked_before(start)
        while number < last:
            total += self._block(number).total
            number += 1
        return total

    def reached(self, start: int, duration: int) -> int | None:
        """The instant by which `duration`, more than nothing, has been worked since `start`.

        None when years go by in which nothing is worked.
        """
        number, idle = start // _BLOCK, 0
        block = self._block(number)
        needed = duration + block.worked_before(start)
        while needed > block.total:
            needed -= block.total
            idle = 0 if block.total else idle + 1
            if idle > _MOST_IDLE_BLOCKS:
                return None
            number += 1
            block = self._block(number)
        place = bisect_left(block.sums, needed)
        return block.ends[place] - (block.sums[place] - needed)

    def _block(self, number: int) -> _Block:
        block = self._blocks.get(number)
        if block is None:
            start, end = number * _BLOCK, (number + 1) * _BLOCK
            block = self._blocks[number] = _Block(self._work(start, end), start, end)
        return block


class _Block:
    """The working stretches of a block, cut at its borders, with sums of their lengths."""

    __slots__ = ("ends", "starts", "sums", "total")

    def __init__(self, work: Sequence[Stretch], start: int, end: int) -> None:
        inside = [(max(a, start), min(b, end)) for a, b in work if a < end and start < b]
        self.starts = [a for a, _ in inside]
        self.ends = [b for _, b in inside]
        self.sums = list(accumulate(b - a for a, b in inside))
        self.total = self.sums[-1] if self.sums else 0

    def worked_before(self, at: int) -> int:
        """How much is worked from the block's start up to an instant in it."""
        place = bisect_left(self.ends, at)
        if place == len(self.ends):
            return self.total
        before = self.sums[place - 1] if place else 0
        return before + max(at - self.starts[place], 0)
