"""What tables look like, where that is known: the columns that a case may name."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from work_assignment.domain.filtering.operators import ColumnKind
from work_assignment.domain.filtering.schemas import TableSchema


class Metadata(Protocol):
    """The tables of a Dataverse environment."""

    def schema(self, table: str) -> TableSchema | None:
        """A table's columns; None when there is no such table."""

    def table_names(self) -> Collection[str]:
        """The logical names of all tables."""


@dataclass(frozen=True)
class CaseTables:
    """Tables as cases see them: ids are any text there, so that a lookup is compared as text.

    Columns in `hierarchical` stay lookups: operators of hierarchies know nothing else.
    """

    metadata: Metadata
    hierarchical: frozenset[str] = frozenset()
    _known: dict[str, TableSchema | None] = field(default_factory=dict)

    def schema(self, table: str) -> TableSchema | None:
        """A table's columns; None when there is no such table."""
        if table not in self._known:
            self._known[table] = self._softened(self.metadata.schema(table))
        return self._known[table]

    def table_names(self) -> Collection[str]:
        """The logical names of all tables."""
        return self.metadata.table_names()

    def ids_by_name(self, table: str, names: Collection[str]) -> Mapping[str, Sequence[str]]:
        """In a case a lookup is written as the id that it holds."""
        return {name: [name] for name in names}

    def _softened(self, schema: TableSchema | None) -> TableSchema | None:
        if schema is None:
            return None
        columns = {
            name: replace(column, kind=ColumnKind.TEXT)
            if column.kind is ColumnKind.LOOKUP and name not in self.hierarchical
            else column
            for name, column in schema.columns.items()
        }
        return replace(schema, columns=columns)
