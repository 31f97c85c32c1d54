"""The nightly clearing of the run log."""

from __future__ import annotations

import logging

import azure.functions as func

from work_assignment.bootstrap import application
from work_assignment.domain.errors import Unavailable

blueprint = func.Blueprint()

NIGHTLY = "0 30 2 * * *"
"""In UTC. The job itself runs in Dataverse's background, so the hour matters little."""

_log = logging.getLogger(__name__)


@blueprint.function_name("clear_old_runs")
@blueprint.timer_trigger(arg_name="timer", schedule=NIGHTLY, run_on_startup=False)
def clear_old_runs(timer: func.TimerRequest) -> None:
    """Have Dataverse delete what is old; what a night misses, the next one takes along."""
    try:
        application().retention.clear()
    except Unavailable as exc:
        _log.warning("old runs are deleted another night: %s", exc)
