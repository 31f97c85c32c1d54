"""The condition tree: a filter checked against the columns and compiled into tests."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from work_assignment.domain.errors import DefinitionError, nearest
from work_assignment.domain.filtering.filters import Filter, Join, Related, Term
from work_assignment.domain.filtering.filters import Group as FilterGroup
from work_assignment.domain.filtering.rows import Columns, Scope, id_column
from work_assignment.domain.filtering.schemas import TableSchema, Vocabulary
from work_assignment.domain.filtering.terms import Hierarchy, compile_term

Holds = Callable[[Mapping[str, Any], Scope], bool]
"""Takes a row and what else may be looked at."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One column against one operator.

    `keys`, where there are some, are the only values (as `rows.key_of` gives them) for which it can
    hold. `is_timed` says that it depends on the moment, `hierarchy` on which tree.
    """

    term: Term
    holds: Holds = field(compare=False, repr=False)
    keys: frozenset[Hashable] | None = field(default=None, compare=False, repr=False)
    is_timed: bool = field(default=False, compare=False, repr=False)
    hierarchy: Hierarchy | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        operands = ", ".join(self.term.operands)
        return " ".join(filter(None, (self.term.column, self.term.operator, operands)))


@dataclass(frozen=True, slots=True)
class Relation:
    """Whether a related row is there for which `inner` holds, or none is."""

    related: Related
    inner: Condition
    holds: Holds = field(compare=False, repr=False)

    def __str__(self) -> str:
        related = self.related
        pointed_at = points_at_one(related)
        name = str(related.own_column) if pointed_at else f"{related.table} by {related.column}"
        having = "" if self.inner == ALWAYS else f" with {self.inner}"
        return f"{'no ' if related.absent else ''}{name}{having}"

    def found(self, row: Columns, scope: Scope) -> Sequence[Columns]:
        """The rows that are joined, whether `inner` holds for them or not."""
        return _joined(self.related, row, scope)


@dataclass(frozen=True, slots=True)
class Group:
    """All, or any, of the parts; an empty group holds."""

    join: Join
    parts: tuple[Condition, ...] = ()
    holds: Holds = field(default=lambda _row, _scope: True, compare=False, repr=False)

    def __str__(self) -> str:
        inner = (" and " if self.join == "all" else " or ").join(map(str, self.parts))
        return f"({inner})" if len(self.parts) > 1 else inner


Condition = Comparison | Relation | Group

ALWAYS = Group("all")


def group(join: Join, parts: tuple[Condition, ...]) -> Group:
    """The parts as one condition."""
    tests = tuple(part.holds for part in parts)
    if not tests:
        return Group(join)
    if len(tests) == 1:
        return Group(join, parts, tests[0])
    return Group(join, parts, _all(tests) if join == "all" else _any(tests))


def _all(tests: tuple[Holds, ...]) -> Holds:
    def holds(row: Mapping[str, Any], scope: Scope) -> bool:
        for test in tests:  # noqa: SIM110 (a loop takes half the time of all() with a generator)
            if not test(row, scope):
                return False
        return True

    return holds


def _any(tests: tuple[Holds, ...]) -> Holds:
    def holds(row: Mapping[str, Any], scope: Scope) -> bool:
        for test in tests:  # noqa: SIM110 (as above)
            if test(row, scope):
                return True
        return False

    return holds


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a condition does not hold: the part that failed, and what the columns it reads are."""

    condition: str
    values: tuple[tuple[str, object], ...]


def first_failure(condition: Condition, row: Columns, scope: Scope) -> Failure | None:
    """The first part that keeps the condition from holding, or None when it holds.

    Inside `all` that is the first part that fails; an `any` fails as a whole.
    """
    part = failing_part(condition, row, scope)
    return None if part is None else Failure(str(part), tuple(_read_values(part, row, scope)))


def failing_part(condition: Condition, row: Columns, scope: Scope) -> Condition | None:
    """The part of a condition that `first_failure` is about."""
    if condition.holds(row, scope):
        return None
    if isinstance(condition, Group) and condition.join == "all":
        for part in condition.parts:
            failing = failing_part(part, row, scope)
            if failing is not None:
                return failing
    return condition


def _read_values(condition: Condition, row: Columns, scope: Scope) -> Iterator[tuple[str, object]]:
    """What the condition looked at: columns, the record's own behind `$(column)`, related rows."""
    seen = set()
    for leaf in leaves(condition):
        for name, value in _leaf_values(leaf, row, scope):
            if name not in seen:
                seen.add(name)
                yield name, value


def _leaf_values(
    leaf: Comparison | Relation, row: Columns, scope: Scope
) -> Iterator[tuple[str, object]]:
    if isinstance(leaf, Comparison):
        yield leaf.term.column, row.get(leaf.term.column)
        for column in leaf.term.record_columns:
            yield f"$({column})", scope.record.get(column)
        return
    own, found = str(leaf.related.own_column), leaf.found(row, scope)
    if not points_at_one(leaf.related):
        yield f"rows of {leaf.related.table}", len(found)
    elif not found:
        yield own, row.get(own)
    else:
        for name, value in _read_values(leaf.inner, found[0], scope):
            yield f"{own}.{name}", value


