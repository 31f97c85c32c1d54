"""Rows as they stand in a context: the attributes of a target, and the images of a row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ..reading.formats import DEFAULT_SYMBOL, Format, amount, format_of, places
from ..tables.metadata import Column, ColumnType, Table
from . import json_text
from .operations import Parties
from .steps import Image

_NOT_SHOWN = "versionnumber"
# The column that lists the parties of a role (Learn: ActivityParty table, ParticipationTypeMask).
_PARTY_LISTS = {
    1: "from",
    2: "to",
    3: "cc",
    4: "bcc",
    5: "requiredattendees",
    6: "optionalattendees",
    7: "organizer",
    10: "resources",
    11: "customers",
}


class Names(Protocol):
    """Says what other rows are called."""

    def row_name(self, table: str, row_id: str) -> str | None:
        """The primary name of a row."""

    def currency_symbol(self, currency_id: str) -> str | None:
        """What stands before an amount in this currency."""


@dataclass(frozen=True, slots=True)
class _ColumnWriter:
    """How one column is written; `key` is all that stands before its value."""

    column: Column
    key: str
    write: json_text.ValueWriter
    format: Format | None

    def formatted(self, row: Mapping[str, Any], names: Names) -> str | None:
        """Return what a person would see: a name, a label, an amount, a date; None for text."""
        column, value = self.column, row[self.column.logical_name]
        if column.type.is_lookup:
            return names.row_name(_target_table(column, row), value)
        if column.type is ColumnType.MONEY:
            return amount(value, places(column), _symbol(column, row, names))
        return self.format(value) if self.format else None


class ImageWriter:
    """Writes rows by their tables' columns, whose writers are chosen once."""

    def __init__(self) -> None:
        self._writers: dict[str, tuple[Table, dict[str, _ColumnWriter]]] = {}
        self._chosen: dict[
            tuple[str, frozenset[str]], tuple[Table, tuple[tuple[str, _ColumnWriter], ...]]
        ] = {}

    def attributes(
        self,
        table: Table,
        row_id: str,
        target: Mapping[str, Any],
        parties: Parties | None = None,
    ) -> str:
        """Write the columns of a target, the cleared ones as null, and its id last."""
        writers = self._of(table)
        parts = []
        for name, value in target.items():
            writer = writers.get(name)
            if writer is not None and name != _NOT_SHOWN:
                shown = json_text.NULL if value is None else writer.write(value, target, None)
                parts.append(f"{writer.key}{shown}}}")
        if parties is not None:
            parts += self._party_lists(parties)
        parts.append(_pair(table.primary_id, row_id))
        return f"[{','.join(parts)}]"

    def _party_lists(self, parties: Parties) -> Iterator[str]:
        """Write a collection for each role, as SDK columns of the type PartyList."""
        table = parties.table
        for role, name in _PARTY_LISTS.items():
            people = [
                json_text.plain_entity(
                    table.logical_name,
                    json_text.NO_ID,
                    self.attributes(table, json_text.NO_ID, person),
                )
                for person in parties.rows
                if person.get("participationtypemask") == role
            ]
            if people:
                shown = json_text.collection(table.logical_name, people)
                yield f'{{"key":"{name}","value":{shown}}}'

    def image(
        self,
        table: Table,
        row_id: str,
        row: Mapping[str, Any],
        image: Image,
        version: str | None,
        names: Names,
    ) -> str:
        """Write one image: null columns are left out, the id is always there."""
        attributes: list[str] = []
        formatted: list[str] = []
        for name, writer in self._pictured(table, image.columns):
            value = row.get(name)
            if value is None:
                continue
            shown = writer.formatted(row, names)
            called = shown if writer.column.type.is_lookup else None
            attributes.append(f"{writer.key}{writer.write(value, row, called)}}}")
            if shown is not None:
                formatted.append(f"{writer.key}{json_text.text(shown)}}}")
        attributes.append(_pair(table.primary_id, row_id))
        return json_text.plain_entity(
            table.logical_name,
            row_id,
            f"[{','.join(attributes)}]",
            f"[{','.join(formatted)}]",
            version,
        )

    def _pictured(
        self, table: Table, columns: frozenset[str]
    ) -> tuple[tuple[str, _ColumnWriter], ...]:
        """Return the writers of an image's columns, in the order of the table."""
        writers = self._of(table)
        known = self._chosen.get((table.logical_name, columns))
        if known is not None and known[0] is table:
            return known[1]
        chosen = tuple(
            (name, writer) for name, writer in writers.items() if not columns or name in columns
        )
        self._chosen[table.logical_name, columns] = table, chosen
        return chosen

    def _of(self, table: Table) -> dict[str, _ColumnWriter]:
        """Return the writers of a table as it is now; a changed table is another value."""
        known = self._writers.get(table.logical_name)
        if known is not None and known[0] is table:
            return known[1]
        writers = {
            column.logical_name: _writer(column)
            for column in table.columns.values()
            if column.valid_for_read and not column.is_primary_id
        }
        self._writers[table.logical_name] = table, writers
        return writers


def _writer(column: Column) -> _ColumnWriter:
    key = f'{{"key":"{column.logical_name}","value":'
    return _ColumnWriter(column, key, json_text.writer_of(column), format_of(column))


def _pair(key: str, row_id: str) -> str:
    return f'{{"key":"{key}","value":"{row_id}"}}'


def _target_table(column: Column, row: Mapping[str, Any]) -> str:
    if column.is_polymorphic:
        return str(row[f"{column.logical_name}__type"])
    return column.targets[0]


def _symbol(column: Column, row: Mapping[str, Any], names: Names) -> str:
    """Return the symbol of the row's currency; base amounts are in the organisation's."""
    currency_id = row.get("transactioncurrencyid")
    if currency_id is None or column.logical_name.endswith("_base"):
        return DEFAULT_SYMBOL
    return names.currency_symbol(currency_id) or DEFAULT_SYMBOL
