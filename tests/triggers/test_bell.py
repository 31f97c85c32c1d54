"""The bell's function: what is looked after besides never undoes that a bell was answered."""

from __future__ import annotations

from types import SimpleNamespace

import azure.functions as func
import pytest

from work_assignment.services.bell import TIMER
from work_assignment.services.ports import RunReport
from work_assignment.triggers import bell


class Chores:
    """Sweeps and failed jobs; either may fail in a way that nobody foresaw."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.broken: set[str] = set()

    def _do(self, chore: str) -> None:
        self.done.append(chore)
        if chore in self.broken:
            raise LookupError(f"{chore} cannot be understood")

    def look_after(self) -> None:
        self._do("sweeps")

    def look(self) -> None:
        self._do("failed jobs")


@pytest.fixture
def chores(monkeypatch: pytest.MonkeyPatch) -> Chores:
    chores = Chores()
    app = SimpleNamespace(
        settings=SimpleNamespace(mode="on"),
        decider=SimpleNamespace(answer=lambda *, thorough: RunReport()),
        traffic=dict,
        seen=SimpleNamespace(bell=lambda: None),
        sweeps=chores,
        failed_jobs=chores,
    )
    monkeypatch.setattr(bell, "application", lambda: app)
    return chores


def answer(text: str) -> None:
    function = bell.blueprint._function_builders[0].build().get_user_function()
    function(func.QueueMessage(body=text.encode()))


def test_the_timers_bell_looks_after_sweeps_and_failed_jobs_and_others_do_not(
    chores: Chores,
) -> None:
    answer("")
    assert chores.done == []

    answer(TIMER)
    assert chores.done == ["sweeps", "failed jobs"]


@pytest.mark.parametrize("broken", ["sweeps", "failed jobs"])
def test_what_cannot_be_looked_after_is_said_and_keeps_nothing_else_from_being_done(
    chores: Chores, caplog: pytest.LogCaptureFixture, broken: str
) -> None:
    chores.broken = {broken}

    answer(TIMER)

    assert chores.done == ["sweeps", "failed jobs"]
    assert f"{broken} cannot be understood" in caplog.text
