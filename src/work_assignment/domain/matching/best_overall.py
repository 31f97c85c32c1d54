"""Best overall: which of many records goes to which seller, decided for all of them at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from work_assignment.domain.errors import WorkAssignmentError
from work_assignment.domain.matching.bottlenecks import Bottleneck, Crowd, bottlenecks
from work_assignment.domain.matching.flow_stages import (
    Link,
    Ramp,
    level_loads,
    mix,
    place_most,
    prefer_low,
    prefer_scores,
    prefer_waiting,
)
from work_assignment.domain.matching.flows import FlowSolver, Network, Shipment
from work_assignment.domain.records import SellerId

__all__ = [
    "Bottleneck",
    "Choice",
    "Demand",
    "FlowSolver",
    "Matching",
    "MatchingRefused",
    "Network",
    "Seat",
    "Shipment",
    "match",
]


class MatchingRefused(WorkAssignmentError):
    """Demands and seats that contradict themselves or each other."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A seller who may take the records of a demand.

    `tier` is 0 by the first rule that applies to the records, 1 by the next; `bucket` is 0 when
    she works now, k when she first works within the k-th 24 hours.
    """

    seller_id: SellerId
    tier: int = 0
    bucket: int = 0


@dataclass(frozen=True, slots=True)
class Demand:
    """Records that the same sellers may take, named in words of an admin.

    `scores` has one entry a record, in order of arrival.
    """

    label: str
    choices: tuple[Choice, ...]
    scores: tuple[Decimal | int, ...]


@dataclass(frozen=True, slots=True)
class Seat:
    """What a seller has and can take: `room` None is no limit, below zero is none.

    `load` are her open records, promised ones included; `turn` the order stamp of her last
    assignment, 0 for never.
    """

    seller_id: SellerId
    load: int
    room: int | None
    turn: int


@dataclass(frozen=True, slots=True)
class Matching:
    """Who is given each record of each demand, in the order asked, and what kept the rest out."""

    given: tuple[tuple[SellerId | None, ...], ...]
    bottlenecks: tuple[Bottleneck, ...]


@dataclass(slots=True)
class _Group:
    """Demands whose records may go to the same seats, by the same rules and as soon."""

    choices: tuple[tuple[int, int, int], ...]
    demands: list[int] = field(default_factory=list)
    size: int = 0


def match(demands: Sequence[Demand], seats: Sequence[Seat], solver: FlowSolver) -> Matching:
    """Give out as many records as possible; among such ways take the best.

    First the higher scores, then the fewest records by later rules, then the evenest load, then
    the sooner working sellers, then those who have waited longest. The order in which demands,
    choices and seats are given does not matter.
    """
    _check(demands, seats)
    asked = sum(len(demand.scores) for demand in demands)
    line = sorted(seats, key=lambda seat: (seat.turn, seat.seller_id))
    rooms = [_room(seat, asked) for seat in line]
    groups = _groups(demands, line, rooms)
    carried, short = _flow(demands, groups, line, rooms, solver)
    given: list[tuple[SellerId | None, ...]] = [(None,) * len(d.scores) for d in demands]
    for group, shares in zip(groups, carried, strict=True):
        sellers = [line[at].seller_id for at in _turns(shares)]
        for demand, owners in _deal(demands, group, sellers):
            given[demand] = owners
    room_of = {seat.seller_id: room for seat, room in zip(line, rooms, strict=True)}
    crowds = [_crowd(demands[at]) for group in short for at in groups[group].demands]
    return Matching(tuple(given), bottlenecks(crowds, room_of))


def _room(seat: Seat, asked: int) -> int:
    return asked if seat.room is None else min(max(seat.room, 0), asked)


def _crowd(demand: Demand) -> Crowd:
    sellers = frozenset(choice.seller_id for choice in demand.choices)
    return Crowd(demand.label, len(demand.scores), sellers)


def _groups(demands: Sequence[Demand], line: Sequence[Seat], rooms: Sequence[int]) -> list[_Group]:
    """Merge what may go to the same sellers; full sellers make no difference."""
    place = {seat.seller_id: at for at, seat in enumerate(line) if rooms[at]}
    groups: dict[tuple[tuple[int, int, int], ...], _Group] = {}
    for at in sorted(range(len(demands)), key=lambda at: (demands[at].label, demands[at].scores)):
        demand = demands[at]
        if demand.scores:
            choices = tuple(
                sorted(
                    (place[choice.seller_id], choice.tier, choice.bucket)
                    for choice in demand.choices
                    if choice.seller_id in place
                )
            )
            group = groups.setdefault(choices, _Group(choices))
            group.demands.append(at)
            group.size += len(demand.scores)
    return [groups[choices] for choices in sorted(groups)]


def _flow(
    demands: Sequence[Demand],
    groups: Sequence[_Group],
    line: Sequence[Seat],
    rooms: Sequence[int],
    solver: FlowSolver,
) -> tuple[list[dict[int, int]], frozenset[int]]:
    """Say how many records of each group go to each seat, and which groups fall short."""
    links = [Link(at, *choice) for at, group in enumerate(groups) for choice in group.choices]
    if not links:
        return [{} for _ in groups], frozenset(range(len(groups)))
    scope, short = place_most([group.size for group in groups], rooms, links, solver)
    if short:
        scope = prefer_scores(scope, solver, _score_ramps(demands, groups, short))
    scope = prefer_low(scope, solver, lambda link: link.tier)
    scope = level_loads(scope, solver, [seat.load for seat in line])
    scope = prefer_low(scope, solver, lambda link: link.bucket)
    scope = prefer_waiting(scope, solver)
    outcome = mix(scope, solver)
    carried: list[dict[int, int]] = [{} for _ in groups]
    for link, count in zip(outcome.scope.links, outcome.carried, strict=True):
        if count:
            carried[link.group][link.seat] = count
    return carried, short


def _score_ramps(
    demands: Sequence[Demand], groups: Sequence[_Group], short: frozenset[int]
) -> list[Ramp]:
    """The records of the groups that fall short by rank of score; all others are sent whole."""
    scores = [
        Counter(score for at in group.demands for score in demands[at].scores)
        if number in short
        else Counter[Decimal | int]()
        for number, group in enumerate(groups)
    ]
    ordered = sorted({score for counts in scores for score in counts}, reverse=True)
    rank = {score: at for at, score in enumerate(ordered)}
    return [
        Ramp(
            0 if number in short else group.size,
            tuple((counts[score], rank[score]) for score in sorted(counts, reverse=True)),
        )
        for number, (group, counts) in enumerate(zip(groups, scores, strict=True))
    ]


def _turns(shares: dict[int, int]) -> list[int]:
    """Go round the seats, the longest wait first, those with larger shares more often."""
    stops = [(lap / share, seat) for seat, share in shares.items() for lap in range(share)]
    return [seat for _, seat in sorted(stops)]


def _deal(
    demands: Sequence[Demand], group: _Group, sellers: Sequence[SellerId]
) -> Iterator[tuple[int, tuple[SellerId | None, ...]]]:
    """Hand the sellers' turns to the records with the best scores, in order of arrival."""
    turns = iter(sellers)
    chosen = None if len(sellers) == group.size else _best(demands, group, len(sellers))
    for at in group.demands:
        count = len(demands[at].scores)
        if chosen is None:
            yield at, tuple(next(turns) for _ in range(count))
        else:
            yield (
                at,
                tuple(next(turns) if (at, number) in chosen else None for number in range(count)),
            )


def _best(demands: Sequence[Demand], group: _Group, count: int) -> set[tuple[int, int]]:
    """The records with the highest scores; of equal ones the earlier."""
    records = [(at, number) for at in group.demands for number in range(len(demands[at].scores))]
    records.sort(key=lambda record: demands[record[0]].scores[record[1]], reverse=True)
    return set(records[:count])


def _check(demands: Iterable[Demand], seats: Sequence[Seat]) -> None:
    seated = {seat.seller_id for seat in seats}
    if len(seated) < len(seats):
        twice = min(who for who, count in Counter(s.seller_id for s in seats).items() if count > 1)
        raise MatchingRefused(f"seller '{twice}' has two seats")
    for demand in demands:
        chosen = [choice.seller_id for choice in demand.choices]
        if len(set(chosen)) < len(chosen):
            twice = min(who for who, count in Counter(chosen).items() if count > 1)
            raise MatchingRefused(f"{demand.label}: seller '{twice}' is named twice")
        if not seated.issuperset(chosen):
            unknown = min(set(chosen) - seated)
            raise MatchingRefused(f"{demand.label}: seller '{unknown}' has no seat")
        if any(score != score for score in demand.scores):
            raise MatchingRefused(f"{demand.label}: a score is not a number")
