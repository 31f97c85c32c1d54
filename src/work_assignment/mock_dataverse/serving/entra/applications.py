"""The app registrations that may ask for tokens, and their secrets."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from threading import Lock

from ...tables.values import is_guid
from ...well_known import stable_id

DEFAULT_CLIENT_ID = stable_id("application", "default")
DEFAULT_SECRET = "mock-secret"  # noqa: S105 - it is printed at the start and opens only a mock


class Applications:
    """Client ids with their secrets; safe from many threads."""

    def __init__(self, secrets: Mapping[str, str] | None = None) -> None:
        given = secrets or {DEFAULT_CLIENT_ID: DEFAULT_SECRET}
        for client_id in given:
            if not is_guid(client_id):
                raise ValueError(f"The application id '{client_id}' is no guid.")
        self._lock = Lock()
        self._secrets = {name.lower(): secret for name, secret in given.items()}

    def ids(self) -> list[str]:
        with self._lock:
            return sorted(self._secrets)

    def secrets(self) -> dict[str, str]:
        """Copy what is known, for `replace`."""
        with self._lock:
            return dict(self._secrets)

    def replace(self, secrets: Mapping[str, str]) -> None:
        """Know these applications and no others."""
        with self._lock:
            self._secrets = dict(secrets)

    def register(self, client_id: str, secret: str) -> None:
        with self._lock:
            self._secrets[client_id.lower()] = secret

    def is_known(self, client_id: str) -> bool:
        with self._lock:
            return client_id.lower() in self._secrets

    def has_secret(self, client_id: str, secret: str) -> bool:
        with self._lock:
            expected = self._secrets.get(client_id.lower(), "")
        return hmac.compare_digest(expected.encode(), secret.encode())
