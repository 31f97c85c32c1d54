"""GET below EntityDefinitions, RelationshipDefinitions and GlobalOptionSetDefinitions."""

from __future__ import annotations

import json
from typing import Any, assert_never

from ..faults import Fault, bad_request
from ..requests.exchanges import Request, Response, json_response, no_content, text_response
from ..requests.sessions import Session
from ..resource_paths import Segment
from .forms.labels import only_languages
from .places import Many, One, Value, find_place
from .queries import (
    LABEL_LANGUAGES,
    SINGLE_OPTIONS,
    filtered,
    read_languages,
    read_shape,
    show,
    show_all,
)

_COUNT, _RAW = "$count", "$value"
_COUNT_OPTIONS = frozenset({"$filter"})


def read_definitions(session: Session, segments: tuple[Segment, ...], request: Request) -> Response:
    """Answer a GET of a set of definitions, of one, or of something inside of one."""
    last = segments[-1].name
    way = segments[:-1] if last in (_COUNT, _RAW) else segments
    place = find_place(session.catalog, way)
    if last == _COUNT:
        return _count(place, request)
    if last == _RAW:
        return _raw(place, request)
    match place:
        case Many():
            return _many(place, request)
        case One():
            return _one(place, request)
        case Value():
            return _value(place, request)
        case _:
            assert_never(place)


def _many(place: Many, request: Request) -> Response:
    shape = read_shape(request.query, place.type, place.options)
    shown = show_all(place.items, shape)
    return _answer(request, f"{place.path}{shape.clause}", {"value": shown})


def _one(place: One, request: Request) -> Response:
    shape = read_shape(request.query, place.type, SINGLE_OPTIONS)
    return _answer(request, f"{place.path}{shape.clause}/$entity", show(place.definition, shape))


def _value(place: Value, request: Request) -> Response:
    _refuse_options(request)
    if place.value is None:
        return no_content()
    is_object = isinstance(place.value, dict)
    return _answer(request, place.path, place.value if is_object else {"value": place.value})


def _count(place: Many | One | Value, request: Request) -> Response:
    """Answer `$count`, which is a plain number."""
    if not isinstance(place, Many):
        raise bad_request("The segment $count follows a collection only.")
    shape = read_shape(request.query, place.type, _COUNT_OPTIONS & place.options)
    return text_response(str(sum(1 for _ in filtered(place.items, shape))))


def _raw(place: Many | One | Value, request: Request) -> Response:
    """Answer `$value`: a property's value without JSON around it."""
    if not isinstance(place, Value) or isinstance(place.value, dict | list):
        raise bad_request("The segment $value follows a property of a primitive type only.")
    _refuse_options(request)
    if place.value is None:
        raise Fault(404, "0x80060888", f"The property at '{place.path}' is null.")
    text = place.value if isinstance(place.value, str) else json.dumps(place.value)
    return text_response(text)


def _refuse_options(request: Request) -> None:
    for name in request.query:
        if name != LABEL_LANGUAGES and not name.startswith("@"):
            raise bad_request(f"The query parameter {name} is not supported")


def _answer(request: Request, path: str, body: dict[str, Any]) -> Response:
    languages = read_languages(request.query)
    if languages is not None:
        body = only_languages(body, languages)
    context = f"{request.root}$metadata#{path}"
    return json_response({"@odata.context": context, **body}, request.preferences)
