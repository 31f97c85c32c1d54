"""Which rows of other tables definitions look at, and how they are reached from what is decided."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field

from work_assignment.domain.deciding.definitions import Definitions
from work_assignment.domain.defining.rules import AssignmentRule
from work_assignment.domain.filtering.conditions import (
    Comparison,
    Condition,
    Group,
    Relation,
    columns_read,
    leaves,
    record_columns,
)
from work_assignment.domain.filtering.filters import dynamic_parts
from work_assignment.domain.filtering.schemas import FindTable

_EQUAL = ("eq", "in")


@dataclass(frozen=True, slots=True)
class Join:
    """From one row to others: their `column` equals its `own_column`."""

    table: str
    column: str
    own_column: str


@dataclass(frozen=True, slots=True)
class Path:
    """Rows reached from a row of `start` over one join after the other; those of the last are meant."""

    start: str
    joins: tuple[Join, ...]

    @property
    def table(self) -> str:
        return self.joins[-1].table

    def then(self, join: Join) -> Path:
        return Path(self.start, (*self.joins, join))


@dataclass(frozen=True)
class Reach:
    """All rows that definitions look at besides records, sellers, teams and queues.

    `paths` by the table they start from; `columns` are what must be read of each table, and `read`
    what filters ask of the rows that a path leads to.
    """

    paths: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
    columns: Mapping[str, frozenset[str]] = field(default_factory=dict)
    read: Mapping[Path, frozenset[str]] = field(default_factory=dict)


NOWHERE = Reach()


class _Finder:
    def __init__(self, find: FindTable) -> None:
        self._find = find
        self.paths: dict[str, dict[Path, None]] = defaultdict(dict)
        self.columns: dict[str, set[str]] = defaultdict(set)
        self.read: dict[Path, set[str]] = defaultdict(set)

    def follow(self, start: Path, condition: Condition, record_type: str | None = None) -> None:
        """Note the relations of a condition on rows that `start` leads to."""
        for relation in _relations(condition):
            join = _join(relation)
            if join is None:
                continue
            asked = list(self._asked_by_record(relation, join, record_type))
            for path in asked or [start.then(join)]:
                self.paths[path.start][path] = None
                self._read(path, {join.column, *columns_read(relation.inner)})
                if len(path.joins) > 1:
                    self._read(Path(path.start, path.joins[:-1]), {join.own_column})
                self.follow(path, relation.inner, record_type)

    def _read(self, path: Path, columns: Set[str]) -> None:
        self.columns[path.table] |= columns
        self.read[path] |= columns

    def follow_recipients(self, rule: AssignmentRule) -> None:
        start = Path(rule.target.table, ())
        self.follow(start, rule.match.columns, rule.record_type)

    def _asked_by_record(
        self, relation: Relation, join: Join, record_type: str | None
    ) -> Iterator[Path]:
        """The path from the record itself, where a seller's related rows must equal what it has.

        Of all accounts that sellers own only the record's own is of interest, for example.
        """
        if record_type is None or not record_columns(relation.inner):
            return
        for part in _all_parts(relation.inner):
            if isinstance(part, Comparison) and part.term.operator in _EQUAL:
                paths = [
                    Path(record_type, (Join(join.table, part.term.column, name),))
                    for operand in part.term.operands
                    if (name := dynamic_parts(operand)[0]) is not None
                ]
                if len(paths) == len(part.term.operands) and all(map(self._can_join, paths)):
                    yield from paths
                    return

    def _can_join(self, path: Path) -> bool:
        """Whether both columns hold the same kind of values; the label of a choice is no column."""
        (join,) = path.joins
        kinds = [
            schema.kinds.get(column)
            for table, column in ((path.start, join.own_column), (join.table, join.column))
            if (schema := self._find(table)) is not None
        ]
        return len(kinds) == 2 and kinds[0] is not None and kinds[0] is kinds[1]

    def reach(self) -> Reach:
        return Reach(
            {start: tuple(paths) for start, paths in self.paths.items()},
            {table: frozenset(columns) for table, columns in self.columns.items()},
            {path: frozenset(columns) for path, columns in self.read.items()},
        )


def reach(definitions: Definitions, find: FindTable) -> Reach:
    """What is to be read beside records and those they may be given to; `find` knows the tables."""
    finder = _Finder(find)
    for record_type, segments in definitions.segments.items():
        for segment in segments:
            finder.follow(Path(record_type, ()), segment.filter)
        for rule in definitions.rules_of(record_type):
            finder.follow(Path(record_type, ()), rule.filter)
            finder.follow_recipients(rule)
    return finder.reach()


def _relations(condition: Condition) -> Iterator[Relation]:
    return (leaf for leaf in leaves(condition) if isinstance(leaf, Relation))


def _join(relation: Relation) -> Join | None:
    related = relation.related
    if related.table is None or related.column is None or related.own_column is None:
        return None
    return Join(related.table, related.column, related.own_column)


def _all_parts(condition: Condition) -> Iterator[Condition]:
    """The parts that must all hold."""
    if isinstance(condition, Group) and (condition.join == "all" or len(condition.parts) == 1):
        for part in condition.parts:
            yield from _all_parts(part)
    else:
        yield condition
