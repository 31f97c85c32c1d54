"""Tables and relationships on their way into a catalog: columns carry their relationships."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .metadata import CascadeDelete, Cascades, Choice, Column, ManyToMany, OneToMany, Table

# Nothing but its deletion goes on from a row to those that point at it.
REFERENTIAL = Cascades()


@dataclass(frozen=True, slots=True)
class Link:
    """One target of a lookup: the relationship's name and the navigation property at either end."""

    target: str
    relationship: str
    navigation: str
    collection: str
    cascade: CascadeDelete = CascadeDelete.REMOVE_LINK
    is_hierarchical: bool = False
    cascades: Cascades = REFERENTIAL


@dataclass(frozen=True, slots=True)
class Part:
    """A column with the relationships it takes part in; a plain column has none."""

    column: Column
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Definitions:
    """Some tables with the relationships between them; several add up to a catalog."""

    tables: tuple[Table, ...] = ()
    one_to_many: tuple[OneToMany, ...] = ()
    many_to_many: tuple[ManyToMany, ...] = ()
    choices: tuple[Choice, ...] = ()

    def __add__(self, other: Definitions) -> Definitions:
        return Definitions(
            self.tables + other.tables,
            self.one_to_many + other.one_to_many,
            self.many_to_many + other.many_to_many,
            self.choices + other.choices,
        )


def together(parts: Iterable[Definitions]) -> Definitions:
    """Add up any number of definitions."""
    return sum(parts, Definitions())


def relationships_of(table: str, parts: Iterable[Part]) -> tuple[OneToMany, ...]:
    """List the relationships that the lookups of one table take part in."""
    return tuple(
        OneToMany(
            schema_name=link.relationship,
            referenced_table=link.target,
            referencing_table=table,
            referencing_column=part.column.logical_name,
            referencing_navigation=link.navigation,
            referenced_navigation=link.collection,
            cascade_delete=link.cascade,
            is_hierarchical=link.is_hierarchical,
            cascades=link.cascades,
        )
        for part in parts
        for link in part.links
    )
