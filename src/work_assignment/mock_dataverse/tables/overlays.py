"""What an organization changed of the definitions that it began with, element by element."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, fields, replace
from typing import Any, TypeAlias

from .metadata import (
    AlternateKey,
    CascadeDelete,
    CascadeRows,
    Cascades,
    Catalog,
    Choice,
    Column,
    ColumnType,
    DateBehavior,
    ManyToMany,
    OneToMany,
    Option,
    Table,
)

TABLE, COLUMN, KEY, FAILED_KEY = "table", "column", "key", "failed key"
ONE_TO_MANY, MANY_TO_MANY, CHOICE = "one to many", "many to many", "choice"

Element: TypeAlias = Table | Column | AlternateKey | OneToMany | ManyToMany | Choice
# A kind and a name; the name of a column begins with its table's.
Address: TypeAlias = tuple[str, str]
# Elements by address; None for one that was taken away.
Overlay: TypeAlias = Mapping[Address, Element | None]


def changes_between(base: Catalog, current: Catalog) -> dict[Address, Element | None]:
    """Return what turns one catalog into another."""
    before, after = dict(_elements(base)), dict(_elements(current))
    changed: dict[Address, Element | None] = {
        address: element
        for address, element in after.items()
        if before.get(address) is not element and before.get(address) != element
    }
    return changed | {address: None for address in before if address not in after}


def with_changes(base: Catalog, changes: Overlay, token: str) -> Catalog:
    """Return a catalog with elements put in, replaced and taken away.

    What belongs to a table that is no longer there is left out.
    """
    elements: dict[Address, Element | None] = {**dict(_elements(base)), **changes}
    tables = [element for element in elements.values() if isinstance(element, Table)]
    names = {table.logical_name for table in tables}
    belongings = _by_table(elements)
    return Catalog(
        [_assembled(table, belongings.get(table.logical_name, ())) for table in tables],
        [
            element
            for element in elements.values()
            if isinstance(element, OneToMany)
            and {element.referenced_table, element.referencing_table} <= names
        ],
        [
            element
            for element in elements.values()
            if isinstance(element, ManyToMany)
            and {element.table1, element.table2, element.intersect_table} <= names
        ],
        [element for element in elements.values() if isinstance(element, Choice)],
        token=token,
    )


def _by_table(elements: Overlay) -> dict[str, list[tuple[str, Column | AlternateKey]]]:
    found: dict[str, list[tuple[str, Column | AlternateKey]]] = defaultdict(list)
    for (kind, name), element in elements.items():
        if isinstance(element, Column | AlternateKey):
            found[name.partition(".")[0]].append((kind, element))
    return found


def _assembled(table: Table, belongings: Iterable[tuple[str, Column | AlternateKey]]) -> Table:
    columns, keys, failed = {}, [], []
    for kind, element in belongings:
        if isinstance(element, Column):
            columns[element.logical_name] = element
        elif kind == KEY:
            keys.append(element)
        else:
            failed.append(element)
    return replace(table, columns=columns, keys=tuple(keys), failed_keys=tuple(failed))


def encode(element: Element) -> str:
    return json.dumps(asdict(element), ensure_ascii=False, separators=(",", ":"))


def decode(kind: str, text: str) -> Element:
    """Read an element back; members that are no longer known are left out."""
    return _DECODERS[kind](json.loads(text))


def _elements(catalog: Catalog) -> Iterator[tuple[Address, Element]]:
    for table in catalog:
        name = table.logical_name
        yield (TABLE, name), replace(table, columns={}, keys=(), failed_keys=())
        for column in table.columns.values():
            yield (COLUMN, f"{name}.{column.logical_name}"), column
        for key in table.keys:
            yield (KEY, f"{name}.{key.schema_name.lower()}"), key
        for key in table.failed_keys:
            yield (FAILED_KEY, f"{name}.{key.schema_name.lower()}"), key
    for relation in catalog.one_to_many:
        places = (relation.referencing_table, relation.referencing_column)
        address = ".".join((*places, relation.referenced_table, relation.schema_name.lower()))
        yield (ONE_TO_MANY, address), relation
    for link in catalog.many_to_many:
        yield (MANY_TO_MANY, link.schema_name.lower()), link
    for choice in catalog.choices.values():
        yield (CHOICE, choice.name), choice


def _known(kind: type, body: Mapping[str, Any]) -> dict[str, Any]:
    names = {field.name for field in fields(kind)}
    return {name: _frozen(value) for name, value in body.items() if name in names}


def _frozen(value: Any) -> Any:
    """Turn the arrays of JSON into the tuples that they were; objects stay as they are."""
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value


def _options(body: Mapping[str, Any]) -> tuple[Option, ...]:
    return tuple(Option(**_known(Option, option)) for option in body["options"])


def _column(body: Mapping[str, Any]) -> Column:
    typed = {
        "type": ColumnType(body["type"]),
        "date_behavior": DateBehavior(body["date_behavior"]),
        "options": _options(body),
        "settings": body["settings"],
    }
    return Column(**(_known(Column, body) | typed))


def _table(body: Mapping[str, Any]) -> Table:
    settings = {"settings": body["settings"]}
    return Table(**(_known(Table, body) | settings))


def _key(body: Mapping[str, Any]) -> AlternateKey:
    return AlternateKey(**_known(AlternateKey, body))


def _one_to_many(body: Mapping[str, Any]) -> OneToMany:
    rows = {name: CascadeRows(value) for name, value in body["cascades"].items()}
    typed = {
        "cascade_delete": CascadeDelete(body["cascade_delete"]),
        "cascades": Cascades(**rows),
        "settings": body["settings"],
    }
    return OneToMany(**(_known(OneToMany, body) | typed))


def _many_to_many(body: Mapping[str, Any]) -> ManyToMany:
    settings = {"settings": body["settings"]}
    return ManyToMany(**(_known(ManyToMany, body) | settings))


def _choice(body: Mapping[str, Any]) -> Choice:
    return Choice(**(_known(Choice, body) | {"options": _options(body)}))


_DECODERS: Mapping[str, Callable[[Mapping[str, Any]], Element]] = {
    TABLE: _table,
    COLUMN: _column,
    KEY: _key,
    FAILED_KEY: _key,
    ONE_TO_MANY: _one_to_many,
    MANY_TO_MANY: _many_to_many,
    CHOICE: _choice,
}
