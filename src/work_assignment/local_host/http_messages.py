"""Requests and responses as values: what a function gets to see, and what becomes of its answer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import azure.functions as func

from work_assignment.local_host.errors import InvocationFailed

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

# The server itself decides these.
HOP_BY_HOP = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding"})


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole response, ready to be sent."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


def text_answer(status: int, text: str) -> Answer:
    """A response that says one sentence."""
    return Answer(status, text.encode(), (("Content-Type", "text/plain; charset=utf-8"),))


def answer_of(returned: object) -> Answer:
    """What a function returned, as Azure sends it; anything it cannot send raises."""
    if isinstance(returned, str):
        return text_answer(200, returned)
    if not isinstance(returned, func.HttpResponse):
        raise InvocationFailed(f"an HTTP function returned {type(returned).__name__}")
    status = int(returned.status_code)
    if not 200 <= status <= 599:
        raise InvocationFailed(f"an HTTP function answered with status {status}")
    headers = [
        (str(name), str(value))
        for name, value in returned.headers.items()
        if str(name).lower() not in HOP_BY_HOP
    ]
    if all(name.lower() != "content-type" for name, _ in headers):
        charset = f"; charset={returned.charset}" if returned.mimetype.startswith("text/") else ""
        headers.append(("Content-Type", f"{returned.mimetype}{charset}"))
    for name, value in headers:
        if not value.isascii():
            raise InvocationFailed(f"response header {name} has characters beyond ASCII")
    return Answer(status, returned.get_body(), tuple(headers))


def headers_of(environ: WSGIEnvironment) -> dict[str, str]:
    """The request's headers, names in lower case."""
    headers = {
        key.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
        for key, value in environ.items()
        if key.startswith("HTTP_")
    }
    for key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(key):
            headers[key.replace("_", "-").lower()] = str(environ[key])
    return headers


def query_of(environ: WSGIEnvironment) -> dict[str, str]:
    """The query: empty values dropped, repeated ones joined by a comma."""
    query: dict[str, str] = {}
    for name, value in parse_qsl(str(environ.get("QUERY_STRING", ""))):
        query[name] = f"{query[name]},{value}" if name in query else value
    return query


def input_of(body: bytes) -> str:
    """What `{"input": ...}` asks a function to be started with; no body means nothing."""
    if not body.strip():
        return ""
    try:
        document = json.loads(body)
    except ValueError as exc:
        raise ValueError('The body must be JSON, such as {"input": "text"}.') from exc
    given = document.get("input", "") if isinstance(document, dict) else None
    if not isinstance(given, str):
        raise ValueError('The body must be an object whose "input" is text.')
    return given


def reason(status: int) -> str:
    """The words that go with a status code."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Status"
