"""What an application asks the token endpoint for, checked as Microsoft Entra checks it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote_plus

from ..incoming import Incoming
from .applications import Applications
from .audiences import is_own
from .errors import (
    assertions_not_emulated,
    missing_parameter,
    missing_secret,
    no_form,
    scope_without_default,
    unknown_application,
    unknown_resource,
    unsupported_grant,
    wrong_secret,
)

_DEFAULT = "/.default"


@dataclass(frozen=True, slots=True)
class Grant:
    """A request that may be granted: which application, for which resource."""

    client_id: str
    resource: str


def read_grant(incoming: Incoming, applications: Applications, *, is_v2: bool) -> Grant:
    """Read and check a request of the client credentials flow."""
    form = _form(incoming)
    kind = _required(form, "grant_type")
    if kind != "client_credentials":
        raise unsupported_grant(kind)
    client_id, secret = _credentials(incoming, form)
    if not applications.is_known(client_id):
        raise unknown_application(client_id)
    if secret is None:
        raise assertions_not_emulated() if "client_assertion" in form else missing_secret()
    if not applications.has_secret(client_id, secret):
        raise wrong_secret(client_id)
    resource = _scope(form) if is_v2 else _required(form, "resource")
    if not is_own(resource, incoming.origin):
        raise unknown_resource(resource)
    return Grant(client_id.lower(), resource)


def _form(incoming: Incoming) -> dict[str, str]:
    kind = incoming.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise no_form()
    try:
        return dict(parse_qsl(incoming.body.decode(), keep_blank_values=True, errors="strict"))
    except ValueError as exc:
        raise no_form() from exc


def _credentials(incoming: Incoming, form: Mapping[str, str]) -> tuple[str, str | None]:
    """Take client id and secret from the form or from basic authentication."""
    scheme, _, encoded = incoming.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return _required(form, "client_id"), form.get("client_secret")
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as exc:
        raise missing_parameter("client_id") from exc
    return unquote_plus(name), unquote_plus(secret)


def _scope(form: Mapping[str, str]) -> str:
    scope = _required(form, "scope")
    if not scope.endswith(_DEFAULT) or " " in scope.strip():
        raise scope_without_default(scope)
    return scope.removesuffix(_DEFAULT)


def _required(form: Mapping[str, str], name: str) -> str:
    value = form.get(name, "").strip()
    if not value:
        raise missing_parameter(name)
    return value
