"""Definitions as rows of Dataverse, for planning and applying; the port of configuration as code."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TypeVar

from work_assignment.dataverse import messages
from work_assignment.dataverse.batches import MOST_REQUESTS, Batch, ChangeSet, ChangeSetResult
from work_assignment.dataverse.choices import State, TeamType
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.definition_columns import (
    SELECTED,
    attribute_row,
    requests_for,
    rule_row,
    segment_row,
    seller_row,
    settings_row,
    value_row,
)
from work_assignment.dataverse.errors import (
    DuplicateKey,
    InvalidRequest,
    NotFound,
    RowNotFound,
    VersionMismatch,
    unreadable,
)
from work_assignment.dataverse.messages import Request, Row
from work_assignment.dataverse.names import (
    ASSIGNMENT_RULE,
    QUEUE,
    SEGMENT,
    SELLER,
    SELLER_ATTRIBUTE,
    SELLER_ATTRIBUTE_VALUE,
    SELLER_ATTRIBUTE_VALUE_SYSTEM_USER_TABLE,
    SETTING,
    SYSTEM_USER,
    TEAM,
    Common,
    SettingColumn,
    SystemUserColumn,
    TableName,
    TeamColumn,
)
from work_assignment.dataverse.queries import (
    Filter,
    Query,
    and_,
    eq,
    in_chunks,
    ne,
    or_,
    startswith,
)
from work_assignment.dataverse.record_types import read_record_type
from work_assignment.dataverse.schemas import read_definition, read_schema, read_table_names
from work_assignment.dataverse.unavailable import away_means_unavailable
from work_assignment.domain.defining.definition_rows import (
    SETTINGS_NAME,
    Change,
    DefinitionsChanged,
    RecordTypeFacts,
    StoredDefinitions,
    UserRow,
)
from work_assignment.domain.filtering.schemas import TableSchema
from work_assignment.domain.text import fold

_NAMES_A_QUERY = 50
_BEGINNING, _MOST_ALIKE = 2, 200
Found = TypeVar("Found")
_USABLE = {
    TEAM.logical_name: ne(TeamColumn.TEAM_TYPE, TeamType.ACCESS),
    QUEUE.logical_name: eq(Common.STATE, State.ACTIVE),
}
_CONFLICTS = (DuplicateKey, RowNotFound, VersionMismatch)


class ConfigurationStore:
    """Reads all definitions and writes changes to them."""

    def __init__(self, client: DataverseClient) -> None:
        self._client = client
        self._schemas: dict[str, TableSchema | None] = {}

    def schema(self, table: str) -> TableSchema | None:
        """A table's columns, read once; None when there is no such table."""
        if table not in self._schemas:
            self._schemas[table] = _or_none(lambda: read_schema(self._client, table))
        return self._schemas[table]

    def record_type(self, table: str) -> RecordTypeFacts | None:
        """What decides whether a table's rows can be routed; None when there is no such table."""
        return _or_none(lambda: read_record_type(self._client, table))

    def table_names(self) -> Sequence[str]:
        """The logical names of all tables."""
        with away_means_unavailable():
            return read_table_names(self._client)

    def users(self, names: Collection[str]) -> Sequence[UserRow]:
        """The users of these domain names or e-mail addresses."""
        columns = (SystemUserColumn.DOMAIN_NAME, SystemUserColumn.EMAIL)
        select = (
            SYSTEM_USER.primary_id,
            SystemUserColumn.FULL_NAME,
            SystemUserColumn.IS_DISABLED,
            *columns,
        )
        found: dict[str, UserRow] = {}
        chunks = [list(in_chunks(column, list(names), _NAMES_A_QUERY)) for column in columns]
        for either in zip(*chunks, strict=True):
            query = Query(SYSTEM_USER.entity_set, select=select, filter=or_(*either))
            found.update((user.id, user) for user in map(_user, self._rows(query)))
        return list(found.values())

    def users_like(self, names: Collection[str]) -> Collection[str]:
        """Domain names of enabled users that begin as one of these does: some, for suggestions."""
        column = SystemUserColumn.DOMAIN_NAME
        beginnings = sorted({name[:_BEGINNING].lower() for name in names if name})
        found: list[str] = []
        for start in range(0, len(beginnings), _NAMES_A_QUERY):
            alike = [startswith(column, one) for one in beginnings[start : start + _NAMES_A_QUERY]]
            query = Query(
                SYSTEM_USER.entity_set,
                select=(column,),
                filter=and_(or_(*alike), eq(SystemUserColumn.IS_DISABLED, False)),
                orderby=(column,),
                top=_MOST_ALIKE,
            )
            with away_means_unavailable():
                rows = self._client.send(messages.get(query)).rows
            found += [str(row[column]) for row in rows if row.get(column)]
        return found

    def ids_by_name(self, table: str, names: Collection[str]) -> Mapping[str, Sequence[str]]:
        """The ids of the rows of these names; none where the table's rows have no name.

        Of teams and queues only those count that records can be given to: an access team owns
        nothing (Microsoft Learn, "Use access teams and owner teams"), and an inactive queue takes
        nothing.
        """
        found = _or_none(lambda: read_definition(self._client, table))
        ids: dict[str, list[str]] = {}
        if found is not None and found.primary_name is not None:
            select = (found.primary_id, found.primary_name)
            for chunk in in_chunks(found.primary_name, list(names), _NAMES_A_QUERY):
                usable = _USABLE.get(table)
                filter_ = chunk if usable is None else and_(chunk, usable)
                for row in self._rows(Query(found.entity_set, select=select, filter=filter_)):
                    name = fold(str(row[found.primary_name]))
                    ids.setdefault(name, []).append(row[found.primary_id])
        return {name: ids.get(fold(name), []) for name in names}

    def names(self, table: str) -> Collection[str]:
        """The names of all rows of a small table, such as roles; several rows may share one."""
        found = _or_none(lambda: read_definition(self._client, table))
        if found is None or found.primary_name is None:
            return ()
        name = found.primary_name
        rows = self._rows(Query(found.entity_set, select=(name,), filter=_USABLE.get(table)))
        return sorted({str(row[name]) for row in rows if row[name]})

    def stored(self) -> StoredDefinitions:
        """All definitions, whatever their state."""
        by_name = eq(SettingColumn.NAME, SETTINGS_NAME)
        settings = [settings_row(row) for row in self._all(SETTING, by_name)]
        return StoredDefinitions(
            segments=tuple(segment_row(row) for row in self._all(SEGMENT)),
            rules=tuple(rule_row(row) for row in self._all(ASSIGNMENT_RULE)),
            sellers=tuple(seller_row(row) for row in self._all(SELLER)),
            attributes=tuple(attribute_row(row) for row in self._all(SELLER_ATTRIBUTE)),
            values=tuple(value_row(row) for row in self._all(SELLER_ATTRIBUTE_VALUE)),
            links=frozenset(self._links()),
            settings=settings[0] if settings else None,
        )

    def server_time(self) -> datetime:
        """What the server's clock says: asked, because an earlier answer's time is past."""
        with away_means_unavailable():
            self._client.send(messages.who_am_i())
        at = self._client.server_time()
        if at is None:
            raise unreadable("it does not say what time it is", what="WhoAmI")
        return at

    def write(self, changes: Sequence[Change]) -> None:
        """Send the changes as one change set, or as few as they fit into, one after the other."""
        for requests in in_change_sets([requests_for(change) for change in changes]):
            with away_means_unavailable(), _conflicts_mean_changed():
                (result,) = self._client.send_batch(Batch([ChangeSet(requests)]))
                _raise_failure(result, requests)

    def _links(self) -> Iterator[tuple[str, str]]:
        table = SELLER_ATTRIBUTE_VALUE_SYSTEM_USER_TABLE
        columns = (SELLER_ATTRIBUTE_VALUE.primary_id, SYSTEM_USER.primary_id)
        for row in self._rows(Query(table.entity_set, select=columns)):
            yield row[columns[0]], row[columns[1]]

    def _all(self, table: TableName, filter_: Filter | None = None) -> Iterator[Row]:
        return self._rows(Query(table.entity_set, select=SELECTED[table], filter=filter_))

    def _rows(self, query: Query) -> Iterator[Row]:
        with away_means_unavailable():
            yield from self._client.rows(query)


