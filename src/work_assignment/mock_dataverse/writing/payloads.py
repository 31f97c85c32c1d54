"""The body of a write, checked against the table and turned into raw values and links."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..faults import Fault, bad_request, invalid_payload, not_emulated
from ..resource_paths import NAMESPACE
from ..tables.metadata import Catalog, Column, ColumnType, Table
from ..tables.values import to_stored
from .references import Reference, References

_BIND = "@odata.bind"
_TYPE = "@odata.type"
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
# Rows that Dataverse writes only together with their parent, as a whole (Learn: Calendar entities).
_WHOLE_COLLECTIONS = frozenset({("calendar", "calendar_calendar_rules")})


@dataclass(frozen=True, slots=True)
class CollectionLink:
    """Rows to be linked through a collection-valued navigation property."""

    navigation: str
    targets: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class Payload:
    """What a request writes: raw values by stored column, links, and the id if it names one.

    `children` are the rows of collections that are written whole, by navigation property.
    """

    values: Mapping[str, Any]
    links: tuple[CollectionLink, ...] = ()
    children: Mapping[str, tuple[Payload, ...]] = field(default_factory=dict)
    row_id: str | None = None
    annotations: Mapping[str, Any] = field(default_factory=dict)

    def without(self, columns: Mapping[str, Any]) -> Payload:
        """The same payload without the columns that the URL's key already fixes."""
        return replace(self, values={n: v for n, v in self.values.items() if n not in columns})

    def with_values(self, values: Mapping[str, Any]) -> Payload:
        return replace(self, values={**self.values, **values})


def read_json(body: bytes, entity_set: str) -> dict[str, Any]:
    """Parse a body that must be a JSON object."""
    try:
        parsed = json.loads(
            body.decode("utf-8-sig"),
            parse_constant=_refuse_constant,
            object_pairs_hook=_object,
        )
    except (ValueError, RecursionError) as exc:
        raise invalid_payload(entity_set, f"The body is not valid JSON: {exc}") from exc
    if not isinstance(parsed, dict):
        raise invalid_payload(entity_set, "The body is not a JSON object.")
    if _SURROGATE.search(body):
        _check_unicode(parsed, entity_set)
    return parsed


def read_payload(
    db: sqlite3.Connection,
    table: Table,
    body: Mapping[str, Any],
    references: References,
    *,
    creates: bool,
) -> Payload:
    """Check a body; columns that nobody may write are left out, as Dataverse does."""
    reader = _Reader(db, table, references, creates)
    for name, value in body.items():
        reader.read(name, value)
    return Payload(
        reader.values, tuple(reader.links), reader.children, reader.row_id, reader.annotations
    )


def read_children(
    db: sqlite3.Connection, table: Table, items: object, references: References, name: str
) -> tuple[Payload, ...]:
    """Check the rows of a collection that is written whole."""
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise invalid_payload(table.entity_set_name, f"'{name}' is not an array of records.")
    return tuple(read_payload(db, table, item, references, creates=True) for item in items)


def is_written_whole(table: Table, navigation: str) -> bool:
    """Tell whether a collection's rows are written with their parent, all at once."""
    return (table.logical_name, navigation) in _WHOLE_COLLECTIONS


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object; a property that comes twice is an error, as in OData."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the property '{ascii(twice)[1:-1]}' is given more than once")
    return found


def _check_unicode(parsed: dict[str, Any], entity_set: str) -> None:
    """Refuse half of a surrogate pair, which JSON can spell and UTF-8 cannot."""
    try:
        json.dumps(parsed, ensure_ascii=False).encode()
    except UnicodeEncodeError as exc:
        raise invalid_payload(
            entity_set, "The body has half of a character (one of two surrogates)."
        ) from exc


