"""wa poison: shows what was given up, and sends it again or throws it away."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from work_assignment.bootstrap import poison
from work_assignment.cli.common import DONE, add_common, print_json, settings_for
from work_assignment.cli.tables import aligned
from work_assignment.services.poison import (
    MOST_SHOWN,
    Cleared,
    Contents,
    GivenUpMessage,
    poison_data,
    poison_of,
)

SUMMARY = "show what was given up, send it again or throw it away"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_common(parser)
    actions = parser.add_subparsers(dest="action", required=True, metavar="list | retry | drop")
    listing = actions.add_parser("list", help="what lies on the poison queues, oldest first")
    listing.add_argument(
        "--limit",
        type=_limit,
        default=MOST_SHOWN,
        metavar="N",
        help="how many are shown at most (default: %(default)s)",
    )
    retrying = actions.add_parser("retry", help="put it back, with fresh patience")
    dropping = actions.add_parser("drop", help="throw it away for good, without asking")
    for action in (retrying, dropping):
        action.add_argument("id", nargs="*", metavar="ID", help="as 'wa poison list' shows it")
        action.add_argument("--all", action="store_true", help="everything there is")
        action.set_defaults(misused=action.error)
    for action in (listing, retrying, dropping):
        action.add_argument("--url", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
        action.add_argument(
            "--json", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS
        )


def run(arguments: argparse.Namespace) -> int:
    """List, retry or drop; 1 when an id is not there, and then nothing was done."""
    is_list, is_drop = arguments.action == "list", arguments.action == "drop"
    if not is_list and bool(arguments.id) == arguments.all:
        arguments.misused("name the ids of what is meant, or say --all")
    with poison(settings_for(arguments)) as box:
        if is_list:
            return _list(box.contents(arguments.limit), as_json=arguments.json)
        ids = None if arguments.all else arguments.id
        cleared = box.drop(ids) if is_drop else box.retry(ids)
    if arguments.json:
        print_json(_cleared_data(cleared, is_drop=is_drop))
    else:
        print(in_words(cleared, is_drop=is_drop))
    return DONE


def _limit(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is no number of messages to show")
    return number


def _list(contents: Contents, *, as_json: bool) -> int:
    if as_json:
        entries = [poison_data(entry) for entry in contents.entries]
        print_json({"in_all": contents.in_all, "messages": entries})
    else:
        for line in listed(contents):
            print(line)
    return DONE


def _cleared_data(cleared: Cleared, *, is_drop: bool) -> dict[str, object]:
    kinds = {} if is_drop else {"sent": cleared.sent}
    kinds |= {"removed": cleared.removed, "elsewhere": cleared.elsewhere}
    told = {kind: [poison_data(entry) for entry in entries] for kind, entries in kinds.items()}
    return {**told, "left": cleared.left}


def listed(contents: Contents) -> Iterator[str]:
    """Each with when, tries, queue, id and record on one line, what it says and why below."""
    entries = contents.entries
    if not entries:
        yield _nothing(contents.in_all)
        return
    head, *lines = aligned(
        [("given up (UTC)", "tries", "queue", "id", "record"), *map(_row, entries)],
        to_the_right=(1,),
    )
    yield head
    for line, entry in zip(lines, entries, strict=True):
        yield line
        yield f"    {_on_a_line(entry.says)}"
        yield f"    {_on_a_line(entry.why)}"
    yield ""
    yield (
        f"{_count(contents)} given up. 'wa poison retry ID ...' or '--all' sends again, "
        "'wa poison drop' throws away."
    )


def _nothing(in_all: int) -> str:
    if in_all == 0:
        return "Nothing was given up."
    return f"{in_all} given up, and hidden while somebody else looks at them or sends them again."


def _count(contents: Contents) -> str:
    shown = len(contents.entries)
    return str(shown) if shown == contents.in_all else f"{shown} shown of {contents.in_all}"


def _on_a_line(text: str) -> str:
    return " ".join(text.split())


def _row(entry: GivenUpMessage) -> tuple[str, str, str, str, str]:
    record = f"{entry.record.table} {entry.record.id}" if entry.record else "-"
    tries = "-" if entry.tries is None else str(entry.tries)
    at = f"{entry.given_up_at:%Y-%m-%d %H:%M:%S}"
    return (at, tries, poison_of(entry.queue), entry.id, record)


def in_words(cleared: Cleared, *, is_drop: bool) -> str:
    """What became of them."""
    sent, removed, elsewhere = (
        len(kind) for kind in (cleared.sent, cleared.removed, cleared.elsewhere)
    )
    if not (sent or removed or elsewhere):
        return _nothing(cleared.left)
    told = [f"{removed} thrown away." if is_drop else f"{sent} sent again."]
    if removed and not is_drop:
        named = "1 bell" if removed == 1 else f"{removed} bells"
        told.append(f"{named} removed: bells need no retry, the timer rings each minute.")
    if elsewhere:
        told.append(f"{elsewhere} taken by somebody else meanwhile, and left to whoever that is.")
    if cleared.left:
        told.append(f"{cleared.left} left, given up meanwhile or in somebody else's hands.")
    return " ".join(told)
