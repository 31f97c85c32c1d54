"""Change tracking page by page, while others go on writing."""

from __future__ import annotations

from tests.mock_dataverse.core.client import Api
from tests.mock_dataverse.tracking.conftest import Tracker


def test_all_pages_together_hold_every_row_once(own_api: Api) -> None:
    ids = {own_api.create("leads", subject=f"{number}") for number in range(5)}
    found = Tracker(own_api).start(page=2)
    assert (set(found.rows), found.pages) == (ids, [2, 2, 1])


def test_changed_rows_come_before_deleted_ones_on_pages_too(own_api: Api) -> None:
    tracker = Tracker(own_api)
    gone = [own_api.create("leads", subject="x") for _ in range(3)]
    first = tracker.start()
    new = {own_api.create("leads", subject="y") for _ in range(2)}
    for row_id in gone:
        own_api.delete(f"leads({row_id})")
    for size, pages in ((1, [1] * 5), (2, [2, 2, 1]), (3, [3, 2]), (5, [5]), (9, [5])):
        second = tracker.go_on(first, page=size)
        assert (set(second.rows), second.deleted, second.pages) == (new, gone, pages)


def test_further_pages_need_no_preference(own_api: Api) -> None:
    for number in range(3):
        own_api.create("leads", subject=f"{number}")
    headers = {"Prefer": "odata.track-changes,odata.maxpagesize=2"}
    link = own_api.get("leads?$select=subject", headers=headers).json()["@odata.nextLink"]
    assert "istracking=%22True%22" in link
    assert len(own_api.row(link)["value"]) == 1
    assert "@odata.deltaLink" in own_api.row(link)


def test_changes_while_the_pages_are_read_come_with_the_next_link(own_api: Api) -> None:
    ids = [own_api.create("leads", subject=f"{number}") for number in range(4)]
    headers = {"Prefer": "odata.track-changes,odata.maxpagesize=2"}
    first = own_api.get("leads?$select=subject", headers=headers).json()
    own_api.patch(f"leads({ids[0]})", {"subject": "changed"})
    own_api.delete(f"leads({ids[1]})")
    own_api.patch(f"leads({ids[2]})", {"subject": "changed"})
    own_api.delete(f"leads({ids[3]})")
    known = {row["leadid"]: row["subject"] for row in first["value"]}
    tracker = Tracker(own_api)
    rest = tracker.start(first["@odata.nextLink"])
    known |= {key: row["subject"] for key, row in rest.rows.items()}
    delta = tracker.go_on(rest)
    known |= {key: row["subject"] for key, row in delta.rows.items()}
    for row_id in delta.deleted:
        known.pop(row_id, None)
    assert known == {ids[0]: "changed", ids[2]: "changed"}
