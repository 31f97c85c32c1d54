"""Sales territories."""

from __future__ import annotations

from ..columns import lookup, memo, text
from ..system_columns import ORGANIZATION_OWNED
from ..table_builder import define

TERRITORY = define(
    "Territory",
    2013,
    "territories",
    "Territory",
    "Territories",
    (
        text("Name", "Territory Name", 200, required=True),
        memo("Description", "Description"),
        lookup("ManagerId", "Manager", "systemuser", "system_user_territories"),
        lookup("ParentTerritoryId", "Parent Territory", "territory", "territory_parent_territory"),
    ),
    name="Name",
    ownership=ORGANIZATION_OWNED,
    states=(),
)
