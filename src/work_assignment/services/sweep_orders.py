"""What is asked for of a sweep, which records that means, and the row that asks for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time

from work_assignment.domain.deciding.definitions import Definitions
from work_assignment.domain.defining.segments import Segment
from work_assignment.domain.errors import WorkAssignmentError, nearest
from work_assignment.domain.records import RecordKey, SegmentId
from work_assignment.domain.runs.facts import Rulebook
from work_assignment.domain.runs.sweeps import (
    Cursor,
    Scope,
    Sweep,
    SweepKind,
    SweepStatus,
    Trigger,
)

DEFAULT = "default"
"""What the built-in segment is called."""
_LONG_AGO = datetime(1900, 1, 1, tzinfo=UTC)
_KINDS = {
    SweepKind.REASSIGNMENT: "Sweep",
    SweepKind.FORCE: "Forced routing",
    SweepKind.RESEGMENTATION: "Re-segmentation",
}


class SweepRefused(WorkAssignmentError):
    """What is to be swept or undone does not exist, or must not be written."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be swept; nothing said means everything that waits.

    `segment` and `record_type` are names; a sweep's row knows its segment by `segment_id`. `since`
    takes records created on that day or later, whether or not the definitions were active then.
    `record_ids` are single records of the record type, however old.
    """

    segment: str | None = None
    record_type: str | None = None
    since: date | None = None
    limit: int | None = None
    trigger: Trigger = Trigger.MANUAL
    segment_id: SegmentId | None = None
    kind: SweepKind = SweepKind.REASSIGNMENT
    record_ids: tuple[str, ...] | None = None


def order_of(sweep: Sweep) -> Order:
    """What a sweep's row asks for."""
    return Order(
        segment=DEFAULT if sweep.cursor.is_default else None,
        record_type=sweep.record_type,
        since=sweep.since,
        limit=sweep.cursor.limit,
        trigger=sweep.trigger,
        segment_id=sweep.segment_id,
        kind=sweep.kind,
        record_ids=sweep.record_ids,
    )


def scope_of(order: Order, rulebook: Rulebook) -> Scope:
    """The records that an order means; raises SweepRefused for what does not exist."""
    definitions = rulebook.definitions
    if order.limit is not None and order.limit < 1:
        raise SweepRefused(f"a limit of {order.limit} leaves nothing to sweep")
    _check_kind(order)
    types = _types(order, definitions)
    if order.record_ids is not None:
        ids = dict.fromkeys(order.record_ids)
        keys = tuple(RecordKey(types[0], record_id) for record_id in ids)
        return Scope({types[0]: _LONG_AGO}, kind=order.kind, named=keys)
    segment = None
    if order.segment is not None or order.segment_id is not None:
        found = {
            record_type: segment
            for record_type in types
            for segment in definitions.segments[record_type]
            if _is_meant(segment, order)
        }
        segment = _segment(order, found, definitions)
        types = tuple(found)
    if order.since is None:
        began = {kind: definitions.in_scope_since(kind) for kind in types}
        return Scope(began, segment, order.kind)
    start = datetime.combine(order.since, time(), rulebook.zone).astimezone(UTC)
    return Scope(dict.fromkeys(types, start), segment, order.kind)


def _check_kind(order: Order) -> None:
    """Refuse what contradicts itself, and what would own history anew by a slip."""
    names_segment = order.segment is not None or order.segment_id is not None
    if order.record_ids is None:
        if order.kind is SweepKind.FORCE and not names_segment:
            raise SweepRefused("routing by force needs records by their ids, or a segment")
        return
    if not order.record_ids:
        raise SweepRefused("it names no record: the list of ids is empty")
    if order.record_type is None:
        raise SweepRefused("it names records by their ids and not of which record type they are")
    if names_segment or order.since is not None or order.limit is not None:
        raise SweepRefused(
            "it names records by their ids, so that no segment, day or limit can be meant as well"
        )


