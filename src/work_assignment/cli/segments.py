"""wa segments copy NAME NEW_NAME: a segment copied in Dataverse, to be changed and switched on."""

from __future__ import annotations

import argparse

from work_assignment.cli.common import DONE, add_common, connection, print_json
from work_assignment.dataverse.configuration_store import ConfigurationStore
from work_assignment.services.configuration.applying import apply
from work_assignment.services.configuration.copying import copy_segment

SUMMARY = "copy a segment, alone or with its rules"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_common(parser)
    parser.add_argument("action", choices=["copy"], help="make an inactive copy")
    parser.add_argument("name", help="the segment to copy")
    parser.add_argument("new_name", metavar="new-name", help="what the copy is called")
    parser.add_argument("--record-type", help="where several record types have such a segment")
    parser.add_argument("--priority", type=int, help="default: behind all others")
    parser.add_argument("--with-rules", action="store_true", help="copy its rules too")


def run(arguments: argparse.Namespace) -> int:
    """Copy the rows in Dataverse and say what was created."""
    with connection(arguments) as client:
        store = ConfigurationStore(client)
        found = copy_segment(
            store.stored(),
            arguments.name,
            arguments.new_name,
            record_type=arguments.record_type,
            priority=arguments.priority,
            with_rules=arguments.with_rules,
        )
        report = apply(found, store)
    if arguments.json:
        created = [{"kind": one.kind.value, "name": one.name} for one in report.actions]
        print_json({"created": created, "stamp": report.stamp})
    else:
        for action in report.actions:
            print(action)
        print(
            f"Copied: '{arguments.new_name}' is inactive until somebody switches it on. Where a folder "
            "says what is in force, add it there, or the next wa apply deactivates what was copied."
        )
    return DONE
