"""Change triggers: the columns of which tables have a record looked at again when they change; pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from work_assignment.domain.deciding.definitions import Definitions
from work_assignment.domain.deciding.related_paths import Path, Reach
from work_assignment.domain.errors import DefinitionError, nearest
from work_assignment.domain.filtering.schemas import FindTable

ALWAYS_WATCHED = frozenset({"ownerid", "statecode"})
"""Of every routed type: somebody chose an owner, or a record was closed or opened again."""


def watched(
    definitions: Definitions,
    reach: Reach,
    find: FindTable,
    *,
    routed: Collection[str],
    extra: Mapping[str, frozenset[str]],
    owner_column: str | None = None,
    never: frozenset[str] = frozenset(),
) -> dict[str, frozenset[str]]:
    """The columns whose change rings, by table: those of routed types, and of rows that their filters reach.

    `extra` are columns that an administrator named, `never` those that only we write. A table's own
    id never changes, and so rings for nobody.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for record_type in routed:
        found[record_type] |= ALWAYS_WATCHED | definitions.columns_read(record_type)
        if owner_column is not None:
            found[record_type].add(owner_column)
    for table, columns in _reached(reach, routed):
        found[table] |= columns
    for table, columns in extra.items():
        found[table] |= columns
    return {
        table: frozenset(columns - never - _own_id(table, find)) for table, columns in found.items()
    }


def usable_extra(
    extra: Mapping[str, Collection[str]],
    reach: Reach,
    find: FindTable,
    *,
    routed: Collection[str],
    in_scope: Collection[str],
    never: frozenset[str],
    where: str,
) -> tuple[dict[str, frozenset[str]], list[DefinitionError]]:
    """The columns an administrator named that can ring, and why others cannot, each its own fault.

    A record type that is `in_scope` and has no definitions yet is no fault, and rings for nobody.
    """
    followed = {*routed, *(table for table, _ in _reached(reach, routed))}
    usable: dict[str, frozenset[str]] = {}
    faults: list[DefinitionError] = []
    for table, columns in sorted(extra.items()):
        if table in in_scope and table not in followed:
            continue
        wrong = _wrong_table(table, followed, find, where)
        if wrong is not None:
            faults.append(wrong)
            continue
        there = find(table)
        known = there.columns if there is not None else {}
        fine = frozenset(c for c in columns if c in known and c not in never)
        if fine:
            usable[table] = fine
        faults += [
            _wrong_column(table, column, known, never, where)
            for column in sorted(set(columns) - fine)
        ]
    return usable, faults


def _reached(reach: Reach, routed: Collection[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """The tables that records' filters lead to, and what is read of each on the way."""
    for record_type in routed:
        for path in reach.paths.get(record_type, ()):
            for length in range(1, len(path.joins) + 1):
                part = Path(path.start, path.joins[:length])
                yield part.table, reach.read.get(part, frozenset())


def _own_id(table: str, find: FindTable) -> frozenset[str]:
    schema = find(table)
    return frozenset() if schema is None else frozenset({schema.primary_id})


def _wrong_table(
    table: str, followed: Collection[str], find: FindTable, where: str
) -> DefinitionError | None:
    if table in followed:
        return None
    if find(table) is None:
        return DefinitionError(where, f"there is no table '{table}'", nearest(table, followed))
    problem = f"'{table}' is not routed and no filter reaches it, so nothing would follow"
    return DefinitionError(where, problem)


def _wrong_column(
    table: str, column: str, known: Collection[str], never: frozenset[str], where: str
) -> DefinitionError:
    if column in never:
        return DefinitionError(where, f"'{column}' of {table} is written by the app alone")
    return DefinitionError(where, f"{table} has no column '{column}'", nearest(column, known))


def coming_and_going(
    reach: Reach, watched: Mapping[str, frozenset[str]], routed: Collection[str]
) -> frozenset[str]:
    """The tables whose new rows matter: those that are joined by a column of theirs that can change.

    A row that a record points at is there before the record points at it.
    """
    return frozenset(
        join.table
        for record_type in routed
        for path in reach.paths.get(record_type, ())
        for join in path.joins
        if join.column in watched.get(join.table, ())
    )
