"""JSON that a column holds, read with a bound: what cannot be used is one fault and no more."""

from __future__ import annotations

import json
from typing import Any

from work_assignment.domain.errors import DefinitionError

MOST_NESTED = 150
"""Deeper than any filter goes, and shallow enough for whoever walks through it."""


def read_json(text: str | None, where: str) -> Any:
    """JSON of a column; None for an empty one. Raises DefinitionError for what cannot be used."""
    if not text:
        return None
    try:
        found = json.loads(text)
    except ValueError as exc:
        raise DefinitionError(where, f"it is no JSON{_place_in(exc)}") from None
    except RecursionError:
        raise _too_deep(where) from None
    if _depth(found) > MOST_NESTED:
        raise _too_deep(where)
    return found


def _place_in(error: ValueError) -> str:
    """Where it stops being JSON, as far as that helps: not at its very beginning."""
    if not isinstance(error, json.JSONDecodeError) or error.pos == 0:
        return ""
    return f" from line {error.lineno}, character {error.colno} on"


def _too_deep(where: str) -> DefinitionError:
    return DefinitionError(where, f"it is nested more than {MOST_NESTED} deep")


def _depth(found: object) -> int:
    """How deep lists and mappings are nested, found level by level."""
    depth, level = 0, [found]
    while level:
        depth += 1
        level = [inner for value in level for inner in _inside(value)]
    return depth


def _inside(value: object) -> list[object]:
    match value:
        case dict():
            return list(value.values())
        case list():
            return value
    return []
