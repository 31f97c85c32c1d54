"""The addresses of the login service: the token endpoint, and the documents that lead to it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias
from urllib.parse import quote, urlsplit

from ...faults import Fault
from ...requests.exchanges import Response, parse_query
from ...well_known import TENANT_ID
from ..incoming import Incoming
from .applications import Applications
from .errors import LoginError, error_answer, unknown_instance
from .grants import read_grant
from .tokens import LIFETIME, Tokens

_Handler: TypeAlias = Callable[[re.Match[str], Incoming], Mapping[str, Any]]
_TOKEN = re.compile(r"/([^/]+)/oauth2/(v2\.0/)?token")
_CONFIGURATION = re.compile(r"/([^/]+)/(v2\.0/)?\.well-known/openid-configuration")
_KEYS = re.compile(r"/([^/]+)/discovery/(v2\.0/)?keys")
_INSTANCE = re.compile(r"/common/discovery/instance")
_JSON = {"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store, no-cache"}


class LoginService:
    """Answers what Microsoft Entra would; every tenant name stands for the one tenant there is."""

    def __init__(self, applications: Applications, tokens: Tokens) -> None:
        self.applications = applications
        self.tokens = tokens
        self._routes: tuple[tuple[re.Pattern[str], str, _Handler], ...] = (
            (_TOKEN, "POST", self._token),
            (_CONFIGURATION, "GET", _configuration),
            (_KEYS, "GET", self._keys),
            (_INSTANCE, "GET", _instance),
        )

    def is_for(self, path: str) -> bool:
        return any(pattern.fullmatch(path) for pattern, _, _ in self._routes)

    def answer(self, incoming: Incoming) -> Response:
        """Answer a request whose path is one of ours."""
        for pattern, method, handler in self._routes:
            found = pattern.fullmatch(incoming.path)
            if found is None:
                continue
            if incoming.method != method:
                return Response(405, {"Allow": method})
            try:
                return Response(200, _JSON, json.dumps(handler(found, incoming)).encode())
            except LoginError as problem:
                return error_answer(problem, incoming, self.tokens.clock())
        raise LookupError(incoming.path)

    def _token(self, found: re.Match[str], incoming: Incoming) -> dict[str, Any]:
        is_v2 = found[2] is not None
        grant = read_grant(incoming, self.applications, is_v2=is_v2)
        issuer = f"{incoming.origin}/{TENANT_ID}/"
        token = self.tokens.for_application(grant.client_id, grant.resource, issuer)
        if is_v2:
            spans: dict[str, Any] = {"expires_in": LIFETIME, "ext_expires_in": LIFETIME}
        else:
            now = int(self.tokens.clock().timestamp())
            spans = {
                "expires_in": str(LIFETIME),
                "ext_expires_in": str(LIFETIME),
                "expires_on": str(now + LIFETIME),
                "not_before": str(now),
                "resource": grant.resource,
            }
        return {"token_type": "Bearer", **spans, "access_token": token}

    def _keys(self, _: re.Match[str], __: Incoming) -> dict[str, Any]:
        return self.tokens.key.public_set()


def _configuration(found: re.Match[str], incoming: Incoming) -> dict[str, Any]:
    tenant, version = quote(found[1]), found[2] or ""
    base = f"{incoming.origin}/{tenant}"
    return {
        "token_endpoint": f"{base}/oauth2/{version}token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "jwks_uri": f"{base}/discovery/{version}keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": f"{incoming.origin}/{TENANT_ID}/{version.rstrip('/')}",
        "authorization_endpoint": f"{base}/oauth2/{version}authorize",
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "tid", "ver", "oid"],
        "tenant_region_scope": "EU",
    }


def _instance(_: re.Match[str], incoming: Incoming) -> dict[str, Any]:
    """Say where a tenant's configuration is; msal asks, and leaves the port out of its question."""
    try:
        asked = parse_query(incoming.query).get("authorization_endpoint", "")
        parts = urlsplit(asked)
    except (Fault, ValueError) as exc:
        raise unknown_instance() from exc
    tenant = parts.path.strip("/").partition("/")[0]
    own = urlsplit(incoming.origin)
    if parts.hostname != own.hostname or not tenant:
        raise unknown_instance()
    host = own.netloc
    return {
        "tenant_discovery_endpoint": (
            f"{incoming.origin}/{quote(tenant)}/v2.0/.well-known/openid-configuration"
        ),
        "api-version": "1.1",
        "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
    }