class _Reader:
    """Collects what the properties of one body say."""

    def __init__(
        self, db: sqlite3.Connection, table: Table, references: References, creates: bool
    ) -> None:
        self.values: dict[str, Any] = {}
        self.links: list[CollectionLink] = []
        self.children: dict[str, tuple[Payload, ...]] = {}
        self.row_id: str | None = None
        self.annotations: dict[str, Any] = {}
        self._db = db
        self._table = table
        self._references = references
        self._catalog: Catalog = references.catalog
        self._creates = creates

    def read(self, name: str, value: Any) -> None:
        if name.endswith(_BIND):
            self._bind(name.removesuffix(_BIND), value)
        elif name == _TYPE:
            self._check_type(value)
        elif "@" in name:
            self.annotations[name] = value
        else:
            self._property(name, value)

    def _check_type(self, value: Any) -> None:
        expected = f"{NAMESPACE}{self._table.logical_name}"
        if not isinstance(value, str) or value.removeprefix("#") != expected:
            raise invalid_payload(
                self._table.entity_set_name, f"'{_TYPE}' is {value!r}, not '{expected}'."
            )

    def _property(self, name: str, value: Any) -> None:
        column = self._table.columns.get(name)
        if column is not None and not column.type.is_lookup:
            self._column(column, value)
        elif self._is_navigation(name):
            self._nested(name, value)
        elif self._table.column_by_wire_name(name) is not None:
            raise bad_request(
                "CRM do not support direct update of Entity Reference properties, Use Navigation"
                f" properties instead. The property is '{name}'."
            )
        else:
            raise self._unknown(name)

    def _column(self, column: Column, value: Any) -> None:
        if column.is_primary_id:
            self.row_id = to_stored(self._table, column, value)
            return
        if column.valid_for_create if self._creates else column.valid_for_update:
            self.values[column.logical_name] = to_stored(self._table, column, value)

    def _is_navigation(self, name: str) -> bool:
        table = self._table.logical_name
        return self._catalog.single_valued(table, name) is not None or self._is_collection(name)

    def _is_collection(self, name: str) -> bool:
        table = self._table.logical_name
        return (
            self._catalog.collection_valued(table, name) is not None
            or self._catalog.many_valued(table, name) is not None
        )

    def _nested(self, name: str, value: Any) -> None:
        """Read a navigation property without a bind: null clears it, an object creates a row."""
        if value is None and not self._is_collection(name):
            self._bind(name, None)
            return
        relation = self._catalog.collection_valued(self._table.logical_name, name)
        if relation is not None and is_written_whole(self._table, name):
            child = self._catalog.tables[relation.referencing_table]
            self.children[name] = read_children(self._db, child, value, self._references, name)
            return
        if not isinstance(value, dict | list):
            raise invalid_payload(
                self._table.entity_set_name,
                f"'{name}' is a navigation property; a reference is set by '{name}{_BIND}'.",
            )
        raise not_emulated(f"deep insert (the nested record under '{name}')")

    def _bind(self, name: str, value: Any) -> None:
        if self._is_collection(name):
            self._bind_collection(name, value)
            return
        relation = self._catalog.single_valued(self._table.logical_name, name)
        if relation is None:
            raise self._undeclared(name)
        column = self._table.columns[relation.referencing_column]
        if not (column.valid_for_create if self._creates else column.valid_for_update):
            return
        found = None if value is None else self._references.resolve(self._db, value)
        if found is not None:
            self._check_target(name, column, relation.referenced_table, found)
        self._look_up(column, found)

    def _check_target(self, name: str, column: Column, expected: str, found: Reference) -> None:
        accepted = column.targets if column.type is ColumnType.OWNER else (expected,)
        if found.table.logical_name not in accepted:
            raise bad_request(
                f"The navigation property '{name}' of '{self._table.logical_name}' takes"
                f" {' or '.join(accepted)}, not {found.table.logical_name}."
            )

    def _look_up(self, column: Column, found: Reference | None) -> None:
        """Set a lookup; several targets share it, so clearing one must not undo another's value."""
        name = column.logical_name
        if found is None and self.values.get(name) is not None and column.is_polymorphic:
            return
        self.values[name] = found.row_id if found else None
        if column.is_polymorphic:
            self.values[f"{name}__type"] = found.table.logical_name if found else None

    def _bind_collection(self, name: str, value: Any) -> None:
        if not self._creates:
            raise bad_request(
                f"'{name}' is collection-valued; on update its records are linked by '$ref'."
            )
        if not isinstance(value, list):
            raise invalid_payload(
                self._table.entity_set_name, f"'{name}{_BIND}' takes an array of references."
            )
        targets = tuple(self._references.resolve(self._db, item) for item in value)
        self.links.append(CollectionLink(name, targets))

    def _undeclared(self, name: str) -> Fault:
        return invalid_payload(
            self._table.entity_set_name,
            f"An undeclared property '{name}' which only has property annotations in the payload"
            " but no property value was found in the payload. In OData, only declared navigation"
            " properties and declared named streams can be represented as properties without"
            " values.",
        )

    def _unknown(self, name: str) -> Fault:
        return invalid_payload(
            self._table.entity_set_name,
            f"Invalid property '{name}' was found in entity"
            f" 'Microsoft.Dynamics.CRM.{self._table.logical_name}'. Check the spelling; property"
            " names are case-sensitive.",
        )
