"""What the names in a header stand for: columns, as on the wire or logical, and lookups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from ..tables.metadata import Catalog, Column, Table
from .files import DELIMITERS, TableFile
from .problems import Problems

_BIND = "@odata.bind"
_TARGET = "@microsoft.dynamics.crm.lookuplogicalname"
# Learn, Create a record: this is how a row gets a creation date of its own.
_CREATED, _CREATED_BEFORE = "createdon", "overriddencreatedon"


@dataclass(frozen=True, slots=True)
class Field:
    """The column that a header means; of a lookup, the tables that it may point at.

    `kind_header` is the header whose cells name the table that a lookup points at.
    """

    header: str
    column: Column
    targets: tuple[str, ...] = ()
    kind_header: str | None = None


def read_fields(file: TableFile, catalog: Catalog, problems: Problems) -> tuple[Field, ...]:
    """Return what the headers of a file mean; columns that nobody may write are left out."""
    kinds = {_base(name): name for name in file.header if name.lower().endswith(_TARGET)}
    seen: set[str] = set()
    fields = []
    for name in file.header:
        if name.lower() in seen:
            problems.note(file.name, f"the column {name!r} is there twice", 1)
        seen.add(name.lower())
        if not name:
            _check_unnamed(file, problems)
            continue
        if "@" in name and not name.lower().endswith(_BIND):
            continue  # annotations tell what other columns mean
        found = _field(file.table, catalog, name, kinds)
        if found is None:
            problems.note(file.name, _unknown(file, name), 1)
        elif found.column.valid_for_create:
            fields.append(found)
    return tuple(fields)


def _field(table: Table, catalog: Catalog, header: str, kinds: Mapping[str, str]) -> Field | None:
    name = header.lower().removesuffix(_BIND)
    plain = name.removeprefix("_").removesuffix("_value") if name.startswith("_") else name
    if plain == _CREATED and _CREATED_BEFORE in table.columns:
        plain = _CREATED_BEFORE
    column = table.columns.get(plain)
    if column is not None:
        return Field(header, column, column.targets, kinds.get(_base(header)))
    for relation in catalog.one_to_many:
        if relation.referencing_table != table.logical_name:
            continue
        if relation.referencing_navigation.lower() == name:
            column = table.columns[relation.referencing_column]
            return Field(header, column, (relation.referenced_table,))
    return None


def _base(name: str) -> str:
    return name.partition("@")[0].lower()


def _unknown(file: TableFile, name: str) -> str:
    said = f"the table {file.table.logical_name} has no column {name!r}"
    if other := next((each for each in f"{DELIMITERS}|" if each in name), None):
        if other in DELIMITERS:
            taken = _sign(file.delimiter)
            return f"{said}; the cells are taken to be separated by {taken}, this looks like {_sign(other)}"
        return f"{said}; cells are separated by ',', ';' or tabs, this looks like {_sign(other)}"
    close = get_close_matches(name.lower(), list(file.table.columns), n=1)
    return f"{said}; the nearest is {close[0]}" if close else said


def _sign(delimiter: str) -> str:
    return "tabs" if delimiter == "\t" else f"'{delimiter}'"


def _check_unnamed(file: TableFile, problems: Problems) -> None:
    """Let a delimiter at the end of each line be, but not cells without a name."""
    for record in file.records:
        if record.cells.get("", "").strip():
            problems.note(file.name, "has a cell under no header", record.line)
            return
