"""What an organization has: its tables, columns, relationships and rows, to draw names from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from tests.fuzz.texts import IDS, some_text

from work_assignment.mock_dataverse.tables.metadata import Catalog, Column, ColumnType, Table

ROWS = ("account", "contact", "lead", "opportunity", "task", "team", "queue", "queueitem")
_FAVOURITES = (*ROWS, "lead", "account", "contact", "systemuser", "annotation", "calendar")


def row_id(number: int) -> str:
    """The id of one of the rows that each of the favoured tables has at the start."""
    return f"00000000-0000-0000-0000-0000000000{number:02x}"


@dataclass(frozen=True, slots=True)
class Names:
    """The definitions of an organization, and the ids of rows beyond those of `row_id`."""

    catalog: Catalog
    ids: Mapping[str, tuple[str, ...]]

    def table(self, dice: Random) -> Table:
        if dice.random() < 0.8:
            return self.catalog.tables[dice.choice(_FAVOURITES)]
        return self.catalog.tables[dice.choice(sorted(self.catalog.tables))]

    def column(self, dice: Random, table: Table, *types: ColumnType) -> Column:
        """Draw a column, of one of the types if there is one."""
        fitting = [c for c in table.columns.values() if not types or c.type in types]
        return dice.choice(fitting or list(table.columns.values()))

    def column_name(self, dice: Random, table: Table) -> str:
        chance = dice.random()
        if chance < 0.03:
            return some_text(dice)
        column = self.column(dice, table)
        return column.logical_name if chance < 0.1 else column.wire_name

    def single_navigations(self, table: Table) -> list[str]:
        return [
            r.referencing_navigation
            for r in self.catalog.one_to_many
            if r.referencing_table == table.logical_name
        ]

    def collection_navigations(self, table: Table) -> list[str]:
        name = table.logical_name
        many = [
            navigation
            for r in self.catalog.many_to_many
            for owner, navigation in ((r.table1, r.navigation1), (r.table2, r.navigation2))
            if owner == name
        ]
        return many + [
            r.referenced_navigation for r in self.catalog.one_to_many if r.referenced_table == name
        ]

    def behind(self, table: Table, navigation: str) -> Table:
        """The table at the other end of a navigation property; the same table if there is none."""
        name, catalog = table.logical_name, self.catalog
        single = catalog.single_valued(name, navigation)
        if single is not None:
            return catalog.tables[single.referenced_table]
        collection = catalog.collection_valued(name, navigation)
        if collection is not None:
            return catalog.tables[collection.referencing_table]
        many = catalog.many_valued(name, navigation)
        if many is not None:
            return catalog.tables[many.table1 if many.table2 == name else many.table2]
        return table

    def id(self, dice: Random, table: Table) -> str:
        """Draw the id of a row, which may be missing or ill-formed."""
        chance = dice.random()
        if chance < 0.08:
            return dice.choice(IDS)
        known = self.ids.get(table.logical_name, ())
        return dice.choice(known) if known else row_id(dice.randrange(1, 12))
