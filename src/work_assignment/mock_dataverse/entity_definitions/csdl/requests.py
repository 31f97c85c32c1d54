"""GET $metadata."""

from __future__ import annotations

from ...faults import bad_request, segment_not_found
from ...requests.exchanges import Request, Response
from ...requests.rows import method_not_allowed
from ...requests.sessions import Session
from ...resource_paths import Segment
from .document import metadata_document

_ANNOTATIONS = "annotations"


def answer_metadata(session: Session, rest: tuple[Segment, ...], request: Request) -> Response:
    """Answer with the document; it is XML whatever the request would rather have."""
    if rest:
        raise segment_not_found(rest[0].name)
    if request.method != "GET":
        raise method_not_allowed(request.method)
    for name in request.query:
        if name != _ANNOTATIONS:
            raise bad_request(f"The query option '{name}' is not supported on $metadata.")
    body = metadata_document(session.catalog, annotated=_wants_annotations(request))
    return Response(200, {"Content-Type": "application/xml"}, body)


def _wants_annotations(request: Request) -> bool:
    """Tell whether all annotations are asked for (Learn: Metadata annotations)."""
    asked = request.query.get(_ANNOTATIONS, "false").lower() == "true"
    return asked or 'odata.include-annotations="*"' in request.headers.get("prefer", "")
