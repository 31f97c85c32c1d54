"""What is sent for an outcome, a seller's change, and the stamps that her row keeps."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from work_assignment.dataverse.errors import InvalidRequest
from work_assignment.dataverse.mapping import BadRow, rule_stamps_text, seller_row_from_row
from work_assignment.dataverse.messages import Request
from work_assignment.dataverse.outcome_rows import outcome_requests, seller_request
from work_assignment.domain.filtering.operators import ColumnKind
from work_assignment.domain.filtering.schemas import ColumnSchema, TableSchema
from work_assignment.domain.records import Owner, RecordKey, RuleId, SegmentId, SellerId
from work_assignment.domain.runs.facts import LastRun, Result, SellerRow
from work_assignment.domain.runs.outcomes import Outcome, RequestSource, Run, SellerChange
from work_assignment.domain.statuses import RoutingStatus, SegmentationStatus

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
ID = "00000000-0000-0000-0000-{:012}"
RECORD, ADA, TEAM, QUEUE, OTHER, SEGMENT, RUN = (ID.format(number) for number in range(1, 8))
VERSION = 'W/"7"'
HANDLER = ColumnSchema(
    ColumnKind.LOOKUP, points_at_row=True, targets=("systemuser",), schema_name="new_HandlerId"
)
LEADS = TableSchema("lead", "leads", "leadid", "fullname", {"new_handlerid": HANDLER})
TASKS = TableSchema("task", "tasks", "activityid", "subject", {})


def outcome(owner: Owner | None, table: str = "lead", **changes: Any) -> Outcome:
    run = Run(
        id=RUN,
        key=RecordKey(table, RECORD),
        record_name="Larkfell",
        record_version=VERSION,
        source=RequestSource.NEW,
        segmentation=SegmentationStatus.SUCCESSFUL,
        status=RoutingStatus.ASSIGNED if owner else RoutingStatus.NO_SELLERS,
        reason="because",
        decided_at=AT,
        block="block",
        mode="on",
        owner=owner,
    )
    result = Result.SUCCEEDED if owner else Result.FAILED
    return Outcome(replace(run, **changes), VERSION, result)


def bodies(requests: list[Request]) -> list[Any]:
    return [request.body for request in requests]


@pytest.mark.parametrize(
    ("owner", "bound"),
    [
        (Owner("systemuser", ADA), f"/systemusers({ADA})"),
        (Owner("team", TEAM), f"/teams({TEAM})"),
    ],
)
def test_an_owner_is_written_with_the_result_only_while_the_record_is_as_it_was(
    owner: Owner, bound: str
) -> None:
    record, run = outcome_requests(outcome(owner), LEADS)
    assert (record.method, record.path) == ("PATCH", f"leads({RECORD})")
    assert record.headers["If-Match"] == VERSION
    assert record.body == {"wa_assignmentresult": 0, "ownerid@odata.bind": bound}
    assert run.path == f"wa_routingruns({RUN})"


def test_a_segment_is_written_where_it_is_another() -> None:
    moved = outcome(None, segment_id=SegmentId(SEGMENT), previous_segment_id=None)
    left = outcome(None, segment_id=None, previous_segment_id=SegmentId(SEGMENT))
    same = outcome(None, segment_id=SegmentId(SEGMENT), previous_segment_id=SegmentId(SEGMENT))
    written = [bodies(outcome_requests(entry, LEADS))[0] for entry in (moved, left, same)]
    assert written == [
        {"wa_assignmentresult": 1, "wa_SegmentId@odata.bind": f"/wa_segments({SEGMENT})"},
        {"wa_assignmentresult": 1, "wa_SegmentId@odata.bind": None},
        {"wa_assignmentresult": 1},
    ]


def test_a_column_of_its_own_is_written_instead_of_the_owner() -> None:
    to_column = replace(outcome(Owner("systemuser", ADA)), owner_column="new_handlerid")
    record, _ = outcome_requests(to_column, LEADS)
    assert record.body == {
        "wa_assignmentresult": 0,
        "new_HandlerId@odata.bind": f"/systemusers({ADA})",
    }


@pytest.mark.parametrize("schema", [LEADS, TASKS], ids=["lead", "task"])
def test_a_queue_gets_the_record_and_the_owner_stays(schema: TableSchema) -> None:
    to_queue = outcome(Owner("queue", QUEUE), schema.table)
    record, adding, run = outcome_requests(to_queue, schema)
    assert record.body == {"wa_assignmentresult": 0}
    assert adding.path == f"queues({QUEUE})/Microsoft.Dynamics.CRM.AddToQueue"
    target = {
        schema.primary_id: RECORD,
        "@odata.type": f"Microsoft.Dynamics.CRM.{schema.table}",
    }
    assert adding.body == {"Target": target}
    assert isinstance(run.body, dict)
    assert run.body["wa_AssignedQueueId@odata.bind"] == f"/queues({QUEUE})"


def test_a_record_in_a_queue_already_is_moved_or_left_there() -> None:
    to_queue = outcome(Owner("queue", QUEUE))
    _, moving, _ = outcome_requests(to_queue, LEADS, OTHER)
    assert isinstance(moving.body, dict)
    assert moving.body["SourceQueue"] == {
        "queueid": OTHER,
        "@odata.type": "Microsoft.Dynamics.CRM.queue",
    }
    assert len(outcome_requests(to_queue, LEADS, QUEUE)) == 2


def test_an_outcome_for_a_table_that_is_not_known_is_no_run_row_without_its_record() -> None:
    with pytest.raises(InvalidRequest, match=f"lead {RECORD}: the columns of its table"):
        outcome_requests(outcome(Owner("systemuser", ADA)), None)


def test_a_record_that_is_left_alone_needs_no_columns() -> None:
    (run,) = outcome_requests(replace(outcome(None), result=None), None)
    assert run.path == f"wa_routingruns({RUN})"


def test_a_dry_run_writes_its_log_alone() -> None:
    dry = replace(outcome(Owner("queue", QUEUE)), result=None)
    (run,) = outcome_requests(dry, LEADS)
    assert run.path.startswith("wa_routingruns")


def test_the_same_outcome_again_counts_up_the_run_before() -> None:
    last = LastRun(ID.format(9), RoutingStatus.NO_SELLERS, None, None, AT, attempts=2)
    (counted,) = outcome_requests(replace(outcome(None), again=last), LEADS)
    assert counted.path == f"wa_routingruns({last.id})"
    assert isinstance(counted.body, dict)
    assert counted.body["wa_attempts"] == 3


# a seller's row


def seller_row(**columns: Any) -> dict[str, Any]:
    return {
        "wa_sellerid": ID.format(11),
        "_wa_systemuserid_value": ADA,
        "@odata.etag": VERSION,
        "wa_orderstamp": 5,
    } | columns


def test_stamps_of_rules_survive_the_row() -> None:
    stamps = {RuleId("r2"): 7, RuleId("r1"): 3}
    text = rule_stamps_text(stamps)
    assert text == '{"r1":3,"r2":7}'
    assert seller_row_from_row(seller_row(wa_rulestamps=text)).rule_stamps == stamps
    assert rule_stamps_text({}) is None
    assert seller_row_from_row(seller_row(wa_rulestamps=None)).rule_stamps == {}


@pytest.mark.parametrize("text", ["{half", "[1]", '{"r": "many"}', '{"r": null}', "5"])
def test_stamps_that_make_no_sense_are_told_with_row_and_column(text: str) -> None:
    with pytest.raises(BadRow, match=f"wa_seller {ID.format(11)}: column wa_rulestamps"):
        seller_row_from_row(seller_row(wa_rulestamps=text))


def test_a_sellers_row_is_written_only_while_it_is_as_it_was() -> None:
    row = SellerRow(ID.format(11), SellerId(ADA), VERSION, 5, None)
    request = seller_request(SellerChange(row, 6, AT, (), rule_stamps={RuleId("r"): 6}))
    assert request.headers["If-Match"] == VERSION
    assert request.body is not None
    assert json.loads(json.dumps(request.body, default=str))["wa_rulestamps"] == '{"r":6}'
    plain = seller_request(SellerChange(row, 6, AT, ()))
    assert isinstance(plain.body, dict)
    assert "wa_opencount" not in plain.body


def test_stamps_of_rules_that_are_taken_back_leave_the_row() -> None:
    row = SellerRow(ID.format(11), SellerId(ADA), VERSION, 6, AT, rule_stamps={RuleId("r"): 6})
    body = seller_request(SellerChange(row, 5, AT, ())).body
    assert isinstance(body, dict)
    assert body["wa_rulestamps"] is None
    assert body["wa_unusedturns"] is None
