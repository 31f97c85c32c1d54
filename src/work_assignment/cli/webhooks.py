"""wa webhooks sync: registers the app's webhooks in Dataverse."""

from __future__ import annotations

import argparse
import os
from dataclasses import asdict

from work_assignment.cli.common import DONE, Refused, add_common, connection, print_json
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.definition_store import DefinitionStore
from work_assignment.dataverse.unavailable import away_means_unavailable
from work_assignment.dataverse.webhook_store import WebhookStore
from work_assignment.services.webhook_registration import Report, sync

SUMMARY = "register the webhooks that bring events to the app"
KEY_SETTING = "WA_FUNCTION_KEY"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_common(parser)
    parser.add_argument("action", choices=["sync"], help="bring the registration up to date")
    parser.add_argument(
        "--endpoint", required=True, metavar="URL", help="where Dataverse reaches the app"
    )


def run(arguments: argparse.Namespace) -> int:
    """Register what is missing or different; a second time there is nothing to do."""
    key = os.environ.get(KEY_SETTING)
    if not key:
        raise Refused(f"{KEY_SETTING} is missing; set it to the app's function key")
    with connection(arguments) as client:
        report = sync_with(client, arguments.endpoint, key)
    if arguments.json:
        print_json([asdict(action) for action in report.actions])
    else:
        print(f"Webhooks: {in_words(report)}.")
    return DONE


def sync_with(client: DataverseClient, app_url: str, key: str) -> Report:
    """Register the app's address for the record types and columns of the active definitions."""
    with away_means_unavailable():
        rulebook = DefinitionStore(client).rulebook()
        owner = {rulebook.owner_column} if rulebook.owner_column else set()
        watched = {table: columns | owner for table, columns in rulebook.columns.items()}
        return sync(app_url, key, WebhookStore(client), watched)


def in_words(report: Report) -> str:
    """What was done, in order."""
    done = (f"{action.verb} {action.name}" for action in report.actions)
    return ", ".join(done) or "nothing differed"
