"""A Dataverse in memory, as far as configuration needs it; what a test did not declare is an error."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from work_assignment.domain.definition_rows import (
    Change,
    CreateRow,
    DefinitionsChanged,
    Kind,
    LinkValue,
    Row,
    Stored,
    StoredDefinitions,
    UnlinkValue,
    UpdateRow,
    UserRow,
)
from work_assignment.domain.operators import ColumnKind
from work_assignment.domain.schemas import ColumnSchema, TableSchema
from work_assignment.domain.text import fold

ACCOUNT_ID = "a0000000-0000-4000-8000-000000000001"
TWIN_IDS = ("a0000000-0000-4000-8000-000000000002", "a0000000-0000-4000-8000-000000000003")
STARTED_AT = datetime(2026, 3, 2, 9, tzinfo=UTC)

_TEXT, _NUMBER = ColumnSchema(ColumnKind.TEXT), ColumnSchema(ColumnKind.NUMBER)
_RECORD_COLUMNS = {
    "subject": _TEXT,
    "address1_country": _TEXT,
    "estimatedamount": _NUMBER,
    "leadsourcecode": ColumnSchema(
        ColumnKind.CHOICE, labels={"Advertisement": 1, "Trade Show": 7, "Web": 8}
    ),
    "donotemail": ColumnSchema(ColumnKind.YES_NO, labels={"Do Not Allow": 1, "Allow": 0}),
    "parentaccountid": ColumnSchema(ColumnKind.LOOKUP, points_at_row=True, targets=("account",)),
    "createdon": ColumnSchema(ColumnKind.MOMENT),
}
SCHEMAS = {
    "lead": TableSchema("lead", "leads", "leadid", "fullname", _RECORD_COLUMNS),
    "opportunity": TableSchema(
        "opportunity", "opportunities", "opportunityid", "name", _RECORD_COLUMNS
    ),
    "systemuser": TableSchema(
        "systemuser", "systemusers", "systemuserid", "fullname", {"address1_city": _TEXT}
    ),
}
ROWS_BY_NAME = {"account": {"Larkfell": [ACCOUNT_ID], "Twin": list(TWIN_IDS)}}
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

    def schema(self, table: str) -> TableSchema:
        return SCHEMAS[table]

    def users(self, names: Collection[str]) -> Sequence[UserRow]:
        wanted = {name.casefold() for name in names}
        return [
            row
            for row in self._users
            if {(row.domain_name or "").casefold(), (row.email or "").casefold()} & wanted
        ]

    def ids_by_name(self, table: str, names: Collection[str]) -> Mapping[str, Sequence[str]]:
        known = {fold(name): ids for name, ids in ROWS_BY_NAME[table].items()}
        return {name: known.get(fold(name), []) for name in names}

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

    def edit(self, name: str, **columns: Any) -> None:
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
