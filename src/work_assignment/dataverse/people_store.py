"""Those who may be given records: sellers with what rules look at, teams and queues."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from work_assignment.dataverse import mapping
from work_assignment.dataverse.calendars import CalendarStore, UnusableCalendar
from work_assignment.dataverse.choices import TeamType
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.messages import FORMATTED_VALUE, Prefer, Row
from work_assignment.dataverse.names import (
    QUEUE,
    SELLER,
    SELLER_ATTRIBUTE_VALUE,
    SELLER_ATTRIBUTE_VALUE_SYSTEM_USER,
    SYSTEM_USER,
    TEAM,
    Common,
    SellerAttributeValueColumn,
    SellerColumn,
    SystemUserColumn,
    TeamColumn,
)
from work_assignment.dataverse.queries import Expand, Guid, Query, eq, in_chunks, ne
from work_assignment.dataverse.role_reader import Roles
from work_assignment.dataverse.schemas import wire_name
from work_assignment.domain.defining.recipients import Target, TeamOrQueue
from work_assignment.domain.defining.sellers import Seller
from work_assignment.domain.defining.stored_json import read_json
from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.filtering.attributes import Attributes
from work_assignment.domain.filtering.schemas import TableSchema
from work_assignment.domain.hours.availability import Calendar
from work_assignment.domain.hours.working_times import read_calendar
from work_assignment.domain.records import SellerId, Value

Found = TypeVar("Found")
_LABELS = Prefer(annotations=(FORMATTED_VALUE,))
_ACTIVE = eq(Common.STATE, 0)
_GROUPS = {
    Target.TEAM: (TEAM, ne(TeamColumn.TEAM_TYPE, TeamType.ACCESS)),
    Target.QUEUE: (QUEUE, _ACTIVE),
}
"""Those whom records can be given to: access teams own nothing."""


class PeopleStore:
    """Reads those who may be given records; keeps nothing."""

    def __init__(self, client: DataverseClient) -> None:
        self._client = client

    def sellers(
        self,
        schema: TableSchema,
        columns: Collection[str],
        default_capacity: int,
        roles: Roles,
        faults: list[DefinitionError],
    ) -> list[Seller]:
        """Every active seller; `schema` is the users' table, of which `columns` are read.

        A seller whose row or hours cannot be used is left out, and `faults` says so.
        """
        rows = list(self._client.rows(Query(SELLER.entity_set, filter=_ACTIVE)))
        ids = [row.get(SellerColumn.SYSTEM_USER.value) for row in rows]
        users = self._users(schema, columns, [user_id for user_id in ids if user_id])
        attributes = self._attributes()
        calendars = self._calendars(rows, faults)

        def seller(row: Row) -> Seller:
            user_id = _user_of(row)
            made = _seller(row, users.get(user_id, {}), schema, columns, calendars)
            given = row.get(SellerColumn.MAX_CAPACITY)
            return replace(
                made,
                max_capacity=default_capacity if given is None else given,
                attributes=attributes.get(user_id, {}),
                roles=roles.of_users.get(user_id, frozenset()),
                unreadable=roles.unreadable.get(user_id, frozenset()),
            )

        return usable(seller, rows, faults)

    def _users(
        self, schema: TableSchema, columns: Collection[str], ids: Sequence[str]
    ) -> dict[str, Row]:
        select = _select(SystemUserColumn.FULL_NAME, schema, columns)
        found: dict[str, Row] = {}
        for chunk in in_chunks(SYSTEM_USER.primary_id, list(map(Guid, ids))):
            query = Query(SYSTEM_USER.entity_set, select, chunk)
            found |= {row[SYSTEM_USER.primary_id]: row for row in self._client.rows(query)}
        return found

    def _attributes(self) -> dict[str, Attributes]:
        """Each user's values by attribute name.

        The attribute's name comes as the label of the lookup: a many-to-many $expand does not go
        with another one (Learn: Join tables using OData).
        """
        attribute = SellerAttributeValueColumn.SELLER_ATTRIBUTE.value
        query = Query(
            SELLER_ATTRIBUTE_VALUE.entity_set,
            select=(SellerAttributeValueColumn.NAME, attribute),
            expand=(Expand(SELLER_ATTRIBUTE_VALUE_SYSTEM_USER, select=(SYSTEM_USER.primary_id,)),),
        )
        found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for row in self._client.rows(query, prefer=_LABELS):
            name = row.get(f"{attribute}@{FORMATTED_VALUE}")
            for user in row.get(SELLER_ATTRIBUTE_VALUE_SYSTEM_USER) or () if name else ():
                held = found[user[SYSTEM_USER.primary_id]]
                held[str(name)].append(row[SellerAttributeValueColumn.NAME])
        return {
            user: {name: tuple(sorted(values)) for name, values in held.items()}
            for user, held in found.items()
        }

    def _calendars(
        self, rows: Sequence[Row], faults: list[DefinitionError]
    ) -> dict[str, Calendar | DefinitionError]:
        """The Dataverse calendars of sellers who have no hours of their own in our row."""
        without = [_user_of(row) for row in rows if not row.get(SellerColumn.WORKING_HOURS)]
        found, errors = CalendarStore(self._client).calendars([user for user in without if user])
        answers: dict[str, Calendar | DefinitionError] = dict(found)
        for error in errors:
            if isinstance(error, UnusableCalendar):
                answers[error.user_id] = error
            else:
                faults.append(error)
        return answers

    def teams_and_queues(
        self,
        wanted: Mapping[Target, tuple[TableSchema, Collection[str]]],
        roles: Roles,
    ) -> list[TeamOrQueue]:
        """All teams that may own records, or queues that are active, by what rules give to."""
        found = []
        for target, (schema, columns) in wanted.items():
            table, can_be_given_to = _GROUPS[target]
            select = _select(Common.NAME, schema, columns)
            for row in self._client.rows(Query(table.entity_set, select, can_be_given_to)):
                row_id = str(row[table.primary_id])
                found.append(
                    TeamOrQueue(
                        target,
                        row_id,
                        str(row.get(Common.NAME) or ""),
                        _values(row, schema, columns),
                        roles.of_teams.get(row_id, frozenset()),
                    )
                )
        return found


def usable(
    read: Callable[[Row], Found], rows: Iterable[Row], faults: list[DefinitionError]
) -> list[Found]:
    """What can be read of the rows; a row that cannot is a fault and must not stop the others."""
    found = []
    for row in rows:
        try:
            found.append(read(row))
        except DefinitionError as exc:
            faults.append(exc)
    return found


def _user_of(row: Row) -> str:
    return str(row.get(SellerColumn.SYSTEM_USER.value) or "").lower()


def _select(name: str, schema: TableSchema, columns: Iterable[str]) -> tuple[str, ...]:
    known = sorted(column for column in columns if column in schema.columns)
    return tuple(dict.fromkeys((name, *(wire_name(column, schema) for column in known))))


def _values(row: Row, schema: TableSchema, columns: Iterable[str]) -> dict[str, Value]:
    """Those of the columns that are there; a filter that names others is its rule's fault."""
    known = [column for column in columns if column in schema.columns]
    return mapping.values_from_row(row, schema, known)


