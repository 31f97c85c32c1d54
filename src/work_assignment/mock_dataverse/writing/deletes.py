"""Deletes rows, and does to the rows that point at them what their relationships say."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..faults import Fault
from ..storage.rows import RawRow, delete_row, next_version, update_row
from ..tables.metadata import CascadeDelete, Catalog, OneToMany, Table
from ..tables.standard_tables.activity_parties import PARTY
from ..webhooks.operations import DELETE
from .descents import Descents, Hanging, Reach, rows_pointing_at
from .links import Links
from .shares import Shares
from .writes import OperationSink, WriteContext, check_version, existing_row, refuse_message

_EVERYTHING = Reach()
# What a lost link leaves behind beside its null (Learn: ActivityParty table, IsPartyDeleted).
_MARKS: dict[tuple[str, str], dict[str, Any]] = {(PARTY, "partyid"): {"ispartydeleted": 1}}


class Deletes:
    """The deletion of rows with its cascades."""

    def __init__(self, catalog: Catalog, outbox: OperationSink, links: Links) -> None:
        self._catalog = catalog
        self._outbox = outbox
        self._links = links
        self._shares = Shares(catalog)
        self._restricting = _by_target(catalog, CascadeDelete.RESTRICT)
        self._unlinking = _by_target(catalog, CascadeDelete.REMOVE_LINK)
        self._descents = Descents(
            catalog, (r for r in catalog.one_to_many if r.cascade_delete is CascadeDelete.CASCADE)
        )

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
        contexts = {row_id: context}
        doomed = [(table, row)]
        for hanging in self._descents.levels(db, table, row, _EVERYTHING):
            doomed.append((hanging.table, hanging.row))
            contexts[hanging.row_id] = self._within(contexts, hanging)
        for kind, rows in _grouped(doomed):
            self._check_restricted(db, kind, rows)
        # Those below go first, so that what is told of each still finds the names of its parents.
        for kind, lost in reversed(doomed):
            self._remove(db, kind, lost, contexts[str(lost[kind.primary_id])])
        for kind, rows in _grouped(doomed):
            self._unlink(db, kind, rows)

    def _remove(
        self, db: sqlite3.Connection, table: Table, row: RawRow, context: WriteContext
    ) -> None:
        row_id = str(row[table.primary_id])
        operation = context.operation(DELETE, table, row_id, {}, row, None)
        if self._outbox.precedes(db, table):
            self._outbox.validate(db, operation)
            self._outbox.prepare(db, operation)
        delete_row(db, table, row_id)
        self._links.remove_all(db, table, row_id)
        self._shares.forget(db, row_id)
        if table.logical_name != PARTY:
            self._outbox.enqueue(db, operation)

    def _within(self, contexts: Mapping[str, WriteContext], hanging: Hanging) -> WriteContext:
        """Say that a row is deleted as a part of the deletion of the row that it hangs on."""
        table = self._catalog.tables[hanging.relation.referenced_table]
        row_id = str(hanging.parent[table.primary_id])
        context = contexts[row_id]
        return context.within(context.operation(DELETE, table, row_id, {}, hanging.parent, None))

    def _check_restricted(self, db: sqlite3.Connection, table: Table, ids: Sequence[str]) -> None:
        for relation in self._restricting.get(table.logical_name, ()):
            child = self._catalog.tables[relation.referencing_table]
            for _ in rows_pointing_at(db, child, relation, ids, limit=1):
                raise Fault(
                    405,
                    "0x80040227",
                    "The object you tried to delete is associated with another object and cannot"
                    f" be deleted. It is a {relation.referencing_table} that points at it by"
                    f" '{relation.referencing_column}'.",
                )

    def _unlink(self, db: sqlite3.Connection, table: Table, ids: Sequence[str]) -> None:
        for relation in self._unlinking.get(table.logical_name, ()):
            child = self._catalog.tables[relation.referencing_table]
            for row in rows_pointing_at(db, child, relation, ids):
                changes = {**_without_link(child, relation), "versionnumber": next_version(db)}
                update_row(db, child, str(row[child.primary_id]), changes)


def _by_target(catalog: Catalog, cascade: CascadeDelete) -> dict[str, list[OneToMany]]:
    found: dict[str, list[OneToMany]] = defaultdict(list)
    for relation in catalog.one_to_many:
        if relation.cascade_delete is cascade:
            found[relation.referenced_table].append(relation)
    return found


def _grouped(rows: Iterable[tuple[Table, RawRow]]) -> list[tuple[Table, list[str]]]:
    """Gather the ids of rows by table."""
    found: dict[str, tuple[Table, list[str]]] = {}
    for table, row in rows:
        ids = found.setdefault(table.logical_name, (table, []))[1]
        ids.append(str(row[table.primary_id]))
    return list(found.values())


def _without_link(table: Table, relation: OneToMany) -> RawRow:
    column = table.columns[relation.referencing_column]
    changes: RawRow = {column.logical_name: None}
    if column.is_polymorphic:
        changes[f"{column.logical_name}__type"] = None
    return changes | _MARKS.get((table.logical_name, column.logical_name), {})
