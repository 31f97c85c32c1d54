"""One worker of a campaign: answers bells, takes sweeps up and sweeps, until it is ended."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from random import Random

from tests.torture.tampering import install

from work_assignment.bootstrap import Application, build, sweeping
from work_assignment.cli.common import call_when_told_to_end
from work_assignment.domain.errors import WorkAssignmentError
from work_assignment.services.sweep_orders import Order
from work_assignment.settings import Settings, read_settings

_SWEEPS, _CARRIES_ON = 0.04, 0.08
_ANSWERS_THE_TIMER = 0.04
"""The hosts' timer rings, too; it does so once a minute of the run where its clock does not leap."""
_IS_THOROUGH = 0.3
_PATIENCE = 4.0
"""Seconds after which who sweeps by hand has enough of it."""
_LONGEST_PAUSE = 0.3
_log = logging.getLogger(__name__)


def main(seed: str) -> None:
    """Work until told to end."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING)
    install()
    ended, dice = threading.Event(), Random(seed)  # noqa: S311 - a seed repeats the run
    call_when_told_to_end(ended.set)
    settings = read_settings(os.environ)
    application = build(settings)
    sys.stdout.write("worker ready at work\n")
    sys.stdout.flush()
    while not ended.wait(dice.random() * _LONGEST_PAUSE):
        try:
            _work(application, settings, dice, ended)
        except WorkAssignmentError as exc:
            _log.warning("given up for now: %s", exc)
        except Exception:
            # The functions host, too, logs what a function raises and calls it again.
            _log.exception("failed")


def _work(
    application: Application, settings: Settings, dice: Random, ended: threading.Event
) -> None:
    chance = dice.random()
    if chance < _SWEEPS:
        until = time.monotonic() + _PATIENCE
        with sweeping(settings, stopped=lambda: ended.is_set() or _is_over(until)) as tools:
            tools.sweeper.sweep(Order(limit=dice.randint(5, 60)))
    elif chance < _SWEEPS + _CARRIES_ON:
        going_on = application.sweeps.sweeps.going_on()
        if going_on:  # as if a message had come twice
            application.sweeps.answer(dice.choice(going_on).id)
    elif chance > 1.0 - _ANSWERS_THE_TIMER:
        _answer_the_timer(application)
    else:
        application.decider.answer(thorough=dice.random() < _IS_THOROUGH)


def _is_over(until: float) -> bool:
    return time.monotonic() >= until


def _answer_the_timer(application: Application) -> None:
    """What the timer's bell has the app do, chores included."""
    application.scheduling.look()
    application.decider.answer(thorough=True)
    for chore in (
        application.sweeps.look_after,
        application.reconciler.look_after,
        application.webhooks.look,
        application.escalation.look,
    ):
        chore()


if __name__ == "__main__":
    main(*sys.argv[1:])
