"""A small organisation for the reading tests: tables by hand, rows by hand, plain SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import UUID

from work_assignment.mock_dataverse import text
from work_assignment.mock_dataverse.caller import Caller
from work_assignment.mock_dataverse.conditions.time_zone_codes import UTC_CODE
from work_assignment.mock_dataverse.reading.preferences import Preferences
from work_assignment.mock_dataverse.reading.reads import count_rows, read_collection, read_row
from work_assignment.mock_dataverse.storage.definition_changes import create_definition_changes
from work_assignment.mock_dataverse.tables.metadata import (
    Catalog,
    Column,
    ColumnType,
    DateBehavior,
    ManyToMany,
    OneToMany,
    Option,
    Table,
)

ROOT = "http://127.0.0.1:7071/api/data/v9.2/"
ME = Caller(
    user_id=str(UUID(int=0xA1)),
    business_unit_id=str(UUID(int=0xB1)),
    organization_id=str(UUID(int=0xC1)),
    organization_name="org",
    aad_object_id=str(UUID(int=0xD1)),
)
ALL_ANNOTATIONS = Preferences(annotations=("*",))


def guid(number: int) -> str:
    """A readable guid: the same number gives the same id."""
    return str(UUID(int=number))


def _column(name: str, kind: ColumnType, **more: Any) -> Column:
    return Column(name.lower(), name, kind, name, **more)


def _text(name: str) -> Column:
    return _column(name, ColumnType.STRING, max_length=200)


def _lookup(name: str, *targets: str, kind: ColumnType = ColumnType.LOOKUP) -> Column:
    return _column(name, kind, targets=targets)


def _table(name: str, set_name: str, primary_name: str | None, *columns: Column) -> Table:
    key_name = _KEYS.get(name, f"{name}id")
    key = Column(key_name, key_name, ColumnType.UNIQUEIDENTIFIER, "Id", is_primary_id=True)
    version = _column("versionnumber", ColumnType.BIGINT)
    table = Table(name, name.title(), set_name, name, set_name, key.logical_name, primary_name,
                  "UserOwned", 1)  # fmt: skip
    return table.with_columns([key, *columns, version])


_KEYS = {"usersettings": "systemuserid"}
_STATES = (Option(0, "Open", default_status=1), Option(1, "Qualified", default_status=3))
_INTERESTS = (Option(1, "Chairs"), Option(2, "Desks"), Option(9, "Lamps"), Option(12, "Rugs"))
_SOURCES = (Option(1, "Web"), Option(2, "Fair"), Option(3, "Advert"))
TABLES = [
    _table("systemuser", "systemusers", "fullname", _text("fullname"), _text("title"),
           _lookup("parentsystemuserid", "systemuser"), _column("languageid", ColumnType.INTEGER)),
    _table("usersettings", "usersettingscollection", None,
           _column("timezonecode", ColumnType.INTEGER, default=UTC_CODE),
           _column("uilanguageid", ColumnType.INTEGER, default=1033)),
    _table("organization", "organizations", "name", _text("name"),
           _column("weekstartdaycode", ColumnType.PICKLIST, default=0),
           _column("fiscalcalendarstart", ColumnType.DATETIME, date_behavior=DateBehavior.DATE_ONLY),
           _column("fiscalperiodtype", ColumnType.INTEGER, default=2002),
           _column("maxdepthforhierarchicalsecuritymodel", ColumnType.INTEGER, default=3),
           _column("fiscalyeardisplaycode", ColumnType.PICKLIST, default=1)),
    _table("team", "teams", "name", _text("name")),
    _table("transactioncurrency", "transactioncurrencies", "currencyname",
           _text("currencyname"), _text("currencysymbol")),
    _table("account", "accounts", "name", _text("name"),
           _column("revenue", ColumnType.MONEY, precision=2),
           _lookup("transactioncurrencyid", "transactioncurrency"),
           _lookup("primarycontactid", "contact"), _lookup("parentaccountid", "account")),
    _table("contact", "contacts", "fullname", _text("fullname"), _text("city"),
           _text("address1_city"), _text("address1_composite"),
           _lookup("parentaccountid", "account")),
    _table("lead", "leads", "subject", _text("subject"), _text("firstname"), _text("lastname"),
           _column("description", ColumnType.MEMO),
           _column("leadsourcecode", ColumnType.PICKLIST, options=_SOURCES),
           _column("interests", ColumnType.CHOICES, options=_INTERESTS),
           _column("donotemail", ColumnType.BOOLEAN, options=(Option(1, "Do Not"), Option(0, "Allow"))),
           _column("employees", ColumnType.INTEGER),
           _column("score", ColumnType.DOUBLE, precision=1),
           _column("estimatedamount", ColumnType.MONEY, precision=2),
           _column("estimatedamount_base", ColumnType.MONEY, precision=4),
           _lookup("transactioncurrencyid", "transactioncurrency"),
           _column("closeon", ColumnType.DATETIME, date_behavior=DateBehavior.DATE_ONLY),
           _column("createdon", ColumnType.DATETIME),
           _column("wall", ColumnType.DATETIME, date_behavior=DateBehavior.TIME_ZONE_INDEPENDENT),
           _column("statecode", ColumnType.STATE, options=_STATES),
           _lookup("parentaccountid", "account"),
           _lookup("wa_SegmentId", "account"),
           _lookup("customerid", "account", "contact", kind=ColumnType.CUSTOMER),
           _lookup("ownerid", "systemuser", "team", kind=ColumnType.OWNER),
           _lookup("owninguser", "systemuser"),
           _column("hidden", ColumnType.STRING, valid_for_read=False)),
    _table("task", "tasks", "subject", _text("subject"), _column("effort", ColumnType.INTEGER),
           _lookup("regardingobjectid", "lead", "account"), _lookup("owninguser", "systemuser")),
    _table("teammembership", "teammemberships", None,
           _column("systemuserid", ColumnType.UNIQUEIDENTIFIER),
           _column("teamid", ColumnType.UNIQUEIDENTIFIER)),
]  # fmt: skip


def _relation(
    child: str, column: str, parent: str, navigation: str, collection: str, **more: Any
) -> OneToMany:
    return OneToMany(collection, parent, child, column, navigation, collection, **more)


RELATIONS = [
    _relation("account", "parentaccountid", "account", "parentaccountid", "account_parent_account",
              is_hierarchical=True),
    _relation("systemuser", "parentsystemuserid", "systemuser", "parentsystemuserid",
              "user_parent_user", is_hierarchical=True),
    _relation("account", "primarycontactid", "contact", "primarycontactid", "account_primary_contact"),
    _relation("account", "transactioncurrencyid", "transactioncurrency", "transactioncurrencyid",
              "transactioncurrency_account"),
    _relation("contact", "parentaccountid", "account", "parentaccountid", "account_contacts"),
    _relation("lead", "parentaccountid", "account", "parentaccountid", "account_leads"),
    _relation("lead", "wa_segmentid", "account", "wa_SegmentId", "segment_leads"),
    _relation("lead", "customerid", "account", "customerid_account", "lead_customer_accounts"),
    _relation("lead", "customerid", "contact", "customerid_contact", "lead_customer_contacts"),
    _relation("lead", "ownerid", "team", "ownerid", "owner_lead"),
    _relation("lead", "ownerid", "systemuser", "ownerid", "owner_lead"),
    _relation("lead", "owninguser", "systemuser", "owninguser", "lead_owning_user"),
    _relation("task", "regardingobjectid", "lead", "regardingobjectid_lead", "lead_tasks"),
    _relation("task", "regardingobjectid", "account", "regardingobjectid_account", "account_tasks"),
    _relation("task", "owninguser", "systemuser", "owninguser", "user_tasks"),
]  # fmt: skip
MEMBERSHIP = ManyToMany(
    "teammembership_association",
    "systemuser", "teammembership_association", "systemuserid",
    "team", "teammembership_association", "teamid",
    "teammembership",
)  # fmt: skip
CATALOG = Catalog(TABLES, RELATIONS, [MEMBERSHIP])
_SQL_TYPES = {
    ColumnType.DECIMAL: "REAL",
    ColumnType.DOUBLE: "REAL",
    ColumnType.MONEY: "REAL",
    ColumnType.STRING: f"TEXT COLLATE {text.COLLATION}",
    ColumnType.MEMO: f"TEXT COLLATE {text.COLLATION}",
    ColumnType.DATETIME: "TEXT",
    ColumnType.CHOICES: "TEXT",
    ColumnType.UNIQUEIDENTIFIER: "TEXT",
}


def _sql_type(column: Column) -> str:
    if column.type.is_lookup:
        return "TEXT"
    return _SQL_TYPES.get(column.type, "INTEGER")


@dataclass
class World:
    """A connection with all tables, and short ways to fill and to ask it."""

    db: sqlite3.Connection
    catalog: Catalog = CATALOG
    caller: Caller = ME
    now: datetime = datetime(2026, 3, 4, 12, 30, tzinfo=UTC)
    _versions: Any = field(default_factory=lambda: count(1000))

    def add(self, table: str, number: int, **values: Any) -> str:
        """Insert a row whose id is `guid(number)`."""
        key = self.catalog.tables[table].primary_id
        row = {key: guid(number), "versionnumber": next(self._versions), **values}
        names = ", ".join(f'"{name}"' for name in row)
        marks = ", ".join("?" * len(row))
        statement = f'INTO "{table}" ({names}) VALUES ({marks})'
        self.db.execute(f"INSERT {statement}", tuple(row.values()))
        return guid(number)

    def add_dates(self, *texts: str | None, column: str = "createdon") -> None:
        """Insert leads with these values in a column, and in the subject."""
        first = int(self.db.execute("SELECT count(*) FROM lead").fetchone()[0])
        for number, value in enumerate(texts, first + 1):
            self.add("lead", number, subject=value, **{column: value})

    def set_all(self, table: str, **values: object) -> None:
        """Update all rows of a table."""
        for name, value in values.items():
            statement = f'"{table}" SET "{name}" = ?'
            self.db.execute(f"UPDATE {statement}", (value,))

    def get(
        self, set_name: str, prefer: Preferences | None = None, /, **options: str
    ) -> dict[str, Any]:
        """GET a collection; `filter=...` means `$filter`, `fetch=...` means fetchXml."""
        query = {_option(name): value for name, value in options.items()}
        return self.query(set_name, query, prefer)

    def query(
        self, set_name: str, query: Mapping[str, str], prefer: Preferences | None = None
    ) -> dict[str, Any]:
        table = self.catalog.by_set(set_name)
        assert table is not None
        return read_collection(
            self.db, self.catalog, table, query, prefer or Preferences(),
            root=ROOT, caller=self.caller, now=self.now, path=set_name,
        )  # fmt: skip

    def row(
        self, set_name: str, number: int, prefer: Preferences | None = None, /, **options: str
    ) -> dict[str, Any]:
        table = self.catalog.by_set(set_name)
        assert table is not None
        query = {_option(name): value for name, value in options.items()}
        return read_row(
            self.db, self.catalog, table, guid(number), query, prefer or Preferences(),
            root=ROOT, caller=self.caller, now=self.now,
        )  # fmt: skip

    def count(self, set_name: str, **options: str) -> int:
        table = self.catalog.by_set(set_name)
        assert table is not None
        query = {_option(name): value for name, value in options.items()}
        return count_rows(
            self.db, self.catalog, table, query, caller=self.caller, now=self.now, root=ROOT
        )

    def subjects(self, filter_text: str, **options: str) -> list[str]:
        """The subjects of the leads that a filter lets through, in order of id."""
        body = self.get("leads", filter=filter_text, select="subject", **options)
        return [row["subject"] for row in body["value"]]

    def dates_found(self, operator: str, values: str = "", column: str = "createdon") -> list[str]:
        """What `add_dates` has written to the leads that a condition finds; its values are parted
        by blanks."""
        inner = "".join(f"<value>{value}</value>" for value in values.split())
        condition = f"<condition attribute='{column}' operator='{operator}'>{inner}</condition>"
        fetch = (
            "<fetch><entity name='lead'><attribute name='subject'/><order attribute='subject'/>"
            f"<filter>{condition}</filter></entity></fetch>"
        )
        return [row["subject"] for row in self.fetched(fetch)]

    def fetched(self, fetch: str, set_name: str = "leads") -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.get(set_name, fetch=fetch)["value"]
        return rows


def _option(name: str) -> str:
    if name == "fetch":
        return "fetchXml"
    return f"@{name[2:]}" if name.startswith("p_") else f"${name}"


def open_world() -> World:
    """An empty organisation in memory."""
    db = sqlite3.connect(":memory:")
    db.row_factory = sqlite3.Row
    text.register(db)
    create_definition_changes(db)
    world = World(db)
    for table in TABLES:
        columns = [f'"{c.logical_name}" {_sql_type(c)}' for c in table.columns.values()]
        columns += [
            f'"{c.logical_name}__type" TEXT' for c in table.columns.values() if c.is_polymorphic
        ]
        db.execute(f'CREATE TABLE "{table.logical_name}" ({", ".join(columns)})')
    return world
