"""Outcomes, seller changes and notices as requests; pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from work_assignment.dataverse import mapping, messages
from work_assignment.dataverse.choices import NotificationIcon, NotificationPriority, RunMode
from work_assignment.dataverse.errors import InvalidRequest
from work_assignment.dataverse.messages import (
    FORMATTED_VALUE,
    Prefer,
    Request,
    Row,
    bind,
    unbind,
)
from work_assignment.dataverse.names import (
    APP_NOTIFICATION,
    ASSIGNMENT_RULE,
    QUEUE,
    QUEUE_ITEM,
    ROUTING_RUN,
    SEGMENT,
    SELLER,
    SWEEP,
    SYSTEM_USER,
    TEAM,
    AppNotificationColumn,
    Common,
    LookupName,
    RoutedColumn,
    RoutingRunColumn,
    SellerColumn,
)
from work_assignment.domain.defining.notifications import Kind
from work_assignment.domain.filtering.schemas import TableSchema
from work_assignment.domain.records import Owner, RecordKey, RuleId, SellerId
from work_assignment.domain.runs.facts import LastRun, Result
from work_assignment.domain.runs.news import Names
from work_assignment.domain.runs.outcomes import (
    Committed,
    Notice,
    Outcome,
    Run,
    SellerChange,
    Telling,
)

_OWNER_SETS = {"systemuser": SYSTEM_USER.entity_set, "team": TEAM.entity_set}
_ASSIGNED_TO = {
    "systemuser": (RoutingRunColumn.ASSIGNED_SELLER, SYSTEM_USER),
    "team": (RoutingRunColumn.ASSIGNED_TEAM, TEAM),
    "queue": (RoutingRunColumn.ASSIGNED_QUEUE, QUEUE),
}


def outcome_requests(
    outcome: Outcome, schema: TableSchema | None, lies_in: str | None = None
) -> list[Request]:
    """The record's own change, if it gets one, and its run row.

    `schema` is the record's table; it must be known where the record is changed. `lies_in` is the
    queue that the record is known to be in.
    """
    if outcome.again is not None:
        return [_counted_up(outcome.again, outcome.run)]
    run = messages.upsert(ROUTING_RUN.entity_set, outcome.run.id, run_row(outcome.run))
    if outcome.result is None:
        return [run]
    key = outcome.run.key
    if schema is None:
        raise InvalidRequest(f"{key.table} {key.id}: the columns of its table are not known")
    changes = record_changes(outcome, schema)
    record = messages.update(schema.entity_set, key.id, changes, version=outcome.version)
    return [record, *_queueing(outcome.run, schema, lies_in), *_unqueueing(outcome), run]


def _queueing(run: Run, schema: TableSchema, lies_in: str | None) -> list[Request]:
    """What puts the record into a queue, where one was chosen: its owner stays.

    A record that lies in another queue is moved (Work with queues: a row is in one at a time).
    """
    if run.owner is None or run.owner.type != "queue" or not run.assigns:
        return []
    if lies_in == run.owner.id:
        return []
    body = {"Target": _entity(schema.table, schema.primary_id, run.key.id)}
    if lies_in is not None:
        body["SourceQueue"] = _entity(QUEUE.logical_name, QUEUE.primary_id, lies_in)
    return [messages.bound_action(QUEUE.entity_set, run.owner.id, "AddToQueue", body)]


def _entity(table: str, primary_id: str, row_id: str) -> dict[str, str]:
    return {primary_id: row_id, "@odata.type": f"Microsoft.Dynamics.CRM.{table}"}


def _unqueueing(outcome: Outcome) -> list[Request]:
    """What takes the record out of the queue it was put into."""
    if outcome.queue_item is None:
        return []
    item = outcome.queue_item
    return [messages.bound_action(QUEUE_ITEM.entity_set, item, "RemoveFromQueue", {})]


def record_changes(outcome: Outcome, schema: TableSchema) -> dict[str, Any]:
    """What the record itself gets: its result, and the segment and owner where we chose them."""
    run = outcome.run
    result = outcome.result.value if outcome.result is not None else None
    changes: dict[str, Any] = {RoutedColumn.ASSIGNMENT_RESULT: result}
    if run.segment_id != run.previous_segment_id:
        changes |= _lookup(RoutedColumn.SEGMENT.navigation, SEGMENT.entity_set, run.segment_id)
    return changes | _owner_change(outcome, schema)


def _owner_change(outcome: Outcome, schema: TableSchema) -> dict[str, Any]:
    """The owner where we write one: chosen, or given back."""
    owner = outcome.run.owner
    if not (outcome.run.assigns or outcome.gives_back):
        return {}
    column = schema.columns.get(outcome.owner_column or "")
    navigation = Common.OWNER.navigation if column is None else column.schema_name
    if owner is None:
        return unbind(navigation)  # a column of its own may have been empty before
    if owner.type == "queue":
        return {}
    return bind(navigation, _OWNER_SETS[owner.type], owner.id)


def _lookup(navigation: str, entity_set: str, row_id: str | None) -> dict[str, Any]:
    return unbind(navigation) if row_id is None else bind(navigation, entity_set, row_id)


def run_row(run: Run) -> dict[str, Any]:
    """The run log's row."""
    row: dict[str, Any] = {
        RoutingRunColumn.NAME: run.record_name,
        RoutingRunColumn.RECORD_TYPE: run.key.table,
        RoutingRunColumn.RECORD_ID: run.key.id,
        RoutingRunColumn.RECORD_VERSION: run.record_version,
        RoutingRunColumn.REQUEST_SOURCE: run.source.value,
        RoutingRunColumn.SEGMENTATION_STATUS: run.segmentation.value,
        RoutingRunColumn.ROUTING_STATUS: run.status.value,
        RoutingRunColumn.REASON: run.reason,
        RoutingRunColumn.EXPLANATION: run.explanation or None,
        RoutingRunColumn.BLOCK: run.block,
        RoutingRunColumn.MODE: run.mode,
        RoutingRunColumn.ATTEMPTS: 1,
        RoutingRunColumn.DECIDED_ON: run.decided_at,
        RoutingRunColumn.LAST_ATTEMPT_ON: run.decided_at,
        RoutingRunColumn.TELL_PENDING: run.tell is Telling.AT_ONCE,
    }
    if run.segment_id:
        row |= bind(RoutingRunColumn.SEGMENT.navigation, SEGMENT.entity_set, run.segment_id)
    if run.previous_segment_id:
        previous = RoutingRunColumn.PREVIOUS_SEGMENT.navigation
        row |= bind(previous, SEGMENT.entity_set, run.previous_segment_id)
    if run.rule_id:
        rule = RoutingRunColumn.ASSIGNMENT_RULE.navigation
        row |= bind(rule, ASSIGNMENT_RULE.entity_set, run.rule_id)
    if run.previous_result is not Result.UNDECIDED:
        row[RoutingRunColumn.PREVIOUS_RESULT] = run.previous_result.value
    if run.others:
        row[RoutingRunColumn.TELL_OTHERS] = others_text(run.others)
    return row | _due(run) | _sweep(run) | _owners(run.owner, run.previous_owner)


