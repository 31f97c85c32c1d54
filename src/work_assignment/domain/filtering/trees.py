"""Trees of rows: which row of a table is above which, for the operators of hierarchies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from work_assignment.domain.text import fold


class Tree:
    """The rows of one table by the row above them; ids in any case.

    Made from each child's id and its parent's. A row is never above or below itself, and data in
    which rows are above each other in a circle is walked round once. What was asked is remembered.
    """

    __slots__ = ("_above", "_below", "_children", "_parents")

    def __init__(self, parents: Mapping[str, str]) -> None:
        self._parents = {fold(child): fold(parent) for child, parent in parents.items()}
        self._children: dict[str, list[str]] | None = None
        self._above: dict[str, frozenset[str]] = {}
        self._below: dict[str, frozenset[str]] = {}

    def is_above(self, upper: str, lower: str) -> bool:
        """Whether `upper` is the parent of `lower`, or of a row that is above it."""
        return fold(upper) in self.above(lower)

    def above(self, row: str) -> frozenset[str]:
        """The folded ids of every row above one."""
        lower = fold(row)
        found = self._above.get(lower)
        if found is None:
            found = self._above[lower] = frozenset(self._climb(lower))
        return found

    def below(self, row: str) -> frozenset[str]:
        """The folded ids of every row below one."""
        upper = fold(row)
        found = self._below.get(upper)
        if found is None:
            found = self._below[upper] = frozenset(self._descend(upper))
        return found

    def _climb(self, lower: str) -> set[str]:
        found: set[str] = set()
        upper = self._parents.get(lower)
        while upper is not None and upper != lower and upper not in found:
            found.add(upper)
            upper = self._parents.get(upper)
        return found

    def _descend(self, upper: str) -> set[str]:
        children = self._by_parent()
        found = {upper}
        waiting = [upper]
        while waiting:
            for child in children.get(waiting.pop(), ()):
                if child not in found:
                    found.add(child)
                    waiting.append(child)
        return found - {upper}

    def _by_parent(self) -> Mapping[str, list[str]]:
        if self._children is None:
            children: defaultdict[str, list[str]] = defaultdict(list)
            for child, parent in self._parents.items():
                children[parent].append(child)
            self._children = dict(children)
        return self._children
