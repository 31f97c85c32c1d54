"""Sweeps that the app carries out: those on the queue `wa-sweeps`, and those of a schedule."""

from __future__ import annotations

import azure.functions as func

from work_assignment.bootstrap import application
from work_assignment.services import telemetry
from work_assignment.services.sweep_requests import in_a_log

SCHEDULE_SETTING = "WA_SWEEP_SCHEDULE"

blueprint = func.Blueprint()
timer_blueprint = func.Blueprint()
"""Registered only where the schedule is set: Azure refuses a timer whose setting is missing, even
one that is disabled."""


@blueprint.function_name("carry_on_sweep")
@blueprint.queue_trigger(arg_name="sweep", queue_name="wa-sweeps", connection="AzureWebJobsStorage")
def carry_on_sweep(sweep: func.QueueMessage) -> None:
    """Go on with a sweep for a while; what is left then is put on the queue again."""
    app, text = application(), sweep.get_body().decode(errors="replace")
    with telemetry.session("sweep", app.traffic, sweep=in_a_log(text)):
        app.sweeps.answer(text)


@timer_blueprint.function_name("sweep_timer")
@timer_blueprint.timer_trigger(
    arg_name="timer", schedule=f"%{SCHEDULE_SETTING}%", run_on_startup=False
)
def sweep_timer(timer: func.TimerRequest) -> None:
    """Ask for the sweep that is due."""
    application().sweeps.schedule()
