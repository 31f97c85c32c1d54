"""The flow solver that OR-Tools stands behind."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from work_assignment.domain.matching.flows import Network, Shipment
from work_assignment.solvers.min_cost_flow import FlowRefused, OrToolsFlowSolver


def network(supplies: list[int], *arcs: tuple[int, int, int, int]) -> Network:
    built = Network(supplies)
    for arc in arcs:
        built.add(*arc)
    return built


def ship(built: Network) -> Shipment:
    return OrToolsFlowSolver().ship(built)


def test_the_cheaper_way_is_filled_first() -> None:
    shipment = ship(network([5, 0, -5], (0, 1, 3, 1), (0, 2, 9, 4), (1, 2, 9, 1)))

    assert shipment.flows == [3, 2, 3]


def test_more_comes_before_cheaper() -> None:
    assert ship(network([1, 1, -2], (0, 2, 9, 1), (1, 2, 9, 1_000))).flows == [1, 1]


def test_what_does_not_fit_is_left() -> None:
    assert ship(network([7, -2], (0, 1, 9, 1))).flows == [2]


def test_without_arcs_nothing_flows() -> None:
    assert ship(network([7, -2])).flows == []


@pytest.mark.parametrize("cost", [2**61, -(2**61)])
def test_costs_beyond_its_range_are_refused_rather_than_wrong(cost: int) -> None:
    with pytest.raises(FlowRefused, match="BAD_COST_RANGE"):
        ship(network([1, -1], (0, 1, 5, cost)))


ARCS = st.lists(
    st.tuples(st.integers(0, 2), st.integers(3, 5), st.integers(0, 6), st.integers(-9, 9)),
    max_size=12,
)


@settings(deadline=None)
@given(st.lists(st.integers(0, 6), min_size=3, max_size=3), ARCS)
def test_prices_prove_that_nothing_is_cheaper(
    supplies: list[int], arcs: list[tuple[int, ...]]
) -> None:
    built = Network([*supplies, -4, -4, -4])
    for tail, head, capacity, cost in arcs:
        built.add(tail, head, capacity, cost)

    shipment = ship(built)

    for number, (tail, head, capacity, cost) in enumerate(arcs):
        reduced = cost + shipment.prices[tail] - shipment.prices[head]
        assert reduced >= 0 or shipment.flows[number] == capacity
        assert reduced <= 0 or shipment.flows[number] == 0


def test_loading_it_loads_no_pandas() -> None:
    """The Functions host pays for each import at a cold start."""
    probe = "import sys, work_assignment.solvers.min_cost_flow; sys.exit('pandas' in sys.modules)"

    loaded = subprocess.run(  # noqa: S603  a fixed command
        [sys.executable, "-c", f"import sys; sys.path[:0] = {sys.path!r}; {probe}"], check=False
    )

    assert loaded.returncode == 0
