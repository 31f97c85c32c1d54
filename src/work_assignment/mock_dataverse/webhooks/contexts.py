"""The JSON of a webhook's body: RemoteExecutionContext, as Dataverse's serialiser writes it.

It is put together as text: the pieces of an operation are written once for all of its steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from . import json_text
from .images import ImageWriter, Names
from .operations import (
    ASSIGN,
    CREATE,
    CREATE_MULTIPLE,
    DELETE,
    SET_STATE,
    SET_STATE_DYNAMIC,
    UPDATE,
    UPDATE_MULTIPLE,
    Operation,
    Parameters,
)
from .steps import Image, Mode, Stage, Step

LARGEST_BODY = 256 * 1024
STEP_TABLE = "sdkmessageprocessingstep"
_MAIN_STAGE = 30


class Runner(Protocol):
    """The user that a step runs as."""

    @property
    def user_id(self) -> str: ...
    @property
    def aad_object_id(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Body:
    """What is posted; `is_trimmed` says that the context was too large to be sent whole."""

    text: str
    is_trimmed: bool


@dataclass(frozen=True, slots=True)
class _Frame:
    """What is the same whether a context is sent whole or trimmed, or as the parent of another."""

    operation: Operation
    operation_id: str
    owner: str
    mode: int
    stage: int
    runner: Runner

    @property
    def is_in_transaction(self) -> bool:
        """Tell whether the step's failure takes a transaction with it that has begun."""
        if self.mode == Mode.ASYNCHRONOUS:
            return False
        return self.stage != Stage.PRE_VALIDATION or self.operation.depth > 1


class ContextWriter:
    """Writes the contexts of one operation, for each step that it sets off."""

    def __init__(self, operation: Operation, images: ImageWriter, names: Names) -> None:
        self._operation = operation
        self._images = images
        self._names = names

    def body(self, step: Step, runner: Runner, stage: Stage, operation_id: str) -> Body:
        """Write a body; beyond 256 KB its parameters, images and parent are left out
        (Learn: Use webhooks to create external handlers for server events)."""
        owner = json_text.plain_reference(STEP_TABLE, step.id, step.name)
        frame = _Frame(self._operation, operation_id, owner, step.mode, stage, runner)
        body = _escaped(_whole(frame, self._inputs, *self._pictures(step), self._parent))
        if not _is_too_large(body):
            return Body(body, is_trimmed=False)
        return Body(_escaped(_trimmed(frame)), is_trimmed=True)

    @cached_property
    def _inputs(self) -> str:
        return json_text.pairs(self._parameters(self._operation))

    @cached_property
    def _parent(self) -> str:
        """Write the operation around this one, as it is while it carries this one out."""
        parent = self._operation.parent
        if parent is None:
            return json_text.NULL
        around = ContextWriter(parent, self._images, self._names)
        owner = json_text.plain_reference(STEP_TABLE, json_text.NO_ID)
        frame = _Frame(parent, json_text.NO_ID, owner, Mode.SYNCHRONOUS, _MAIN_STAGE, parent.caller)
        return _whole(frame, around._inputs, "[]", "[]", around._parent)

    def _pictures(self, step: Step) -> tuple[str, str]:
        """Write the images of after and of before."""
        operation = self._operation
        post = [image for image in step.images if image.is_post]
        pre = [image for image in step.images if image.is_pre]
        return self._shown(operation.post, post), self._shown(operation.pre, pre)

    def _shown(self, row: Mapping[str, Any] | None, images: list[Image]) -> str:
        """Write the images of one moment; a moment at which there was no row has none."""
        if row is None or not images:
            return "[]"
        table, row_id = self._operation.table, self._operation.row_id
        version = None if self._operation.message == CREATE else _version(row)
        return json_text.pairs(
            (image.alias, self._images.image(table, row_id, row, image, version, self._names))
            for image in images
        )

    def _parameters(self, operation: Operation) -> Parameters:
        message = operation.message
        row = json_text.reference(operation.table.logical_name, operation.row_id)
        if message == CREATE:
            return (("Target", json_text.typed_entity(self._entity(operation))),)
        if message == UPDATE:
            written = json_text.typed_entity(self._entity(operation))
            return (("Target", written), ("ConcurrencyBehavior", "0"))
        if message in (CREATE_MULTIPLE, UPDATE_MULTIPLE):
            return (("Targets", self._targets(operation)),)
        if message == DELETE:
            return (("Target", row),)
        if message == ASSIGN:
            return (("Target", row), ("Assignee", _assignee(operation.target)))
        if message in (SET_STATE, SET_STATE_DYNAMIC):
            state, status = (operation.target.get(name) for name in ("statecode", "statuscode"))
            return (
                ("EntityMoniker", row),
                ("State", _optional_option(state)),
                ("Status", _optional_option(status)),
            )
        return operation.parameters

    def _targets(self, operation: Operation) -> str:
        gathered = operation.gathering.operations if operation.gathering else []
        written = [self._entity(single) for single in gathered]
        return json_text.collection(operation.table.logical_name, written)

    def _entity(self, operation: Operation) -> str:
        """Write what a request set and cleared; the id belongs to it, the version does not."""
        table = operation.table
        version = None if operation.message == CREATE else _version(operation.post)
        return json_text.plain_entity(
            table.logical_name,
            operation.row_id,
            self._images.attributes(table, operation.row_id, operation.target, operation.parties),
            version=version,
        )


