"""Work in a process of its own: a command `wa`, or a function, with what it cost."""

from __future__ import annotations

import importlib
import io
import logging
import multiprocessing
import os
import sys
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.usage import Usage, usage

READY = " ready at "
PATIENCE = 3600.0
_ENDING = 30.0
_LINE, _USAGE, _END = "line", "usage", "end"


class ProcessFailed(RuntimeError):
    """A process did not do what it was started for; the text says what it left behind."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What left a process over HTTP: requests by the status they got, and connections opened."""

    by_status: Mapping[int, int]
    connections: int

    @property
    def requests(self) -> int:
        return sum(self.by_status.values())


@dataclass(frozen=True, slots=True)
class Ended:
    """What a piece of work gave back and used, without the start of its process."""

    result: Any
    seconds: float
    usage: Usage
    sent: Sent


@dataclass(frozen=True, slots=True)
class Work:
    """A function by its module and name, with what it is called with."""

    module: str
    function: str
    arguments: tuple[Any, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    preload: Sequence[str] = ()
    """Modules that are loaded before the time is taken."""


def command(*arguments: str, **environment: str) -> Work:
    """A command of ours, such as `wa sweep`."""
    loaded = ("work_assignment.bootstrap", f"work_assignment.cli.{arguments[0]}")
    return Work("work_assignment.cli.main", "main", (list(arguments),), environment, loaded)


class Process(AbstractContextManager["Process"]):
    """A piece of work under way. Errors that it writes go to a file in `folder`."""

    def __init__(self, work: Work, folder: Path, name: str) -> None:
        context = multiprocessing.get_context("spawn")
        self._name, self._errors = name, folder / f"{name}.log"
        self._here, there = context.Pipe()
        self._process = context.Process(
            target=_run, args=(there, work, str(self._errors)), daemon=True
        )
        self._process.start()
        there.close()
        self.output: list[str] = []

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def url(self) -> str:
        """Wait for the line in which a server says where it is."""
        while True:
            text = self._answer(_LINE)
            if READY in text:
                return str(text.split(READY)[1].split(",")[0].strip())

    def usage(self) -> Usage:
        """What the process has used so far."""
        self._here.send(_USAGE)
        found: Usage = self._answer(_USAGE)
        return found

    def wait(self) -> Ended:
        """Wait for the end of the work."""
        ended: Ended = self._answer(_END)
        self.stop()
        return ended

    def stop(self) -> None:
        """End the process, at first by asking."""
        if self._process.is_alive():
            self._process.terminate()
            self._process.join(_ENDING)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._here.close()

    def _answer(self, wanted: str) -> Any:
        try:
            while self._here.poll(PATIENCE):
                kind, value = self._here.recv()
                if kind == _LINE:
                    self.output.append(value)
                if kind == wanted:
                    return value
                if kind == _END:
                    break
        except (EOFError, OSError):
            self._process.join(_ENDING)
        raise ProcessFailed(f"{self._name} ended too early: {self._last_words()}")

    def _last_words(self) -> str:
        told = self._errors.read_text(encoding="utf-8", errors="replace").strip()
        return told[-2000:] or "it said nothing"


def run(work: Work, folder: Path, name: str) -> Ended:
    """Do a piece of work in a process of its own, to its end."""
    with Process(work, folder, name) as process:
        return process.wait()


# inside the process


class _Lines(io.TextIOBase):
    """Standard output that goes to the parent, line by line."""

    def __init__(self, tell: Callable[[str, Any], None]) -> None:
        self._tell = tell
        self._begun = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            self._tell(_LINE, line)
        return len(text)


class SentCounter(logging.Handler):
    """Counts what urllib3, which all our clients stand on, says that it sends."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._by_status: Counter[int] = Counter()
        self._connections = 0

    def emit(self, record: logging.LogRecord) -> None:
        if record.msg.startswith("Starting new HTTP"):
            self._connections += 1
        elif isinstance(record.args, tuple) and len(record.args) == 8:
            self._by_status[int(str(record.args[6]))] += 1

    def sent(self) -> Sent:
        return Sent(dict(self._by_status), self._connections)

    def listen(self) -> None:
        """Count from now on."""
        log = logging.getLogger("urllib3.connectionpool")
        log.addHandler(self)
        log.setLevel(logging.DEBUG)
        log.propagate = False


def _run(parent: Connection, work: Work, errors: str) -> None:
    lock = threading.Lock()

    def tell(kind: str, value: Any) -> None:
        with lock:
            parent.send((kind, value))

    os.environ.update(work.environment)
    with open(errors, "w", encoding="utf-8") as log:
        os.dup2(log.fileno(), 2)
    sys.stdout = _Lines(tell)
    counter = SentCounter()
    counter.listen()
    threading.Thread(target=_answer_questions, args=(parent, tell), daemon=True).start()
    try:
        tell(_END, _do(work, counter))
    except Exception:
        traceback.print_exc()
        sys.exit(1)


def _do(work: Work, counter: SentCounter) -> Ended:
    function = getattr(importlib.import_module(work.module), work.function)
    for module in work.preload:
        importlib.import_module(module)
    before, begun = usage(), perf_counter()
    result = function(*work.arguments)
    seconds, after = perf_counter() - begun, usage()
    used = Usage(after.seconds - before.seconds, after.peak)
    return Ended(result, seconds, used, counter.sent())


def _answer_questions(parent: Connection, tell: Callable[[str, Any], None]) -> None:
    try:
        while parent.recv() == _USAGE:
            tell(_USAGE, usage())
    except (EOFError, OSError):
        return
