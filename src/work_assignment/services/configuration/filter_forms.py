"""Filters as a folder writes them: a tree whose conditions know the line they stand in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.filtering.attributes import compile_attributes
from work_assignment.domain.filtering.conditions import compile_filter
from work_assignment.domain.filtering.fetchxml import read_fetchxml
from work_assignment.domain.filtering.filters import (
    EVERY_RECORD,
    Filter,
    Group,
    Join,
    Related,
    Term,
    negated,
    read_nested,
    related,
)
from work_assignment.services.configuration.fields import Fields
from work_assignment.services.configuration.problems import Place, Problems
from work_assignment.services.configuration.yaml_items import (
    Entry,
    Item,
    ListItem,
    MapItem,
    ScalarItem,
    plain,
)

_JOINS: dict[str, Join] = {"all": "all", "any": "any"}
_ABSENT = {"related": False, "not_related": True}
_WITHOUT_VALUE = ("null", "not-null")
_RELATED_KEYS = ("lookup", "to", "table", "filter")


@dataclass(frozen=True, slots=True)
class PlacedTerm:
    """One condition and where it stands."""

    place: Place
    term: Term


@dataclass(frozen=True, slots=True)
class PlacedRelated:
    """A related part as written, the places of its names, and its filter (None: any row).

    The filter of `related` itself is left empty.
    """

    place: Place
    related: Related
    lookup_place: Place
    table_place: Place
    inner: PlacedFilter | None


@dataclass(frozen=True, slots=True)
class PlacedGroup:
    """Conditions of which all, or any one, must hold."""

    place: Place
    join: Join
    parts: tuple[PlacedFilter, ...]


PlacedFilter = PlacedTerm | PlacedRelated | PlacedGroup

PartCheck = Callable[[Term | Related, str], object]
"""Raises DefinitionError for a part that cannot be right, whatever the columns are."""


def check_condition(part: Term | Related, subject: str) -> None:
    """Check the operator and the number of values of a condition on a column."""
    if isinstance(part, Term):
        compile_filter(part, subject)


def check_attribute(part: Term | Related, subject: str) -> None:
    """Check a condition on a seller attribute."""
    compile_attributes(part, subject)


def read_filter(
    item: Item | None,
    subject: str,
    problems: Problems,
    check: PartCheck = check_condition,
    table: str | None = None,
) -> PlacedFilter | None:
    """Read nested lists, or a text of FetchXML; None when there is no filter, or nothing in it.

    With `table` a whole `<fetch>` must be about it.
    """
    return None if item is None else _Reader(subject, problems, check, table).read(item)


class _Reader:
    def __init__(
        self, subject: str, problems: Problems, check: PartCheck, table: str | None
    ) -> None:
        self._table = table
        self._subject = subject
        self._problems = problems
        self._check = check

    def read(self, item: Item) -> PlacedFilter | None:
        """A whole filter; None when there is nothing in it, or what is in it was refused."""
        placed = self._read_whole(item)
        return None if isinstance(placed, PlacedGroup) and not placed.parts else placed

    def _read_whole(self, item: Item) -> PlacedFilter | None:
        """A filter, whose outermost `all` may be left out; None when it was refused."""
        match item:
            case ScalarItem(value=str()):
                return self._read_text(item)
            case ListItem() if not _is_condition(item):
                return self._read_group(item.place, "all", item)
            case MapItem(entries=entries) if not entries:
                return PlacedGroup(item.place, "all", ())
        return self._read_part(item)

    def _read_text(self, item: ScalarItem) -> PlacedFilter | None:
        try:
            return self._placed(read_fetchxml(item.text, self._subject, self._table), item.place)
        except DefinitionError as exc:
            self._problems.add_error(item.place, exc)
            return None

    def _placed(self, tree: Filter, place: Place) -> PlacedFilter:
        """A tree all of which stands in one place."""
        if isinstance(tree, Group):
            parts = tuple(self._placed(part, place) for part in tree.parts)
            return PlacedGroup(place, tree.join, parts)
        self._check(tree, self._subject)
        if isinstance(tree, Term):
            return PlacedTerm(place, tree)
        inner = None if tree.filter == EVERY_RECORD else self._placed(tree.filter, place)
        names = Related(tree.table, tree.column, tree.own_column, tree.absent)
        return PlacedRelated(place, names, place, place, inner)

    def _read_part(self, item: Item) -> PlacedFilter | None:
        if not isinstance(item, MapItem) or not item.entries:
            return self._read_leaf(item)
        parts = [self._read_key(key, entry) for key, entry in item.entries.items()]
        if len(parts) == 1:
            return parts[0]
        return PlacedGroup(item.place, "all", tuple(part for part in parts if part))

    def _read_key(self, key: str, entry: Entry) -> PlacedFilter | None:
        join = _JOINS.get(key)
        if join is not None and isinstance(entry.item, ListItem):
            return self._read_group(entry.place, join, entry.item)
        if key in _ABSENT:
            return self._read_related(key, entry)
        if key == "not":
            return self._read_not(entry)
        return self._read_leaf(MapItem(entry.place, {key: entry}))

    def _read_group(self, place: Place, join: Join, item: ListItem) -> PlacedGroup:
        parts = [self._read_part(part) for part in item.items]
        return PlacedGroup(place, join, tuple(part for part in parts if part))

    def _read_not(self, entry: Entry) -> PlacedFilter | None:
        problems_before = len(self._problems)
        inner = self._read_whole(entry.item)
        if inner is None or len(self._problems) > problems_before:
            return None
        try:
            many_valued = self._check is check_attribute
            opposite = negated(tree_of(inner), self._subject, many_valued=many_valued)
            return self._placed(opposite, entry.place)
        except DefinitionError as exc:
            self._problems.add_error(entry.place, exc)
            return None

    def _read_related(self, key: str, entry: Entry) -> PlacedFilter | None:
        subject = f"{self._subject}, {key}"
        if not isinstance(entry.item, MapItem):
            self._problems.add(
                entry.place, f"{subject}: it is a mapping with lookup, to or table, and filter"
            )
            return None
        fields = Fields(entry.item, subject, _RELATED_KEYS, self._problems)
        names = {"lookup": fields.text("lookup")}
        names |= {name: fields.text(name) for name in ("to", "table") if fields.item(name)}
        if len(names) == 3:
            fields.problem("to", "it has either to, at which the lookup points, or table")
            return None
        tree = related(names, EVERY_RECORD, absent=_ABSENT[key])
        inner = fields.item("filter")
        placed = PlacedRelated(
            entry.place,
            tree,
            fields.place_of("lookup"),
            fields.place_of("table" if "table" in names else "to"),
            None if inner is None else self.read(inner),
        )
        return placed if names["lookup"] and self._is_right(placed) else None

    def _is_right(self, placed: PlacedRelated) -> bool:
        try:
            self._check(placed.related, self._subject)
        except DefinitionError as exc:
            self._problems.add_error(placed.place, exc)
            return False
        return True

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
        if not isinstance(value, ScalarItem) or value.value is not None or _asks_for_null(item):
            return False
        self._problems.add(
            value.place,
            f"{self._subject}: no value to compare with; operator null or not-null asks for "
            "empty columns",
        )
        return True


def _is_condition(item: ListItem) -> bool:
    """Whether a list is one condition, and not a list of them."""
    return bool(item.items) and isinstance(item.items[0], ScalarItem)


def _asks_for_null(item: ListItem) -> bool:
    operator = item.items[1]
    return isinstance(operator, ScalarItem) and operator.text in _WITHOUT_VALUE


def _condition(item: Item) -> object:
    """The bare lists of a condition; what YAML takes for nothing is the operator `null` there."""
    bare = plain(item, as_written=True)
    if isinstance(item, ListItem) and isinstance(bare, list) and len(bare) > 1:
        operator = item.items[1]
        if isinstance(operator, ScalarItem):
            bare[1] = operator.text
    return bare


def placed_terms(placed: PlacedFilter) -> Iterator[PlacedTerm]:
    """Every condition on the filtered table itself, in the order written."""
    match placed:
        case PlacedTerm():
            yield placed
        case PlacedGroup(parts=parts):
            for part in parts:
                yield from placed_terms(part)


def tree_of(placed: PlacedFilter) -> Filter:
    """The filter as written, without places."""
    match placed:
        case PlacedTerm(term=term):
            return term
        case PlacedGroup(join=join, parts=parts):
            return Group(join, tuple(map(tree_of, parts)))
        case PlacedRelated(related=names, inner=inner):
            tree = EVERY_RECORD if inner is None else tree_of(inner)
            return Related(names.table, names.column, names.own_column, names.absent, tree)
