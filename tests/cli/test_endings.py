"""How the wa command ends when the other side is not there: Dataverse, or who reads its output."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from socket import gaierror

import pytest
import requests
from urllib3 import HTTPConnectionPool
from urllib3.connection import HTTPConnection
from urllib3.exceptions import MaxRetryError, NewConnectionError

from work_assignment import bootstrap
from work_assignment.cli.main import NOBODY_READS, main
from work_assignment.cli.unreachable import unreachable
from work_assignment.dataverse.auth import StaticToken
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.errors import ConnectionFailed, ServerUnavailable
from work_assignment.dataverse.retry import ONCE
from work_assignment.domain.errors import Unavailable
from work_assignment.mock_dataverse.server import MockServer
from work_assignment.settings import Credentials

POOL = HTTPConnectionPool("contoso.example")
NONE = NewConnectionError(HTTPConnection("contoso.example"), "none")


@pytest.fixture
def asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for whether the address answers the next time."""

    def connect(url: str, credentials: Credentials) -> DataverseClient:
        return DataverseClient(url, StaticToken(credentials.token), retry=ONCE)

    monkeypatch.setattr(bootstrap, "connect", connect)


@pytest.mark.usefixtures("asked_once")
@pytest.mark.parametrize("command", [["sweep", "list"], ["sweep", "--watch"]])
def test_an_address_where_nobody_listens_is_named_with_the_cause(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"

        assert main([*command, "--url", url]) == 1

    assert capsys.readouterr().err == (
        f"wa sweep: {url} cannot be reached (connection refused): "
        "is the address right, and is it up?\n"
    )


@pytest.mark.parametrize(
    ("cause", "lost", "said"),
    [
        (
            gaierror(-2, "Name or service not known"),
            requests.ConnectionError(MaxRetryError(POOL, "/", NONE)),
            "name or service not known",
        ),
        (TimeoutError("timed out"), requests.ConnectTimeout(), "no answer"),
    ],
)
def test_why_no_connection_came_about_is_said(
    cause: OSError, lost: requests.RequestException, said: str
) -> None:
    lost.request = requests.Request("GET", "https://contoso.example/api/data").prepare()
    lost.__cause__ = cause
    error = Unavailable("GET leads: no answer")
    error.__cause__ = ConnectionFailed(None, "", "connection lost", "", "GET leads")
    error.__cause__.__cause__ = lost

    told = unreachable(error)

    assert told is not None
    assert told.startswith(f"https://contoso.example cannot be reached ({said}): ")


@pytest.mark.parametrize(
    "error",
    [
        ServerUnavailable(503, "", "down", "", "GET leads"),
        ConnectionFailed(None, "", "connection lost", "", "GET leads"),
        ConnectionRefusedError(111, "Connection refused"),
    ],
)
def test_what_is_no_missing_connection_to_an_address_keeps_its_own_words(error: Exception) -> None:
    assert unreachable(error) is None


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_output_that_nobody_reads_ends_a_command_quietly(unbuffered: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    code = "import sys; from work_assignment.cli.main import main; sys.exit(main())"
    with MockServer() as mock, open(writing, "wb") as nobody:
        ended = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-c", code, "sweep", "list", "--url", mock.url],
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            stdout=nobody,
            stderr=subprocess.PIPE,
            check=False,
        )

    assert (ended.returncode, ended.stderr) == (NOBODY_READS, b"")
