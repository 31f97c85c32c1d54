"""Keys that a case has beside those of definitions: ids, columns, moments, each with its path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from work_assignment.domain.errors import nearest
from work_assignment.domain.filtering.schemas import TableSchema
from work_assignment.domain.records import Value
from work_assignment.services.cases.json_items import JsonPlace, below
from work_assignment.services.cases.tables import CaseTables
from work_assignment.services.cases.values import (
    BadValue,
    plain_value,
    read_time,
    said,
    value_of,
)
from work_assignment.services.configuration.problems import Place, Problems

COMMON_LOOKUPS = frozenset({"createdby", "modifiedby", "ownerid", "owninguser", "owningteam"})
_FIRST_YEAR, _LAST_YEAR = 1900, 9900
"""What lies hours or years before and after them has a date too."""


@dataclass(frozen=True)
class Notes:
    """Where problems go, with the file they are in. `tables` None: columns are not known.

    `lookups` are columns known to hold ids, whatever the table: their numbers are text.
    """

    file: str
    problems: Problems
    tables: CaseTables | None = None
    lookups: frozenset[str] = COMMON_LOOKUPS

    def place(self, path: str) -> Place:
        return JsonPlace(self.file, path=path)

    def add(self, path: str, sentence: str, suggestion: str | None = None) -> None:
        """Note what is wrong at a path."""
        self.problems.add(self.place(path), sentence, suggestion)

    def check_keys(self, raw: Mapping[str, object], known: tuple[str, ...], path: str) -> None:
        """Note keys that there are not."""
        for key in raw:
            if key not in known:
                self.add(below(path, key), f"there is no key '{key}'", nearest(key, known))

    def mapping(self, raw: object, path: str) -> Mapping[str, object]:
        """A mapping; an empty one, and a note, when it is none."""
        if isinstance(raw, dict):
            return raw
        self.add(path, f"it is a mapping, not {said(raw)}")
        return {}

    def listed(self, raw: object, path: str) -> list[object]:
        """A list; an empty one, and a note, when it is none."""
        if isinstance(raw, list):
            return raw
        self.add(path, f"it is a list, not {said(raw)}")
        return []

    def id_of(self, raw: Mapping[str, object], path: str, key: str = "id") -> str:
        """An id, which is any text; empty, and a note, when there is none."""
        value = raw.get(key)
        if isinstance(value, str) and value.strip() and value.isprintable():
            return value.strip()
        if type(value) is int:
            return str(value)
        self.add(
            below(path, key) if key in raw else path,
            f"'{key}' is missing" if value is None else f"'{key}' is a text, not {said(value)}",
        )
        return ""

    def time(self, raw: object, path: str) -> datetime | None:
        """A moment; None, and a note, when it is none."""
        try:
            found = read_time(raw)
        except BadValue as exc:
            self.add(path, str(exc))
            return None
        if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
            self.add(path, f"it lies in the years {_FIRST_YEAR} to {_LAST_YEAR}, not {said(raw)}")
            return None
        return found

    def schema(self, table: str, path: str) -> TableSchema | None:
        """A table's columns, where tables are known; one that there is not is noted."""
        if self.tables is None:
            return None
        schema = self.tables.schema(table)
        if schema is None:
            names = self.tables.table_names()
            self.add(path, f"there is no table '{table}'", nearest(table, names))
        return schema

    def columns(self, raw: object, schema: TableSchema | None, path: str) -> dict[str, Value]:
        """A row's columns; those that are empty stay in, as None."""
        if raw is None:
            return {}
        found = {}
        for name, given in self.mapping(raw, path).items():
            is_id = type(given) is int and name in self.lookups
            value = str(given) if is_id else given
            try:
                if schema is None:
                    found[name] = plain_value(value)
                elif name in schema.columns:
                    found[name] = value_of(value, schema.columns[name])
                else:
                    said_of = f"there is no column '{name}' of {schema.table}"
                    self.add(below(path, name), said_of, nearest(name, schema.columns))
            except BadValue as exc:
                self.add(below(path, name), f"column '{name}': {exc}", exc.suggestion)
        return found
