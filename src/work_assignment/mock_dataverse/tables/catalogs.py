"""Makes the catalog of an organization: the standard tables and the solutions imported into it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from .metadata import Catalog
from .solutions.reader import add_solution
from .standard_tables import standard_definitions


def build_catalog(solutions: Iterable[Path]) -> Catalog:
    """Read solution folders in order, each seeing what those before it define."""
    known = standard_definitions()
    for folder in solutions:
        known = add_solution(known, folder)
    return Catalog(known.tables, known.one_to_many, known.many_to_many, known.choices)
