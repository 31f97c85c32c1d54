"""Actions on definitions: several tables at once, keys that failed, publishing."""

from __future__ import annotations

import sqlite3

from ..entity_definitions.changes.addresses import find_key, find_table
from ..entity_definitions.changes.keys import reactivate_key
from ..entity_definitions.changes.members import Members
from ..entity_definitions.changes.refusals import missing_member
from ..entity_definitions.changes.tables import create_table
from ..entity_definitions.journal import change_definitions
from ..requests.exchanges import Response, no_content
from ..tables.metadata import Catalog
from ..tables.metadata_ids import table_id
from .calls import Call


def create_entities(call: Call) -> Response:
    """Create all the tables of a request or none; this is how Microsoft's Python client does it."""
    body = call.arguments("Entities", "SolutionUniqueName").body
    entities = list(Members(body, call.name).each("Entities"))
    if not entities:
        raise missing_member(call.name, "Entities")
    created: list[str] = []

    def change(db: sqlite3.Connection, catalog: Catalog) -> Catalog:
        for members in entities:
            catalog, name = create_table(catalog, members)
            created.append(table_id(catalog.tables[name]))
        return catalog

    change_definitions(call.session, change)
    return call.answer({"EntityIds": created})


def reactivate_entity_key(call: Call) -> Response:
    """Try a key once more whose values were not unique."""
    body = call.arguments("EntityLogicalName", "EntityKeyLogicalName").body
    members = Members(body, call.name)
    table_name = members.required_text("EntityLogicalName")
    key_name = members.required_text("EntityKeyLogicalName")

    def change(db: sqlite3.Connection, catalog: Catalog) -> Catalog:
        table = find_table(catalog, f"LogicalName='{table_name}'")
        key = find_key(table, f"LogicalName='{key_name}'")
        return reactivate_key(db, catalog, table, key)

    change_definitions(call.session, change)
    return no_content()


def publish_xml(call: Call) -> Response:
    """Publish some customizations: here every change of a definition holds at once."""
    Members(call.arguments("ParameterXml").body, call.name).required_text("ParameterXml")
    return no_content()


def publish_all_xml(call: Call) -> Response:
    call.without_body()
    return no_content()
