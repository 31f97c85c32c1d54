"""wa sweep: decide now what waits, list the sweeps there were, stop or undo one."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from uuid import UUID

from work_assignment.bootstrap import now, sweeping
from work_assignment.cli import sweep_view, sweep_watch, undo_progress
from work_assignment.cli.common import (
    DONE,
    REFUSED,
    STOPPED_BY_HAND,
    Refused,
    add_common,
    connection,
    print_json,
    settings_for,
)
from work_assignment.cli.sweep_progress import display
from work_assignment.dataverse.sweep_store import SweepStore
from work_assignment.domain.errors import Unavailable
from work_assignment.domain.runs.sweeps import Sweep, SweepStatus
from work_assignment.services import sweep_keeping
from work_assignment.services.blocks import RESERVED_FOR_MANY
from work_assignment.services.sweep_orders import Order
from work_assignment.services.sweep_reports import SweepReport
from work_assignment.services.sweep_turns import waiting_for
from work_assignment.services.undoing import STOPPED

SUMMARY = "decide now what waits; list sweeps, stop or undo one"
_LISTED = 50
_OPTIONS = ("segment", "record_type", "since", "limit", "watch")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_common(parser)
    parser.add_argument(
        "--segment",
        metavar="NAME",
        help="only records of this segment; 'default' has those without",
    )
    parser.add_argument("--record-type", metavar="TYPE", help="only records of this table")
    parser.add_argument(
        "--since",
        type=day,
        metavar="DATE",
        help="records created on this day or later, also those older than the definitions",
    )
    parser.add_argument("--limit", type=number, metavar="N", help="at most so many, oldest first")
    parser.add_argument(
        "--watch",
        action="store_true",
        default=None,
        help="have the running app do it, and watch; Ctrl-C ends the watching, not the sweep",
    )
    parser.set_defaults(misused=parser.error)
    actions = parser.add_subparsers(dest="action", metavar="[list | stop ID | undo ID]")
    listing = actions.add_parser("list", help=f"the last {_LISTED} sweeps, newest first")
    stopping = actions.add_parser("stop", help="end one that goes on, after its block at hand")
    undoing = actions.add_parser("undo", help="give records back to their previous owners")
    for action in (stopping, undoing):
        action.add_argument("id", metavar="ID", help="the sweep's id, as it was printed")
    undoing.add_argument("--dry-run", action="store_true", help="show it and write nothing")
    for action in (listing, stopping, undoing):
        action.add_argument("--url", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
        action.add_argument(
            "--json", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS
        )


def day(text: str) -> date:
    """A day, for argparse."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day such as 2026-01-31") from None


