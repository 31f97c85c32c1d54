"""The mock as a server: start it, ask for its URL, stop it."""

from __future__ import annotations

import errno
import socket
import threading
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

import cheroot.server
from cheroot import wsgi

from .requests.sessions import Organization
from .serving.admin_requests import AdminRoutes
from .serving.connections import ClosingConnection
from .serving.counters import Counters
from .serving.gateway import Gateway
from .storage.store import IN_MEMORY, Clock, Store, utc_now
from .tables.catalogs import build_catalog
from .tables.solutions.files import product_solution
from .webhooks.dispatcher import Dispatcher

_THREADS = 16
_BACKLOG = 128
_TICK = 0.1

# Cheroot joins repeated headers of this list; of all others it keeps the last one.
_JOINED: list[bytes] = vars(cheroot.server)["comma_separated_headers"]
if b"Prefer" not in _JOINED:
    _JOINED.append(b"Prefer")


class PortUnavailable(OSError):
    """The address that the mock should listen on cannot be had."""


class MockServer:
    """A Dataverse organization behind HTTP; use it as a context manager, or start and stop it.

    `solutions` are unpacked solution folders, by default the product's own; `clock` returns the
    aware time that rows are stamped with. Port 0 is any free port.
    """

    def __init__(
        self,
        database: str | Path = IN_MEMORY,
        host: str = "127.0.0.1",
        port: int = 0,
        solutions: Iterable[Path] | None = None,
        clock: Clock | None = None,
    ) -> None:
        clock = clock or utc_now
        folders = [product_solution()] if solutions is None else list(solutions)
        self.store = Store(build_catalog(folders), database, clock=clock)
        self.dispatcher = Dispatcher(self.store, clock=clock)
        self.counters = Counters()
        organization = Organization(self.store, self.dispatcher.notify)
        admin = AdminRoutes(self.store, self.counters, self.dispatcher)
        self._host = host
        self._port = port
        self._server = wsgi.Server(
            (host, port),
            Gateway(organization, self.counters, admin),
            numthreads=_THREADS,
            request_queue_size=_BACKLOG,
        )
        self._server.ConnectionClass = ClosingConnection
        self._server.expiration_interval = _TICK  # how soon it notices that it is to stop
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()

    @property
    def url(self) -> str:
        """The root, such as `http://127.0.0.1:5000`, once the server is started."""
        host, port = self._server.bind_addr[:2]
        return f"http://{host}:{port}"

    def start(self) -> Self:
        """Listen, and return once requests are answered."""
        try:
            # Cheroot leaves a socket behind when it cannot bind, so the port is tried before.
            socket.create_server((self._host, self._port)).close()
            self._server.prepare()
        except OSError as exc:
            self.stop()
            raise self._unavailable(exc) from exc
        self.dispatcher.start()
        self._thread = threading.Thread(target=self._server.serve, name="mock-http", daemon=True)
        self._thread.start()
        return self

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
            self._server.stop()
            self._thread.join()
            self.dispatcher.stop()
        self.store.close()

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
        return PortUnavailable(f"The mock cannot listen on {place}: {exc}.")


def serve(
    database: str | Path = IN_MEMORY,
    host: str = "127.0.0.1",
    port: int = 0,
    solutions: Iterable[Path] | None = None,
    clock: Clock | None = None,
) -> MockServer:
    """Start a server and return it; the caller stops it."""
    return MockServer(database, host, port, solutions, clock).start()
