"""Annotations about a whole collection: how many rows it has, and by which definitions."""

from __future__ import annotations

from collections.abc import Callable

from ..storage.definition_changes import latest_definition_version
from .limits import COUNT_LIMIT
from .query import Reader
from .render import JsonObject

_TOTAL = "Microsoft.Dynamics.CRM.totalrecordcount"
_EXCEEDED = "Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"
_DEFINITIONS = "Microsoft.Dynamics.CRM.globalmetadataversion"
_NOT_COUNTED = -1


def about_collection(reader: Reader, count: Callable[[], int] | None = None) -> JsonObject:
    """Return the annotations that are asked for.

    `count` tells how many rows there are, where the request wants them counted, and may stop one
    beyond the limit.
    """
    shown: JsonObject = {}
    counted = _NOT_COUNTED
    if count is not None and (reader.prefer.wants(_TOTAL) or reader.prefer.wants(_EXCEEDED)):
        counted = count()
    if reader.prefer.wants(_TOTAL):
        shown[f"@{_TOTAL}"] = min(counted, COUNT_LIMIT)
    if reader.prefer.wants(_EXCEEDED):
        shown[f"@{_EXCEEDED}"] = counted > COUNT_LIMIT
    if reader.prefer.wants(_DEFINITIONS):
        shown[f"@{_DEFINITIONS}"] = str(latest_definition_version(reader.db))
    return shown
