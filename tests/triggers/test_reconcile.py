"""The nightly reconcile's function: when it is there, and what it does while Dataverse is away."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import azure.functions as func
import pytest

from work_assignment.domain.errors import Unavailable
from work_assignment.local_host.snapshot import snapshot
from work_assignment.services.reconciling import Reconciled
from work_assignment.triggers import reconcile

ROOT = Path(__file__).parents[2]


def night(monkeypatch: pytest.MonkeyPatch, begin: Callable[[], Reconciled]) -> None:
    app = SimpleNamespace(reconciler=SimpleNamespace(begin=begin), traffic=dict)
    monkeypatch.setattr(reconcile, "application", lambda: app)
    for blueprint in (reconcile.blueprint, reconcile.timer_blueprint):
        function = blueprint._function_builders[0].build().get_user_function()
        function(func.TimerRequest)


def test_the_night_begins_a_reconcile(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    begun = []

    def begin() -> Reconciled:
        begun.append("begun")
        return Reconciled({})

    night(monkeypatch, begin)
    assert begun == ["begun", "begun"]
    assert caplog.text == ""


def test_a_night_without_dataverse_ends_with_a_word_and_no_error(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away() -> Reconciled:
        raise Unavailable("Dataverse is away")

    night(monkeypatch, away)
    assert "reconciling goes on later: Dataverse is away" in caplog.text


@pytest.mark.parametrize(
    ("setting", "schedule"),
    [(None, "0 15 3 * * *"), ("0 0 5 * * *", "%WA_RECONCILE_SCHEDULE%"), ("", None)],
)
def test_the_setting_moves_the_night_or_takes_it_away(
    monkeypatch: pytest.MonkeyPatch, setting: str | None, schedule: str | None
) -> None:
    if setting is None:
        monkeypatch.delenv("WA_RECONCILE_SCHEDULE", raising=False)
    else:
        monkeypatch.setenv("WA_RECONCILE_SCHEDULE", setting)
    timers = {entry["name"]: entry.get("schedule") for entry in snapshot(ROOT)}
    assert timers.get("reconcile") == schedule
