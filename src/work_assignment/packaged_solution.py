"""The product's own solution: where its folder is, and the tables and columns that it defines."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from xml.etree.ElementTree import parse


def product_solution() -> Path:
    """Find the solution's folder: in the package when installed, else in the repository."""
    package = Path(__file__).resolve().parent
    candidates = (package / "solution", package.parent.parent / "solution")
    for folder in candidates:
        if folder.is_dir():
            return folder
    raise FileNotFoundError(
        "The product's solution folder was not found at "
        + " or ".join(str(folder) for folder in candidates)
    )


def packaged_columns() -> Mapping[str, frozenset[str]]:
    """The columns by table that the solution has."""
    found: dict[str, frozenset[str]] = {}
    for path in sorted(product_solution().glob("Entities/*/Entity.xml")):
        entity = parse(path).find("EntityInfo/entity")  # noqa: S314 - the product's own file
        if entity is not None:
            columns = (node.findtext("LogicalName") for node in entity.iter("attribute"))
            found[entity.get("Name", "").lower()] = frozenset(name for name in columns if name)
    return found