def _due(run: Run) -> dict[str, Any]:
    """Until when it is to be assigned, and that somebody is to look then: not after a dry run."""
    if run.due_at is None:
        return {}
    due = {RoutingRunColumn.DUE_ON: run.due_at}
    if run.mode == RunMode.ON:
        due[RoutingRunColumn.ESCALATE_ON] = run.due_at
    return due


def _due_again(again: LastRun, run: Run) -> dict[str, Any]:
    """The same where the outcome is: of what was found overdue nobody is told a second time.

    What was not overdue when somebody looked is looked at again: it may have been closed then.
    """
    if again.due_at == run.due_at and (again.is_overdue or run.due_at is None):
        return {}
    return {
        RoutingRunColumn.DUE_ON: run.due_at,
        RoutingRunColumn.ESCALATE_ON: run.due_at,
        RoutingRunColumn.OVERDUE: False,
        RoutingRunColumn.TOLD_OUTSIDE: False,
    }


def others_text(
    others: Collection[SellerId], told_outside: Collection[SellerId] = ()
) -> str | None:
    """Who is still to be told of a run besides its new owner, as its column holds it.

    Behind whom stands `TOLD_OUTSIDE` has been told by other ways than the app.
    """
    marked = (f"{who}{TOLD_OUTSIDE if who in told_outside else ''}" for who in sorted(others))
    return ",".join(marked) or None


