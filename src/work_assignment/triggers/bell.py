"""The bell: a timer rings it every minute, and the decider answers it."""

from __future__ import annotations

import logging
from datetime import timedelta

import azure.functions as func

from work_assignment.bootstrap import Application, application
from work_assignment.services import telemetry
from work_assignment.services.bell import TIMER

blueprint = func.Blueprint()

_log = logging.getLogger(__name__)


@blueprint.function_name("answer_bell")
@blueprint.queue_trigger(arg_name="bell", queue_name="wa-bell", connection="AzureWebJobsStorage")
def answer_bell(bell: func.QueueMessage) -> None:
    """Work until nothing is left to do; the timer's bell also finishes what dead workers left."""
    thorough = bell.get_body().decode(errors="replace") == TIMER
    app = application()
    if thorough:
        _ask_for_sweeps(app)
    with telemetry.session("decider", app.traffic) as figures:
        report = app.decider.answer(thorough=thorough)
        figures.report(report)
    app.seen.bell()
    if thorough and not (report.busy or report.away or app.settings.mode == "off"):
        _look_after(app)
    if report.written or report.held:
        _log.info(
            "%d assigned, %d unassigned, %d by hand, %d gone, %d held for what others reserved",
            report.assigned,
            report.unassigned,
            report.by_hand,
            report.gone,
            report.held,
        )


def _ask_for_sweeps(app: Application) -> None:
    """Have segments swept whose schedules say so; before deciding, so that theirs is the turn."""
    try:
        app.scheduling.look()
    except Exception:
        _log.exception("schedules could not be looked at; it is tried again in a minute")


def _look_after(app: Application) -> None:
    """See to what is not deciding.

    A bell that fails is answered again, and in the end put aside: that must not come of chores,
    which the next minute's bell brings again anyway.
    """
    for chore in (
        app.sweeps.look_after,
        app.failed_jobs.look,
        app.reconciler.look_after,
        app.webhooks.look,
        app.escalation.look,
    ):
        try:
            chore()
        except Exception:
            _log.exception("a chore of the timer's bell failed; it is tried again in a minute")


@blueprint.function_name("ring_bell")
@blueprint.timer_trigger(arg_name="timer", schedule="%WA_BELL_SCHEDULE%", run_on_startup=False)
def ring_bell(timer: func.TimerRequest) -> None:
    """Ring in case a webhook was lost: what waits in Dataverse waits whether or not one came."""
    application().bell.ring_in(timedelta(0), TIMER)
