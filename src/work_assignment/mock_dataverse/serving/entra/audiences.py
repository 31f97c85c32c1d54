"""Which organization a token is for: the addresses that are this server's own."""

from __future__ import annotations

from urllib.parse import urlsplit

# The application id of Dataverse itself, which stands for every organization.
DATAVERSE = "00000007-0000-0000-c000-000000000000"

_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_PORTS = {"http": 80, "https": 443}


def normalised(address: str) -> str:
    """Write an address as `https://host:port` in lower case; what is no address stays as it is."""
    text = address.strip().rstrip("/").lower()
    try:
        parts = urlsplit(text)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return text
    if not parts.hostname or port is None or parts.path or parts.query:
        return text
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}:{port}"


def is_own(audience: str, origin: str) -> bool:
    """Tell whether an audience is the server that a request reached under `origin`."""
    audience, origin = normalised(audience), normalised(origin)
    if audience in (origin, DATAVERSE):
        return True
    scheme, _, place = origin.partition("://")
    host, _, port = place.rpartition(":")
    return host in _LOOPBACK and audience in {f"{scheme}://{n}:{port}" for n in _LOOPBACK}
