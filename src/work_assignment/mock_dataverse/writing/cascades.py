"""Which rows an assignment goes on to (Learn: Configure table relationship cascading behavior)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from ..storage.rows import RawRow
from ..tables.metadata import CascadeRows, Catalog, Table
from .descents import Descents, Hanging, Reach

_ASSIGN = Reach("assign")


class Assignments:
    """The rows that get a new owner with another one."""

    def __init__(self, catalog: Catalog) -> None:
        self._descents = Descents(
            catalog,
            (
                relation
                for relation in catalog.one_to_many
                if relation.cascades.assign is not CascadeRows.NO_CASCADE
                and "ownerid" in catalog.tables[relation.referencing_table].columns
            ),
        )

    def below(self, db: sqlite3.Connection, table: Table, row: RawRow) -> Iterator[Hanging]:
        """Yield what follows a row, given as it was with its former owner."""
        return self._descents.levels(db, table, row, _ASSIGN)
