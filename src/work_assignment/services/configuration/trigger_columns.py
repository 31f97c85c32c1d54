"""The columns a folder names as further change triggers, checked against tables and filters."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from work_assignment.domain.errors import DefinitionError, nearest
from work_assignment.domain.filtering.fetchxml import read_fetchxml
from work_assignment.domain.filtering.filters import Filter, Group, Related
from work_assignment.domain.filtering.schemas import FindTable, TableSchema
from work_assignment.services.configuration.fields import Fields
from work_assignment.services.configuration.filter_texts import json_text
from work_assignment.services.configuration.problems import Place, PlacedName, Problems
from work_assignment.services.configuration.yaml_items import MapItem

KEY = "trigger_columns"
WRITTEN_BY_US = frozenset({"wa_segmentid", "wa_assignmentresult"})
_LONGEST = 4_000
_SUBJECT = f"settings, {KEY}"


@dataclass(frozen=True, slots=True)
class TableTriggers:
    """The columns named for one table, each with its place."""

    table: PlacedName
    columns: tuple[PlacedName, ...]


def read_trigger_columns(fields: Fields) -> tuple[TableTriggers, ...]:
    """Read the mapping of tables to lists of columns; `none` is as good as absent."""
    item = fields.item(KEY)
    if item is None or fields.says(KEY, "none"):
        return ()
    if not isinstance(item, MapItem):
        fields.problem(KEY, f"'{KEY}' is a mapping of tables to lists of columns")
        return ()
    inner = Fields(item, _SUBJECT, tuple(item.entries), fields.problems)
    return tuple(
        TableTriggers(PlacedName(entry.place, table), inner.names(table))
        for table, entry in item.entries.items()
    )


def trigger_text(triggers: Iterable[TableTriggers], place: Place, problems: Problems) -> str | None:
    """As they are stored; None where there are none."""
    listed = {
        one.table.name: sorted({column.name for column in one.columns})
        for one in triggers
        if one.columns
    }
    if not listed:
        return None
    text = json_text(listed)
    if len(text) > _LONGEST:
        problems.add(place, f"settings: '{KEY}' is longer than the column that holds it")
    return text


def check_trigger_columns(
    triggers: Iterable[TableTriggers],
    followed: Collection[str],
    find: FindTable,
    table_names: Iterable[str],
    problems: Problems,
) -> None:
    """Note what cannot ring; `followed` are the tables routed, or reached by their filters."""
    for one in triggers:
        schema, name = find(one.table.name), one.table.name
        if schema is None or name != name.lower():  # Dataverse itself finds it in capitals too
            said = f"{_SUBJECT}: there is no table '{name}'"
            problems.add(one.table.place, said, nearest(name, table_names))
            continue
        if name not in followed:
            problems.add(
                one.table.place,
                f"{_SUBJECT}: '{name}' is not routed and no filter reaches it, "
                "so nothing would follow",
            )
        for column in one.columns:
            _check_column(column, schema, problems)


def _check_column(column: PlacedName, schema: TableSchema, problems: Problems) -> None:
    if column.name in WRITTEN_BY_US:
        said = f"'{column.name}' of {schema.table} is written by the app alone"
        problems.add(column.place, f"{_SUBJECT}: {said}")
    elif column.name == schema.primary_id:
        said = f"'{column.name}' of {schema.table} is the row's id, which never changes"
        problems.add(column.place, f"{_SUBJECT}: {said}")
    elif column.name and column.name not in schema.columns:
        said = f"{schema.table} has no column '{column.name}'"
        problems.add(column.place, f"{_SUBJECT}: {said}", nearest(column.name, schema.columns))


def tables_reached(text: str | None, table: str, find: FindTable) -> frozenset[str]:
    """The other tables that a stored filter on a table asks; none for an unreadable filter."""
    if not text:
        return frozenset()
    try:
        return frozenset(_tables(read_fetchxml(text, ""), table, find))
    except DefinitionError:
        return frozenset()


def _tables(tree: Filter, table: str, find: FindTable) -> Iterator[str]:
    match tree:
        case Group(parts=parts):
            for part in parts:
                yield from _tables(part, table, find)
        case Related():
            for other in _leads_to(tree, table, find):
                yield other
                yield from _tables(tree.filter, other, find)


def _leads_to(related: Related, table: str, find: FindTable) -> Collection[str]:
    if related.table is not None:
        return (related.table,)
    schema = find(table)
    column = None if schema is None else schema.columns.get(related.own_column or "")
    return () if column is None else column.targets
