"""A small organisation's tables and rows, for conditions that look at related rows."""

from __future__ import annotations

from typing import Any

from tests.domain.cases import COLUMNS, NOW

from work_assignment.domain.filtering.conditions import Condition, compile_filter
from work_assignment.domain.filtering.filters import read_nested
from work_assignment.domain.filtering.operators import ColumnKind
from work_assignment.domain.filtering.rows import Rows, Scope
from work_assignment.domain.filtering.schemas import ColumnSchema, TableSchema, Vocabulary
from work_assignment.domain.records import Value


def lookup(*targets: str) -> ColumnSchema:
    return ColumnSchema(ColumnKind.LOOKUP, points_at_row=True, targets=targets)


def _table(table: str, own_id: str, parent: str | None = None, /, **columns: Any) -> TableSchema:
    made = {
        column: kind if isinstance(kind, ColumnSchema) else ColumnSchema(kind)
        for column, kind in columns.items()
    }
    made[own_id] = ColumnSchema(ColumnKind.LOOKUP)
    return TableSchema(table, f"{table}s", own_id, None, made, parent)


TABLES = {
    table.table: table
    for table in (
        _table(
            "lead",
            "leadid",
            parentaccountid=lookup("account"),
            customerid=lookup("account", "contact"),
            ownerid=lookup("systemuser", "team"),
            wa_language=ColumnKind.CHOICE,
            wa_topics=ColumnKind.CHOICES,
            **COLUMNS,
        ),
        _table(
            "account",
            "accountid",
            "parentaccountid",
            name=ColumnKind.TEXT,
            revenue=ColumnKind.NUMBER,
            parentaccountid=lookup("account"),
            primarycontactid=lookup("contact"),
            ownerid=lookup("systemuser", "team"),
        ),
        _table(
            "contact",
            "contactid",
            fullname=ColumnKind.TEXT,
            address1_city=ColumnKind.TEXT,
            birthdate=ColumnKind.DAY,
        ),
        _table(
            "task",
            "activityid",
            regardingobjectid=lookup("lead", "account"),
            subject=ColumnKind.TEXT,
            statecode=ColumnKind.CHOICE,
            scheduledend=ColumnKind.MOMENT,
        ),
        _table(
            "leadcompetitors",
            "leadcompetitorid",
            leadid=lookup("lead"),
            competitorid=lookup("competitor"),
        ),
        _table("competitor", "competitorid", name=ColumnKind.TEXT),
        _table(
            "systemuser",
            "systemuserid",
            "parentsystemuserid",
            address1_city=ColumnKind.TEXT,
            territoryid=lookup("territory"),
            parentsystemuserid=lookup("systemuser"),
            wa_level=ColumnKind.NUMBER,
            wa_languages=ColumnKind.CHOICES,
            wa_since=ColumnKind.DAY,
            wa_language=ColumnKind.CHOICE,
            wa_languagename=ColumnKind.TEXT,
        ),
        _table("territory", "territoryid", name=ColumnKind.TEXT),
    )
}


def known(table: str = "lead", record: str | None = None) -> Vocabulary:
    """What a filter on a table may name, `record` being the routed one's table."""
    return Vocabulary(table, TABLES[table], None if record is None else TABLES[record], TABLES.get)


def compiled(
    form: object, table: str = "lead", record: str | None = None, *, checked: bool = True
) -> Condition:
    """The condition of a filter; not checked, its columns are unknown."""
    vocabulary = known(table, record) if checked else Vocabulary(table)
    return compile_filter(read_nested(form, "here"), "here", vocabulary)


def uid(name: str) -> str:
    """An id as Dataverse's are, told by a short name."""
    return "00000000-0000-4000-8000-" + name.encode().hex().zfill(12)[-12:]


def row(table: str, own_id: str, /, **columns: Value) -> dict[str, Value]:
    """A row with its own id."""
    return {TABLES[table].primary_id: uid(own_id), **columns}


def scope(rows: Rows, record: dict[str, Value] | None = None, **more: Any) -> Scope:
    return Scope(NOW, rows, record or {}, **more)
