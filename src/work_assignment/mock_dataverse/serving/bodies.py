"""The body of a request, read completely, so that nothing of it is left on the connection."""

from __future__ import annotations

from typing import Any, BinaryIO

from ..faults import Fault, invalid_payload

LARGEST_BODY = 128 * 1024 * 1024
_PIECE = 64 * 1024


class BrokenBody(Exception):
    """A body whose end cannot be found; nothing after it on the connection can be understood."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.fault = invalid_payload("", f"The body cannot be read: {problem}.")


def read_body(environ: dict[str, Any]) -> bytes:
    """Read the body; what is beyond the limit is read away and refused."""
    if environ.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked":
        return _chunked(environ["wsgi.input"])
    length = environ.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal():
        raise BrokenBody(f"its Content-Length is '{length}'")
    return _of_length(environ["wsgi.input"], int(length))


def _of_length(source: BinaryIO, length: int) -> bytes:
    if length > LARGEST_BODY:
        _read_away(source)
        raise _too_large()
    body = source.read(length)
    if len(body) < length:
        raise BrokenBody(f"it ended after {len(body)} of {length} bytes")
    return body


def _chunked(source: Any) -> bytes:
    """Read chunks and the trailers after them, which say nothing that is needed."""
    try:
        body: bytes = source.read(LARGEST_BODY + 1)
        if len(body) > LARGEST_BODY:
            _read_away(source)
            raise _too_large()
        for _ in source.read_trailer_lines():
            pass
    except ValueError as exc:
        raise BrokenBody(f"{exc}") from exc
    return body


def _read_away(source: BinaryIO) -> None:
    while source.read(_PIECE):
        pass


def _too_large() -> Fault:
    return Fault(413, "0x8004418a", f"The request is too large: more than {LARGEST_BODY} bytes.")
