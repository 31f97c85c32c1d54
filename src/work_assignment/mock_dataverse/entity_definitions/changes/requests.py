"""Requests that create, change or delete definitions: which one means what, and how it is answered."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from ...faults import bad_request, segment_not_found
from ...requests.exchanges import Request, Response
from ...requests.rows import method_not_allowed
from ...requests.sessions import Session
from ...resource_paths import NAMESPACE, Segment
from ...tables.metadata import Catalog, Table
from ...tables.metadata_ids import choice_id, column_id, key_id, relationship_id, table_id
from ...tables.values import is_guid
from ...writing.payloads import read_json
from ..journal import change_definitions
from .addresses import find_choice, find_column, find_key, find_relation, find_table
from .choices import change_choice, create_choice, delete_choice
from .keys import create_key, delete_key
from .members import Members
from .relationships import (
    MANY_TO_MANY,
    ONE_TO_MANY,
    change_relationship,
    create_relationship,
    delete_relationship,
)
from .table_columns import change_column, create_column, delete_column
from .tables import change_table, create_table, delete_table

TABLES, RELATIONSHIPS, CHOICES = (
    "EntityDefinitions",
    "RelationshipDefinitions",
    "GlobalOptionSetDefinitions",
)
_RELATIONS_OF_A_TABLE = {
    "OneToManyRelationships": ONE_TO_MANY,
    "ManyToOneRelationships": ONE_TO_MANY,
    "ManyToManyRelationships": MANY_TO_MANY,
}
_OPTIONS = frozenset({"SolutionUniqueName", "tag"})
_MERGE_LABELS = "mscrm.mergelabels"

# A change returns the new catalog and, when it creates something, the address of that.
Change = Callable[[sqlite3.Connection, Catalog], tuple[Catalog, str | None]]


def answer_change(session: Session, segments: tuple[Segment, ...], request: Request) -> Response:
    """Answer a POST, PUT or DELETE of `EntityDefinitions...` and the like."""
    for name in request.query:
        if name not in _OPTIONS:
            raise bad_request(f"The query option '{name}' is not supported on {request.method}.")
    return carry_out(session, request, _change(_without_cast(segments), request))


def carry_out(session: Session, request: Request, change: Change) -> Response:
    """Change the definitions, and answer 204 with the address of what was created."""
    created: list[str] = []

    def apply(db: sqlite3.Connection, catalog: Catalog) -> Catalog:
        changed, address = change(db, catalog)
        if address is not None:
            created.append(address)
        return changed

    change_definitions(session, apply)
    headers = {"OData-EntityId": f"{request.root}{created[0]}"} if created else {}
    return Response(204, headers)


def _without_cast(segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
    """Leave out a cast at the end, which says again what type a definition has."""
    is_cast = len(segments) > 1 and segments[-1].name.startswith(NAMESPACE)
    return segments[:-1] if is_cast else segments


def _change(segments: tuple[Segment, ...], request: Request) -> Change:
    first, rest = segments[0], segments[1:]
    if first.name == TABLES:
        if not rest:
            return _change_of_table(first.arguments, request)
        if first.arguments is not None and len(rest) == 1:
            return _change_below_table(first.arguments, rest[0], request)
    elif not rest and first.name == RELATIONSHIPS:
        return _change_of_relationship(first.arguments, request)
    elif not rest and first.name == CHOICES:
        return _change_of_choice(first.arguments, request)
    if request.method in ("POST", "PUT", "DELETE"):
        raise segment_not_found(segments[-1].name)
    raise method_not_allowed(request.method)


def _change_of_table(key: str | None, request: Request) -> Change:
    def create(db: sqlite3.Connection, catalog: Catalog) -> tuple[Catalog, str]:
        changed, name = create_table(catalog, _body(request, "the table"))
        return changed, f"{TABLES}({table_id(changed.tables[name])})"

    def change(db: sqlite3.Connection, catalog: Catalog) -> tuple[Catalog, str]:
        table = find_table(catalog, key or "")
        members = _body(request, f"the table {table.logical_name}")
        changed = change_table(catalog, table, members, keeps_labels=_keeps_labels(request))
        return changed, f"{TABLES}({table_id(table)})"

    def delete(db: sqlite3.Connection, catalog: Catalog) -> tuple[Catalog, None]:
        return delete_table(db, catalog, find_table(catalog, key or "")), None

    return _by_method(key, request, create, change, delete)


def _change_below_table(table_key: str, segment: Segment, request: Request) -> Change:
    if segment.name == "Attributes":
        return _change_of_column(table_key, segment.arguments, request)
    if segment.name == "Keys":
        return _change_of_key(table_key, segment.arguments, request)
    kind = _RELATIONS_OF_A_TABLE.get(segment.name)
    if kind is None:
        raise segment_not_found(segment.name)

    def create(db: sqlite3.Connection, catalog: Catalog) -> tuple[Catalog, str]:
        find_table(catalog, table_key)
        changed, made = create_relationship(catalog, _body(request, "the relationship"), kind)
        return changed, f"{RELATIONSHIPS}({relationship_id(made)})"

    return _by_method(segment.arguments, request, create, None, None)


def _change_of_column(table_key: str, key: str | None, request: Request) -> Change:
    def create(db: sqlite3.Connection, catalog: Catalog) -> tuple[Catalog, str]:
        table = find_table(catalog, table_key)
        changed, column = create_column(catalog, table, _body(request, "the column"))
        return changed, f"{_address(table, table_key)}/Attributes({column_id(table, column)})"

    def change(db: sqlite3.Connection, catalog: Catalog) -> tuple[Catalog, str]:
        table = find_table(catalog, table_key)
        column = find_column(table, key or "")
        members = _body(request, f"the column {column.logical_name}")
        keeps = _keeps_labels(request)
        changed = change_column(db, catalog, table, column, members, keeps_labels=keeps)
        return changed, f"{_address(table, table_key)}/Attributes({column_id(table, column)})"

    def delete(db: sqlite3.Connection, catalog: Catalog) -> tuple[Catalog, None]:
        table = find_table(catalog, table_key)
        return delete_column(db, catalog, table, find_column(table, key or "")), None

    return _by_method(key, request, create, change, delete)


def _change_of_key(table_key: str, key: str | None, request: Request) -> Change:
    def create(db: sqlite3.Connection, catalog: Catalog) -> tuple[Catalog, str]:
        table = find_table(catalog, table_key)
        changed, made = create_key(db, catalog, table, _body(request, "the entity key"))
        return changed, f"{_address(table, table_key)}/Keys({key_id(table, made)})"

    def delete(db: sqlite3.Connection, catalog: Catalog) -> tuple[Catalog, None]:
        table = find_table(catalog, table_key)
        return delete_key(catalog, table, find_key(table, key or "")), None

    return _by_method(key, request, create, None, delete)


def _address(table: Table, key: str) -> str:
    """Name a table as the request does, by id or name: clients take the first id in an answer."""
    named = table_id(table) if is_guid(key) else f"LogicalName='{table.logical_name}'"
    return f"{TABLES}({named})"


def _change_of_relationship(key: str | None, request: Request) -> Change:
    def create(db: sqlite3.Connection, catalog: Catalog) -> tuple[Catalog, str]:
        changed, made = create_relationship(catalog, _body(request, "the relationship"))
        return changed, f"{RELATIONSHIPS}({relationship_id(made)})"

    def change(db: sqlite3.Connection, catalog: Catalog) -> tuple[Catalog, str]:
        relation = find_relation(catalog, key or "")
        members = _body(request, f"the relationship {relation.schema_name}")
        changed = change_relationship(catalog, relation, members)
        return changed, f"{RELATIONSHIPS}({relationship_id(relation)})"

    def delete(db: sqlite3.Connection, catalog: Catalog) -> tuple[Catalog, None]:
        return delete_relationship(db, catalog, find_relation(catalog, key or "")), None

    return _by_method(key, request, create, change, delete)


def _change_of_choice(key: str | None, request: Request) -> Change:
    def create(db: sqlite3.Connection, catalog: Catalog) -> tuple[Catalog, str]:
        changed, choice = create_choice(catalog, _body(request, "the global choice"))
        return changed, f"{CHOICES}({choice_id(choice)})"

    def change(db: sqlite3.Connection, catalog: Catalog) -> tuple[Catalog, str]:
        choice = find_choice(catalog, key or "")
        members = _body(request, f"the global choice {choice.name}")
        changed = change_choice(catalog, choice, members, keeps_labels=_keeps_labels(request))
        return changed, f"{CHOICES}({choice_id(choice)})"

    def delete(db: sqlite3.Connection, catalog: Catalog) -> tuple[Catalog, None]:
        return delete_choice(catalog, find_choice(catalog, key or "")), None

    return _by_method(key, request, create, change, delete)


def _by_method(
    key: str | None,
    request: Request,
    create: Change,
    change: Change | None,
    delete: Change | None,
) -> Change:
    """Choose by method; a collection takes POST, one definition PUT and DELETE (never PATCH)."""
    known = {"POST": create} if key is None else {"PUT": change, "DELETE": delete}
    chosen = known.get(request.method)
    if chosen is None:
        raise method_not_allowed(request.method)
    return chosen


def _body(request: Request, what: str) -> Members:
    """Read the members; a cast at the end of the address is the type of what does not say its own."""
    members = read_json(request.body, what)
    cast = request.path.rpartition("/")[2]
    typed = {"@odata.type": cast} if cast.startswith(NAMESPACE) else {}
    return Members({**typed, **members}, what)


def _keeps_labels(request: Request) -> bool:
    """Tell whether labels in other languages stay (Learn: MSCRM.MergeLabels, by default they go)."""
    return request.headers.get(_MERGE_LABELS, "").strip().lower() == "true"
