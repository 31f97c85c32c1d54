"""Old rows of the run log: how long they are kept, and the BulkDelete job that takes them away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from work_assignment.dataverse import messages
from work_assignment.dataverse.choices import State
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.errors import PreconditionFailed
from work_assignment.dataverse.mapping import moment
from work_assignment.dataverse.messages import Row
from work_assignment.dataverse.names import (
    ROUTING_RUN,
    SETTING,
    SWEEP,
    SYSTEM_JOB,
    Common,
    RoutingRunColumn,
    SettingColumn,
    SystemJobColumn,
    TableName,
)
from work_assignment.dataverse.queries import Query, and_, desc, eq, ne, utc_text
from work_assignment.dataverse.unavailable import away_means_unavailable
from work_assignment.domain.defining.definition_rows import SettingsRow
from work_assignment.domain.runs.keeping import Keeping

JOB = "Work assignment: old runs and sweeps"
_BULK_DELETE = 13  # asyncoperation, operationtype
_COMPLETED = 3  # asyncoperation, statecode


class RetentionStore:
    """Reads how long the run log is kept, and starts the job that deletes the rest."""

    def __init__(self, client: DataverseClient) -> None:
        self._client = client

    def keeping(self) -> Keeping | None:
        """How long they are kept; None before any definitions were applied."""
        query = Query(
            SETTING.entity_set,
            select=(
                SETTING.primary_id,
                SettingColumn.KEEP_RUNS_DAYS,
                SettingColumn.RUNS_CLEARED_ON,
            ),
            top=1,
        )
        with away_means_unavailable():
            rows = self._client.send(messages.get(query)).rows
        return _keeping(rows[0]) if rows else None

    def unfinished_since(self) -> datetime | None:
        """When the newest job that is not done was started; None when all are."""
        query = Query(
            SYSTEM_JOB.entity_set,
            select=(Common.CREATED_ON,),
            filter=and_(
                eq(SystemJobColumn.NAME, JOB),
                eq(SystemJobColumn.OPERATION_TYPE, _BULK_DELETE),
                ne(Common.STATE, _COMPLETED),
            ),
            orderby=(desc(Common.CREATED_ON),),
            top=1,
        )
        with away_means_unavailable():
            rows = self._client.send(messages.get(query)).rows
        return moment(rows[0][Common.CREATED_ON]) if rows else None

    def claim(self, keeping: Keeping, now: datetime) -> bool:
        """Note that today is seen to; False when another worker was first."""
        cleared = {SettingColumn.RUNS_CLEARED_ON: now}
        request = messages.update(
            SETTING.entity_set, keeping.row_id, cleared, version=keeping.version
        )
        with away_means_unavailable():
            try:
                self._client.send(request)
            except PreconditionFailed:
                return False
        return True

    def delete(self, *, before: datetime, now: datetime) -> None:
        """Start the job that deletes what was last touched before a moment.

        An action whose answer is lost is not sent again.
        """
        with away_means_unavailable():
            self._client.send(messages.action("BulkDelete", _job(before, now)))


def _keeping(row: Row) -> Keeping:
    cleared = row.get(SettingColumn.RUNS_CLEARED_ON)
    days = row.get(SettingColumn.KEEP_RUNS_DAYS)
    return Keeping(
        row[SETTING.primary_id],
        row["@odata.etag"],
        SettingsRow().keep_runs_days if days is None else days,
        moment(cleared) if cleared else None,
    )


def _job(before: datetime, now: datetime) -> dict[str, Any]:
    """A run is as old as its last attempt; a sweep, which must have ended, as its last change."""
    return {
        "JobName": JOB,
        "QuerySet": [
            _query(ROUTING_RUN, [_earlier(RoutingRunColumn.LAST_ATTEMPT_ON, before)]),
            _query(
                SWEEP,
                [
                    _earlier(Common.MODIFIED_ON, before),
                    _condition(Common.STATE, "Equal", str(State.INACTIVE.value), "System.Int32"),
                ],
            ),
        ],
        "StartDateTime": utc_text(now, "StartDateTime"),
        "RecurrencePattern": "",
        "SendEmailNotification": False,
        "ToRecipients": [],
        "CCRecipients": [],
    }


def _query(table: TableName, conditions: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "EntityName": table.logical_name,
        "ColumnSet": {"AllColumns": False, "Columns": [table.primary_id]},
        "Criteria": {"FilterOperator": "And", "Conditions": list(conditions), "Filters": []},
    }


def _earlier(column: str, before: datetime) -> dict[str, Any]:
    return _condition(column, "LessThan", utc_text(before, column), "System.DateTime")


def _condition(column: str, operator: str, value: str, kind: str) -> dict[str, Any]:
    return {
        "AttributeName": column,
        "Operator": operator,
        "Values": [{"Value": value, "Type": kind}],
    }
