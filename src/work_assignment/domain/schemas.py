"""What a table looks like to definitions: its columns, their kinds, labels and targets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from work_assignment.domain.conditions import Columns
from work_assignment.domain.operators import ColumnKind


@dataclass(frozen=True, slots=True)
class ColumnSchema:
    """One column. `labels` give a choice's numbers by label; `targets` are a lookup's tables.

    `points_at_row` is true for lookups and false for a table's own id, which have one kind.
    """

    kind: ColumnKind
    points_at_row: bool = False
    labels: Mapping[str, int] = field(default_factory=dict)
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TableSchema:
    """One table; columns of types that no condition can read are left out."""

    table: str
    entity_set: str
    primary_id: str
    primary_name: str | None
    columns: Mapping[str, ColumnSchema]

    @property
    def kinds(self) -> Columns:
        return {name: column.kind for name, column in self.columns.items()}
