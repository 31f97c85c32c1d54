"""What a table looks like to definitions: its columns, their kinds, labels and targets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from work_assignment.domain.filtering.operators import ColumnKind
from work_assignment.domain.filtering.reckoning import Reckoning

ColumnKinds = Mapping[str, ColumnKind]
"""Each column's name and kind."""


@dataclass(frozen=True, slots=True)
class ColumnSchema:
    """One column. `labels` give a choice's numbers by label; `targets` are a lookup's tables.

    `points_at_row` is true for lookups and false for a table's own id, which have one kind.
    `schema_name` is the name with capitals, by which a lookup of one target is written.
    """

    kind: ColumnKind
    points_at_row: bool = False
    labels: Mapping[str, int] = field(default_factory=dict)
    targets: tuple[str, ...] = ()
    schema_name: str = ""


@dataclass(frozen=True, slots=True)
class TableSchema:
    """One table; columns of types that no condition can read are left out.

    `parent_column` points at the row above, where the table is a hierarchy.
    """

    table: str
    entity_set: str
    primary_id: str
    primary_name: str | None
    columns: Mapping[str, ColumnSchema]
    parent_column: str | None = None

    @property
    def kinds(self) -> ColumnKinds:
        return {name: column.kind for name, column in self.columns.items()}


FindTable = Callable[[str], TableSchema | None]
"""A table by its logical name, or None when there is none."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a filter may name, and how it counts dates.

    `schema` is the filtered table and `record` the routed one, whose columns `$(column)` names; both
    None when columns are not known: then a value's own type says how it is compared, and `table` is
    all that is known. `find` gives the tables of related conditions.
    """

    table: str = ""
    schema: TableSchema | None = None
    record: TableSchema | None = None
    find: FindTable = lambda _: None
    reckoning: Reckoning = field(default_factory=Reckoning)
