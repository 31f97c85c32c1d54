"""Conditions on where a row stands in the tree of its table (Learn: Query hierarchical data).

The one self-relationship marked as hierarchical makes a tree of a table's rows. A condition is
about the table's primary key or about a lookup to the table. A row is neither above nor under
itself, even where the rows form a circle (unverified).
"""

from __future__ import annotations

from ..faults import bad_request, not_emulated
from ..tables.metadata import Catalog, OneToMany
from .circumstances import Circumstances
from .comparisons import Fragment, Operand, any_of, is_null, quoted, select
from .literals import INVALID_ARGUMENT


def under(operand: Operand, row_id: str, circumstances: Circumstances) -> Fragment:
    """Below a row, at any depth."""
    relation = _tree(operand, circumstances.catalog)
    return _one_of(operand, _below(relation, circumstances.catalog), row_id, has_row=False)


def equal_or_under(operand: Operand, row_id: str, circumstances: Circumstances) -> Fragment:
    relation = _tree(operand, circumstances.catalog)
    return _one_of(operand, _below(relation, circumstances.catalog), row_id, has_row=True)


def not_under(operand: Operand, row_id: str, circumstances: Circumstances) -> Fragment:
    """Anywhere but below a row; holds for an empty column, as other negative conditions do."""
    found = under(operand, row_id, circumstances)
    return any_of((Fragment(f"NOT {found.sql}", found.params), is_null(operand.expression)))


def above(operand: Operand, row_id: str, circumstances: Circumstances) -> Fragment:
    """On the way from a row to the root of its tree."""
    relation = _tree(operand, circumstances.catalog)
    return _one_of(operand, _over(relation, circumstances.catalog), row_id, has_row=False)


def equal_or_above(operand: Operand, row_id: str, circumstances: Circumstances) -> Fragment:
    relation = _tree(operand, circumstances.catalog)
    return _one_of(operand, _over(relation, circumstances.catalog), row_id, has_row=True)


def tree_of(catalog: Catalog, table: str) -> OneToMany | None:
    """The relationship that makes a tree of a table's rows, if one does."""
    for relation in catalog.one_to_many:
        if relation.is_hierarchical and relation.referencing_table == table:
            return relation
    return None


def _tree(operand: Operand, catalog: Catalog) -> OneToMany:
    column = operand.column
    tables = (operand.table,) if column.is_primary_id else column.targets
    found = [
        relation
        for relation in catalog.one_to_many
        if relation.is_hierarchical and relation.referencing_table in tables
    ]
    if len(found) > 1:
        raise not_emulated(f"hierarchy operators on '{column.logical_name}', which has two trees")
    if not found:
        raise bad_request(
            f"Hierarchy operators need a column of a table with a hierarchical relationship, "
            f"which '{column.logical_name}' of '{operand.table}' is not.",
            INVALID_ARGUMENT,
        )
    return found[0]


def _below(relation: OneToMany, catalog: Catalog) -> str:
    key, parent = _key(relation, catalog), quoted(relation.referencing_column)
    return _step(relation, key, f"node.{parent} = tree.id")


def _over(relation: OneToMany, catalog: Catalog) -> str:
    key, parent = _key(relation, catalog), quoted(relation.referencing_column)
    return _step(relation, parent, f"node.{key} = tree.id AND node.{parent} IS NOT NULL")


def _step(relation: OneToMany, column: str, condition: str) -> str:
    return select(
        f"node.{column}", f"{quoted(relation.referencing_table)} AS node, tree", condition
    )


def _key(relation: OneToMany, catalog: Catalog) -> str:
    return quoted(catalog.tables[relation.referencing_table].primary_id)


def _one_of(operand: Operand, step: str, row_id: str, *, has_row: bool) -> Fragment:
    """One of the rows that can be reached by any number of steps."""
    reached = f"WITH RECURSIVE tree(id) AS (VALUES (?) UNION {step})"
    members = select("id", "tree", "1" if has_row else "id <> ?")
    params = (row_id,) if has_row else (row_id, row_id)
    return Fragment(f"{operand.expression} IN ({reached} {members})", params)
