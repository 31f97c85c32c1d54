"""wa segments list, copy: segments with their schedules, and one copied to be switched on."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from work_assignment.bootstrap import now
from work_assignment.cli.common import DONE, add_common, connection, print_json
from work_assignment.cli.tables import cut, with_details
from work_assignment.dataverse.configuration_store import ConfigurationStore
from work_assignment.dataverse.schedule_store import ScheduleStore
from work_assignment.domain.runs.timetables import RUNNING, SegmentTimes
from work_assignment.services.configuration.applying import apply
from work_assignment.services.configuration.copying import copy_segment

SUMMARY = "list segments with their schedules, or copy one, alone or with its rules"
_HEADINGS = ("type", "priority", "name", "state", "next due")
_LONGEST = 40
_PRIORITY = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_common(parser)
    actions = parser.add_subparsers(
        dest="action", required=True, metavar="list | copy NAME NEW-NAME"
    )
    listing = actions.add_parser("list", help="all segments: state, schedule, next due, manager")
    copying = actions.add_parser("copy", help="make an inactive copy")
    copying.add_argument("name", help="the segment to copy")
    copying.add_argument("new_name", metavar="new-name", help="what the copy is called")
    copying.add_argument("--record-type", help="where several record types have such a segment")
    copying.add_argument("--priority", type=int, help="default: behind all others")
    copying.add_argument("--with-rules", action="store_true", help="copy its rules too")
    for action in (listing, copying):
        action.add_argument("--url", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
        action.add_argument(
            "--json", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS
        )


def run(arguments: argparse.Namespace) -> int:
    """List the segments, or copy one."""
    return _copy(arguments) if arguments.action == "copy" else _list(arguments)


def _copy(arguments: argparse.Namespace) -> int:
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


def _list(arguments: argparse.Namespace) -> int:
    at = now()
    with connection(arguments) as client:
        segments = ScheduleStore(client).timetable(at).segments
    if arguments.json:
        print_json([_data(segment, at) for segment in segments])
    else:
        for line in listed(segments, at):
            print(line)
    return DONE


def listed(segments: Sequence[SegmentTimes], at: datetime) -> Iterator[str]:
    """Segments in columns, each with schedule and manager; below what is wrong with schedules."""
    if not segments:
        yield "There are no segments; records fall into the default one."
        return
    rows = [_HEADINGS, *(_row(segment, at) for segment in segments)]
    details = [tuple(_details(segment)) for segment in segments]
    yield from with_details(rows, details, to_the_right=(_PRIORITY,))
    for segment in segments:
        if segment.fault is not None:
            yield f"{segment.fault}. It runs nothing until that is mended."


def _row(segment: SegmentTimes, at: datetime) -> tuple[str, ...]:
    due = next_due(segment, at)
    return (
        segment.record_type,
        str(segment.priority or ""),
        cut(segment.name, _LONGEST),
        segment.state,
        due.strftime("%a %Y-%m-%d %H:%M %Z") if due else "",
    )


def _details(segment: SegmentTimes) -> Iterator[str]:
    if segment.fault is not None:
        yield "schedule: cannot be used, see below"
    elif segment.schedule is not None:
        yield f"schedule: {segment.schedule}"
    if segment.manager:
        yield f"manager: {segment.manager}"


def next_due(segment: SegmentTimes, at: datetime) -> datetime | None:
    """When its schedule wants it next, in the schedule's own zone; None for one that never runs."""
    schedule = segment.schedule
    if schedule is None or segment.state not in RUNNING:
        return None
    due = schedule.next_due(at)
    return due and due.astimezone(schedule.zone)


def _data(segment: SegmentTimes, at: datetime) -> dict[str, Any]:
    """A segment as plain data."""
    due = next_due(segment, at)
    return {
        "id": segment.id,
        "name": segment.name,
        "record_type": segment.record_type,
        "priority": segment.priority,
        "state": segment.state,
        "schedule": segment.schedule and str(segment.schedule),
        "schedule_fault": segment.fault and str(segment.fault),
        "next_due": due,
        "last_due": segment.newest_due,
        "manager": segment.manager,
    }
