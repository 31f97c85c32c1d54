"""FetchXML as frozen values; names are as written, checked later against the metadata."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Aggregate(StrEnum):
    COUNT = "count"
    COUNT_COLUMN = "countcolumn"
    SUM = "sum"
    AVG = "avg"
    MIN = "min"
    MAX = "max"


class LinkType(StrEnum):
    """How a link-entity takes part. Joined are INNER, OUTER and FIRST, of which only one row is
    taken; EXISTS and IN choose rows of the entity around them; the others are conditions, which
    stand in a filter."""

    INNER = "inner"
    OUTER = "outer"
    EXISTS = "exists"
    IN = "in"
    FIRST = "matchfirstrowusingcrossapply"
    ANY = "any"
    NOT_ANY = "not any"
    ALL = "all"
    NOT_ALL = "not all"

    @property
    def is_joined(self) -> bool:
        return self in (LinkType.INNER, LinkType.OUTER, LinkType.FIRST)

    @property
    def is_condition(self) -> bool:
        return self in (LinkType.ANY, LinkType.NOT_ANY, LinkType.ALL, LinkType.NOT_ALL)


@dataclass(frozen=True, slots=True)
class Attribute:
    name: str
    alias: str | None = None
    aggregate: Aggregate | None = None
    groupby: bool = False
    dategrouping: str | None = None
    distinct: bool = False
    in_callers_zone: bool = False
    counts_children: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """By an attribute, of this entity or of the one that `entityname` names, or by an alias."""

    attribute: str | None
    alias: str | None
    entityname: str | None
    descending: bool


@dataclass(frozen=True, slots=True)
class Condition:
    attribute: str
    operator: str
    values: tuple[str, ...] = ()
    valueof: str | None = None
    entityname: str | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    is_or: bool
    terms: tuple[Condition | Filter | Link, ...]


@dataclass(frozen=True, slots=True)
class Entity:
    name: str
    all_attributes: bool = False
    attributes: tuple[Attribute, ...] = ()
    orders: tuple[Order, ...] = ()
    filters: tuple[Filter, ...] = ()
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """A link-entity: `entity.from_column` equals `to_column` of the entity around it; a column that
    is not named is that of the relationship between the two."""

    entity: Entity
    from_column: str | None
    to_column: str | None
    alias: str
    type: LinkType


@dataclass(frozen=True, slots=True)
class Fetch:
    entity: Entity
    top: int | None = None
    count: int | None = None
    page: int = 1
    cookie: str | None = None
    aggregate: bool = False
    distinct: bool = False
    total_wanted: bool = False
    choices_by_value: bool = False
    aggregate_limit: int | None = None
