"""The calendars of users, read in a few round trips however many users there are.

Rules come only with a calendar that is read by its id: a query for several calendars answers with
empty lists, and rules cannot be asked for at all (Microsoft Learn: "CalendarRule table reference",
"Edit work hour calendars by using APIs"). So each calendar is a request of its own, in one batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from work_assignment.dataverse import messages
from work_assignment.dataverse.batches import Batch, PartResult
from work_assignment.dataverse.calendar_names import (
    CALENDAR,
    EXTENDED_USER_SETTING,
    CalendarColumn,
    ExtendedUserSettingColumn,
)
from work_assignment.dataverse.calendar_rules import calendar_from_rows, inner_calendars
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.errors import AccessDenied, InvalidRequest, NotFound
from work_assignment.dataverse.messages import Request, Response, Row
from work_assignment.dataverse.names import SYSTEM_USER, Common, SystemUserColumn
from work_assignment.dataverse.queries import Expand, Guid, Query, eq, in_chunks
from work_assignment.dataverse.unavailable import away_means_unavailable
from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.hours.availability import ALWAYS_WORKING, Calendar

_CALENDARS_A_BATCH = 200

Reading: TypeAlias = Row | DefinitionError
"""A calendar's row, or why it could not be read."""


class UnusableCalendar(DefinitionError):
    """A user's calendar that cannot be read or honoured."""

    def __init__(self, user_id: str, user_name: str, error: DefinitionError) -> None:
        problem = f"{error.where}: {error.problem}" if error.where else error.problem
        super().__init__(f"the hours of {user_name or user_id}", problem)
        self.user_id = user_id


class CalendarStore:
    """Reads calendars; keeps nothing."""

    def __init__(self, client: DataverseClient) -> None:
        self._client = client

    def calendars(
        self, user_ids: Sequence[str]
    ) -> tuple[dict[str, Calendar], list[DefinitionError]]:
        """The calendar of each user; one who has none always works.

        A user whose calendar cannot be used is left out, and an `UnusableCalendar` says why. A
        seller's own availability in Dynamics 365 Sales comes before the user's work hours.
        """
        errors: list[DefinitionError] = []
        if not user_ids:
            return {}, errors
        with away_means_unavailable():
            users = self._users(user_ids)
            chosen = {user: row.get(SystemUserColumn.CALENDAR.value) for user, row in users.items()}
            chosen |= self._availability(errors)
            roots = self._read(chosen[user] for user in users)
            others = [other for row in _rows(roots).values() for other in inner_calendars(row)]
            inner = _rows(self._read(others))
        found: dict[str, Calendar] = {}
        for user_id in user_ids:
            user, name = user_id.lower(), ""
            try:
                if user not in users:
                    raise DefinitionError("", "there is no such user")
                name = users[user].get(SystemUserColumn.FULL_NAME) or ""
                found[user_id] = _calendar(chosen[user], roots, inner)
            except DefinitionError as exc:
                errors.append(UnusableCalendar(user_id, name, exc))
        return found, errors

    def _users(self, user_ids: Sequence[str]) -> dict[str, Row]:
        select = (SystemUserColumn.FULL_NAME, SystemUserColumn.CALENDAR.value)
        found: dict[str, Row] = {}
        for chunk in in_chunks(SYSTEM_USER.primary_id, list(map(Guid, user_ids))):
            query = Query(SYSTEM_USER.entity_set, select, chunk)
            found |= {row[SYSTEM_USER.primary_id]: row for row in self._client.rows(query)}
        return found

    def _availability(self, errors: list[DefinitionError]) -> dict[str, str]:
        """The calendars that sellers keep in Dynamics 365 Sales, by user; ids stand there as text."""
        column = ExtendedUserSettingColumn
        query = Query(
            EXTENDED_USER_SETTING.entity_set,
            select=(column.USER, column.CALENDAR),
            filter=eq(Common.STATE, 0),
            orderby=(Common.CREATED_ON,),
        )
        try:
            rows = list(self._client.rows(query))
        except NotFound:
            return {}  # Dynamics 365 Sales is not installed
        except AccessDenied as exc:
            errors.append(DefinitionError("sellers' availability in Dynamics 365 Sales", str(exc)))
            return {}
        return {
            _bare_id(row[column.USER]): _bare_id(row[column.CALENDAR])
            for row in rows
            if row.get(column.USER) and row.get(column.CALENDAR)
        }

    def _read(self, ids: Iterable[str | None]) -> dict[str, Reading]:
        """Calendars with their rules by id, or why one cannot be read."""
        wanted = dict.fromkeys(filter(None, ids))
        found: dict[str, Reading] = {
            name: _no_calendar(name) for name in wanted if not _is_id(name)
        }
        readable = [name for name in wanted if name not in found]
        for start in range(0, len(readable), _CALENDARS_A_BATCH):
            chunk = readable[start : start + _CALENDARS_A_BATCH]
            requests = [_request(name) for name in chunk]
            answers = self._client.send_batch(Batch(requests, continue_on_error=True))
            for name, request, answer in zip(chunk, requests, answers, strict=True):
                found[name] = _reading(name, request, answer)
        return found


def _request(calendar_id: str) -> Request:
    rules = Expand(CalendarColumn.RULES)
    return messages.retrieve(CALENDAR.entity_set, calendar_id, expand=(rules,))


def _reading(calendar_id: str, request: Request, answer: PartResult) -> Reading:
    if not isinstance(answer, Response):
        raise TypeError(f"a read was answered by {type(answer).__name__}")
    error = answer.error(request.what)
    if isinstance(error, NotFound | AccessDenied):
        return DefinitionError(f"calendar {calendar_id}", error.says)
    return answer.raise_for_error(request.what).json


def _calendar(
    calendar_id: str | None, roots: Mapping[str, Reading], inner: Mapping[str, Row]
) -> Calendar:
    if not calendar_id:
        return ALWAYS_WORKING
    row = roots[calendar_id]
    if isinstance(row, DefinitionError):
        raise row
    return calendar_from_rows(row, inner)


def _rows(readings: Mapping[str, Reading]) -> dict[str, Row]:
    return {name: row for name, row in readings.items() if not isinstance(row, DefinitionError)}


def _no_calendar(text: str) -> DefinitionError:
    return DefinitionError(f"calendar {text!r}", "that is not the id of a calendar")


def _is_id(text: str) -> bool:
    try:
        return bool(Guid(text))
    except InvalidRequest:
        return False


def _bare_id(text: str) -> str:
    return text.strip("{} ").lower()
