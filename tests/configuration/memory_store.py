"""A Dataverse in memory, as far as configuration needs it; what a test did not declare is an error."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from work_assignment.domain.defining.definition_rows import (
    Change,
    CreateRow,
    DefinitionsChanged,
    Kind,
    LinkValue,
    RecordTypeFacts,
    Row,
    Stored,
    StoredDefinitions,
    UnlinkValue,
    UpdateRow,
    UserRow,
)
from work_assignment.domain.filtering.operators import ColumnKind
from work_assignment.domain.filtering.schemas import ColumnSchema, TableSchema
from work_assignment.domain.text import fold

ACCOUNT_ID = "a0000000-0000-4000-8000-000000000001"
TWIN_IDS = ("a0000000-0000-4000-8000-000000000002", "a0000000-0000-4000-8000-000000000003")
STARTED_AT = datetime(2026, 3, 2, 9, tzinfo=UTC)

_TEXT, _NUMBER = ColumnSchema(ColumnKind.TEXT), ColumnSchema(ColumnKind.NUMBER)
_DAY, _MOMENT = ColumnSchema(ColumnKind.DAY), ColumnSchema(ColumnKind.MOMENT)
_ID = ColumnSchema(ColumnKind.LOOKUP)
_STATE = ColumnSchema(ColumnKind.CHOICE, labels={"Open": 0, "Completed": 1})


def lookup(*targets: str) -> ColumnSchema:
    return ColumnSchema(ColumnKind.LOOKUP, points_at_row=True, targets=targets)


_RECORD_COLUMNS = {
    "subject": _TEXT,
    "address1_country": _TEXT,
    "estimatedamount": _NUMBER,
    "leadsourcecode": ColumnSchema(
        ColumnKind.CHOICE, labels={"Advertisement": 1, "Trade Show": 7, "Web": 8}
    ),
    "wa_topics": ColumnSchema(ColumnKind.CHOICES, labels={"Boots": 1, "Tents": 2, "A, B": 3}),
    "donotemail": ColumnSchema(ColumnKind.YES_NO, labels={"Do Not Allow": 1, "Allow": 0}),
    "parentaccountid": lookup("account"),
    "customerid": lookup("account", "contact"),
    "ownerid": lookup("systemuser", "team"),
    "wa_handlerid": lookup("systemuser"),
    "createdon": _MOMENT,
    "estimatedclosedate": _DAY,
}


def table(name: str, columns: Mapping[str, ColumnSchema], **more: Any) -> TableSchema:
    """A table with its own id; entity set and name column do not matter here."""
    return TableSchema(name, f"{name}s", f"{name}id", "name", {f"{name}id": _ID, **columns}, **more)


SCHEMAS = {
    found.table: found
    for found in (
        table("lead", {**_RECORD_COLUMNS, "wa_score": _NUMBER}),
        table("opportunity", _RECORD_COLUMNS),
        table("new_partnerrequest", {**_RECORD_COLUMNS, "wa_score": _TEXT}),
        table(
            "account",
            {
                "name": _TEXT,
                "revenue": _NUMBER,
                "industrycode": ColumnSchema(ColumnKind.CHOICE, labels={"Consulting": 9}),
                "parentaccountid": lookup("account"),
                "primarycontactid": lookup("contact"),
                "owninguser": lookup("systemuser"),
            },
            parent_column="parentaccountid",
        ),
        table("contact", {"fullname": _TEXT, "parentcustomerid": lookup("account", "contact")}),
        table(
            "task",
            {
                "subject": _TEXT,
                "statecode": _STATE,
                "regardingobjectid": lookup("account", "lead", "opportunity"),
            },
        ),
        table("product", {"name": _TEXT}),
        table("systemuser", {"address1_city": _TEXT, "address1_country": _TEXT, "age": _NUMBER}),
        table("team", {"name": _TEXT, "teamtype": ColumnSchema(ColumnKind.CHOICE)}),
        table("queue", {"name": _TEXT, "emailaddress": _TEXT}),
    )
}
RECORD_TYPES = {
    "lead": RecordTypeFacts(is_user_owned=True, is_queue_enabled=True),
    "opportunity": RecordTypeFacts(is_user_owned=True, is_queue_enabled=False),
    "new_partnerrequest": RecordTypeFacts(is_user_owned=True, is_queue_enabled=False),
    "contact": RecordTypeFacts(
        is_user_owned=True, is_queue_enabled=True, lacks=("wa_segmentid, a lookup to wa_segment",)
    ),
    "product": RecordTypeFacts(is_user_owned=False, is_queue_enabled=False),
}
TEAM_ID, QUEUE_ID = "c0000000-0000-4000-8000-000000000001", "d0000000-0000-4000-8000-000000000001"
ROWS_BY_NAME: dict[str, dict[str, list[str]]] = {
    "account": {"Larkfell": [ACCOUNT_ID], "Twin": list(TWIN_IDS)},
    "contact": {},
    "systemuser": {},
    "team": {"Nordic": [TEAM_ID], "Twin": list(TWIN_IDS)},
    "queue": {"Partners": [QUEUE_ID]},
    "role": {"Salesperson": ["e1"], "Sales Manager": ["e2", "e3"]},
    "template": {"New lead for you": ["f1"], "Twin": list(TWIN_IDS)},
}
_GROUPS = {
    Kind.SEGMENT: "segments",
    Kind.RULE: "rules",
    Kind.SELLER: "sellers",
    Kind.ATTRIBUTE: "attributes",
    Kind.VALUE: "values",
}


def user(number: int, first: str, **columns: Any) -> UserRow:
    """A user `first@contoso.example`."""
    row = UserRow(
        f"b0000000-0000-4000-8000-{number:012}", first.capitalize(), f"{first}@contoso.example"
    )
    return replace(row, **columns)


USERS = tuple(user(n, first) for n, first in enumerate(("ana", "ben", "cleo", "dan", "eva"), 1))


class MemoryStore:
    """Holds rows by id; counts writes, and moves its clock at each."""

    def __init__(self, users: Sequence[UserRow] = USERS) -> None:
        self.rows: dict[str, Stored[Row]] = {}
        self.links: set[tuple[str, str]] = set()
        self.writes: list[Sequence[Change]] = []
        self.now = STARTED_AT
        self._users = users
        self._version = 0

    def schema(self, table: str) -> TableSchema | None:
        return SCHEMAS.get(table)

    def record_type(self, table: str) -> RecordTypeFacts | None:
        return RECORD_TYPES.get(table)

    def table_names(self) -> Collection[str]:
        return list(SCHEMAS)

    def users(self, names: Collection[str]) -> Sequence[UserRow]:
        wanted = {name.casefold() for name in names}
        return [
            row
            for row in self._users
            if {(row.domain_name or "").casefold(), (row.email or "").casefold()} & wanted
        ]

    def users_like(self, names: Collection[str]) -> Collection[str]:
        beginnings = tuple(name[:2].casefold() for name in names)
        known = [(row.domain_name or "") for row in self._users if not row.is_disabled]
        return [name for name in known if name.casefold().startswith(beginnings)]

    def ids_by_name(self, table: str, names: Collection[str]) -> Mapping[str, Sequence[str]]:
        known = {fold(name): ids for name, ids in ROWS_BY_NAME[table].items()}
        return {name: known.get(fold(name), []) for name in names}

    def names(self, table: str) -> Collection[str]:
        return list(ROWS_BY_NAME[table])

    def stored(self) -> StoredDefinitions:
        groups: dict[str, tuple[Any, ...]] = {
            group: tuple(one for one in self.rows.values() if one.row.kind is kind)
            for kind, group in _GROUPS.items()
        }
        settings: Any = next(
            (one for one in self.rows.values() if one.row.kind is Kind.SETTINGS), None
        )
        return StoredDefinitions(**groups, links=frozenset(self.links), settings=settings)

    def server_time(self) -> datetime:
        return self.now

    def write(self, changes: Sequence[Change]) -> None:
        before = dict(self.rows), set(self.links)
        try:
            for change in changes:
                self._carry_out(change)
        except Exception:
            self.rows, self.links = before
            raise
        self.writes.append(changes)
        self.now += timedelta(hours=1)

    def row(self, name: str) -> Any:
        """The only row of that name, or whose attribute value it is."""
        (found,) = (one.row for one in self.rows.values() if one.row.name == name)
        return found

    def edit(self, name: str, /, **columns: Any) -> None:
        """Change a row as somebody else would."""
        (row_id,) = (one.id for one in self.rows.values() if one.row.name == name)
        self._put(row_id, columns)

    def held_by(self, first: str) -> set[str]:
        """The attribute values of a user."""
        (row,) = self.users([f"{first}@contoso.example"])
        return {self.rows[value].row.name for value, user_id in self.links if user_id == row.id}

    def _carry_out(self, change: Change) -> None:
        match change:
            case CreateRow(row_id, row):
                assert row_id not in self.rows
                self._version += 1
                self.rows[row_id] = Stored(row_id, str(self._version), row)
            case UpdateRow(_, row_id, columns, version):
                if version is not None and self.rows[row_id].version != version:
                    raise DefinitionsChanged(f"{row_id} is not in version {version}")
                self._put(row_id, columns)
            case LinkValue(value_id, user_id):
                assert value_id in self.rows
                assert (value_id, user_id) not in self.links
                self.links.add((value_id, user_id))
            case UnlinkValue(value_id, user_id):
                self.links.remove((value_id, user_id))

    def _put(self, row_id: str, columns: Mapping[str, Any]) -> None:
        self._version += 1
        row = replace(self.rows[row_id].row, **dict(columns))
        self.rows[row_id] = Stored(row_id, str(self._version), row)
