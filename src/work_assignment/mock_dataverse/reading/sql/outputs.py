"""The columns of a result: what each is called, and what it shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ...faults import bad_request
from ..aggregates import Method
from ..preferences import Preferences
from ..render import Cell, JsonObject, Names, Values
from .scope import Found, SqlScope
from .tree import Name, Output, Statement

ATTRIBUTE_NAME = "OData.Community.Display.V1.AttributeName"


@dataclass(frozen=True, slots=True)
class Shown:
    """One column of the result; `found` is None for the number of rows only."""

    key: str
    found: Found | None
    method: Method | None = None
    has_alias: bool = False

    @property
    def column(self) -> Found:
        if self.found is None:
            raise ValueError(f"'{self.key}' is a number of rows and has no column")
        return self.found


def shown_columns(scope: SqlScope, statement: Statement) -> list[Shown]:
    """Look up the select list; two columns of one name are refused."""
    shown = [_shown(scope, output) for output in statement.outputs]
    keys = [column.key for column in shown]
    for index, key in enumerate(keys):
        if key in keys[:index]:
            raise bad_request(
                f"Two columns of the SQL query would be called '{key}'; give one an alias."
            )
    return shown


def _shown(scope: SqlScope, output: Output) -> Shown:
    found = None if output.name is None else scope.find(output.name)
    key = output.alias or (found.column.wire_name if found else "")
    return Shown(key, found, output.method, output.alias is not None)


def by_alias(shown: Iterable[Shown], name: Name) -> int | None:
    """The place of the output that a name of ORDER BY stands for, if it is an alias."""
    if name.qualifier is None:
        for index, column in enumerate(shown):
            if column.has_alias and column.key.lower() == name.column.lower():
                return index
    return None


def with_attribute_name(column: Shown, cell: Cell, prefer: Preferences) -> Cell:
    """Tell before the value which column an alias stands for, where that is asked for."""
    if not column.has_alias or column.found is None or not prefer.wants(ATTRIBUTE_NAME):
        return cell
    name = column.found.column.logical_name

    def annotated(shown: JsonObject, row: Values, names: Names) -> None:
        shown[f"{column.key}@{ATTRIBUTE_NAME}"] = name
        cell(shown, row, names)

    return annotated
