"""Every golden case comes out as its file expects."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from work_assignment.domain.statuses import RoutingStatus
from work_assignment.services.cases.expectations import compare
from work_assignment.services.cases.playing import play
from work_assignment.services.cases.reading import Case, read_case
from work_assignment.services.cases.telling import explanation, output
from work_assignment.solvers.on_demand import FlowSolverOnDemand

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*/*.json"))
LONGEST = 45
NOT_BY_A_DECISION = {
    RoutingStatus.IN_PROGRESS,
    RoutingStatus.SERVER_ISSUE,
    RoutingStatus.NO_PRIVILEGES,
    RoutingStatus.APPLICATION_USER_LACKS_PERMISSION,
    RoutingStatus.UNDONE,
    RoutingStatus.UNCHANGED,
}
"""What only an organisation with users, faults and sweeps can come to."""
DECIDED = set(RoutingStatus) - NOT_BY_A_DECISION


def read(file: Path) -> Case:
    return read_case(file.read_text(encoding="utf-8"), file.relative_to(HERE).as_posix())


def name(file: Path) -> str:
    return file.relative_to(HERE).with_suffix("").as_posix()


@pytest.mark.parametrize("file", FILES, ids=name)
def test_a_case_is_decided_as_expected(file: Path) -> None:
    case = read(file)
    assert case.expect is not None, "the file has no 'expect'"
    decided = list(play(case, FlowSolverOnDemand(), is_traced=True))
    differences = compare(case.expect, [output(one) for one in decided])
    if differences:
        story = "\n".join(line for one in decided for line in explanation(one))
        pytest.fail("\n".join([*map(str, differences), "", story]), pytrace=False)


@pytest.mark.parametrize("file", FILES, ids=name)
def test_a_case_is_decided_alike_without_telling_how(file: Path) -> None:
    case = read(file)
    quick, told = (
        [output(one) for one in play(case, FlowSolverOnDemand(), is_traced=is_traced)]
        for is_traced in (False, True)
    )
    assert quick == told


@pytest.mark.parametrize("file", FILES, ids=name)
def test_a_case_fits_on_a_screen(file: Path) -> None:
    assert len(file.read_text(encoding="utf-8").splitlines()) <= LONGEST


def test_every_status_that_a_decision_can_give_is_shown_by_a_case() -> None:
    cases = [json.loads(file.read_text(encoding="utf-8")) for file in FILES]
    expected = [part for case in cases for part in case["expect"]]

    assert {part["status"] for part in expected if "status" in part} == DECIDED
    assert {part.get("segmentation_status") for part in expected} >= {1, 2, 3, 4, 5}
