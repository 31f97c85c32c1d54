"""An Azurite of a test's own: its process, its accounts and its clock."""

from __future__ import annotations

import os
import re
import subprocess
import time
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

from tests.azurite.installing import NoAzurite, azurite_program, node

ACCOUNTS = 500
STARTS_WITHIN = 120.0
ENDS_WITHIN = 15.0
KEY = b64encode(b"a key that opens nothing but this").decode()

_LISTENS = re.compile(r"Azurite (Blob|Queue|Table) service is successfully listening at (\S+)")
_CLOCK = Path(__file__).with_name("clock.js")


@dataclass(frozen=True, slots=True)
class Account:
    """A storage account of its own, empty at first."""

    name: str
    connection_string: str


class Azurite:
    """One Azurite in memory, on free ports, ended by `close` or with this process."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "azurite.log"
        self._clock = folder / "clock"
        self.run_on_real_time()
        self._numbers = count(1)
        self._process = self._started(folder)
        try:
            self._addresses = self._wait_until_ready()
        except BaseException:
            self.close()
            raise

    def account(self) -> Account:
        """An account that nobody has used."""
        name = _account_name(next(self._numbers))
        blob, queue = (f"{self._addresses[kind]}/{name}" for kind in ("Blob", "Queue"))
        text = (
            f"DefaultEndpointsProtocol=http;AccountName={name};AccountKey={KEY};"
            f"BlobEndpoint={blob};QueueEndpoint={queue}"
        )
        return Account(name, text)

    def stand_still_at(self, moment: datetime) -> None:
        """Stop the clock at this moment."""
        self._set_clock(str(round(moment.timestamp() * 1000)))

    def be_ahead(self, duration: timedelta) -> None:
        """Let the clock run, so far ahead of everybody else's."""
        self._set_clock(f"+{round(duration.total_seconds() * 1000)}")

    def run_on_real_time(self) -> None:
        """Let the clock run as everybody else's."""
        self.be_ahead(timedelta(0))

    def close(self) -> None:
        """End the process."""
        # Told to terminate, Azurite would wait for connections that clients keep open.
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _set_clock(self, text: str) -> None:
        draft = self._clock.with_suffix(".new")
        draft.write_text(text)
        os.replace(draft, self._clock)

    def _started(self, folder: Path) -> subprocess.Popen[bytes]:
        accounts = ";".join(f"{_account_name(number)}:{KEY}" for number in range(1, ACCOUNTS + 1))
        options = ["--inMemoryPersistence", "--silent", "--disableTelemetry"]
        ports = [word for kind in ("blob", "queue", "table") for word in (f"--{kind}Port", "0")]
        program = str(azurite_program())
        with self._log.open("wb") as log:
            return subprocess.Popen(  # noqa: S603 - our own command
                [node(), "--require", str(_CLOCK), program, *options, *ports],
                cwd=folder,
                env={**os.environ, "AZURITE_ACCOUNTS": accounts, "WA_CLOCK": str(self._clock)},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def _wait_until_ready(self) -> dict[str, str]:
        deadline = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < deadline:
            found = dict(_LISTENS.findall(self._log.read_text(errors="replace")))
            if len(found) == 3:
                return found
            if self._process.poll() is not None:
                break
            time.sleep(0.05)
        raise NoAzurite(f"Azurite did not start: {self._log.read_text(errors='replace')[-2000:]}")


def _account_name(number: int) -> str:
    return f"account{number:04}"
