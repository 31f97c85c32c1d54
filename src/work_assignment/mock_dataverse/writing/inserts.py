"""Creates a row with all that its request holds: new rows it points at, links, new rows below."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from ..faults import Fault, bad_request, located
from ..tables.metadata import OneToMany, Table
from .links import Links
from .payloads import Payload, is_written_whole, related_table
from .references import Reference
from .whole_collections import write_whole_collections
from .writes import WriteContext, Writes


class Inserts:
    """Creates that may be deep (Learn: Create a table row using the Web API, deep insert)."""

    def __init__(self, writes: Writes, links: Links) -> None:
        self._catalog = writes.catalog
        self._writes = writes
        self._links = links

    def create(
        self,
        db: sqlite3.Connection,
        table: Table,
        payload: Payload,
        context: WriteContext,
        place: str = "",
    ) -> Reference:
        """Create a row and what is nested in it; those that others point at come first."""
        row_id = self._writes.create(
            db, table, self._with_parents(db, table, payload, context, place), context
        )
        created = Reference(table, row_id)
        self._links.link_new(db, created, payload.links, context)
        whole: dict[str, tuple[Payload, ...]] = {}
        for navigation, children in payload.children.items():
            if is_written_whole(table, navigation):
                where = _inside(place, navigation)
                whole[navigation] = self._whole(db, created, navigation, children, context, where)
                continue
            for number, child in enumerate(children):
                where = f"{_inside(place, navigation)}[{number}]"
                with _located(where):
                    self.create_in(db, created, navigation, child, context, where)
        complete = replace(payload, children=whole)
        write_whole_collections(self._writes, db, created, complete, context)
        return created

    def _with_parents(
        self,
        db: sqlite3.Connection,
        table: Table,
        payload: Payload,
        context: WriteContext,
        place: str,
    ) -> Payload:
        """Create the new rows that a row points at, and point at them."""
        values: dict[str, Any] = {}
        for navigation, parent in payload.parents.items():
            values |= self._parent(db, table, navigation, parent, context, place)
        return payload.with_values(values)

    def _whole(
        self,
        db: sqlite3.Connection,
        owner: Reference,
        navigation: str,
        children: tuple[Payload, ...],
        context: WriteContext,
        place: str,
    ) -> tuple[Payload, ...]:
        """Create what the rows of a collection that is written whole point at."""
        table = related_table(self._catalog, owner.table, navigation)
        complete = []
        for number, child in enumerate(children):
            where = f"{place}[{number}]"
            if child.links or child.children:
                raise located(
                    bad_request(f"A {table.logical_name} has no collections of its own."), where
                )
            complete.append(self._with_parents(db, table, child, context, where))
        return tuple(complete)

    def create_in(
        self,
        db: sqlite3.Connection,
        owner: Reference,
        navigation: str,
        payload: Payload,
        context: WriteContext,
        place: str = "",
    ) -> Reference:
        """Create a row in a collection of another one."""
        child = related_table(self._catalog, owner.table, navigation)
        relation = self._catalog.collection_valued(owner.table.logical_name, navigation)
        if relation is not None:
            if not child.columns[relation.referencing_column].valid_for_create:
                raise bad_request(f"No record can be created through '{navigation}'.")
            tied = payload.with_values(self._lookup(relation, owner))
            return self.create(db, child, tied, context, place)
        created = self.create(db, child, payload, context, place)
        self._links.add(db, owner, navigation, created, context)
        return created

    def _parent(
        self,
        db: sqlite3.Connection,
        table: Table,
        navigation: str,
        payload: Payload,
        context: WriteContext,
        place: str,
    ) -> dict[str, Any]:
        """Create what a single-valued navigation property points at; return the lookup to it."""
        relation = self._catalog.single_valued(table.logical_name, navigation)
        if relation is None:
            return {}
        where, target = _inside(place, navigation), self._catalog.tables[relation.referenced_table]
        with _located(where):
            return self._lookup(relation, self.create(db, target, payload, context, where))

    def _lookup(self, relation: OneToMany, target: Reference) -> dict[str, Any]:
        column = self._catalog.tables[relation.referencing_table].columns[
            relation.referencing_column
        ]
        values = {column.logical_name: target.row_id}
        if column.is_polymorphic:
            values[f"{column.logical_name}__type"] = target.table.logical_name
        return values


@contextmanager
def _located(place: str) -> Iterator[None]:
    try:
        yield
    except Fault as fault:
        raise located(fault, place) from fault


def _inside(place: str, navigation: str) -> str:
    return f"{place}.{navigation}" if place else navigation
