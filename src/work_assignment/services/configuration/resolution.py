"""Names to numbers and ids: what filters and lists name is looked up, and filters are compiled."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import tzinfo
from uuid import UUID

from work_assignment.domain.attributes import compile_attributes
from work_assignment.domain.conditions import compile_filter
from work_assignment.domain.definition_rows import UserRow
from work_assignment.domain.errors import DefinitionError, nearest
from work_assignment.domain.filters import Filter, Group, Term
from work_assignment.domain.operators import ColumnKind
from work_assignment.domain.schemas import ColumnSchema, TableSchema
from work_assignment.domain.text import fold
from work_assignment.services.configuration.filter_forms import (
    PlacedFilter,
    PlacedTerm,
    fetchxml_text,
    nested_text,
    placed_terms,
)
from work_assignment.services.configuration.ports import ConfigurationStore
from work_assignment.services.configuration.problems import Place, Problems

LONGEST_FILTER = 100_000
_YES_NO = {"yes": "1", "true": "1", "1": "1", "no": "0", "false": "0", "0": "0"}


@dataclass(frozen=True, slots=True)
class FilterAsked:
    """A filter to resolve: on which table, and how problems name it."""

    table: str
    placed: PlacedFilter
    subject: str


class FilterResolver:
    """Resolves filters against the columns, choices and rows of Dataverse.

    All filters are given at the start, so that names are looked up in one go a table.
    """

    def __init__(
        self,
        asked: Iterable[FilterAsked],
        store: ConfigurationStore,
        zone: tzinfo,
        problems: Problems,
    ) -> None:
        asked = list(asked)
        self._zone = zone
        self._problems = problems
        self._schemas = {table: store.schema(table) for table in sorted({a.table for a in asked})}
        self._ids = _look_up(self._names(asked), store)

    def fetchxml(self, asked: FilterAsked) -> str | None:
        """The filter as it is stored; what is wrong with it is noted."""
        tree = self._resolve(asked.placed, self._schemas[asked.table], asked.subject)
        place = asked.placed.place
        try:
            text = fetchxml_text(tree, asked.subject)
        except DefinitionError as exc:
            self._problems.add_error(place, exc)
            return None
        _check_length(text, place, asked.subject, self._problems)
        return text

    def _names(self, asked: Iterable[FilterAsked]) -> Iterator[tuple[str, str]]:
        """Every table and name that a condition on a lookup may mean."""
        for one in asked:
            columns = self._schemas[one.table].columns
            for placed in placed_terms(one.placed):
                column = columns.get(placed.term.column)
                if column is not None and column.points_at_row:
                    names = [name for name in placed.term.operands if not _is_id(name)]
                    yield from ((table, name) for table in column.targets for name in names)

    def _resolve(self, placed: PlacedFilter, schema: TableSchema, subject: str) -> Filter:
        if isinstance(placed, PlacedTerm):
            return self._resolve_term(placed, schema, subject)
        parts = tuple(self._resolve(part, schema, subject) for part in placed.parts)
        return Group(placed.join, parts)

    def _resolve_term(self, placed: PlacedTerm, schema: TableSchema, subject: str) -> Term:
        term = placed.term
        column = schema.columns.get(term.column)
        try:
            if column is not None:
                operands = tuple(
                    self._operand(term, text, column, subject) for text in term.operands
                )
                term = replace(term, operands=operands)
            compile_filter(term, subject, schema.kinds, self._zone)
        except DefinitionError as exc:
            self._problems.add_error(placed.place, exc)
        return term

    def _operand(self, term: Term, text: str, column: ColumnSchema, subject: str) -> str:
        where = f"{subject}, column '{term.column}'"
        if column.kind is ColumnKind.CHOICE:
            return _choice(text, column, where)
        if column.kind is ColumnKind.YES_NO:
            return _yes_no(text, column, where)
        if column.points_at_row:
            return self._row_id(text, column, where)
        return text

    def _row_id(self, text: str, column: ColumnSchema, where: str) -> str:
        if _is_id(text):
            return str(UUID(text.strip()))
        found = [row_id for table in column.targets for row_id in self._ids[table, text]]
        tables = " or ".join(column.targets) or "row"
        if not found:
            raise DefinitionError(where, f"there is no {tables} named '{text}'")
        if len(found) > 1:
            raise DefinitionError(
                where, f"there are {len(found)} rows ({tables}) named '{text}': say the id"
            )
        return found[0]


def _look_up(
    names: Iterable[tuple[str, str]], store: ConfigurationStore
) -> dict[tuple[str, str], list[str]]:
    by_table: dict[str, dict[str, None]] = defaultdict(dict)
    for table, name in names:
        by_table[table][name] = None
    found: dict[tuple[str, str], list[str]] = {}
    for table, wanted in by_table.items():
        ids = store.ids_by_name(table, list(wanted))
        for name in wanted:
            found[table, name] = [row_id.lower() for row_id in ids.get(name, ())]
    return found


def _is_id(text: str) -> bool:
    try:
        UUID(text.strip())
    except ValueError:
        return False
    return True


def _choice(text: str, column: ColumnSchema, where: str) -> str:
    number = {fold(label): value for label, value in column.labels.items()}.get(fold(text.strip()))
    if number is not None:
        return str(number)
    try:
        return str(int(text))
    except ValueError:
        raise DefinitionError(
            where, f"there is no choice '{text}'", nearest(text, column.labels)
        ) from None


def _yes_no(text: str, column: ColumnSchema, where: str) -> str:
    label = {fold(label): str(value) for label, value in column.labels.items()}
    answer = label.get(fold(text.strip())) or _YES_NO.get(text.strip().lower())
    if answer is None:
        raise DefinitionError(where, f"'{text}' is neither true nor false", nearest(text, _YES_NO))
    return answer


def _check_length(text: str, place: Place, subject: str, problems: Problems) -> None:
    if len(text) > LONGEST_FILTER:
        problems.add(place, f"{subject}: the filter is longer than {LONGEST_FILTER} characters")


def attribute_text(
    placed: PlacedFilter,
    subject: str,
    known: Mapping[str, Iterable[str]],
    problems: Problems,
) -> str:
    """A filter on seller attributes as it is stored, checked against those that sellers have."""
    for leaf in placed_terms(placed):
        try:
            compile_attributes(leaf.term, subject, known)
        except DefinitionError as exc:
            problems.add_error(leaf.place, exc)
    text = nested_text(_tree(placed))
    _check_length(text, placed.place, subject, problems)
    return text


def _tree(placed: PlacedFilter) -> Filter:
    if isinstance(placed, PlacedTerm):
        return placed.term
    return Group(placed.join, tuple(_tree(part) for part in placed.parts))


@dataclass(frozen=True, slots=True)
class UserAsked:
    """A user that a definition names, and where."""

    place: Place
    name: str
    subject: str


def find_users(
    asked: Iterable[UserAsked], store: ConfigurationStore, problems: Problems
) -> dict[str, UserRow]:
    """Each name's user: the one of that domain name, else the only one with that e-mail address.

    A disabled user is meant only where there is no other. Keys are names in lower case. Who is not found, or not found alone, is noted.
    """
    asked = list(asked)
    rows = store.users(sorted({one.name for one in asked})) if asked else ()
    by_domain_name, by_email = defaultdict(list), defaultdict(list)
    for row in rows:
        by_domain_name[(row.domain_name or "").casefold()].append(row)
        by_email[(row.email or "").casefold()].append(row)
    found: dict[str, UserRow] = {}
    unknown: list[UserAsked] = []
    for one in asked:
        name = one.name.casefold()
        matching = by_domain_name.get(name) or by_email.get(name, [])
        matching = [row for row in matching if not row.is_disabled] or matching
        if len(matching) == 1:
            found[name] = matching[0]
        elif matching:
            said = f"{len(matching)} users have '{one.name}': say the domain name of one"
            problems.add(one.place, f"{one.subject}: {said}", _nearest_user(one.name, found))
        else:
            unknown.append(one)
    for one in unknown:
        said = f"there is no user with domain name or e-mail address '{one.name}'"
        problems.add(one.place, f"{one.subject}: {said}", _nearest_user(one.name, found))
    return found


def _nearest_user(name: str, known: Iterable[str]) -> str | None:
    """The known user whose own part is near; what stands behind the @ is alike for everybody."""
    own = name.partition("@")[0]
    near = {user for user in known if nearest(own, [user.partition("@")[0]])}
    return nearest(name, near)
