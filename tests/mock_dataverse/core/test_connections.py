"""Connections that are kept: what one request leaves on them must not reach the next."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import pytest
from tests.mock_dataverse.core.client import Api

ROOT = "/api/data/v9.2"
CHUNKED = "Transfer-Encoding: chunked\r\n"
TYPED = "Content-Type: application/json\r\n"


def request(method: str, path: str, body: str = "", headers: str = "") -> str:
    if "Transfer-Encoding" not in headers and "Content-Length" not in headers and body:
        headers += f"Content-Length: {len(body)}\r\n"
    return f"{method} {path} HTTP/1.1\r\nHost: mock\r\n{headers}\r\n{body}"


LAST = request("GET", f"{ROOT}/RetrieveVersion", headers="Connection: close\r\n")


def exchange(api: Api, text: str) -> str:
    """Send raw text, say that no more will come, and return all that is answered."""
    place = urlsplit(api.root)
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=10) as client:
        client.sendall(text.encode())
        client.shutdown(socket.SHUT_WR)
        received = b""
        while piece := client.recv(65536):
            received += piece
    return received.decode()


def statuses(answer: str) -> list[int]:
    return [int(part[:3]) for part in answer.split("HTTP/1.1 ")[1:]]


@pytest.mark.parametrize(
    ("refused", "status"),
    [
        (request("POST", f"{ROOT}/leads?$foo=1", '{"subject":"GET / HTTP/1.1"}', TYPED), 400),
        (request("POST", "/nowhere", '{"subject":"GET / HTTP/1.1"}', TYPED), 404),
        (request("POST", f"{ROOT}/leads", "subject=x"), 415),
        (request("PUT", f"{ROOT}/leads", "{}", TYPED), 405),
        (request("POST", f"{ROOT}/leads", "{}", f"{TYPED}MSCRMCallerID: x\r\n"), 400),
        (request("POST", "/__mock/nowhere", "{}", TYPED), 404),
        (request("POST", "/__mock/nowhere", "7\r\nGET / H\r\n0\r\n\r\n", CHUNKED), 404),
        (request("POST", "/nowhere", "2\r\n{}\r\n0\r\nTrailer: x\r\n\r\n", CHUNKED), 404),
        (
            request("POST", "/nowhere", "2\r\n{}\r\n0\r\n\r\n", f"{CHUNKED}Content-Length: 2\r\n"),
            404,
        ),
    ],
)
def test_a_refused_request_leaves_nothing_of_its_body_to_the_next(
    api: Api, refused: str, status: int
) -> None:
    answer = exchange(api, refused + LAST)
    assert statuses(answer) == [status, 200]
    assert '"Version":' in answer


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("leads", 200),
        ("EntityDefinitions", 200),
        ("$batch", 405),
        ("WhoAmI", 200),
        ("nothing", 404),
    ],
)
def test_head_is_answered_without_a_body(api: Api, path: str, status: int) -> None:
    answer = exchange(api, request("HEAD", f"{ROOT}/{path}") + LAST)
    assert statuses(answer) == [status, 200]
    assert '"error"' not in answer
    assert answer.count('"@odata.context"') == 1


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ("Content-Length: 500\r\n", '{"subject":"half"}'),
        ("Content-Length: -18\r\n", '{"subject":"half"}'),
        (CHUNKED, '12\r\n{"subject":"half"}\r\n'),
        (CHUNKED, '30\r\n{"subject":"half"}'),
        (CHUNKED, 'zz\r\n{"subject":"half"}\r\n0\r\n\r\n'),
    ],
)
def test_half_a_body_is_refused_and_ends_the_connection(
    api: Api, headers: str, body: str, caplog: pytest.LogCaptureFixture
) -> None:
    before = api.get("leads/$count?$filter=subject eq 'half'").text
    answer = exchange(api, request("POST", f"{ROOT}/leads", body, TYPED + headers) + LAST)
    assert statuses(answer) == [400]
    assert "Connection: close" in answer
    assert "0x80048d19" in answer
    assert api.get("leads/$count?$filter=subject eq 'half'").text == before
    assert not caplog.records


def test_a_request_without_host_is_refused_since_links_could_not_be_built(api: Api) -> None:
    answer = exchange(api, f"GET {ROOT}/leads HTTP/1.0\r\n\r\n")
    assert statuses(answer) == [400]
    assert "Host" in answer