def leaves(condition: Condition) -> Iterator[Comparison | Relation]:
    """Every comparison and relation of a condition, in the order written."""
    if not isinstance(condition, Group):
        yield condition
        return
    for part in condition.parts:
        yield from leaves(part)


def columns_read(condition: Condition) -> frozenset[str]:
    """The row's own columns whose change can change what the condition says."""
    found = set()
    for leaf in leaves(condition):
        column = leaf.term.column if isinstance(leaf, Comparison) else leaf.related.own_column
        if column is not None:
            found.add(column)
    return frozenset(found)


def record_columns(condition: Condition) -> frozenset[str]:
    """The routed record's columns that `$(column)` names, here and in related conditions."""
    found: set[str] = set()
    for leaf in leaves(condition):
        if isinstance(leaf, Comparison):
            found.update(leaf.term.record_columns)
        else:
            found |= record_columns(leaf.inner)
    return frozenset(found)


def is_timed(condition: Condition) -> bool:
    """Whether the moment alone can change what the condition says."""
    return any(
        leaf.is_timed if isinstance(leaf, Comparison) else is_timed(leaf.inner)
        for leaf in leaves(condition)
    )


def hierarchies(condition: Condition) -> Iterator[Hierarchy]:
    """The trees that the condition asks, here and in related conditions."""
    for leaf in leaves(condition):
        if isinstance(leaf, Relation):
            yield from hierarchies(leaf.inner)
        elif leaf.hierarchy is not None:
            yield leaf.hierarchy


def compile_filter(tree: Filter, where: str, vocabulary: Vocabulary | None = None) -> Condition:
    """Check a filter against what it may name and make its tests.

    Raises DefinitionError naming `where` and what is wrong.
    """
    return _compile(tree, where, vocabulary or Vocabulary())


def _compile(tree: Filter, where: str, vocabulary: Vocabulary) -> Condition:
    match tree:
        case Term():
            made = compile_term(tree, where, vocabulary)
            return Comparison(made.term, made.holds, made.keys, made.is_timed, made.hierarchy)
        case FilterGroup(join=join, parts=parts):
            return group(join, tuple(_compile(part, where, vocabulary) for part in parts))
        case Related():
            return _compile_related(tree, where, vocabulary)


def _compile_related(tree: Related, where: str, vocabulary: Vocabulary) -> Relation:
    resolved, schema = resolve_related(tree, where, vocabulary)
    inside = replace(
        vocabulary,
        table=resolved.table or "",
        schema=schema,
        record=vocabulary.record or vocabulary.schema,
    )
    inner = _compile(resolved.filter, where, inside)
    test = inner.holds

    def holds(row: Mapping[str, Any], scope: Scope) -> bool:
        for other in _joined(resolved, row, scope):
            if test(other, scope):
                return not resolved.absent
        return resolved.absent

    return Relation(resolved, inner, holds)


def _joined(related: Related, row: Columns, scope: Scope) -> Sequence[Columns]:
    value = row.get(str(related.own_column))
    return () if value is None else scope.rows.where(related.table, related.column, value)


def points_at_one(related: Related) -> bool:
    """Whether this row points at the other one, so that there is one at most."""
    return related.column is None or related.column == id_column(related.table or "")


def resolve_related(
    tree: Related, where: str, vocabulary: Vocabulary
) -> tuple[Related, TableSchema | None]:
    """The related part with every name filled in that can be known, and the table it is about."""
    own = vocabulary.schema
    if own is None:
        return replace(tree, own_column=tree.own_column or id_column(vocabulary.table)), None
    table = tree.table or _pointed_at(tree, where, own)
    other = vocabulary.find(table)
    if other is None:
        raise DefinitionError(where, f"there is no table '{table}'")
    resolved = replace(
        tree,
        table=table,
        column=tree.column or other.primary_id,
        own_column=tree.own_column or own.primary_id,
    )
    column = _check_column(resolved.column, other, where)
    own_column = _check_column(resolved.own_column, own, where)
    kinds = other.columns[column].kind, own.columns[own_column].kind
    if kinds[0] is not kinds[1]:
        raise DefinitionError(
            where,
            f"column '{column}' of {other.table} ({kinds[0].value}) cannot be joined with "
            f"'{own_column}' of {own.table} ({kinds[1].value})",
        )
    return resolved, other


def _pointed_at(tree: Related, where: str, own: TableSchema) -> str:
    column = _check_column(tree.own_column, own, where)
    targets = own.columns[column].targets
    if len(targets) == 1:
        return targets[0]
    if not targets:
        raise DefinitionError(where, f"column '{column}' is no lookup; say the table with 'to'")
    raise DefinitionError(
        where, f"lookup '{column}' points at {' or '.join(targets)}: say which with 'to'"
    )


def _check_column(column: str | None, schema: TableSchema, where: str) -> str:
    if column is None or column not in schema.columns:
        raise DefinitionError(
            where,
            f"table {schema.table} has no column '{column}'",
            nearest(str(column), schema.columns),
        )
    return column
