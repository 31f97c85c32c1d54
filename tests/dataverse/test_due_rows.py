"""What a run's row says of when its record is due, and when somebody is to look."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from work_assignment.dataverse.mapping import last_run_from_row
from work_assignment.dataverse.outcome_rows import outcome_requests, run_row
from work_assignment.domain.records import RecordKey
from work_assignment.domain.runs.facts import LastRun, Result
from work_assignment.domain.runs.outcomes import Outcome, RequestSource, Run
from work_assignment.domain.statuses import RoutingStatus, SegmentationStatus

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
DUE, LATER = AT + timedelta(hours=2), AT + timedelta(hours=6)
ID = "00000000-0000-0000-0000-{:012}"
RUN = Run(
    id=ID.format(1),
    key=RecordKey("lead", ID.format(2)),
    record_name="Larkfell",
    record_version='W/"7"',
    source=RequestSource.NEW,
    segmentation=SegmentationStatus.SUCCESSFUL,
    status=RoutingStatus.NO_CAPACITY,
    reason="because",
    decided_at=AT,
    block="block",
    mode="on",
)


def said(row: Any) -> dict[str, Any]:
    return {name: row[name] for name in ("wa_dueon", "wa_escalateon", "wa_overdue") if name in row}


@pytest.mark.parametrize(
    ("changes", "columns"),
    [
        ({}, {}),
        ({"due_at": DUE}, {"wa_dueon": DUE, "wa_escalateon": DUE}),
        ({"due_at": DUE, "mode": "dry-run"}, {"wa_dueon": DUE}),
    ],
    ids=["never due", "due", "a dry run, of which nobody is told"],
)
def test_a_new_row_says_when_its_record_is_due(
    changes: dict[str, Any], columns: dict[str, Any]
) -> None:
    assert said(run_row(replace(RUN, **changes))) == columns


UNCHANGED: dict[str, Any] = {}
LOOKED_AT_AT_TWO = {
    "wa_dueon": "2026-03-02T11:00:00Z",
    "wa_escalateon": "2026-03-02T11:00:00Z",
    "wa_overdue": False,
}


@pytest.mark.parametrize(
    ("before", "is_overdue", "due", "columns"),
    [
        (None, False, None, UNCHANGED),
        (DUE, True, DUE, UNCHANGED),
        (DUE, False, DUE, LOOKED_AT_AT_TWO),
        (LATER, True, DUE, LOOKED_AT_AT_TWO),
        (None, False, DUE, LOOKED_AT_AT_TWO),
        (DUE, True, None, {"wa_dueon": None, "wa_escalateon": None, "wa_overdue": False}),
    ],
    ids=[
        "never due",
        "told of before",
        "not overdue when somebody looked",
        "due at another moment",
        "due now that there is a window",
        "not due any more",
    ],
)
def test_a_row_that_is_counted_up_has_nobody_told_twice_of_the_same_moment(
    before: datetime | None, is_overdue: bool, due: datetime | None, columns: dict[str, Any]
) -> None:
    again = LastRun(
        ID.format(3), RUN.status, None, None, AT, 1, due_at=before, is_overdue=is_overdue
    )
    outcome = Outcome(replace(RUN, due_at=due), 'W/"7"', Result.FAILED, again=again)

    (request,) = outcome_requests(outcome, None)

    assert said(request.body) == columns


def test_a_last_run_is_read_with_when_it_was_due() -> None:
    row = {
        "wa_routingrunid": ID.format(1),
        "wa_routingstatus": RoutingStatus.NO_CAPACITY.value,
        "wa_decidedon": "2026-03-02T09:00:00Z",
        "wa_dueon": "2026-03-02T11:00:00Z",
        "wa_overdue": True,
    }

    last = last_run_from_row(row)

    assert (last.due_at, last.is_overdue) == (DUE, True)
