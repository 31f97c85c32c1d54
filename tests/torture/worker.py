"""One worker of a campaign: answers the bell and sweeps, again and again, until it is ended."""

from __future__ import annotations

import logging
import os
import sys
import threading
from random import Random

from tests.torture.tampering import install

from work_assignment.bootstrap import Application, build, sweeping
from work_assignment.cli.common import call_when_told_to_end
from work_assignment.domain.errors import WorkAssignmentError
from work_assignment.services.sweep_orders import Order
from work_assignment.settings import Settings, read_settings

_SWEEPS = 0.04
_IS_THOROUGH = 0.3
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
    if dice.random() < _SWEEPS:
        with sweeping(settings, stopped=ended.is_set) as tools:
            tools.sweeper.sweep(Order(limit=dice.randint(5, 60)))
    else:
        application.decider.answer(thorough=dice.random() < _IS_THOROUGH)


if __name__ == "__main__":
    main(*sys.argv[1:])
