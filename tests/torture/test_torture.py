"""A short campaign against the whole system: nothing is lost, and nothing happens twice."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.torture.campaign import Options, run
from tests.torture.checks import violations
from tests.torture.machines import ROOT, Machine
from tests.torture.plan import Plan
from tests.torture.proof import PROOFS, missed
from tests.torture.report import moves
from tests.torture.sabotage import SABOTAGES

SEED = 1


def test_a_storm_of_faults_violates_nothing() -> None:
    result = run(Options(SEED, seconds=20.0, quiet_seconds=150.0))
    assert {name: texts for name, texts in violations(result.evidence).items() if texts} == {}
    assert result.faults.total() > 100
    assert result.deaths.total() > 0
    assert len(result.evidence.runs) > 20
    assert sum(moves(result).values()) > 10
    assert {sweep.due_at is None for sweep in result.evidence.sweeps} == {True, False}


def test_the_same_seed_makes_the_same_plan() -> None:
    assert Plan(SEED).in_words() == Plan(SEED).in_words()
    assert Plan(SEED).in_words() != Plan(SEED + 1).in_words()


def test_without_if_match_the_checks_find_what_was_overwritten() -> None:
    proof = PROOFS["if-match"]
    assert missed(proof, run(proof.options)) != []


def test_every_protection_that_can_be_taken_out_has_its_proof() -> None:
    assert set(PROOFS) == set(SABOTAGES)


@pytest.mark.parametrize("name", SABOTAGES)
def test_what_is_taken_out_is_there(name: str) -> None:
    taken_out = python("-c", f"from tests.torture.sabotage import *; SABOTAGES[{name!r}]()")
    assert (taken_out.returncode, taken_out.stderr) == (0, "")


def test_a_machine_that_is_killed_is_gone(tmp_path: Path) -> None:
    machine = Machine("sleeper", ["-c", "print('x ready at y', flush=True); input()"], tmp_path)
    machine.start()
    assert not machine.has_died()
    machine.kill()
    assert (machine.starts, machine.deaths, machine.is_up) == (1, 1, False)


@pytest.mark.parametrize("arguments", [["--minutes", "0"], ["--without", "luck"]])
def test_what_cannot_be_run_is_refused(arguments: list[str]) -> None:
    refused = python("-m", "tests.torture", *arguments)
    assert refused.returncode == 2
    assert arguments[0] in refused.stderr


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python as the campaign does."""
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )
