"""A small case, and what is made of others like it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from work_assignment.services.cases.playing import play
from work_assignment.services.cases.reading import read_case
from work_assignment.services.cases.tables import Metadata
from work_assignment.services.cases.telling import output
from work_assignment.services.configuration.problems import ConfigurationErrors
from work_assignment.solvers.on_demand import FlowSolverOnDemand

AT = "2026-03-04T09:00:00Z"
SMALL: Mapping[str, Any] = {
    "at": AT,
    "sellers": [{"id": "ana", "name": "Ana"}, {"id": "ben", "name": "Ben"}],
    "segments": [{"name": "Fairs"}],
    "rules": [{"name": "Anyone", "segment": "Fairs"}],
    "events": [{"new": {"id": "L1"}}],
}


def a_case(**changes: Any) -> dict[str, Any]:
    """The small case with other keys; a key that is None is left out."""
    return {key: value for key, value in {**SMALL, **changes}.items() if value is not None}


def outputs(case: object, metadata: Metadata | None = None) -> list[dict[str, Any]]:
    """What comes out of a case."""
    read = read_case(json.dumps(case), "case.json", metadata)
    return [output(one) for one in play(read, FlowSolverOnDemand())]


def problems(case: object, metadata: Metadata | None = None) -> list[str]:
    """What is wrong with a case, without the name of the file."""
    return problems_of_text(json.dumps(case), metadata)


def problems_of_text(text: str, metadata: Metadata | None = None) -> list[str]:
    with pytest.raises(ConfigurationErrors) as caught:
        read_case(text, "case.json", metadata)
    found = [str(problem) for problem in caught.value.problems]
    assert all(line.startswith("case.json") for line in found)
    return [line.removeprefix("case.json").removeprefix(": ") for line in found]


def segment(**changes: Any) -> list[dict[str, Any]]:
    return [{"name": "Fairs", **changes}]


def rule(**changes: Any) -> list[dict[str, Any]]:
    return [{"name": "Anyone", "segment": "Fairs", **changes}]


def seller(**changes: Any) -> list[dict[str, Any]]:
    return [{"id": "ana", **changes}]
