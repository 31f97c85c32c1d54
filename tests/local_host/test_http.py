"""Routes, keys, requests and answers, over real connections to a running host."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.local_host.support import KEYS, STORAGE, MemoryQueues, call, host_for, write_app

from work_assignment.local_host.host import LocalHost
from work_assignment.local_host.keys import Keys

APP = """
    import json

    def told(req: func.HttpRequest) -> func.HttpResponse:
        document = {
            "method": req.method, "url": req.url, "query": dict(req.params),
            "route": dict(req.route_params), "headers": dict(req.headers),
            "body": req.get_body().decode(),
        }
        return func.HttpResponse(json.dumps(document), mimetype="application/json")

    @app.route("open", auth_level="anonymous")
    def open_to_all(req: func.HttpRequest) -> func.HttpResponse:
        return told(req)

    @app.route("guarded", methods=["POST"])
    @app.queue_output("out", "wa-bell", "AzureWebJobsStorage")
    def guarded(req: func.HttpRequest, out: func.Out[str]) -> func.HttpResponse:
        out.set(req.get_body().decode())
        return func.HttpResponse(status_code=202)

    @app.route("secret", auth_level="admin")
    def secret(req: func.HttpRequest) -> str:
        return "only for the master"

    @app.route("leads/{id}/{part}", auth_level="anonymous")
    def particular(req: func.HttpRequest) -> func.HttpResponse:
        return told(req)

    @app.route("leads/{id}/owner", auth_level="anonymous")
    def owner(req: func.HttpRequest) -> str:
        return "owner of " + req.route_params["id"]

    @app.route("off", auth_level="anonymous")
    def off(req: func.HttpRequest) -> str:
        return "never"

    @app.route("broken/{how}", auth_level="anonymous")
    def broken(req: func.HttpRequest) -> func.HttpResponse:
        match req.route_params["how"]:
            case "raises":
                raise ValueError("row contents")
            case "exits":
                raise SystemExit(3)
            case "nothing":
                return None
            case "status":
                return func.HttpResponse(status_code=42)
            case _:
                return func.HttpResponse(headers={"X-Name": "Zoë"})

    @app.route("headers", auth_level="anonymous")
    def headers(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse(
            "text", status_code=201, headers={"X-One": "1", "Content-Length": "99"}
        )

    @app.route("empty", auth_level="anonymous")
    def empty(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse(status_code=204)
"""


@pytest.fixture
def host(folder: Path, queues: MemoryQueues) -> Iterator[LocalHost]:
    settings = {**STORAGE, "AzureWebJobs.off.Disabled": "1"}
    with host_for(write_app(folder, APP), queues, settings, body_limit=1000) as running:
        yield running


def test_a_request_reaches_its_function_as_azure_would_show_it(host: LocalHost) -> None:
    url = f"{host.url}/api/open?a=1&b=&a=2&c=%C3%BC"
    reply = call(url, "POST", b"hello", headers={"X-Custom-Name": "V", "Content-Type": "text/x"})
    assert reply.status == 200
    assert reply.headers["content-type"] == "application/json"
    seen = reply.json
    assert seen["method"] == "POST"
    assert seen["url"] == url
    assert seen["query"] == {"a": "1,2", "c": "ü"}
    assert seen["body"] == "hello"
    assert seen["headers"]["x-custom-name"] == "V"
    assert seen["headers"]["content-type"] == "text/x"


def test_route_parameters_are_taken_from_the_path(host: LocalHost) -> None:
    reply = call(f"{host.url}/API/Leads/4%207/n%C3%A4me")
    assert reply.json["route"] == {"id": "4 7", "part": "näme"}


def test_fixed_text_goes_before_a_parameter(host: LocalHost) -> None:
    assert call(f"{host.url}/api/leads/7/owner").body == b"owner of 7"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/nowhere"),
        ("GET", "/open"),
        ("GET", "/"),
        ("GET", "/api/leads//owner"),
        ("GET", "/api/guarded"),
        ("GET", "/api/off"),
        ("GET", "/admin/host/status"),
    ],
)
def test_unknown_wrong_method_and_disabled_are_all_404(
    host: LocalHost, method: str, path: str
) -> None:
    assert call(host.url + path, method, key=KEYS.master).status == 404


@pytest.mark.parametrize(
    ("path", "key", "status"),
    [
        ("/api/guarded", None, 401),
        ("/api/guarded", "wrong", 401),
        ("/api/guarded", "", 401),
        ("/api/guarded", "function-key", 202),
        ("/api/guarded", "master-key", 202),
        ("/api/guarded?code=function-key", None, 202),
        ("/api/guarded?code=wrong", None, 401),
        ("/api/guarded?code=wrong", "function-key", 202),
        ("/api/guarded?code=function-key", "wrong", 401),
        ("/api/guarded?code=function-key", "", 401),
        ("/api/guarded?code=f%FCnction", None, 401),
        ("/api/secret", "function-key", 401),
        ("/api/secret", "master-key", 200),
    ],
)
def test_keys_open_what_they_should(
    host: LocalHost, queues: MemoryQueues, path: str, key: str | None, status: int
) -> None:
    reply = call(host.url + path, "POST", b"x", key=key)
    assert reply.status == status
    if status == 401:
        assert reply.body == b""
        assert queues.texts("wa-bell") == []


def test_an_empty_key_is_no_key() -> None:
    with pytest.raises(ValueError, match="empty key"):
        Keys(function="", master="m")
    assert "master-key" not in repr(KEYS)


def test_what_the_function_sends_is_in_the_queue_when_the_caller_hears(
    host: LocalHost, queues: MemoryQueues
) -> None:
    assert call(f"{host.url}/api/guarded", "POST", b"hello", key=KEYS.function).status == 202
    assert queues.texts("wa-bell") == ["aGVsbG8="]


@pytest.mark.parametrize("how", ["raises", "exits", "nothing", "status", "header"])
def test_a_failing_function_is_a_500_without_details(
    host: LocalHost, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    reply = call(f"{host.url}/api/broken/{how}")
    assert reply.status == 500
    assert b"row contents" not in reply.body
    number = reply.body.decode().partition("(error ")[2].partition(")")[0]
    assert number
    assert number in caplog.text
    assert call(f"{host.url}/api/open").status == 200


def test_headers_and_status_come_through_but_lengths_are_the_hosts(host: LocalHost) -> None:
    reply = call(f"{host.url}/api/headers")
    assert (reply.status, reply.body) == (201, b"text")
    assert reply.headers["x-one"] == "1"
    assert reply.headers["content-type"] == "text/plain; charset=utf-8"
    assert reply.headers["content-length"] == "4"


def test_answers_without_a_body_have_none(host: LocalHost) -> None:
    reply = call(f"{host.url}/api/empty")
    assert (reply.status, reply.body) == (204, b"")
    reply = call(f"{host.url}/api/headers", "HEAD")
    assert (reply.status, reply.body, reply.headers["content-length"]) == (201, b"", "4")


def test_a_body_beyond_the_limit_is_413_with_one_sentence(host: LocalHost) -> None:
    reply = call(f"{host.url}/api/open", "POST", b"x" * 200_000)
    assert (reply.status, reply.body) == (413, b"The body is larger than 1000 bytes.")
    assert call(f"{host.url}/api/open", "POST", b"x" * 1000).status == 200


def raw(host: LocalHost, *lines: str) -> bytes:
    """Send these very lines; returns all that comes back until the connection is closed."""
    parts = urlsplit(host.url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=20) as sock:
        sock.sendall("\r\n".join(lines).encode())
        sock.shutdown(socket.SHUT_WR)
        received = b""
        while part := sock.recv(65536):
            received += part
    return received


CHUNKED = ("POST /api/open HTTP/1.1", "Host: here", "Transfer-Encoding: chunked", "")


def test_a_chunked_body_is_put_together(host: LocalHost) -> None:
    received = raw(host, *CHUNKED, "3", "abc", "2", "de", "0", "", "")
    assert b'"body": "abcde"' in received


def test_a_chunked_body_beyond_the_limit_is_413(host: LocalHost) -> None:
    received = raw(host, *CHUNKED, "5dc", "x" * 1500, "0", "", "")
    assert received.startswith(b"HTTP/1.1 413 ")


def test_a_body_that_ends_too_early_never_reaches_the_function(
    host: LocalHost, queues: MemoryQueues
) -> None:
    head = ("POST /api/guarded HTTP/1.1", "Host: here", f"x-functions-key: {KEYS.function}")
    received = raw(host, *head, "Content-Length: 10", "", "half")
    assert received.startswith(b"HTTP/1.1 400 ")
    received = raw(host, *head, "Transfer-Encoding: chunked", "", "zz", "abc")
    assert received.startswith(b"HTTP/1.1 400 ")
    assert queues.texts("wa-bell") == []


def test_a_connection_is_kept_for_the_next_request(host: LocalHost) -> None:
    one = ("GET /api/leads/7/owner HTTP/1.1", "Host: here", "")
    received = raw(host, *one, *one, "")
    assert received.count(b"owner of 7") == 2
