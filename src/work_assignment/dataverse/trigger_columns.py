"""The columns an administrator watches besides those that filters read, from the settings' row."""

from __future__ import annotations

from work_assignment.dataverse.messages import Row
from work_assignment.dataverse.names import RoutedColumn, SettingColumn
from work_assignment.domain.defining.stored_json import read_json
from work_assignment.domain.errors import DefinitionError

WHERE = "settings, trigger_columns"
OUR_COLUMNS = frozenset({RoutedColumn.SEGMENT.column, RoutedColumn.ASSIGNMENT_RESULT})
"""Written with every outcome, by us alone: they never ring."""


def read_trigger_columns(setting: Row) -> dict[str, frozenset[str]]:
    """The columns by table; raises DefinitionError where the column holds something else."""
    found = read_json(setting.get(SettingColumn.TRIGGER_COLUMNS), WHERE)
    if found is None:
        return {}
    if not isinstance(found, dict) or not all(map(_is_list_of_texts, found.values())):
        raise DefinitionError(WHERE, "it is no list of columns for each table")
    return {table: frozenset(columns) for table, columns in found.items() if columns}


def _is_list_of_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(entry, str) for entry in value)
