"""Filters of a case compiled: against columns where tables are known, else by values' own types."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import tzinfo
from typing import cast

from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.filtering.conditions import ALWAYS, Condition, compile_filter
from work_assignment.domain.filtering.fetchxml import read_fetchxml
from work_assignment.domain.filtering.filters import Filter, Related
from work_assignment.domain.filtering.operators import OPERATORS, Needs
from work_assignment.domain.filtering.reckoning import Reckoning
from work_assignment.domain.filtering.schemas import Vocabulary
from work_assignment.services.cases.case_fields import Notes
from work_assignment.services.configuration.filter_forms import (
    PlacedFilter,
    PlacedGroup,
    PlacedRelated,
    PlacedTerm,
    tree_of,
)
from work_assignment.services.configuration.filter_resolution import FilterAsked, FilterResolver
from work_assignment.services.configuration.ports import ConfigurationStore
from work_assignment.services.configuration.problems import Place, Problems

Wrap = Callable[[Filter], Filter]


def compile_placed(
    placed: PlacedFilter | None, compiled: Callable[[Filter], Condition], problems: Problems
) -> Condition:
    """Compile a filter as written; what is wrong with it is noted where it stands."""
    if placed is None:
        return ALWAYS
    try:
        return compiled(tree_of(placed))
    except DefinitionError:
        for place, error in _culprits(placed, compiled, lambda tree: tree):
            problems.add_error(place, error)
        return ALWAYS


def _culprits(
    placed: PlacedFilter, compiled: Callable[[Filter], Condition], wrap: Wrap
) -> Iterator[tuple[Place, DefinitionError]]:
    """The parts of a filter that do not compile; `wrap` puts a part in the related one around it."""
    try:
        compiled(wrap(tree_of(placed)))
    except DefinitionError as exc:
        found: list[tuple[Place, DefinitionError]] = []
        for part, around in _parts(placed, wrap):
            found.extend(_culprits(part, compiled, around))
        yield from found or [(placed.place, exc)]


def _parts(placed: PlacedFilter, wrap: Wrap) -> Iterator[tuple[PlacedFilter, Wrap]]:
    match placed:
        case PlacedGroup(parts=parts):
            yield from ((part, wrap) for part in parts)
        case PlacedRelated(related=names, inner=inner) if inner is not None:
            yield inner, lambda tree: wrap(_related(names, tree))


def _related(names: Related, tree: Filter) -> Related:
    return Related(names.table, names.column, names.own_column, names.absent, tree)


class FilterCompiler:
    """Compiles the filters of one case."""

    def __init__(self, zone: tzinfo, notes: Notes) -> None:
        self._zone = zone
        self._reckoning = Reckoning(zone)
        self._notes = notes

    def record_filter(
        self, placed: PlacedFilter | None, record_type: str, subject: str
    ) -> Condition:
        """A filter on a record type's own columns."""
        return self.seller_filter(placed, record_type, record_type, subject)

    def seller_filter(
        self, placed: PlacedFilter | None, table: str, record_type: str, subject: str
    ) -> Condition:
        """A filter on a table, in which `$(column)` names columns of the record type."""
        if placed is None:
            return ALWAYS
        if self._notes.tables is not None:
            return self._checked(FilterAsked(table, record_type, placed, subject))
        vocabulary = Vocabulary(table, reckoning=self._reckoning)
        return compile_placed(
            placed, lambda tree: compile_filter(tree, subject, vocabulary), self._notes.problems
        )

    def _checked(self, asked: FilterAsked) -> Condition:
        """A filter whose columns, labels and related tables are looked up."""
        tables = self._notes.tables
        if tables is None:
            raise ValueError("tables are not known")
        schema, record = tables.schema(asked.table), tables.schema(asked.record_type)
        if schema is None or record is None:
            if record is not None:
                said = f"{asked.subject}: there is no table '{asked.table}'"
                self._notes.problems.add(asked.placed.place, said)
            return ALWAYS  # a record type that is not there is told once, by itself
        # Of a configuration's store the resolver asks only what tables say.
        store = cast(ConfigurationStore, tables)
        text = FilterResolver([asked], store, self._zone, self._notes.problems).fetchxml(asked)
        if text is None or self._notes.problems:
            return ALWAYS
        vocabulary = Vocabulary(asked.table, schema, record, tables.schema, self._reckoning)
        try:
            return compile_filter(read_fetchxml(text, asked.subject), asked.subject, vocabulary)
        except DefinitionError as exc:
            self._notes.problems.add_error(asked.placed.place, exc)
            return ALWAYS


def lookups(placed: PlacedFilter | None) -> set[str]:
    """The columns that a filter says are lookups."""
    match placed:
        case PlacedGroup(parts=parts):
            return set[str]().union(*map(lookups, parts))
        case PlacedRelated(related=names, inner=inner):
            own = {name for name in (names.own_column, names.column) if name}
            return own | lookups(inner)
        case _:
            return hierarchical(placed)


def hierarchical(placed: PlacedFilter | None) -> set[str]:
    """The columns that operators of hierarchies are used on."""
    match placed:
        case None:
            return set()
        case PlacedTerm(term=term):
            operator = OPERATORS.get(term.operator)
            is_one = operator is not None and operator.needs is Needs.TREE
            return {term.column} if is_one else set()
        case PlacedGroup(parts=parts):
            return set[str]().union(*map(hierarchical, parts))
        case PlacedRelated(inner=inner):
            return hierarchical(inner)
