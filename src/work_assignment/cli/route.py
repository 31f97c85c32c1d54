"""wa route TYPE ID [ID ...]: look again at single records, or a segment's; say what came of it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from work_assignment.cli import sweep_view
from work_assignment.cli.common import add_common, connection, print_json
from work_assignment.cli.sweep import day, number, status_of, swept_by_the_app, swept_here
from work_assignment.dataverse.sweep_store import SweepStore
from work_assignment.domain.records import Owner
from work_assignment.domain.runs.sweeps import SweepKind, SweepOutcome
from work_assignment.services.sweep_orders import DEFAULT, Order
from work_assignment.services.sweep_reports import SweepReport

SUMMARY = "move records to the segment they fall into by now, or route them anew"
_OF_MANY = ("segment", "since", "limit")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_common(parser)
    parser.add_argument("type", nargs="?", metavar="TYPE", help="the records' table, such as lead")
    parser.add_argument("ids", nargs="*", metavar="ID", help="the records' ids")
    parser.add_argument(
        "--force",
        action="store_true",
        help="route them anew as if they had just come, whoever has them now",
    )
    parser.add_argument(
        "--segment", metavar="NAME", help="in place of ids: the open records of this segment"
    )
    parser.add_argument("--record-type", metavar="TYPE", help="the same as TYPE")
    parser.add_argument(
        "--since",
        type=day,
        metavar="DATE",
        help="with --segment: created on this day or later, also those older than the definitions",
    )
    parser.add_argument(
        "--limit", type=number, metavar="N", help="with --segment: at most so many, oldest first"
    )
    parser.add_argument(
        "--watch",
        action="store_true",
        help="have the running app do it, and watch; Ctrl-C ends the watching, not the routing",
    )
    parser.set_defaults(misused=parser.error)


def run(arguments: argparse.Namespace) -> int:
    """Route, and tell of each record that was named; 1 when not all could be done."""
    order = _order(arguments)
    report = (swept_by_the_app if arguments.watch else swept_here)(arguments, order)
    told = _told(report, arguments) if order.record_ids is not None else None
    if arguments.json:
        records = {} if told is None else {"records": list(told.data())}
        print_json(sweep_view.swept_data(report) | records)
        return status_of(report)
    for line in sweep_view.swept(report) if told is None else told.lines():
        print(line)
    return status_of(report)


def _order(arguments: argparse.Namespace) -> Order:
    record_type = arguments.type or arguments.record_type
    if arguments.type and arguments.record_type not in (None, arguments.type):
        arguments.misused(f"TYPE is {arguments.type}, and --record-type {arguments.record_type}")
    given = [name for name in _OF_MANY if getattr(arguments, name) is not None]
    if arguments.ids and given:
        arguments.misused(f"--{given[0]} is for many records; these are named by their ids")
    if not arguments.ids and arguments.segment is None:
        arguments.misused("name records by their type and ids, or a segment with --segment")
    return Order(
        segment=arguments.segment,
        record_type=record_type,
        since=arguments.since,
        limit=arguments.limit,
        kind=SweepKind.FORCE if arguments.force else SweepKind.RESEGMENTATION,
        record_ids=tuple(dict.fromkeys(_id(text, arguments) for text in arguments.ids)) or None,
    )


def _id(text: str, arguments: argparse.Namespace) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        arguments.misused(f"{text!r} is not the id of a record")
        raise


def _told(report: SweepReport, arguments: argparse.Namespace) -> _Told:
    with connection(arguments) as client:
        store = SweepStore(client, dict)
        outcomes = store.outcomes(report.sweep.id)
        before = {entry.previous_owner for entry in outcomes if entry.previous_owner is not None}
        return _Told(report, outcomes, store.names_of(before))


@dataclass(frozen=True, slots=True)
class _Told:
    """What came of records that were named; `names` are those of their owners before."""

    report: SweepReport
    outcomes: Sequence[SweepOutcome]
    names: Mapping[str, str]

    def lines(self) -> Iterator[str]:
        """Two lines a record, then how it went as a whole."""
        for entry in self.outcomes:
            yield f"{entry.record_name}: {self._segments(entry)}, {self._owners(entry)}"
            yield f"  {entry.reason}"
        for key, why in self.report.passed.items():
            yield f"{key.id}: not looked at, as {why}"
        yield from self._whole()

    def _whole(self) -> Iterator[str]:
        report = self.report
        if not report.passed:  # the app met them, and told only how many
            for why, count in report.passed_by.most_common():
                yield f"{count} not looked at, as {why}"
        if report.sweep.message:
            yield f"{report.sweep.status.value}: {report.sweep.message}."
        if any(entry.is_placed or entry.has_moved for entry in self.outcomes):
            yield f"to undo it: wa sweep undo {report.sweep.id}"

    def data(self) -> Iterator[dict[str, Any]]:
        """The same as plain data."""
        for entry in self.outcomes:
            yield {
                "id": entry.key.id,
                "name": entry.record_name,
                "segment_before": self._segment(entry, entry.previous_segment_id),
                "segment": self._segment(entry, entry.segment_id),
                "owner_before": self._owner(entry, entry.previous_owner),
                "owner": self._owner(entry, entry.owner or entry.previous_owner),
                "segmentation_status": entry.segmentation.value,
                "routing_status": entry.status.value,
                "reason": entry.reason,
            }
        for key, why in self.report.passed.items():
            yield {"id": key.id, "not_looked_at": why}

    def _segments(self, entry: SweepOutcome) -> str:
        now = self._segment(entry, entry.segment_id)
        if not entry.has_moved:
            return f"stays in {now}"
        return f"{self._segment(entry, entry.previous_segment_id)} -> {now}"

    def _segment(self, entry: SweepOutcome, segment_id: str | None) -> str:
        return DEFAULT if segment_id is None else entry.names.get(segment_id, segment_id)

    def _owners(self, entry: SweepOutcome) -> str:
        before = self._owner(entry, entry.previous_owner)
        if not entry.is_placed or entry.owner == entry.previous_owner:
            return f"stays with {before}"
        return f"{before} -> {self._owner(entry, entry.owner)}"

    def _owner(self, entry: SweepOutcome, owner: Owner | None) -> str:
        if owner is None:
            return "nobody"
        return entry.names.get(owner.id) or self.names.get(owner.id, owner.id)