def number(text: str) -> int:
    """How many records, for argparse."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of records, such as 500")
    return int(text)


def run(arguments: argparse.Namespace) -> int:
    """Sweep, list, stop or undo; 1 when not all could be done that was asked."""
    if arguments.action is None:
        return _watch(arguments) if arguments.watch else _sweep(arguments)
    for option in _OPTIONS:
        if getattr(arguments, option) is not None:
            name = option.replace("_", "-")
            arguments.misused(f"--{name} says what to sweep; 'sweep {arguments.action}' sweeps not")
    actions = {"list": _list, "stop": _stop, "undo": _undo}
    return actions[arguments.action](arguments)


def _order(arguments: argparse.Namespace) -> Order:
    return Order(arguments.segment, arguments.record_type, arguments.since, arguments.limit)


def _sweep(arguments: argparse.Namespace) -> int:
    return _tell(swept_here(arguments, _order(arguments)), arguments)


def swept_here(arguments: argparse.Namespace, order: Order) -> SweepReport:
    """Sweep in this process; Ctrl-C ends it after the block at hand."""
    with (
        _ending_at_once(_held),
        stoppable() as stopped,
        display(is_json=arguments.json, limit=arguments.limit) as shown,
        sweeping(
            settings_for(arguments),
            stopped=stopped,
            begun=shown.begun,
            progress=shown.show,
            waiting=_say_waiting,
        ) as tools,
    ):
        return tools.sweeper.sweep(order)


def _say_waiting(first: Sweep) -> None:
    print(f"wa sweep: {waiting_for(first)}; Ctrl-C ends the waiting", file=sys.stderr, flush=True)


@contextmanager
def _ending_at_once(consequence: Callable[[], str]) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        print(f"wa sweep: ended at once; {consequence()}", file=sys.stderr)
        raise


def _held() -> str:
    until = (now() + RESERVED_FOR_MANY).strftime("%H:%M UTC")
    return f"what was reserved is held until {until} at the latest, then the app settles it"


def _watch(arguments: argparse.Namespace) -> int:
    return _tell(swept_by_the_app(arguments, _order(arguments)), arguments)


def swept_by_the_app(arguments: argparse.Namespace, order: Order) -> SweepReport:
    """Have the running app sweep, and watch; Ctrl-C ends the watching alone."""
    sweep: Sweep | None = None
    try:
        with (
            connection(arguments) as client,
            display(is_json=arguments.json, limit=arguments.limit) as shown,
        ):
            store, scope, sweep = sweep_watch.hand_over(client, order)
            shown.begun(store, scope)
            return sweep_watch.follow(store, sweep, shown)
    except (KeyboardInterrupt, Unavailable):
        if sweep is not None:
            # After the display, which would wrap what is to be copied.
            print("wa sweep: it is not watched any more, and goes on; to stop it:", file=sys.stderr)
            print(f"wa sweep stop {sweep.id}", file=sys.stderr)
        raise


def _tell(report: SweepReport, arguments: argparse.Namespace) -> int:
    if arguments.json:
        print_json(sweep_view.swept_data(report))
    else:
        _print(sweep_view.swept(report))
    return status_of(report)


def status_of(report: SweepReport) -> int:
    """Whether all was done that was asked."""
    is_whole = not (report.left or report.passed_by)
    return DONE if report.sweep.status is SweepStatus.SUCCEEDED and is_whole else REFUSED


def _list(arguments: argparse.Namespace) -> int:
    with connection(arguments) as client:
        sweeps = SweepStore(client, dict).newest(_LISTED)
    if arguments.json:
        print_json([sweep_view.sweep_data(sweep) for sweep in sweeps])
    else:
        _print(sweep_view.listed(sweeps))
    return DONE


def _id(arguments: argparse.Namespace) -> str:
    try:
        return str(UUID(arguments.id))
    except ValueError:
        raise Refused(f"{arguments.id!r} is not the id of a sweep") from None


def _stop(arguments: argparse.Namespace) -> int:
    with connection(arguments) as client:
        sweep = sweep_keeping.stop(SweepStore(client, dict), _id(arguments), now())
    if sweep is None:
        raise Refused(f"no sweep {arguments.id} is going on")
    if arguments.json:
        print_json(sweep_view.sweep_data(sweep))
    else:
        print(f"{sweep.name}: it ends after its block at hand")
    return DONE


def _undo(arguments: argparse.Namespace) -> int:
    sweep_id = _id(arguments)
    is_dry = arguments.dry_run
    with (
        _ending_at_once(lambda: f"to go on: wa sweep undo {sweep_id}"),
        stoppable() as stopped,
        undo_progress.display(is_json=arguments.json) as shown,
        sweeping(settings_for(arguments), stopped=stopped, undoing=shown.show) as tools,
    ):
        report = tools.undoer.undo(sweep_id, dry_run=is_dry)
    if arguments.json:
        print_json(sweep_view.undone_data(report, is_dry=is_dry))
    else:
        _print(sweep_view.undone(report, is_dry=is_dry))
    if report.ended_early == STOPPED:
        return STOPPED_BY_HAND
    return DONE if report.is_complete else REFUSED


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        print(line)


@contextmanager
def stoppable() -> Iterator[Callable[[], bool]]:
    """Let Ctrl-C and SIGTERM end the sweep after its block; the second time, at once."""
    stop = threading.Event()

    def told(*_: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        print("wa sweep: ending after these records; again to end at once", file=sys.stderr)

    before = {number: signal.signal(number, told) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
