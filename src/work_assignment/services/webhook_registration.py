"""Registering with Dataverse for events: one service endpoint, two steps a record type, kept in order."""

from __future__ import annotations

import hashlib
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from ipaddress import ip_address
from typing import Literal, Protocol
from urllib.parse import urlsplit
from uuid import uuid4

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
from work_assignment.domain.errors import WorkAssignmentError
from work_assignment.services.sweep_requests import TABLE

ENDPOINT_NAME = "Work Assignment"
EVENTS_PATH = "/api/dataverse/events"
KEY_HEADER = "x-functions-key"
ALWAYS_WATCHED = frozenset({"ownerid", "statecode"})
_MESSAGES = ("Create", "Update")
_SWEEP_STEP = StepRow(
    name=f"{ENDPOINT_NAME}: Create of {TABLE}", message="Create", record_type=TABLE
)


class CannotRegister(WorkAssignmentError):
    """The address or the key cannot be right, or what is registered already is in the way."""


class WebhookStore(Protocol):
    """Webhook registrations in Dataverse."""

    def endpoints(self, name: str) -> Sequence[Stored[EndpointRow]]:
        """The webhook endpoints of this name."""

    def steps(self, endpoint_id: str) -> Sequence[Stored[StepRow]]:
        """The steps that post to an endpoint, enabled or not."""

    def targets(
        self, messages: Collection[str], record_types: Collection[str]
    ) -> Mapping[tuple[str, str], MessageTarget]:
        """For each message and record type, the ids that a step names them by."""

    def write(self, changes: Sequence[WebhookChange]) -> None:
        """Carry out the changes, all or none."""


@dataclass(frozen=True, slots=True)
class WebhookAction:
    """One thing that was done: to the endpoint or a step, and which columns it changed."""

    verb: Literal["create", "update", "enable", "disable"]
    name: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """What was done, in order; nothing when all was registered already."""

    actions: tuple[WebhookAction, ...] = ()


@dataclass(frozen=True, slots=True)
class Registration:
    """What is registered: the endpoint and its steps."""

    endpoint: Stored[EndpointRow]
    steps: tuple[Stored[StepRow], ...]


def sync(
    url: str,
    key: str,
    store: WebhookStore,
    filters_columns: Mapping[str, Collection[str]],
    *,
    new_id: Callable[[], str] = lambda: str(uuid4()),
) -> Report:
    """Bring the registration into line with the app's address, its key and the filters.

    `filters_columns` has each record type in scope and the columns that its filters read. Steps of
    other types are disabled. What is right already is not written. A new sweep rings, too.
    """
    wanted = EndpointRow(
        ENDPOINT_NAME, events_url(url), _description(_checked(key)), _auth_value(key)
    )
    existing = _only_endpoint(store)
    endpoint_id = existing.id if existing else new_id()
    stored = store.steps(existing.id) if existing else ()
    done = [
        *_settle_endpoint(existing, endpoint_id, wanted),
        *_settle_steps(
            stored, [*_wanted_steps(filters_columns), _SWEEP_STEP], endpoint_id, store, new_id
        ),
    ]
    if done:
        store.write([change for _, change in done])
    return Report(tuple(action for action, _ in done))


def registered(store: WebhookStore) -> Registration | None:
    """What is registered now, or None."""
    endpoint = _only_endpoint(store)
    if endpoint is None:
        return None
    steps = sorted(store.steps(endpoint.id), key=lambda step: (step.row.name, step.id))
    return Registration(endpoint, tuple(steps))


def events_url(url: str) -> str:
    """The address that Dataverse posts to, from the app's; https unless it is this machine."""
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise CannotRegister(f"the app's address {_shown(url)} is no URL") from None
    path = parts.path.rstrip("/").removesuffix(EVENTS_PATH)
    odd = path or parts.query or parts.fragment or parts.username is not None or port == 0
    if parts.scheme not in ("http", "https") or not host or odd or not _is_printable(url.strip()):
        raise CannotRegister(
            f"the app's address must look like https://APP.azurewebsites.net, not {_shown(url)}"
        )
    if parts.scheme == "http" and not _is_loopback(host):
        raise CannotRegister(
            f"the app's address must begin with https, since {host} is not this machine"
        )
    return f"{parts.scheme}://{parts.netloc}{EVENTS_PATH}"


def _shown(url: str) -> str:
    """The address without what may be secret: a query can hold a key, a user part a password."""
    bare = url.strip().partition("?")[0].partition("#")[0]
    scheme, separator, rest = bare.rpartition("//")
    host, slash, path = rest.partition("/")
    return repr(scheme + separator + host.rpartition("@")[2] + slash + path)


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _is_printable(text: str) -> bool:
    """Printable ASCII without blanks: what may stand in an address or a header."""
    return bool(text) and all("!" <= letter <= "~" for letter in text)


