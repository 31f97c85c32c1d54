"""The flow solver, loaded when it is first needed: its libraries take half a second to import."""

from __future__ import annotations

from work_assignment.domain.matching.flows import FlowSolver, Network, Shipment


class FlowSolverOnDemand:
    """A flow solver that costs nothing where no rule distributes best overall."""

    def __init__(self) -> None:
        self._solver: FlowSolver | None = None

    def ship(self, network: Network) -> Shipment:
        if self._solver is None:
            from work_assignment.solvers.min_cost_flow import OrToolsFlowSolver

            self._solver = OrToolsFlowSolver()
        return self._solver.ship(network)
