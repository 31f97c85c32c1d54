"""The mock as a server: start it, ask for its URL, stop it."""

from __future__ import annotations

import errno
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import cheroot.server

from ..packaged_solution import product_solution
from .csv_import.files import fingerprint
from .csv_import.importer import FileBegins, Progress, import_folder
from .requests.sessions import Organization
from .serving.admin.parts import Parts
from .serving.admin.registry import admin_routes
from .serving.authentication import Authentication
from .serving.beginning import Beginning
from .serving.certificates import Certificates
from .serving.connections import LateTls, QuietServer
from .serving.controls import Controls
from .serving.counters import Counters
from .serving.entra.application_users import ensure_application_users
from .serving.entra.applications import Applications
from .serving.entra.audiences import DATAVERSE
from .serving.entra.keys import SigningKey
from .serving.entra.login import LoginService
from .serving.entra.tokens import ISSUER, Tokens
from .serving.gateway import Gateway
from .serving.users import FoundBy, find_caller, no_member
from .storage.clock import VirtualClock
from .storage.imports import remember_import, was_imported
from .storage.row_locks import LockSettings
from .storage.store import IN_MEMORY, Store, utc_now
from .tables.catalogs import build_catalog
from .webhooks.dispatcher import Dispatcher
from .well_known import ADMINISTRATOR_AAD_ID, ADMINISTRATOR_ID

# More than the 52 requests that one user may have under way.
_THREADS = 64
_BACKLOG = 128
_TICK = 0.1
_LAST_PORT = 65535
# Addresses to listen on that none can be sent to.
_REACHED_BY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - looked up, not listened on

# Cheroot joins repeated headers of this list; of all others it keeps the last one.
_JOINED: list[bytes] = vars(cheroot.server)["comma_separated_headers"]
if b"Prefer" not in _JOINED:
    _JOINED.append(b"Prefer")


class PortUnavailable(OSError):
    """The address that the mock should listen on cannot be had."""


