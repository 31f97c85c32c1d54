"""The standard tables that track changes from the start."""

from __future__ import annotations

from dataclasses import replace

from ..definitions import Definitions

# Those that clients can take offline (Learn: Set up mobile offline), which needs change tracking;
# which tables an organization tracks besides is up to its administrator.
_TRACKED = frozenset(
    {
        "account",
        "annotation",
        "appointment",
        "businessunit",
        "contact",
        "email",
        "lead",
        "opportunity",
        "phonecall",
        "product",
        "systemuser",
        "task",
        "team",
        "territory",
        "transactioncurrency",
    }
)


def with_change_tracking(definitions: Definitions) -> Definitions:
    """Return the same tables, of which some track changes."""
    tables = tuple(
        replace(table, tracks_changes=table.logical_name in _TRACKED)
        for table in definitions.tables
    )
    return replace(definitions, tables=tables)
