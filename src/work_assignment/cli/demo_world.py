"""The processes of a demonstration: a mock Dataverse and the local host, started and stopped."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from work_assignment.cli import sample_data
from work_assignment.cli.common import ENDS_WITH_INPUT, Refused

START_TIMEOUT = 60.0
STOP_TIMEOUT = 15.0
_CLOCK = "WA_CLOCK"


@dataclass
class Process:
    """One command of ours, running; its output goes to a file."""

    name: str
    process: subprocess.Popen[str]
    log: Path
    url: str = ""


@dataclass
class World:
    """A mock and a host on free ports, with their files in `folder`. Used as a context manager.

    `command_settings` are those with which commands work on the running host as its own user.
    """

    folder: Path
    app_root: Path
    solutions: Sequence[Path] = ()
    function_key: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    command_settings: Mapping[str, str] = field(default_factory=dict)
    _running: list[Process] = field(default_factory=list)

    def __enter__(self) -> World:
        return self

    @property
    def queues_file(self) -> Path:
        """Where the hosts have their queues, leases and notes."""
        return self.folder / "queues.sqlite"

    def __exit__(self, *_: object) -> None:
        for running in reversed(self._running):
            _stop(running)

    def start_mock(self) -> str:
        """Start the mock with the product's tables; gives its address."""
        arguments = ["mock", "--port", "0"]
        for solution in self.solutions:
            arguments += ["--solution", str(solution)]
        return self._start("mock", arguments, {})

    def start_host(
        self, dataverse_url: str, *, name: str = "host", settings: Mapping[str, str] | None = None
    ) -> str:
        """Start the host on the mock, acting as the app's own user; gives its address.

        `settings` are its own, over the usual ones.
        """
        self.command_settings = {
            "DATAVERSE_URL": dataverse_url,
            "DATAVERSE_TOKEN": f"user:{sample_data.APP_USER}",
            "AzureWebJobsStorage": f"sqlite:{self.queues_file}",
            "WA_FUNCTION_KEY": self.function_key,
        } | {name: value for name, value in (settings or {}).items() if name == _CLOCK}
        environment = {
            **self.command_settings,
            "WA_MODE": "on",
            "WA_BELL_SCHEDULE": "*/20 * * * * *",
            "WA_MASTER_KEY": secrets.token_urlsafe(24),
        } | dict(settings or {})
        arguments = ["host", "--port", "0", "--app-root", str(self.app_root)]
        return self._start(name, arguments, environment)

    def kill(self, name: str) -> None:
        """End a process as a crash would: without warning."""
        for running in self._running:
            if running.name == name:
                running.process.kill()
                running.process.wait()

    def _start(self, name: str, arguments: Sequence[str], more: Mapping[str, str]) -> str:
        log = self.folder / f"{name}.log"
        with log.open("w") as errors:
            # A session of its own, so that Ctrl-C reaches only us and we stop it in order.
            process = subprocess.Popen(  # noqa: S603 - our own command
                [sys.executable, "-m", "work_assignment", *arguments],
                env={**os.environ, ENDS_WITH_INPUT: "1", **more},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
            )
        running = Process(name, process, log)
        self._running.append(running)
        running.url = _wait_until_ready(running)
        return running.url

    def check(self) -> None:
        """Raise Refused when a process has ended by itself."""
        for running in self._running:
            if running.process.poll() is not None:
                raise Refused(_ended(running))


def _wait_until_ready(running: Process) -> str:
    """The address in the line that says so; the rest of the output is read away for ever."""
    output = running.process.stdout
    if output is None:
        raise RuntimeError("the process was started without its output")
    timer = threading.Timer(START_TIMEOUT, running.process.kill)
    timer.start()
    try:
        for line in output:
            if " ready at " in line:
                threading.Thread(target=_drain, args=(output,), daemon=True).start()
                return line.split(" ready at ")[1].split(",")[0].strip()
    finally:
        timer.cancel()
    running.process.wait()
    raise Refused(_ended(running))


def _drain(output: IO[str]) -> None:
    for _ in output:
        continue


def _ended(running: Process) -> str:
    status = running.process.returncode
    if status < 0:
        return f"the {running.name} was killed (signal {-status})"
    lines = running.log.read_text(errors="replace").strip().splitlines()
    last = lines[-1] if lines else "it said nothing"
    return f"the {running.name} ended with {status}: {last}"


def _stop(running: Process) -> None:
    process = running.process
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
