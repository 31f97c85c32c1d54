"""One condition on a column, checked and made into a test of rows."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from work_assignment.domain.errors import DefinitionError, nearest
from work_assignment.domain.filtering.filters import Term, dynamic_parts, fill
from work_assignment.domain.filtering.operands import written_moment
from work_assignment.domain.filtering.operators import (
    OPERATORS,
    ColumnKind,
    Needs,
    OperandError,
    Operands,
    Operator,
    Test,
    as_kind,
)
from work_assignment.domain.filtering.rows import Scope, key_of, parent_column
from work_assignment.domain.filtering.schemas import TableSchema, Vocabulary
from work_assignment.domain.records import Value

_Holds = Callable[[Mapping[str, Any], Scope], bool]
_MADE_AT_MOST = 4_096
"""Tests kept for different values of `$(column)`."""
_INDEXED = frozenset({"eq", "in"})
_COMPARES = frozenset(
    {"eq", "ne", "neq", "gt", "ge", "lt", "le", "in", "not-in", "between", "not-between"}
)
_KEYED = frozenset({ColumnKind.TEXT, ColumnKind.NUMBER, ColumnKind.CHOICE, ColumnKind.LOOKUP})

NEGATIVE = frozenset(
    name for name in OPERATORS if name in ("ne", "neq") or name.startswith("not-")
) - {"not-null"}
"""The operators that hold for an empty column, and where `$(column)` stands for nothing."""

_ASKS_WHO = "asks who is calling, which would be our application user; name the {0} instead"
CALLER_RELATIVE = {
    **dict.fromkeys(
        ("eq-userid", "ne-userid", "eq-useroruserhierarchy", "eq-useroruserhierarchyandteams"),
        _ASKS_WHO.format("user"),
    ),
    **dict.fromkeys(("eq-userteams", "eq-useroruserteams"), _ASKS_WHO.format("team")),
    **dict.fromkeys(("eq-businessid", "ne-businessid"), _ASKS_WHO.format("business unit")),
    "eq-userlanguage": _ASKS_WHO.format("language"),
}


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """A table that is a tree: its own id and the column that points at the row above."""

    table: str
    own_id: str
    parent: str


@dataclass(frozen=True, slots=True)
class CompiledTerm:
    """A term with its test; the rest as in `conditions.Comparison`."""

    term: Term
    holds: _Holds
    keys: frozenset[Hashable] | None = None
    is_timed: bool = False
    hierarchy: Hierarchy | None = None


def compile_term(term: Term, where: str, vocabulary: Vocabulary) -> CompiledTerm:
    """Check one term and make its test; raises DefinitionError naming `where`."""
    operator = _operator(term, where)
    maker = _Maker(term, operator, where, vocabulary)
    is_dynamic = bool(term.record_columns)
    return CompiledTerm(
        term,
        maker.dynamic() if is_dynamic else maker.fixed(),
        None if is_dynamic else maker.keys(),
        operator.needs is Needs.MOMENT,
        maker.hierarchy,
    )


def _operator(term: Term, where: str) -> Operator:
    operator = OPERATORS.get(term.operator)
    if operator is None:
        advice = CALLER_RELATIVE.get(term.operator)
        if advice:
            raise DefinitionError(where, f"operator '{term.operator}' {advice}")
        raise DefinitionError(
            where,
            f"there is no operator '{term.operator}' (column '{term.column}')",
            nearest(term.operator, OPERATORS),
        )
    wanted, given = operator.arity, len(term.operands)
    if (wanted is None and given == 0) or (wanted is not None and given != wanted):
        raise DefinitionError(
            where,
            f"operator '{term.operator}' on column '{term.column}' takes "
            f"{'one or more values' if wanted is None else _count(wanted)}, not {given}",
        )
    return operator


def _count(wanted: int) -> str:
    return {0: "no value", 1: "one value"}.get(wanted, f"{wanted} values")


class _Maker:
    """Makes the tests of one term."""

    def __init__(self, term: Term, operator: Operator, where: str, vocabulary: Vocabulary) -> None:
        self._term = term
        self._operator = operator
        self._where = where
        self._vocabulary = vocabulary
        self._kind = self._kind_of_column()
        if self._kind is not None and self._kind not in operator.kinds:
            raise DefinitionError(
                where,
                f"operator '{term.operator}' does not fit column '{term.column}', "
                f"a {self._kind.value} column",
            )
        self._check_record_columns()
        needs_tree = operator.needs is Needs.TREE
        self.hierarchy = self._find_hierarchy() if needs_tree else None

    def _kind_of_column(self) -> ColumnKind | None:
        schema = self._vocabulary.schema
        if schema is None:
            return None
        column = schema.columns.get(self._term.column)
        if column is None:
            raise DefinitionError(
                self._where,
                f"there is no column '{self._term.column}'",
                nearest(self._term.column, schema.columns),
            )
        return column.kind

    def _check_record_columns(self) -> None:
        record = self._vocabulary.record or self._vocabulary.schema
        if record is None:
            return
        for operand in self._term.operands:
            whole, named = dynamic_parts(operand)
            for name in named:
                if name not in record.columns:
                    raise DefinitionError(
                        self._where,
                        f"there is no column '{name}' of {record.table} for '{operand}'",
                        nearest(name, record.columns),
                    )
            if whole:
                self._check_comparable(record, whole)

    def _check_comparable(self, record: TableSchema, name: str) -> None:
        given, kind = record.columns[name].kind, self._kind
        if kind is not None and kind not in (ColumnKind.TEXT, given):
            raise DefinitionError(
                self._where,
                f"column '{self._term.column}' ({kind.value}) cannot be compared "
                f"with '$({name})', a {given.value} column",
            )

    # fixed operands

    def fixed(self) -> _Holds:
        """The test of operands that are the same for every record."""
        if self._kind is None:
            self._check_dates()
            return self._by_value(self._term.operands, self._fixed_test)
        return self._fixed_test(self._kind)

    def _check_dates(self) -> None:
        """Check the operands of operators that are for dates alone, whatever the column may be."""
        kinds = self._operator.kinds
        if ColumnKind.MOMENT in kinds and ColumnKind.TEXT not in kinds:
            self._make(ColumnKind.MOMENT, self._term.operands)

    def _fixed_test(self, kind: ColumnKind) -> _Holds:
        return self._row_test(self._make(kind, self._term.operands))

    def _make(self, kind: ColumnKind, texts: tuple[str, ...]) -> Any:
        """What the operator makes of operands of a kind."""
        try:
            return self._operator.make(Operands(kind, texts, self._vocabulary.reckoning))
        except OperandError as exc:
            raise DefinitionError(self._where, f"column '{self._term.column}': {exc}") from None

    def _row_test(self, made: Any) -> _Holds:
        column = self._term.column
        match self._operator.needs:
            case Needs.NOTHING:
                test: Test = made
                return lambda row, _: test(row.get(column))
            case Needs.MOMENT:
                return _timed(column, made)
            case Needs.TREE:
                tree = self.hierarchy or self._find_hierarchy()
                return lambda row, scope: made(
                    scope.rows.tree(tree.table, tree.own_id, tree.parent)
                )(row.get(column))

    def _find_hierarchy(self) -> Hierarchy:
        """The tree that the column is in."""
        schema, column = self._vocabulary.schema, self._term.column
        if schema is None:
            table = column.removesuffix("id").removeprefix("parent").removeprefix("owning")
            table = {"user": "systemuser", "customer": "account"}.get(table, table)
            parent = parent_column(table)
            # Where columns are not known, neither is the tree: what it is called does no harm.
            return Hierarchy(table, f"{table}id", parent or f"parent{table}id")
        targets = schema.columns[column].targets or (schema.table,)
        for target in map(self._table, targets):
            if target is not None and target.parent_column is not None:
                return Hierarchy(target.table, target.primary_id, target.parent_column)
        raise DefinitionError(
            self._where,
            f"operator '{self._term.operator}' needs a hierarchy, "
            f"which column '{column}' does not belong to",
        )

    def _table(self, name: str) -> TableSchema | None:
        schema = self._vocabulary.schema
        return schema if schema and schema.table == name else self._vocabulary.find(name)

    def keys(self) -> frozenset[Hashable] | None:
        """The only values that can pass, where that is known."""
        if self._term.operator not in _INDEXED or self._kind not in _KEYED:
            return None
        operands = Operands(self._kind, self._term.operands, self._vocabulary.reckoning)
        return frozenset(map(key_of, operands.values()))

    # operands that a record fills in, columns of unknown kind

    def _by_value(self, operands: tuple[str, ...], make: Callable[[ColumnKind], _Holds]) -> _Holds:
        """A test that compares by the type of the value it meets.

        Texts are moments where they and all operands are written so.
        """
        tests: dict[ColumnKind, _Holds] = {}
        column, zone = self._term.column, self._vocabulary.reckoning.zone
        of_moments = self._term.operator in _COMPARES and all(
            written_moment(text, zone) for text in operands
        )

        def holds(row: Mapping[str, Any], scope: Scope) -> bool:
            value = row.get(column)
            moment = written_moment(value, zone) if of_moments and isinstance(value, str) else None
            fitting = (
                (ColumnKind.MOMENT, moment) if moment else as_kind(value, self._operator, zone)
            )
            if fitting is None:
                return self._misfit(value)
            kind, read = fitting
            if kind is ColumnKind.LOOKUP:
                kind = ColumnKind.TEXT  # an empty one: ids outside Dataverse may be of any form
            test = tests.get(kind)
            if test is None:
                test = tests[kind] = make(kind)
            return test(row if read is value else {column: read}, scope)

        return holds

    def _misfit(self, value: Value) -> bool:
        """The answer for text that is no date and the like; other types are the definition's fault."""
        if isinstance(value, str):
            return self._term.operator in NEGATIVE
        raise DefinitionError(
            self._where,
            f"operator '{self._term.operator}' does not fit {value!r} "
            f"in column '{self._term.column}'",
        )

    def dynamic(self) -> _Holds:
        """A test whose operands are filled in from the record."""
        made: dict[tuple[str, ...], _Holds] = {}
        is_negative = self._term.operator in NEGATIVE

        def holds(row: Mapping[str, Any], scope: Scope) -> bool:
            texts = self._filled(scope)
            if texts is None:
                return is_negative
            test = made.get(texts)
            if test is None:
                if len(made) >= _MADE_AT_MOST:
                    made.clear()
                test = made[texts] = self._dynamic_test(texts)
            return test(row, scope)

        return holds

    def _dynamic_test(self, texts: tuple[str, ...]) -> _Holds:
        if self._kind is None:
            return self._by_value(texts, lambda kind: self._filled_test(kind, texts))
        return self._filled_test(self._kind, texts)

    def _filled_test(self, kind: ColumnKind, texts: tuple[str, ...]) -> _Holds:
        """The test of filled-in operands; what is no value of the column equals nothing in it."""
        try:
            made = self._operator.make(Operands(kind, texts, self._vocabulary.reckoning))
        except OperandError:
            is_negative = self._term.operator in NEGATIVE
            return lambda _row, _scope: is_negative
        return self._row_test(made)

    def _filled(self, scope: Scope) -> tuple[str, ...] | None:
        """The operands, filled in; None when one that is needed is empty."""
        found = tuple(self._each_filled(scope))
        known = tuple(text for text in found if text is not None)
        if self._operator.arity is None:
            return known or None
        return known if len(known) == len(found) else None

    def _each_filled(self, scope: Scope) -> Iterator[str | None]:
        for operand in self._term.operands:
            whole, named = dynamic_parts(operand)
            if whole is not None:
                yield self._value_text(whole, scope)
            else:
                texts = {name: self._value_text(name, scope) for name in named}
                full = {name: text for name, text in texts.items() if text is not None}
                yield fill(operand, full) if len(full) == len(texts) else None

    def _value_text(self, name: str, scope: Scope) -> str | None:
        value = scope.record.get(name)
        if value is None:
            return None
        if self._kind is ColumnKind.TEXT and name in scope.labels:
            return scope.labels[name]
        return text_of(value)


def text_of(value: Value) -> str:
    """A value as an operand is written."""
    match value:
        case bool():
            return "true" if value else "false"
        case datetime() | date():
            return value.isoformat()
        case tuple():
            return ",".join(map(str, value))
        case _:
            return str(value)


def _timed(column: str, make: Callable[[datetime], Test]) -> _Holds:
    """A test that depends on the moment; the one of the last moment is kept."""
    kept: tuple[datetime, Test] | None = None

    def holds(row: Mapping[str, Any], scope: Scope) -> bool:
        nonlocal kept
        current = kept
        if current is None or current[0] != scope.at:
            kept = current = (scope.at, make(scope.at))
        return current[1](row.get(column))

    return holds
