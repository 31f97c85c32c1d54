"""Who may sign in: applications with their secrets, and tokens made for a test."""

from __future__ import annotations

from typing import Any

from ...tables.values import is_guid
from ..authentication import find_user
from ..entra.audiences import DATAVERSE
from ..entra.tokens import ISSUER, LIFETIME
from .members import Members
from .parts import Parts
from .routes import AdminCall, AdminProblem, Route

_LONGEST = 10 * 365 * 86_400


def sign_in_routes(parts: Parts) -> tuple[Route, ...]:
    applications, tokens = parts.login.applications, parts.login.tokens

    def list_applications(_: AdminCall) -> dict[str, Any]:
        return {"clients": applications.ids()}

    def register(call: AdminCall) -> dict[str, Any]:
        body = Members(call.body, ("id", "secret"))
        client_id, secret = body.required_text("id"), body.required_text("secret")
        if not is_guid(client_id):
            raise AdminProblem(f"'id' must be a guid, not '{client_id}'.")
        applications.register(client_id, secret)
        return list_applications(call)

    def mint(call: AdminCall) -> dict[str, Any]:
        """Make a token that every address of this server accepts."""
        body = Members(call.body, ("user", "application", "expires_in", "audience"))
        lifetime = body.whole("expires_in", LIFETIME, least=1, most=_LONGEST)
        audience = body.text("audience") or DATAVERSE
        if ("user" in body) == ("application" in body):
            raise AdminProblem("The body needs either 'user' or 'application'.")
        if "application" in body:
            name = body.required_text("application").lower()
            token = tokens.for_application(name, audience, ISSUER, lifetime)
        else:
            user_id, object_id = _user(parts, body.required_text("user"))
            token = tokens.for_user(user_id, object_id, audience, ISSUER, lifetime)
        return {"token_type": "Bearer", "expires_in": lifetime, "access_token": token}

    return (
        Route("GET", "clients", list_applications),
        Route("POST", "clients", register),
        Route("POST", "tokens", mint),
    )


def _user(parts: Parts, named: str) -> tuple[str, str]:
    with parts.store.reading() as db:
        caller = find_user(db, named)
    if caller is None:
        raise AdminProblem(f"There is no user '{named}'.", 404)
    return caller.user_id, caller.aad_object_id
