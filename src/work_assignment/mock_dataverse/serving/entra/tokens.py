"""Access tokens: what they say, how long they hold, and whether one is ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from ...well_known import TENANT_ID, stable_id
from .keys import SigningKey

LIFETIME = 3599
# Who signs tokens that no address of the login service gave out.
ISSUER = f"https://mock.example/{TENANT_ID}/"
_SYSTEM_USER = "systemuserid"
_KEPT = 1024


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token of ours says: an application's or a user's, for whom, and until when."""

    audience: str
    expires_at: float
    application_id: str | None
    user_id: str | None


class Tokens:
    """Issues tokens and reads them again; they expire by the organization's clock."""

    def __init__(self, key: SigningKey, clock: Callable[[], datetime]) -> None:
        self.key = key
        self.clock = clock
        self._lock = Lock()
        self._read: dict[str, Claims] = {}

    def for_application(
        self, client_id: str, audience: str, issuer: str, lifetime: int = LIFETIME
    ) -> str:
        """Issue what the client credentials flow issues."""
        own = {
            "appid": client_id,
            "appidacr": "1",
            "idtyp": "app",
            "oid": stable_id("service principal", client_id),
            "sub": stable_id("service principal", client_id),
        }
        return self._signed(own, audience, issuer, lifetime)

    def for_user(
        self, user_id: str, object_id: str, audience: str, issuer: str, lifetime: int = LIFETIME
    ) -> str:
        """Issue a token of a person who signed in."""
        own = {
            "appid": stable_id("application", "sign-in"),
            "idtyp": "user",
            "oid": object_id,
            "sub": object_id,
            "scp": "user_impersonation",
            _SYSTEM_USER: user_id,
        }
        return self._signed(own, audience, issuer, lifetime)

    def read(self, token: str) -> Claims | None:
        """Return what a token of ours says, expired or not; None for any other text."""
        with self._lock:
            known = self._read.get(token)
        if known is not None or token.count(".") != 2:
            return known
        verified = self.key.verified(token)
        if verified is None:
            return None
        claims = Claims(
            verified["aud"],
            verified["exp"],
            verified["appid"],
            verified.get(_SYSTEM_USER),
        )
        with self._lock:
            if len(self._read) >= _KEPT:
                self._read.clear()
            self._read[token] = claims
        return claims

    def is_expired(self, claims: Claims) -> bool:
        return self.clock().timestamp() >= claims.expires_at

    def _signed(self, own: dict[str, str], audience: str, issuer: str, lifetime: int) -> str:
        now = int(self.clock().timestamp())
        common = {
            "aud": audience,
            "iss": issuer,
            "iat": now,
            "nbf": now,
            "exp": now + lifetime,
            "tid": TENANT_ID,
            "ver": "1.0",
        }
        return self.key.sign(common | own)
