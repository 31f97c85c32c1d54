"""wa poison: shows what was given up, and sends it again."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence

from work_assignment.azure_storage.errors import StorageError
from work_assignment.bootstrap import poison
from work_assignment.cli.common import DONE, Refused, add_common, print_json
from work_assignment.services.poison import (
    GivenUpMessage,
    Retried,
    poison_data,
    poison_of,
)
from work_assignment.settings import Settings, read_settings

SUMMARY = "show what was given up, and send it again"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_common(parser)
    actions = parser.add_subparsers(dest="action", required=True, metavar="list | retry")
    listing = actions.add_parser("list", help="what lies on the poison queues, oldest first")
    retrying = actions.add_parser("retry", help="put it back, with fresh patience")
    retrying.add_argument("id", nargs="*", metavar="ID", help="as 'wa poison list' shows it")
    retrying.add_argument("--all", action="store_true", help="everything there is")
    retrying.set_defaults(misused=retrying.error)
    for action in (listing, retrying):
        action.add_argument("--url", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
        action.add_argument(
            "--json", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS
        )


def run(arguments: argparse.Namespace) -> int:
    """List or retry; 1 when an id is not there, and then nothing was sent."""
    if arguments.action == "retry" and bool(arguments.id) == arguments.all:
        arguments.misused("name the ids of what is to be sent again, or say --all")
    try:
        with poison(_settings(arguments)) as box:
            if arguments.action == "list":
                return _list(box.contents(), as_json=arguments.json)
            retried = box.retry(None if arguments.all else arguments.id)
    except StorageError as exc:
        raise Refused(str(exc)) from None
    if arguments.json:
        print_json(
            {
                "sent": [poison_data(entry) for entry in retried.sent],
                "removed": [poison_data(entry) for entry in retried.removed],
            }
        )
    else:
        print(in_words(retried))
    return DONE


def _settings(arguments: argparse.Namespace) -> Settings:
    given = {"DATAVERSE_URL": arguments.url} if arguments.url else {}
    return read_settings({**os.environ, **given})


def _list(entries: Sequence[GivenUpMessage], *, as_json: bool) -> int:
    if as_json:
        print_json([poison_data(entry) for entry in entries])
    else:
        for line in listed(entries):
            print(line)
    return DONE


def listed(entries: Sequence[GivenUpMessage]) -> Iterator[str]:
    """Each with when, tries, queue, id and record on one line, what it says and why below."""
    if not entries:
        yield "Nothing was given up."
        return
    rows = [("given up (UTC)", "tries", "queue", "id", "record")]
    rows += [_row(entry) for entry in entries]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for number, row in enumerate(rows):
        yield "  ".join(
            text.rjust(width) if column == 1 else text.ljust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        if number:
            entry = entries[number - 1]
            yield f"    {_on_a_line(entry.says)}"
            yield f"    {_on_a_line(entry.why)}"
    yield ""
    yield f"{len(entries)} given up. 'wa poison retry ID ...' or '--all' sends again."


def _on_a_line(text: str) -> str:
    return " ".join(text.split())


def _row(entry: GivenUpMessage) -> tuple[str, str, str, str, str]:
    record = f"{entry.record.table} {entry.record.id}" if entry.record else "-"
    tries = "-" if entry.tries is None else str(entry.tries)
    at = f"{entry.given_up_at:%Y-%m-%d %H:%M:%S}"
    return (at, tries, poison_of(entry.queue), entry.id, record)


def in_words(retried: Retried) -> str:
    """What became of them."""
    if not (retried.sent or retried.removed):
        return "Nothing was given up."
    told = [f"{len(retried.sent)} sent again."]
    if retried.removed:
        number = len(retried.removed)
        bells = "1 bell" if number == 1 else f"{number} bells"
        told.append(f"{bells} removed: bells need no retry, the timer rings each minute.")
    return " ".join(told)
