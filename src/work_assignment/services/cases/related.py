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
from work_assignment.services.cases.people import TABLES, People


def read_rows(raw: object, path: str, people: People, notes: Notes) -> LiveRows:
    """Read `related`; sellers, teams and queues are rows too."""
    rows = LiveRows()
    for entry in people.sellers:
        seller = entry.seller
        _put(rows, TABLES[Target.SELLERS], seller.id, seller.columns)
    for other in people.others:
        _put(rows, TABLES[other.target], other.id, other.columns)
    for table, listed in notes.mapping({} if raw is None else raw, path).items():
        place = below(path, table)
        schema = notes.schema(table, place)
        for row_id, columns, at in _rows(listed, place, schema, notes):
            if rows.find(table, row_id) is not None:
                notes.add(at, f"there is another {table} with the id '{row_id}'")
            _put(rows, table, row_id, columns)
    return rows


def _put(rows: LiveRows, table: str, row_id: str, columns: Mapping[str, Value]) -> None:
    rows.put(table, row_id, {**columns, id_column(table): row_id})


def _rows(
    listed: object, path: str, schema: TableSchema | None, notes: Notes
) -> Iterator[tuple[str, dict[str, Value], str]]:
    """Each row's id, columns and path: from a list of rows, or from a mapping of ids to columns."""
    if isinstance(listed, dict):
        for row_id, columns in listed.items():
            at = below(path, row_id)
            yield row_id, notes.columns(columns, schema, at), at
        return
    for number, row in enumerate(notes.listed(listed, path)):
        at = f"{path}[{number}]"
        entry = notes.mapping(row, at)
        row_id = notes.id_of(entry, at)
        if "columns" in entry:
            notes.check_keys(entry, ("id", "columns"), at)
            columns = notes.columns(entry["columns"], schema, below(at, "columns"))
        else:
            own = {name: value for name, value in entry.items() if name != "id"}
            columns = notes.columns(own, schema, at)
        if row_id:
            yield row_id, columns, at
