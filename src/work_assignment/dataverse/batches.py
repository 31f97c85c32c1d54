"""$batch in both directions: many requests into one multipart body, one multipart answer into results; pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from itertools import pairwise
from typing import NamedTuple, TypeAlias
from urllib.parse import urlsplit

from work_assignment.dataverse.errors import (
    DataverseError,
    InvalidRequest,
    unreadable,
)
from work_assignment.dataverse.messages import Request, Response, json_bytes

MOST_REQUESTS = 1000
LONGEST_INNER_URL = 65_536
_LINE = b"\r\n"
_BLANK_LINE = re.compile(rb"\r?\n[ \t]*\r?\n")
_AFTER_BOUNDARY = re.compile(rb"(--)?[ \t]*(?=\r?\n|\Z)")
_STATUS_LINE = re.compile(r"HTTP/\d(?:\.\d)? (\d{3})(?: .*)?", re.ASCII)
_HEADER_LINE = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """Writes that all happen or none."""

    requests: Sequence[Request]


@dataclass(frozen=True, slots=True)
class Batch:
    """Requests and change sets that travel together, carried out in order."""

    parts: Sequence[Request | ChangeSet]
    continue_on_error: bool = False

    @property
    def requests(self) -> tuple[Request, ...]:
        """Every inner request, in order."""
        return tuple(request for part in self.parts for request in _requests(part))

    @property
    def has_writes(self) -> bool:
        return any(request.is_write for request in self.requests)


@dataclass(frozen=True, slots=True)
class ChangeSetResult:
    """What became of a change set: one answer a request, or the failure that undid them all."""

    responses: tuple[Response, ...]
    failure: Response | None = None
    failed_index: int | None = None

    @property
    def committed(self) -> bool:
        return self.failure is None

    def error(self, what: str) -> DataverseError | None:
        return None if self.failure is None else self.failure.error(what)


@dataclass(frozen=True, slots=True)
class NotRun:
    """The batch stopped at an earlier error: this part was not tried."""


PartResult: TypeAlias = Response | ChangeSetResult | NotRun


def encode(batch: Batch, root: str, batch_id: str) -> tuple[str, bytes]:
    """Write the content type and body; `batch_id` is a text that occurs in no request, such as a UUID."""
    _check(batch)
    boundary = f"batch_{batch_id}"
    base = urlsplit(root).path.rstrip("/") + "/"
    chunks: list[bytes] = []
    content_id = 1
    for number, part in enumerate(batch.parts, 1):
        chunks.append(f"--{boundary}\r\n".encode("ascii"))
        if isinstance(part, Request):
            chunks.append(_request_part(part, base, None))
        else:
            chunks.append(
                _change_set_part(part, base, f"changeset_{batch_id}_{number}", content_id)
            )
            content_id += len(part.requests)
    chunks.append(f"--{boundary}--\r\n".encode("ascii"))
    return f'multipart/mixed; boundary="{boundary}"', b"".join(chunks)


def _check(batch: Batch) -> None:
    if not batch.parts:
        raise InvalidRequest("a batch needs at least one request")
    if len(batch.requests) > MOST_REQUESTS:
        raise InvalidRequest(
            f"a batch has at most {MOST_REQUESTS} requests, not {len(batch.requests)}"
        )
    for part in batch.parts:
        if isinstance(part, ChangeSet):
            _check_change_set(part)
    for request in batch.requests:
        _check_request(request)


def _requests(part: Request | ChangeSet) -> Sequence[Request]:
    return part.requests if isinstance(part, ChangeSet) else (part,)


def _check_change_set(change_set: ChangeSet) -> None:
    if not change_set.requests:
        raise InvalidRequest("a change set needs at least one request")
    for request in change_set.requests:
        if not request.is_write:
            raise InvalidRequest(f"{request.what}: a change set takes no reads")


def _check_request(request: Request) -> None:
    if request.path.startswith("$batch"):
        raise InvalidRequest("a batch cannot hold another batch")
    if len(request.path) > LONGEST_INNER_URL:
        raise InvalidRequest(f"{request.what}: the query is longer than {LONGEST_INNER_URL}")
    lines = (request.method, request.path, *request.headers, *request.headers.values())
    if any("\r" in text or "\n" in text for text in lines) or " " in request.path:
        raise InvalidRequest(f"{request.what}: a line of the request has a blank or a line end")


def _change_set_part(part: ChangeSet, base: str, boundary: str, first_id: int) -> bytes:
    chunks = [f"Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n".encode("ascii")]
    for content_id, request in enumerate(part.requests, first_id):
        chunks.append(f"--{boundary}\r\n".encode("ascii"))
        chunks.append(_request_part(request, base, content_id))
    chunks.append(f"--{boundary}--\r\n".encode("ascii"))
    return b"".join(chunks)


def _request_part(request: Request, base: str, content_id: int | None) -> bytes:
    outer = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    if content_id is not None:
        outer.append(f"Content-ID: {content_id}")
    inner = [f"{request.method} {base}{request.path} HTTP/1.1", "Accept: application/json"]
    inner += [f"{name}: {value}" for name, value in request.headers.items()]
    if request.body is not None:
        inner.append("Content-Type: application/json; type=entry")
    head = "\r\n".join([*outer, "", *inner, "", ""]).encode("utf-8")
    return head + (b"" if request.body is None else json_bytes(request.body)) + _LINE


def decode(batch: Batch, content_type: str, body: bytes) -> list[PartResult]:
    """Read the answer: one result for each part of the batch, in the batch's order.

    Parts without an answer are `NotRun` only where the batch was allowed to stop and did so at an
    error; an answer that is short for another reason, or cut off, is `UnreadableAnswer`.
    """
    answers = list(_multipart(content_type, body))
    if len(answers) > len(batch.parts):
        raise unreadable(f"{len(answers)} answers to {len(batch.parts)} parts", what="$batch")
    results: list[PartResult] = []
    content_id = 1
    for part, answer in zip(batch.parts, answers, strict=False):
        results.append(_result(part, answer, content_id))
        content_id += len(part.requests) if isinstance(part, ChangeSet) else 0
    missing = len(batch.parts) - len(results)
    stopped = not batch.continue_on_error and bool(results) and _failed(results[-1])
    if missing and not stopped:
        raise unreadable(f"{missing} of {len(batch.parts)} parts have no answer", what="$batch")
    return results + [NotRun()] * missing


@dataclass(frozen=True, slots=True)
class _Part:
    headers: Mapping[str, str]
    content: bytes

    @property
    def is_multipart(self) -> bool:
        return self.headers.get("content-type", "").lower().startswith("multipart/mixed")


def _result(part: Request | ChangeSet, answer: _Part, first_id: int) -> PartResult:
    if isinstance(part, ChangeSet):
        return _change_set_result(part, answer, first_id)
    if answer.is_multipart:
        raise unreadable("a request was answered like a change set", what="$batch")
    return _response(answer)


def _change_set_result(part: ChangeSet, answer: _Part, first_id: int) -> ChangeSetResult:
    """Dataverse answers a failed change set with one part, flat or nested, that has the Content-ID."""
    ids = [str(first_id + offset) for offset in range(len(part.requests))]
    inner = [answer]
    if answer.is_multipart:
        inner = list(_multipart(answer.headers["content-type"], answer.content))
    responses: list[tuple[str, Response]] = []
    for one in inner:
        content_id, response = one.headers.get("content-id", ""), _response(one)
        if response.error("change set") is not None:
            index = ids.index(content_id) if content_id in ids else None
            return ChangeSetResult((), response, index)
        responses.append((content_id, response))
    if not answer.is_multipart or len(inner) != len(ids):
        raise unreadable(
            f"{len(inner)} answers to a change set of {len(ids)} requests", what="$batch"
        )
    return ChangeSetResult(_in_order(responses, ids))


def _in_order(responses: list[tuple[str, Response]], ids: list[str]) -> tuple[Response, ...]:
    """Sort by Content-ID where the answer has them all; else the order is the request's."""
    by_id = dict(responses)
    if by_id.keys() != set(ids):
        return tuple(response for _, response in responses)
    return tuple(by_id[content_id] for content_id in ids)