class MockServer:
    """A Dataverse organization behind HTTP; use it as a context manager, or start and stop it.

    `solutions` are unpacked solution folders, by default the product's own; `clock` returns the
    real time, which the admin routes can set apart from the organization's. Port 0 is any free
    port. With `auth` only tokens of its own count, for the applications in `clients` (ids with
    secrets; by default one well-known). `tls` serves HTTPS and writes the certificate of its
    authority into `ca_file`, by default a temporary file. `locks` are locks on rows, by default off.
    """

    def __init__(
        self,
        database: str | Path = IN_MEMORY,
        host: str = "127.0.0.1",
        port: int = 0,
        solutions: Iterable[Path] | None = None,
        clock: Callable[[], datetime] = utc_now,
        *,
        auth: bool = False,
        clients: Mapping[str, str] | None = None,
        tls: bool = False,
        ca_file: str | Path | None = None,
        locks: LockSettings | None = None,
    ) -> None:
        if not 0 <= port <= _LAST_PORT:
            raise ValueError(f"{port} is no port; ports go from 0 to {_LAST_PORT}.")
        if ca_file is not None and not tls:
            raise ValueError("ca_file goes with tls=True.")
        folders = [product_solution()] if solutions is None else list(solutions)
        self.clock = VirtualClock(clock)
        self.controls = Controls(self.clock)
        self.applications = Applications(clients)
        self.store = Store(build_catalog(folders), database, clock=self.clock)
        if locks is not None:
            self.store.row_locks.configure(locks)
        self.dispatcher = Dispatcher(self.store, clock=self.clock)
        self._organization = Organization(self.store, self.dispatcher.notify, self.dispatcher.calls)
        self._users_of = self.applications.ids() if auth or clients else []
        self._host = host
        self._port = port
        self._certificates: Certificates | None = None
        try:
            if tls:
                self._certificates = Certificates(Path(ca_file) if ca_file else None, [host])
        except OSError:
            self.store.close()
            raise
        self._tokens = Tokens(SigningKey(), self.clock)
        self._beginning = Beginning(
            self.controls,
            self.store.row_locks,
            self._organization.owner_rules,
            self.dispatcher,
            self.applications,
        )
        self._server = self._new_server(auth)
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()

    def _new_server(self, auth: bool) -> QuietServer:
        login = LoginService(self.applications, self._tokens)
        parts = Parts(
            self.store,
            self._organization,
            self.dispatcher,
            self.controls,
            login,
            self._beginning,
            self._prepare,
        )
        admin = admin_routes(parts)
        self.admin_routes = admin.routes
        authentication = Authentication(self._tokens, is_required=auth)
        self.application = Gateway(self._organization, self.controls, authentication, login, admin)
        server = QuietServer(
            (self._host, self._port),
            self.application,
            numthreads=_THREADS,
            request_queue_size=_BACKLOG,
        )
        server.expiration_interval = _TICK  # how soon it notices that it is to stop
        if self._certificates is not None:
            server.ssl_adapter = LateTls(self._certificates.context)
        return server

    def _prepare(self) -> None:
        """Give an organization the users behind the applications that may ask for tokens."""
        ensure_application_users(self._organization, self._users_of)

    @property
    def counters(self) -> Counters:
        """What was asked so far."""
        return self.controls.counters

    @property
    def url(self) -> str:
        """The root, such as `http://127.0.0.1:5000`, once the server is started."""
        host, port = self._server.bind_addr[:2]
        host = _REACHED_BY.get(host, host)
        scheme = "http" if self._certificates is None else "https"
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"

    @property
    def ca_file(self) -> Path | None:
        """The certificate that clients have to trust; None without TLS."""
        return None if self._certificates is None else self._certificates.ca_file

    def administrator_token(self) -> str:
        """Issue a token of the system administrator, for whoever has the server at hand."""
        return self._tokens.for_user(ADMINISTRATOR_ID, ADMINISTRATOR_AAD_ID, DATAVERSE, ISSUER)

    @contextmanager
    def filling(self) -> Iterator[str]:
        """Let nobody in but who has the token given; the rows at the end are what a reset returns to."""
        token = self.administrator_token()
        with self.controls.filling.by(token):
            yield token
            self.store.keep_start()

    def keep_settings(self) -> None:
        """Take limits, latency and the like as they are now for those that a reset returns to."""
        self._beginning.keep()

    def has_imported(self, folder: str | Path) -> bool:
        """Whether the CSV files of a folder, as they are now, were imported into this database."""
        with self.store.reading() as db:
            return was_imported(db, fingerprint(Path(folder)))

    def remember_import(self, folder: str | Path) -> None:
        """Note that a folder's rows are here, by whatever way they came."""
        with self.store.writing() as db:
            remember_import(db, fingerprint(Path(folder)))

    def import_folder(
        self,
        folder: str | Path,
        progress: Progress | None = None,
        begins: FileBegins | None = None,
    ) -> dict[str, int]:
        """Write the rows of a folder's CSV files, all or none; return how many each table got."""
        with self.store.reading() as db:
            administrator = find_caller(db, FoundBy.ID, ADMINISTRATOR_ID)
        if administrator is None:
            raise no_member()
        return import_folder(self._organization, administrator, Path(folder), progress, begins)

    def start(self) -> Self:
        """Listen, and return once requests are answered."""
        try:
            # Cheroot leaves a socket behind when it cannot bind, so the port is tried before.
            socket.getaddrinfo(self._host, self._port)
            family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
            socket.create_server((self._host, self._port), family=family).close()
            self._server.prepare()
        except OSError as exc:
            self.stop()
            raise self._unavailable(exc) from exc
        self.dispatcher.start()
        self._prepare()
        self._thread = threading.Thread(target=self._server.serve, name="mock-http", daemon=True)
        self._thread.start()
        return self

    @property
    def under_way(self) -> int:
        """How many requests are being answered."""
        return self._server.under_way

    def serve_forever(self) -> None:
        """Start if need be, and block until somebody stops the server."""
        if self._thread is None:
            self.start()
        self._stopped.wait()

    def stop(self) -> None:
        """Finish what is under way and free the port and the database; twice does no harm."""
        if self._stopped.is_set():
            return
        self._stopped.set()
        if self._thread is not None:
            self.dispatcher.calls.close()  # a request may be waiting for the answer to one
            self._server.stop()
            self._thread.join()
            self.dispatcher.stop()
        self.store.close()
        if self._certificates is not None:
            self._certificates.discard()

    def abandon(self) -> None:
        """Remove the files of this run that nobody wants, for a process that cannot wait for `stop`."""
        if self._certificates is not None:
            self._certificates.discard()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _unavailable(self, exc: OSError) -> PortUnavailable:
        place = f"{self._host}:{self._port}"
        if exc.errno == errno.EADDRINUSE:
            return PortUnavailable(
                f"Port {self._port} of {self._host} is in use already; choose another one."
            )
        if isinstance(exc, socket.gaierror):
            return PortUnavailable(
                f"The host {self._host} is not known, so the mock cannot listen there."
            )
        if exc.errno == errno.EADDRNOTAVAIL:
            return PortUnavailable(
                f"{self._host} is no address of this machine, so the mock cannot listen there."
            )
        return PortUnavailable(f"The mock cannot listen on {place}: {exc.strerror or exc}.")


def serve(
    database: str | Path = IN_MEMORY,
    host: str = "127.0.0.1",
    port: int = 0,
    solutions: Iterable[Path] | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> MockServer:
    """Start a server and return it; the caller stops it."""
    return MockServer(database, host, port, solutions, clock).start()
