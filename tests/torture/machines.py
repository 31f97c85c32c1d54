"""The processes of a run: started, killed and started again; they end with us, however we end."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from work_assignment.cli.common import ENDS_WITH_INPUT

ROOT = Path(__file__).parents[2]
_READY_WITHIN = 60.0
_ENDS_WITHIN = 20.0


class NotReady(Exception):
    """A process ended or said nothing before it was ready."""


@dataclass(slots=True)
class Machine:
    """One process, whatever number of lives it has had. `is_up` says whether it should run.

    `deaths` are those by a signal, `crashes` those by itself although it should run.
    """

    name: str
    arguments: Sequence[str]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    starts: int = 0
    deaths: int = 0
    crashes: int = 0
    is_up: bool = False
    _process: subprocess.Popen[str] | None = None

    def start(self, *, wait: bool = True) -> None:
        """Start it; what it says goes to a file of its own."""
        self._forget()
        with (self.folder / f"{self.name}.log").open("a") as log:
            # A session of its own, so that Ctrl-C reaches only us.
            process = subprocess.Popen(  # noqa: S603 - our own scripts
                [sys.executable, *self.arguments],
                env=_surroundings({ENDS_WITH_INPUT: "1", **self.environment}),
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        self._process, self.is_up = process, True
        self.starts += 1
        if wait:
            self._wait_until_ready(process)
        elif process.stdout is not None:
            threading.Thread(target=_drain, args=(process.stdout,), daemon=True).start()

    def _wait_until_ready(self, process: subprocess.Popen[str]) -> None:
        timer = threading.Timer(_READY_WITHIN, process.kill)
        timer.start()
        try:
            for line in process.stdout or ():
                if " ready at " in line and process.stdout is not None:
                    threading.Thread(target=_drain, args=(process.stdout,), daemon=True).start()
                    return
        finally:
            timer.cancel()
        raise NotReady(f"{self.name} did not come up; see {self.folder / self.name}.log")

    def has_died(self) -> bool:
        """Whether it ended although it should run."""
        return self.is_up and self._process is not None and self._process.poll() is not None

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
        self._forget()

    def end(self) -> None:
        """Let it end by itself, and kill it if it does not."""
        self.is_up = self.has_died()
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_ENDS_WITHIN)
        self.kill()

    def _forget(self) -> None:
        process, self._process, was_up = self._process, None, self.is_up
        self.is_up = False
        if process is None:
            return
        if process.returncode is None and process.poll() is None:
            process.kill()
        process.wait()
        self.deaths += process.returncode < 0
        self.crashes += was_up and process.returncode >= 0
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()


def run_to_end(
    name: str, arguments: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> int:
    """Run what ends by itself; its exit status. What it says goes to a file of its own."""
    with (folder / f"{name}.log").open("a") as log:
        return subprocess.run(  # noqa: S603 - our own scripts
            [sys.executable, *arguments],
            env=_surroundings(environment),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            check=False,
        ).returncode


def _surroundings(more: Mapping[str, str]) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", **more}


def _drain(output: IO[str]) -> None:
    with suppress(ValueError, OSError):
        for _ in output:
            continue


def free_port() -> int:
    """A port that nobody listens at just now."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def wait_until(deadline: float, pause: float = 0.1) -> bool:
    """Let a moment pass; False once the deadline is over."""
    time.sleep(pause)
    return time.monotonic() < deadline
