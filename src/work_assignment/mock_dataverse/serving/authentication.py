"""Who sent a request: whoever a token of this server names, else whom the mock's rules say."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from ..caller import Caller
from ..faults import Fault
from ..tables.values import is_guid
from ..well_known import ADMINISTRATOR_ID, TENANT_ID
from .entra.audiences import is_own
from .entra.tokens import Claims, Tokens
from .users import FoundBy, find_caller, no_member

_NAMED_USER = "user:"


class Authentication:
    """Reads the Authorization header.

    Tokens that this server issued always count. Without `is_required` a token `user:<id or name>`
    is that user, and any other token, or none, the administrator.
    """

    def __init__(self, tokens: Tokens, *, is_required: bool) -> None:
        self.is_required = is_required
        self._tokens = tokens

    def caller(self, db: sqlite3.Connection, headers: Mapping[str, str], origin: str) -> Caller:
        """Return who sent a request that came to `origin`, or raise the 401 or 403."""
        scheme, _, token = headers.get("authorization", "").partition(" ")
        token = token.strip() if scheme.lower() == "bearer" else ""
        claims = self._tokens.read(token)
        if claims is not None:
            self._check(claims, origin)
            return _known(_named_by(db, claims))
        if self.is_required:
            problem = "The token was not issued by this server." if token else "A token is missing."
            raise _unauthorized("0x8004a100", problem, origin)
        if token.startswith(_NAMED_USER):
            return _known(find_user(db, token.removeprefix(_NAMED_USER).strip()))
        return _known(find_caller(db, FoundBy.ID, ADMINISTRATOR_ID))

    def _check(self, claims: Claims, origin: str) -> None:
        if self._tokens.is_expired(claims):
            raise _unauthorized("0x8004a101", "The token has expired.", origin)
        if not is_own(claims.audience, origin):
            problem = f"The token is for '{claims.audience}', not for '{origin}'."
            raise _unauthorized("0x8004a100", problem, origin)


def find_user(db: sqlite3.Connection, named: str) -> Caller | None:
    """Find a user by id or domain name."""
    if is_guid(named):
        return find_caller(db, FoundBy.ID, named.lower())
    return find_caller(db, FoundBy.DOMAIN_NAME, named)


def _named_by(db: sqlite3.Connection, claims: Claims) -> Caller | None:
    if claims.user_id is not None:
        return find_caller(db, FoundBy.ID, claims.user_id)
    return find_caller(db, FoundBy.APPLICATION, claims.application_id or "")


def _known(caller: Caller | None) -> Caller:
    if caller is None:
        raise no_member()
    return caller


def _unauthorized(code: str, problem: str, origin: str) -> Fault:
    """401 with the header that sends a client to the login service (Learn: Use OAuth)."""
    challenge = (
        f"Bearer authorization_uri={origin}/{TENANT_ID}/oauth2/authorize, resource_id={origin}/"
    )
    return Fault(401, code, problem, {"WWW-Authenticate": challenge})
