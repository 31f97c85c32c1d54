"""Rows shared with users and teams, and how shares go on to what hangs on a row (Learn: Security
concepts, sharing)."""

from __future__ import annotations

import sqlite3
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from ..storage.rows import (
    RawRow,
    delete_row,
    empty_row,
    fetch_row,
    find_ids,
    insert_row,
    next_version,
    update_row,
)
from ..tables.metadata import CascadeRows, Catalog, OneToMany, Table
from ..tables.standard_tables.sharing import SHARES
from ..tables.values import stored_moment
from .descents import Descents, Reach
from .references import Reference

_ANY = 'SELECT EXISTS (SELECT 1 FROM "principalobjectaccess")'
_SHARE, _UNSHARE, _REPARENT = Reach("share"), Reach("unshare"), Reach("reparent")


@dataclass(frozen=True, slots=True)
class Share:
    """What one user or team may do with a row: because it was shared, and by what it hangs on."""

    principal_type: str
    principal_id: str
    direct: int
    inherited: int

    @property
    def rights(self) -> int:
        return self.direct | self.inherited


class Shares:
    """The rows of principalobjectaccess."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._table = catalog.tables[SHARES]
        self._sharing = self._following("share")
        self._unsharing = self._following("unshare")
        self._reparenting = self._following("reparent")
        self._parents: dict[str, list[OneToMany]] = defaultdict(list)
        for relation in catalog.one_to_many:
            if relation.cascades.reparent is not CascadeRows.NO_CASCADE:
                self._parents[relation.referencing_table].append(relation)

    def _following(self, action: str) -> Descents:
        return Descents(
            self._catalog,
            (
                relation
                for relation in self._catalog.one_to_many
                if getattr(relation.cascades, action) is not CascadeRows.NO_CASCADE
                and "ownerid" in self._catalog.tables[relation.referencing_table].columns
            ),
        )

    def of(self, db: sqlite3.Connection, row_id: str) -> list[Share]:
        """List with whom a row is shared."""
        return [_share(row) for row in self._rows(db, row_id)]

    def grant(
        self, db: sqlite3.Connection, target: Reference, to: Reference, rights: int, at: datetime
    ) -> None:
        """Share a row; what was granted before stays."""
        self._set(db, target, to, at, add_direct=rights)
        for child in self._below(db, target, self._sharing, _SHARE):
            self._set(db, child, to, at, add_inherited=rights)

    def modify(
        self, db: sqlite3.Connection, target: Reference, to: Reference, rights: int, at: datetime
    ) -> None:
        """Replace what a share grants."""
        self._set(db, target, to, at, direct=rights)
        for child in self._below(db, target, self._sharing, _SHARE):
            self._set(db, child, to, at, inherited=rights)

    def revoke(
        self, db: sqlite3.Connection, target: Reference, to: Reference, at: datetime
    ) -> None:
        """Take a share back, also what rows below have inherited of it."""
        self._set(db, target, to, at, direct=0)
        for child in self._below(db, target, self._unsharing, _UNSHARE):
            self._set(db, child, to, at, inherited=0)

    def forget(self, db: sqlite3.Connection, row_id: str) -> None:
        """Drop the shares of a row that is deleted, and those to it if it is a principal."""
        if not self._exist(db):
            return
        for column in ("objectid", "principalid"):
            for share_id in find_ids(db, self._table, {column: row_id}):
                delete_row(db, self._table, share_id)

    def inherit(
        self,
        db: sqlite3.Connection,
        table: Table,
        row: RawRow,
        changed: Collection[str],
        at: datetime,
    ) -> None:
        """Give a row, and what hangs on it, the shares of its parents when one of them changed."""
        moved = any(r.referencing_column in changed for r in self._parents[table.logical_name])
        if not moved or not self._exist(db):
            return
        self._inherit_one(db, table, row, at)
        for hanging in self._reparenting.levels(db, table, row, _REPARENT):
            self._inherit_one(db, hanging.table, hanging.row, at)

    def _inherit_one(self, db: sqlite3.Connection, table: Table, row: RawRow, at: datetime) -> None:
        rights: dict[tuple[str, str], int] = defaultdict(int)
        row_id = str(row[table.primary_id])
        for share in self.of(db, row_id):
            rights[share.principal_type, share.principal_id] = 0
        for parent_id in self._parent_ids(table, row):
            for share in self.of(db, parent_id):
                rights[share.principal_type, share.principal_id] |= share.rights
        for (kind, principal_id), inherited in rights.items():
            principal = Reference(self._catalog.tables[kind], principal_id)
            self._set(db, Reference(table, row_id), principal, at, inherited=inherited)

    def _parent_ids(self, table: Table, row: RawRow) -> Iterator[str]:
        for relation in self._parents[table.logical_name]:
            column = table.columns[relation.referencing_column]
            kind = row.get(f"{column.logical_name}__type", relation.referenced_table)
            if row[column.logical_name] is not None and kind == relation.referenced_table:
                yield str(row[column.logical_name])

    def _below(
        self, db: sqlite3.Connection, target: Reference, descents: Descents, how: Reach
    ) -> Iterable[Reference]:
        row = fetch_row(db, target.table, target.row_id)
        if row is None:
            return
        for hanging in descents.levels(db, target.table, row, how):
            yield Reference(hanging.table, hanging.row_id)

    def _set(
        self,
        db: sqlite3.Connection,
        target: Reference,
        to: Reference,
        at: datetime,
        *,
        direct: int | None = None,
        inherited: int | None = None,
        add_direct: int = 0,
        add_inherited: int = 0,
    ) -> None:
        """Write one share; None leaves a mask as it is, and a share without any rights goes."""
        pair = {"objectid": target.row_id, "principalid": to.row_id}
        found = find_ids(db, self._table, pair, limit=1)
        before = (fetch_row(db, self._table, found[0]) if found else None) or {}
        masks = {
            "accessrightsmask": _mask(before, "accessrightsmask", direct) | add_direct,
            "inheritedaccessrightsmask": _mask(before, "inheritedaccessrightsmask", inherited)
            | add_inherited,
        }
        if not any(masks.values()):
            if found:
                delete_row(db, self._table, found[0])
            return
        if found and all(before[name] == mask for name, mask in masks.items()):
            return
        written = {**masks, "changedon": stored_moment(at), "versionnumber": next_version(db)}
        if found:
            update_row(db, self._table, found[0], written)
            return
        names = {
            self._table.primary_id: str(uuid.uuid4()),
            **pair,
            "objecttypecode": target.table.logical_name,
            "principaltypecode": to.table.logical_name,
        }
        insert_row(db, self._table, empty_row(self._table) | names | written)

    def _rows(self, db: sqlite3.Connection, row_id: str) -> Iterator[RawRow]:
        for share_id in find_ids(db, self._table, {"objectid": row_id}):
            row = fetch_row(db, self._table, share_id)
            if row is not None:
                yield row

    def _exist(self, db: sqlite3.Connection) -> bool:
        return bool(db.execute(_ANY).fetchone()[0])


def _mask(before: RawRow, name: str, given: int | None) -> int:
    return int(before.get(name) or 0) if given is None else given


def _share(row: RawRow) -> Share:
    return Share(
        row["principaltypecode"],
        row["principalid"],
        row["accessrightsmask"] or 0,
        row["inheritedaccessrightsmask"] or 0,
    )
