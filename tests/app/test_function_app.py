"""function_app.py as Microsoft's own indexing sees it, on whichever Python runs the tests."""

from __future__ import annotations

import json
import re
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from work_assignment.local_host.host_json import read_host_json
from work_assignment.local_host.snapshot import snapshot

ROOT = Path(__file__).parents[2]


def test_the_app_declares_just_the_functions_in_the_snapshot() -> None:
    expected = json.loads((Path(__file__).parent / "functions.json").read_text(encoding="utf-8"))
    assert snapshot(ROOT) == expected


def test_the_timer_for_sweeps_is_there_where_a_schedule_is_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WA_SWEEP_SCHEDULE", "0 0 6 * * *")
    timers = {entry["name"]: entry.get("schedule") for entry in snapshot(ROOT)}
    assert timers["sweep_timer"] == "%WA_SWEEP_SCHEDULE%"


def test_host_json_is_understood_without_a_warning() -> None:
    config, problems = read_host_json(ROOT)
    assert problems == ()
    assert config.warnings == ()
    assert config.route_prefix == "api"
    assert config.queues.base64


def test_every_setting_that_a_binding_names_is_in_the_sample_settings() -> None:
    sample = json.loads((ROOT / "local.settings.sample.json").read_text(encoding="utf-8"))["Values"]
    named = {
        name
        for entry in snapshot(ROOT)
        for name in (*re.findall(r"%(\w+)%", entry.get("schedule", "")), entry.get("connection"))
        if name
    }
    assert named
    assert named <= set(sample)


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_requirements_are_pinned_exactly(file: str) -> None:
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    packages = [line for line in lines if line and not line.startswith(("#", "-r"))]
    assert packages
    assert [line for line in packages if not re.match(r"[\w.-]+==[\w.]+( ; .+)?$", line)] == []


def test_nothing_for_development_is_in_what_azure_runs() -> None:
    azure = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    for package in ("pytest", "ruff", "mypy", "cheroot", "rich", "hypothesis", "responses"):
        assert package not in azure


def test_microsofts_indexing_package_is_the_one_for_this_python() -> None:
    assert version("azure-functions").startswith("1." if sys.version_info < (3, 13) else "2.")
