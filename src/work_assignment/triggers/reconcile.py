"""The nightly reconcile: what no webhook told of."""

from __future__ import annotations

import logging

import azure.functions as func

from work_assignment.bootstrap import application
from work_assignment.domain.errors import Unavailable
from work_assignment.services import telemetry

SCHEDULE_SETTING = "WA_RECONCILE_SCHEDULE"
NIGHTLY = "0 15 3 * * *"
"""In UTC."""

blueprint = func.Blueprint()
"""Registered where the setting is missing: Azure refuses a timer that names it then."""
timer_blueprint = func.Blueprint()
"""Registered where the setting says when; where it is there and empty neither is."""

_log = logging.getLogger(__name__)


@blueprint.function_name("reconcile")
@blueprint.timer_trigger(arg_name="timer", schedule=NIGHTLY, run_on_startup=False)
def reconcile(timer: func.TimerRequest) -> None:
    """Look for changes by night."""
    _reconcile()


@timer_blueprint.function_name("reconcile")
@timer_blueprint.timer_trigger(
    arg_name="timer", schedule=f"%{SCHEDULE_SETTING}%", run_on_startup=False
)
def reconcile_when_set(timer: func.TimerRequest) -> None:
    """Look for changes when the setting says."""
    _reconcile()


def _reconcile() -> None:
    """What is not done within the function's time the timer's bell goes on with."""
    app = application()
    with telemetry.session("reconcile", app.traffic):
        try:
            why = app.reconciler.begin().why
        except Unavailable as exc:
            why = str(exc)
    if why:
        _log.warning("reconciling goes on later: %s", why)
