"""Sends a request below the service root to what answers it."""

from __future__ import annotations

import re

from ..entity_definitions.csdl.requests import answer_metadata
from ..entity_definitions.requests import SETS_OF_DEFINITIONS, answer_definitions
from ..faults import Fault, bad_request, not_emulated, segment_not_found
from ..messages.registry import answer_bound, answer_unbound
from ..requests.exchanges import Request, Response, json_response
from ..requests.properties import answer_below_row
from ..requests.rows import (
    answer_collection,
    answer_count,
    answer_row,
    method_not_allowed,
    refuse_options,
)
from ..requests.sessions import Session
from ..resource_paths import Segment, read_path
from ..tables.absent_tables import ABSENT_SETS
from ..tables.metadata import Table
from ..writing.keys import Key, read_key

_CONTENT_ID = re.compile(r"\$\w+")
_METADATA_SETS = frozenset(
    {
        "ManagedPropertyDefinitions",
        "EntityKeyDefinitions",
        "principals",
    }
)


def answer(session: Session, request: Request) -> Response:
    """Answer one request; what cannot be answered is raised as a Fault."""
    segments = read_path(request.path)
    if not segments:
        return _service_document(session, request)
    first, rest = segments[0], segments[1:]
    if first.name in SETS_OF_DEFINITIONS:
        return answer_definitions(session, segments, request)
    if first.name == "$metadata":
        return answer_metadata(session, rest, request)
    if first.name in _METADATA_SETS:
        raise not_emulated(first.name)
    if first.name == "$batch":
        raise bad_request("A $batch cannot be nested in another.")
    table = session.catalog.by_set(first.name)
    if table is not None:
        return _answer_table(session, table, first, rest, request)
    if _is_content_id(session, first):
        reference = session.references.by_content_id(first.name)
        return _answer_row(session, reference.table, Key(reference.row_id), rest, request)
    return _answer_message(session, first, rest, request)


def _is_content_id(session: Session, first: Segment) -> bool:
    """Tell whether a segment is `$1` and the like: in a batch any name, elsewhere only a number."""
    if first.arguments is not None or _CONTENT_ID.fullmatch(first.name) is None:
        return False
    is_in_change_set = session.open_db is not None
    return is_in_change_set or bool(session.content_ids) or first.name[1:].isdecimal()


def _service_document(session: Session, request: Request) -> Response:
    if request.method != "GET":
        raise method_not_allowed(request.method)
    refuse_options(request)
    sets = sorted({*(table.entity_set_name for table in session.catalog), *SETS_OF_DEFINITIONS})
    body = {
        "@odata.context": f"{request.root}$metadata",
        "value": [{"name": name, "kind": "EntitySet", "url": name} for name in sets],
    }
    return json_response(body, request.preferences)


def _answer_table(
    session: Session, table: Table, first: Segment, rest: tuple[Segment, ...], request: Request
) -> Response:
    if first.arguments is not None:
        return _answer_row(session, table, read_key(table, first.arguments), rest, request)
    match rest:
        case ():
            return answer_collection(session, table, request)
        case (Segment("$count", None),):
            return answer_count(session, table, request)
        case (segment,) if segment.message is not None:
            return answer_bound(session, table, None, segment, request)
        case _:
            raise segment_not_found(rest[0].name)


def _answer_row(
    session: Session, table: Table, key: Key, rest: tuple[Segment, ...], request: Request
) -> Response:
    if not rest:
        return answer_row(session, table, key, request)
    if rest[0].message is not None and len(rest) == 1:
        return answer_bound(session, table, key, rest[0], request)
    return answer_below_row(session, table, key, rest, request)


def _answer_message(
    session: Session, first: Segment, rest: tuple[Segment, ...], request: Request
) -> Response:
    if first.name in ABSENT_SETS:
        raise not_emulated(f"the table behind {first.name}")
    if not rest:
        answered = answer_unbound(session, first, request)
        if answered is not None:
            return answered
    if request.method == "GET":
        raise segment_not_found(first.name)
    raise no_resource(request)


def no_resource(request: Request) -> Fault:
    """404 in the words that Dataverse has for an unknown action."""
    return Fault(
        404,
        "0x8006088a",
        f"No HTTP resource was found that matches the request URI '{request.root}{request.path}'.",
    )
