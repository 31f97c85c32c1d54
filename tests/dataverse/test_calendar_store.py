"""Calendars of users read from a mock server, where they are worked out a second time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from work_assignment.bootstrap import connect
from work_assignment.dataverse import messages
from work_assignment.dataverse.auth import StaticToken
from work_assignment.dataverse.calendars import CalendarStore, UnusableCalendar
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.errors import AccessDenied, DataverseError, NotFound
from work_assignment.dataverse.messages import PLAIN, Prefer, Request
from work_assignment.dataverse.queries import Query
from work_assignment.domain.hours.availability import ALWAYS_WORKING, Calendar
from work_assignment.mock_dataverse.server import MockServer
from work_assignment.settings import Credentials

Row = dict[str, Any]
WORK, PAUSE = {"timecode": 0, "subcode": 1}, {"timecode": 2, "subcode": 4}
FREE, CLOSED = {"timecode": 2, "subcode": 6}, {"timecode": 2, "subcode": 5}
OPEN = "9999-12-30T00:00:00Z"
QUARTER = timedelta(minutes=15)


@pytest.fixture
def admin() -> Iterator[DataverseClient]:
    with MockServer() as mock, connect(mock.url, Credentials()) as client:
        yield client


def created(admin: DataverseClient, entity_set: str, row: Row) -> str:
    made = admin.send(messages.create(entity_set, row)).entity_id
    assert made is not None
    return made


def calendar(admin: DataverseClient, *rules: Row, kind: int = 0) -> str:
    row = {"name": "Hours", "type": kind, "calendar_calendar_rules": list(rules)}
    return created(admin, "calendars", row)


def root(admin: DataverseClient, pattern: str, start: str, *leaves: Row, **more: Any) -> Row:
    """A root rule with an inner calendar of these leaves."""
    inner = calendar(admin, *leaves, kind=-1)
    return _root(pattern, start, inner) | more


def _root(pattern: str, start: str, inner: str) -> Row:
    return {
        "pattern": pattern,
        "starttime": f"{start}T00:00:00Z",
        "effectiveintervalend": OPEN,
        "duration": 1440,
        "rank": 2,
        "extentcode": 1,
        "timezonecode": 110,
        "innercalendarid@odata.bind": f"/calendars({inner})",
    }


def leaf(kind: Row, start: int, end: int) -> Row:
    return {**kind, "offset": start, "duration": end - start}


def user(admin: DataverseClient, name: str, hours: str | None = None) -> str:
    row: Row = {"domainname": f"{name}@team.example", "firstname": name, "lastname": "Seller"}
    made = created(admin, "systemusers", row)
    if hours is not None:
        bound = messages.bind("calendarid", "calendars", hours)
        admin.send(messages.update("systemusers", made, bound, version="*"))
    return made


def office(admin: DataverseClient, **more: Any) -> Row:
    leaves = (leaf(WORK, 480, 1020), leaf(PAUSE, 720, 780))
    days = "FREQ=WEEKLY;INTERVAL=1;BYDAY=MO,TU,WE,TH,FR"
    return root(admin, days, "2026-01-05", *leaves) | more


def test_each_user_has_the_hours_of_her_calendar(admin: DataverseClient) -> None:
    shared = calendar(admin, office(admin))
    ana, ben = user(admin, "Ana", shared), user(admin, "Ben", shared)
    cem = user(admin, "Cem")

    found, errors = CalendarStore(admin).calendars([ana, ben, cem])

    night = datetime(2026, 3, 6, 20, tzinfo=UTC)
    morning = datetime(2026, 3, 9, 7, tzinfo=UTC)
    assert errors == []
    assert found[ana].first_working_moment(night, timedelta(days=7)) == morning
    assert found[ana] == found[ben]
    assert found[cem] == ALWAYS_WORKING


def test_the_number_of_round_trips_does_not_grow_with_the_users(admin: DataverseClient) -> None:
    users = [user(admin, f"User{n}", calendar(admin, office(admin))) for n in range(12)]
    before = admin.requests_sent

    found, _ = CalendarStore(admin).calendars(users)

    assert len(found) == 12
    assert admin.requests_sent - before == 4


def test_availability_kept_in_sales_comes_before_work_hours(admin: DataverseClient) -> None:
    ana = user(admin, "Ana", calendar(admin, office(admin)))
    ben = user(admin, "Ben", calendar(admin, office(admin)))
    late = root(admin, "FREQ=DAILY;INTERVAL=1", "2026-01-05", leaf(WORK, 840, 1320))
    _availability(admin, ana, calendar(admin, late))

    found, _ = CalendarStore(admin).calendars([ana, ben])

    day = datetime(2026, 3, 2, tzinfo=UTC)
    first = {name: found[name].first_working_moment(day, timedelta(days=1)) for name in (ana, ben)}
    assert first == {ana: day.replace(hour=13), ben: day.replace(hour=7)}


def _availability(admin: DataverseClient, user_id: str, calendar_id: str) -> None:
    row = {"msdyn_name": "A", "msdyn_userid": user_id.upper(), "msdyn_calendarid": calendar_id}
    created(admin, "msdyn_extendedusersettings", row)


class RefusingAvailability(DataverseClient):
    """A client of an environment that refuses to tell of sellers' availability in Sales."""

    refusal: DataverseError

    def rows(self, query: Query, *, prefer: Prefer = PLAIN) -> Iterator[messages.Row]:
        if query.entity_set == "msdyn_extendedusersettings":
            raise self.refusal
        return super().rows(query, prefer=prefer)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (NotFound, []),
        (AccessDenied, ["sellers' availability in Dynamics 365 Sales: GET: not allowed (403)"]),
    ],
)
def test_where_sales_tells_nothing_work_hours_count(
    admin: DataverseClient, kind: type[DataverseError], said: list[str]
) -> None:
    ana = user(admin, "Ana", calendar(admin, office(admin)))
    status = 404 if kind is NotFound else 403

    with RefusingAvailability(admin.root, StaticToken("")) as client:
        client.refusal = kind(status, "", "", "", "GET")
        found, errors = CalendarStore(client).calendars([ana])

    assert found[ana] != ALWAYS_WORKING
    assert [str(error) for error in errors] == said


