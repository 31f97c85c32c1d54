"""How fast and how fair: best overall beside round robin and most room, on one reference task.

N leads of 20 countries and 4 priorities meet 50 sellers: seller i takes the countries 3i to 3i + 3
(counted round), odd sellers every priority, even ones the first two; together they have room for
a quarter more than there is.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from statistics import median
from time import perf_counter

from work_assignment.domain.matching.best_overall import Choice, Demand, Matching, Seat, match
from work_assignment.domain.records import SellerId
from work_assignment.solvers.min_cost_flow import OrToolsFlowSolver

COUNTS = (500, 2_000, 10_000, 100_000)
SELLERS = 50
ROUNDS = 5

Lead = tuple[int, int]
"""Country and priority."""
Key = Callable[[int, int, int], tuple[int, int]]
"""What a sequential way compares: a seller's position, when she was last given one, her room."""


@dataclass(frozen=True, slots=True)
class Task:
    """Leads in order of arrival, who may take each kind, and how many any seller may take."""

    leads: tuple[Lead, ...]
    eligible: Mapping[Lead, tuple[int, ...]]
    capacity: int


@dataclass(frozen=True, slots=True)
class Result:
    """What one way of sharing made of a task, and how long it took."""

    way: str
    records: int
    seconds: float
    given: tuple[int, ...]

    @property
    def unassigned(self) -> int:
        return self.records - sum(self.given)

    @property
    def jain(self) -> float:
        """Jain's index: 1 when all have the same."""
        return sum(self.given) ** 2 / (len(self.given) * sum(x * x for x in self.given))


def reference_task(count: int) -> Task:
    dice = random.Random(7)  # noqa: S311  the leads are to be the same each time
    leads = tuple((dice.randrange(20), dice.randrange(4)) for _ in range(count))
    kinds = ((country, priority) for country in range(20) for priority in range(4))
    return Task(
        leads,
        {kind: tuple(at for at in range(SELLERS) if _takes(at, kind)) for kind in kinds},
        count * 5 // 4 // SELLERS + 1,
    )


def _takes(seller: int, kind: Lead) -> bool:
    country, priority = kind
    return (country - 3 * seller) % 20 < 4 and (seller % 2 == 1 or priority < 2)


def best_overall(task: Task) -> list[int]:
    given = [0] * SELLERS
    matching = matched(task)
    for owners in matching.given:
        for owner, count in Counter(owners).items():
            if owner is not None:
                given[int(owner)] += count
    return given


def matched(task: Task) -> Matching:
    """Group the leads by kind and match them."""
    demands = [
        Demand(
            f"country {kind[0]}, priority {kind[1]}",
            tuple(Choice(_id(at)) for at in task.eligible[kind]),
            (0,) * count,
        )
        for kind, count in Counter(task.leads).items()
    ]
    seats = [Seat(_id(at), load=0, room=task.capacity, turn=0) for at in range(SELLERS)]
    return match(demands, seats, OrToolsFlowSolver())


@cache
def _id(seller: int) -> SellerId:
    return SellerId(f"{seller:02}")


def one_by_one(task: Task, key: Key) -> list[int]:
    """Give each lead, as it comes, to the seller with the least key who has room."""
    turns, rooms = [0] * SELLERS, [task.capacity] * SELLERS
    for turn, lead in enumerate(task.leads, 1):
        with_room = [at for at in task.eligible[lead] if rooms[at]]
        if with_room:
            best = min(with_room, key=lambda at: key(at, turns[at], rooms[at]))
            turns[best] = turn
            rooms[best] -= 1
    return [task.capacity - room for room in rooms]


WAYS: Mapping[str, Callable[[Task], Sequence[int]]] = {
    "best overall": best_overall,
    "round robin": lambda task: one_by_one(task, lambda at, turn, room: (turn, at)),
    "most room": lambda task: one_by_one(task, lambda at, turn, room: (-room, turn)),
}


def results() -> Iterator[Result]:
    for count in COUNTS:
        task = reference_task(count)
        for way, share in WAYS.items():
            given = share(task)
            yield Result(way, count, _seconds(partial(share, task)), tuple(given))


def _seconds(work: Callable[[], object]) -> float:
    """The median of a few runs."""
    times = []
    for _ in range(ROUNDS):
        begun = perf_counter()
        work()
        times.append(perf_counter() - begun)
    return median(times)


def _figures(found: Sequence[Result]) -> Mapping[str, float]:
    """Each figure under its way, number of records and name."""
    figures: dict[str, float] = {}
    for result in found:
        at = f"{result.way} {result.records}"
        figures[f"{at} seconds"] = result.seconds
        figures[f"{at} unassigned"] = result.unassigned
        figures[f"{at} fewest"] = min(result.given)
        figures[f"{at} most"] = max(result.given)
        figures[f"{at} Jain"] = result.jain
    return figures


def show() -> Mapping[str, float]:
    """Measure and print a table."""
    found = list(results())
    lines = [
        f"{'records':>8}  {'way':<12} {'seconds':>8} {'unassigned':>10} {'a seller':>12} {'Jain':>7}"
    ]
    for result in found:
        spread = f"{min(result.given)}-{max(result.given)}"
        lines.append(
            f"{result.records:>8,}  {result.way:<12} {result.seconds:>8.4f} "
            f"{result.unassigned:>10,} {spread:>12} {result.jain:>7.4f}"
        )
    sys.stdout.write("\n".join(lines) + "\n")
    return _figures(found)
