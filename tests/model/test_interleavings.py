"""The protocol holds in whatever order things happen, and each of its protections is needed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from tests.model.interleavings import Interleavings
from tests.model.laws import LawBroken
from tests.model.protections import Protection

RUNS = 60
MOST_RUNS = 500
FOCUS: Mapping[Protection, Mapping[str, Any]] = {
    Protection.SELLERS_VERSIONS: {"capacity": 1, "is_calm": True, "has_lease": False},
    Protection.RECORDS_VERSIONS: {"capacity": None, "is_calm": False, "has_lease": False},
    Protection.CLAIMS: {"capacity": None, "is_calm": True, "has_lease": False},
    Protection.SETTLING: {},
    Protection.EVENTS_LAST: {"capacity": None, "is_calm": False, "has_lease": True},
}
"""Where to look for what each protection is for."""


def explore(
    runs: int,
    *phases: Phase,
    seeded: int,
    without: Protection | None = None,
    focus: Mapping[str, Any] | None = None,
) -> int:
    """Let the machine run, in the same ways each time; says how often it did."""

    class Machine(Interleavings):
        """This search's own."""

    Machine.without, Machine.focus, Machine.runs = without, focus or {}, 0
    bounds = settings(
        max_examples=runs,
        stateful_step_count=50,
        deadline=None,
        database=None,
        phases=phases,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
        report_multiple_bugs=False,
    )
    run_state_machine_as_test(seed(seeded)(Machine), settings=bounds)
    return Machine.runs


@pytest.mark.parametrize("part", range(4))
def test_the_laws_hold_in_whatever_order_things_happen(part: int) -> None:
    """In four parts, each of which explores ways of its own, so that they run beside each other."""
    assert explore(RUNS, Phase.generate, Phase.shrink, seeded=part) >= RUNS


@pytest.mark.parametrize("protection", Protection, ids=lambda protection: protection.name.lower())
def test_without_one_of_its_protections_it_would_not_hold(protection: Protection) -> None:
    with pytest.raises(LawBroken) as found:
        explore(MOST_RUNS, Phase.generate, seeded=0, without=protection, focus=FOCUS[protection])

    assert any(law in str(found.value) for law in protection.laws)
