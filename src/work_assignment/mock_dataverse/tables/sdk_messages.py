"""The messages that steps can be registered on, and on which tables each of them exists."""

from __future__ import annotations

from collections.abc import Iterator

from .metadata import Table
from .standard_tables import REFUSED_MESSAGES
from .standard_tables.scheduling import QUEUE_ENABLED

# Messages of rows come first: almost every table has them.
_OF_ROWS = ("Create", "Update", "Delete", "CreateMultiple", "UpdateMultiple")
_OF_OWNED_ROWS = ("Assign", "GrantAccess", "ModifyAccess", "RevokeAccess")
_OF_STATES = ("SetState", "SetStateDynamicEntity")
_OF_QUEUED_ROWS = ("AddToQueue",)
_OF_TABLES: dict[str, tuple[str, ...]] = {
    "lead": ("QualifyLead",),
    "opportunity": ("Win", "Lose"),
    "queue": ("AddPrincipalToQueue",),
    "queueitem": ("PickFromQueue", "ReleaseToQueue", "RemoveFromQueue"),
    "team": ("AddMembers", "RemoveMembers"),
}
# Writes of registrations are no events (Learn: table reference of SdkMessageProcessingStep, its
# images, and ServiceEndpoint).
_REGISTRATIONS = frozenset(
    {"sdkmessageprocessingstep", "sdkmessageprocessingstepimage", "serviceendpoint"}
)
_MULTIPLE = {"CreateMultiple": "Create", "UpdateMultiple": "Update"}

# Steps on these are for every table (Learn: Register a plug-in); there is no filter to choose.
UNFILTERED_MESSAGES = ("Associate", "Disassociate", "BulkDelete")
FIRED_MESSAGES = (
    *_OF_ROWS,
    *_OF_OWNED_ROWS,
    *_OF_STATES,
    *_OF_QUEUED_ROWS,
    *(message for messages in _OF_TABLES.values() for message in messages),
    *UNFILTERED_MESSAGES,
)


def messages_of(table: Table) -> Iterator[str]:
    """List the messages of a table that steps can be registered on."""
    if table.is_intersect or table.logical_name in _REGISTRATIONS:
        return
    refused = REFUSED_MESSAGES.get(table.logical_name, frozenset())
    for message in _OF_ROWS:
        if _MULTIPLE.get(message, message) not in refused:
            yield message
    if "ownerid" in table.columns:
        yield from _OF_OWNED_ROWS
    if "statecode" in table.columns:
        yield from _OF_STATES
    if table.logical_name in QUEUE_ENABLED:
        yield from _OF_QUEUED_ROWS
    yield from _OF_TABLES.get(table.logical_name, ())


def is_event(message: str, table: str) -> bool:
    """Tell whether steps for all tables run on a message of this one."""
    return message in UNFILTERED_MESSAGES or table not in _REGISTRATIONS
