"""What is watched in Dataverse: failed deliveries, the newest sweep, the newest outcome."""

from __future__ import annotations

from datetime import datetime

from work_assignment.dataverse import fetch, messages, sweep_rows
from work_assignment.dataverse.choices import SystemJobStatus
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.errors import AccessDenied, DataverseError, NotFound
from work_assignment.dataverse.mapping import moment
from work_assignment.dataverse.messages import Request, Row
from work_assignment.dataverse.names import (
    ROUTING_RUN,
    SWEEP,
    SYSTEM_JOB,
    RoutingRunColumn,
    SweepColumn,
    SystemJobColumn,
)
from work_assignment.dataverse.queries import Query, desc
from work_assignment.dataverse.questions import Questions
from work_assignment.dataverse.registration_names import (
    PROCESSING_STEP,
    SERVICE_ENDPOINT,
    ProcessingStepColumn,
    ServiceEndpointColumn,
)
from work_assignment.dataverse.unavailable import PASSING, away_means_unavailable
from work_assignment.domain.errors import NotPermitted, Refused
from work_assignment.domain.runs.sweeps import Sweep
from work_assignment.domain.runs.watching import FailedJobs, Glance

_MOST = 250
_SHOWN = 300


class WatchStore:
    """Looks, and changes nothing; `endpoint` is the name of our service endpoint."""

    def __init__(self, client: DataverseClient, endpoint: str) -> None:
        self._client = client
        self._endpoint = endpoint

    def failed_jobs(self, since: datetime) -> FailedJobs:
        """The deliveries to us that failed at `since` or later; raises NotPermitted and Refused."""
        request = failed_jobs_request(self._endpoint, since)
        with away_means_unavailable():
            try:
                return _failed_jobs(self._client.send(request).rows)
            except (AccessDenied, NotFound) as exc:
                raise NotPermitted(str(exc)) from exc
            except PASSING:
                raise
            except DataverseError as exc:
                raise Refused(str(exc)) from exc

    def glance(self, since: datetime) -> Glance:
        """All that a health answer tells of Dataverse, in one request."""
        questions = Questions()
        asked = [
            questions.ask(request)
            for request in (
                _newest_sweep(),
                _newest_run(),
                failed_jobs_request(self._endpoint, since),
                _counting_overdue(since),
            )
        ]
        with away_means_unavailable():
            answers = questions.send(self._client)
        rows: list[list[Row] | None] = []
        troubles: list[str] = []
        for place in asked:
            try:
                rows.append(answers.rows(place))
            except DataverseError as exc:
                rows.append(None)
                troubles.append(str(exc))
        sweeps, runs, jobs, overdue = rows
        return Glance(
            sweep=_sweep(sweeps, troubles),
            decided_at=moment(runs[0][RoutingRunColumn.LAST_ATTEMPT_ON]) if runs else None,
            failed_jobs=None if jobs is None else _failed_jobs(jobs),
            overdue=int(overdue[0]["records"]) if overdue else None,
            troubles=tuple(troubles),
        )


def _newest_sweep() -> Request:
    return messages.get(Query(SWEEP.entity_set, orderby=(desc(SweepColumn.START_TIME),), top=1))


def _newest_run() -> Request:
    column = RoutingRunColumn.LAST_ATTEMPT_ON
    return messages.get(
        Query(ROUTING_RUN.entity_set, select=(column,), orderby=(desc(column),), top=1)
    )


def _counting_overdue(since: datetime) -> Request:
    """How many records became overdue at `since` or later; most have an owner by now."""
    records = fetch.Attribute(
        RoutingRunColumn.RECORD_ID, alias="records", aggregate="countcolumn", is_distinct=True
    )
    question = fetch.Fetch(
        ROUTING_RUN.logical_name,
        attributes=(records,),
        filter=fetch.all_of(
            fetch.Condition(RoutingRunColumn.OVERDUE, "eq", (True,)),
            fetch.Condition(RoutingRunColumn.DUE_ON, "ge", (since,)),
        ),
    )
    return messages.fetch(ROUTING_RUN.entity_set, fetch.render(question))


def failed_jobs_request(endpoint: str, since: datetime) -> Request:
    """The failed jobs of the steps that post to an endpoint, newest first."""
    to_us = fetch.Link(
        SERVICE_ENDPOINT.logical_name,
        from_=SERVICE_ENDPOINT.primary_id,
        to=ProcessingStepColumn.EVENT_HANDLER.column,
        filter=fetch.all_of(fetch.Condition(ServiceEndpointColumn.NAME, "eq", (endpoint,))),
    )
    step = fetch.Link(
        PROCESSING_STEP.logical_name,
        from_=PROCESSING_STEP.primary_id,
        to=SystemJobColumn.OWNING_EXTENSION.column,
        links=(to_us,),
    )
    question = fetch.Fetch(
        SYSTEM_JOB.logical_name,
        attributes=(SystemJobColumn.NAME, SystemJobColumn.MESSAGE, SystemJobColumn.COMPLETED_ON),
        filter=fetch.all_of(
            fetch.Condition(SystemJobColumn.STATUS, "eq", (SystemJobStatus.FAILED,)),
            fetch.Condition(SystemJobColumn.COMPLETED_ON, "ge", (since,)),
        ),
        orders=(fetch.FetchOrder(SystemJobColumn.COMPLETED_ON, descending=True),),
        links=(step,),
        top=_MOST,
    )
    return messages.fetch(SYSTEM_JOB.entity_set, fetch.render(question))


def _failed_jobs(rows: list[Row]) -> FailedJobs:
    if not rows:
        return FailedJobs()
    newest = rows[0]
    return FailedJobs(
        count=len(rows),
        is_cut=len(rows) >= _MOST,
        newest=" ".join((newest.get(SystemJobColumn.MESSAGE) or "").split())[:_SHOWN],
        newest_step=newest.get(SystemJobColumn.NAME) or "",
        newest_at=moment(newest[SystemJobColumn.COMPLETED_ON]),
    )


def _sweep(rows: list[Row] | None, troubles: list[str]) -> Sweep | None:
    if not rows:
        return None
    sweep = sweep_rows.sweep_from_row(rows[0])
    if sweep.fault:
        troubles.append(f"sweep {sweep.id}: {sweep.fault}")
    return sweep
