"""A receiver of messages on this machine, which answers as a test says."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PATH = "/workflows/secret-of-ours/run?sig=also-secret"
HANGS_FOR = 30.0


@dataclass
class Receiver:
    """What arrived, and what is answered: a status, headers and a body, or a way to misbehave."""

    status: int = 202
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    closes: bool = False
    hangs: bool = False
    drips: bool = False
    received: list[bytes] = field(default_factory=list)
    types: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    url: str = ""
    arrived: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)


@contextmanager
def receiving(**answers: Any) -> Iterator[Receiver]:
    """Run a receiver while a test lasts."""
    receiver = Receiver(**answers)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            receiver.received.append(self.rfile.read(length))
            receiver.types.append(self.headers.get("Content-Type", ""))
            receiver.paths.append(self.path)
            receiver.arrived.set()
            _answer(self, receiver)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the test does."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.url = f"http://127.0.0.1:{server.server_port}{PATH}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield receiver
    finally:
        receiver.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _answer(handler: BaseHTTPRequestHandler, receiver: Receiver) -> None:
    if receiver.closes:
        handler.connection.shutdown(socket.SHUT_RDWR)
        handler.close_connection = True
        return
    if receiver.hangs:
        receiver.over.wait(HANGS_FOR)
        handler.close_connection = True
        return
    handler.send_response(receiver.status)
    for name, value in receiver.headers.items():
        handler.send_header(name, value)
    if receiver.drips:
        handler.end_headers()
        while not receiver.over.wait(0.02):
            try:
                handler.wfile.write(b".")
            except OSError:
                break
        handler.close_connection = True
        return
    handler.send_header("Content-Length", str(len(receiver.body)))
    handler.end_headers()
    handler.wfile.write(receiver.body)
