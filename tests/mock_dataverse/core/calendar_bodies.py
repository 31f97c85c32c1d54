"""Calendars as a client writes them: inner calendars, weekly rules, single days, closures."""

from __future__ import annotations

from typing import Any

from tests.mock_dataverse.core.client import Api

BERLIN, UTC = 110, 92
OPEN_END = "9999-12-30T00:00:00Z"
WORK = {"timecode": 0, "subcode": 1}
BREAK = {"timecode": 2, "subcode": 4}
DAY_OFF = {"timecode": 2, "subcode": 0}
VACATION = {"timecode": 2, "subcode": 6}
HOLIDAY = {"timecode": 2, "subcode": 5}


def leaf(start: str, end: str, kind: dict[str, int] | None = None) -> dict[str, Any]:
    """A leaf between two times of a day such as `08:00` and `17:00`, or later than midnight."""
    begin, finish = _minutes(start), _minutes(end)
    return {**(kind or WORK), "offset": begin, "duration": finish - begin}


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def inner(api: Api, *leaves: dict[str, Any], name: str | None = None) -> dict[str, str]:
    """Create an inner calendar; gives what binds it to a root rule."""
    made = api.create("calendars", name=name, type=-1, calendar_calendar_rules=list(leaves))
    return {"innercalendarid@odata.bind": f"/calendars({made})"}


def weekly(bound: dict[str, str], days: str, **others: Any) -> dict[str, Any]:
    """A root rule that repeats every week."""
    return {
        "pattern": f"FREQ=WEEKLY;INTERVAL=1;BYDAY={days}",
        "starttime": "2026-01-05T00:00:00Z",
        "effectiveintervalend": OPEN_END,
        "duration": 1440,
        "rank": 2,
        "extentcode": 1,
        "timezonecode": BERLIN,
        **bound,
        **others,
    }


def single(bound: dict[str, str], day: str, **others: Any) -> dict[str, Any]:
    """A root rule for one day."""
    return {
        "pattern": "FREQ=DAILY;COUNT=1",
        "starttime": f"{day}T00:00:00Z",
        "duration": 1440,
        "rank": 0,
        "extentcode": 1,
        "timezonecode": BERLIN,
        **bound,
        **others,
    }


def calendar(api: Api, *rules: dict[str, Any]) -> str:
    return api.create("calendars", name="Ana", type=0, calendar_calendar_rules=list(rules))


def office_hours(api: Api) -> dict[str, str]:
    """Eight to five with an hour's break."""
    return inner(api, leaf("08:00", "17:00"), leaf("12:00", "13:00", BREAK))


def expanded(api: Api, calendar_id: str, start: str, end: str) -> list[tuple[str, str, str]]:
    """Start, end and sub code of a calendar's blocks, as ExpandCalendar gives them."""
    path = f"calendars({calendar_id})/Microsoft.Dynamics.CRM.ExpandCalendar(Start=@s,End=@e)"
    body = api.row(f"{path}?@s={_moment(start)}&@e={_moment(end)}")
    return [(item["Start"], item["End"], item["SubCode"]) for item in body["result"]]


def working(api: Api, calendar_id: str, start: str, end: str) -> list[tuple[str, str]]:
    """When somebody works, in UTC."""
    return [
        (begin, finish)
        for begin, finish, code in expanded(api, calendar_id, start, end)
        if code == "Schedulable"
    ]


def _moment(text: str) -> str:
    return text if "T" in text else f"{text}T00:00:00Z"
