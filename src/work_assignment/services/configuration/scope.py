"""Which tables' records are routed, and whether they can be: checked against the definitions and Dataverse."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from work_assignment.domain.defining.definition_rows import (
    RecordTypeFacts,
    RuleRow,
    SegmentRow,
    SettingsRow,
)
from work_assignment.domain.errors import nearest
from work_assignment.domain.filtering.operators import ColumnKind
from work_assignment.domain.filtering.schemas import ColumnSchema, TableSchema
from work_assignment.services.configuration.ports import ConfigurationStore
from work_assignment.services.configuration.problems import Problems
from work_assignment.services.configuration.resolution import NameAsked
from work_assignment.services.configuration.rule_forms import RuleForm
from work_assignment.services.configuration.segment_forms import IN_USE, SegmentForm
from work_assignment.services.configuration.settings_form import SettingsForm

USERS = "systemuser"
_OWNED_BY_DATAVERSE = frozenset(
    {
        "ownerid",
        "owninguser",
        "createdby",
        "createdonbehalfby",
        "modifiedby",
        "modifiedonbehalfby",
    }
)


def record_types_in(row: SettingsRow) -> tuple[str, ...]:
    """The record types that settings name; the default ones where the row says nothing usable."""
    for text in (row.record_types, SettingsRow().record_types):
        try:
            found = json.loads(text or "")
        except (ValueError, RecursionError):
            continue
        if isinstance(found, list) and found:
            return tuple(map(str, found))
    return ()


def check_forms(
    forms: Iterable[SegmentForm | RuleForm], record_types: Collection[str], problems: Problems
) -> None:
    """Note segments and rules for record types that the settings do not name."""
    for form in forms:
        if form.record_type and form.record_type not in record_types:
            problems.add(
                form.record_type_place,
                f"{form.subject}: settings have no {form.record_type} in their record_types",
                nearest(form.record_type, record_types),
            )


def check_left_out(
    settings: SettingsForm, staying: Iterable[SegmentRow | RuleRow], problems: Problems
) -> None:
    """Note record types that settings leave out while Dataverse has definitions in use for them.

    `staying` are the definitions of sections that the folder does not have.
    """
    named = {placed.name for placed in settings.record_types}
    for row in staying:
        if row.state in IN_USE and row.record_type not in named:
            problems.add(
                settings.record_types[0].place if settings.record_types else settings.place,
                f"settings: 'record_types' leave out {row.record_type}, for which "
                f"{row.kind.value} '{row.name}' is {row.state} in Dataverse",
            )


def check_tables(
    asked: Iterable[NameAsked], store: ConfigurationStore, problems: Problems
) -> Mapping[str, RecordTypeFacts]:
    """What is known of each record type; those that cannot be routed are noted."""
    found: dict[str, RecordTypeFacts] = {}
    for one in {one.name: one for one in reversed(list(asked))}.values():
        facts = store.record_type(one.name)
        if facts is None:
            problems.add(
                one.place,
                f"{one.subject}: there is no table '{one.name}'",
                nearest(one.name, store.table_names()),
            )
            continue
        found[one.name] = facts
        for said in _obstacles(one.name, facts):
            problems.add(one.place, f"{one.subject}: {said}")
    return found


def _obstacles(table: str, facts: RecordTypeFacts) -> Iterator[str]:
    if not facts.is_user_owned:
        yield f"rows of table '{table}' have no owner of their own, so they cannot be assigned"
    elif facts.lacks:
        yield (
            f"table '{table}' lacks {' and '.join(facts.lacks)}: add what is missing to the table "
            "and publish it (docs/reference.md, Other record types)"
        )


def check_queue_rules(
    rules: Iterable[RuleForm], facts: Mapping[str, RecordTypeFacts], problems: Problems
) -> None:
    """Note rules that put records into queues which take none of their type."""
    for rule in rules:
        table = facts.get(rule.record_type or "")
        if rule.assign_to == "queue" and table is not None and not table.is_queue_enabled:
            problems.add(
                rule.assign_to_place,
                f"{rule.subject}: queues take no {rule.record_type}; allow it in the table's "
                "properties ('Can be added to a queue')",
            )


def check_score_column(
    settings: SettingsForm, schemas: Sequence[TableSchema], problems: Problems
) -> None:
    """The score column is a number wherever it is; a record type without it has no scores."""
    name = settings.row.score_column
    if not name or not schemas:
        return
    place = settings.score_column_place
    having = [schema for schema in schemas if name in schema.columns]
    for schema in having:
        kind = schema.columns[name].kind
        if kind is not ColumnKind.NUMBER:
            said = f"'score_column': column '{name}' of {schema.table} is a {kind.value} column"
            problems.add(place, f"settings: {said}, not a number column")
    if not having:
        numbers = [
            column
            for schema in schemas
            for column, known in schema.columns.items()
            if known.kind is ColumnKind.NUMBER
        ]
        tables = " or ".join(schema.table for schema in schemas)
        problems.add(
            place,
            f"settings: 'score_column': there is no column '{name}' of {tables}",
            nearest(name, numbers),
        )


def check_owner_column(
    settings: SettingsForm, schemas: Sequence[TableSchema], problems: Problems
) -> None:
    """The owner column is a lookup to users, and every record type has it."""
    name = settings.row.owner_column
    if not name:
        return
    place = settings.owner_column_place
    if name in _OWNED_BY_DATAVERSE:
        problems.add(
            place,
            f"settings: 'owner_column': Dataverse itself keeps '{name}'; none stands for the owner",
        )
        return
    for schema in schemas:
        said = _no_owner_column(name, schema.columns.get(name), schema)
        if said:
            lookups = [
                column
                for column, known in schema.columns.items()
                if USERS in known.targets and column not in _OWNED_BY_DATAVERSE
            ]
            problems.add(place, f"settings: 'owner_column': {said}", nearest(name, lookups))


def _no_owner_column(name: str, column: ColumnSchema | None, schema: TableSchema) -> str:
    if column is None:
        return f"there is no column '{name}' of {schema.table}"
    if USERS not in column.targets:
        return f"column '{name}' of {schema.table} is no lookup to users"
    return ""


def check_team_rules(
    rules: Iterable[RuleForm],
    owner_column: str | None,
    schemas: Mapping[str, TableSchema],
    problems: Problems,
) -> None:
    """Note rules that give to teams where the column that is written can point at users only."""
    for rule in rules:
        schema = schemas.get(rule.record_type or "")
        column = schema.columns.get(owner_column) if schema and owner_column else None
        if rule.assign_to == "team" and column is not None and "team" not in column.targets:
            problems.add(
                rule.assign_to_place,
                f"{rule.subject}: assign_to: team does not go with the settings' owner_column "
                f"'{owner_column}', which points at {' or '.join(column.targets)}",
            )


def record_types_asked(
    settings: SettingsForm | None,
    forms: Iterable[SegmentForm | RuleForm],
    record_types: Collection[str],
) -> Iterator[NameAsked]:
    """The record types that a folder is about, each with the place that names it."""
    if settings is not None:
        for placed in settings.record_types:
            if placed.name:
                yield NameAsked(placed.place, placed.name, "settings, record_types")
        return
    for form in forms:
        if form.record_type and form.record_type in record_types:
            yield NameAsked(form.record_type_place, form.record_type, form.subject)
