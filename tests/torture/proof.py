"""Each protection taken out in turn, to see that a run breaks and the checks notice it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tests.torture.campaign import Options, Result, run
from tests.torture.checks import violations
from tests.torture.plan import CHOOSING, CONTENTION, CROWD


@dataclass(frozen=True, slots=True)
class Proof:
    """A run without one protection, and the checks of which one must fail.

    With `by_deadlocks` it is missed where transactions have been killed for each other's locks.
    """

    options: Options
    checks: Sequence[str] = ()
    by_deadlocks: bool = False


CROWDED = Options(seed=5, seconds=12.0, quiet_seconds=20.0, scene=CROWD)
"""Many workers on few sellers' rows, each of which is locked for a while."""


def _without(name: str, *checks: str, **changes: Any) -> tuple[str, Proof]:
    options = Options(seed=3, seconds=20.0, quiet_seconds=25.0, without=(name,), skew=0.0)
    return name, Proof(replace(options, **changes), checks)


PROOFS: Mapping[str, Proof] = dict(
    (
        _without(
            "if-match",
            "choices kept",
            "capacity kept",
            "everybody told once",
            scene=CONTENTION,
        ),
        _without("run-key", "one outcome a record", scene=CHOOSING),
        _without("settling", "no reservation left"),
        _without("delete-after-commit", "log and owner agree", scene=CHOOSING),
        ("row-order", Proof(replace(CROWDED, without=("row-order",)), by_deadlocks=True)),
    )
)
"""By the protection that is taken out."""


def prove(name: str, say: Callable[[str], object]) -> bool:
    """Run without a protection and tell what breaks; says whether anything does."""
    proof = PROOFS[name]
    result = run(proof.options)
    found = missed(proof, result)
    say(f"without {name} it breaks: {found[0]}" if found else f"without {name}: NOT NOTICED")
    return bool(found)


def deadlocks_in_order() -> float:
    """How many deadlocks the same crowd has while rows are touched in their order."""
    return run(CROWDED).locks.get("deadlocks", 0)


def missed(proof: Proof, result: Result) -> list[str]:
    """What shows that the protection is not there."""
    if proof.by_deadlocks:
        count = result.locks.get("deadlocks", 0)
        return [f"{count:g} deadlocks"] if count else []
    found = violations(result.evidence)
    return [f"{name}: {text}" for name in proof.checks for text in found[name]]
