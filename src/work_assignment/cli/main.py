"""The `wa` command: picks the command's module, and ends with 0 done, 1 refused, 2 wrong usage."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from types import ModuleType

from work_assignment.azure_storage.errors import StorageError
from work_assignment.cli.common import REFUSED, STOPPED_BY_HAND, Refused, show_shared_options
from work_assignment.cli.unreachable import unreachable
from work_assignment.dataverse.errors import DataverseError, InvalidRequest
from work_assignment.domain.errors import WorkAssignmentError
from work_assignment.settings import SettingsError

_MENDABLE = (
    Refused,
    SettingsError,
    WorkAssignmentError,
    DataverseError,
    InvalidRequest,
    StorageError,
)
NOBODY_READS = 141
"""What a shell says of a program whose output nobody reads any more."""
COMMANDS: dict[str, str] = {
    "apply": "work_assignment.cli.apply",
    "decide": "work_assignment.cli.decide",
    "demo": "work_assignment.cli.demo",
    "doctor": "work_assignment.cli.doctor",
    "explain": "work_assignment.cli.explain",
    "host": "work_assignment.cli.host",
    "mock": "work_assignment.cli.mock",
    "poison": "work_assignment.cli.poison",
    "reconcile": "work_assignment.cli.reconcile",
    "route": "work_assignment.cli.route",
    "segments": "work_assignment.cli.segments",
    "sweep": "work_assignment.cli.sweep",
    "unassigned": "work_assignment.cli.unassigned",
    "webhooks": "work_assignment.cli.webhooks",
}
"""Each command's module, loaded when it is asked for: no command waits for what others need."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; errors that a user can mend are one line on standard error."""
    try:
        try:
            return _run(arguments)
        finally:
            sys.stdout.flush()  # at the interpreter's end it would be too late to be quiet
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOBODY_READS


def _run(arguments: Sequence[str] | None) -> int:
    given = sys.argv[1:] if arguments is None else arguments
    named = given[0] if given and given[0] in COMMANDS else None
    parsed, unknown = parser(named).parse_known_args(given)
    if unknown:
        parsed.refuse(f"unrecognized arguments: {' '.join(unknown)}")
    try:
        status: int = module_of(parsed.command).run(parsed)
    except _MENDABLE as exc:
        print(_told(parsed.command, unreachable(exc) or str(exc)), file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        return STOPPED_BY_HAND
    return status


def _told(command: str, text: str) -> str:
    """An error behind the command's name; several have their own lines below it."""
    return f"wa {command}: this is wrong:\n{text}" if "\n" in text else f"wa {command}: {text}"


def module_of(command: str) -> ModuleType:
    """The module that has a command's options and runs it."""
    return import_module(COMMANDS[command])


def parser(only: str | None = None) -> argparse.ArgumentParser:
    """All commands with their options, or one."""
    whole = argparse.ArgumentParser(
        prog="wa", description="Every lead and opportunity reaches the right seller within seconds."
    )
    whole.add_argument("--version", action="version", version=f"wa {version('work-assignment')}")
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in COMMANDS if only is None else (only,):
        module = module_of(name)
        command = commands.add_parser(name, help=module.SUMMARY, description=module.__doc__)
        module.add_arguments(command)
        show_shared_options(command)
        command.set_defaults(refuse=command.error)
    return whole
