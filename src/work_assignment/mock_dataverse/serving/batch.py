"""$batch: requests in one body, in order; a change set is one transaction."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

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
from ..writing.references import Reference
from .authentication import refuse_impersonation

BATCH = "$batch"
MOST_REQUESTS = 1000
LONGEST_INNER_URL = 65_536
_ROOT = re.compile(r"^(?:https?://[^/]+)?/?(?:api/data/v9\.\d(?:/|(?=\?)|$))?", re.IGNORECASE)
_INHERITED = "mscrm.bypassbusinesslogicexecution"

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


class _Failed(Exception):
    """Takes the failure of one request out through the transaction, which rolls back."""

    def __init__(self, member: Single, fault: Fault) -> None:
        super().__init__(fault.message)
        self.member = member
        self.fault = fault


def answer_batch(
    session: Session, request: Request, answer: Answer, counted: Callable[[int], None]
) -> Response:
    """Carry out a batch; `answer` raises Faults, `counted` hears how many requests it holds."""
    if request.query:
        raise not_emulated("query options on $batch; they belong on the requests in it")
    items = _read(request)
    counted(_size(items))
    keeps_going = request.preferences.continue_on_error
    parts: list[bytes] = []
    status = 200
    for item in items:
        if isinstance(item, ChangeSet):
            failed, part = _answer_change_set(session, item, answer)
        else:
            failed, part = _answer_single(session, item, answer)
        parts.append(part)
        if failed is not None and not keeps_going:
            status = failed
            break
    boundary = f"batchresponse_{uuid.uuid4()}"
    headers = {"Content-Type": f"multipart/mixed; boundary={boundary}"}
    if keeps_going:
        headers["Preference-Applied"] = "odata.continue-on-error"
    return Response(status, headers, multipart_body(parts, boundary))


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
    try:
        with session.organization.writing() as db:
            content_ids: dict[str, Reference] = {}
            inner = session.in_change_set(db, content_ids)
            parts = [
                http_part(_answer_member(inner, member, answer, content_ids), member.content_id)
                for member in change_set.members
            ]
    except _Failed as failed:
        response = error_response(failed.fault, failed.member.request)
        return response.status, http_part(response, failed.member.content_id)
    return None, multipart_part(parts, f"changesetresponse_{uuid.uuid4()}")


def _answer_member(
    session: Session, member: Single, answer: Answer, content_ids: dict[str, Reference]
) -> Response:
    try:
        if member.request.method == "GET":
            raise bad_request("A change set cannot hold GET requests; they belong beside it.")
        response = _answered(session, member, answer)
    except Fault as fault:
        raise _Failed(member, fault) from fault
    if member.content_id is not None and response.entity is not None:
        content_ids[member.content_id] = response.entity
    return response


def _answered(session: Session, member: Single, answer: Answer) -> Response:
    if member.fault is not None:
        raise member.fault
    refuse_impersonation(member.request.headers)
    return answer(session, member.request)


def _read(request: Request) -> list[Single | ChangeSet]:
    boundary = boundary_of(request.headers.get("content-type", ""))
    if boundary is None:
        raise malformed("its Content-Type is not multipart/mixed with a boundary")
    items = [_item(part, request) for part in read_parts(request.body, boundary)]
    count = _size(items)
    if count > MOST_REQUESTS:
        raise bad_request(f"The batch holds {count} requests; it may hold at most {MOST_REQUESTS}.")
    return items


def _size(items: Iterable[Single | ChangeSet]) -> int:
    return sum(len(item.members) if isinstance(item, ChangeSet) else 1 for item in items)


def _item(part: Part, outer: Request) -> Single | ChangeSet:
    boundary = boundary_of(part.headers.get("content-type", ""))
    if boundary is None:
        return _single(part, outer)
    members = tuple(_single(inner, outer) for inner in read_parts(part.content, boundary))
    ids = [member.content_id for member in members]
    if None in ids or len(set(ids)) != len(ids):
        raise malformed("each request of a change set needs a Content-ID of its own")
    return ChangeSet(members)


def _single(part: Part, outer: Request) -> Single:
    kind = part.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/http":
        raise malformed(f"a part's Content-Type is '{kind}', not application/http")
    text = read_http(part.content)
    content_id = part.headers.get("content-id") or text.headers.get("content-id")
    path, _, query = _ROOT.sub("", text.url, count=1).partition("?")
    try:
        options = parse_query(query, longest=LONGEST_INNER_URL)
    except Fault as fault:
        return Single(_request(text, path, {}, outer), content_id, fault)
    return Single(_request(text, path, options, outer), content_id)


def _request(text: HttpText, path: str, query: Mapping[str, str], outer: Request) -> Request:
    inherited = {name: value for name, value in outer.headers.items() if name == _INHERITED}
    return Request(
        method=text.method,
        path=path,
        query=query,
        headers={**inherited, **text.headers},
        body=text.body,
        root=outer.root,
    )