def _or_none(read: Callable[[], Found | None]) -> Found | None:
    """What is read of a table, or None when there is none, or can be none, of that name."""
    try:
        with away_means_unavailable():
            return read()
    except (NotFound, InvalidRequest):
        return None


def _user(row: Row) -> UserRow:
    domain_name, email = row[SystemUserColumn.DOMAIN_NAME], row[SystemUserColumn.EMAIL]
    name = row[SystemUserColumn.FULL_NAME] or domain_name or email
    is_disabled = bool(row[SystemUserColumn.IS_DISABLED])
    return UserRow(row[SYSTEM_USER.primary_id], name, domain_name, email, is_disabled)


def in_change_sets(groups: Sequence[Sequence[Request]]) -> Iterator[list[Request]]:
    """Share requests out over change sets of nearly equal size; a group stays together.

    Equal sizes see to it that the last group is never sent alone: what it says of the others is
    true when they all took place.
    """
    total = sum(map(len, groups))
    if 0 < total <= MOST_REQUESTS:
        yield [request for group in groups for request in group]
        return
    rooms = MOST_REQUESTS - max(map(len, groups), default=0)
    size = -(-total // max(1, -(-total // rooms)))
    filling: list[Request] = []
    for group in groups:
        if len(filling) >= size:
            yield filling
            filling = []
        filling.extend(group)
    if filling:
        yield filling


@contextmanager
def _conflicts_mean_changed() -> Iterator[None]:
    try:
        yield
    except _CONFLICTS as exc:
        raise DefinitionsChanged(
            f"the definitions in Dataverse have changed since they were read; plan again ({exc})"
        ) from exc


def _raise_failure(result: object, requests: Sequence[Request]) -> None:
    if not isinstance(result, ChangeSetResult):
        raise unreadable("a change set was answered like a request", what="$batch")
    index = result.failed_index
    error = result.error("change set" if index is None else requests[index].what)
    if error is not None:
        raise error
