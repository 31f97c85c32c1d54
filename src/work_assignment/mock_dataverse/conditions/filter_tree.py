"""The syntax tree of $filter: frozen values that the parser builds and SQL is made from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias


class Operator(StrEnum):
    EQ = "eq"
    NE = "ne"
    GT = "gt"
    GE = "ge"
    LT = "lt"
    LE = "le"


class Quantifier(StrEnum):
    ANY = "any"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Text:
    value: str


@dataclass(frozen=True, slots=True)
class Number:
    value: int | float


@dataclass(frozen=True, slots=True)
class Boolean:
    value: bool


@dataclass(frozen=True, slots=True)
class Guid:
    """A bare guid, in lower case."""

    value: str


@dataclass(frozen=True, slots=True)
class Moment:
    """A date with time and zone, in UTC."""

    value: datetime


@dataclass(frozen=True, slots=True)
class Day:
    value: date


@dataclass(frozen=True, slots=True)
class Null:
    pass


@dataclass(frozen=True, slots=True)
class Member:
    """An enumeration member such as `Microsoft.Dynamics.CRM.OwnershipTypes'UserOwned'`."""

    type: str
    name: str


@dataclass(frozen=True, slots=True)
class TextList:
    """The list that PropertyValues takes."""

    values: tuple[str, ...]


Literal: TypeAlias = Text | Number | Boolean | Guid | Moment | Day | Null | Member


@dataclass(frozen=True, slots=True)
class Property:
    """A column, reached through single-valued navigation properties or a lambda's variable."""

    path: tuple[str, ...]

    def __str__(self) -> str:
        return "/".join(self.path)


Operand: TypeAlias = Literal | Property


@dataclass(frozen=True, slots=True)
class Comparison:
    left: Operand
    operator: Operator
    right: Operand


@dataclass(frozen=True, slots=True)
class Bare:
    """A property that stands alone as a condition."""

    property: Property


@dataclass(frozen=True, slots=True)
class TextMatch:
    """`contains`, `startswith` or `endswith`."""

    function: str
    property: Property
    value: Operand


@dataclass(frozen=True, slots=True)
class QueryFunction:
    """A function of Dataverse's own, such as `Microsoft.Dynamics.CRM.In`, without its prefix."""

    name: str
    arguments: tuple[tuple[str, Literal | TextList], ...]


@dataclass(frozen=True, slots=True)
class Lambda:
    """`path/any(variable:body)`; only `any` may come without variable and body."""

    path: tuple[str, ...]
    quantifier: Quantifier
    variable: str | None = None
    body: Node | None = None


@dataclass(frozen=True, slots=True)
class Not:
    operand: Node


@dataclass(frozen=True, slots=True)
class And:
    terms: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    terms: tuple[Node, ...]


Node: TypeAlias = Comparison | Bare | TextMatch | QueryFunction | Lambda | Not | And | Or