def test_a_user_whose_calendar_cannot_be_used_is_left_out_with_the_reason(
    admin: DataverseClient,
) -> None:
    monthly = calendar(admin, office(admin, pattern="FREQ=MONTHLY;BYMONTHDAY=1"))
    ana, ben = user(admin, "Ana", monthly), user(admin, "Ben")
    cem, dee = user(admin, "Cem"), user(admin, "Dee")
    nobody = "00000000-0000-4000-8000-00000000000f"
    _availability(admin, cem, nobody)
    _availability(admin, dee, "tomorrow")

    found, errors = CalendarStore(admin).calendars([ana, ben, cem, dee, nobody])

    assert list(found) == [ben]
    assert [str(error) for error in errors] == [
        f"the hours of Ana Seller: calendar 'Hours' ({monthly}): "
        "the recurrence pattern 'FREQ=MONTHLY;BYMONTHDAY=1' is not supported",
        f"the hours of Cem Seller: calendar {nobody}: the row does not exist",
        "the hours of Dee Seller: calendar 'tomorrow': that is not the id of a calendar",
        f"the hours of {nobody}: there is no such user",
    ]
    assert [error.user_id for error in errors if isinstance(error, UnusableCalendar)] == [
        ana,
        cem,
        dee,
        nobody,
    ]


def test_without_users_nothing_is_asked(admin: DataverseClient) -> None:
    assert CalendarStore(admin).calendars([]) == ({}, [])
    assert admin.requests_sent == 0


