"""What every command shares: its options, the connection, and how it ends."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from work_assignment.settings import Settings, read_connection, read_settings

if TYPE_CHECKING:
    from work_assignment.dataverse.client import DataverseClient

DONE, REFUSED, STOPPED_BY_HAND = 0, 1, 130
ENDS_WITH_INPUT = "WA_ENDS_WITH_INPUT"
"""Set by a parent process that wants us to end with it."""


class Refused(Exception):
    """The command cannot do what it was asked; the text says why, in one line."""


def add_common(parser: argparse.ArgumentParser) -> None:
    """The options of every command that works on an environment."""
    parser.add_argument("--url", help="the Dataverse environment; default: DATAVERSE_URL")
    add_json(parser)


def add_json(parser: argparse.ArgumentParser) -> None:
    """What also those commands take that need no environment."""
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")


def show_shared_options(command: argparse.ArgumentParser) -> None:
    """Have the help of a command's actions say what the command's own says of the same options."""
    said = {option.dest: option.help for option in command._actions}
    for option in command._actions:
        if not isinstance(option, argparse._SubParsersAction):
            continue
        for action in option.choices.values():
            for own in action._actions:
                if own.help == argparse.SUPPRESS and own.dest in said:
                    own.help = said[own.dest]


@contextmanager
def connection(arguments: argparse.Namespace) -> Iterator[DataverseClient]:
    """A client for the environment that the options and settings name."""
    # The client takes longer to load than a command without it takes to start.
    from work_assignment.bootstrap import connect

    url, credentials = read_connection(os.environ, arguments.url)
    with connect(url, credentials) as client:
        yield client


def settings_for(arguments: argparse.Namespace) -> Settings:
    """The app's settings, for the environment that the options name."""
    given = {"DATAVERSE_URL": arguments.url} if arguments.url else {}
    return read_settings({**os.environ, **given})


def print_json(data: Any) -> None:
    print(json.dumps(data, ensure_ascii=False, indent=2, default=_text))


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def console() -> Console:
    """Standard output; rich leaves colour away where it is no terminal."""
    return Console(highlight=False, soft_wrap=not sys.stdout.isatty())


def port(text: str) -> int:
    """A port number for argparse; 0 asks for a free one."""
    number = int(text)
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"{number} is no port; ports go from 0 to 65535")
    return number


def check_writable(path: Path) -> None:
    """Say before a long show, not after it, that its result cannot be written."""
    try:
        path.open("a").close()
    except OSError as exc:
        raise Refused(f"{path} cannot be written: {exc.strerror}") from None


def end_like_ctrl_c_when_told() -> None:
    """Let SIGTERM and a closed terminal end a command as Ctrl-C does: all it started is stopped.

    SIGINT is named too, because shells start background jobs with it ignored.
    """

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):  # Windows has no SIGHUP
            signal.signal(getattr(signal, name), interrupt)


def call_when_told_to_end(
    stop: Callable[[], object], told_again: Callable[[int], object] | None = None
) -> None:
    """Call `stop` at Ctrl-C, at SIGTERM and, where a parent asked for it, when the parent is gone.

    The parent keeps our standard input open as long as it lives, however it ends. From the second
    signal on `told_again` is called with its number, if it is given.
    """
    signals = 0

    def hear(number: int, _: object) -> None:
        nonlocal signals
        signals += 1
        if signals > 1 and told_again is not None:
            told_again(number)
        else:
            threading.Thread(target=stop).start()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, hear)
    if os.environ.get(ENDS_WITH_INPUT):

        def wait_for_the_end_of_input() -> None:
            sys.stdin.read()
            stop()

        threading.Thread(target=wait_for_the_end_of_input, daemon=True).start()
