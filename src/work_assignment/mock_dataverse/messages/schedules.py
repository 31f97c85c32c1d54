"""ExpandCalendar, QuerySchedule and QueryMultipleSchedules: when somebody works."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from datetime import timedelta
from typing import Any

from ..faults import bad_request, not_emulated
from ..requests.exchanges import Response
from ..tables.metadata import Catalog
from ..tables.values import EARLIEST_YEAR, is_guid, stored_moment
from ..writing.references import Reference
from ..writing.writes import existing_row
from .calendars.expansion import Block, expand_rules
from .calendars.spans import Span
from .calls import Call

_TIME_CODES = ("Available", "Busy", "Unavailable", "Filter")
_SUB_CODES = (
    "Unspecified",
    "Schedulable",
    "Committed",
    "Uncommitted",
    "Break",
    "Holiday",
    "Vacation",
    "Appointment",
    "ResourceStartTime",
    "ResourceServiceRestriction",
    "ResourceCapacity",
    "ServiceRestriction",
    "ServiceCost",
)
# Working hours and what interrupts them; appointments and services are not looked at.
_KNOWN_CODES = frozenset({"Available", "Unavailable"})
_LONGEST = timedelta(days=3660)
_LAST_YEAR = 9000
_NO_ACTIVITY = -1


def expand_calendar(call: Call) -> Response:
    """List the blocks of one calendar."""
    call.expect("Start", "End")
    window = _window(call)
    with call.session.reading() as db:
        calendar = call.bound_row(db)
        blocks = expand_rules(db, call.session.catalog, calendar.row_id, window)
    return call.answer({"result": _shown(blocks, calendar, calendar.row_id, _KNOWN_CODES)})


def query_schedule(call: Call) -> Response:
    """List the blocks of a user's calendar."""
    call.expect("ResourceId", "Start", "End", "TimeCodes")
    codes, window = _time_codes(call), _window(call)
    with call.session.reading() as db:
        found = _schedule(db, call.session.catalog, call.guid("ResourceId"), window, codes)
    return call.answer({"TimeInfos": found})


def query_multiple_schedules(call: Call) -> Response:
    """List the blocks of several users' calendars, in their order.

    The parameter with their ids is ResourceIds in the SDK, and Resource in older samples.
    """
    resources = "Resource" if "Resource" in call.parameters else "ResourceIds"
    call.expect(resources, "Start", "End", "TimeCodes")
    codes, window = _time_codes(call), _window(call)
    ids = call.texts(resources)
    if len(ids) > 1 and len(codes) > 1:
        raise not_emulated("different time codes for several resources")
    for resource_id in ids:
        if not is_guid(resource_id):
            raise bad_request(f"'{resource_id}' in {resources} is not a guid.")
    with call.session.reading() as db:
        found = [
            {"TimeInfos": _schedule(db, call.session.catalog, item.lower(), window, codes)}
            for item in ids
        ]
    return call.answer({"TimeInfos": found})


def _window(call: Call) -> Span:
    window = Span(call.moment("Start"), call.moment("End"))
    if window.start.year < EARLIEST_YEAR or window.end.year > _LAST_YEAR:
        raise bad_request("The date-time value is outside the supported range.", "0x80040239")
    if window.start >= window.end:
        raise bad_request(f"The Start of {call.name} is not before its End.", "0x80040203")
    if window.end - window.start > _LONGEST:
        raise not_emulated(f"{call.name} over more than ten years")
    return window


def _time_codes(call: Call) -> frozenset[str]:
    codes = frozenset(call.texts("TimeCodes"))
    unknown = sorted(codes - set(_TIME_CODES))
    if unknown or not codes:
        raise bad_request(
            f"The TimeCodes of {call.name} are some of {', '.join(_TIME_CODES)}, not"
            f" {', '.join(unknown) or 'none'}."
        )
    if codes - _KNOWN_CODES:
        raise not_emulated(
            f"the time codes {' and '.join(sorted(codes - _KNOWN_CODES))} of {call.name}"
        )
    return codes


def _schedule(
    db: sqlite3.Connection, catalog: Catalog, user_id: str, window: Span, codes: Collection[str]
) -> list[dict[str, Any]]:
    users = catalog.tables["systemuser"]
    calendar_id = existing_row(db, users, user_id)["calendarid"]
    if calendar_id is None:
        raise not_emulated(
            f"the schedule of a user without a calendar (systemuser {user_id}); Dataverse gives"
            " each user one"
        )
    blocks = expand_rules(db, catalog, calendar_id, window)
    return _shown(blocks, Reference(users, user_id), calendar_id, codes)


def _shown(
    blocks: list[Block], source: Reference, calendar_id: str, codes: Collection[str]
) -> list[dict[str, Any]]:
    return [
        {
            "Start": stored_moment(block.span.start),
            "End": stored_moment(block.span.end),
            "TimeCode": _TIME_CODES[block.time_code],
            "SubCode": _SUB_CODES[block.sub_code],
            "SourceId": source.row_id,
            "CalendarId": calendar_id,
            "SourceTypeCode": source.table.object_type_code,
            "IsActivity": False,
            "ActivityStatusCode": _NO_ACTIVITY,
            "Effort": block.effort,
            "DisplayText": block.text,
        }
        for block in blocks
        if _TIME_CODES[block.time_code] in codes
    ]
