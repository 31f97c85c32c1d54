"""Deletes rows, and does to the rows that point at them what their relationships say."""

from __future__ import annotations

import sqlite3
from collections import defaultdict

from ..faults import Fault
from ..storage.rows import RawRow, delete_row, fetch_row, find_ids, next_version, update_row
from ..tables.metadata import CascadeDelete, Catalog, OneToMany, Table
from ..webhooks.operations import DELETE
from .links import Links
from .writes import OperationSink, WriteContext, check_version, existing_row, refuse_message


class Deletes:
    """The deletion of rows with its cascades."""

    def __init__(self, catalog: Catalog, outbox: OperationSink, links: Links) -> None:
        self._catalog = catalog
        self._outbox = outbox
        self._links = links
        self._pointing_at: dict[str, list[OneToMany]] = defaultdict(list)
        for relation in catalog.one_to_many:
            if relation.cascade_delete is not CascadeDelete.NO_CASCADE:
                self._pointing_at[relation.referenced_table].append(relation)

    def delete(
        self,
        db: sqlite3.Connection,
        table: Table,
        row_id: str,
        context: WriteContext,
        *,
        version: int | None = None,
    ) -> None:
        """Delete a row; with `version`, only if it still has that version."""
        refuse_message(table, DELETE)
        row = existing_row(db, table, row_id)
        check_version(row, version)
        self._delete(db, table, row, context)

    def _delete(
        self, db: sqlite3.Connection, table: Table, row: RawRow, context: WriteContext
    ) -> None:
        row_id = str(row[table.primary_id])
        relations = self._pointing_at.get(table.logical_name, [])
        for relation in relations:
            if relation.cascade_delete is CascadeDelete.RESTRICT:
                self._restrict(db, relation, row_id)
        delete_row(db, table, row_id)
        for relation in relations:
            self._cascade(db, relation, row_id, context)
        self._links.remove_all(db, table, row_id)
        self._outbox.enqueue(db, context.operation(DELETE, table, row_id, {}, row, None))

    def _restrict(self, db: sqlite3.Connection, relation: OneToMany, row_id: str) -> None:
        if self._pointing(db, relation, row_id, limit=1):
            raise Fault(
                405,
                "0x80040227",
                "The object you tried to delete is associated with another object and cannot be"
                f" deleted. It is a {relation.referencing_table} that points at it by"
                f" '{relation.referencing_column}'.",
            )

    def _cascade(
        self, db: sqlite3.Connection, relation: OneToMany, row_id: str, context: WriteContext
    ) -> None:
        table = self._catalog.tables[relation.referencing_table]
        if relation.cascade_delete is CascadeDelete.CASCADE:
            for child_id in self._pointing(db, relation, row_id):
                child = fetch_row(db, table, child_id)
                if child is not None:  # else it went with another child before it
                    self._delete(db, table, child, context)
        elif relation.cascade_delete is CascadeDelete.REMOVE_LINK:
            for child_id in self._pointing(db, relation, row_id):
                update_row(db, table, child_id, self._without_link(db, table, relation))

    def _without_link(self, db: sqlite3.Connection, table: Table, relation: OneToMany) -> RawRow:
        column = table.columns[relation.referencing_column]
        changes: RawRow = {column.logical_name: None, "versionnumber": next_version(db)}
        if column.is_polymorphic:
            changes[f"{column.logical_name}__type"] = None
        return changes

    def _pointing(
        self, db: sqlite3.Connection, relation: OneToMany, row_id: str, limit: int = -1
    ) -> list[str]:
        table = self._catalog.tables[relation.referencing_table]
        column = table.columns[relation.referencing_column]
        values = {column.logical_name: row_id}
        if column.is_polymorphic:
            values[f"{column.logical_name}__type"] = relation.referenced_table
        return find_ids(db, table, values, limit)
