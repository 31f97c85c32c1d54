"""Table definitions read from Dataverse's metadata."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from work_assignment.dataverse.batches import Batch, PartResult
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.messages import Request, Response, Row
from work_assignment.dataverse.queries import checked_name, with_options
from work_assignment.domain.filtering.operators import ColumnKind
from work_assignment.domain.filtering.rows import id_column, parent_column
from work_assignment.domain.filtering.schemas import ColumnSchema, TableSchema
from work_assignment.domain.text import fold

_KINDS = {
    **dict.fromkeys(("String", "Memo"), ColumnKind.TEXT),
    **dict.fromkeys(("Integer", "BigInt", "Decimal", "Double", "Money"), ColumnKind.NUMBER),
    **dict.fromkeys(("Picklist", "State", "Status"), ColumnKind.CHOICE),
    **dict.fromkeys(("Lookup", "Customer", "Owner", "Uniqueidentifier"), ColumnKind.LOOKUP),
    "Boolean": ColumnKind.YES_NO,
    "DateTime": ColumnKind.MOMENT,
}
_BEHAVIORS = {"DateOnly": ColumnKind.DAY, "TimeZoneIndependent": ColumnKind.WALL_CLOCK}
"""How date columns are meant that are not shown in everybody's own time zone."""
_CHOICES = "MultiSelectPicklist"
_POINTING = ("Lookup", "Customer", "Owner")
_WITH_LABELS = ("Picklist", "State", "Status", "Boolean")


@dataclass(frozen=True, slots=True)
class TableDefinition:
    """A table's names: its entity set, its id column and, if it has one, its name column."""

    entity_set: str
    primary_id: str
    primary_name: str | None


def read_definition(client: DataverseClient, table: str) -> TableDefinition:
    """Read a table's names; raises NotFound when there is no such table."""
    return _names(client.send(_names_request(table)).json)


def _names_request(table: str) -> Request:
    select = "LogicalName,EntitySetName,PrimaryIdAttribute,PrimaryNameAttribute"
    return definition_request(table, options={"$select": select})


def _names(row: Row) -> TableDefinition:
    return TableDefinition(
        row["EntitySetName"], row["PrimaryIdAttribute"], row.get("PrimaryNameAttribute")
    )


def _column_requests(table: str) -> tuple[Request, Request, Request]:
    """What is asked of all columns, of dates and of lookups."""
    every = {"$select": "LogicalName,SchemaName,AttributeType,AttributeTypeName"}
    dates = {"$select": "LogicalName,DateTimeBehavior"}
    lookups = {"$select": "LogicalName,Targets"}
    return (
        definition_request(table, "/Attributes", every),
        definition_request(table, f"/Attributes/{cast('DateTime')}", dates),
        definition_request(table, f"/Attributes/{cast('Lookup')}", lookups),
    )


def _answered(answer: PartResult, question: Request) -> Response:
    if not isinstance(answer, Response):
        raise TypeError(f"a read was answered by {type(answer).__name__}")
    return answer.raise_for_error(question.what)


def read_schema(client: DataverseClient, table: str, *, with_labels: bool = True) -> TableSchema:
    """Read one table's columns; raises NotFound when there is no such table.

    Labels of choices cost requests, and only definitions being written need them:
    `with_labels=False` leaves them empty.
    """
    questions = (_names_request(table), *_column_requests(table))
    answers = client.send_batch(Batch(questions, continue_on_error=True))
    definition, columns, dates, lookups = (
        _answered(answer, question) for answer, question in zip(answers, questions, strict=True)
    )
    kinds = {**_kinds(columns.rows), **_kinds_of_dates(dates.rows)}
    labels = _labels(client, table, kinds) if with_labels else {}
    names = _names(definition.json)
    return _schema(table, names, columns.rows, kinds, labels, _targets_of(lookups.rows))


def schema_of(definition: Row) -> TableSchema:
    """One table's columns, of its definition with all its attributes in it."""
    table, attributes = definition["LogicalName"], definition["Attributes"]
    names = TableDefinition(
        definition.get("EntitySetName") or f"{table}s",
        definition.get("PrimaryIdAttribute") or id_column(table),
        definition.get("PrimaryNameAttribute"),
    )
    kinds = {**_kinds(attributes), **_kinds_of_dates(attributes)}
    chosen = (row for row in attributes if row.get("OptionSet"))
    labels = {row["LogicalName"]: _by_label(_options(row["OptionSet"])) for row in chosen}
    return _schema(table, names, attributes, kinds, labels, _targets_of(attributes))


