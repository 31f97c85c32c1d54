"""What became of a bulk deletion."""

from __future__ import annotations

from ..columns import lookup, memo, moment, text, whole, yes_no
from ..metadata import CascadeDelete
from ..system_columns import State
from ..table_builder import define

BULK_DELETIONS = "bulkdeleteoperation"

BULK_DELETE_OPERATION = define(
    "BulkDeleteOperation",
    4424,
    "bulkdeleteoperations",
    "Bulk Delete Operation",
    "Bulk Delete Operations",
    (
        text("Name", "System Job Name", 256, computed=True),
        lookup(
            "AsyncOperationId",
            "System Job",
            "asyncoperation",
            "AsyncOperation_BulkDeleteOperation",
            cascade=CascadeDelete.CASCADE,
            computed=True,
        ),
        whole("SuccessCount", "Deleted", computed=True),
        whole("FailureCount", "Failures", computed=True),
        yes_no("IsRecurring", "Is Recurring", computed=True),
        moment("NextRun", "Next Run", computed=True),
        memo("OrderedQuerySetXml", "Ordered Query Set", 1_073_741_823, computed=True),
        whole("ProcessingQEIndex", "Query Index", computed=True),
    ),
    name="Name",
    states=(
        State(0, "Ready", ((0, "Waiting For Resources"),)),
        State(1, "Suspended", ((10, "Waiting"), (11, "Retrying"), (12, "Paused"))),
        State(2, "Locked", ((20, "In Progress"), (21, "Pausing"), (22, "Canceling"))),
        State(3, "Completed", ((30, "Succeeded"), (31, "Failed"), (32, "Canceled"))),
    ),
)
