"""Runs a function app without Microsoft's host: starts its parts, supervises and stops them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from work_assignment.local_host.description import describe
from work_assignment.local_host.errors import HostStopping, ListenerDied
from work_assignment.local_host.http_server import DEFAULT_BODY_LIMIT, HttpApp, HttpServer
from work_assignment.local_host.invocation import Invoker
from work_assignment.local_host.keys import Keys
from work_assignment.local_host.last_runs import LastRuns, Notes
from work_assignment.local_host.loading import LoadedApp, load_app, put_in_environment
from work_assignment.local_host.queues import QueueListener, QueueStore, message_by_hand
from work_assignment.local_host.routing import RouteTable
from work_assignment.local_host.specs import FunctionSpec, HttpTrigger, QueueTrigger, TimerTrigger
from work_assignment.local_host.timers import LONGEST_WAIT, Timer
from work_assignment.local_host.turns import Leases
from work_assignment.local_host.workers import WorkerPool, pool_size

log = logging.getLogger(__name__)
STOP_TIMEOUT = 10.0
# Threads beside those that wait for a function: they answer 401, 404 and the admin routes.
SPARE_HTTP_THREADS = 4


class LocalHost:
    """One function app, run in this process. `settings` should hold the real environment too.

    `notes` keep when timers last ran; without them no missed run is made up for. `leases` are for
    hosts that share a storage: each due time of a timer is then run by one of them. Timers look at
    `clock` every `longest_wait` seconds at least.
    """

    def __init__(
        self,
        app_root: Path,
        *,
        queues: QueueStore[Any],
        keys: Keys,
        settings: Mapping[str, str],
        host: str = "127.0.0.1",
        port: int = 7071,
        leases: Leases | None = None,
        notes: Notes | None = None,
        body_limit: int = DEFAULT_BODY_LIMIT,
        stop_timeout: float = STOP_TIMEOUT,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        longest_wait: float = LONGEST_WAIT,
    ) -> None:
        self._app_root = app_root
        self._store = queues
        self._keys = keys
        self._settings = dict(settings)
        self._address = (host, port)
        self._leases = leases
        self._notes = notes
        self._body_limit = body_limit
        self._stop_timeout = stop_timeout
        self._clock = clock
        self._longest_wait = longest_wait
        self._pool = WorkerPool(pool_size(self._settings))
        self._app: LoadedApp | None = None
        self._url: str | None = None
        self._server: HttpServer | None = None
        self._timers: dict[str, Timer] = {}
        self._listeners: list[QueueListener[Any]] = []
        self._threads: list[threading.Thread] = []
        self._failure: ListenerDied | None = None
        self._stopping = threading.Event()
        self._ended = threading.Event()
        # Whoever wants to stop a host that is still starting waits until it has started.
        self._changing = threading.RLock()
        self._take_back_settings: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Load, check and start everything; on any problem nothing keeps running."""
        with self._changing:
            if self._app is not None or self._stopping.is_set():
                raise RuntimeError("a host is started once")
            self._take_back_settings = put_in_environment(self._settings)
            try:
                self._app = load_app(self._app_root, self._settings, at=self._clock())
                self._start(self._app)
            except BaseException:
                self.stop()
                raise

    @property
    def url(self) -> str:
        """Where the host listens, such as http://127.0.0.1:7071."""
        if self._url is None:
            raise RuntimeError("the host has not been started")
        return self._url

    def describe(self) -> str:
        """The routes with methods and keys, the timers with their next times, and the queues."""
        if self._app is None:
            raise RuntimeError("the host has not been started")
        prefix = self._app.config.route_prefix
        base_url = f"{self.url}/{prefix}" if prefix else self.url
        next_runs = {name: timer.next_at for name, timer in self._timers.items()}
        return describe(self._app.functions, base_url=base_url, next_runs=next_runs)

    def wait(self) -> None:
        """Wait until the host has ended; raises ListenerDied if it ended of itself."""
        self._ended.wait()
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Take nothing more, let running calls finish for a while, and close everything."""
        with self._changing:
            if self._ended.is_set():
                return
            self._stopping.set()
            for listener in self._listeners:
                listener.stop()
            left = self._pool.close(self._stop_timeout)
            if left:
                log.warning("%d calls did not finish in time; their messages will come again", left)
            if self._server is not None:
                self._server.stop()
            for thread in self._threads:
                thread.join(self._stop_timeout)
            self._take_back_settings()
            self._ended.set()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        if self._failure is not None and error is None:
            raise self._failure

    def _start(self, app: LoadedApp) -> None:
        for warning in app.config.warnings:
            log.warning("%s", warning)
        invoker = Invoker(
            self._store,
            base64_messages=app.config.queues.base64,
            slow_after=app.config.function_timeout,
            on_sent=self._nudge,
        )
        http = HttpApp(
            RouteTable(app.config.route_prefix, app.functions),
            self._keys,
            call=lambda spec, request: self._call(invoker, spec, request),
            by_hand=lambda name, text: self._run_by_hand(invoker, name, text),
            body_limit=self._body_limit,
        )
        last_runs = LastRuns(self._notes)
        for spec in app.functions:
            if not spec.disabled:
                self._prepare(spec, app, invoker, last_runs)
        host, port = self._address
        server = HttpServer(http, host, port, threads=self._pool.size + SPARE_HTTP_THREADS)
        self._url = server.bind()
        self._server = server
        self._supervise("the HTTP server", server.serve)
        for name, timer in self._timers.items():
            self._supervise(f"timer {name}", timer.run)
        for listener in self._listeners:
            self._supervise(f"queue function {listener.spec.name}", listener.run)

    def _prepare(
        self, spec: FunctionSpec, app: LoadedApp, invoker: Invoker, last_runs: LastRuns
    ) -> None:
        match spec.trigger:
            case TimerTrigger() as trigger:
                self._timers[spec.name] = Timer(
                    spec,
                    trigger,
                    last_runs=last_runs,
                    call=lambda timer, request: self._call(invoker, timer, request),
                    clock=self._clock,
                    wait=lambda seconds: not self._stopping.wait(seconds),
                    leases=self._leases,
                    longest_wait=self._longest_wait,
                )
            case QueueTrigger(queue):
                self._listeners.append(
                    QueueListener(
                        spec,
                        queue,
                        self._store,
                        app.config.queues,
                        submit=self._pool.submit,
                        invoke=invoker.invoke,
                    )
                )
            case HttpTrigger():
                # The route table has it already.
                return

    def _call(self, invoker: Invoker, spec: FunctionSpec, trigger: object) -> Any:
        return self._pool.submit(lambda: invoker.invoke(spec, trigger)).result()

    def _nudge(self, queue: str) -> None:
        for listener in self._listeners:
            if listener.queue == queue:
                listener.nudge()

    def _run_by_hand(self, invoker: Invoker, name: str, text: str) -> None:
        functions = self._app.functions if self._app else ()
        spec = {spec.name: spec for spec in functions if not spec.disabled}[name]
        match spec.trigger:
            case HttpTrigger(route):
                raise ValueError(f"{name} is an HTTP function: call its route '{route}'.")
            case TimerTrigger():
                # It may have to wait for a run under way, which must not take a worker's thread.
                self._in_background(f"by-hand-{name}", self._timers[name].run_by_hand)
            case QueueTrigger():
                message = message_by_hand(text, self._clock())
                done = self._pool.submit(lambda: invoker.invoke(spec, message))
                done.add_done_callback(lambda call: _report(name, call))

    def _in_background(self, name: str, target: Callable[[], None]) -> None:
        def run() -> None:
            with suppress(HostStopping):
                target()

        threading.Thread(target=run, name=name, daemon=True).start()

    def _supervise(self, name: str, target: Callable[[], None]) -> None:
        def run() -> None:
            try:
                target()
            except BaseException as error:
                self._fail(name, error)

        thread = threading.Thread(target=run, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _fail(self, name: str, error: BaseException) -> None:
        log.error("%s stopped working, so the host stops", name, exc_info=error)
        if self._failure is None:
            self._failure = ListenerDied(name, error)
            self._failure.__cause__ = error
        # The thread that failed is among those that stopping waits for.
        threading.Thread(target=self.stop, name="stop", daemon=True).start()


def _report(name: str, call: Future[Any]) -> None:
    error = call.exception()
    if error is not None and not isinstance(error, HostStopping):
        log.error("%s failed", name, exc_info=error)
