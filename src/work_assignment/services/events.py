"""What Dataverse posts to the webhook, reduced to what routing needs, and its form on the queue."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from work_assignment.domain.carried_text import decoded
from work_assignment.domain.records import Owner

_MAXIMUM_DEPTH = 100
_LONGEST_TAG = 100
_MOST_COLUMNS = 100
"""A queue's message is short; of a very wide update only what is asked for later is kept."""
OWNER = "ownerid"
"""Where a record's owner stands, unless settings say otherwise."""
FOUND = 0
"""The depth of a change that was found by reconciling; those that webhooks tell of begin at 1."""
_WATCHED = frozenset({OWNER, "statecode"})
_OWNERS = ("systemuser", "team")
_TABLE = r"^[a-z][a-z0-9_]{0,127}$"
_ID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
_COLUMN = re.compile(r"[a-z_][a-z0-9_]{0,127}")
_DATE = re.compile(r"/Date\((-?\d+)(?:[+-]\d{4})?\)/")


class NotAnEvent(Exception):
    """The body is no RemoteExecutionContext; the text says what is missing or wrong."""


class Event(BaseModel):
    """Something happened to a record; everything else is read from Dataverse when it is handled.

    `columns` are those in the request of an Update, None when the message was too long to say;
    `owner` is the owner that it names.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    table: str = Field(pattern=_TABLE)
    record_id: str = Field(pattern=_ID)
    message: str
    occurred_at: AwareDatetime
    user_id: str
    depth: int
    tag: str | None = None
    columns: frozenset[str] | None = None
    owner: Owner | None = None

    @property
    def was_found(self) -> bool:
        """Whether it was found by reconciling: which column changed, and how often, is not known."""
        return self.depth == FOUND

    def may_change(self, column: str) -> bool:
        """Whether the update was one of that column, as far as can be told."""
        return self.message == "Update" and (self.columns is None or column in self.columns)

    def to_text(self) -> str:
        """The event as it lies on the queue, in characters that any queue carries."""
        return self.model_dump_json(ensure_ascii=True)

    @staticmethod
    def from_text(text: str) -> Event:
        """Read it back, as base64 too; raises NotAnEvent for anything else."""
        try:
            return Event.model_validate_json(decoded(text))
        except ValidationError as exc:
            raise NotAnEvent(_first_problem(exc)) from None


class _Pair(BaseModel):
    key: str
    value: Any = None


class _Context(BaseModel):
    """The members of RemoteExecutionContext that are used; Dataverse sends many more.

    InputParameters are absent when the message was longer than 256 KB (Use webhooks to create
    external handlers for server events).
    """

    message_name: str = Field(alias="MessageName", min_length=1, max_length=256)
    table: str = Field(alias="PrimaryEntityName", pattern=_TABLE)
    record_id: UUID = Field(alias="PrimaryEntityId")
    user_id: UUID = Field(alias="InitiatingUserId")
    depth: int = Field(alias="Depth", ge=1, le=_MAXIMUM_DEPTH)
    occurred: str = Field(alias="OperationCreatedOn")
    shared_variables: list[_Pair] = Field(alias="SharedVariables", default_factory=list)
    input_parameters: list[_Pair] | None = Field(alias="InputParameters", default=None)


def read_context(body: bytes) -> Event:
    """Read the webhook's body strictly; raises NotAnEvent with one sentence."""
    try:
        context = _Context.model_validate_json(body)
    except ValidationError as exc:
        raise NotAnEvent(_first_problem(exc)) from None
    return Event(
        table=context.table,
        record_id=str(context.record_id),
        message=context.message_name,
        occurred_at=_moment(context.occurred),
        user_id=str(context.user_id),
        depth=context.depth,
        tag=_tag(context.shared_variables),
        columns=_columns(context.input_parameters),
        owner=_owner(context.input_parameters),
    )


def _first_problem(exc: ValidationError) -> str:
    problem = exc.errors(include_url=False, include_input=False)[0]
    place = ".".join(map(str, problem["loc"]))
    return f"{place}: {problem['msg']}" if place else problem["msg"]


def _moment(text: str) -> datetime:
    """`/Date(1506409448000-0700)/`: milliseconds since 1970 in UTC; the offset is decoration."""
    found = _DATE.fullmatch(text)
    if not found:
        raise NotAnEvent(f"OperationCreatedOn: '{text[:40]}' is not of the form /Date(...)/")
    try:
        return datetime.fromtimestamp(int(found[1]) / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        raise NotAnEvent("OperationCreatedOn: the date is out of range") from None


def _tag(variables: list[_Pair]) -> str | None:
    """The tag, as far as it can be ours."""
    return next((str(pair.value)[:_LONGEST_TAG] for pair in variables if pair.key == "tag"), None)


def _attributes(parameters: list[_Pair] | None) -> list[_Pair] | None:
    """The columns of the request with their values; None where the message does not have them."""
    for pair in parameters or ():
        if pair.key == "Target" and isinstance(pair.value, dict):
            attributes = pair.value.get("Attributes")
            if isinstance(attributes, list):
                return [
                    _Pair(key=str(entry["key"]), value=entry.get("value"))
                    for entry in attributes
                    if isinstance(entry, dict) and "key" in entry
                ]
    return None


def _columns(parameters: list[_Pair] | None) -> frozenset[str] | None:
    attributes = _attributes(parameters)
    if attributes is None:
        return None
    named = frozenset(pair.key for pair in attributes if _COLUMN.fullmatch(pair.key))
    return named if len(named) <= _MOST_COLUMNS else named & _WATCHED


def _owner(parameters: list[_Pair] | None) -> Owner | None:
    for pair in _attributes(parameters) or ():
        if pair.key == OWNER and isinstance(pair.value, dict):
            table, row_id = pair.value.get("LogicalName"), _uuid(pair.value.get("Id"))
            if table in _OWNERS and row_id is not None:
                return Owner(table, row_id)
    return None


def _uuid(value: object) -> str | None:
    try:
        return str(UUID(value)) if isinstance(value, str) else None
    except ValueError:
        return None
