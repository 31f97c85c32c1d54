"""Requests and responses as values, apart from any server; batches are made of them too."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

from ..faults import Fault, bad_request
from ..reading.preferences import Preferences, parse_prefer
from ..writing.references import Reference

JSON_TYPE = "application/json; odata.metadata=minimal"
LONGEST_URL = 32_768


@dataclass(frozen=True, slots=True)
class Request:
    """One request below the service root; `path` is still percent-encoded, `headers` are lower-case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    root: str

    @property
    def preferences(self) -> Preferences:
        return parse_prefer(self.headers.get("prefer", ""))


@dataclass(frozen=True, slots=True)
class Response:
    """An answer; `entity` is the row that it created or changed, for `$1` in a change set."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    entity: Reference | None = None

    @property
    def is_error(self) -> bool:
        return self.status >= 400


def parse_query(text: str, *, longest: int = LONGEST_URL) -> dict[str, str]:
    """Decode a query string; an option given twice is an error."""
    if len(text) > longest:
        raise Fault(414, "0x80060888", f"The query is longer than {longest} characters.")
    query: dict[str, str] = {}
    for pair in text.split("&"):
        if not pair:
            continue
        name, _, value = pair.partition("=")
        name = _decoded(name)
        if name in query:
            raise bad_request(
                f"Query option '{name}' was specified more than once, but it must be specified at"
                " most once."
            )
        query[name] = _decoded(value)
    return query


def _decoded(text: str) -> str:
    try:
        return unquote_plus(text, errors="strict")
    except UnicodeDecodeError as exc:
        raise bad_request(f"'{text}' in the URL is not UTF-8, percent-encoded.") from exc


def entity_url(root: str, reference: Reference) -> str:
    return f"{root}{reference.table.entity_set_name}({reference.row_id})"


def json_response(
    body: Mapping[str, Any], prefer: Preferences, *, status: int = 200, etag: str | None = None
) -> Response:
    headers = {"Content-Type": JSON_TYPE, **_applied(prefer)}
    if etag is not None:
        headers["ETag"] = etag
    return Response(status, headers, encoded(body))


def text_response(text: str) -> Response:
    return Response(200, {"Content-Type": "text/plain; charset=utf-8"}, text.encode())


def no_content() -> Response:
    return Response(204)


def written(root: str, reference: Reference, prefer: Preferences) -> Response:
    """Answer a write without a body: 204 with the address of the row."""
    headers = {"OData-EntityId": entity_url(root, reference), **_applied(prefer)}
    return Response(204, headers, entity=reference)


def error_response(fault: Fault, request: Request | None = None) -> Response:
    """Answer with Dataverse's error body; all annotations asked for bring the details along."""
    error: dict[str, Any] = {"code": fault.code, "message": fault.message}
    if request is not None and _wants_details(request):
        error |= {
            "@Microsoft.PowerApps.CDS.ErrorDetails.HttpStatusCode": str(fault.status),
            "@Microsoft.PowerApps.CDS.HelpLink": "http://go.microsoft.com/fwlink/?LinkID=398563",
            "@Microsoft.PowerApps.CDS.TraceText": "",
            "@Microsoft.PowerApps.CDS.InnerError.Message": fault.message,
        }
    headers = {"Content-Type": JSON_TYPE, "REQ_ID": str(uuid.uuid4()), **fault.headers}
    return Response(fault.status, headers, encoded({"error": error}))


def _wants_details(request: Request) -> bool:
    """Say whether all annotations are asked for, even by a Prefer header that is wrong elsewhere."""
    try:
        return "*" in request.preferences.annotations
    except Fault:
        return 'odata.include-annotations="*"' in request.headers.get("prefer", "")


def _applied(prefer: Preferences) -> dict[str, str]:
    applied = prefer.applied
    return {"Preference-Applied": applied} if applied else {}


def encoded(body: Mapping[str, Any]) -> bytes:
    """Write JSON as all answers do."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
