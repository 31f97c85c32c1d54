"""$batch: requests in one body, in order; a change set is one transaction."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace

from ..faults import Fault, bad_request, not_emulated
from ..requests.exchanges import Request, Response, error_response, parse_query
from ..requests.multipart import (
    HttpText,
    Part,
    boundary_of,
    http_part,
    malformed,
    multipart_body,
    multipart_part,
    read_http,
    read_parts,
)
from ..requests.sessions import Session
from ..requests.transactions import StepFailed, in_one_transaction
from ..webhooks.bypasses import BYPASS_HEADERS
from ..writing.references import Reference
from .impersonation import impersonating

BATCH = "$batch"
MOST_REQUESTS = 1000
LONGEST_INNER_URL = 65_536
_ROOT = re.compile(
    r"^(?:https?://[^/]+)?/?(?:api/data/v9\.\d(?:\.\d+){0,2}(?:/|(?=\?)|$))?", re.IGNORECASE
)
_PLAIN_ENCODINGS = ("binary", "7bit", "8bit")

Answer = Callable[[Session, Request], Response]


@dataclass(frozen=True, slots=True)
class Single:
    """A request of its own, inside a change set or not; `fault` says why it cannot be read."""

    request: Request
    content_id: str | None
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """Requests that all happen or none."""

    members: tuple[Single, ...]


def answer_batch(
    session: Session, request: Request, answer: Answer, counted: Callable[[int], None]
) -> Response:
    """Carry out a batch; `answer` raises Faults, `counted` hears how many requests it holds."""
    _refuse_options(request)
    items = _read(request)
    counted(_size(items))
    keeps_going = request.preferences.continue_on_error
    with ExitStack() as turn:
        if any(isinstance(item, ChangeSet) for item in items):
            turn.enter_context(session.organization.store.in_turn())
        parts, status = _answers(session, items, answer, keeps_going=keeps_going)
    boundary = f"batchresponse_{uuid.uuid4()}"
    headers = {"Content-Type": f"multipart/mixed; boundary={boundary}"}
    if keeps_going:
        headers["Preference-Applied"] = "odata.continue-on-error"
    return Response(status, headers, multipart_body(parts, boundary))


def _answers(
    session: Session, items: Iterable[Single | ChangeSet], answer: Answer, *, keeps_going: bool
) -> tuple[list[bytes], int]:
    """The parts of the answer, and its status."""
    parts: list[bytes] = []
    for item in items:
        if isinstance(item, ChangeSet):
            failed, part = _answer_change_set(session, item, answer)
        else:
            failed, part = _answer_single(session, item, answer)
        parts.append(part)
        if failed is not None and not keeps_going:
            return parts, failed
    return parts, 200


def _refuse_options(request: Request) -> None:
    for name in request.query:
        if name.startswith("$"):
            raise bad_request(f"The query option '{name}' is not supported on $batch.")
        raise not_emulated(f"the query option '{name}' on $batch; it belongs on the requests in it")


def _answer_single(session: Session, item: Single, answer: Answer) -> tuple[int | None, bytes]:
    """Return the status if it is an error, and the part."""
    try:
        response = _answered(session, item, answer)
    except Fault as fault:
        response = error_response(fault, item.request)
    return (response.status if response.is_error else None), http_part(response, None)


def _answer_change_set(
    session: Session, change_set: ChangeSet, answer: Answer
) -> tuple[int | None, bytes]:
    members = change_set.members
    if not members:
        return None, multipart_part([], f"changesetresponse_{uuid.uuid4()}")
    try:
        parts = in_one_transaction(session, lambda inner: _answer_members(inner, members, answer))
    except StepFailed as failed:
        member = members[failed.step]
        response = error_response(failed.fault, member.request)
        return response.status, http_part(response, member.content_id)
    return None, multipart_part(parts, f"changesetresponse_{uuid.uuid4()}")


def _answer_members(session: Session, members: Iterable[Single], answer: Answer) -> Iterator[bytes]:
    """Answer one request after the other; later ones may mean the rows of those before them."""
    content_ids: dict[str, Reference] = {}
    inner = replace(session, content_ids=content_ids)
    for member in members:
        if member.request.method in ("GET", "HEAD"):
            raise bad_request("A change set cannot hold GET requests; they belong beside it.")
        response = _answered(inner, member, answer)
        if member.content_id is not None and response.entity is not None:
            content_ids[member.content_id] = response.entity
        yield http_part(response, member.content_id)


def _answered(session: Session, member: Single, answer: Answer) -> Response:
    if member.fault is not None:
        raise member.fault
    return answer(impersonating(session, member.request.headers), member.request)


def _read(request: Request) -> list[Single | ChangeSet]:
    boundary = boundary_of(request.headers.get("content-type", ""))
    if boundary is None:
        raise malformed("its Content-Type is not multipart/mixed with a boundary")
    parts = read_parts(request.body, boundary)
    items = [_item(part, request, f"part {n}") for n, part in enumerate(parts, start=1)]
    count = _size(items)
    if count > MOST_REQUESTS:
        raise bad_request(f"The batch holds {count} requests; it may hold at most {MOST_REQUESTS}.")
    return items


def _size(items: Iterable[Single | ChangeSet]) -> int:
    return sum(len(item.members) if isinstance(item, ChangeSet) else 1 for item in items)


def _item(part: Part, outer: Request, place: str) -> Single | ChangeSet:
    boundary = boundary_of(part.headers.get("content-type", ""))
    if boundary is None:
        return _single(part, outer, place)
    members: list[Single] = []
    taken: set[str] = set()
    for number, inner in enumerate(read_parts(part.content, boundary, place), start=1):
        member = _single(inner, outer, f"request {number} of the change set in {place}")
        if member.content_id is None:
            raise malformed(f"request {number} of the change set in {place} has no Content-ID")
        if member.content_id in taken:
            raise malformed(f"the change set in {place} has Content-ID {member.content_id} twice")
        taken.add(member.content_id)
        members.append(member)
    return ChangeSet(tuple(members))


def _single(part: Part, outer: Request, place: str) -> Single:
    kind = part.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/http":
        raise malformed(f"the Content-Type of {place} is '{kind}', not application/http")
    encoding = part.headers.get("content-transfer-encoding", "binary").lower()
    if encoding not in _PLAIN_ENCODINGS:
        raise malformed(f"the Content-Transfer-Encoding of {place} is '{encoding}', not binary")
    text = read_http(part.content, place)
    content_id = part.headers.get("content-id") or text.headers.get("content-id")
    path, _, query = _ROOT.sub("", text.url, count=1).partition("?")
    try:
        options = parse_query(query, longest=LONGEST_INNER_URL)
    except Fault as fault:
        return Single(_request(text, path, {}, outer), content_id, fault)
    return Single(_request(text, path, options, outer), content_id)


def _request(text: HttpText, path: str, query: Mapping[str, str], outer: Request) -> Request:
    inherited = {name: value for name, value in outer.headers.items() if name in BYPASS_HEADERS}
    return Request(
        method=text.method,
        path=path,
        query=query,
        headers={**inherited, **text.headers},
        body=text.body,
        root=outer.root,
    )
