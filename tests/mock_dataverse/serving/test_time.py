"""The organization's time, set apart from the real one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.mock_dataverse.core.client import Api
from tests.mock_dataverse.serving.admin import Admin

from work_assignment.mock_dataverse.storage.clock import TimeOutOfRange, VirtualClock

NOON = "2026-03-01T12:00:00.000000Z"


def created(api: Api) -> str:
    moment: str = api.row(f"leads({api.create('leads')})?$select=createdon")["createdon"]
    return moment


def moment(state: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(state["now"])


def test_rows_are_stamped_with_a_frozen_time(api: Api, admin: Admin) -> None:
    state = admin.json("PUT", "time", {"now": "2026-03-01T13:00:00+01:00", "frozen": True})
    assert state == {"now": NOON, "frozen": True, "virtual": True}
    assert created(api) == "2026-03-01T12:00:00Z"
    assert admin.json("GET", "time")["now"] == NOON


def test_answers_are_dated_by_the_organizations_time(api: Api, admin: Admin) -> None:
    admin.json("PUT", "time", {"now": NOON, "frozen": True})
    dated = api.send("GET", "WhoAmI").headers
    assert dated["Date"] == "Sun, 01 Mar 2026 12:00:00 GMT"


def test_a_frozen_time_moves_only_when_told(api: Api, admin: Admin) -> None:
    admin.json("PUT", "time", {"now": NOON, "frozen": True})
    assert admin.json("POST", "time/advance", {"seconds": 3600.5})["frozen"] is True
    assert created(api) == "2026-03-01T13:00:00Z"
    admin.json("POST", "time/advance", {"seconds": -86_400})
    assert created(api) == "2026-02-28T13:00:00Z"


def test_a_time_that_is_set_goes_on_by_itself_and_can_be_stopped(admin: Admin) -> None:
    first = moment(admin.json("PUT", "time", {"now": NOON}))
    second = moment(admin.json("GET", "time"))
    assert timedelta() < second - first < timedelta(minutes=1)
    stopped = admin.json("PUT", "time", {"frozen": True})
    assert stopped["frozen"]
    assert moment(stopped) >= second
    assert admin.json("GET", "time") == stopped
    assert admin.json("PUT", "time", {"frozen": False})["frozen"] is False


def test_the_real_time_comes_back(admin: Admin) -> None:
    admin.json("PUT", "time", {"now": NOON, "frozen": True})
    state = admin.json("DELETE", "time")
    assert (state["frozen"], state["virtual"]) == (False, False)
    assert abs(moment(state) - datetime.now(UTC)) < timedelta(minutes=1)


def test_relative_dates_follow_the_time_that_is_set(api: Api, admin: Admin) -> None:
    admin.json("PUT", "time", {"now": NOON, "frozen": True})
    lead = api.create("leads")
    today = (
        f"leads?$filter=leadid eq {lead} and Microsoft.Dynamics.CRM.Today(PropertyName='createdon')"
    )
    assert len(api.row(today)["value"]) == 1
    admin.json("POST", "time/advance", {"seconds": 2 * 86_400})
    assert api.row(today)["value"] == []


def test_a_clock_that_was_advanced_past_the_last_day_stays_where_it_is() -> None:
    at = datetime(2999, 12, 30, tzinfo=UTC)
    clock = VirtualClock(lambda: at)
    for by in (timedelta(days=5), timedelta.max):
        with pytest.raises(TimeOutOfRange):
            clock.advance(by)
    assert clock() == at
