"""Table definitions read from Dataverse's metadata."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.messages import Request, Row
from work_assignment.dataverse.queries import checked_name, with_options
from work_assignment.domain.operators import ColumnKind
from work_assignment.domain.schemas import ColumnSchema, TableSchema

_KINDS = {
    **dict.fromkeys(("String", "Memo"), ColumnKind.TEXT),
    **dict.fromkeys(("Integer", "BigInt", "Decimal", "Double", "Money"), ColumnKind.NUMBER),
    **dict.fromkeys(("Picklist", "State", "Status"), ColumnKind.CHOICE),
    **dict.fromkeys(("Lookup", "Customer", "Owner", "Uniqueidentifier"), ColumnKind.LOOKUP),
    "Boolean": ColumnKind.YES_NO,
    "DateTime": ColumnKind.MOMENT,
}
_WITH_LABELS = ("Picklist", "State", "Status", "Boolean")


@dataclass(frozen=True, slots=True)
class TableDefinition:
    """A table's names: its entity set, its id column and, if it has one, its name column."""

    entity_set: str
    primary_id: str
    primary_name: str | None


def read_definition(client: DataverseClient, table: str) -> TableDefinition:
    """Read a table's names; raises NotFound when there is no such table."""
    select = "LogicalName,EntitySetName,PrimaryIdAttribute,PrimaryNameAttribute"
    row = client.send(_get(_path(table), {"$select": select})).json
    return TableDefinition(
        row["EntitySetName"], row["PrimaryIdAttribute"], row.get("PrimaryNameAttribute")
    )


def read_schema(client: DataverseClient, table: str, *, with_labels: bool = True) -> TableSchema:
    """Read one table's columns; raises NotFound when there is no such table.

    Labels of choices and targets of lookups cost requests, and only definitions being written
    need them: `with_labels=False` leaves them empty.
    """
    path = _path(table)
    names = read_definition(client, table)
    attributes = client.send(
        _get(f"{path}/Attributes", {"$select": "LogicalName,AttributeType"})
    ).rows
    days = _days_only(client, path)
    labels = _labels(client, path) if with_labels else {}
    targets = _targets(client, path) if with_labels else {}
    return TableSchema(
        table,
        names.entity_set,
        names.primary_id,
        names.primary_name,
        {
            name: ColumnSchema(
                ColumnKind.DAY if name in days else _KINDS[kind],
                points_at_row=kind in ("Lookup", "Customer", "Owner"),
                labels=labels.get(name, {}),
                targets=targets.get(name, ()),
            )
            for name, kind in ((row["LogicalName"], row["AttributeType"]) for row in attributes)
            if kind in _KINDS
        },
    )


def wire_name(column: str, schema: TableSchema) -> str:
    """The property that carries a column in JSON."""
    return f"_{column}_value" if schema.columns[column].points_at_row else column


def _path(table: str) -> str:
    return f"EntityDefinitions(LogicalName='{checked_name(table)}')"


def _get(path: str, options: Mapping[str, str]) -> Request:
    return Request("GET", with_options(path, dict(options)))


def _cast(path: str, kind: str) -> str:
    return f"{path}/Attributes/Microsoft.Dynamics.CRM.{kind}AttributeMetadata"


def _days_only(client: DataverseClient, path: str) -> frozenset[str]:
    """Columns that hold a day without a time, whatever they show."""
    rows = client.send(
        _get(_cast(path, "DateTime"), {"$select": "LogicalName,DateTimeBehavior"})
    ).rows
    return frozenset(
        row["LogicalName"]
        for row in rows
        if (row.get("DateTimeBehavior") or {}).get("Value") == "DateOnly"
    )


def _targets(client: DataverseClient, path: str) -> dict[str, tuple[str, ...]]:
    rows = client.send(_get(_cast(path, "Lookup"), {"$select": "LogicalName,Targets"})).rows
    return {row["LogicalName"]: tuple(row.get("Targets") or ()) for row in rows}


def _labels(client: DataverseClient, path: str) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for kind in _WITH_LABELS:
        options = {"$select": "LogicalName", "$expand": "OptionSet"}
        for row in client.send(_get(_cast(path, kind), options)).rows:
            found[row["LogicalName"]] = dict(_options(row.get("OptionSet") or {}))
    return found


def _options(option_set: Row) -> Iterator[tuple[str, int]]:
    """Labels and numbers, of a choice's list or of the two of a yes/no column."""
    listed: list[Any] = list(option_set.get("Options") or ())
    listed += [option_set[key] for key in ("FalseOption", "TrueOption") if option_set.get(key)]
    for option in listed:
        label = ((option.get("Label") or {}).get("UserLocalizedLabel") or {}).get("Label")
        if label is not None:
            yield label, int(option["Value"])
