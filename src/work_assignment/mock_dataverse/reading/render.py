"""Raw rows -> JSON objects: wire names, ETag, and annotations before what they annotate."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from ..conditions.comparisons import among, quoted, select
from ..tables.metadata import Catalog, Column, ColumnType, DateBehavior, Table
from ..text import Stored
from .formats import DEFAULT_SYMBOL, Format, amount, format_of, local_moment, places
from .preferences import Preferences

FORMATTED = "OData.Community.Display.V1.FormattedValue"
LOOKUP_TABLE = "Microsoft.Dynamics.CRM.lookuplogicalname"
LOOKUP_NAVIGATION = "Microsoft.Dynamics.CRM.associatednavigationproperty"
VERSION = "versionnumber"
CURRENCY = "transactioncurrencyid"
_UTC = ZoneInfo("UTC")

JsonObject: TypeAlias = dict[str, Any]
Values: TypeAlias = Sequence[Any]
FindZone: TypeAlias = Callable[[], ZoneInfo]
Cell: TypeAlias = Callable[[JsonObject, Values, "Names"], None]


@dataclass(slots=True)
class Names:
    """Primary names of looked-up rows, and currency symbols, read for a whole page at once; and the
    zone whose clock the reader goes by."""

    by_row: dict[tuple[str, str], str] = field(default_factory=dict)
    symbols: dict[str, str] = field(default_factory=dict)
    zone: ZoneInfo = _UTC

    def read(
        self, db: sqlite3.Connection, catalog: Catalog, wanted: Mapping[str, Iterable[str]]
    ) -> None:
        """Read the primary names of rows: table name -> ids."""
        for table_name, ids in wanted.items():
            table = catalog.tables.get(table_name)
            if table is not None and table.primary_name is not None:
                found = _by_id(db, table, table.primary_name, ids)
                self.by_row.update(((table_name, row_id), name) for row_id, name in found)

    def read_symbols(self, db: sqlite3.Connection, catalog: Catalog, ids: Iterable[str]) -> None:
        table = catalog.tables.get("transactioncurrency")
        if table is not None and "currencysymbol" in table.columns:
            self.symbols.update(_by_id(db, table, "currencysymbol", ids))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands in a raw row, and what it is: key in JSON, column, and the positions
    of the table that a polymorphic lookup points at and of the currency of an amount."""

    table: Table
    column: Column
    key: str
    position: int
    kind: int | None = None
    currency: int | None = None


class Renderer:
    """Renders rows of one table with one selection; compiled once for all rows of a page.

    A row is a sequence of stored values in the order of `stored`; what follows is ignored.
    """

    def __init__(
        self,
        catalog: Catalog,
        table: Table,
        columns: Sequence[Column],
        prefer: Preferences,
        needed: Iterable[str] = (),
    ) -> None:
        self._catalog = catalog
        self._prefer = prefer
        self.stored = _stored_names(table, columns, prefer, needed)
        self.positions = {name: index for index, name in enumerate(self.stored)}
        self._places = [self._place(table, column) for column in columns]
        self._keys = ("@odata.etag", *(place.key for place in self._places))
        self._booleans = [c.wire_name for c in columns if c.type is ColumnType.BOOLEAN]
        self._cells: list[Cell] | None = None
        if prefer.annotations:
            self._cells = [cell_of(catalog, place, prefer) for place in self._places]

    def _place(self, table: Table, column: Column) -> Place:
        return Place(
            table,
            column,
            column.wire_name,
            self.positions[column.logical_name],
            self.positions.get(f"{column.logical_name}__type"),
            self.positions.get(CURRENCY),
        )

    def render(self, rows: Sequence[Values], names: Names) -> list[JsonObject]:
        """Turn rows into JSON objects, in order."""
        if self._cells is None:
            return [self._plain(row) for row in rows]
        return [_annotated(row, self._cells, names) for row in rows]

    def read_names(
        self, db: sqlite3.Connection, rows: Sequence[Values], zone: FindZone | None = None
    ) -> Names:
        """Read the names and symbols that formatted values of these rows need."""
        return read_names(db, self._catalog, self._places, rows, self._prefer, zone)

    def _plain(self, row: Values) -> JsonObject:
        """Render without annotations: nearly all values are stored as JSON shows them."""
        shown = dict(zip(self._keys, row, strict=False))
        shown["@odata.etag"] = etag(row[0])
        for name in self._booleans:
            if shown[name] is not None:
                shown[name] = shown[name] != 0
        return shown


def _stored_names(
    table: Table, columns: Sequence[Column], prefer: Preferences, needed: Iterable[str]
) -> tuple[str, ...]:
    """List what to read: the version, the columns shown, then what else is needed.

    A version that is also shown is read twice, so that keys and values stay in step.
    """
    shown = (VERSION, *(column.logical_name for column in columns))
    hidden = [f"{column.logical_name}__type" for column in columns if column.is_polymorphic]
    if any(is_formatted_money(column, prefer) for column in columns) and CURRENCY in table.columns:
        hidden.append(CURRENCY)
    added = dict.fromkeys(name for name in (*hidden, *needed) if name not in shown)
    return (*shown, *added)


def _annotated(row: Values, cells: Sequence[Cell], names: Names) -> JsonObject:
    shown: JsonObject = {"@odata.etag": etag(row[0])}
    for cell in cells:
        cell(shown, row, names)
    return shown


def etag(version: Stored) -> str:
    return f'W/"{version}"'


