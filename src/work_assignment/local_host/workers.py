"""The threads that run functions. A function that never returns cannot keep the process alive."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import Any, TypeAlias

from work_assignment.local_host.errors import HostStopping

Call: TypeAlias = Callable[[], Any]


def pool_size(settings: Mapping[str, str]) -> int:
    """As many threads as Azure's worker would use: its setting, else four more than processors."""
    text = settings.get("PYTHON_THREADPOOL_THREAD_COUNT", "")
    if text.isascii() and text.isdecimal() and int(text) > 0:
        return int(text)
    return min(32, (os.cpu_count() or 1) + 4)


class WorkerPool:
    """Runs calls on a fixed number of daemon threads, in the order they came.

    The standard executor joins its threads when the interpreter ends, however long that takes;
    this one is given up after a while.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._changed = threading.Condition()
        self._waiting: deque[tuple[Call, Future[Any]]] = deque()
        self._running: set[Future[Any]] = set()
        self._threads = 0
        self._closed = False

    def submit(self, call: Call) -> Future[Any]:
        """Run the call as soon as a thread is free; raises HostStopping once the pool is closed."""
        future: Future[Any] = Future()
        with self._changed:
            if self._closed:
                raise HostStopping
            self._waiting.append((call, future))
            if (
                self._threads < self.size
                and len(self._waiting) + len(self._running) > self._threads
            ):
                self._threads += 1
                name = f"function-{self._threads}"
                threading.Thread(target=self._work, name=name, daemon=True).start()
            self._changed.notify()
        return future

    def close(self, timeout: float) -> int:
        """Take nothing more, drop what has not begun, wait for the rest; returns how many are left.

        Whoever waits for a dropped or abandoned call gets HostStopping.
        """
        with self._changed:
            self._closed = True
            dropped = [future for _, future in self._waiting]
            self._waiting.clear()
            self._changed.notify_all()
        for future in dropped:
            future.set_exception(HostStopping())
        with self._changed:
            self._changed.wait_for(lambda: not self._running, timeout)
            abandoned = list(self._running)
        for future in abandoned:
            _settle(future, error=HostStopping())
        return len(abandoned)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if not self._waiting:
                    return
                call, future = self._waiting.popleft()
                self._running.add(future)
            try:
                result = call()
            except BaseException as error:
                # SystemExit inside a function must not end the thread in silence.
                _settle(future, error=error)
            else:
                _settle(future, result=result)
            with self._changed:
                self._running.discard(future)
                self._changed.notify_all()


def _settle(future: Future[Any], *, result: Any = None, error: BaseException | None = None) -> None:
    # A call that was abandoned and ends after all has nobody left to tell.
    with suppress(InvalidStateError):
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)
