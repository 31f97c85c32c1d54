"""Finding a record's segment: an index leads to those that can match, the first that does wins."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from work_assignment.domain.defining.segments import Segment, SegmentTried, reason_to_pass_over
from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.filtering.conditions import (
    Comparison,
    Condition,
    Failure,
    Group,
    first_failure,
    group,
)
from work_assignment.domain.filtering.rows import Columns, Scope
from work_assignment.domain.records import Record, Value
from work_assignment.domain.text import fold

_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_KEPT_AT_MOST = 10_000
"""Explanations of one segment that are kept to be shared by records."""


def required(condition: Condition) -> Mapping[str, frozenset[Hashable]]:
    """By column, the only values for which the condition can hold.

    Values are as `rows.key_of` gives them. Columns of which nothing is known are left out.
    """
    if isinstance(condition, Comparison):
        return {} if condition.keys is None else {condition.term.column: condition.keys}
    if not isinstance(condition, Group):
        return {}
    parts = [required(part) for part in condition.parts]
    if condition.join == "all" or len(parts) == 1:
        found: dict[str, frozenset[Hashable]] = {}
        for part in parts:
            for column, keys in part.items():
                found[column] = found[column] & keys if column in found else keys
        return found
    shared = set.intersection(*(set(part) for part in parts)) if parts else set()
    return {column: frozenset().union(*(part[column] for part in parts)) for column in shared}


class Segmentation:
    """The segments of one record type in order of priority, the default segment last.

    Sets of segments are the bits of whole numbers, the first segment the lowest bit.
    """

    def __init__(self, segments: Sequence[Segment]) -> None:
        self.segments = tuple(segments)
        self._all = (1 << len(self.segments)) - 1
        self._by_column = tuple(_index(self.segments))
        self._rests = tuple(_rest(segment.filter).holds for segment in self.segments)
        self._tellers = tuple(map(_teller, self.segments))
        self._all_active_since = max(
            (segment.active_since for segment in self.segments), default=_LONG_AGO
        )

    def find(self, record: Record, scope: Scope, since: datetime) -> Segment | None:
        """The first segment that matches. Raises the fault of a segment that is reached."""
        columns = record.columns
        possible = self._possible(columns)
        while possible:
            lowest = possible & -possible
            possible ^= lowest
            position = lowest.bit_length() - 1
            segment = self.segments[position]
            if reason_to_pass_over(record, segment, since):
                continue
            if segment.fault is not None:
                raise segment.fault
            if self._holds(position, columns, scope):
                return segment
        return None

    def _holds(self, position: int, columns: Columns, scope: Scope) -> bool:
        try:
            return self._rests[position](columns, scope)
        except DefinitionError:
            return self._tellers[position](columns, scope).matched

    def _possible(self, columns: Columns) -> int:
        possible = self._all
        for column, masks, others in self._by_column:
            value = columns.get(column)
            if value is None:
                possible &= others
            else:
                key = fold(value) if isinstance(value, str) else value
                possible &= masks.get(key, others)
        return possible

    def trace(self, record: Record, scope: Scope, since: datetime) -> tuple[SegmentTried, ...]:
        """Every segment up to the one that matches, or all, each with the part that failed.

        Raises the fault of a segment that is reached.
        """
        columns = record.columns
        is_new = record.segment_id is None and not record.is_settled
        if is_new and since >= self._all_active_since:
            return tuple(self._tried(columns, scope))
        tried: list[SegmentTried] = []
        for segment, teller in zip(self.segments, self._tellers, strict=True):
            passed_over = reason_to_pass_over(record, segment, since)
            if passed_over:
                tried.append(SegmentTried(segment, passed_over=passed_over))
                continue
            tried.append(teller(columns, scope))
            if tried[-1].failure is None:
                break
        return tuple(tried)

    def _tried(self, columns: Columns, scope: Scope) -> list[SegmentTried]:
        """Where nothing but filters can keep the record out, as is usual."""
        tried = []
        for teller in self._tellers:
            entry = teller(columns, scope)
            tried.append(entry)
            if entry.failure is None:
                break
        return tried


_Teller = Callable[[Columns, Scope], SegmentTried]


def _teller(segment: Segment) -> _Teller:
    """Tells whether a segment matches, or why not; records of which the same is true share it."""
    matched = SegmentTried(segment)
    parts = [
        (part.holds, _column_alone(part), part, dict[Value, SegmentTried]())
        for part in _all_parts(segment.filter)
    ]

    def tell(columns: Columns, scope: Scope) -> SegmentTried:
        if segment.fault is not None:
            raise segment.fault
        try:
            return told_in_order(columns, scope)
        except DefinitionError as fault:
            return _told_despite(fault, segment, columns, scope)

    def told_in_order(columns: Columns, scope: Scope) -> SegmentTried:
        for holds, column, part, told in parts:
            if column is None:
                if not holds(columns, scope):
                    return SegmentTried(segment, first_failure(part, columns, scope))
                continue
            value = columns.get(column)
            tried = told.get(value)
            if tried is not None:
                return tried
            if not holds(columns, scope):
                if len(told) >= _KEPT_AT_MOST:
                    told.clear()
                tried = SegmentTried(segment, Failure(str(part), ((column, value),)))
                told[value] = tried
                return tried
        return matched

    return tell


def _told_despite(
    fault: DefinitionError, segment: Segment, columns: Columns, scope: Scope
) -> SegmentTried:
    """Another part that does not hold, where one cannot be tested; raises the fault if all do."""
    for part in _all_parts(segment.filter):
        try:
            failure = first_failure(part, columns, scope)
        except DefinitionError:
            continue
        if failure is not None:
            return SegmentTried(segment, failure)
    raise fault


def _all_parts(condition: Condition) -> Iterator[Condition]:
    """The parts that must all hold, in the order written."""
    if isinstance(condition, Group) and (condition.join == "all" or len(condition.parts) == 1):
        for part in condition.parts:
            yield from _all_parts(part)
    else:
        yield condition


def _rest(condition: Condition) -> Condition:
    """What is still to be tested of a condition when the index has found that it can hold."""
    parts = _all_parts(condition)
    left = [p for p in parts if not (isinstance(p, Comparison) and p.keys is not None)]
    return group("all", tuple(left))


def _column_alone(part: Condition) -> str | None:
    """The one column that a part looks at, where it looks at nothing else, not even the clock."""
    if not isinstance(part, Comparison) or part.term.record_columns:
        return None
    return None if part.is_timed or part.hierarchy is not None else part.term.column


_ColumnIndex = tuple[str, Mapping[Hashable, int], int]
"""A column, the segments that can match by its value, and those that can match by any other."""


def _index(segments: Sequence[Segment]) -> Iterator[_ColumnIndex]:
    needs = [{} if segment.fault is not None else required(segment.filter) for segment in segments]
    for column in sorted({column for need in needs for column in need}):
        others = sum(1 << n for n, need in enumerate(needs) if column not in need)
        masks: dict[Hashable, int] = {}
        for n, need in enumerate(needs):
            for key in need.get(column, ()):
                masks[key] = masks.get(key, others) | 1 << n
        yield column, masks, others
