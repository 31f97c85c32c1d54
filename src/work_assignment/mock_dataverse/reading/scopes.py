"""What narrows a collection to the rows that belong to one row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from ..conditions.comparisons import Fragment, exists, quoted
from ..tables.metadata import ManyToMany, OneToMany
from .source import PartnerSide, Source, child_link


@dataclass(frozen=True, slots=True)
class ChildScope:
    """Only the rows that point at one row through a lookup."""

    relation: OneToMany
    row_id: str


@dataclass(frozen=True, slots=True)
class PartnerScope:
    """Only the rows tied to one row by a many-to-many relationship."""

    relation: ManyToMany
    side: PartnerSide
    row_id: str


Scope: TypeAlias = ChildScope | PartnerScope


def scope_condition(source: Source, scope: Scope) -> Fragment:
    """Compile a scope for the rows of `source`."""
    match scope:
        case ChildScope(relation, row_id):
            link = child_link(source.base, relation, "?")
            return Fragment(link.sql, (row_id, *link.params))
        case PartnerScope(relation, side, row_id):
            key = source.base.sql(source.base.table.primary_id)
            near, far = quoted(side.own_column), quoted(side.column)
            tie = Fragment(f"near.{near} = ? AND near.{far} = {key}", (row_id,))
            return exists(f"{quoted(relation.intersect_table)} AS near", tie)
