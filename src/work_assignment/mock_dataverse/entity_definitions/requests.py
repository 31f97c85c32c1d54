"""Requests for the sets of definitions, by method."""

from __future__ import annotations

from ..requests.exchanges import Request, Response
from ..requests.sessions import Session
from ..resource_paths import Segment
from .changes.requests import answer_change
from .forms.registry import SETS
from .reading import read_definitions

SETS_OF_DEFINITIONS = frozenset(SETS)


def answer_definitions(
    session: Session, segments: tuple[Segment, ...], request: Request
) -> Response:
    """Answer `EntityDefinitions...`, `RelationshipDefinitions...` and the like."""
    if request.method != "GET":
        return answer_change(session, segments, request)
    return read_definitions(session, segments, request)
