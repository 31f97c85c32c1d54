"""Overdue records: marked once their time is over, and told to the manager once each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from tests.torture.evidence import Evidence, named
from tests.torture.organization import MANAGER, user_id
from tests.torture.wordings import OVERDUE, told_in

from work_assignment.domain.statuses import RoutingStatus

_A_WHILE = 120.0


def managers_are_told_once(evidence: Evidence) -> Iterator[str]:
    """The manager hears of each record and due time once, as soon as nobody got it in time."""
    overdue = {(run.key, run.due_at) for run in evidence.runs if run.is_overdue}
    told = 0
    for notification in evidence.notifications:
        kind, count = told_in(notification.title)
        if kind != OVERDUE:
            continue
        told += count
        if notification.recipient != user_id(MANAGER):
            yield f"{evidence.name(notification.recipient)} was told of what is overdue"
    if told != len(overdue):
        yield f"{len(overdue)} records were overdue, the manager was told of {told}"
    for key, run in evidence.newest_runs().items():
        record = evidence.records.get(key)
        waits = record is not None and record.is_open and not run.has_owner
        if not waits or run.due_at is None or run.is_overdue:
            continue
        since = evidence.surroundings.settled_at - datetime.fromisoformat(run.due_at).timestamp()
        if since > _A_WHILE:
            status = RoutingStatus(run.status).reason
            yield f"{named(key)} ({status}) is overdue since {run.due_at}, and nobody was told"