def _seller(
    row: Row,
    user: Row,
    schema: TableSchema,
    columns: Collection[str],
    calendars: Mapping[str, Calendar | DefinitionError],
) -> Seller:
    """A seller, from her row and her user's; raises DefinitionError for hours that make no sense."""
    user_id = _user_of(row)
    if not user_id:
        raise mapping.BadRow(
            SELLER.logical_name,
            row[SELLER.primary_id],
            SellerColumn.SYSTEM_USER.value,
            "it is empty",
        )
    name = user.get(SystemUserColumn.FULL_NAME) or row.get(SellerColumn.NAME) or ""
    takes = row.get(SellerColumn.TAKES_ASSIGNMENTS)
    return Seller(
        id=SellerId(user_id),
        name=name,
        max_capacity=0,
        takes_assignments=takes is None or bool(takes),
        columns=_values(user, schema, columns),
        calendar=_calendar(row, f"seller '{name}'", calendars.get(user_id)),
    )


def _calendar(row: Row, where: str, theirs: Calendar | DefinitionError | None) -> Calendar:
    """Our row's hours, else the user's calendar; our row's time off either way."""
    own = read_calendar(
        read_json(row.get(SellerColumn.WORKING_HOURS), where),
        read_json(row.get(SellerColumn.TIME_OFF), where),
        where,
    )
    if isinstance(theirs, DefinitionError):
        raise theirs
    if theirs is None or row.get(SellerColumn.WORKING_HOURS):
        return own
    return replace(theirs, time_off=(*theirs.time_off, *own.time_off))
