"""Changes travel in as few change sets as they fit into, and what is said last is never alone."""

from __future__ import annotations

import pytest

from work_assignment.dataverse.batches import MOST_REQUESTS
from work_assignment.dataverse.configuration_store import in_change_sets
from work_assignment.dataverse.definition_columns import requests_for
from work_assignment.dataverse.messages import Request
from work_assignment.domain.defining.definition_rows import CreateRow, Kind, SegmentRow, UpdateRow

ROW_ID = "c0000000-0000-4000-8000-000000000001"


def groups(count: int, size: int = 1) -> list[list[Request]]:
    return [[Request("PATCH", f"x({n}.{part})") for part in range(size)] for n in range(count)]


@pytest.mark.parametrize("count", [1, 2, 999, 1000])
def test_up_to_a_thousand_requests_are_one_change_set(count: int) -> None:
    (only,) = in_change_sets(groups(count))
    assert len(only) == count


@pytest.mark.parametrize(
    ("count", "size"), [(1001, 1), (1998, 1), (2001, 1), (501, 2), (3333, 2), (10_000, 1)]
)
def test_more_are_shared_out_evenly_in_order_and_groups_stay_together(
    count: int, size: int
) -> None:
    wanted = groups(count, size)
    found = list(in_change_sets(wanted))
    assert [request for one in found for request in one] == [r for group in wanted for r in group]
    assert all(len(one) <= MOST_REQUESTS for one in found)
    assert all(len(one) % size == 0 for one in found)
    assert len(found[-1]) > size
    assert len(found) <= count * size // (MOST_REQUESTS - size) + 1


def test_no_changes_are_no_change_set() -> None:
    assert list(in_change_sets([])) == []


def test_a_row_is_born_active_and_then_taken_out_of_use() -> None:
    row = SegmentRow("A", "lead", 1, "inactive", None, False, False)
    created, deactivated = requests_for(CreateRow(ROW_ID, row))
    assert (created.method, dict(created.headers)) == ("PATCH", {"If-None-Match": "*"})
    assert isinstance(created.body, dict)
    assert "statecode" not in created.body
    assert deactivated.body == {"statecode": 1, "statuscode": 2}


def test_a_guarded_change_names_the_version_it_was_planned_on() -> None:
    (request,) = requests_for(UpdateRow(Kind.SEGMENT, ROW_ID, {"priority": 2}, 'W/"7"'))
    assert request.headers["If-Match"] == 'W/"7"'
    (request,) = requests_for(UpdateRow(Kind.RULE, ROW_ID, {"segment_id": None}))
    assert request.headers["If-Match"] == "*"
    assert request.body == {"wa_SegmentId@odata.bind": None}
