"""A mock in a process of its own, so that its time and memory are not those of the client."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from multiprocessing.connection import Connection
from typing import Any

from cheroot import wsgi

from benchmarks.usage import Usage, usage
from benchmarks.web_api.clients import HttpClient
from work_assignment.mock_dataverse.server import MockServer

_USAGE, _STOP = "usage", "stop"


class ServerProcess(AbstractContextManager["ServerProcess"]):
    """A mock on a free port beside a server that only says 204, both in one other process."""

    def __init__(self, database: str = ":memory:") -> None:
        context = multiprocessing.get_context("spawn")
        self._here, there = context.Pipe()
        self._process = context.Process(target=_serve, args=(there, database), daemon=True)
        self._process.start()
        there.close()
        self.port, self.bare_port = self._here.recv()

    def client(self) -> HttpClient:
        return HttpClient("127.0.0.1", self.port)

    def bare_client(self) -> HttpClient:
        """A client of the server that does nothing."""
        return HttpClient("127.0.0.1", self.bare_port)

    def usage(self) -> Usage:
        self._here.send(_USAGE)
        found: Usage = self._here.recv()
        return found

    def __exit__(self, *_error: object) -> None:
        self._here.send(_STOP)
        self._process.join()
        self._here.close()


def _serve(parent: Connection, database: str) -> None:
    bare = wsgi.Server(("127.0.0.1", 0), _nothing)
    bare.prepare()
    with MockServer(database) as server:
        import threading

        thread = threading.Thread(target=bare.serve)
        thread.start()
        parent.send((int(server.url.rpartition(":")[2]), bare.bind_addr[1]))
        while parent.recv() == _USAGE:
            parent.send(usage())
        bare.stop()
        thread.join()


def _nothing(_environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("204 No Content", [])
    return []
