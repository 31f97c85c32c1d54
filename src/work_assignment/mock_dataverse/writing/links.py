"""Associates and disassociates rows: many-to-many by an intersect row, one-to-many by the lookup."""

from __future__ import annotations

import sqlite3
import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..faults import Fault, bad_request, duplicate_row, segment_not_found
from ..storage.rows import delete_row, fetch_value, find_ids, insert_row, next_version
from ..tables.metadata import Catalog, ManyToMany, OneToMany, Table
from ..webhooks import json_text
from ..webhooks.operations import ASSOCIATE, DISASSOCIATE, Operation
from .payloads import CollectionLink, Payload
from .references import Reference
from .writes import OperationSink, WriteContext, Writes, existing_row


class Links:
    """The links between rows, addressed by the navigation properties of one side."""

    def __init__(self, catalog: Catalog, outbox: OperationSink, writes: Writes) -> None:
        self._catalog = catalog
        self._outbox = outbox
        self._writes = writes
        self._intersects: dict[str, list[tuple[Table, str]]] = defaultdict(list)
        for relation in catalog.many_to_many:
            intersect = catalog.tables[relation.intersect_table]
            self._intersects[relation.table1].append((intersect, relation.column1))
            self._intersects[relation.table2].append((intersect, relation.column2))

    def link_new(
        self,
        db: sqlite3.Connection,
        source: Reference,
        links: tuple[CollectionLink, ...],
        context: WriteContext,
    ) -> None:
        """Carry out the collection binds of a create."""
        for link in links:
            for target in link.targets:
                self.add(db, source, link.navigation, target, context)

    def add(
        self,
        db: sqlite3.Connection,
        source: Reference,
        navigation: str,
        target: Reference,
        context: WriteContext,
    ) -> None:
        """Add a row to a collection-valued navigation property."""
        many = self._catalog.many_valued(source.table.logical_name, navigation)
        if many is not None:
            self._associate(db, many, source, target, navigation, context)
            return
        relation = self._collection(source.table, navigation)
        self._check_target(navigation, relation.referencing_table, target)
        link = {relation.referencing_column: source.row_id}
        operation = _tied(ASSOCIATE, source, relation.schema_name, target, link, context)
        self._point_as(db, operation, relation, target, source, context)

    def remove(
        self,
        db: sqlite3.Connection,
        source: Reference,
        navigation: str,
        target: Reference,
        context: WriteContext,
    ) -> None:
        """Take a row out of a collection-valued navigation property."""
        many = self._catalog.many_valued(source.table.logical_name, navigation)
        if many is not None:
            self._disassociate(db, many, source, target, navigation, context)
            return
        relation = self._collection(source.table, navigation)
        self._check_target(navigation, relation.referencing_table, target)
        row = existing_row(db, target.table, target.row_id)
        if row[relation.referencing_column] != source.row_id:
            raise not_associated()
        link = {relation.referencing_column: source.row_id}
        operation = _tied(DISASSOCIATE, source, relation.schema_name, target, link, context)
        self._point_as(db, operation, relation, target, None, context)

    def holds(
        self, db: sqlite3.Connection, source: Reference, navigation: str, target: Reference
    ) -> bool:
        """Tell whether a many-to-many collection has a row already."""
        relation = self._many(source.table, navigation)
        values = self._link_values(relation, source, target, navigation)
        intersect = self._catalog.tables[relation.intersect_table]
        return bool(find_ids(db, intersect, values, limit=1))

    def targets(
        self, db: sqlite3.Connection, source: Reference, navigation: str
    ) -> list[Reference]:
        """List the rows of a many-to-many collection."""
        relation = self._many(source.table, navigation)
        near, far, table = relation.column1, relation.column2, relation.table2
        if not _is_first(relation, source.table, navigation):
            near, far, table = relation.column2, relation.column1, relation.table1
        intersect = self._catalog.tables[relation.intersect_table]
        return [
            Reference(self._catalog.tables[table], fetch_value(db, intersect, link_id, far))
            for link_id in find_ids(db, intersect, {near: source.row_id})
        ]

    def set_single(
        self,
        db: sqlite3.Connection,
        source: Reference,
        navigation: str,
        target: Reference | None,
        context: WriteContext,
    ) -> None:
        """Set or clear a single-valued navigation property."""
        relation = self._catalog.single_valued(source.table.logical_name, navigation)
        if relation is None:
            raise segment_not_found(navigation)
        column = source.table.columns[relation.referencing_column]
        if target is not None and navigation != column.logical_name:
            self._check_target(navigation, relation.referenced_table, target)
        elif target is not None and target.table.logical_name not in column.targets:
            self._check_target(navigation, " or ".join(column.targets), target)
        self._point(db, relation, source, target, context)

    def remove_all(self, db: sqlite3.Connection, table: Table, row_id: str) -> None:
        """Drop the intersect rows of a row that is deleted."""
        for intersect, column in self._intersects.get(table.logical_name, []):
            for link_id in find_ids(db, intersect, {column: row_id}):
                delete_row(db, intersect, link_id)

    def _many(self, table: Table, navigation: str) -> ManyToMany:
        relation = self._catalog.many_valued(table.logical_name, navigation)
        if relation is None:
            raise segment_not_found(navigation)
        return relation

    def _collection(self, table: Table, navigation: str) -> OneToMany:
        relation = self._catalog.collection_valued(table.logical_name, navigation)
        if relation is None:
            raise segment_not_found(navigation)
        return relation

    def _check_target(self, navigation: str, expected: str, target: Reference) -> None:
        if target.table.logical_name != expected:
            raise bad_request(
                f"The navigation property '{navigation}' links {expected}, not"
                f" {target.table.logical_name}."
            )

    def _point_as(
        self,
        db: sqlite3.Connection,
        operation: Operation,
        relation: OneToMany,
        child: Reference,
        parent: Reference | None,
        context: WriteContext,
    ) -> None:
        """Write the lookup behind a relationship as a part of Associate or Disassociate."""
        self._begin(db, operation)
        self._point(db, relation, child, parent, context.within(operation))
        self._outbox.enqueue(db, operation)

    def _point(
        self,
        db: sqlite3.Connection,
        relation: OneToMany,
        child: Reference,
        parent: Reference | None,
        context: WriteContext,
    ) -> None:
        """Write the lookup behind a relationship, as an update of the row that has it."""
        column = child.table.columns[relation.referencing_column]
        if not column.valid_for_update:
            raise bad_request(f"The column '{column.logical_name}' cannot be written.")
        values = {column.logical_name: parent.row_id if parent else None}
        if column.is_polymorphic:
            kind = parent.table.logical_name if parent else None
            values[f"{column.logical_name}__type"] = kind
        self._writes.update(db, child.table, child.row_id, Payload(values), context)

    def _associate(
        self,
        db: sqlite3.Connection,
        relation: ManyToMany,
        source: Reference,
        target: Reference,
        navigation: str,
        context: WriteContext,
    ) -> None:
        values = self._link_values(relation, source, target, navigation)
        existing_row(db, source.table, source.row_id)
        existing_row(db, target.table, target.row_id)
        intersect = self._catalog.tables[relation.intersect_table]
        row = {
            intersect.primary_id: str(uuid.uuid4()),
            **values,
            "versionnumber": next_version(db),
        }
        operation = _tied(ASSOCIATE, source, relation.schema_name, target, values, context)
        self._begin(db, operation)
        try:
            insert_row(db, intersect, row)
        except sqlite3.IntegrityError as exc:
            raise duplicate_row() from exc
        self._outbox.enqueue(db, operation)

    def _disassociate(
        self,
        db: sqlite3.Connection,
        relation: ManyToMany,
        source: Reference,
        target: Reference,
        navigation: str,
        context: WriteContext,
    ) -> None:
        values = self._link_values(relation, source, target, navigation)
        intersect = self._catalog.tables[relation.intersect_table]
        found = find_ids(db, intersect, values)
        if not found:
            raise not_associated()
        operation = _tied(DISASSOCIATE, source, relation.schema_name, target, values, context)
        self._begin(db, operation)
        for link_id in found:
            delete_row(db, intersect, link_id)
        self._outbox.enqueue(db, operation)

    def _begin(self, db: sqlite3.Connection, operation: Operation) -> None:
        """Run what comes before the rows are tied or freed."""
        if self._outbox.precedes(db, operation.table):
            self._outbox.validate(db, operation)
            self._outbox.prepare(db, operation)

    def _link_values(
        self, relation: ManyToMany, source: Reference, target: Reference, navigation: str
    ) -> dict[str, str]:
        """Place the two ids in the intersect's columns, whichever side is addressed."""
        from_first = _is_first(relation, source.table, navigation)
        self._check_target(navigation, relation.table2 if from_first else relation.table1, target)
        if from_first:
            return {relation.column1: source.row_id, relation.column2: target.row_id}
        return {relation.column1: target.row_id, relation.column2: source.row_id}


def _tied(
    message: str,
    source: Reference,
    relationship: str,
    target: Reference,
    values: Mapping[str, Any],
    context: WriteContext,
) -> Operation:
    """Say that a row is tied to another one by a relationship, or freed from it."""
    operation = context.operation(message, source.table, source.row_id, values, None, None)
    near = json_text.reference(source.table.logical_name, source.row_id)
    far = json_text.references([(target.table.logical_name, target.row_id)])
    parameters = (
        ("Target", near),
        ("Relationship", json_text.relationship(relationship)),
        ("RelatedEntities", far),
    )
    return replace(operation, parameters=parameters)


def _is_first(relation: ManyToMany, table: Table, navigation: str) -> bool:
    """Tell whether a relationship is addressed from its first side."""
    return relation.table1 == table.logical_name and relation.navigation1 == navigation


def not_associated() -> Fault:
    """404: a link that somebody names is not there."""
    return Fault(404, "0x80040217", "The records are not associated with each other.")
