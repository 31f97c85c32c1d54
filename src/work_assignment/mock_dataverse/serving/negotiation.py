"""What client and server must agree on before anything else: versions, formats, charset."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..faults import Fault, bad_request, not_emulated
from ..requests.exchanges import JSON_TYPE, Request, Response, encoded

_VERSION = re.compile(r"(\d+)\.(\d+)")
_CHARSET = re.compile(r'charset\s*=\s*"?([^\s;"]+)', re.IGNORECASE)
_WITH_BODY = ("POST", "PATCH", "PUT")
_JSON = ("*", "*/*", "application/*", "application/json")
# What a resource can be besides JSON, by the last segment of its path.
_OTHERS = {
    "$count": ("text/*", "text/plain"),
    "$value": ("text/*", "text/plain", "application/octet-stream"),
    "$metadata": ("application/xml", "text/xml"),
    "$batch": ("multipart/*", "multipart/mixed"),
}
_WITHOUT_METADATA = "odata.metadata=none"
# Control information that no client needs to go on; links and counts stay.
_METADATA = frozenset({"@odata.context", "@odata.etag", "@odata.type"})


def check_headers(request: Request) -> None:
    """Refuse a request whose answer the client could not read."""
    _check_versions(request.headers)
    _check_accept(request)


def as_accepted(request: Request, response: Response) -> Response:
    """Leave out of an answer what its client asked to be spared."""
    asked = request.headers.get("accept", "").lower()
    if _WITHOUT_METADATA not in asked or response.headers.get("Content-Type") != JSON_TYPE:
        return response
    headers = {**response.headers, "Content-Type": f"application/json; {_WITHOUT_METADATA}"}
    return replace(response, headers=headers, body=encoded(_bare(json.loads(response.body))))


def _bare(value: Any) -> Any:
    match value:
        case dict():
            return {name: _bare(inner) for name, inner in value.items() if name not in _METADATA}
        case list():
            return [_bare(inner) for inner in value]
    return value


def check_content_type(request: Request) -> None:
    """Refuse a body that is no JSON in UTF-8."""
    if not request.body or request.method not in _WITH_BODY:
        return
    kind, _, parameters = request.headers.get("content-type", "").partition(";")
    charset = _CHARSET.search(parameters)
    if kind.strip().lower() != "application/json":
        problem = f"The content type '{kind.strip()}' is not supported"
    elif charset is not None and charset[1].lower() not in ("utf-8", "utf8"):
        problem = f"The charset '{charset[1]}' is not supported"
    else:
        return
    raise Fault(415, "0x80060888", f"{problem}; a body is application/json in UTF-8.")


def _check_versions(headers: Mapping[str, str]) -> None:
    """Check OData-Version, which must be 4.0, and OData-MaxVersion, which must reach it."""
    for name, highest in (("odata-version", (4, 0)), ("odata-maxversion", None)):
        text = headers.get(name)
        if text is None:
            continue
        found = _VERSION.match(text.strip())
        version = (int(found[1]), int(found[2])) if found else (0, 0)
        if version < (4, 0) or (highest is not None and version > highest):
            raise bad_request(f"The header {name} is '{text}'; the Web API speaks OData 4.0.")


def _check_accept(request: Request) -> None:
    """Refuse what nothing here can be sent as (Learn: Compose HTTP requests)."""
    text = request.headers.get("accept", "").strip()
    if not text:
        return
    lowered = text.lower()
    if "odata.metadata=full" in lowered:
        raise not_emulated("odata.metadata=full, only minimal and none")
    if "ieee754compatible=true" in lowered:
        raise not_emulated("IEEE754Compatible=true")
    ranges = [part.partition(";")[0].strip() for part in lowered.split(",")]
    others = _OTHERS.get(request.path.rpartition("/")[2], ())
    if request.method == "GET" and not any(r in _JSON or r in others for r in ranges):
        raise Fault(
            415,
            "0x80060888",
            "A supported MIME type could not be found that matches the acceptable MIME types for"
            f" the request. None of the acceptable MIME types '{text}' is supported.",
        )
