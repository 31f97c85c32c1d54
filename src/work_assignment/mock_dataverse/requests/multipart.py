"""Multipart bodies, both directions: delimiters, part headers, the HTTP messages inside."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from itertools import pairwise

from ..faults import Fault
from .exchanges import Response

_BOUNDARY = re.compile(r'boundary=(?:"([^"]+)"|([^;\s]+))', re.IGNORECASE)
_BLANK_LINE = re.compile(rb"\r?\n[ \t]*\r?\n")
_LINE_END = re.compile(rb"\r?\n")
_LINE_END_BEFORE = re.compile(rb"\r?\n\Z")
_DELIMITER_END = re.compile(rb"(--)?[ \t]*(?=\r?\n|\Z)")
_FOLD = re.compile(rb"\r?\n[ \t]+")  # a header that goes on in the next line
_STATUSES = frozenset(HTTPStatus)
_LISTS = frozenset({"prefer"})  # headers that may be given several times


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a multipart body; header names are lower-case."""

    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True, slots=True)
class _Delimiter:
    """Where a delimiter stands, with the line end before it."""

    start: int
    end: int
    is_last: bool


@dataclass(frozen=True, slots=True)
class HttpText:
    """An HTTP request as it is written inside a part."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


def boundary_of(content_type: str) -> str | None:
    """Return the boundary of a multipart/mixed content type; None when it is another."""
    if not content_type.strip().lower().startswith("multipart/mixed"):
        return None
    matched = _BOUNDARY.search(content_type)
    return (matched[1] or matched[2]) if matched else None


def read_parts(body: bytes, boundary: str, place: str = "the batch") -> list[Part]:
    """Take a multipart body apart; lines may end in LF alone.

    What stands before the first delimiter and after the last one is no part (RFC 2046).
    """
    marks = list(_delimiters(body, f"--{boundary}".encode()))
    if not marks:
        raise malformed(f"there is no delimiter '--{boundary}' in {place}")
    if not marks[-1].is_last:
        raise malformed(f"the last delimiter '--{boundary}--' of {place} is missing")
    return [_part(body[mark.end : following.start]) for mark, following in pairwise(marks)]


def _delimiters(body: bytes, text: bytes) -> Iterator[_Delimiter]:
    """Find the delimiters up to the last one; no pattern is as fast as a search for fixed text."""
    start = body.find(text)
    while start >= 0:
        rest = _DELIMITER_END.match(body, start + len(text))
        before = _LINE_END_BEFORE.search(body, max(start - 2, 0), start)
        if rest is not None and (start == 0 or before is not None):
            is_last = rest[1] is not None
            yield _Delimiter(before.start() if before else start, rest.end(), is_last)
            if is_last:
                return
        start = body.find(text, start + len(text))


def read_http(content: bytes, place: str = "the part") -> HttpText:
    """Read a request line, headers and body; the URL may hold raw spaces."""
    headers_and_line, body = _divided(content.lstrip(b"\r\n"))
    line, _, rest = headers_and_line.partition(b"\n")
    text = line.decode("utf-8", "replace").strip()
    method, first, remainder = text.partition(" ")
    url, last, version = remainder.rpartition(" ")
    if not first or not last or not version.startswith("HTTP/"):
        raise malformed(f"'{text[:200]}' in {place} is no request line")
    return HttpText(method.upper(), url.strip(), _headers(rest), body.strip(b"\r\n"))


def malformed(problem: str) -> Fault:
    return Fault(
        400,
        "0x80048d19",
        "Error identified in Payload provided by the user for Entity :'$batch'. Stream was not"
        f" readable: {problem}.",
    )


def http_part(response: Response, content_id: str | None) -> bytes:
    """Write a response as a part, without the delimiter before it."""
    lines = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    if content_id is not None:
        lines.append(f"Content-ID: {content_id}")
    lines += ["", f"HTTP/1.1 {response.status} {_phrase(response.status)}"]
    headers = {"OData-Version": "4.0", **response.headers}
    if "Content-Type" in headers:
        lines.append(f"Content-Type: {headers.pop('Content-Type')}")
    lines.append(f"OData-Version: {headers.pop('OData-Version')}")
    if "OData-EntityId" in headers:
        lines.append(f"Location: {headers['OData-EntityId']}")
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + response.body + b"\r\n"


def multipart_part(parts: Iterable[bytes], boundary: str) -> bytes:
    """Write a nested multipart, with its one header."""
    header = f"Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n".encode()
    return header + multipart_body(parts, boundary)


def multipart_body(parts: Iterable[bytes], boundary: str) -> bytes:
    delimiter = f"--{boundary}".encode()
    written = b"".join(delimiter + b"\r\n" + part for part in parts)
    return written + delimiter + b"--\r\n"


def _phrase(status: int) -> str:
    """Name a status; a scripted fault may have one that HTTP does not know."""
    return HTTPStatus(status).phrase if status in _STATUSES else "Unknown"


def _part(raw: bytes) -> Part:
    headers, content = _divided(_LINE_END.sub(b"", raw, count=1))
    return Part(_headers(headers), content)


def _divided(raw: bytes) -> tuple[bytes, bytes]:
    """Divide headers from what follows the first blank line."""
    if raw.startswith((b"\n", b"\r\n")):
        return b"", _LINE_END.sub(b"", raw, count=1)
    matched = _BLANK_LINE.search(raw)
    if matched is None:
        return raw, b""
    return raw[: matched.start()], raw[matched.end() :]


def _headers(raw: bytes) -> dict[str, str]:
    headers: dict[str, str] = {}
    unfolded = _FOLD.sub(b" ", raw).decode("utf-8", "replace")
    for line in unfolded.splitlines():
        name, colon, value = line.partition(":")
        if colon:
            key, known = name.strip().lower(), headers.get(name.strip().lower())
            is_list = key in _LISTS and known is not None
            headers[key] = f"{known}, {value.strip()}" if is_list else value.strip()
    return headers
