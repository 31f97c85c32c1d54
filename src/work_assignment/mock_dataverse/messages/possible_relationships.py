"""Messages that tell which tables a relationship may be made of."""

from __future__ import annotations

from ..entity_definitions.changes.members import Members
from ..faults import table_not_found
from ..requests.exchanges import Response
from ..tables.metadata import Table
from .calls import Call


def can_be_related(call: Call) -> Response:
    """Answer CanBeReferenced, CanBeReferencing and CanManyToMany, whose answers have their names."""
    name = Members(call.arguments("EntityName").body, call.name).required_text("EntityName")
    return call.answer({call.name: _can_be_related(_table(call, name))})


def valid_many_to_many(call: Call) -> Response:
    """List the tables for many-to-many relationships."""
    call.expect()
    return _possible_tables(call)


def valid_related(call: Call, other_side: str) -> Response:
    """List the tables for one side of a relationship; without the other one, those for any."""
    call.expect(*({other_side} & set(call.parameters)))
    if other_side in call.parameters and not _can_be_related(_table(call, call.text(other_side))):
        return call.answer({"EntityNames": []})
    return _possible_tables(call)


def _possible_tables(call: Call) -> Response:
    names = (table.logical_name for table in call.session.catalog if _can_be_related(table))
    return call.answer({"EntityNames": sorted(names)})


def _table(call: Call, name: str) -> Table:
    table = call.session.catalog.tables.get(name)
    if table is None:
        raise table_not_found(name)
    return table


def _can_be_related(table: Table) -> bool:
    return not table.is_intersect
