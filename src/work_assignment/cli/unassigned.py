"""wa unassigned: the records that nobody has, oldest first, why, and until when."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import islice
from typing import Any

from work_assignment.cli.common import DONE, Refused, add_common, connection, print_json
from work_assignment.cli.present import present
from work_assignment.cli.tables import cut, with_details
from work_assignment.dataverse.unassigned_store import (
    LARGEST_PAGE,
    Defined,
    UnassignedStore,
    Wanted,
)
from work_assignment.domain.errors import nearest
from work_assignment.domain.records import SegmentId
from work_assignment.domain.runs.advice import advice
from work_assignment.domain.runs.due import due_words, length_words
from work_assignment.domain.runs.unassigned import UnassignedRecord
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.domain.text import fold

SUMMARY = "list the records that nobody has: why, what to do, and until when"
DEFAULT = "default"
_SHOWN = 50
_COLUMNS = ("record", "type", "segment", "waiting", "tried", "assignment")
_TRIED = 4
_LONGEST = 24
_NOT_KEPT = "its runs are not kept any more"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_common(parser)
    parser.add_argument(
        "--segment",
        metavar="NAME",
        help=f"only records of this segment; '{DEFAULT}' has those without",
    )
    parser.add_argument("--record-type", metavar="TYPE", help="only records of this table")
    parser.add_argument("--overdue", action="store_true", help="only those that nobody got in time")
    parser.add_argument(
        "--limit", type=_number, default=_SHOWN, metavar="N", help=f"at most so many ({_SHOWN})"
    )


def _number(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of records, such as 500")
    return int(text)


def run(arguments: argparse.Namespace) -> int:
    """Show them, and how many there are altogether."""
    with connection(arguments) as client:
        store = UnassignedStore(client)
        wanted = _wanted(arguments, store.defined())
        at = present(client)
        total = None if arguments.overdue else store.count(wanted)
        page = LARGEST_PAGE if arguments.overdue else arguments.limit + 1
        records = store.records(wanted, page=page)
        if arguments.overdue:
            records = (record for record in records if record.is_overdue(at))
        found = list(islice(records, arguments.limit + 1))
    shown, is_more = found[: arguments.limit], len(found) > arguments.limit
    if not is_more:
        total = len(shown)
    if arguments.json:
        print_json({"count": total, "is_more": is_more, "records": [_data(r, at) for r in shown]})
    else:
        which = _restrictions(arguments)
        for line in listed(shown, at, total=total, is_more=is_more, which=which):
            print(line)
    return DONE


def _wanted(arguments: argparse.Namespace, defined: Defined) -> Wanted:
    types = defined.record_types
    if arguments.record_type is not None:
        if arguments.record_type not in types:
            raise Refused(_unknown("record type", arguments.record_type, types))
        types = (arguments.record_type,)
    return Wanted(types, _segments(arguments.segment, types, defined))


def _segments(
    name: str | None, types: Sequence[str], defined: Defined
) -> Sequence[SegmentId] | None:
    """The segments of this name, of which each record type may have one."""
    if name is None:
        return None
    theirs = [segment for segment in defined.segments if segment.record_type in types]
    found = [segment.id for segment in theirs if fold(segment.name) == fold(name)]
    if not found and fold(name) != DEFAULT:
        raise Refused(_unknown("segment", name, [*(s.name for s in theirs), DEFAULT]))
    return found


def _unknown(what: str, name: str, known: Sequence[str]) -> str:
    near = nearest(name, known)
    hint = f"; did you mean '{near}'?" if near else ""
    return f"there is no {what} '{name}'{hint}"


def _restrictions(arguments: argparse.Namespace) -> str:
    """Which records were asked for, as the end of a sentence; empty for all of them."""
    said = [f"segment '{arguments.segment}'"] if arguments.segment is not None else []
    if arguments.record_type is not None:
        said.append(f"type {arguments.record_type}")
    if arguments.overdue:
        said.append("overdue")
    return ", ".join(said)


def listed(
    records: Sequence[UnassignedRecord],
    at: datetime,
    *,
    total: int | None,
    is_more: bool,
    which: str = "",
) -> Iterator[str]:
    """The records in columns, how many there are, and what can be done."""
    if not records:
        if which:
            yield f"No such record waits for an owner ({which})."
        else:
            yield "Nobody waits for an owner."
        return
    rows: list[Sequence[str]] = [_COLUMNS, *(_row(record, at) for record in records)]
    details = [tuple(_details(record, at)) for record in records]
    yield from with_details(rows, details, to_the_right={_TRIED})
    yield ""
    yield _counted(len(records), total, is_more=is_more)
    yield from _advised(records)


def _row(record: UnassignedRecord, at: datetime) -> Sequence[str]:
    return (
        cut(record.name, _LONGEST),
        record.key.table,
        cut(record.segment or DEFAULT, _LONGEST),
        length_words(at - record.created_at),
        str(record.attempts),
        due_words(record.due_at, at),
    )


def _details(record: UnassignedRecord, at: datetime) -> Iterator[str]:
    yield f"{_why(record.status)}{_last(record, at)}"
    belongs = f", belongs to {record.owner}" if record.owner else ""
    yield f"{record.key.id}{belongs}"


def _last(record: UnassignedRecord, at: datetime) -> str:
    last = record.last_attempt_at
    return "" if last is None else f", last tried {length_words(at - last)} ago"


def _why(status: RoutingStatus | None) -> str:
    return _NOT_KEPT if status is None else status.reason


def _counted(shown: int, total: int | None, *, is_more: bool) -> str:
    records = "1 record" if shown == 1 else f"{shown} records"
    if not is_more:
        return f"{records}, which is all."
    if total is None:
        return f"{records} of more; --limit N shows more of them."
    return f"{records} of {total:,}; --limit N shows more of them."


def _advised(records: Sequence[UnassignedRecord]) -> Iterator[str]:
    """What to do for each reason, the most frequent first."""
    reasons = Counter(record.status for record in records if record.status is not None)
    if not reasons:
        return
    yield ""
    yield "What to do:"
    for status, count in reasons.most_common():
        yield f"  {status.reason} ({count}): {advice(status)}"
    first = records[0].key
    yield f"How it came about, for each: wa explain {first.table} {first.id}"


def _data(record: UnassignedRecord, at: datetime) -> dict[str, Any]:
    """A record as plain data, with its status in words."""
    row = asdict(record)
    row["status"] = record.status
    row["reason"] = _why(record.status)
    row["advice"] = None if record.status is None else advice(record.status)
    row["waiting_seconds"] = round((at - record.created_at).total_seconds())
    row["is_overdue"] = record.is_overdue(at)
    return row
