"""wa reconcile: find now what changed and no webhook told of, as the app does each night."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from work_assignment.bootstrap import reconciling
from work_assignment.cli.common import DONE, REFUSED, add_common, print_json, settings_for
from work_assignment.cli.tables import aligned
from work_assignment.domain.runs.changes import Found
from work_assignment.services.reconciling import Reconciled

SUMMARY = "find what changed and no webhook told of"
_NUMBERS = (2, 3, 4, 5)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_common(parser)


def run(arguments: argparse.Namespace) -> int:
    """Look at every watched table; 1 when one of them could not be read to its end."""
    settings = settings_for(arguments)
    with reconciling(settings) as reconciler:
        result = reconciler.begin(budget=None)
    if arguments.json:
        print_json(_data(result))
    else:
        for line in reconciled(result):
            print(line)
    return DONE if result.is_complete else REFUSED


def _data(result: Reconciled) -> dict[str, Any]:
    return {
        "tables": [
            {
                "table": table,
                "by": found.how.value,
                "first_time": found.is_first,
                "read": found.read,
                "changed": found.changed,
                "by_us": found.own,
                "deleted": found.deleted,
                "queued": found.queued,
                "problem": found.problem or None,
            }
            for table, found in result.found.items()
        ],
        "left": list(result.left),
        "why": result.why or None,
    }


def reconciled(result: Reconciled) -> Iterator[str]:
    """A line a table, what could not be read, and what happens now."""
    if result.found:
        head = ("table", "by", "changed", "by us", "deleted", "queued")
        rows = [_row(table, found) for table, found in result.found.items()]
        yield from aligned([head, *rows], to_the_right=_NUMBERS)
    for table, found in result.found.items():
        if found.problem:
            yield f"{table} could not be read: {found.problem}"
        elif found.is_first:
            yield (
                f"{table}: looked at for the first time; what changes from now on is found. "
                "'wa sweep' takes up what waits."
            )
    if result.why:
        yield f"Not finished: {result.why}."
    elif not result.found:
        yield "Nothing is watched: no segment or rule is active."
    queued = sum(found.queued for found in result.found.values())
    if queued:
        yield f"{queued} on the queue; the running app looks at {'it' if queued == 1 else 'them'}."


def _row(table: str, found: Found) -> tuple[str, ...]:
    numbers = (found.changed, found.own, found.deleted, found.queued)
    return (table, found.how.value, *(f"{number:,}" for number in numbers))
