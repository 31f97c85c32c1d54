"""What lost connections mean, on real sockets."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from work_assignment.dataverse import messages
from work_assignment.dataverse.auth import StaticToken
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.errors import ConnectionFailed, OutcomeUnknown
from work_assignment.dataverse.queries import Query

read = messages.get(Query("leads"))
write = messages.create("leads", {"subject": "x"})
NOTHING_CREATED = b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"


@contextmanager
def listener(behave: Callable[[socket.socket], None]) -> Iterator[str]:
    """Run a server that gives each connection to `behave`; yields its address."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with server:
                while True:
                    try:
                        connection, _ = server.accept()
                    except OSError:
                        return
                    # On a busy machine strangers knock at ports that were theirs before.
                    with connection, suppress(ConnectionError):
                        connection.settimeout(10)
                        behave(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join(10)


def client(url: str, timeout: tuple[float, float] = (5, 5)) -> DataverseClient:
    return DataverseClient(url, StaticToken(None), sleep=lambda _: None, timeout=timeout)


def receive(connection: socket.socket) -> bytes:
    return connection.recv(65_536)


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@pytest.mark.parametrize("request_", [read, write])
def test_nobody_listening_means_that_nothing_was_sent(request_: messages.Request) -> None:
    with (
        client(f"http://127.0.0.1:{closed_port()}") as refused,
        pytest.raises(ConnectionFailed, match="connection lost"),
    ):
        refused.send(request_)
    assert refused.requests_sent == 5


def test_a_connection_closed_without_an_answer_leaves_a_write_open() -> None:
    def hang_up(connection: socket.socket) -> None:
        receive(connection)

    with listener(hang_up) as url, client(url) as writer, client(url) as reader:
        with pytest.raises(OutcomeUnknown):
            writer.send(write)
        assert writer.requests_sent == 1
        with pytest.raises(ConnectionFailed):
            reader.send(read)
        assert reader.requests_sent == 5


def test_an_answer_that_does_not_come_in_time_leaves_a_write_open() -> None:
    finished = threading.Event()

    def dawdle(connection: socket.socket) -> None:
        receive(connection)
        finished.wait(10)

    with listener(dawdle) as url, client(url, timeout=(5, 0.1)) as ours:
        with pytest.raises(OutcomeUnknown, match="ReadTimeout"):
            ours.send(write)
        finished.set()


def test_an_answer_cut_off_in_the_middle_leaves_a_write_open() -> None:
    def stop_halfway(connection: socket.socket) -> None:
        receive(connection)
        connection.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{")

    with listener(stop_halfway) as url, client(url) as ours, pytest.raises(OutcomeUnknown):
        ours.send(write)


def test_what_is_no_http_leaves_a_write_open() -> None:
    def babble(connection: socket.socket) -> None:
        receive(connection)
        connection.sendall(b"hello\r\n\r\n")

    with listener(babble) as url, client(url) as ours, pytest.raises(OutcomeUnknown):
        ours.send(write)


def test_requests_of_one_thread_share_a_connection_and_close_ends_it() -> None:
    connections: list[int] = []
    ended = threading.Event()

    def answer(connection: socket.socket) -> None:
        connections.append(1)
        while receive(connection):
            connection.sendall(NOTHING_CREATED)
        ended.set()

    with listener(answer) as url:
        with client(url) as ours:
            for _ in range(3):
                ours.send(write)
        assert ended.wait(10)
        assert len(connections) == 1


def test_a_thread_that_ends_takes_its_connection_with_it() -> None:
    ended = threading.Event()

    def answer(connection: socket.socket) -> None:
        while receive(connection):
            connection.sendall(NOTHING_CREATED)
        ended.set()

    with listener(answer) as url, client(url) as ours:
        worker = threading.Thread(target=ours.send, args=(write,))
        worker.start()
        worker.join(10)
        assert ended.wait(10)