def _failed(result: PartResult) -> bool:
    match result:
        case Response():
            return result.error("part") is not None
        case ChangeSetResult():
            return not result.committed
        case NotRun():
            return True


def _response(part: _Part) -> Response:
    head, content = _split_head(part.content.lstrip(b"\r\n"))
    status_line, _, header_lines = head.partition("\n")
    found = _STATUS_LINE.fullmatch(status_line.strip())
    if found is None:
        raise unreadable(f"{status_line.strip()[:80]!r} is no status line", what="$batch")
    return Response(int(found.group(1)), _headers(header_lines), content.strip())


def _multipart(content_type: str, body: bytes) -> Iterator[_Part]:
    """Take a multipart body apart; it must end with its closing line, or something was lost."""
    lines = list(_delimiters(body, b"--" + _boundary(content_type)))
    if not lines or not lines[-1].closes:
        raise unreadable("the answer is cut off", what="$batch")
    if any(line.closes for line in lines[:-1]):
        raise unreadable("the answer goes on after its end", what="$batch")
    for before, after in pairwise(lines):
        head, rest = _split_head(body[before.end : after.start].lstrip(b"\r\n"))
        yield _Part(_headers(head), rest)


class _Delimiter(NamedTuple):
    """A line between parts, with the line break before it."""

    start: int
    end: int
    closes: bool


def _delimiters(body: bytes, text: bytes) -> Iterator[_Delimiter]:
    """Find the lines between parts.

    Each change set has a boundary of its own: compiling a pattern for it would cost more than all
    the rest of reading an answer.
    """
    at = body.find(text)
    while at >= 0:
        after = at + len(text)
        rest = _AFTER_BOUNDARY.match(body, after)
        if rest is not None and (at == 0 or body[at - 1 : at] == b"\n"):
            break_ = 2 if body[max(0, at - 2) : at] == b"\r\n" else min(1, at)
            yield _Delimiter(at - break_, rest.end(), rest[1] is not None)
        at = body.find(text, after)


def _boundary(content_type: str) -> bytes:
    message = Message()
    message["Content-Type"] = content_type
    boundary = message.get_boundary()
    if not boundary or message.get_content_type() != "multipart/mixed":
        raise unreadable(f"{content_type[:80]!r} instead of multipart/mixed", what="$batch")
    return boundary.encode("ascii", "replace")


def _split_head(content: bytes) -> tuple[str, bytes]:
    """Part at the first blank line; without one all of it is head."""
    found = _BLANK_LINE.search(content)
    if found is None:
        return content.decode("utf-8", "replace"), b""
    return content[: found.start()].decode("utf-8", "replace"), content[found.end() :]


def _headers(text: str) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in filter(None, map(str.strip, text.split("\n"))):
        found = _HEADER_LINE.fullmatch(line)
        if found is None:
            raise unreadable(f"{line[:80]!r} is no header", what="$batch")
        headers[found.group(1).lower()] = found.group(2)
    return headers
