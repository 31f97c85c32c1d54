"""Records as rows to be written: values, ids of their own, and what their lookups say."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ..tables.metadata import Catalog, Table
from .cells import WrongCell, read_cell
from .fields import Field, read_fields
from .files import Record, TableFile
from .problems import Problems, shown

_STATE = "statecode"


@dataclass(frozen=True, slots=True)
class Pointer:
    """A cell that names a row of another table, one of `targets`."""

    field: Field
    text: str
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ImportRow:
    """One row of a file; `body` is what a request would hold, but for the lookups."""

    file: str
    record: Record
    table: Table
    row_id: str
    body: dict[str, Any] = field(hash=False)
    pointers: tuple[Pointer, ...] = ()


def read_rows(files: Iterable[TableFile], catalog: Catalog, problems: Problems) -> list[ImportRow]:
    """Turn the records of all files into rows."""
    rows = []
    for file in files:
        reader = _Reader(file, read_fields(file, catalog, problems), catalog, problems)
        rows += [reader.read(record) for record in file.records]
    return rows


class _Reader:
    """Reads the records of one file."""

    def __init__(
        self, file: TableFile, fields: tuple[Field, ...], catalog: Catalog, problems: Problems
    ) -> None:
        self._file = file
        # The state comes first: status reasons of two states may have the same label.
        self._fields = sorted(fields, key=lambda each: each.column.logical_name != _STATE)
        self._catalog = catalog
        self._problems = problems
        self._ids: dict[str, int] = {}

    def read(self, record: Record) -> ImportRow:
        table = self._file.table
        body: dict[str, Any] = {}
        pointers = []
        for each in self._fields:
            text = record.cells.get(each.header, "")
            if not text.strip():
                continue
            if each.column.type.is_lookup:
                pointers.append(self._pointer(record, each, text.strip()))
            else:
                self._add_value(record, each, text, body)
        row_id = body.setdefault(table.primary_id, str(uuid.uuid4()))
        self._check_id(record, row_id)
        return ImportRow(
            self._file.name, record, table, row_id, body, self._checked(record, pointers)
        )

    def _add_value(self, record: Record, each: Field, text: str, body: dict[str, Any]) -> None:
        try:
            body[each.column.logical_name] = read_cell(each.column, text, body.get(_STATE))
        except WrongCell as exc:
            self._note(record, each.header, f"{shown(text)} is not {exc}")

    def _pointer(self, record: Record, each: Field, text: str) -> Pointer:
        kind = record.cells.get(each.kind_header or "", "").strip().lower()
        if kind and kind not in each.targets:
            listed = ", ".join(each.targets)
            self._note(record, each.kind_header or "", f"{shown(kind)} is not one of {listed}")
        return Pointer(each, text, (kind,) if kind in each.targets else each.targets)

    def _checked(self, record: Record, pointers: list[Pointer]) -> tuple[Pointer, ...]:
        """Refuse two cells of one lookup, such as `customerid_account` and `customerid_contact`."""
        seen: dict[str, str] = {}
        for each in pointers:
            name = each.field.column.logical_name
            if name in seen:
                self._note(record, each.field.header, f"{seen[name]} says already what {name} is")
            seen[name] = each.field.header
        return tuple(pointers)

    def _check_id(self, record: Record, row_id: str) -> None:
        first = self._ids.setdefault(row_id, record.line)
        if first != record.line:
            column = self._file.table.primary_id
            self._note(record, column, f"{shown(row_id)} is on line {first} already")

    def _note(self, record: Record, column: str, what: str) -> None:
        self._problems.note(self._file.name, what, record.line, column)
