"""Relative dates over HTTP: the clock is the mock's, the settings are rows that anyone may write."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from tests.mock_dataverse.core.client import Api

from work_assignment.mock_dataverse.server import MockServer

BERLIN = 110


@dataclass
class Clock:
    now: datetime

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime(2026, 7, 1, 22, 30, tzinfo=UTC))


@pytest.fixture
def api(clock: Clock) -> Iterator[Api]:
    with MockServer(clock=clock) as server:
        client = Api(server)
        yield client
        client.close()


def _found(api: Api, function: str) -> list[str]:
    path = f"leads?$select=subject&$orderby=subject&$filter=Microsoft.Dynamics.CRM.{function}"
    return [row["subject"] for row in api.row(path)["value"]]


def test_days_follow_the_callers_zone_and_the_mocks_clock(api: Api, clock: Clock) -> None:
    me = api.row("WhoAmI")["UserId"]
    assert api.patch(f"usersettingscollection({me})", {"timezonecode": BERLIN}).status_code == 204
    api.create("leads", lastname="Person", subject="in the evening")
    clock.now = datetime(2026, 7, 2, 21, 59, 59, tzinfo=UTC)
    api.create("leads", lastname="Person", subject="a day later")
    today = "Today(PropertyName='createdon')"
    assert _found(api, today) == ["a day later", "in the evening"]
    clock.now = datetime(2026, 7, 2, 22, 0, tzinfo=UTC)
    assert _found(api, today) == []
    assert _found(api, "Yesterday(PropertyName='createdon')") == ["a day later", "in the evening"]


def test_fiscal_years_and_weeks_follow_the_organization(api: Api) -> None:
    settings = {
        "fiscalcalendarstart": "2000-07-02",
        "fiscalperiodtype": 2003,
        "fiscalyeardisplaycode": 2,
        "weekstartdaycode": 3,
    }
    organization = api.row("WhoAmI")["OrganizationId"]
    assert api.patch(f"organizations({organization})", settings).status_code == 204
    for day in ("2026-06-30", "2026-07-01", "2026-07-02"):
        api.create("leads", lastname="Person", subject=day, estimatedclosedate=day)
    column = "PropertyName='estimatedclosedate'"
    assert _found(
        api, f"InFiscalPeriodAndYear({column},PropertyValue1=12,PropertyValue2=2026)"
    ) == [
        "2026-06-30",
        "2026-07-01",
    ]
    assert _found(api, f"ThisWeek({column})") == ["2026-07-01", "2026-07-02"]


def test_accounts_users_and_business_units_are_trees(api: Api) -> None:
    top = api.create("accounts", name="Group")
    middle = api.create(
        "accounts", name="Europe", **{"parentaccountid@odata.bind": f"/accounts({top})"}
    )
    api.create(
        "leads",
        lastname="P",
        subject="europe",
        **{"parentaccountid@odata.bind": f"/accounts({middle})"},
    )
    assert _found(api, f"Under(PropertyName='parentaccountid',PropertyValue='{top}')") == ["europe"]
    boss = api.row("WhoAmI")["UserId"]
    seller = api.create(
        "systemusers", lastname="S", **{"parentsystemuserid@odata.bind": f"/systemusers({boss})"}
    )
    own = {"ownerid@odata.bind": f"/systemusers({seller})"}
    api.create("leads", lastname="P", subject="of the seller", **own)
    assert _found(api, f"Under(PropertyName='ownerid',PropertyValue='{boss}')") == ["of the seller"]
