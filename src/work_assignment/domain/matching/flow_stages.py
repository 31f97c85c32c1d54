"""The wishes of the best matching, one flow after the other: each keeps what those before decided."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from work_assignment.domain.errors import WorkAssignmentError
from work_assignment.domain.matching.flows import FlowSolver, Network, Shipment

_REACH = 8
"""How many steps up and down a seat may move in one round of levelling."""
_COST_LIMIT = 2**62
"""A solver scales costs and sums them along paths; this bounds cost x nodes x nodes."""


class FlowFellShort(WorkAssignmentError):
    """A solver shipped less than what is known to fit."""


@dataclass(frozen=True, slots=True)
class Link:
    """Records of a group may go to a seat, by which rule and how soon."""

    group: int
    seat: int
    tier: int
    bucket: int


@dataclass(frozen=True, slots=True)
class Band:
    """At least `low`, at most `high`."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Ramp:
    """`base` are certain; more come in steps of (how many, cost of each), cheapest first."""

    base: int
    steps: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Scope:
    """What is still open: how many each group sends and each seat gets, and over which links.

    `total` are sent altogether. Groups and seats are told by their position; a seat further in
    front has waited longer.
    """

    total: int
    groups: tuple[Band, ...]
    seats: tuple[Band, ...]
    links: tuple[Link, ...]

    def ship(
        self,
        solver: FlowSolver,
        links: Sequence[Ramp] | None = None,
        groups: Sequence[Ramp] | None = None,
        seats: Sequence[Ramp] | None = None,
    ) -> Outcome:
        """Send the total at the least cost; what has no ramp costs nothing."""
        free = Ramp(0, ((self.total + 1, 0),))
        ramps = (
            links or [free] * len(self.links),
            groups or [_flat(band) for band in self.groups],
            seats or [_flat(band) for band in self.seats],
        )
        network = self._network(*ramps)
        outcome = Outcome(self, *ramps, network, solver.ship(network))
        if sum(outcome.carried) != self.total:
            raise FlowFellShort(
                f"the flow solver placed {sum(outcome.carried)} of {self.total} records"
            )
        return outcome

    def _network(
        self, links: Sequence[Ramp], groups: Sequence[Ramp], seats: Sequence[Ramp]
    ) -> Network:
        first_seat = len(groups)
        source = first_seat + len(seats)
        sink = source + 1
        sent, taken = [ramp.base for ramp in groups], [ramp.base for ramp in seats]
        rest = [self.total - sum(sent), sum(taken) - self.total]
        network = Network([*sent, *(-count for count in taken), *rest])
        for link, ramp in zip(self.links, links, strict=True):
            for size, cost in ramp.steps:
                network.add(link.group, first_seat + link.seat, size, cost)
        for group, ramp in enumerate(groups):
            for size, cost in ramp.steps:
                network.add(source, group, size, cost)
        for seat, ramp in enumerate(seats, first_seat):
            for size, cost in ramp.steps:
                network.add(seat, sink, size, cost)
        return network


@dataclass(frozen=True, slots=True)
class Outcome:
    """One least-cost shipment, and what all others of the same cost have in common with it."""

    scope: Scope
    links: Sequence[Ramp]
    groups: Sequence[Ramp]
    seats: Sequence[Ramp]
    network: Network
    shipment: Shipment

    @property
    def carried(self) -> list[int]:
        """How many records go over each link."""
        return [sum(flows) for flows in _dealt(self.links, iter(self.shipment.flows))]

    @property
    def taken(self) -> list[int]:
        """How many records each seat gets."""
        totals = [0] * len(self.seats)
        for link, count in zip(self.scope.links, self.carried, strict=True):
            totals[link.seat] += count
        return totals

    def narrowed(self) -> Scope:
        """Leave open exactly the shipments that cost as little as this one.

        Complementary slackness: with the prices of one best shipment, all best shipments leave
        arcs that lose untouched and fill those that gain.
        """
        reduced = iter(self._reduced_costs())
        links = [min(costs) <= 0 for costs in _dealt(self.links, reduced)]
        return Scope(
            self.scope.total,
            _bands(self.groups, reduced),
            _bands(self.seats, reduced),
            tuple(link for link, stays in zip(self.scope.links, links, strict=True) if stays),
        )

    def _reduced_costs(self) -> list[int]:
        prices, network = self.shipment.prices, self.network
        arcs = zip(network.tails, network.heads, network.costs, strict=True)
        return [cost + prices[tail] - prices[head] for tail, head, cost in arcs]


def place_most(
    sizes: Sequence[int], rooms: Sequence[int], links: Sequence[Link], solver: FlowSolver
) -> tuple[Scope, frozenset[int]]:
    """Place as many records as possible; tell the groups that some placing leaves short.

    Those are the groups on the near side of the smallest minimum cut: all others are sent whole
    whichever records stay out.
    """
    network = Network([*sizes, *(-room for room in rooms)])
    first_seat, more_than_all = len(sizes), sum(sizes) + 1
    for link in links:
        network.add(link.group, first_seat + link.seat, more_than_all, 0)
    flows = solver.ship(network).flows
    short = _short_groups(sizes, links, flows)
    groups = tuple(Band(0 if at in short else size, size) for at, size in enumerate(sizes))
    seats = tuple(Band(0, room) for room in rooms)
    return Scope(sum(flows), groups, seats, tuple(links)), short


def prefer_scores(scope: Scope, solver: FlowSolver, ranks: Sequence[Ramp]) -> Scope:
    """Let the best ranks in first; a group's steps are its records, rank by rank.

    The sets of records that can be placed together form a matroid, so ranks may stand for scores.
    """
    return scope.ship(solver, groups=ranks).narrowed()


