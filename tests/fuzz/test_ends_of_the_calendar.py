"""Moments that no calendar of the caller's zone can hold are answered or refused like any others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.mock_dataverse.core.client import Api, assert_fault

from work_assignment.mock_dataverse.server import MockServer
from work_assignment.mock_dataverse.well_known import ADMINISTRATOR_ID

_LATEST = "9999-12-31T23:59:59Z"
_BEYOND = ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00%2B14:00"]
_SHOWN = {"Prefer": 'odata.include-annotations="*"'}


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    with MockServer() as server:
        client = Api(server)
        client.patch(f"usersettingscollection({ADMINISTRATOR_ID})", {"timezonecode": 110})
        yield client
        client.close()


def test_the_last_moment_there_is_has_a_formatted_value(api: Api) -> None:
    lead = api.create("leads", lastname="x", schedulefollowup_prospect=_LATEST)

    answer = api.get(f"leads({lead})?$select=schedulefollowup_prospect", headers=_SHOWN)

    assert answer.status_code == 200, answer.text
    shown = answer.json()["schedulefollowup_prospect@OData.Community.Display.V1.FormattedValue"]
    assert shown == "12/31/9999 11:59 PM"


@pytest.mark.parametrize("grouping", ["day", "week", "year", "fiscal-year"])
def test_the_last_moment_there_is_belongs_to_a_group(api: Api, grouping: str) -> None:
    api.create("leads", lastname="x", schedulefollowup_prospect=_LATEST)
    fetch = (
        "<fetch aggregate='true'><entity name='lead'><attribute name='leadid' alias='n'"
        " aggregate='count'/><attribute name='schedulefollowup_prospect' alias='g' groupby='true'"
        f" dategrouping='{grouping}'/></entity></fetch>"
    )

    answer = api.get("leads", params={"fetchXml": fetch})

    assert answer.status_code == 200, answer.text
    assert answer.json()["value"][-1]["n"] >= 1


@pytest.mark.parametrize("moment", _BEYOND)
def test_a_schedule_from_or_to_beyond_the_calendar_is_refused(api: Api, moment: str) -> None:
    answer = api.get(
        "QuerySchedule(ResourceId=@r,Start=@s,End=@e,TimeCodes=@t)"
        f"?@r={ADMINISTRATOR_ID}&@s=2026-03-02T00:00:00Z&@e={moment}&@t=['Available']"
    )

    assert_fault(answer, 400, "0x80060888", "End")


@pytest.mark.parametrize("moment", _BEYOND)
def test_a_log_since_beyond_the_calendar_is_refused(api: Api, moment: str) -> None:
    answer = api.get(f"{api.server.url}/__mock/webhooks/log?since={moment}")

    assert answer.status_code == 400
    assert "'since' is" in answer.json()["error"]
