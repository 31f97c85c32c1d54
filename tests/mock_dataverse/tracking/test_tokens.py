"""Change tracking: which tokens count, and what is refused."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.mock_dataverse.core.client import Api, assert_fault
from tests.mock_dataverse.core.solution_folder import write_solution
from tests.mock_dataverse.tracking.conftest import Tracker

from work_assignment.mock_dataverse.server import MockServer

TRACK = {"Prefer": "odata.track-changes"}
EXPIRED = "0x80044352"
FULL_SYNC = "Please perform a full sync"


def test_a_token_expires_after_a_week(own_api: Api) -> None:
    tracker = Tracker(own_api)
    old = tracker.start()
    own_api.server.clock.advance(timedelta(days=6, hours=23))
    new = tracker.go_on(old)
    own_api.server.clock.advance(timedelta(hours=2))
    assert_fault(own_api.get(old.link), 400, EXPIRED, FULL_SYNC)
    assert tracker.go_on(new).rows == {}


def test_the_organization_says_how_long_tokens_live(own_api: Api) -> None:
    (organization,) = own_api.row("organizations?$select=name")["value"]
    path = f"organizations({organization['organizationid']})"
    assert own_api.patch(path, {"expirechangetrackingindays": 30}).status_code == 204
    tracker = Tracker(own_api)
    first = tracker.start()
    own_api.server.clock.advance(timedelta(days=20))
    assert tracker.go_on(first).rows == {}


def test_a_token_of_a_state_that_was_undone_has_expired(own_api: Api) -> None:
    tracker = Tracker(own_api)
    before = tracker.start()
    kept = own_api.create("leads", subject="kept")
    own_api.server.store.snapshot("here")
    undone = own_api.create("leads", subject="undone")
    seen = tracker.start()
    assert {kept, undone} <= set(seen.rows)
    own_api.server.store.restore("here")
    assert_fault(own_api.get(seen.link), 400, EXPIRED, FULL_SYNC)
    own_api.create("leads", subject="later")
    assert_fault(own_api.get(seen.link), 400, EXPIRED, FULL_SYNC)
    after = tracker.go_on(before)
    assert sorted(row["subject"] for row in after.rows.values()) == ["kept", "later"]


def test_a_kept_file_keeps_its_tokens(tmp_path: Path) -> None:
    file = tmp_path / "organization.sqlite"
    with MockServer(file) as server:
        api = Api(server)
        gone = api.create("leads", subject="x")
        path = Tracker(api).start().link.partition("/v9.2/")[2]
        api.delete(f"leads({gone})")
        api.close()
    with MockServer(file) as server:
        api = Api(server)
        assert [row["id"] for row in api.row(path)["value"]] == [gone]
        api.close()


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("", "0x80044183"),
        ("5", "0x80044183"),
        ("1000001!13/45/2026 00:00:00", "0x80044183"),
        ("1000001!01/01/2026", "0x80044183"),
        ("' OR 1=1!01/01/2026 00:00:00", "0x80044183"),
        ("999999999999!12/31/9998 00:00:00", EXPIRED),
        ("1000001!01/01/2001 00:00:00", EXPIRED),
    ],
)
def test_other_tokens_are_refused(api: Api, token: str, code: str) -> None:
    assert_fault(api.get("leads", params={"$deltatoken": token}), 400, code)
    assert_fault(api.get("leads/$count", params={"$deltatoken": token}), 400, code)


@pytest.mark.parametrize(
    "inner",
    [
        "",
        "%3ccookie%20page%3d%221%22%2f%3e",
        "%3ccookie%20until%3d%22x%22%20version%3d%221%22%2f%3e",
        "%3ccookie%20until%3d%221%22%20version%3d%221%22%20id%3d%22x%22%2f%3e",
    ],
)
def test_a_skip_token_that_is_not_ours_is_refused(api: Api, inner: str) -> None:
    token = f'<cookie pagenumber="2" pagingcookie="{inner}" istracking="True" />'
    assert_fault(api.get("leads", params={"$skiptoken": token}), 400, "0x8004112a")


@pytest.mark.parametrize(
    "option",
    [
        "$filter=statecode eq 0",
        "$orderby=subject",
        "$expand=owninguser",
        "$top=1",
        "$apply=aggregate($count as n)",
        "sql=SELECT subject FROM lead",
        "fetchXml=<fetch><entity name='lead'/></fetch>",
    ],
)
def test_other_options_do_not_go_with_tracking(api: Api, option: str) -> None:
    name = option.partition("=")[0]
    words = f'The "{name}" query parameter isn\'t supported when Change Tracking is enabled.'
    assert_fault(api.get(f"leads?{option}", headers=TRACK), 400, "0x80060888", words)


def test_an_unknown_column_is_named(api: Api) -> None:
    answer = api.get("leads?$select=nothing", headers=TRACK)
    assert_fault(answer, 400, "0x80060888", "'nothing'")


def test_a_table_that_does_not_track_changes_is_named(api: Api) -> None:
    assert_fault(api.get("campaigns", headers=TRACK), 400, "0x80060888", "'campaign'")


def test_the_rows_of_one_row_are_not_tracked(api: Api) -> None:
    account = api.create("accounts", name="x")
    answer = api.get(f"accounts({account})/contact_customer_accounts", headers=TRACK)
    assert_fault(answer, 400, "0x80060888", "contact_customer_accounts")


@pytest.mark.parametrize(("flag", "status"), [("1", 200), ("0", 400)])
def test_a_solution_says_which_of_its_tables_track_changes(
    tmp_path: Path, flag: str, status: int
) -> None:
    extra = f"<ChangeTrackingEnabled>{flag}</ChangeTrackingEnabled>"
    with MockServer(solutions=[write_solution(tmp_path, extra=extra)]) as server:
        api = Api(server)
        assert api.get("x_things", headers=TRACK).status_code == status
        api.close()
