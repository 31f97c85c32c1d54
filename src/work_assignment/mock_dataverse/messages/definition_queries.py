"""RetrieveMetadataChanges: definitions, as many and as much of them as a query asks for.

With the stamp of an earlier answer only what changed since then (Learn: Cache schema data).
"""

from __future__ import annotations

import json
import re
from typing import Any

from ..entity_definitions.forms.labels import only_languages
from ..entity_definitions.forms.registry import all_tables
from ..entity_definitions.journal import CHOICE, COLUMN, LABEL, RELATIONSHIP, TABLE
from ..entity_definitions.metadata_answers import show_table
from ..entity_definitions.metadata_queries import (
    EVERYTHING,
    DefinitionQuery,
    read_definition_query,
)
from ..faults import bad_request, json_problem, not_emulated
from ..reading.preferences import Preferences
from ..reading.query import Reader
from ..reading.tracking_tokens import DeltaToken, read_version_stamp
from ..requests.exchanges import Response
from ..storage.definition_changes import DefinitionChanges, definition_changes_since
from ..storage.versions import current_version
from .calls import Call

_QUERY, _STAMP, _FILTERS = "Query", "ClientVersionStamp", "DeletedMetadataFilters"
_NOT_EMULATED = ("AppModuleId", "RetrieveAllSettings")
_ENUM = re.compile(r"(?:Microsoft\.Dynamics\.CRM\.DeletedMetadataFilters)?'([^']*)'")
_KINDS = (TABLE, COLUMN, RELATIONSHIP, LABEL, CHOICE)
_ALL = "All"


def retrieve_metadata_changes(call: Call) -> Response:
    """Answer with definitions, all that a query means or what is new of them since a stamp."""
    for name, value in call.parameters.items():
        if name not in (_QUERY, _STAMP, _FILTERS, *_NOT_EMULATED):
            raise bad_request(f"The parameter '{name}' is not one of {call.name}.")
        if name in _NOT_EMULATED and value not in ("null", "false"):
            raise not_emulated(f"{name} of {call.name}")
    query, kinds = read_definition_query(_read_query(call)), _read_filters(call)
    with call.session.reading() as db:
        request, session = call.request, call.session
        catalog, now = session.catalog, session.now
        reader = Reader(db, catalog, Preferences(), request.root, session.caller, now)
        since = _changes(call, reader)
        stamp = DeltaToken(current_version(db), now)
    return call.answer(
        {
            "ServerVersionStamp": str(stamp),
            "DeletedMetadata": _deleted(since, kinds),
            "EntityMetadata": _definitions(call, query, since),
        }
    )


def _definitions(
    call: Call, query: DefinitionQuery, since: DefinitionChanges | None
) -> list[dict[str, Any]]:
    tables = (each for each in all_tables(call.session.catalog) if query.table.test(each))
    shown = (show_table(table, query, since) for table in tables)
    found = [each for each in shown if each is not None]
    if not query.languages:
        return found
    limited: list[dict[str, Any]] = only_languages(found, query.languages)
    return limited


def _read_query(call: Call) -> dict[str, Any]:
    text = call.parameters.get(_QUERY, "null")
    try:
        query = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise bad_request(
            f"The parameter '{_QUERY}' of {call.name} is not JSON: {json_problem(exc)}."
        ) from exc
    if query is None:
        return EVERYTHING
    if not isinstance(query, dict):
        raise bad_request(f"The parameter '{_QUERY}' of {call.name} is not an object.")
    return query


def _changes(call: Call, reader: Reader) -> DefinitionChanges | None:
    if call.parameters.get(_STAMP, "null") == "null":
        return None
    stamp = read_version_stamp(reader, call.text(_STAMP))
    return definition_changes_since(reader.db, stamp.version)


def _read_filters(call: Call) -> tuple[str, ...]:
    """Read which kinds of deleted definitions are wanted; several are separated by commas."""
    given = call.parameters.get(_FILTERS, "null")
    if given == "null":
        return ()
    found = _ENUM.fullmatch(given)
    names = [name.strip() for name in found[1].split(",")] if found is not None else [given]
    for name in names:
        if name not in (*_KINDS, _ALL):
            raise bad_request(
                f"The value {name!r} of {_FILTERS} is none of {', '.join((*_KINDS, _ALL))}."
            )
    return _KINDS if _ALL in names else tuple(kind for kind in _KINDS if kind in names)


def _deleted(since: DefinitionChanges | None, kinds: tuple[str, ...]) -> dict[str, Any]:
    """List what is gone, whatever the query is about (Learn: it is not filtered by it)."""
    found = {} if since is None else {k: since.deleted[k] for k in kinds if k in since.deleted}
    return {
        "Count": len(found),
        "IsReadOnly": False,
        "Keys": list(found),
        "Values": [
            {"Count": len(ids), "IsReadOnly": False, "Items": list(ids)} for ids in found.values()
        ],
    }
