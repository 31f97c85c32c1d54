"""Labels of choices and names of rows as numbers and ids; each must mean exactly one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from uuid import UUID

from work_assignment.domain.errors import DefinitionError, nearest
from work_assignment.domain.filtering.filters import Term, dynamic_parts
from work_assignment.domain.filtering.operators import ColumnKind
from work_assignment.domain.filtering.schemas import ColumnSchema
from work_assignment.domain.text import fold
from work_assignment.services.configuration.ports import ConfigurationStore

_YES_NO = {"yes": "1", "true": "1", "1": "1", "no": "0", "false": "0", "0": "0"}
_MOST_TARGETS = 10
"""Tables in which a name is looked up; a lookup to any activity's subject has hundreds."""
_COMPARED_BY_SIZE = frozenset({"gt", "ge", "lt", "le", "between", "not-between"})

Ids = Mapping[tuple[str, str], list[str]]
"""The ids of the rows of a table that have a name."""


def names_in(term: Term, column: ColumnSchema) -> Iterable[tuple[str, str]]:
    """Every table and name that a condition on a lookup may mean."""
    if not column.points_at_row or len(column.targets) > _MOST_TARGETS:
        return ()
    names = [text for text in term.operands if not _is_id(text) and not _is_dynamic(text)]
    return ((table, name) for table in column.targets for name in names)


def look_up(names: Iterable[tuple[str, str]], store: ConfigurationStore) -> Ids:
    """Look names up, all of a table in one go."""
    by_table: dict[str, dict[str, None]] = defaultdict(dict)
    for table, name in names:
        by_table[table][name] = None
    found: dict[tuple[str, str], list[str]] = {}
    for table, wanted in by_table.items():
        ids = store.ids_by_name(table, list(wanted))
        for name in wanted:
            found[table, name] = [row_id.lower() for row_id in ids.get(name, ())]
    return found


def resolved(term: Term, column: ColumnSchema, ids: Ids, subject: str) -> Term:
    """The term with numbers and ids for labels and names; `$(column)` stays as it is."""
    where = f"{subject}, column '{term.column}'"
    return replace(
        term, operands=tuple(_operand(term, text, column, ids, where) for text in term.operands)
    )


def _operand(term: Term, text: str, column: ColumnSchema, ids: Ids, where: str) -> str:
    if _is_dynamic(text):
        _check_dynamic(text, column, where)
        return text
    if column.kind is ColumnKind.CHOICE:
        return _choice(text, column, where, by_size=term.operator in _COMPARED_BY_SIZE)
    if column.kind is ColumnKind.CHOICES:
        return _choices(text, column, where)
    if column.kind is ColumnKind.YES_NO:
        return _yes_no(text, column, where)
    if column.points_at_row:
        return _row_id(text, column, ids, where)
    return text


def _check_dynamic(text: str, column: ColumnSchema, where: str) -> None:
    whole, _ = dynamic_parts(text)
    if whole is None and column.kind is not ColumnKind.TEXT:
        raise DefinitionError(
            where, f"'{text}' is not $(column) alone, and only text can be put together"
        )


def _choices(text: str, column: ColumnSchema, where: str) -> str:
    """A label, or numbers with commas between them, as FetchXML writes several choices."""
    is_label = fold(text.strip()) in map(fold, column.labels)
    parts = [text] if is_label else text.split(",")
    return ",".join(_choice(part, column, where, by_size=False) for part in parts)


def _choice(text: str, column: ColumnSchema, where: str, *, by_size: bool) -> str:
    number = {fold(label): value for label, value in column.labels.items()}.get(fold(text.strip()))
    if number is not None:
        return str(number)
    known = [str(value) for value in column.labels.values()]
    try:
        number = int(text)
    except ValueError:
        number = None
    if number is None or (known and str(number) not in known and not by_size):
        raise DefinitionError(
            where, f"there is no choice '{text}'", nearest(text, [*column.labels, *known])
        )
    return str(number)


def _yes_no(text: str, column: ColumnSchema, where: str) -> str:
    label = {fold(label): str(value) for label, value in column.labels.items()}
    answer = label.get(fold(text.strip())) or _YES_NO.get(text.strip().lower())
    if answer is None:
        known = [*column.labels, *_YES_NO]
        raise DefinitionError(where, f"'{text}' is neither true nor false", nearest(text, known))
    return answer


def _row_id(text: str, column: ColumnSchema, ids: Ids, where: str) -> str:
    if _is_id(text):
        return str(UUID(text.strip()))
    if len(column.targets) > _MOST_TARGETS:
        raise DefinitionError(
            where, f"it points at {len(column.targets)} tables: say the id instead of '{text}'"
        )
    found = [row_id for table in column.targets for row_id in ids[table, text]]
    tables = " or ".join(column.targets) or "row"
    if not found:
        raise DefinitionError(where, f"there is no {tables} named '{text}'")
    if len(found) > 1:
        raise DefinitionError(
            where, f"there are {len(found)} rows ({tables}) named '{text}': say the id"
        )
    return found[0]


def _is_dynamic(text: str) -> bool:
    return bool(dynamic_parts(text)[1])


def _is_id(text: str) -> bool:
    try:
        UUID(text.strip())
    except ValueError:
        return False
    return True
