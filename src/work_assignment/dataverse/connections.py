"""What the client connects with: sessions, addresses, the token on a request, the gate for Retry-After."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from work_assignment.dataverse.errors import InvalidRequest, Throttled

SERVICE_PATH = "/api/data/v9.2/"


def new_session() -> requests.Session:
    """Open a session for one thread: connections are kept, cookies are not.

    Without cookies each request may reach another of Dataverse's web servers (Microsoft Learn:
    "Send parallel requests").
    """
    session = requests.Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(pool_connections=1, pool_maxsize=1, max_retries=0))
    return session


def service_root(url: str) -> str:
    """Make the address of the Web API from that of the environment."""
    try:
        parts = urlsplit(url.strip())
        valid = bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise InvalidRequest("the address of Dataverse is not a URL") from None
    path = parts.path.rstrip("/") + "/"
    extras = parts.query or parts.fragment or "@" in parts.netloc
    if not valid or parts.scheme not in ("https", "http") or extras:
        raise InvalidRequest("Dataverse's address must look like https://ORG.crm.dynamics.com")
    if path not in ("/", SERVICE_PATH):
        raise InvalidRequest(f"Dataverse's address must end after the host, without {parts.path!r}")
    return f"{parts.scheme}://{parts.netloc.lower()}{SERVICE_PATH}"


def path_below(root: str, link: str) -> str | None:
    """The part of an address below the service root, or None when it is somewhere else."""
    address, here = urlsplit(urljoin(root, link)), urlsplit(root)
    same_host = (address.scheme, address.netloc.lower()) == (here.scheme, here.netloc)
    if not same_host or not address.path.startswith(here.path):
        return None
    path = address.path.removeprefix(here.path)
    return f"{path}?{address.query}" if address.query else path


class Gate:
    """Retry-After, shared by all threads: nobody sends before the server said so."""

    def __init__(self, sleep: Callable[[float], None], clock: Callable[[], float]) -> None:
        self._sleep = sleep
        self._clock = clock
        self._lock = threading.Lock()
        self._opens_at = float("-inf")

    def hold(self, seconds: float) -> None:
        with self._lock:
            self._opens_at = max(self._opens_at, self._clock() + seconds)

    def wait(self, longest: float, what: str) -> None:
        """Wait until the gate is open, and again if another thread was told to wait longer."""
        waited_for = float("-inf")
        while (opens_at := self._opens_at) > waited_for:
            remaining = opens_at - self._clock()
            if remaining > longest:
                raise Throttled(None, "", f"for {remaining:.0f} s more", "", what, remaining)
            if remaining > 0:
                self._sleep(remaining)
            waited_for = opens_at


class Bearer(AuthBase):
    """Puts the token on a request; being there at all keeps requests from using a .netrc file."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, prepared: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            prepared.headers["Authorization"] = f"Bearer {self._token}"
        return prepared


def never_left(exc: Exception) -> bool:
    """Whether the connection failed before any of the request can have been sent."""
    if isinstance(exc, requests.ConnectTimeout | requests.exceptions.ProxyError | ValueError):
        return True
    if not isinstance(exc, requests.RequestException | urllib3.exceptions.HTTPError):
        return True  # requests could not even begin: no certificate bundle, for example
    inner = exc.args[0] if exc.args else None
    reason = inner.reason if isinstance(inner, urllib3.exceptions.MaxRetryError) else inner
    if isinstance(reason, urllib3.exceptions.SSLError):
        return bool(reason.args) and isinstance(reason.args[0], ssl.SSLCertVerificationError)
    return isinstance(
        reason,
        urllib3.exceptions.NewConnectionError | urllib3.exceptions.ConnectTimeoutError,
    )
