"""Change tracking: all rows, then what changed and what was deleted."""

from __future__ import annotations

import re

from tests.mock_dataverse.core.client import Api
from tests.mock_dataverse.tracking.conftest import Tracker

TRACK = {"Prefer": "odata.track-changes"}


def test_the_first_answer_has_all_rows_and_ends_with_a_delta_link(own_api: Api) -> None:
    ids = {own_api.create("leads", subject=f"Lead {number}") for number in range(3)}
    answer = own_api.get("leads?$select=subject", headers=TRACK)
    assert answer.headers["Preference-Applied"] == "odata.track-changes"
    body = answer.json()
    assert body["@odata.context"] == f"{own_api.root}$metadata#leads(subject)"
    assert {row["leadid"] for row in body["value"]} == ids
    assert all(row["@odata.etag"] for row in body["value"])
    link = re.escape(f"{own_api.root}leads?$select=subject&$deltatoken=")
    token = r"\d+%21\d\d%2f\d\d%2f\d{4}%20\d\d%3a\d\d%3a\d\d"
    assert re.fullmatch(link + token, body["@odata.deltaLink"])


def test_nothing_changed_is_an_empty_list_and_a_new_link(tracker: Tracker) -> None:
    body = tracker.api.row(tracker.start().link)
    assert body["@odata.context"].endswith("$metadata#leads(subject)/$delta")
    assert body["value"] == []
    assert "$deltatoken=" in body["@odata.deltaLink"]


def test_created_changed_and_deleted_rows_come_once(tracker: Tracker) -> None:
    api = tracker.api
    kept, changed, gone = (api.create("leads", subject=name) for name in ("a", "b", "c"))
    first = tracker.start()
    assert {kept, changed, gone} <= set(first.rows)
    created = api.create("leads", subject="d")
    api.patch(f"leads({changed})", {"subject": "b2"})
    api.patch(f"leads({changed})", {"subject": "b3"})
    api.delete(f"leads({gone})")
    second = tracker.go_on(first)
    assert {key: row["subject"] for key, row in second.rows.items()} == {
        created: "d",
        changed: "b3",
    }
    assert second.deleted == [gone]
    third = tracker.go_on(second)
    assert (third.rows, third.deleted) == ({}, [])


def test_a_deletion_is_told_with_its_context_and_reason(tracker: Tracker) -> None:
    api = tracker.api
    gone = api.create("leads", subject="x")
    link = tracker.start().link
    api.delete(f"leads({gone})")
    assert api.row(link)["value"] == [
        {
            "@odata.context": f"{api.root}$metadata#leads/$deletedEntity",
            "id": gone,
            "reason": "deleted",
        }
    ]


def test_a_row_created_and_deleted_in_between_is_told_as_deleted(tracker: Tracker) -> None:
    first = tracker.start()
    short_lived = tracker.api.create("leads", subject="x")
    tracker.api.delete(f"leads({short_lived})")
    assert tracker.go_on(first).deleted == [short_lived]


def test_a_row_deleted_and_created_anew_is_told_as_changed(tracker: Tracker) -> None:
    api = tracker.api
    row_id = api.create("leads", subject="old")
    first = tracker.start()
    api.delete(f"leads({row_id})")
    api.patch(f"leads({row_id})", {"subject": "new"})
    second = tracker.go_on(first)
    assert (second.rows[row_id]["subject"], second.deleted) == ("new", [])
    api.delete(f"leads({row_id})")
    assert tracker.go_on(second).deleted == [row_id]


def test_deletions_that_a_deletion_brings_along_are_told(api: Api) -> None:
    lead = api.create("leads", subject="x")
    regarding = {"regardingobjectid_lead_task@odata.bind": f"/leads({lead})"}
    task = api.create("tasks", subject="x", **regarding)
    tracker = Tracker(api, "activityid")
    first = tracker.start("tasks?$select=subject")
    assert task in first.rows
    api.delete(f"leads({lead})")
    second = tracker.go_on(first)
    assert task in [*second.deleted, *second.rows]
    assert (task in second.deleted) == (api.get(f"tasks({task})").status_code == 404)


def test_a_link_that_a_deletion_cuts_is_a_change(api: Api) -> None:
    contact = api.create("contacts", lastname="x")
    primary = {"primarycontactid@odata.bind": f"/contacts({contact})"}
    account = api.create("accounts", name="x", **primary)
    tracker = Tracker(api, "accountid")
    first = tracker.start("accounts?$select=_primarycontactid_value")
    assert first.rows[account]["_primarycontactid_value"] == contact
    api.delete(f"contacts({contact})")
    assert tracker.go_on(first).rows[account]["_primarycontactid_value"] is None


def test_what_a_failed_change_set_wrote_is_no_change(tracker: Tracker) -> None:
    api = tracker.api
    gone = api.create("leads", subject="x")
    first = tracker.start()
    part = (
        "--c\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
        "Content-ID: {id}\r\n\r\n{line} HTTP/1.1\r\n\r\n\r\n"
    )
    body = (
        "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n"
        + part.format(id=1, line=f"DELETE {api.root}leads({gone})")
        + part.format(id=2, line=f"DELETE {api.root}leads(00000000-0000-0000-0000-00000000dead)")
        + "--c--\r\n--b--\r\n"
    )
    kind = {"Content-Type": "multipart/mixed; boundary=b"}
    api.send("POST", "$batch", data=body, headers=kind)
    second = tracker.go_on(first)
    assert (second.rows, second.deleted) == ({}, [])


def test_changes_are_counted(tracker: Tracker) -> None:
    api = tracker.api
    gone = api.create("leads", subject="x")
    link = tracker.start("leads").link
    api.create("leads", subject="y")
    api.delete(f"leads({gone})")
    answer = api.get(link.replace("leads?", "leads/$count?"))
    assert (answer.status_code, answer.text.lstrip("\ufeff")) == (200, "2")
    assert api.row(link.replace("leads?", "leads?$count=true&"))["@odata.count"] == 2


def test_tracking_is_not_applied_to_a_single_row(api: Api) -> None:
    row_id = api.create("leads", subject="x")
    answer = api.get(f"leads({row_id})?$select=subject", headers=TRACK)
    assert answer.status_code == 200
    assert "track-changes" not in answer.headers.get("Preference-Applied", "")


def test_definitions_tell_which_tables_track_changes(api: Api) -> None:
    path = "EntityDefinitions(LogicalName='{}')?$select=ChangeTrackingEnabled"
    assert api.row(path.format("lead"))["ChangeTrackingEnabled"] is True
    assert api.row(path.format("campaign"))["ChangeTrackingEnabled"] is False
