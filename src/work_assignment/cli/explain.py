"""wa explain TYPE ID: why did this record go where it went?"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from uuid import UUID

from work_assignment.cli.common import DONE, REFUSED, Refused, add_common, connection, print_json
from work_assignment.cli.present import present
from work_assignment.dataverse.errors import NotFound
from work_assignment.dataverse.run_store import RunStore
from work_assignment.domain.runs.stories import story

SUMMARY = "tell one record's story: every outcome, and how it came about"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_common(parser)
    parser.add_argument("record_type", help="the record's table, such as lead")
    parser.add_argument("record_id", help="its id")


def run(arguments: argparse.Namespace) -> int:
    """Print the story; 1 when there is neither a record nor a run."""
    try:
        record_id = str(UUID(arguments.record_id))
    except ValueError:
        raise Refused(f"{arguments.record_id!r} is not the id of a record") from None
    with connection(arguments) as client:
        store = RunStore(client)
        try:
            record = store.record(arguments.record_type, record_id)
        except NotFound:
            raise Refused(f"there is no table {arguments.record_type!r}") from None
        runs = store.runs(arguments.record_type, record_id)
        at = present(client)
    if arguments.json:
        print_json({"record": record and asdict(record), "runs": [asdict(run) for run in runs]})
    else:
        for line in story(record, runs, at):
            print(line)
    return DONE if record or runs else REFUSED
