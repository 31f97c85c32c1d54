"""The texts behind lookups and choices as SQL: primary names and labels, to sort and compare by."""

from __future__ import annotations

from ..conditions.comparisons import quoted, select, text_literal
from ..tables.metadata import Catalog, Column
from .source import Joined


def looked_up_name(catalog: Catalog, joined: Joined, column: Column) -> str | None:
    """The primary name of what a lookup points at; None where no target has a name."""
    expression = joined.sql(column.logical_name)
    choices = []
    for target in (catalog.tables[name] for name in column.targets if name in catalog.tables):
        if target.primary_name is None:
            continue
        condition = f"{quoted(target.primary_id)} = {expression}"
        if column.is_polymorphic:
            kind = joined.sql(f"{column.logical_name}__type")
            condition += f" AND {kind} = {text_literal(target.logical_name)}"
        name = select(quoted(target.primary_name), quoted(target.logical_name), condition)
        choices.append(f"({name})")
    return f"coalesce({', '.join(choices)}, NULL)" if choices else None


def label(expression: str, column: Column) -> str:
    """The label of an option; the number itself where it has none."""
    cases = " ".join(
        f"WHEN {option.value} THEN {text_literal(option.label)}" for option in column.options
    )
    return f"(CASE {expression} {cases} ELSE CAST({expression} AS TEXT) END)"
