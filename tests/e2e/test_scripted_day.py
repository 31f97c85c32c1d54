"""The scripted day: played on virtual time, told to its end, and all of it as the script has it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from work_assignment.cli import demo_day
from work_assignment.cli.demo_day_acts import SATURDAY, Day
from work_assignment.cli.demo_world import World
from work_assignment.cli.main import main

ROOT = Path(__file__).parents[2]
NIGHT = ["22:40", "01:00", "03:00", "05:00", "08:00"]


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, str, dict[str, Any]]:
    """How the command ended, what it printed, and the story in its file."""
    file = tmp_path_factory.mktemp("day") / "day.json"
    command = [sys.executable, "-m", "work_assignment", "demo", "--once", "--scenario", "day"]
    played = subprocess.run(  # noqa: S603 - our own command
        [*command, "--app-root", str(ROOT), "--json", str(file)],
        env={**os.environ, "COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert file.exists(), played.stderr
    return played.returncode, played.stdout, json.loads(file.read_text(encoding="utf-8"))


def steps(story: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = story["steps"]
    return found


def test_every_step_of_the_day_is_as_the_script_has_it(
    day: tuple[int, str, dict[str, Any]],
) -> None:
    status, _, story = day
    wrong = [check for step in steps(story) for check in step["checks"] if not check["is_right"]]
    assert wrong == []
    assert (status, story["failed"]) == (0, 0)
    assert story["checks"] == sum(len(step["checks"]) for step in steps(story)) > 40


def test_the_night_is_retried_on_schedule_and_the_jump_of_the_clocks_costs_no_run(
    day: tuple[int, str, dict[str, Any]],
) -> None:
    _, _, story = day
    assert [step["at"] for step in steps(story)][1:6] == NIGHT
    assigned = [event for event in story["events"] if event["at"] == "08:00"]
    assert [event["what"] for event in assigned] == ["assigned"] * 3
    retried = [event for event in story["events"] if event["what"] == "tried again"]
    assert sorted({event["at"] for event in retried}) == ["01:00", "03:00", "05:00"]
    assert {event["on"] for event in retried} == {"29 Mar"}


def test_both_sellers_of_a_moved_lead_are_told_in_their_languages(
    day: tuple[int, str, dict[str, Any]],
) -> None:
    _, _, story = day
    (moved,) = (step for step in steps(story) if step["at"] == "10:15")
    told = {message["person"]: message["language"] for message in moved["messages"]}
    assert told == {"Jonas Weber": "de", "Elitsa Dimitrova": "bg"}


def test_the_day_can_be_read_in_eighty_columns(day: tuple[int, str, dict[str, Any]]) -> None:
    _, printed, story = day
    table = printed.partition("The day\n")[2].splitlines()
    assert max(map(len, printed.splitlines())) <= 80
    assert [line for line in table if line != line.rstrip()] == []
    assert f"{story['checks']} checks, all right" in printed


def test_a_scenario_has_an_organisation_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["demo", "--scenario", "day", "--data", str(tmp_path)])
    assert ended.value.code == 2
    assert "--data says nothing" in capsys.readouterr().err


def test_what_is_not_as_expected_is_told_and_the_day_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def wrong(day: Day) -> None:
        day.begin(SATURDAY, "17:00", "One lead comes in")
        day.stage.lead("Anna Berg")
        day.book.patience = 0
        day.belongs("Anna Berg", "Sabine Keller")

    def goes_on(day: Day) -> None:
        day.begin(SATURDAY, "18:00", "The day goes on")
        day.book.expect("it is later", "18:00", lambda: f"{day.stage.now():%H:%M}")

    monkeypatch.setattr(demo_day, "ACTS", (wrong, goes_on))
    file = tmp_path / "day.json"
    with World(tmp_path, ROOT) as world:
        status = demo_day.ScriptedDay(world, Console(width=80)).play(file)
    printed = capsys.readouterr().out
    assert status == 1
    assert "NOT SO Anna Berg is Sabine Keller's" in printed
    assert "expected: Sabine Keller\n       found:    nobody" in printed
    assert "2 checks, 1 not as expected" in printed
    first, second = steps(json.loads(file.read_text(encoding="utf-8")))
    assert [check["is_right"] for check in first["checks"] + second["checks"]] == [False, True]