def is_formatted_money(column: Column, prefer: Preferences) -> bool:
    """Say whether showing a column takes the symbol of a currency."""
    return column.type is ColumnType.MONEY and prefer.wants(FORMATTED)


def read_names(
    db: sqlite3.Connection,
    catalog: Catalog,
    places: Iterable[Place],
    rows: Sequence[Values],
    prefer: Preferences,
    zone: FindZone | None = None,
) -> Names:
    """Read the names and symbols that formatted values of these rows need, one query a table, and
    the reader's zone where there are moments."""
    names = Names()
    if not prefer.wants(FORMATTED):
        return names
    places = tuple(places)
    if zone is not None and rows and any(_is_local(place.column) for place in places):
        names.zone = zone()
    wanted: dict[str, set[str]] = {}
    currencies: set[str] = set()
    for place in places:
        if place.column.type.is_lookup:
            _add_looked_up(place, rows, wanted)
        elif place.column.type is ColumnType.MONEY and place.currency is not None:
            currencies |= {row[place.currency] for row in rows} - {None}
    names.read(db, catalog, wanted)
    names.read_symbols(db, catalog, currencies)
    return names


def _add_looked_up(place: Place, rows: Sequence[Values], wanted: dict[str, set[str]]) -> None:
    for row in rows:
        row_id = row[place.position]
        if row_id is not None:
            target = place.column.targets[0] if place.kind is None else row[place.kind]
            wanted.setdefault(target, set()).add(row_id)


def cell_of(catalog: Catalog, place: Place, prefer: Preferences) -> Cell:
    """Compile what shows one value of a row, with all looked up that is the same for all rows."""
    if place.column.type.is_lookup:
        return _lookup_cell(catalog, place, prefer)
    if is_formatted_money(place.column, prefer):
        return _money_cell(place)
    if _is_local(place.column) and prefer.wants(FORMATTED):
        return _moment_cell(place)
    formatted = format_of(place.column) if prefer.wants(FORMATTED) else None
    is_boolean = place.column.type is ColumnType.BOOLEAN
    return value_cell(place.key, place.position, formatted, is_boolean=is_boolean)


def value_cell(
    key: str, position: int, formatted: Format | None, *, is_boolean: bool = False
) -> Cell:
    """Show a value, after its formatted value where there is one."""
    annotation = f"{key}@{FORMATTED}"

    def cell(shown: JsonObject, row: Values, names: Names) -> None:
        value = row[position]
        if value is not None:
            text = formatted(value) if formatted else None
            if text is not None:
                shown[annotation] = text
            if is_boolean:
                value = value != 0
        shown[key] = value

    return cell


def _money_cell(place: Place) -> Cell:
    """Show an amount, after itself with the symbol of the row's currency."""
    annotation = f"{place.key}@{FORMATTED}"
    digits = places(place.column)
    is_base = place.column.logical_name.endswith("_base")
    currency = None if is_base else place.currency

    def cell(shown: JsonObject, row: Values, names: Names) -> None:
        value = row[place.position]
        if value is not None:
            symbol = names.symbols.get(row[currency]) if currency is not None else None
            shown[annotation] = amount(value, digits, symbol or DEFAULT_SYMBOL)
        shown[place.key] = value

    return cell


def _is_local(column: Column) -> bool:
    """Say whether a column's dates are shown by the clock of whoever reads them."""
    is_date = column.type is ColumnType.DATETIME
    return is_date and column.date_behavior is DateBehavior.USER_LOCAL


def _moment_cell(place: Place) -> Cell:
    """Show a moment, after itself as the reader's clock shows it."""
    annotation, date_only = f"{place.key}@{FORMATTED}", place.column.date_only_format

    def cell(shown: JsonObject, row: Values, names: Names) -> None:
        value = row[place.position]
        if value is not None:
            shown[annotation] = local_moment(value, names.zone, date_only=date_only)
        shown[place.key] = value

    return cell


def _lookup_cell(catalog: Catalog, place: Place, prefer: Preferences) -> Cell:
    """Show the id of a lookup, after the name, navigation property and table it stands for."""
    key, position, kind = place.key, place.position, place.kind
    with_name, with_navigation, with_table = map(
        prefer.wants, (FORMATTED, LOOKUP_NAVIGATION, LOOKUP_TABLE)
    )
    navigations = {
        relation.referenced_table: relation.referencing_navigation
        for relation in catalog.navigations_of(place.table.logical_name, place.column.logical_name)
    }

    def cell(shown: JsonObject, row: Values, names: Names) -> None:
        value = row[position]
        if value is not None:
            target = place.column.targets[0] if kind is None else row[kind]
            name = names.by_row.get((target, value)) if with_name else None
            if name is not None:
                shown[f"{key}@{FORMATTED}"] = name
            if with_navigation and target in navigations:
                shown[f"{key}@{LOOKUP_NAVIGATION}"] = navigations[target]
            if with_table:
                shown[f"{key}@{LOOKUP_TABLE}"] = target
        shown[key] = value

    return cell


def _by_id(
    db: sqlite3.Connection, table: Table, column: str, ids: Iterable[str]
) -> list[tuple[str, str]]:
    """Read one column of many rows with one statement; rows where it is null are left out."""
    key = quoted(table.primary_id)
    condition = among(key, ids)
    columns, source = f"{key}, {quoted(column)}", quoted(table.logical_name)
    statement = select(columns, source, condition.sql, f"AND {quoted(column)} IS NOT NULL")
    return [(row[0], row[1]) for row in db.execute(statement, condition.params)]
