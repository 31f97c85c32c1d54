"""Filters checked against the tables they are about, and made into the text that is stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Any

from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.filtering.conditions import compile_filter
from work_assignment.domain.filtering.filters import (
    EVERY_RECORD,
    Filter,
    Group,
    Join,
    Related,
    Term,
    dynamic_parts,
)
from work_assignment.domain.filtering.operators import Operands
from work_assignment.domain.filtering.reckoning import Reckoning
from work_assignment.domain.filtering.schemas import ColumnSchema, Vocabulary
from work_assignment.services.configuration.filter_forms import (
    PlacedFilter,
    PlacedGroup,
    PlacedRelated,
    PlacedTerm,
)
from work_assignment.services.configuration.filter_texts import fetchxml_text
from work_assignment.services.configuration.named_values import look_up, names_in, resolved
from work_assignment.services.configuration.ports import ConfigurationStore
from work_assignment.services.configuration.problems import Place, Problems
from work_assignment.services.configuration.relations import RelationBinder

_RANGES = ("between", "not-between")
_LISTS = ("in", "not-in", "contain-values", "not-contain-values")


@dataclass(frozen=True, slots=True)
class FilterAsked:
    """A filter to resolve: on which table, and how problems name it.

    `record_type` is the table whose columns `$(column)` names.
    """

    table: str
    record_type: str
    placed: PlacedFilter
    subject: str


@dataclass(frozen=True, slots=True)
class _BoundTerm:
    """A condition, and what it may name."""

    place: Place
    term: Term
    vocabulary: Vocabulary

    @property
    def column(self) -> ColumnSchema | None:
        schema = self.vocabulary.schema
        return None if schema is None else schema.columns.get(self.term.column)


@dataclass(frozen=True, slots=True)
class _BoundGroup:
    join: Join
    parts: tuple[_Bound, ...]


@dataclass(frozen=True, slots=True)
class _BoundRelated:
    """A related part whose names are known; None is a filter for any row."""

    related: Related
    inner: _Bound | None


_Bound = _BoundTerm | _BoundGroup | _BoundRelated


class FilterResolver:
    """Resolves filters against the columns, choices and rows of Dataverse.

    All filters are given at the start, so that names are looked up in one go a table.
    """

    def __init__(
        self,
        asked: Iterable[FilterAsked],
        store: ConfigurationStore,
        zone: tzinfo,
        problems: Problems,
    ) -> None:
        self._store = store
        self._reckoning = Reckoning(zone)
        self._problems = problems
        self._binder = RelationBinder(store, problems)
        self._bound = {one: self._bind_asked(one) for one in asked}
        terms = [term for bound in self._bound.values() if bound for term in _terms(bound)]
        self._ids = look_up(
            (name for one in terms if one.column for name in names_in(one.term, one.column)), store
        )

    def fetchxml(self, asked: FilterAsked) -> str | None:
        """The filter as it is stored; what is wrong with it is noted."""
        bound = self._bound[asked]
        if bound is None:
            return None
        tree = self._resolve(bound, asked.subject)
        try:
            return fetchxml_text(tree, asked.subject)
        except DefinitionError as exc:
            self._problems.add_error(asked.placed.place, exc)
            return None

    def _bind_asked(self, asked: FilterAsked) -> _Bound | None:
        """The filter with what it may name; a record type that is not there is told elsewhere."""
        schema, record = self._store.schema(asked.table), self._store.schema(asked.record_type)
        if schema is None or record is None:
            return None
        vocabulary = Vocabulary(asked.table, schema, record, self._store.schema, self._reckoning)
        return self._bind(asked.placed, vocabulary, asked.subject)

    def _bind(self, placed: PlacedFilter, vocabulary: Vocabulary, subject: str) -> _Bound | None:
        match placed:
            case PlacedTerm(place=place, term=term):
                return _BoundTerm(place, term, vocabulary)
            case PlacedGroup(join=join, parts=parts):
                bound = [self._bind(part, vocabulary, subject) for part in parts]
                return _BoundGroup(join, tuple(part for part in bound if part is not None))
            case PlacedRelated(inner=inner):
                found = self._binder.bind(placed, vocabulary, subject)
                if found is None:
                    return None
                related, inside = found
                return _BoundRelated(
                    related, None if inner is None else self._bind(inner, inside, subject)
                )

    def _resolve(self, bound: _Bound, subject: str) -> Filter:
        match bound:
            case _BoundTerm():
                return self._resolve_term(bound, subject)
            case _BoundGroup(join=join, parts=parts):
                return Group(join, tuple(self._resolve(part, subject) for part in parts))
            case _BoundRelated(related=related, inner=inner):
                tree = EVERY_RECORD if inner is None else self._resolve(inner, subject)
                group = tree if isinstance(tree, Group) else Group("all", (tree,))
                return replace(related, filter=group if group.parts else EVERY_RECORD)

    def _resolve_term(self, bound: _BoundTerm, subject: str) -> Term:
        term, column = bound.term, bound.column
        try:
            if column is not None:
                term = resolved(term, column, self._ids, subject)
            compile_filter(term, subject, bound.vocabulary)
            if column is not None:
                self._check_fixed(term, column, bound.vocabulary, subject)
        except DefinitionError as exc:
            self._problems.add_error(bound.place, exc)
        return term

    def _check_fixed(
        self, term: Term, column: ColumnSchema, vocabulary: Vocabulary, subject: str
    ) -> None:
        """Check the values beside a `$(column)`, and that a range is the right way round."""
        fixed = tuple(text for text in term.operands if not dynamic_parts(text)[1])
        if term.operator in _RANGES and len(fixed) == 2:
            self._check_range(term, column, subject)
        elif term.operator in _RANGES and fixed:
            compile_filter(Term(term.column, "ge", fixed), subject, vocabulary)
        elif term.operator in _LISTS and fixed:
            compile_filter(Term(term.column, term.operator, fixed), subject, vocabulary)

    def _check_range(self, term: Term, column: ColumnSchema, subject: str) -> None:
        low: Any
        high: Any  # both are of the column's kind, which the type checker cannot know
        low, high = Operands(column.kind, term.operands, self._reckoning).values()
        if high < low:
            first, last = term.operands
            raise DefinitionError(
                subject,
                f"column '{term.column}': between takes the lower value first, and {first} is "
                f"more than {last}",
                f"[{last}, {first}]",
            )


def _terms(bound: _Bound) -> Iterator[_BoundTerm]:
    """Every condition, those of related parts among them."""
    match bound:
        case _BoundTerm():
            yield bound
        case _BoundGroup(parts=parts):
            for part in parts:
                yield from _terms(part)
        case _BoundRelated(inner=inner):
            if inner is not None:
                yield from _terms(inner)
