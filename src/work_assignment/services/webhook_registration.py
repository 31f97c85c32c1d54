"""Registering with Dataverse for events: one service endpoint and its steps, kept in order."""

from __future__ import annotations

import hashlib
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Protocol
from urllib.parse import urlsplit
from uuid import uuid4

from work_assignment.domain.defining.definition_rows import (
    EndpointRow,
    MessageTarget,
    StepRow,
    Stored,
    WebhookChange,
    WriteEndpoint,
)
from work_assignment.domain.errors import WorkAssignmentError
from work_assignment.services.webhook_steps import (
    ENDPOINT_NAME,
    Condition,
    StepState,
    Watch,
    WebhookAction,
    compare,
    mend,
    not_offered,
    wanted_steps,
)

EVENTS_PATH = "/api/dataverse/events"
KEY_HEADER = "x-functions-key"


_Done = tuple[WebhookAction, WebhookChange]


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
class Report:
    """What was done, in order; nothing when all was registered already.

    `not_offered` are the wanted steps that cannot be: Dataverse has no such message of the table.
    """

    actions: tuple[WebhookAction, ...] = ()
    not_offered: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Registration:
    """What is registered: the endpoint and its steps."""

    endpoint: Stored[EndpointRow]
    steps: tuple[Stored[StepRow], ...]


def sync(
    url: str,
    key: str,
    store: WebhookStore,
    watch: Watch,
    *,
    new_id: Callable[[], str] = lambda: str(uuid4()),
) -> Report:
    """Bring the registration into line with the app's address, its key and the definitions.

    Steps that nobody needs are disabled. What is right already is not written. A new sweep rings,
    too, and what makes room with sellers.
    """
    wanted = EndpointRow(
        ENDPOINT_NAME, events_url(url), _description(_checked(key)), _auth_value(key)
    )
    existing = only_endpoint(store)
    endpoint_id = existing.id if existing else new_id()
    stored = store.steps(existing.id) if existing else ()
    endpoint = list(_settle_endpoint(existing, endpoint_id, wanted))
    return _write(endpoint, compare(stored, wanted_steps(watch)), endpoint_id, store)


def keep_steps(
    endpoint_id: str, stored: Sequence[Stored[StepRow]], store: WebhookStore, watch: Watch
) -> Report:
    """Bring the steps of an endpoint into line with the definitions; the endpoint stays as it is."""
    return _write([], compare(stored, wanted_steps(watch)), endpoint_id, store)


def _write(
    endpoint: Sequence[_Done], states: Sequence[StepState], endpoint_id: str, store: WebhookStore
) -> Report:
    missing = [state.row for state in states if state.condition is Condition.MISSING]
    targets = (
        store.targets(
            sorted({row.message for row in missing}), sorted({row.record_type for row in missing})
        )
        if missing
        else {}
    )
    done = [*endpoint, *mend(states, targets, endpoint_id)]
    if done:
        store.write([change for _, change in done])
    return Report(tuple(action for action, _ in done), not_offered(states, targets))


def registered(store: WebhookStore) -> Registration | None:
    """What is registered now, or None."""
    endpoint = only_endpoint(store)
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


def has_key(endpoint: Stored[EndpointRow], key: str) -> bool:
    """Whether this key was written last, as far as its fingerprint tells."""
    return endpoint.row.description == _description(_checked(key))


def _auth_value(key: str) -> str:
    settings = ElementTree.Element("settings")
    ElementTree.SubElement(settings, "setting", name=KEY_HEADER, value=key)
    return ElementTree.tostring(settings, encoding="unicode")


def only_endpoint(store: WebhookStore) -> Stored[EndpointRow] | None:
    """The endpoint of our name, or None; with several nobody can tell which is ours."""
    found = store.endpoints(ENDPOINT_NAME)
    if len(found) > 1:
        raise CannotRegister(
            f"there are {len(found)} webhooks named '{ENDPOINT_NAME}'; delete all but one"
        )
    return found[0] if found else None


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
