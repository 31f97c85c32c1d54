"""Filters as a folder writes them: a tree whose conditions know the line they stand in."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from work_assignment.domain.attributes import compile_attributes
from work_assignment.domain.conditions import compile_filter
from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.filters import (
    Filter,
    Group,
    Join,
    Term,
    read_fetchxml,
    read_nested,
    write_fetchxml,
)
from work_assignment.services.configuration.problems import Place, Problems
from work_assignment.services.configuration.yaml_items import (
    Item,
    ListItem,
    MapItem,
    ScalarItem,
    plain,
)

_JOINS: dict[str, Join] = {"all": "all", "any": "any"}


@dataclass(frozen=True, slots=True)
class PlacedTerm:
    """One condition and where it stands."""

    place: Place
    term: Term


@dataclass(frozen=True, slots=True)
class PlacedGroup:
    """Conditions of which all, or any one, must hold."""

    place: Place
    join: Join
    parts: tuple[PlacedFilter, ...]


PlacedFilter = PlacedTerm | PlacedGroup

TermCheck = Callable[[Term, str], object]
"""Raises DefinitionError for a condition that cannot be right, whatever the columns are."""


def check_condition(term: Term, subject: str) -> None:
    """Check the operator and the number of values of a condition on a column."""
    compile_filter(term, subject)


def check_attribute(term: Term, subject: str) -> None:
    """Check a condition on a seller attribute."""
    compile_attributes(term, subject)


def read_filter(
    item: Item | None, subject: str, problems: Problems, check: TermCheck = check_condition
) -> PlacedFilter | None:
    """Read nested lists, or a text of FetchXML; None when there is no filter, or nothing in it."""
    if item is None:
        return None
    placed = _Reader(subject, problems, check).read(item)
    empty = isinstance(placed, PlacedGroup) and not placed.parts
    return None if empty else placed


class _Reader:
    def __init__(self, subject: str, problems: Problems, check: TermCheck) -> None:
        self._subject = subject
        self._problems = problems
        self._check = check

    def read(self, item: Item) -> PlacedFilter | None:
        if isinstance(item, ScalarItem) and isinstance(item.value, str):
            return self._read_text(item)
        return self._read_part(item)

    def _read_text(self, item: ScalarItem) -> PlacedFilter | None:
        try:
            return self._placed(read_fetchxml(item.text, self._subject), item.place)
        except DefinitionError as exc:
            self._problems.add_error(item.place, exc)
            return None

    def _placed(self, tree: Filter, place: Place) -> PlacedFilter:
        if isinstance(tree, Group):
            parts = tuple(self._placed(part, place) for part in tree.parts)
            return PlacedGroup(place, tree.join, parts)
        self._check(tree, self._subject)
        return PlacedTerm(place, tree)

    def _read_part(self, item: Item) -> PlacedFilter | None:
        if isinstance(item, MapItem) and len(item.entries) == 1:
            ((key, entry),) = item.entries.items()
            join = _JOINS.get(key)
            if join is not None and isinstance(entry.item, ListItem):
                parts = [self._read_part(part) for part in entry.item.items]
                return PlacedGroup(item.place, join, tuple(part for part in parts if part))
        return self._read_leaf(item)

    def _read_leaf(self, item: Item) -> PlacedFilter | None:
        if self._compares_with_nothing(item):
            return None
        try:
            return self._placed(read_nested(_condition(item), self._subject), item.place)
        except DefinitionError as exc:
            self._problems.add_error(item.place, exc)
            return None

    def _compares_with_nothing(self, item: Item) -> bool:
        if not isinstance(item, ListItem) or len(item.items) != 3:
            return False
        value = item.items[2]
        if not isinstance(value, ScalarItem) or value.value is not None:
            return False
        self._problems.add(
            value.place,
            f"{self._subject}: no value to compare with; operator null or not-null asks for "
            "empty columns",
        )
        return True


def _condition(item: Item) -> object:
    """The bare lists of a condition; what YAML takes for nothing is the operator `null` there."""
    bare = plain(item, as_written=True)
    if isinstance(item, ListItem) and isinstance(bare, list) and len(bare) > 1:
        operator = item.items[1]
        if isinstance(operator, ScalarItem):
            bare[1] = operator.text
    return bare


def placed_terms(placed: PlacedFilter) -> Iterator[PlacedTerm]:
    """Every condition, in the order written."""
    if isinstance(placed, PlacedTerm):
        yield placed
        return
    for part in placed.parts:
        yield from placed_terms(part)


def fetchxml_text(tree: Filter, subject: str) -> str:
    """The filter as FetchXML; raises DefinitionError for text that XML cannot carry."""
    text = write_fetchxml(tree)
    group = tree if isinstance(tree, Group) else Group("all", (tree,))
    try:
        faithful = read_fetchxml(text, subject) == group
    except DefinitionError:
        faithful = False
    if not faithful:
        raise DefinitionError(subject, "the filter has a character that FetchXML cannot carry")
    return text


def nested_text(tree: Filter) -> str:
    """The filter as JSON of the nested form."""
    return json_text(_nested(tree if isinstance(tree, Group) else Group("all", (tree,))))


def _nested(tree: Filter) -> object:
    if isinstance(tree, Group):
        return {tree.join: [_nested(part) for part in tree.parts]}
    if len(tree.operands) == 1 and tree.operator not in ("in", "not-in"):
        return [tree.column, tree.operator, tree.operands[0]]
    return [tree.column, tree.operator, *([list(tree.operands)] if tree.operands else ())]


def json_text(value: object) -> str:
    """JSON in one form only, so that equal values are equal texts."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