def _checked(key: str) -> str:
    if not key:
        raise CannotRegister("the webhook key is empty")
    if not _is_printable(key):
        raise CannotRegister("the webhook key has a blank or a character that headers cannot carry")
    return key


def _description(key: str) -> str:
    """Dataverse never gives a key back, so a fingerprint says which one was written."""
    fingerprint = hashlib.sha256(key.encode("ascii")).hexdigest()[:12]
    return f"Posts events to Work Assignment. Key fingerprint: {fingerprint}"


def _auth_value(key: str) -> str:
    settings = ElementTree.Element("settings")
    ElementTree.SubElement(settings, "setting", name=KEY_HEADER, value=key)
    return ElementTree.tostring(settings, encoding="unicode")


def _only_endpoint(store: WebhookStore) -> Stored[EndpointRow] | None:
    found = store.endpoints(ENDPOINT_NAME)
    if len(found) > 1:
        raise CannotRegister(
            f"there are {len(found)} webhooks named '{ENDPOINT_NAME}'; delete all but one"
        )
    return found[0] if found else None


_Done = tuple[WebhookAction, WebhookChange]


def _settle_endpoint(
    existing: Stored[EndpointRow] | None, endpoint_id: str, wanted: EndpointRow
) -> Iterator[_Done]:
    name = f"endpoint {ENDPOINT_NAME}"
    if existing is None:
        yield WebhookAction("create", name), WriteEndpoint(endpoint_id, wanted, creates=True)
        return
    columns = _changed(existing.row, wanted)
    if columns:
        change = WriteEndpoint(endpoint_id, wanted, creates=False)
        yield WebhookAction("update", name, columns), change


def _changed(old: EndpointRow, new: EndpointRow) -> tuple[str, ...]:
    """What differs; the key itself is never read, its fingerprint is in the description."""
    compared = ("url", "description", "sends_key_header")
    return tuple(name for name in compared if getattr(old, name) != getattr(new, name))


def _wanted_steps(filters_columns: Mapping[str, Collection[str]]) -> list[StepRow]:
    return [
        StepRow(
            name=f"{ENDPOINT_NAME}: {message} of {record_type}",
            message=message,
            record_type=record_type,
            columns=tuple(sorted(ALWAYS_WATCHED | set(filters_columns[record_type])))
            if message == "Update"
            else (),
        )
        for record_type in sorted(filters_columns)
        for message in _MESSAGES
    ]


def _settle_steps(
    stored: Sequence[Stored[StepRow]],
    wanted: Sequence[StepRow],
    endpoint_id: str,
    store: WebhookStore,
    new_id: Callable[[], str],
) -> Iterator[_Done]:
    """Create, change and enable what is wanted; disable the rest, also second steps of one kind."""
    existing: dict[tuple[str, str], Stored[StepRow]] = {}
    for step in sorted(stored, key=lambda step: (step.row.name, step.id)):
        existing.setdefault(_key(step.row), step)
    missing = [row for row in wanted if _key(row) not in existing]
    targets = _targets(missing, store)
    for row in wanted:
        if row in missing:
            target = targets[_key(row)]
            yield WebhookAction("create", row.name), CreateStep(new_id(), endpoint_id, target, row)
        else:
            yield from _settle_step(existing[_key(row)], row)
    kept = {existing[_key(row)].id for row in wanted if _key(row) in existing}
    for step in stored:
        if step.id not in kept and step.row.enabled:
            row = replace(step.row, enabled=False)
            yield WebhookAction("disable", row.name), UpdateStep(step.id, row)


def _key(row: StepRow) -> tuple[str, str]:
    return row.message, row.record_type


def _targets(
    missing: Sequence[StepRow], store: WebhookStore
) -> Mapping[tuple[str, str], MessageTarget]:
    if not missing:
        return {}
    found = store.targets(
        sorted({row.message for row in missing}), sorted({row.record_type for row in missing})
    )
    for row in missing:
        if _key(row) not in found:
            raise CannotRegister(
                f"Dataverse offers no {row.message} event for {row.record_type}; nothing was changed"
            )
    return found


def _settle_step(existing: Stored[StepRow], row: StepRow) -> Iterator[_Done]:
    columns = tuple(
        field.name
        for field in fields(row)
        if getattr(existing.row, field.name) != getattr(row, field.name)
    )
    if columns:
        verb: Literal["enable", "update"] = "enable" if columns == ("enabled",) else "update"
        yield WebhookAction(verb, row.name, columns), UpdateStep(existing.id, row)
