"""Flows over arcs: what a solver is asked, what it answers, and who may be such a solver."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(slots=True)
class Network:
    """Nodes and arcs, arc by arc in four lists of equal length.

    `supplies` has one number a node: above zero it has so many to ship, below zero it takes so
    many, zero passes on.
    """

    supplies: list[int]
    tails: list[int] = field(default_factory=list)
    heads: list[int] = field(default_factory=list)
    capacities: list[int] = field(default_factory=list)
    costs: list[int] = field(default_factory=list)

    def add(self, tail: int, head: int, capacity: int, cost: int) -> None:
        self.tails.append(tail)
        self.heads.append(head)
        self.capacities.append(capacity)
        self.costs.append(cost)


@dataclass(frozen=True, slots=True)
class Shipment:
    """How much goes over each arc, and the prices that prove that nothing cheaper exists.

    `cost + price[tail] - price[head]` is at least zero on an arc with capacity left, and at most
    zero on an arc in use.
    """

    flows: Sequence[int]
    prices: Sequence[int]


class FlowSolver(Protocol):
    """Ships as much as possible, and that at the least cost, in whole numbers."""

    def ship(self, network: Network) -> Shipment: ...
