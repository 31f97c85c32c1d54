"""The README is short, its commands exist, and what it names is there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from work_assignment.cli.main import parser

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^ {4,}\.venv/bin/wa (.+)$", README, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_wa_command_is_one_that_wa_understands(command: str) -> None:
    assert parser().parse_args(shlex.split(command)).command == command.split()[0]


def test_there_are_wa_commands_and_the_two_of_dev() -> None:
    assert len(COMMANDS) >= 3
    assert re.findall(r"^ {4}python3 dev\.py (\w+)", README, re.MULTILINE) == ["demo", "test"]


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"`((?:src|solution|tests|docs)/[\w/]*)`", README)))
)
def test_every_folder_that_is_named_is_there(path: str) -> None:
    assert (ROOT / path).is_dir()


def test_it_fits_on_a_screen_or_so() -> None:
    assert len(README.splitlines()) <= 80
