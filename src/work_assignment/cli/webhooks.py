"""wa webhooks sync | list | test: registers the app's webhooks, shows and tests them."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from work_assignment.cli.common import DONE, Refused, add_common, connection, print_json
from work_assignment.cli.tables import with_details
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.definition_store import DefinitionStore
from work_assignment.dataverse.probe_rows import ProbeRows
from work_assignment.dataverse.unavailable import away_means_unavailable
from work_assignment.dataverse.watch_store import WatchStore
from work_assignment.dataverse.webhook_store import WebhookStore
from work_assignment.services.webhook_proof import Proof, check_registration, prove
from work_assignment.services.webhook_registration import (
    Registration,
    Report,
    events_url,
    keep_steps,
    registered,
    sync,
)
from work_assignment.services.webhook_steps import (
    ENDPOINT_NAME,
    IN_LINE,
    StepState,
    compare,
    wanted_steps,
    watch_of,
)

SUMMARY = "register the webhooks that bring events to the app, list and test them"
KEY_SETTING = "WA_FUNCTION_KEY"
_ACTIONS = ("sync", "list", "test")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_common(parser)
    parser.add_argument(
        "action",
        choices=_ACTIONS,
        help="bring the registration up to date; show it beside what it should be; "
        "have an event posted and wait until the app has it",
    )
    parser.add_argument(
        "--endpoint",
        metavar="URL",
        help="where Dataverse reaches the app; sync needs it, test goes by the registration",
    )
    parser.set_defaults(misused=parser.error)


def run(arguments: argparse.Namespace) -> int:
    """Sync, list or test; a second sync has nothing to do."""
    if arguments.action == "list":
        return _list(arguments)
    if arguments.action == "test":
        return _test(arguments)
    if not arguments.endpoint:
        arguments.misused("sync needs --endpoint URL, the address where Dataverse reaches the app")
    with connection(arguments) as client:
        report = sync_with(client, arguments.endpoint, _key())
    if arguments.json:
        print_json(as_data(report))
        for line in lacking(report):
            print(f"wa webhooks: {line}", file=sys.stderr)
    else:
        for line in in_words(report):
            print(line)
    return DONE


def _key() -> str:
    key = os.environ.get(KEY_SETTING)
    if not key:
        raise Refused(f"{KEY_SETTING} is missing; set it to the app's function key")
    return key


def sync_with(client: DataverseClient, app_url: str, key: str) -> Report:
    """Register the app's address for what the active definitions ask to be told of."""
    with away_means_unavailable():
        rulebook = DefinitionStore(client).rulebook()
        return sync(app_url, key, WebhookStore(client), watch_of(rulebook))


def keep_with(client: DataverseClient) -> Report | None:
    """Bring the steps into line with the active definitions; None where nothing is registered."""
    store = WebhookStore(client)
    registration = registered(store)
    if registration is None:
        return None
    with away_means_unavailable():
        watch = watch_of(DefinitionStore(client).rulebook())
    return keep_steps(registration.endpoint.id, registration.steps, store, watch)


def in_words(report: Report) -> Iterator[str]:
    """What was done, one action a line, and what Dataverse does not offer."""
    if not report.actions:
        yield "Webhooks: nothing differed."
    else:
        yield "Webhooks:"
        for action in report.actions:
            columns = f" ({', '.join(action.columns)})" if action.columns else ""
            yield f"  {action.verb} {action.name}{columns}"
    yield from lacking(report)


def lacking(report: Report) -> Iterator[str]:
    """What Dataverse does not offer, one a line."""
    for step in report.not_offered:
        yield f"Dataverse offers no {step}"


def as_data(report: Report) -> list[dict[str, Any]]:
    """What was done, as plain data."""
    return [asdict(action) for action in report.actions]


def _list(arguments: argparse.Namespace) -> int:
    """Show the steps there are and those there should be."""
    with connection(arguments) as client:
        registration = registered(WebhookStore(client))
        if registration is None:
            raise Refused("nothing is registered; 'wa webhooks sync --endpoint URL' does that")
        with away_means_unavailable():
            wanted = wanted_steps(watch_of(DefinitionStore(client).rulebook()))
    states = compare(registration.steps, wanted)
    if arguments.json:
        print_json(_data(registration, states))
    else:
        for line in _lines(registration, states):
            print(line)
    return DONE


def _lines(registration: Registration, states: Sequence[StepState]) -> Iterator[str]:
    yield f"posts to {registration.endpoint.row.url}"
    yield ""
    rows = [("message", "table", "enabled", "mode"), *map(_cells, states)]
    details = [tuple(_details(state)) for state in states]
    yield from with_details(rows, details, to_the_right=())
    drifted = sum(state.condition not in IN_LINE for state in states)
    yield ""
    if drifted:
        yield f"{drifted} not as definitions ask: 'wa webhooks sync' or the app itself mends it."
    else:
        yield "All is as the definitions ask."


def _cells(state: StepState) -> tuple[str, ...]:
    row, is_there = state.row, state.found is not None
    return (
        row.message,
        row.record_type,
        ("yes" if row.enabled else "no") if is_there else "-",
        _mode(state) if is_there else "-",
    )


def _details(state: StepState) -> Iterator[str]:
    if state.row.columns:
        yield ", ".join(state.row.columns)
    elif state.row.message == "Update":
        yield "any column"
    if state.drift:
        yield f"! {state.drift}"


def _mode(state: StepState) -> str:
    return "asynchronous" if state.row.after_commit else "while saving"


def _data(registration: Registration, states: Sequence[StepState]) -> dict[str, Any]:
    return {
        "endpoint": ENDPOINT_NAME,
        "address": registration.endpoint.row.url,
        "steps": [
            {
                "name": state.row.name,
                "message": state.row.message,
                "table": state.row.record_type,
                "columns": list(state.row.columns),
                "enabled": state.found is not None and state.row.enabled,
                "mode": _mode(state) if state.found is not None else None,
                "condition": state.condition.value,
                "differs": list(state.differ),
                "wanted_columns": None if state.wanted is None else list(state.wanted.columns),
            }
            for state in states
        ],
    }


def _test(arguments: argparse.Namespace) -> int:
    """Have an event posted and wait until the app has it."""
    from work_assignment.cli.app_probe import RunningApp

    key = _key()
    with connection(arguments) as client:
        registration = check_registration(registered(WebhookStore(client)), key)
        there = events_url(arguments.endpoint or registration.endpoint.row.url)
        app = RunningApp(there, key)
        proof = prove(ProbeRows(client), app, WatchStore(client, ENDPOINT_NAME))
    if arguments.json:
        ahead = proof.clocks_differ
        print_json(
            {
                "arrived": True,
                "seconds": round(proof.seconds, 1),
                "app": app.address,
                "clock_ahead_seconds": None if ahead is None else round(ahead.total_seconds()),
            }
        )
    else:
        for line in _proof_lines(proof, app.address):
            print(line)
    return DONE


def _proof_lines(proof: Proof, address: str) -> Iterator[str]:
    yield f"An event went from Dataverse to {address} in {proof.seconds:.1f} s."
    if proof.clocks_differ is not None:
        seconds = proof.clocks_differ.total_seconds()
        side = "ahead of" if seconds > 0 else "behind"
        yield f"The app's clock is {abs(seconds):.0f} s {side} Dataverse's: set it right."
