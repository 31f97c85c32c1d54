"""Checks of the product's solution folder, from which the mock takes its tables."""

from __future__ import annotations

import re

from defusedxml import ElementTree

from work_assignment.packaged_solution import product_solution

from ..world import World

_MANIFEST = ("UniqueName", "LocalizedNames", "Descriptions", "Version", "Managed", "Publisher")
_SECRET = re.compile(r"<AuthValue>|authvalue|client_secret|password\s*=", re.IGNORECASE)


def solution_layout(world: World) -> None:
    """The folder has the manifest, the customizations and a folder for each table."""
    folder = product_solution()
    for name in ("Other/Solution.xml", "Other/Customizations.xml", "Other/Relationships.xml"):
        assert (folder / name).is_file(), f"{name} is missing"
    for root in _root_components(world, "1"):
        names = [path.name.lower() for path in (folder / "Entities").iterdir()]
        assert root.lower() in names, f"the table {root} has no folder"


def solution_manifest(world: World) -> None:
    """The manifest's members stand in the order of the schema; the name is an identifier."""
    manifest = ElementTree.parse(product_solution() / "Other" / "Solution.xml").find(
        ".//SolutionManifest"
    )
    assert manifest is not None
    assert [child.tag for child in manifest][: len(_MANIFEST)] == list(_MANIFEST)
    name = manifest.findtext("UniqueName", "")
    assert re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name), name


def solution_secrets(world: World) -> None:
    """No file of the folder holds a key."""
    files = [path for path in product_solution().rglob("*") if path.is_file()]
    assert len(files) > 5
    found = [path.name for path in files if _SECRET.search(path.read_text("utf-8", "replace"))]
    assert not found, found


def _root_components(world: World, kind: str) -> list[str]:
    tree = ElementTree.parse(product_solution() / "Other" / "Solution.xml")
    return [
        found.get("schemaName", "")
        for found in tree.iter("RootComponent")
        if found.get("type") == kind
    ]
