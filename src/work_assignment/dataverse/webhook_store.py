"""Webhook registrations as rows of Dataverse: a service endpoint and its processing steps."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, assert_never

from work_assignment.dataverse import messages
from work_assignment.dataverse.batches import Batch, ChangeSet, ChangeSetResult
from work_assignment.dataverse.choices import (
    EndpointAuthType,
    EndpointContract,
    ProcessingMode,
    ProcessingStage,
    ProcessingStepStatus,
    State,
)
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.errors import unreadable
from work_assignment.dataverse.messages import Request, Row, bind
from work_assignment.dataverse.names import Common
from work_assignment.dataverse.port_errors import in_port_terms
from work_assignment.dataverse.queries import Expand, Guid, Query, and_, eq, in_, or_
from work_assignment.dataverse.registration_names import (
    PROCESSING_STEP,
    SDK_MESSAGE,
    SDK_MESSAGE_FILTER,
    SERVICE_ENDPOINT,
    ProcessingStepColumn,
    SdkMessageColumn,
    SdkMessageFilterColumn,
    ServiceEndpointColumn,
)
from work_assignment.domain.defining.definition_rows import (
    CreateStep,
    EndpointRow,
    MessageTarget,
    StepRow,
    Stored,
    UpdateStep,
    WebhookChange,
    WriteEndpoint,
)

_RANK = 1
_SERVER_ONLY = 0


class WebhookStore:
    """Reads and writes webhook registrations."""

    def __init__(self, client: DataverseClient) -> None:
        self._client = client

    def endpoints(self, name: str) -> Sequence[Stored[EndpointRow]]:
        """The webhooks of this name; endpoints of other kinds may have it too."""
        query = Query(
            SERVICE_ENDPOINT.entity_set,
            select=(
                SERVICE_ENDPOINT.primary_id,
                ServiceEndpointColumn.NAME,
                ServiceEndpointColumn.URL,
                ServiceEndpointColumn.DESCRIPTION,
                ServiceEndpointColumn.AUTH_TYPE,
            ),
            filter=and_(
                eq(ServiceEndpointColumn.NAME, name),
                eq(ServiceEndpointColumn.CONTRACT, EndpointContract.WEBHOOK),
            ),
        )
        return [_endpoint(row) for row in self._rows(query)]

    def steps(self, endpoint_id: str) -> Sequence[Stored[StepRow]]:
        """The steps that post to an endpoint."""
        message, target = ProcessingStepColumn.SDK_MESSAGE, ProcessingStepColumn.SDK_MESSAGE_FILTER
        query = Query(
            PROCESSING_STEP.entity_set,
            select=(
                PROCESSING_STEP.primary_id,
                ProcessingStepColumn.NAME,
                ProcessingStepColumn.STAGE,
                ProcessingStepColumn.MODE,
                ProcessingStepColumn.ASYNC_AUTO_DELETE,
                ProcessingStepColumn.FILTERING_ATTRIBUTES,
                Common.STATE,
            ),
            filter=eq(ProcessingStepColumn.EVENT_HANDLER.value, Guid(endpoint_id)),
            expand=(
                Expand(message.navigation, select=(SdkMessageColumn.NAME,)),
                Expand(
                    target.navigation, select=(SdkMessageFilterColumn.PRIMARY_OBJECT_TYPE_CODE,)
                ),
            ),
        )
        return [_step(row) for row in self._rows(query)]

    def targets(
        self, messages: Collection[str], record_types: Collection[str]
    ) -> Mapping[tuple[str, str], MessageTarget]:
        """The ids of messages, and of messages on tables, by name."""
        named = Query(
            SDK_MESSAGE.entity_set,
            select=(SDK_MESSAGE.primary_id, SdkMessageColumn.NAME),
            filter=in_(SdkMessageColumn.NAME, tuple(messages)),
        )
        names = {
            row[SDK_MESSAGE.primary_id]: row[SdkMessageColumn.NAME] for row in self._rows(named)
        }
        if not names:
            return {}
        code, message = (
            SdkMessageFilterColumn.PRIMARY_OBJECT_TYPE_CODE,
            SdkMessageFilterColumn.SDK_MESSAGE.value,
        )
        either = or_(*(eq(message, Guid(message_id)) for message_id in names))
        filters = Query(
            SDK_MESSAGE_FILTER.entity_set,
            select=(SDK_MESSAGE_FILTER.primary_id, code, message),
            filter=and_(in_(code, tuple(record_types)), either),
        )
        return {
            (names[row[message]], row[code]): MessageTarget(
                row[message], row[SDK_MESSAGE_FILTER.primary_id]
            )
            for row in self._rows(filters)
        }

    def write(self, changes: Sequence[WebhookChange]) -> None:
        """Send the changes as one change set."""
        requests = [_request(change) for change in changes]
        with in_port_terms():
            (result,) = self._client.send_batch(Batch([ChangeSet(requests)]))
            if not isinstance(result, ChangeSetResult):
                raise unreadable("a change set was answered like a request", what="$batch")
            index = result.failed_index
            error = result.error("change set" if index is None else requests[index].what)
            if error is not None:
                raise error

    def _rows(self, query: Query) -> Iterator[Row]:
        with in_port_terms():
            yield from self._client.rows(query)


def _endpoint(row: Row) -> Stored[EndpointRow]:
    return Stored(
        row[SERVICE_ENDPOINT.primary_id],
        row["@odata.etag"],
        EndpointRow(
            name=row.get(ServiceEndpointColumn.NAME) or "",
            url=row.get(ServiceEndpointColumn.URL) or "",
            description=row.get(ServiceEndpointColumn.DESCRIPTION) or "",
            sends_key_header=row.get(ServiceEndpointColumn.AUTH_TYPE)
            == EndpointAuthType.HTTP_HEADER,
        ),
    )


def _step(row: Row) -> Stored[StepRow]:
    message = row.get(ProcessingStepColumn.SDK_MESSAGE.navigation) or {}
    target = row.get(ProcessingStepColumn.SDK_MESSAGE_FILTER.navigation) or {}
    columns = row.get(ProcessingStepColumn.FILTERING_ATTRIBUTES) or ""
    return Stored(
        row[PROCESSING_STEP.primary_id],
        row["@odata.etag"],
        StepRow(
            name=row.get(ProcessingStepColumn.NAME) or "",
            message=message.get(SdkMessageColumn.NAME) or "",
            record_type=target.get(SdkMessageFilterColumn.PRIMARY_OBJECT_TYPE_CODE) or "none",
            columns=tuple(sorted({name.strip() for name in columns.split(",") if name.strip()})),
            enabled=row.get(Common.STATE) == State.ACTIVE,
            after_commit=row.get(ProcessingStepColumn.MODE) == ProcessingMode.ASYNCHRONOUS
            and row.get(ProcessingStepColumn.STAGE) == ProcessingStage.POST_OPERATION,
            deletes_finished_jobs=bool(row.get(ProcessingStepColumn.ASYNC_AUTO_DELETE)),
        ),
    )


def _request(change: WebhookChange) -> Request:
    match change:
        case WriteEndpoint(row_id, row, True):
            own = {
                SERVICE_ENDPOINT.primary_id: row_id,
                ServiceEndpointColumn.NAME: row.name,
                ServiceEndpointColumn.CONTRACT: EndpointContract.WEBHOOK,
            }
            body = {**own, **_endpoint_body(row)}
            return messages.create(SERVICE_ENDPOINT.entity_set, body)
        case WriteEndpoint(row_id, row, _):
            body = _endpoint_body(row)
            return messages.update(SERVICE_ENDPOINT.entity_set, row_id, body, version="*")
        case CreateStep():
            return messages.create(PROCESSING_STEP.entity_set, _new_step_body(change))
        case UpdateStep(row_id, row):
            body = {**_step_body(row), **_state_body(row)}
            return messages.update(PROCESSING_STEP.entity_set, row_id, body, version="*")
    assert_never(change)


def _endpoint_body(row: EndpointRow) -> dict[str, Any]:
    return {
        ServiceEndpointColumn.DESCRIPTION: row.description,
        ServiceEndpointColumn.URL: row.url,
        ServiceEndpointColumn.AUTH_TYPE: EndpointAuthType.HTTP_HEADER,
        ServiceEndpointColumn.AUTH_VALUE: row.auth_value,
    }


def _new_step_body(change: CreateStep) -> dict[str, Any]:
    """A step is born enabled. Plug-in tables are created with POST, the id inside."""
    target = change.target
    return {
        PROCESSING_STEP.primary_id: change.id,
        **_step_body(change.row),
        **bind(
            ProcessingStepColumn.SDK_MESSAGE.navigation, SDK_MESSAGE.entity_set, target.message_id
        ),
        **bind(
            ProcessingStepColumn.SDK_MESSAGE_FILTER.navigation,
            SDK_MESSAGE_FILTER.entity_set,
            target.filter_id,
        ),
        **bind(
            ProcessingStepColumn.EVENT_HANDLER.navigation,
            SERVICE_ENDPOINT.entity_set,
            change.endpoint_id,
        ),
    }


def _step_body(row: StepRow) -> dict[str, Any]:
    return {
        ProcessingStepColumn.NAME: row.name,
        ProcessingStepColumn.STAGE: ProcessingStage.POST_OPERATION,
        ProcessingStepColumn.MODE: ProcessingMode.ASYNCHRONOUS,
        ProcessingStepColumn.RANK: _RANK,
        ProcessingStepColumn.SUPPORTED_DEPLOYMENT: _SERVER_ONLY,
        ProcessingStepColumn.ASYNC_AUTO_DELETE: row.deletes_finished_jobs,
        ProcessingStepColumn.FILTERING_ATTRIBUTES: ",".join(row.columns) or None,
    }


def _state_body(row: StepRow) -> dict[str, Any]:
    if row.enabled:
        return {Common.STATE: State.ACTIVE, Common.STATUS: ProcessingStepStatus.ENABLED}
    return {Common.STATE: State.INACTIVE, Common.STATUS: ProcessingStepStatus.DISABLED}