def _sweep(run: Run) -> dict[str, Any]:
    if run.sweep_id is None:
        return {}
    return bind(RoutingRunColumn.SWEEP.navigation, SWEEP.entity_set, run.sweep_id)


def _owners(owner: Owner | None, previous: Owner | None) -> dict[str, Any]:
    row: dict[str, Any] = {}
    if owner is not None:
        lookup, table = _ASSIGNED_TO[owner.type]
        row |= bind(lookup.navigation, table.entity_set, owner.id)
    if previous is not None:
        row[RoutingRunColumn.PREVIOUS_OWNER] = previous.id
        row[RoutingRunColumn.PREVIOUS_OWNER_TYPE] = previous.type
    return row


def _counted_up(again: LastRun, run: Run) -> Request:
    changes = {
        RoutingRunColumn.ATTEMPTS: again.attempts + 1,
        RoutingRunColumn.LAST_ATTEMPT_ON: run.decided_at,
        RoutingRunColumn.REASON: run.reason,
        RoutingRunColumn.EXPLANATION: run.explanation or None,
        **_due_again(again, run),
        **_sweep(run),
    }
    return messages.update(ROUTING_RUN.entity_set, again.id, changes, version="*")


def seller_request(change: SellerChange) -> Request:
    """A seller's row, written only while it is as it was read."""
    changes: dict[str, Any] = {
        SellerColumn.ORDER_STAMP: change.order_stamp,
        SellerColumn.LAST_ASSIGNED_ON: change.last_assigned_at,
        SellerColumn.RESERVATIONS: mapping.reservations_text(change.reservations),
        SellerColumn.RULE_STAMPS: mapping.rule_stamps_text(change.rule_stamps),
        SellerColumn.UNUSED_TURNS: mapping.unused_text(change.unused),
    }
    if change.open_count is not None:
        changes[SellerColumn.OPEN_COUNT] = change.open_count
    return messages.update(
        SELLER.entity_set,
        change.row.id,
        changes,
        version=change.row.version,
        returning=(SELLER.primary_id,),
    )


TOLD_OUTSIDE = "*"
COMMITTED_COLUMNS = (
    RoutingRunColumn.BLOCK,
    RoutingRunColumn.RECORD_TYPE,
    RoutingRunColumn.RECORD_ID,
    RoutingRunColumn.NAME,
    RoutingRunColumn.SEGMENT.value,
    RoutingRunColumn.ASSIGNED_SELLER.value,
    RoutingRunColumn.ASSIGNMENT_RULE.value,
    RoutingRunColumn.PREVIOUS_OWNER,
    RoutingRunColumn.PREVIOUS_OWNER_TYPE,
    RoutingRunColumn.TOLD_OUTSIDE,
)


def committed_from_row(row: Row) -> Committed:
    """An assignment to a seller, as the run log has it."""
    rule = row.get(RoutingRunColumn.ASSIGNMENT_RULE.value)
    return Committed(
        block=row[RoutingRunColumn.BLOCK],
        run_id=row[ROUTING_RUN.primary_id],
        key=RecordKey(row[RoutingRunColumn.RECORD_TYPE], row[RoutingRunColumn.RECORD_ID]),
        record_name=row.get(RoutingRunColumn.NAME) or "",
        seller_id=SellerId(row[RoutingRunColumn.ASSIGNED_SELLER.value]),
        rule_id=None if rule is None else RuleId(rule),
        previous_owner=mapping.previous_owner(row),
        names=names_from_row(row),
        told_outside=bool(row.get(RoutingRunColumn.TOLD_OUTSIDE)),
    )