def prefer_low(scope: Scope, solver: FlowSolver, level: Callable[[Link], int]) -> Scope:
    """As many records as possible at the lowest level, then at the next, and so on.

    Whole levels weigh against each other in one cost as long as numbers stay small: along a cycle
    of the network no level changes by more than there are groups or seats.
    """
    rises = sorted({level(link) for link in scope.links})[1:]
    nodes = len(scope.groups) + len(scope.seats) + 2
    weight = min(len(scope.groups), len(scope.seats)) + 1
    together = 1
    while weight ** (together + 1) * nodes * nodes < _COST_LIMIT:
        together += 1
    for start in range(0, len(rises), together):
        steps = rises[start : start + together]
        costs = [0, *accumulate(weight**power for power in reversed(range(len(steps))))]
        ramps = [
            Ramp(0, ((scope.total + 1, costs[sum(level(link) >= step for step in steps)]),))
            for link in scope.links
        ]
        scope = scope.ship(solver, links=ramps).narrowed()
    return scope


def level_loads(scope: Scope, solver: FlowSolver, loads: Sequence[int]) -> Scope:
    """Make the loads, with what is given, as even as can be: the least sum of their squares.

    A seat's marginal cost rises with each record, so the square is cut into steps around a first
    answer, coarse ones first. An answer inside its window is the best of all, the cost being
    convex; one at the edge moves the window, and the sum falls.
    """
    taken = scope.ship(solver).taken
    width = 1
    while width * _REACH < max(band.high - band.low for band in scope.seats):
        width *= _REACH
    while True:
        windows = [_window(band, at, width) for band, at in zip(scope.seats, taken, strict=True)]
        outcome = scope.ship(solver, seats=_squares(windows, loads))
        taken = outcome.taken
        if _pinched(scope.seats, windows, taken):
            continue
        if width == 1:
            return outcome.narrowed()
        width //= _REACH


def prefer_waiting(scope: Scope, solver: FlowSolver) -> Scope:
    """Give what is left to choose to the seats further in front."""
    ramps = [
        Ramp(band.low, ((band.high - band.low, place),)) for place, band in enumerate(scope.seats)
    ]
    return scope.ship(solver, seats=ramps).narrowed()


def mix(scope: Scope, solver: FlowSolver) -> Outcome:
    """Prefer that each group's records go to many of its seats rather than to few."""
    seats_of = [0] * len(scope.groups)
    for link in scope.links:
        seats_of[link.group] += 1
    ramps = []
    for link in scope.links:
        share = -(-scope.groups[link.group].high // seats_of[link.group])
        ramps.append(Ramp(0, ((share, 0), (share, 1), (scope.total + 1, 2))))
    return scope.ship(solver, links=ramps)


def _short_groups(
    sizes: Sequence[int], links: Sequence[Link], flows: Sequence[int]
) -> frozenset[int]:
    """The groups with records left, and those that could give up a place for them."""
    left = list(sizes)
    seats_of: list[list[int]] = [[] for _ in sizes]
    takers: dict[int, list[int]] = {}
    for link, flow in zip(links, flows, strict=True):
        left[link.group] -= flow
        seats_of[link.group].append(link.seat)
        if flow:
            takers.setdefault(link.seat, []).append(link.group)
    reached = {group for group, count in enumerate(left) if count}
    waiting = list(reached)
    while waiting:
        for seat in seats_of[waiting.pop()]:
            found = [group for group in takers.pop(seat, ()) if group not in reached]
            reached.update(found)
            waiting += found
    return frozenset(reached)


def _flat(band: Band) -> Ramp:
    return Ramp(band.low, ((band.high - band.low, 0),) if band.high > band.low else ())


def _dealt(ramps: Sequence[Ramp], numbers: Iterator[int]) -> list[list[int]]:
    """Take from the numbers, which are one an arc, those of each ramp's steps."""
    return [[next(numbers) for _ in ramp.steps] for ramp in ramps]


def _bands(ramps: Sequence[Ramp], reduced: Iterator[int]) -> tuple[Band, ...]:
    bands = []
    for ramp, costs in zip(ramps, _dealt(ramps, reduced), strict=True):
        sizes = [size for size, _ in ramp.steps]
        gains = sum(size for size, cost in zip(sizes, costs, strict=True) if cost < 0)
        open_ = sum(size for size, cost in zip(sizes, costs, strict=True) if cost == 0)
        bands.append(Band(ramp.base + gains, ramp.base + gains + open_))
    return tuple(bands)


def _window(band: Band, at: int, width: int) -> list[int]:
    """The marks of a window around where a seat is, in steps of the width."""
    marks = {at + step * width for step in range(-_REACH, _REACH + 1)}
    return sorted({min(max(mark, band.low), band.high) for mark in marks})


def _squares(windows: Sequence[Sequence[int]], loads: Sequence[int]) -> list[Ramp]:
    """(load + b)^2 - (load + a)^2 is (b - a) times (2 load + a + b): a whole cost a record."""
    lightest = min(loads)
    return [
        Ramp(
            marks[0],
            tuple((b - a, 2 * (load - lightest) + a + b) for a, b in pairwise(marks)),
        )
        for marks, load in zip(windows, loads, strict=True)
    ]


def _pinched(bands: Sequence[Band], windows: Sequence[Sequence[int]], taken: Sequence[int]) -> bool:
    """Whether a seat would go on beyond its window."""
    return any(
        (at == marks[-1] and at < band.high) or (at == marks[0] and at > band.low)
        for band, marks, at in zip(bands, windows, taken, strict=True)
    )
