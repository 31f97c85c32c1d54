"""The bell's function: what is looked after besides never undoes that a bell was answered."""

from __future__ import annotations

from types import SimpleNamespace

import azure.functions as func
import pytest

from work_assignment.services.bell import TIMER
from work_assignment.services.ports import RunReport
from work_assignment.triggers import bell

SCHEDULES, LATER = "schedules", ["sweeps", "failed jobs", "changes", "webhooks", "overdue"]


class Chores:
    """What is done besides deciding; any of it may fail in a way that nobody foresaw."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.broken: set[str] = set()

    def named(self, chore: str) -> SimpleNamespace:
        """A service whose chore notes that it was done."""

        def do() -> None:
            self.done.append(chore)
            if chore in self.broken:
                raise LookupError(f"{chore} cannot be understood")

        return SimpleNamespace(look=do, look_after=do)


@pytest.fixture
def chores(monkeypatch: pytest.MonkeyPatch) -> Chores:
    chores = Chores()

    def decide(*, thorough: bool) -> RunReport:
        chores.done.append("deciding")
        return RunReport()

    app = SimpleNamespace(
        settings=SimpleNamespace(mode="on"),
        decider=SimpleNamespace(answer=decide),
        traffic=dict,
        seen=SimpleNamespace(bell=lambda: None),
        scheduling=chores.named(SCHEDULES),
        sweeps=chores.named("sweeps"),
        failed_jobs=chores.named("failed jobs"),
        reconciler=chores.named("changes"),
        webhooks=chores.named("webhooks"),
        escalation=chores.named("overdue"),
    )
    monkeypatch.setattr(bell, "application", lambda: app)
    return chores


def answer(text: str) -> None:
    function = bell.blueprint._function_builders[0].build().get_user_function()
    function(func.QueueMessage(body=text.encode()))


def test_the_timers_bell_asks_for_sweeps_decides_and_looks_after_the_rest_and_others_decide(
    chores: Chores,
) -> None:
    answer("")
    assert chores.done == ["deciding"]

    chores.done.clear()
    answer(TIMER)
    assert chores.done == [SCHEDULES, "deciding", *LATER]


@pytest.mark.parametrize("broken", [SCHEDULES, *LATER])
def test_what_cannot_be_looked_after_is_said_and_keeps_nothing_else_from_being_done(
    chores: Chores, caplog: pytest.LogCaptureFixture, broken: str
) -> None:
    chores.broken = {broken}

    answer(TIMER)

    assert chores.done == [SCHEDULES, "deciding", *LATER]
    assert f"{broken} cannot be understood" in caplog.text