NAMES = Prefer(annotations=(FORMATTED_VALUE,))
"""What people call those that a run's lookups point at."""


def names_from_row(row: Row) -> Names:
    """What people call whom a run is about, where its row was read with `NAMES`."""
    owners = (_called(row, lookup) for lookup, _ in _ASSIGNED_TO.values())
    return Names(
        record=row.get(RoutingRunColumn.NAME) or "",
        owner=next(filter(None, owners), ""),
        segment=_called(row, RoutingRunColumn.SEGMENT),
        rule=_called(row, RoutingRunColumn.ASSIGNMENT_RULE),
    )


def _called(row: Row, lookup: LookupName) -> str:
    return str(row.get(f"{lookup.value}@{FORMATTED_VALUE}") or "")


def notice_requests(notice: Notice) -> list[Request]:
    """The notification and, where it is to be noted, that its runs were told. Sent twice it is one row.

    Before the recipient's time only that time is noted. The row is written under an id of our own
    because SendAppNotification makes a new one at every call (Send in-app notifications: the action
    and the table are two ways to one row).
    """
    if notice.after is not None:
        return [pending_request(run_id, after=notice.after) for run_id in marked_runs(notice)]
    done = [pending_request(run_id, is_pending=False) for run_id in marked_runs(notice)]
    return [*notification_requests(notice), *done]


def marked_runs(notice: Notice) -> Sequence[str]:
    """The runs that are marked until their recipient is told: of what was taken back all are."""
    if notice.run_id is None:
        return ()
    return notice.block_runs if notice.kind is Kind.TAKEN_BACK else (notice.run_id,)


def notification_requests(notice: Notice) -> list[Request]:
    """The notification's row, where it is one of the app."""
    if not notice.in_app:
        return []
    action = {
        "title": notice.action,
        "data": {"url": _link(notice), "navigationTarget": "inline", "type": "url"},
    }
    row: dict[str, Any] = {
        AppNotificationColumn.TITLE: notice.title,
        AppNotificationColumn.BODY: notice.body,
        AppNotificationColumn.DATA: json.dumps({"actions": [action]}),
        **bind(Common.OWNER.navigation, SYSTEM_USER.entity_set, notice.recipient),
    }
    if notice.kind is Kind.OVERDUE:
        row[AppNotificationColumn.ICON_TYPE] = NotificationIcon.WARNING
        row[AppNotificationColumn.PRIORITY] = NotificationPriority.HIGH
    return [messages.upsert(APP_NOTIFICATION.entity_set, notice.id, row)]


def pending_request(
    run_id: str,
    *,
    is_pending: bool = True,
    after: datetime | None = None,
    told_outside: bool = False,
) -> Request:
    """A run's mark that somebody is to be told, from `after` on: of all that its block brought her.

    With `told_outside` in the app alone.
    """
    mark: dict[str, Any] = {RoutingRunColumn.TELL_PENDING: is_pending}
    if after is not None:
        mark[RoutingRunColumn.TELL_AFTER] = after
    if told_outside:
        mark[RoutingRunColumn.TOLD_OUTSIDE] = True
    return messages.update(ROUTING_RUN.entity_set, run_id, mark, version="*")


def told_outside_request(run_id: str) -> Request:
    """What notes on a run that who is told of it has been by other ways than the app."""
    noted = {RoutingRunColumn.TOLD_OUTSIDE: True}
    return messages.update(ROUTING_RUN.entity_set, run_id, noted, version="*")


def _link(notice: Notice) -> str:
    """The page that shows the record, or the list of those of its table."""
    first = notice.records[0]
    if len(notice.records) == 1:
        return f"?pagetype=entityrecord&etn={first.table}&id={first.id}"
    return f"?pagetype=entitylist&etn={first.table}"
