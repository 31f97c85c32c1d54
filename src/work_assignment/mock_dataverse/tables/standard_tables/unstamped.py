"""Tables of which Dataverse does not keep who wrote a row and when."""

from __future__ import annotations

from dataclasses import replace

from ..definitions import Definitions

_STAMPS = frozenset(
    {
        "createdon",
        "createdby",
        "createdonbehalfby",
        "modifiedon",
        "modifiedby",
        "modifiedonbehalfby",
        "importsequencenumber",
        "overriddencreatedon",
        "timezoneruleversionnumber",
        "utcconversiontimezonecode",
    }
)


def unstamped(definitions: Definitions) -> Definitions:
    """Return the same tables without the columns that tell of their creation and last change."""
    tables = tuple(
        replace(
            table, columns={n: column for n, column in table.columns.items() if n not in _STAMPS}
        )
        for table in definitions.tables
    )
    relations = tuple(r for r in definitions.one_to_many if r.referencing_column not in _STAMPS)
    return replace(definitions, tables=tables, one_to_many=relations)
