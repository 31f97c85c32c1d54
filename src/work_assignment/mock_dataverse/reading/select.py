"""$select -> the columns to read and show, and how `@odata.context` names them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..faults import unknown_property
from ..tables.metadata import Catalog, Column, ColumnType, Table
from .options import Options

_ADDRESS_PART = re.compile(
    r"(address\d)_(?:line\d|city|stateorprovince|postalcode|country)", re.ASCII
)


def selected_columns(
    catalog: Catalog, table: Table, names: tuple[str, ...] | None
) -> tuple[Column, ...]:
    """List the columns that a $select shows: those named, the primary key, a money's currency, and
    the whole address beside a part of it."""
    if names is None:
        return tuple(column for column in table.columns.values() if column.valid_for_read)
    chosen = {c.logical_name: c for c in (_column(catalog, table, name) for name in names)}
    if any(column.type is ColumnType.MONEY for column in chosen.values()):
        _add(chosen, table, "transactioncurrencyid")
    for name in _composites(chosen):
        _add(chosen, table, name)
    _add(chosen, table, table.primary_id)
    return tuple(chosen.values())


def _composites(names: Iterable[str]) -> Iterable[str]:
    """The columns that hold the whole of the addresses of which a part is selected."""
    parts = (_ADDRESS_PART.fullmatch(name) for name in names)
    return dict.fromkeys(f"{part.group(1)}_composite" for part in parts if part)


def with_column(columns: tuple[Column, ...], table: Table, name: str) -> tuple[Column, ...]:
    """The same columns and one more, unless it is among them."""
    chosen = {column.logical_name: column for column in columns}
    _add(chosen, table, name)
    return tuple(chosen.values())


def context_columns(catalog: Catalog, table: Table, options: Options) -> str:
    """Write `(subject,parentaccountid(name))`, or nothing when all columns are shown."""
    parts = [_column(catalog, table, name).wire_name for name in options.select or ()]
    parts += _context_of_expands(catalog, table, options)
    return f"({','.join(parts)})" if parts else ""


def _context_of_expands(catalog: Catalog, table: Table, options: Options) -> Iterable[str]:
    for item in options.expand:
        target = expanded_table(catalog, table, item.navigation)
        inner = "" if target is None else context_columns(catalog, target, item.options)
        if item.is_reference:
            inner = "/$ref()"
        yield f"{item.navigation}{inner or '()'}"


def expanded_table(catalog: Catalog, table: Table, navigation: str) -> Table | None:
    """The table that a navigation property leads to; None for one that leads to several."""
    name = table.logical_name
    column = table.columns.get(navigation)
    if column is not None and column.type is ColumnType.OWNER:
        return None
    single = catalog.single_valued(name, navigation)
    if single is not None:
        return catalog.tables[single.referenced_table]
    children = catalog.collection_valued(name, navigation)
    if children is not None:
        return catalog.tables[children.referencing_table]
    many = catalog.many_valued(name, navigation)
    if many is None:
        raise unknown_property(navigation, name)
    is_first = (many.table1, many.navigation1) == (name, navigation)
    return catalog.tables[many.table2 if is_first else many.table1]


def _column(catalog: Catalog, table: Table, name: str) -> Column:
    """Find a selected column; a lookup may also be named by its navigation property."""
    column = table.column_by_wire_name(name)
    if column is None:
        relation = catalog.single_valued(table.logical_name, name)
        column = table.columns[relation.referencing_column] if relation else None
    if column is None or not column.valid_for_read:
        raise unknown_property(name, table.logical_name)
    return column


def _add(chosen: dict[str, Column], table: Table, name: str) -> None:
    column = table.columns.get(name)
    if column is not None:
        chosen.setdefault(name, column)
