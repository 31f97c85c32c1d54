"""The body of a write, checked against the table and turned into raw values and links."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any

from ..faults import (
    Fault,
    bad_request,
    invalid_payload,
    invalid_property,
    json_problem,
    located,
    segment_not_found,
)
from ..resource_paths import NAMESPACE
from ..tables.metadata import Catalog, Column, ColumnType, Table
from ..tables.standard_tables.activity_parties import PARTIES_OF
from ..tables.values import check_ignored, to_stored
from .control_information import TYPE, check_control_information
from .references import Reference, References, existing

_BIND = "@odata.bind"
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_DEEPEST = 20
_NO_DEEP_UPDATE = "Deep update of navigation properties is not allowed."
# Rows that Dataverse writes only together with their parent, as a whole (Learn: Calendar entities;
# Associate and disassociate table rows, activity parties).
_WHOLE_COLLECTIONS = frozenset({("calendar", "calendar_calendar_rules"), *PARTIES_OF.items()})


@dataclass(frozen=True, slots=True)
class CollectionLink:
    """Rows to be linked through a collection-valued navigation property."""

    navigation: str
    targets: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class Payload:
    """What a request writes: raw values by stored column, links, and the id if it names one.

    By navigation property, `parents` are new rows that this one points at, and `children` those of
    its collections.
    """

    values: Mapping[str, Any]
    links: tuple[CollectionLink, ...] = ()
    parents: Mapping[str, Payload] = field(default_factory=dict)
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
        raise invalid_payload(
            entity_set, f"The body is not valid JSON: {json_problem(exc)}"
        ) from exc
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
    nests: bool = False,
    place: str = "",
) -> Payload:
    """Check a body; columns that nobody may write are left out, as Dataverse does.

    `nests` says that it may hold further new rows, `place` where it stands in a larger body.
    """
    reader = _Reader(db, table, references, creates=creates, nests=nests, place=place)
    for name, value in body.items():
        reader.read(name, value)
    return reader.payload()


def read_children(
    db: sqlite3.Connection,
    table: Table,
    items: object,
    references: References,
    place: str,
    *,
    nests: bool = False,
) -> tuple[Payload, ...]:
    """Check the new rows of a collection."""
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise invalid_payload(table.entity_set_name, f"'{place}' is not an array of records.")
    return tuple(
        read_payload(
            db, table, item, references, creates=True, nests=nests, place=f"{place}[{number}]"
        )
        for number, item in enumerate(items)
    )


def related_table(catalog: Catalog, table: Table, navigation: str) -> Table:
    """Return the table whose rows a collection-valued navigation property holds."""
    many = catalog.many_valued(table.logical_name, navigation)
    if many is not None:
        from_first = many.table1 == table.logical_name and many.navigation1 == navigation
        return catalog.tables[many.table2 if from_first else many.table1]
    relation = catalog.collection_valued(table.logical_name, navigation)
    if relation is None:
        raise segment_not_found(navigation)
    return catalog.tables[relation.referencing_table]


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
        json.dumps(parsed, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as exc:
        raise invalid_payload(
            entity_set, "The body has half of a character (one of two surrogates)."
        ) from exc


@contextmanager
def _naming(navigation: str) -> Iterator[None]:
    """Let what is wrong with a reference name its property; a row that is missing names itself."""
    try:
        yield
    except Fault as fault:
        if fault.status != HTTPStatus.BAD_REQUEST:
            raise
        said = f"{fault.message} The property is '{navigation}{_BIND}'."
        raise bad_request(said, fault.code) from fault


class _Reader:
    """Collects what the properties of one body say."""

    def __init__(
        self,
        db: sqlite3.Connection,
        table: Table,
        references: References,
        *,
        creates: bool,
        nests: bool,
        place: str,
    ) -> None:
        self._values: dict[str, Any] = {}
        self._links: list[CollectionLink] = []
        self._parents: dict[str, Payload] = {}
        self._children: dict[str, tuple[Payload, ...]] = {}
        self._row_id: str | None = None
        self._annotations: dict[str, Any] = {}
        self._db = db
        self._table = table
        self._references = references
        self._catalog: Catalog = references.catalog
        self._creates = creates
        self._nests = nests
        self._place = place

    def payload(self) -> Payload:
        return Payload(
            self._values,
            tuple(self._links),
            self._parents,
            self._children,
            self._row_id,
            self._annotations,
        )

    def read(self, name: str, value: Any) -> None:
        """Read one property; a fault in a nested row names its place."""
        if not self._place:
            self._read(name, value)
            return
        try:
            self._read(name, value)
        except Fault as fault:
            raise located(fault, f"{self._place}.{name}") from fault

    def _read(self, name: str, value: Any) -> None:
        if name.endswith(_BIND):
            self._bind(name.removesuffix(_BIND), value)
        elif name == TYPE:
            self._check_type(value)
        elif "@" in name:
            check_control_information(self._table, name, value)
            self._annotations[name] = value
        else:
            self._property(name, value)

    def _check_type(self, value: Any) -> None:
        expected = f"{NAMESPACE}{self._table.logical_name}"
        if not isinstance(value, str) or value.removeprefix("#") != expected:
            raise invalid_payload(
                self._table.entity_set_name, f"'{TYPE}' is {value!r}, not '{expected}'."
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
            self._row_id = to_stored(self._table, column, value)
            return
        if column.valid_for_create if self._creates else column.valid_for_update:
            self._values[column.logical_name] = to_stored(self._table, column, value)
        else:
            check_ignored(self._table, column, value)

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
        is_collection = self._is_collection(name)
        if value is None and not is_collection:
            self._bind(name, None)
        elif is_collection and isinstance(value, list):
            self._check_nesting(name)
            self._new_children(name, value)
        elif not is_collection and isinstance(value, dict):
            self._check_nesting(name)
            self._new_parent(name, value)
        elif is_collection:
            raise invalid_payload(
                self._table.entity_set_name, f"'{name}' is not an array of records."
            )
        else:
            raise invalid_payload(
                self._table.entity_set_name,
                f"'{name}' is a navigation property; a reference is set by '{name}{_BIND}', and a"
                " new record is an object.",
            )

    def _check_nesting(self, name: str) -> None:
        if not self._nests and not is_written_whole(self._table, name):
            raise bad_request(f"{_NO_DEEP_UPDATE} The property is '{name}'.")
        if self._place.count(".") >= _DEEPEST:
            raise invalid_payload(
                self._table.entity_set_name, f"Records are nested deeper than {_DEEPEST} levels."
            )

    def _new_children(self, name: str, value: list[Any]) -> None:
        child = related_table(self._catalog, self._table, name)
        self._children[name] = read_children(
            self._db, child, value, self._references, self._at(name), nests=self._nests
        )

    def _new_parent(self, name: str, value: dict[str, Any]) -> None:
        relation = self._catalog.single_valued(self._table.logical_name, name)
        column = self._table.columns[relation.referencing_column] if relation else None
        if relation is None or column is None:
            raise self._undeclared(name)
        if column.type is ColumnType.OWNER or not column.valid_for_create:
            raise bad_request(f"No record can be created through '{name}'.")
        self._parents[name] = read_payload(
            self._db,
            self._catalog.tables[relation.referenced_table],
            value,
            self._references,
            creates=True,
            nests=True,
            place=self._at(name),
        )

    def _at(self, name: str) -> str:
        return f"{self._place}.{name}" if self._place else name

    def _bind(self, name: str, value: Any) -> None:
        if self._is_collection(name):
            self._bind_collection(name, value)
            return
        relation = self._catalog.single_valued(self._table.logical_name, name)
        if relation is None:
            raise self._undeclared(name)
        column = self._table.columns[relation.referencing_column]
        is_written = column.valid_for_create if self._creates else column.valid_for_update
        found = None
        if value is not None:
            with _naming(name):
                table, key = self._references.parse(value)
            self._check_target(name, column, relation.referenced_table, table)
            found = existing(self._db, table, key) if is_written else None
        if is_written:
            self._look_up(column, found)

    def _check_target(self, name: str, column: Column, expected: str, found: Table) -> None:
        accepted = column.targets if column.type is ColumnType.OWNER else (expected,)
        if found.logical_name not in accepted:
            raise bad_request(
                f"The navigation property '{name}' of '{self._table.logical_name}' takes"
                f" {' or '.join(accepted)}, not {found.logical_name}."
            )

    def _look_up(self, column: Column, found: Reference | None) -> None:
        """Set a lookup; several targets share it, so clearing one must not undo another's value."""
        name = column.logical_name
        if found is None and self._values.get(name) is not None and column.is_polymorphic:
            return
        self._values[name] = found.row_id if found else None
        if column.is_polymorphic:
            self._values[f"{name}__type"] = found.table.logical_name if found else None

    def _bind_collection(self, name: str, value: Any) -> None:
        if not self._creates:
            raise bad_request(
                f"'{name}' is collection-valued; on update its records are linked by '$ref'."
            )
        if not isinstance(value, list):
            raise invalid_payload(
                self._table.entity_set_name, f"'{name}{_BIND}' takes an array of references."
            )
        with _naming(name):
            targets = tuple(self._references.resolve(self._db, item) for item in value)
        self._links.append(CollectionLink(name, targets))

    def _undeclared(self, name: str) -> Fault:
        return invalid_payload(
            self._table.entity_set_name,
            f"An undeclared property '{name}' which only has property annotations in the payload"
            " but no property value was found in the payload. In OData, only declared navigation"
            " properties and declared named streams can be represented as properties without"
            " values.",
        )

    def _unknown(self, name: str) -> Fault:
        return invalid_property(name, self._table.entity_set_name, self._table.logical_name)
