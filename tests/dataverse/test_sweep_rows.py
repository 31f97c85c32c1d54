"""A sweep's row holds all that another worker needs, and survives what people write on it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from work_assignment.dataverse.sweep_rows import row_from_sweep, sweep_from_row
from work_assignment.domain.runs.sweeps import (
    Counts,
    Cursor,
    Place,
    Sweep,
    SweepKind,
    SweepStatus,
    Trigger,
)

ID = "6b2d5f0e-5d0a-4c55-9a39-3f7f1f3f8a01"
AT = datetime(2026, 3, 4, 9, 5, 7, tzinfo=UTC)
FULL = Cursor(
    after={"lead": Place(AT, ID), "opportunity": Place(AT + timedelta(days=1), ID)},
    since=AT + timedelta(microseconds=5),
    worker="somebody",
    is_attended=True,
    limit=500,
    is_default=True,
    assigned=7,
    by_hand=1,
    left=2,
    requests=30,
    unassigned={"Kein Käufer “frei”": 4},
    waits={"held": 2},
    reserved_until=AT + timedelta(minutes=10),
    asked_with="It was asked for 21 min late",
    unchanged=3,
    passed_by={"it is closed": 1},
    named=11,
    blocks=("a block",),
)


def stored(sweep: Sweep) -> dict[str, Any]:
    """The row as Dataverse would give it back a minute later."""
    row = {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in row_from_sweep(sweep).items()
        if value is not None
    }
    own = {"wa_sweepid": ID, "@odata.etag": 'W/"1"', "createdon": AT.isoformat()}
    return {**own, "modifiedon": AT.isoformat(), **row}


@pytest.mark.parametrize("cursor", [FULL, Cursor()])
def test_what_is_written_is_read_back(cursor: Cursor) -> None:
    sweep = Sweep(
        ID,
        "Sweep",
        SweepStatus.IN_PROGRESS,
        AT,
        trigger=Trigger.SCHEDULED,
        record_type="lead",
        since=date(2026, 1, 2),
        counts=Counts(14, 8, 4),
        message="So far",
        due_at=AT - timedelta(minutes=1),
        cursor=cursor,
        version='W/"1"',
        idle=timedelta(minutes=1),
        asked_at=AT,
    )
    assert sweep_from_row(stored(sweep), at=AT + timedelta(minutes=1)) == sweep


def test_what_single_records_are_meant_is_written_once_and_read_each_time() -> None:
    sweep = Sweep(ID, "", SweepStatus.QUEUED, AT, kind=SweepKind.FORCE, record_ids=(ID,))
    row = stored(sweep)
    assert (row["wa_instancetype"], row["wa_recordids"]) == (1, f'["{ID}"]')

    found = sweep_from_row(row)

    assert (found.kind, found.record_ids, found.fault) == (SweepKind.FORCE, (ID,), "")
    assert {"wa_instancetype", "wa_recordids"}.isdisjoint(row_from_sweep(found))


def test_ids_are_read_in_any_spelling_and_each_once() -> None:
    row = stored(Sweep(ID, "", SweepStatus.QUEUED, AT))

    found = sweep_from_row(row | {"wa_recordids": f'["{{{ID.upper()}}}", "{ID}"]'})

    assert (found.record_ids, found.fault) == ((ID,), "")


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"wa_recordids": "[1"}, "wa_recordids cannot be read: it is no JSON list of ids"),
        ({"wa_recordids": '"one"'}, "wa_recordids cannot be read: it is no JSON list of ids"),
        ({"wa_recordids": "[7]"}, "wa_recordids cannot be read: 7 is not the id of a record"),
        ({"wa_instancetype": 4}, "wa_instancetype cannot be read: 4 is no kind of a sweep"),
    ],
)
def test_a_kind_or_list_that_cannot_be_read_is_a_fault_of_that_row(
    columns: dict[str, Any], why: str
) -> None:
    found = sweep_from_row(stored(Sweep(ID, "", SweepStatus.QUEUED, AT)) | columns)

    assert found.fault.startswith(why)


def test_a_person_who_waits_has_a_start_so_that_the_app_leaves_the_row_alone() -> None:
    cursor = Cursor(is_attended=True, worker="a person's")

    row = row_from_sweep(Sweep(ID, "", SweepStatus.QUEUED, AT, cursor=cursor))

    assert row["wa_starttime"] == AT


def test_a_row_that_is_asked_for_has_no_start_and_one_made_in_a_form_waits() -> None:
    asked = Sweep(ID, "Sweep", SweepStatus.QUEUED, AT)
    assert "wa_starttime" not in row_from_sweep(asked)
    by_form = {**stored(asked), "statuscode": 1}
    assert sweep_from_row(by_form).status is SweepStatus.QUEUED


@pytest.mark.parametrize(
    "text",
    [
        "soon",
        "[]",
        '{"after": {"lead": "x"}}',
        '{"after": {"lead": ["yesterday", "x"]}}',
        '{"limit": "5"}',
        '{"left": -1}',
        '{"unassigned": 3}',
    ],
)
def test_a_cursor_that_cannot_be_read_is_a_fault_of_that_row_alone(text: str) -> None:
    row = {**stored(Sweep(ID, "Sweep", SweepStatus.QUEUED, AT)), "wa_cursor": text}
    sweep = sweep_from_row(row)
    assert sweep.fault.startswith("wa_cursor cannot be read: ")
    assert sweep.cursor == Cursor()


def test_an_unknown_trigger_is_a_fault_that_names_row_and_value() -> None:
    row = {**stored(Sweep(ID, "Sweep", SweepStatus.QUEUED, AT)), "wa_triggertype": 7}
    sweep = sweep_from_row(row)
    assert sweep.status is SweepStatus.QUEUED
    assert sweep.fault == "wa_triggertype cannot be read: 7 is no trigger of a sweep"


def test_a_status_that_an_administrator_added_is_unreadable_and_stays_as_it_is() -> None:
    row = {**stored(Sweep(ID, "Sweep", SweepStatus.QUEUED, AT)), "statuscode": 862}
    sweep = sweep_from_row(row)
    assert sweep.status is SweepStatus.UNREADABLE
    assert sweep.fault == "statuscode cannot be read: 862 is no status of a sweep"
    assert not sweep.is_going_on
    assert not {"statuscode", "statecode"} & row_from_sweep(sweep).keys()


def test_several_faults_are_all_named() -> None:
    row = {
        **stored(Sweep(ID, "Sweep", SweepStatus.QUEUED, AT)),
        "wa_triggertype": 7,
        "statuscode": 862,
        "wa_cursor": "soon",
    }
    fault = sweep_from_row(row).fault
    assert all(column in fault for column in ("wa_triggertype", "statuscode", "wa_cursor"))


def test_who_made_a_row_is_who_asked_for_the_sweep() -> None:
    row = stored(Sweep(ID, "", SweepStatus.QUEUED, AT)) | {"_createdby_value": ID}
    assert sweep_from_row(row).asked_by == ID
