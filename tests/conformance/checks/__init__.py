"""Rows of the checklist that no table of requests can say, as functions of a world."""

from __future__ import annotations

from collections.abc import Callable

from ..world import World
from . import batches, callers, definitions, limits, queries, rows, solutions, tracking, webhooks

_MODULES = (rows, queries, batches, definitions, tracking, callers, limits, webhooks, solutions)


def find_check(name: str) -> Callable[[World], None]:
    """Return the check that a row names; KeyError when there is none."""
    for module in _MODULES:
        if hasattr(module, name):
            check: Callable[[World], None] = getattr(module, name)
            return check
    raise KeyError(f"There is no check called {name}.")