def _types(order: Order, definitions: Definitions) -> tuple[str, ...]:
    known = definitions.record_types
    if not known:
        raise SweepRefused("no record type is routed: there is no active segment or rule")
    if order.record_type is None:
        return known
    if order.record_type not in known:
        raise SweepRefused(
            f"records of type '{order.record_type}' are not routed"
            + _hint(order.record_type, known)
        )
    return (order.record_type,)


def _is_meant(segment: Segment, order: Order) -> bool:
    if order.segment_id is not None:
        return segment.id == order.segment_id
    return segment.name == order.segment


def _segment(order: Order, found: dict[str, Segment], definitions: Definitions) -> Segment:
    if not found and order.segment_id is not None:
        raise SweepRefused(f"its segment {order.segment_id} is not active any more")
    name = order.segment or ""
    if not found:
        raise SweepRefused(_unknown_segment(name, order.record_type, definitions))
    by_id = {segment.id: segment for segment in found.values()}
    if len(by_id) > 1:
        raise SweepRefused(
            f"segments of {' and '.join(found)} are called '{name}'; name the record type"
        )
    return next(iter(by_id.values()))


def _unknown_segment(name: str, record_type: str | None, definitions: Definitions) -> str:
    segments = definitions.segments
    others = [kind for kind in segments if any(each.name == name for each in segments[kind])]
    if others and record_type is not None:
        return f"'{name}' is a segment of {' and '.join(others)}, not of {record_type}"
    known = {each.name for kind in segments for each in segments[kind]}
    return f"there is no active segment '{name}'" + _hint(name, known)


def _hint(word: str, known: Iterable[str]) -> str:
    close = nearest(word, known)
    return f"; did you mean '{close}'?" if close else ""


def asked_for(order: Order, scope: Scope, sweep_id: str, now: datetime, *, is_dry: bool) -> Sweep:
    """The row of a sweep that waits for somebody to take it up; not for a day to come."""
    if order.since is not None and min(scope.created_from.values()) > now:
        raise SweepRefused(f"{order.since.isoformat()} is in the future; nothing was created since")
    segment_id = scope.segment.id if scope.segment else None
    # By what was asked: the only type that happens to be routed is not named.
    is_of_one_type = order.record_type is not None or segment_id is not None
    record_type = next(iter(scope.created_from)) if is_of_one_type else None
    return Sweep(
        id=sweep_id,
        name=_name(order, scope, record_type, now) + (", dry run" if is_dry else ""),
        status=SweepStatus.QUEUED,
        started_at=now,
        trigger=order.trigger,
        segment_id=segment_id,
        record_type=record_type,
        since=order.since,
        cursor=Cursor(
            limit=order.limit, is_default=scope.segment is not None and segment_id is None
        ),
        kind=order.kind,
        record_ids=order.record_ids,
    )


def taken_up(sweep: Sweep, scope: Scope, worker: str, now: datetime, *, is_attended: bool) -> Sweep:
    """The row of a sweep that somebody begins, or goes on with."""
    is_new = sweep.status is SweepStatus.QUEUED
    return replace(
        sweep,
        name=sweep.name or _name(order_of(sweep), scope, sweep.record_type, now),
        status=SweepStatus.IN_PROGRESS,
        started_at=now if is_new else sweep.started_at,
        message="",
        cursor=replace(
            sweep.cursor,
            since=now if is_new else sweep.cursor.since,
            worker=worker,
            is_attended=is_attended,
        ),
    )


def _name(order: Order, scope: Scope, record_type: str | None, now: datetime) -> str:
    """What people know the sweep by."""
    where = f" in '{scope.segment.name}'" if scope.segment else ""
    since = f" since {order.since.isoformat()}" if order.since else ""
    moment = now.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    what = record_type or "everything"
    if order.record_ids is not None:
        count = len(set(order.record_ids))
        what = f"one {what}" if count == 1 else f"{count} {_several(what)}"
    return f"{_KINDS[order.kind]} of {what}{where}{since}, {moment}"


def _several(record_type: str) -> str:
    """A table's name in the plural where that is a word: "leads", but "records of cr1_partner"."""
    if not record_type.isalpha():
        return f"records of {record_type}"
    return f"{record_type[:-1]}ies" if record_type.endswith("y") else f"{record_type}s"
