"""The tables whose rows decide who may be given what by the rules of a case."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from work_assignment.domain.defining.rules import AssignmentRule
from work_assignment.domain.filtering.conditions import Condition, Relation, leaves


class PoolTables:
    """Tables that the seller filters of rules look at; `in` asks for one of them."""

    def __init__(self, rules: Iterable[AssignmentRule]) -> None:
        self._tables = {table for rule in rules for table in _tables(rule.match.columns)}

    def __contains__(self, table: str) -> bool:
        return table in self._tables or None in self._tables


def _tables(condition: Condition) -> Iterator[str | None]:
    """The tables that a condition looks at; None for a relation that may lead to any."""
    for leaf in leaves(condition):
        if isinstance(leaf, Relation):
            yield leaf.related.table
            yield from _tables(leaf.inner)
        elif leaf.hierarchy is not None:
            yield leaf.hierarchy.table
