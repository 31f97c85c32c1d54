"""Rows that hold definitions and webhooks, as values: what services plan and stores read and write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import ClassVar, Generic, TypeVar

from work_assignment.domain.errors import WorkAssignmentError

Cell = str | int | bool | datetime | None
"""A column's value. Choices are the words of the definitions, lists and nested forms are JSON."""

SETTINGS_NAME = "default"
"""The name of the one row that holds the settings."""


class DefinitionsChanged(WorkAssignmentError):
    """Somebody changed a row after it was read for the plan; nothing of the change set is kept."""


class Kind(Enum):
    """Which table a row belongs to, in the words of plans."""

    SETTINGS = "settings"
    ATTRIBUTE = "attribute"
    VALUE = "attribute value"
    SEGMENT = "segment"
    RULE = "rule"
    SELLER = "seller"


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """A segment; `filter` is FetchXML, None for every record, and `schedule` JSON, None for never.

    It takes records while it is active or paused. `activated_on` and `description` are never
    compared.
    """

    kind: ClassVar[Kind] = Kind.SEGMENT

    name: str
    record_type: str
    priority: int | None
    state: str
    filter: str | None
    allow_move_in: bool
    reassign_on_move: bool
    activated_on: datetime | None = None
    description: str | None = None
    schedule: str | None = None
    manager_id: str | None = None


@dataclass(frozen=True, slots=True)
class RuleRow:
    """An assignment rule; `segment_id` None is the default segment.

    `attributes` is JSON of the nested form, `list` a JSON array of ids of users, teams or queues.
    Which number `distribution` is depends on `assign_to`: a change of either carries both.
    """

    kind: ClassVar[Kind] = Kind.RULE

    name: str
    record_type: str
    segment_id: str | None
    order: int | None
    state: str
    filter: str | None
    created_within_hours: int | None
    assign_to: str
    match: str
    list: str | None
    seller_filter: str | None
    attributes: str | None
    distribution: str
    capacity: bool
    available_within_hours: int | None
    on_no_seller: str
    activated_on: datetime | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class SellerRow:
    """What definitions say of a seller; what deciding keeps in the same row is not theirs."""

    kind: ClassVar[Kind] = Kind.SELLER

    name: str
    user_id: str
    state: str
    takes_assignments: bool
    max_capacity: int | None
    working_hours: str | None
    time_off: str | None


@dataclass(frozen=True, slots=True)
class AttributeRow:
    """A seller attribute."""

    kind: ClassVar[Kind] = Kind.ATTRIBUTE

    name: str


@dataclass(frozen=True, slots=True)
class ValueRow:
    """One value of a seller attribute."""

    kind: ClassVar[Kind] = Kind.VALUE

    name: str
    attribute_id: str


@dataclass(frozen=True, slots=True)
class SettingsRow:
    """The settings. `eligible_roles` None is all; `definitions_version` is never compared.

    Roles and record types are JSON arrays of names. `owner_column` None is the owner itself;
    `notifications` are JSON, None being the app alone.
    """

    kind: ClassVar[Kind] = Kind.SETTINGS

    name: str = SETTINGS_NAME
    default_capacity: int | None = 50
    round_robin_scope: str = "organization"
    evaluation_time_zone: str | None = "UTC"
    eligible_roles: str | None = None
    record_types: str | None = '["lead","opportunity"]'
    keep_self_created: bool = False
    score_column: str | None = None
    owner_column: str | None = None
    flap_limit_moves: int | None = 3
    flap_limit_hours: int | None = 24
    keep_runs_days: int = 90
    sweep_limit: int | None = None
    notifications: str | None = None
    trigger_columns: str | None = None
    definitions_version: str | None = None


Row = SegmentRow | RuleRow | SellerRow | AttributeRow | ValueRow | SettingsRow
RowT = TypeVar("RowT", covariant=True)


@dataclass(frozen=True, slots=True)
class Stored(Generic[RowT]):
    """A row that exists, with the version it was read in."""

    id: str
    version: str
    row: RowT


@dataclass(frozen=True, slots=True)
class StoredDefinitions:
    """Everything that definitions have in Dataverse. A link is (attribute value id, user id)."""

    segments: tuple[Stored[SegmentRow], ...] = ()
    rules: tuple[Stored[RuleRow], ...] = ()
    sellers: tuple[Stored[SellerRow], ...] = ()
    attributes: tuple[Stored[AttributeRow], ...] = ()
    values: tuple[Stored[ValueRow], ...] = ()
    links: frozenset[tuple[str, str]] = frozenset()
    settings: Stored[SettingsRow] | None = None


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user as definitions name her: by domain name or e-mail address."""

    id: str
    name: str
    domain_name: str | None = None
    email: str | None = None
    is_disabled: bool = False


@dataclass(frozen=True, slots=True)
class RecordTypeFacts:
    """What decides whether a table's rows can be routed.

    `lacks` says in words which columns are missing or of a wrong type, and how to add them.
    """

    is_user_owned: bool
    is_queue_enabled: bool
    lacks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CreateRow:
    """A row to create under an id of our choice."""

    id: str
    row: Row


@dataclass(frozen=True, slots=True)
class UpdateRow:
    """Columns to change; with a `version` only while the row is still in it."""

    kind: Kind
    id: str
    columns: Mapping[str, Cell]
    version: str | None = None


@dataclass(frozen=True, slots=True)
class LinkValue:
    """Give a user an attribute value."""

    value_id: str
    user_id: str


@dataclass(frozen=True, slots=True)
class UnlinkValue:
    """Take an attribute value from a user."""

    value_id: str
    user_id: str


Change = CreateRow | UpdateRow | LinkValue | UnlinkValue


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """Where Dataverse posts events to. `auth_value` carries the key; it can never be read back.

    `sends_key_header` says that Dataverse puts the key into a header.
    """

    name: str
    url: str
    description: str
    auth_value: str | None = field(default=None, repr=False)
    sends_key_header: bool = True


@dataclass(frozen=True, slots=True)
class StepRow:
    """What makes Dataverse post: a message of a table; `columns` are sorted, none means any.

    `after_commit` is asynchronous in the stage PostOperation.
    """

    name: str
    message: str
    record_type: str
    columns: tuple[str, ...] = ()
    enabled: bool = True
    after_commit: bool = True
    deletes_finished_jobs: bool = True


@dataclass(frozen=True, slots=True)
class MessageTarget:
    """The ids by which a step names its message, and the message on its table."""

    message_id: str
    filter_id: str


@dataclass(frozen=True, slots=True)
class WriteEndpoint:
    """Create the endpoint, or change the one that exists."""

    id: str
    row: EndpointRow
    creates: bool


@dataclass(frozen=True, slots=True)
class CreateStep:
    """A step to create under an id of our choice."""

    id: str
    endpoint_id: str
    target: MessageTarget
    row: StepRow


@dataclass(frozen=True, slots=True)
class UpdateStep:
    """A step to bring into this form; its message and table stay."""

    id: str
    row: StepRow


WebhookChange = WriteEndpoint | CreateStep | UpdateStep