def _schema(
    table: str,
    names: TableDefinition,
    attributes: Iterable[Row],
    kinds: Mapping[str, ColumnKind],
    labels: Mapping[str, Mapping[str, int]],
    targets: Mapping[str, tuple[str, ...]],
) -> TableSchema:
    pointing = {row["LogicalName"] for row in attributes if row["AttributeType"] in _POINTING}
    spelled = {row["LogicalName"]: row.get("SchemaName") or "" for row in attributes}
    parent = parent_column(table)
    return TableSchema(
        table,
        names.entity_set,
        names.primary_id,
        names.primary_name,
        {
            name: ColumnSchema(
                kind,
                points_at_row=name in pointing,
                labels=labels.get(name, {}),
                targets=targets.get(name, ()),
                schema_name=spelled[name],
            )
            for name, kind in kinds.items()
        },
        parent if parent in kinds else None,
    )


def _kinds(attributes: Iterable[Row]) -> dict[str, ColumnKind]:
    """Each column's kind; a choices column is of a virtual type, and only its type's name tells."""
    found = {}
    for row in attributes:
        type_name = (row.get("AttributeTypeName") or {}).get("Value")
        if row["AttributeType"] in _KINDS:
            found[row["LogicalName"]] = _KINDS[row["AttributeType"]]
        elif type_name == f"{_CHOICES}Type":
            found[row["LogicalName"]] = ColumnKind.CHOICES
    return found


def wire_name(column: str, schema: TableSchema) -> str:
    """The property that carries a column in JSON."""
    return f"_{column}_value" if schema.columns[column].points_at_row else column


def read_table_names(client: DataverseClient) -> list[str]:
    """The logical names of all tables."""
    return [
        row["LogicalName"]
        for row in client.send(
            Request("GET", with_options("EntityDefinitions", {"$select": "LogicalName"}))
        ).rows
    ]


def definition_request(
    table: str, path: str = "", options: Mapping[str, str] | None = None
) -> Request:
    """Ask for a table's definition, or what is found by a path below it."""
    below = f"EntityDefinitions(LogicalName='{checked_name(table)}'){path}"
    return Request("GET", with_options(below, dict(options or {})))


def cast(kind: str) -> str:
    """The path segment that leaves only columns of a kind and shows what only they have."""
    return f"Microsoft.Dynamics.CRM.{kind}AttributeMetadata"


def _kinds_of_dates(rows: Iterable[Row]) -> dict[str, ColumnKind]:
    """The columns that hold a day, or a time that is the same in every zone, whatever they show."""
    behaviors = {
        row["LogicalName"]: (row.get("DateTimeBehavior") or {}).get("Value") for row in rows
    }
    return {
        name: _BEHAVIORS[behavior] for name, behavior in behaviors.items() if behavior in _BEHAVIORS
    }


def _targets_of(rows: Iterable[Row]) -> dict[str, tuple[str, ...]]:
    return {row["LogicalName"]: tuple(row.get("Targets") or ()) for row in rows}


def _labels(
    client: DataverseClient, table: str, kinds: Mapping[str, ColumnKind]
) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    casts = (*_WITH_LABELS, *([_CHOICES] if ColumnKind.CHOICES in kinds.values() else ()))
    for kind in casts:
        options = {"$select": "LogicalName", "$expand": "OptionSet"}
        request = definition_request(table, f"/Attributes/{cast(kind)}", options)
        for row in client.send(request).rows:
            found[row["LogicalName"]] = _by_label(_options(row.get("OptionSet") or {}))
    return found


def _by_label(options: Iterable[tuple[str, int]]) -> dict[str, int]:
    """The numbers by label; where a label is there twice, the number stands behind it."""
    options = list(options)
    times = Counter(fold(label) for label, _ in options)
    return {
        label if times[fold(label)] == 1 else f"{label} ({number})": number
        for label, number in options
    }


def _options(option_set: Row) -> Iterator[tuple[str, int]]:
    """Labels and numbers, of a choice's list or of the two of a yes/no column."""
    listed: list[Any] = list(option_set.get("Options") or ())
    listed += [option_set[key] for key in ("FalseOption", "TrueOption") if option_set.get(key)]
    for option in listed:
        number = int(option["Value"])
        label = ((option.get("Label") or {}).get("UserLocalizedLabel") or {}).get("Label")
        yield label or str(number), number
