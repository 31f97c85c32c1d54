"""wa apply FOLDER: segments, rules, sellers and settings as files, written to Dataverse."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from textwrap import fill

from work_assignment.cli import webhooks
from work_assignment.cli.common import DONE, add_common, connection, print_json
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.configuration_store import ConfigurationStore
from work_assignment.dataverse.errors import DataverseError
from work_assignment.domain.errors import WorkAssignmentError
from work_assignment.services.configuration.applying import AppliedReport, apply
from work_assignment.services.configuration.comparison import plan
from work_assignment.services.configuration.folder import read_folder
from work_assignment.services.webhook_registration import Report

PAST: dict[str, str] = {
    "create": "created",
    "update": "updated",
    "deactivate": "deactivated",
    "link": "linked",
    "unlink": "unlinked",
}
_WIDTH = 80
SUMMARY = "write segments, rules, sellers and settings from YAML files"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_common(parser)
    parser.add_argument("folder", type=Path, help="the folder of YAML files")
    parser.add_argument(
        "--force", action="store_true", help="even if more than half of what is active would go"
    )


def run(arguments: argparse.Namespace) -> int:
    """Check, compare and write what differs; a second time there is nothing to write."""
    with connection(arguments) as client:
        report = apply_folder(client, arguments.folder, force=arguments.force)
        hooks = _webhooks_kept(client)
    if arguments.json:
        changes = [
            {"action": action.verb, "kind": action.kind.value, "name": action.name}
            for action in report.actions
        ]
        done = None if hooks is None else webhooks.as_data(hooks)
        print_json({"changes": changes, "stamp": report.stamp, "webhooks": done})
    else:
        for action in report.actions:
            print(action)
        print(told(report, "Applied"))
        if hooks is not None and (hooks.actions or hooks.not_offered):
            for line in webhooks.in_words(hooks):
                print(line)
    return DONE


def _webhooks_kept(client: DataverseClient) -> Report | None:
    """What was changed of the webhooks; None where none is registered, or that could not be done.

    The definitions are written by now: whatever goes wrong here, the app itself mends later.
    """
    try:
        return webhooks.keep_with(client)
    except (WorkAssignmentError, DataverseError) as exc:
        why = "the webhooks were not brought into line, which the app tries within the hour"
        print(f"wa apply: {why}: {exc}", file=sys.stderr)
        return None


def apply_folder(client: DataverseClient, folder: Path, *, force: bool = False) -> AppliedReport:
    """Read a folder, compare it with Dataverse, and write what differs."""
    store = ConfigurationStore(client)
    return apply(plan(read_folder(folder), store), store, force=force)


def told(report: AppliedReport, before: str) -> str:
    """The same behind a word, in lines of a terminal's width."""
    return fill(f"{before}: {in_words(report)}.", _WIDTH, subsequent_indent="  ")


def in_words(report: AppliedReport) -> str:
    """How many of what were changed."""
    counts = Counter((action.verb, action.kind) for action in report.actions)
    if not counts:
        return "nothing differed"
    return ", ".join(
        f"{PAST[verb]} {count} {_plural(kind.value) if count > 1 else kind.value}"
        for (verb, kind), count in counts.items()
    )


def _plural(noun: str) -> str:
    return noun if noun.endswith("s") else f"{noun}s"
