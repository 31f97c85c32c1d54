"""The `wa` command: picks the command's module, and ends with 0 done, 1 refused, 2 wrong usage."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import version
from types import ModuleType

from work_assignment.cli import apply, decide, demo, explain, host, mock, segments, sweep, webhooks
from work_assignment.cli.common import REFUSED, Refused
from work_assignment.dataverse.errors import DataverseError, InvalidRequest
from work_assignment.domain.errors import WorkAssignmentError
from work_assignment.settings import SettingsError

COMMANDS: dict[str, ModuleType] = {
    "apply": apply,
    "decide": decide,
    "demo": demo,
    "explain": explain,
    "host": host,
    "mock": mock,
    "segments": segments,
    "sweep": sweep,
    "webhooks": webhooks,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; errors that a user can mend are one line on standard error."""
    parsed = parser().parse_args(arguments)
    try:
        status: int = COMMANDS[parsed.command].run(parsed)
    except (Refused, SettingsError, WorkAssignmentError, DataverseError, InvalidRequest) as exc:
        print(f"wa {parsed.command}: {exc}", file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        return 130
    return status


def parser() -> argparse.ArgumentParser:
    """All commands with their options."""
    whole = argparse.ArgumentParser(
        prog="wa", description="Every lead and opportunity reaches the right seller within seconds."
    )
    whole.add_argument("--version", action="version", version=f"wa {version('work-assignment')}")
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, module in COMMANDS.items():
        command = commands.add_parser(name, help=module.SUMMARY, description=module.__doc__)
        module.add_arguments(command)
    return whole
