"""`$apply` as frozen values; names are as written, checked later against the metadata."""

from __future__ import annotations

from dataclasses import dataclass

from ...conditions.filter_tree import Node
from ..aggregates import Method


@dataclass(frozen=True, slots=True)
class Aggregate:
    """`path with method as alias`; only the number of rows does without a path."""

    method: Method
    alias: str
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Apply:
    """Filters, then groups by `keys` (none: one group of all rows) with `aggregates` of each."""

    filters: tuple[Node, ...]
    keys: tuple[tuple[str, ...], ...]
    aggregates: tuple[Aggregate, ...]
