"""The reference names everything that can be used."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

import pytest
from tests.configuration.folders import forms_of
from tests.configuration.memory_store import MemoryStore

from work_assignment.cli.main import COMMANDS, module_of
from work_assignment.domain.filtering import attributes, operators
from work_assignment.local_host.snapshot import snapshot
from work_assignment.services.configuration.comparison import plan
from work_assignment.settings import MODES

ROOT = Path(__file__).parents[2]
REFERENCE = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")


def named(word: str) -> bool:
    return re.search(rf"`[^`]*(?<![\w-]){re.escape(word)}(?![\w-])[^`]*`", REFERENCE) is not None


@pytest.mark.parametrize("operator", sorted({*operators.OPERATORS, *attributes.OPERATORS}))
def test_every_operator_is_named(operator: str) -> None:
    assert named(operator)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_named_with_its_options(command: str) -> None:
    assert named(f"wa {command}")
    parser = argparse.ArgumentParser()
    module_of(command).add_arguments(parser)
    for option in re.findall(r"--[a-z-]+", parser.format_help()):
        assert named(option), f"{command} {option}"


def test_every_setting_of_the_sample_is_named() -> None:
    sample = json.loads((ROOT / "local.settings.sample.json").read_text(encoding="utf-8"))["Values"]
    for name in sample.keys() - {"FUNCTIONS_WORKER_RUNTIME"}:
        assert named(name)


def test_every_setting_that_the_code_reads_is_named() -> None:
    code = (ROOT / "src" / "work_assignment" / "settings.py").read_text(encoding="utf-8")
    for name in set(re.findall(r'"(DATAVERSE_\w+|WA_\w+|AzureWebJobsStorage)"', code)):
        assert named(name)


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_is_named(mode: str) -> None:
    assert named(mode)


def test_every_route_and_queue_is_named() -> None:
    for entry in snapshot(ROOT):
        if "route" in entry:
            assert named(f"/api/{entry['route']}")
        if "queue" in entry:
            assert named(entry["queue"])


def test_the_example_of_a_folder_can_be_applied_as_it_is() -> None:
    (example,) = re.findall(r"```yaml\n(segments:.*?)```", REFERENCE, re.DOTALL)
    made = [action.name for action in plan(forms_of(example), MemoryStore()).actions]
    assert "Trade shows (lead)" in made
    for key in ("schedule", "manager", "trigger_columns", "flap_limit", "sweep_limit"):
        assert f"{key}:" in example