def _whole(frame: _Frame, inputs: str, post: str, pre: str, parent: str) -> str:
    return (
        f'{_head(frame)},"InputParameters":{inputs},{_middle(frame)},"ParentContext":{parent},'
        f'"PostEntityImages":{post},"PreEntityImages":{pre},{_tail(frame)}'
    )


def _trimmed(frame: _Frame) -> str:
    return f"{_head(frame)},{_middle(frame)},{_tail(frame)}"


def _head(frame: _Frame) -> str:
    caller, operation = frame.operation.caller, frame.operation
    return (
        f'{{"BusinessUnitId":"{caller.business_unit_id}",'
        f'"CorrelationId":"{operation.correlation_id}","Depth":{operation.depth},'
        f'"InitiatingUserAzureActiveDirectoryObjectId":"{caller.aad_object_id}",'
        f'"InitiatingUserId":"{caller.user_id}"'
    )


def _middle(frame: _Frame) -> str:
    operation = frame.operation
    caller = operation.caller
    in_transaction = json_text.flag(frame.is_in_transaction)
    created_on = json_text.milliseconds(operation.occurred_at)
    return (
        f'"IsExecutingOffline":false,"IsInTransaction":{in_transaction},'
        '"IsOfflinePlayback":false,"IsolationMode":1,'
        f'"MessageName":"{operation.message}","Mode":{int(frame.mode)},'
        f'"OperationCreatedOn":"/Date({created_on}+0000)/",'
        f'"OperationId":"{frame.operation_id}","OrganizationId":"{caller.organization_id}",'
        f'"OrganizationName":{json_text.text(caller.organization_name)},'
        f'"OutputParameters":{json_text.pairs(_outputs(frame))},"OwningExtension":{frame.owner}'
    )


def _tail(frame: _Frame) -> str:
    operation = frame.operation
    return (
        f'"PrimaryEntityId":"{operation.row_id or json_text.NO_ID}",'
        f'"PrimaryEntityName":"{operation.table.logical_name}","RequestId":null,'
        f'"SecondaryEntityName":"none","SharedVariables":{_shared_variables(operation)},'
        f'"Stage":{int(frame.stage)},'
        f'"UserAzureActiveDirectoryObjectId":"{frame.runner.aad_object_id}",'
        f'"UserId":"{frame.runner.user_id}"}}'
    )


def _outputs(frame: _Frame) -> Iterable[tuple[str, str]]:
    """What a message has brought about is known after its main stage only."""
    if frame.stage != Stage.POST_OPERATION:
        return ()
    operation = frame.operation
    if operation.message == CREATE:
        return (("id", json_text.text(operation.row_id)),)
    if operation.message == CREATE_MULTIPLE and operation.gathering is not None:
        created = (single.row_id for single in operation.gathering.operations)
        return (("Ids", json_text.ids(created)),)
    return operation.outputs


def _shared_variables(operation: Operation) -> str:
    variables: list[tuple[str, str]] = []
    if operation.message == CREATE:
        variables += [("IsAutoTransact", "true"), ("DefaultsAddedFlag", "true")]
    if operation.tag is not None:
        variables.append(("tag", json_text.text(operation.tag)))
    return json_text.pairs(variables)


def _assignee(target: Mapping[str, Any]) -> str:
    kind = target.get("ownerid__type") or "systemuser"
    return json_text.reference(kind, str(target["ownerid"]))


def _optional_option(value: int | None) -> str:
    return json_text.NULL if value is None else json_text.option(value)


def _version(row: Mapping[str, Any] | None) -> str | None:
    version = row.get("versionnumber") if row is not None else None
    return None if version is None else str(version)


def _escaped(text: str) -> str:
    """Escape every slash, as DataContractJsonSerializer does."""
    return text.replace("/", "\\/")


def _is_too_large(body: str) -> bool:
    if len(body) * 4 <= LARGEST_BODY:  # no character takes more than four bytes
        return False
    return len(body.encode()) > LARGEST_BODY