def expanded(
    admin: DataverseClient, calendar_id: str, start: datetime, end: datetime
) -> list[tuple[datetime, datetime]]:
    """When Dataverse says that a calendar is available."""
    call = "Microsoft.Dynamics.CRM.ExpandCalendar(Start=@s,End=@e)"
    moments = "&".join(
        f"@{name}={quote(at.strftime('%Y-%m-%dT%H:%M:%SZ'))}"
        for name, at in (("s", start), ("e", end))
    )
    body = admin.send(Request("GET", f"calendars({calendar_id})/{call}?{moments}")).json
    return [
        (datetime.fromisoformat(item["Start"]), datetime.fromisoformat(item["End"]))
        for item in body["result"]
        if item["TimeCode"] == "Available"
    ]


def closures(admin: DataverseClient) -> Row:
    """A root rule that observes closures: 6 April, and 25 and 26 October."""
    once = {"pattern": "FREQ=DAILY;INTERVAL=1;COUNT=1", "timezonecode": -1, "rank": 0, **CLOSED}
    closed = calendar(
        admin,
        {**once, "starttime": "2026-04-05T22:00:00Z", "duration": 1440},
        {**once, "starttime": "2026-10-24T22:00:00Z", "duration": 1500},
    )
    observing = _root("FREQ=YEARLY;INTERVAL=1", "2026-01-01", closed)
    return observing | {"rank": 1, "extentcode": 2, "duration": 525600, **CLOSED}


def everything(admin: DataverseClient) -> list[Row]:
    """Weekly hours, a night shift each second week, days of their own, time off, closures."""
    day, once = "FREQ=DAILY;COUNT=1", {"rank": 0}
    night = leaf(WORK, 1320, 1830), leaf(PAUSE, 1500, 1560)
    return [
        office(admin),
        root(admin, "FREQ=WEEKLY;INTERVAL=2;BYDAY=SA", "2026-01-10", *night, timezonecode=255),
        root(admin, day, "2026-04-08", leaf(WORK, 600, 660), **once),
        root(admin, day, "2026-04-09", **once),
        root(admin, day, "2026-04-10", leaf(FREE, 780, 900), **once, extentcode=2),
        root(admin, day, "2026-10-26", leaf(FREE, 0, 2880), **once, extentcode=2),
        root(admin, day, "2026-04-06", leaf(WORK, 480, 540), **once, timezonecode=35),
        closures(admin),
    ]


@pytest.mark.parametrize("start", ["2026-03-24", "2026-10-20"])
def test_our_reading_and_the_expansion_of_the_server_agree(
    admin: DataverseClient, start: str
) -> None:
    made = calendar(admin, *everything(admin))
    ana = user(admin, "Ana", made)
    begin = datetime.fromisoformat(start).replace(tzinfo=UTC)
    end = begin + timedelta(days=21)

    found, errors = CalendarStore(admin).calendars([ana])
    available = expanded(admin, made, begin, end)

    assert errors == []
    assert len(available) > 15
    assert [
        (step, found[ana].working_time(step, step + QUARTER))
        for step in _quarters(begin, end)
        if found[ana].working_time(step, step + QUARTER) != _overlap(available, step)
    ] == []


def _quarters(begin: datetime, end: datetime) -> Iterator[datetime]:
    while begin < end:
        yield begin
        begin += QUARTER


def _overlap(stretches: list[tuple[datetime, datetime]], step: datetime) -> timedelta:
    parts = (min(end, step + QUARTER) - max(start, step) for start, end in stretches)
    return sum((part for part in parts if part > timedelta(0)), timedelta(0))


def test_a_calendar_is_the_same_however_often_it_is_read(admin: DataverseClient) -> None:
    ana = user(admin, "Ana", calendar(admin, *everything(admin)))

    read: list[Calendar] = [CalendarStore(admin).calendars([ana])[0][ana] for _ in range(2)]

    assert read[0] == read[1]
