"""What the client connects with: sessions, addresses, tokens on requests; what holds it back, and its counts."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from work_assignment.dataverse.errors import (
    CircuitOpen,
    ConnectionFailed,
    DataverseError,
    InvalidRequest,
    OutcomeUnknown,
    ServerUnavailable,
    Throttled,
)

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

    def remaining(self) -> float:
        """Seconds until the gate opens; none or less when it is open."""
        return self._opens_at - self._clock()

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


class Circuit:
    """Spares a Dataverse that is down: after failures in a row nothing is sent for a while.

    Then one request goes through. Fails it too, the pause doubles; any answer ends it for all.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        failures: int = 5,
        shortest: float = 10.0,
        longest: float = 120.0,
    ) -> None:
        self._clock = clock
        self._most_failures = failures
        self._shortest = shortest
        self._longest = longest
        self._lock = threading.Lock()
        self._failures = 0
        self._pause = shortest
        self._opened_until: float | None = None
        self._is_probing = False
        self._why = ""

    @property
    def is_open(self) -> bool:
        """Whether requests are held back, but for the one that tries."""
        return self._opened_until is not None

    @contextmanager
    def around(self, what: str) -> Iterator[None]:
        """Send a request inside: how it ends is learned from what is raised."""
        is_probe = self._admit(what)
        try:
            yield
        except (ConnectionFailed, ServerUnavailable, OutcomeUnknown) as exc:
            self._failed(exc, is_probe)
            raise
        except DataverseError:
            self._answered()
            raise
        except BaseException:
            self._say_nothing(is_probe)
            raise
        self._answered()

    def _admit(self, what: str) -> bool:
        """Let a request through, and say whether it is the one that tries."""
        with self._lock:
            if self._opened_until is None:
                return False
            remaining = self._opened_until - self._clock()
            if remaining <= 0 and not self._is_probing:
                self._is_probing = True
                return True
        wait = remaining if remaining > 0 else self._shortest
        raise CircuitOpen(None, "", f"again in {wait:.0f} s, after {self._why}", "", what, wait)

    def _failed(self, error: DataverseError, is_probe: bool) -> None:
        with self._lock:
            self._why = error.message or f"status {error.status}"
            if self._opened_until is None:
                self._failures += 1
                if self._failures >= self._most_failures:
                    self._open(self._shortest)
            elif is_probe:  # others were sent before it opened, and tell nothing new
                self._open(min(self._longest, self._pause * 2))

    def _open(self, pause: float) -> None:
        self._is_probing = False
        self._pause = pause
        self._opened_until = self._clock() + pause

    def _answered(self) -> None:
        with self._lock:
            self._failures = 0
            self._opened_until = None
            self._is_probing = False

    def _say_nothing(self, is_probe: bool) -> None:
        with self._lock:
            self._is_probing = self._is_probing and not is_probe


class Counts:
    """What was sent and how often it was held up; these only rise."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.requests = 0
        self.operations = 0
        self.throttled = 0
        self.retried = 0

    def add(
        self, *, requests: int = 0, operations: int = 0, throttled: int = 0, retried: int = 0
    ) -> None:
        """Count so many more."""
        with self._lock:
            self.requests += requests
            self.operations += operations
            self.throttled += throttled
            self.retried += retried


_HERE: ContextVar[Counts | None] = ContextVar("sent_here", default=None)


def sent_here() -> Counts:
    """What is sent from here, whoever else uses the client: counted once somebody has asked.

    Here is this thread, with those threads that work for it in a copy of its context.
    """
    here = _HERE.get()
    if here is None:
        here = Counts()
        _HERE.set(here)
    return here


class Traffic(Counts):
    """What one client sent, for everybody."""

    def sent(self, operations: int) -> None:
        """A request left, with so many operations inside."""
        self._count(requests=1, operations=operations)

    def refused(self) -> None:
        """An answer was, or held, the advice to wait."""
        self._count(throttled=1)

    def sent_again(self) -> None:
        """A request, or a part of one, is about to be sent once more."""
        self._count(retried=1)

    def _count(self, **counts: int) -> None:
        self.add(**counts)
        here = _HERE.get()
        if here is not None:
            here.add(**counts)


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
