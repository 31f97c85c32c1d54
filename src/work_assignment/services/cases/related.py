"""Rows of other tables that a case has, for filters that look at related rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from work_assignment.domain.defining.recipients import Target
from work_assignment.domain.filtering.rows import id_column
from work_assignment.domain.filtering.schemas import TableSchema
from work_assignment.domain.records import Value
from work_assignment.services.cases.case_fields import Notes
from work_assignment.services.cases.json_items import below
from work_assignment.services.cases.live_rows import LiveRows
from work_assignment.services.cases.owners import with_owning
from work_assignment.services.cases.people import People
from work_assignment.services.cases.values import said


def read_rows(raw: object, path: str, people: People, notes: Notes) -> LiveRows:
    """Read `related`; sellers, teams and queues are rows too."""
    rows = LiveRows()
    for entry in people.sellers:
        seller = entry.seller
        _put(rows, Target.SELLERS.table, seller.id, seller.columns)
    for other in people.others:
        _put(rows, other.target.table, other.id, other.columns)
    found = list(_all_rows(raw, path, notes))
    for table, row_id, columns, at in found:
        if rows.find(table, row_id) is not None:
            notes.add(at, f"there is another {table} with the id '{row_id}'")
        _put(rows, table, row_id, columns)
    for table, row_id, columns, _ in found:
        _put(rows, table, row_id, with_owning(columns, rows))
    return rows


def _all_rows(
    raw: object, path: str, notes: Notes
) -> Iterator[tuple[str, str, dict[str, Value], str]]:
    """Each row with its table: by table, or from one list in which each row says it."""
    if isinstance(raw, list):
        for number, entry in enumerate(raw):
            yield from _row_of_any(entry, f"{path}[{number}]", notes)
        return
    for table, listed in notes.mapping({} if raw is None else raw, path).items():
        place = below(path, table)
        for row_id, columns, at in _rows(listed, place, notes.schema(table, place), notes):
            yield table, row_id, columns, at


def _row_of_any(
    raw: object, at: str, notes: Notes
) -> Iterator[tuple[str, str, dict[str, Value], str]]:
    entry = notes.mapping(raw, at)
    if not isinstance(raw, dict):
        return
    table = entry.get("table")
    if not isinstance(table, str) or not table:
        is_missing = table is None
        said_of = "'table' is missing" if is_missing else f"'table' is a text, not {said(table)}"
        notes.add(at if is_missing else below(at, "table"), said_of)
        return
    rest = {key: value for key, value in entry.items() if key != "table"}
    schema = notes.schema(table, below(at, "table"))
    for row_id, columns in _row(rest, at, schema, notes):
        yield table, row_id, columns, at


def _put(rows: LiveRows, table: str, row_id: str, columns: Mapping[str, Value]) -> None:
    rows.put(table, row_id, {**columns, id_column(table): row_id})


def _rows(
    listed: object, path: str, schema: TableSchema | None, notes: Notes
) -> Iterator[tuple[str, dict[str, Value], str]]:
    """Each row's id, columns and path: from a list of rows, or from a mapping of ids to columns."""
    if isinstance(listed, dict):
        for row_id, given in listed.items():
            at = below(path, row_id)
            if isinstance(given, dict) and isinstance(given.get("columns"), dict):
                notes.check_keys(given, ("columns",), at)
                yield row_id, notes.columns(given["columns"], schema, below(at, "columns")), at
            else:
                yield row_id, notes.columns(given, schema, at), at
        return
    for number, row in enumerate(notes.listed(listed, path)):
        at = f"{path}[{number}]"
        for row_id, columns in _row(row, at, schema, notes):
            yield row_id, columns, at


def _row(
    raw: object, at: str, schema: TableSchema | None, notes: Notes
) -> Iterator[tuple[str, dict[str, Value]]]:
    """The id and the columns of one row, unless it has no id."""
    entry = notes.mapping(raw, at)
    row_id = notes.id_of(entry, at)
    if "columns" in entry:
        notes.check_keys(entry, ("id", "columns"), at)
        columns = notes.columns(entry["columns"], schema, below(at, "columns"))
    else:
        own = {name: value for name, value in entry.items() if name != "id"}
        columns = notes.columns(own, schema, at)
    if row_id:
        yield row_id, columns
