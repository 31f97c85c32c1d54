"""wa apply FOLDER: segments, rules, sellers and settings as files, written to Dataverse."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from work_assignment.cli import webhooks
from work_assignment.cli.common import DONE, add_common, connection, print_json
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.configuration_store import ConfigurationStore
from work_assignment.dataverse.errors import DataverseError
from work_assignment.domain.errors import WorkAssignmentError
from work_assignment.services.configuration.applying import AppliedReport, apply
from work_assignment.services.configuration.comparison import plan
from work_assignment.services.configuration.folder import read_folder

PAST: dict[str, str] = {
    "create": "created",
    "update": "updated",
    "deactivate": "deactivated",
    "link": "linked",
    "unlink": "unlinked",
}
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
        print_json({"changes": changes, "stamp": report.stamp, "webhooks": hooks})
    else:
        for action in report.actions:
            print(action)
        print(f"Applied: {in_words(report)}.")
        if hooks:
            print(f"Webhooks: {hooks}.")
    return DONE


def _webhooks_kept(client: DataverseClient) -> str | None:
    """What was changed of the webhooks, or why that could not be; None where nothing was to be done.

    The definitions are written by now: whatever goes wrong here, the app itself mends later.
    """
    try:
        report = webhooks.keep_with(client)
    except (WorkAssignmentError, DataverseError) as exc:
        return f"not brought into line, the app tries it within the hour: {exc}"
    if report is None or not (report.actions or report.not_offered):
        return None
    return webhooks.in_words(report)


def apply_folder(client: DataverseClient, folder: Path, *, force: bool = False) -> AppliedReport:
    """Read a folder, compare it with Dataverse, and write what differs."""
    store = ConfigurationStore(client)
    return apply(plan(read_folder(folder), store), store, force=force)


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
