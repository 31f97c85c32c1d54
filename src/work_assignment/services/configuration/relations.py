"""Related parts of filters checked against the tables they join: each name in its own place."""

from __future__ import annotations

from dataclasses import replace

from work_assignment.domain.errors import DefinitionError, nearest
from work_assignment.domain.filtering.conditions import resolve_related
from work_assignment.domain.filtering.filters import Related
from work_assignment.domain.filtering.operators import ColumnKind
from work_assignment.domain.filtering.schemas import ColumnSchema, TableSchema, Vocabulary
from work_assignment.services.configuration.filter_forms import PlacedRelated
from work_assignment.services.configuration.ports import ConfigurationStore
from work_assignment.services.configuration.problems import Place, Problems


class RelationBinder:
    """Finds the table that a related part is about; what is wrong is noted."""

    def __init__(self, store: ConfigurationStore, problems: Problems) -> None:
        self._store = store
        self._problems = problems

    def bind(
        self, placed: PlacedRelated, vocabulary: Vocabulary, subject: str
    ) -> tuple[Related, Vocabulary] | None:
        """The part with table and columns named, and what its filter may name; None when wrong."""
        own = vocabulary.schema
        if own is None or not self._tables_are_there(placed, subject):
            return None
        placed = self._with_joined_table(placed, own)
        try:
            if placed.related.column is None:
                _check_pointing(placed, own, subject)
            elif placed.related.own_column is None:
                self._check_pointed_at(placed, own, subject)
            resolved, other = resolve_related(placed.related, subject, vocabulary)
        except _Misplaced as exc:
            self._problems.add_error(exc.place, exc.error)
            return None
        except DefinitionError as exc:
            self._problems.add_error(placed.place, exc)
            return None
        inside = replace(
            vocabulary,
            table=resolved.table or "",
            schema=other,
            record=vocabulary.record or own,
        )
        return resolved, inside

    def _tables_are_there(self, placed: PlacedRelated, subject: str) -> bool:
        table = placed.related.table
        if table is None or self._store.schema(table) is not None:
            return True
        self._problems.add(
            placed.table_place,
            f"{subject}: there is no table '{table}'",
            nearest(table, self._store.table_names()),
        )
        return False

    def _with_joined_table(self, placed: PlacedRelated, own: TableSchema) -> PlacedRelated:
        """Fill in the table that an id in the table of an N:N relationship belongs to."""
        name = placed.related.own_column
        if placed.related.table is not None or name is None or not _is_id_of_another(name, own):
            return placed
        other = self._store.schema(name.removesuffix("id"))
        if other is None or other.primary_id != name:
            return placed
        return replace(placed, related=replace(placed.related, table=other.table))

    def _check_pointed_at(self, placed: PlacedRelated, own: TableSchema, subject: str) -> None:
        """Check `{table, lookup}`: the lookup of the other table points here."""
        other = self._store.schema(str(placed.related.table))
        if other is None:
            return
        name = str(placed.related.column)
        pointing = [
            column for column, schema in other.columns.items() if own.table in schema.targets
        ]
        column = other.columns.get(name)
        if column is None:
            said = f"there is no column '{name}' of {other.table}"
        elif own.table not in column.targets and not (
            name == own.primary_id and _is_id_of_another(name, other)
        ):
            said = f"column '{name}' of {other.table} does not point at {own.table}"
        else:
            return
        suggestion = nearest(name, pointing) or (pointing[0] if len(pointing) == 1 else None)
        raise _Misplaced(placed.lookup_place, subject, said, suggestion)


def _is_id_of_another(name: str, schema: TableSchema) -> bool:
    """Whether a column holds ids of another table without being a lookup.

    The tables of N:N relationships have two of these, named as the ids that they hold.
    """
    column = schema.columns.get(name)
    return (
        column is not None
        and column.kind is ColumnKind.LOOKUP
        and not column.points_at_row
        and name != schema.primary_id
    )


def _check_pointing(placed: PlacedRelated, own: TableSchema, subject: str) -> None:
    """Check `{lookup, to}`: the lookup of the filtered table points at one table."""
    name = str(placed.related.own_column)
    column = own.columns.get(name)
    if placed.related.table is not None and _is_id_of_another(name, own):
        return
    if column is None or not column.points_at_row:
        lookups = [known for known, schema in own.columns.items() if schema.points_at_row]
        said = (
            f"there is no column '{name}' of {own.table}"
            if column is None
            else f"column '{name}' of {own.table} is no lookup"
        )
        raise _Misplaced(placed.lookup_place, subject, said, nearest(name, lookups))
    _check_target(placed, name, column, subject)


def _check_target(placed: PlacedRelated, name: str, column: ColumnSchema, subject: str) -> None:
    to, targets = placed.related.table, column.targets
    if to is not None and targets and to not in targets:
        raise _Misplaced(
            placed.table_place,
            subject,
            f"lookup '{name}' points at {' or '.join(targets)}, not at {to}",
            nearest(to, targets),
        )
    if to is None and len(targets) != 1:
        said = f"points at {' or '.join(targets)}" if targets else "does not say where it points"
        raise _Misplaced(
            placed.lookup_place, subject, f"lookup '{name}' {said}: say which table with 'to'"
        )


class _Misplaced(Exception):
    """Something wrong in a place of its own."""

    def __init__(
        self, place: Place, subject: str, problem: str, suggestion: str | None = None
    ) -> None:
        super().__init__(problem)
        self.place = place
        self.error = DefinitionError(subject, problem, suggestion)
