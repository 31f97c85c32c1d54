"""A mock Dataverse as `wa mock` serves it, in a process of its own, and what it counts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from benchmarks.routing.processes import Process, command
from benchmarks.usage import Usage
from benchmarks.web_api.clients import HttpClient
from work_assignment.cli import sample_data

_WRITES = ("POST ", "PATCH ", "PUT ", "DELETE ")
_PATIENCE = 60


@dataclass(frozen=True, slots=True)
class Counted:
    """What a mock counted: HTTP requests by user, operations by kind, errors, time of execution."""

    http_requests: int
    by_user: Mapping[str, int]
    by_kind: Mapping[str, int]
    errors: Mapping[str, int]
    execution_seconds: float

    @property
    def by_app(self) -> int:
        """HTTP requests of the app's own user."""
        return self.by_user.get(sample_data.row_id("systemuser", sample_data.APP_USER), 0)

    @property
    def writes(self) -> dict[str, int]:
        """Rows written, by kind; the batches around them are none."""
        return {
            kind: count
            for kind, count in self.by_kind.items()
            if kind.startswith(_WRITES) and not kind.endswith(" other")
        }

    @property
    def inner_writes(self) -> int:
        return sum(self.writes.values())


class MockProcess(AbstractContextManager["MockProcess"]):
    """A running mock; `options` are those of `wa mock`. With `ca_file` it serves HTTPS."""

    def __init__(self, folder: Path, *options: str, ca_file: Path | None = None) -> None:
        tls = () if ca_file is None else ("--tls", "--ca-file", str(ca_file))
        self._trusted: str | bool = True if ca_file is None else str(ca_file)
        self._process = Process(command("mock", "--port", "0", *tls, *options), folder, "mock")
        try:
            self.url = self._process.url()
        except BaseException:
            self._process.stop()
            raise

    def __exit__(self, *_error: object) -> None:
        self._process.stop()

    def usage(self) -> Usage:
        return self._process.usage()

    @contextmanager
    def client(self, token: str | None = None) -> Iterator[HttpClient]:
        """A client that acts as a user, by default the administrator; not over TLS."""
        parts = urlsplit(self.url)
        with HttpClient(parts.hostname or "", parts.port or 0, token) as client:
            yield client

    def admin(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Ask one of the mock's own routes."""
        url = f"{self.url}/__mock/{path}"
        answer = requests.request(method, url, json=body, timeout=_PATIENCE, verify=self._trusted)
        if not answer.ok:
            raise RuntimeError(f"{method} /__mock/{path}: {answer.status_code} {answer.text}")
        return json.loads(answer.text) if answer.text else None

    def reset_counters(self) -> None:
        self.admin("POST", "counters/reset")

    def counted(self) -> Counted:
        """What was asked since the last reset."""
        read = self.admin("GET", "counters")
        return Counted(
            read["http_requests"],
            read["http_requests_by_user"],
            read["operations_by_kind"],
            read["errors_by_status"],
            read["execution_ms"] / 1000,
        )
