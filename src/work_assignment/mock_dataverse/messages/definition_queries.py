"""RetrieveMetadataChanges: definitions, as many and as much of them as a query asks for."""

from __future__ import annotations

import json
from typing import Any

from ..entity_definitions.metadata_queries import find_definitions
from ..faults import bad_request, not_emulated
from ..requests.exchanges import Response
from ..storage.versions import current_version
from .calls import Call

_QUERY = "Query"
_SINCE = ("ClientVersionStamp", "DeletedMetadataFilters")
_OTHERS = ("AppModuleId", "RetrieveAllSettings")
# Nothing is deleted where no earlier call is compared with.
_NOTHING_DELETED = {"Count": 0, "IsReadOnly": False, "Keys": [], "Values": []}


def retrieve_metadata_changes(call: Call) -> Response:
    """Answer with the definitions of now; what changed since an earlier call is not told."""
    for name, value in call.parameters.items():
        if name not in (_QUERY, *_SINCE, *_OTHERS):
            raise bad_request(f"The parameter '{name}' is not one of {call.name}.")
        if name != _QUERY and value != "null":
            raise not_emulated(f"{name} of {call.name}")
    found = find_definitions(call.session.catalog, _read_query(call))
    return call.answer(
        {
            "ServerVersionStamp": _stamp(call),
            "DeletedMetadata": _NOTHING_DELETED,
            "EntityMetadata": found,
        }
    )


def _read_query(call: Call) -> dict[str, Any]:
    text = call.parameters.get(_QUERY, "null")
    try:
        query = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise bad_request(f"The parameter '{_QUERY}' of {call.name} is not JSON: {exc}.") from exc
    if query is None:
        return {}
    if not isinstance(query, dict):
        raise bad_request(f"The parameter '{_QUERY}' of {call.name} is not an object.")
    return query


def _stamp(call: Call) -> str:
    """Say when this was: a number that grows, and the moment."""
    with call.session.reading() as db:
        version = current_version(db)
    return f"{version}!{call.session.now:%m/%d/%Y %H:%M:%S}"
