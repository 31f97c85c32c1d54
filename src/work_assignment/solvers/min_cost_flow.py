"""Least-cost flows by OR-Tools, and the prices that prove them, by numpy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from ortools.graph.python.min_cost_flow import SimpleMinCostFlow  # type: ignore[import-untyped]  # it ships stubs, yet no py.typed

from work_assignment.domain.errors import WorkAssignmentError
from work_assignment.domain.matching.flows import Network, Shipment

_Numbers = NDArray[np.int64]
_Nodes = NDArray[np.int32]


class FlowRefused(WorkAssignmentError):
    """OR-Tools gave no best flow; `status` is its own word for why."""

    def __init__(self, status: str) -> None:
        self.status = status
        super().__init__(f"OR-Tools found no flow of least cost: {status}")


class OrToolsFlowSolver:
    """A flow solver as the domain asks for; it keeps nothing between calls."""

    def ship(self, network: Network) -> Shipment:
        tails = np.array(network.tails, dtype=np.int32)
        heads = np.array(network.heads, dtype=np.int32)
        capacities = np.array(network.capacities, dtype=np.int64)
        costs = np.array(network.costs, dtype=np.int64)
        flows = _flows(network.supplies, tails, heads, capacities, costs)
        prices = _prices(len(network.supplies), tails, heads, capacities - flows, flows, costs)
        return Shipment(flows.tolist(), prices.tolist())


def _flows(
    supplies: list[int], tails: _Nodes, heads: _Nodes, capacities: _Numbers, costs: _Numbers
) -> _Numbers:
    solver = SimpleMinCostFlow()
    arcs = solver.add_arcs_with_capacity_and_unit_cost(tails, heads, capacities, costs)
    nodes = np.arange(len(supplies), dtype=np.int32)
    solver.set_nodes_supplies(nodes, np.array(supplies, dtype=np.int64))
    status = solver.solve_max_flow_with_min_cost()
    if status != solver.OPTIMAL:
        raise FlowRefused(status.name)
    flows: _Numbers = solver.flows(arcs)
    return flows


def _prices(
    nodes: int,
    tails: _Nodes,
    heads: _Nodes,
    left: _Numbers,
    flows: _Numbers,
    costs: _Numbers,
) -> _Numbers:
    """Shortest distances over the arcs on which the flow could still change.

    OR-Tools keeps its own prices to itself. A flow of least cost has no circle that gains, so
    there are distances.
    """
    onward, back = left > 0, flows > 0
    origins = np.concatenate([tails[onward], heads[back]])
    targets = np.concatenate([heads[onward], tails[back]])
    lengths = np.concatenate([costs[onward], -costs[back]])
    prices = np.zeros(nodes, dtype=np.int64)
    for _ in range(nodes + 1):
        nearer = prices.copy()
        np.minimum.at(nearer, targets, prices[origins] + lengths)
        if np.array_equal(nearer, prices):
            return prices
        prices = nearer
    raise FlowRefused("its flow is not of least cost")
