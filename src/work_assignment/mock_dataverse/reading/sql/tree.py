"""A SELECT as frozen values; names are as written, checked later against the metadata."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from ...conditions.filter_tree import Operator
from ..aggregates import Method


@dataclass(frozen=True, slots=True)
class Name:
    """A column, perhaps behind the alias of its table."""

    column: str
    qualifier: str | None = None

    def __str__(self) -> str:
        return f"{self.qualifier}.{self.column}" if self.qualifier else self.column


@dataclass(frozen=True, slots=True)
class Comparison:
    """A column compared with a constant; `value` is None for NULL."""

    name: Name
    operator: Operator
    value: str | None


@dataclass(frozen=True, slots=True)
class Like:
    name: Name
    pattern: str


@dataclass(frozen=True, slots=True)
class Membership:
    """`name IN (values)`."""

    name: Name
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Range:
    """`name BETWEEN low AND high`."""

    name: Name
    low: str
    high: str


@dataclass(frozen=True, slots=True)
class IsNull:
    name: Name


@dataclass(frozen=True, slots=True)
class SameColumn:
    """`left = right`, which only ties joined tables together."""

    left: Name
    right: Name


@dataclass(frozen=True, slots=True)
class Not:
    operand: Condition


@dataclass(frozen=True, slots=True)
class And:
    terms: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or:
    terms: tuple[Condition, ...]


Condition: TypeAlias = Comparison | Like | Membership | Range | IsNull | SameColumn | Not | And | Or


@dataclass(frozen=True, slots=True)
class TableName:
    """A table and the alias that columns name it by, by default its own name."""

    table: str
    alias: str


@dataclass(frozen=True, slots=True)
class Join:
    table: TableName
    is_outer: bool
    on: Condition


@dataclass(frozen=True, slots=True)
class Output:
    """A column of the result, or with `method` an aggregate of one; COUNT(*) has no name."""

    name: Name | None
    alias: str | None = None
    method: Method | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """A column, or the alias of an output."""

    name: Name
    descending: bool


@dataclass(frozen=True, slots=True)
class Statement:
    """One SELECT; `limit` is its TOP or FETCH."""

    outputs: tuple[Output, ...]
    table: TableName
    joins: tuple[Join, ...] = ()
    where: Condition | None = None
    groups: tuple[Name, ...] = ()
    orders: tuple[Order, ...] = ()
    distinct: bool = False
    limit: int | None = None
    offset: int = 0

    @property
    def is_grouped(self) -> bool:
        return bool(self.groups) or any(output.method for output in self.outputs)
