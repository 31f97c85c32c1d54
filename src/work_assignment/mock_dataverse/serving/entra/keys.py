"""The key that signs this server's tokens; made at first need, since making one takes its time."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from jwt.types import Options

_BITS = 2048
_ALGORITHM = "RS256"
# The organization's clock and the address that was called are checked elsewhere.
_UNCHECKED: Options = {
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_iss": False,
}


class SigningKey:
    """An RSA key of this process; tokens of an earlier run are none of ours."""

    def __init__(self) -> None:
        self.key_id = uuid.uuid4().hex
        self._lock = Lock()

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Make a JSON web token."""
        import jwt

        headers = {"kid": self.key_id, "x5t": self.key_id}
        return jwt.encode(dict(claims), self._private, algorithm=_ALGORITHM, headers=headers)

    def verified(self, token: str) -> dict[str, Any] | None:
        """Return the claims of a token that this key signed; None for any other text."""
        import jwt

        try:
            if jwt.get_unverified_header(token).get("kid") != self.key_id:
                return None
            claims: dict[str, Any] = jwt.decode(
                token, self._private.public_key(), algorithms=[_ALGORITHM], options=_UNCHECKED
            )
        except jwt.InvalidTokenError:
            return None
        return claims

    def public_set(self) -> dict[str, Any]:
        """Return the JSON web key set that verifies the tokens."""
        from jwt.algorithms import RSAAlgorithm

        described = RSAAlgorithm.to_jwk(self._private.public_key(), as_dict=True)
        known = {"kid": self.key_id, "x5t": self.key_id, "use": "sig", "alg": _ALGORITHM}
        return {"keys": [{"kty": "RSA", **known, "n": described["n"], "e": described["e"]}]}

    @property
    def _private(self) -> RSAPrivateKey:
        with self._lock:  # two first tokens at the same time must not get two keys
            return self._made

    @cached_property
    def _made(self) -> RSAPrivateKey:
        from cryptography.hazmat.primitives.asymmetric import rsa

        return rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
