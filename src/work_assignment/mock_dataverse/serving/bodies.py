"""The body of a request, read completely, so that nothing of it is left on the connection."""

from __future__ import annotations

from typing import Any, BinaryIO

from ..faults import Fault, invalid_payload

LARGEST_BODY = 128 * 1024 * 1024


class UnreadBody(Exception):
    """A body that is not read to its end, so that nothing after it can be understood."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


def read_body(environ: dict[str, Any]) -> bytes:
    """Read the body; one that is too large is refused as soon as that is known."""
    if environ.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked":
        return _chunked(environ["wsgi.input"])
    length = environ.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal():
        raise _broken(f"its Content-Length is '{length}'")
    return _of_length(environ["wsgi.input"], int(length))


def _of_length(source: BinaryIO, length: int) -> bytes:
    if length > LARGEST_BODY:
        raise _too_large()
    body = source.read(length)
    if len(body) < length:
        raise _broken(f"it ended after {len(body)} of {length} bytes")
    return body


def _chunked(source: Any) -> bytes:
    """Read chunks and the trailers after them, which say nothing that is needed."""
    try:
        body: bytes = source.read(LARGEST_BODY + 1)
        if len(body) > LARGEST_BODY:
            raise _too_large()
        for _ in source.read_trailer_lines():
            pass
    except ValueError as exc:
        raise _broken(str(exc)) from exc
    return body


def _broken(problem: str) -> UnreadBody:
    return UnreadBody(invalid_payload("", f"The body cannot be read: {problem}."))


def _too_large() -> UnreadBody:
    return UnreadBody(
        Fault(413, "0x8004418a", f"The request is too large: more than {LARGEST_BODY} bytes.")
    )
