"""Checks of definitions: what is listed, and what is made of tables, columns, relationships."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from ..world import World
from .asking import ask

_EDM = "{http://docs.oasis-open.org/odata/ns/edm}"


def definitions_not_paged(world: World) -> None:
    """All tables come in one answer, whatever page size is asked for."""
    headers = {"Prefer": "odata.maxpagesize=2"}
    answer = ask(
        world,
        "GET EntityDefinitions?$select=LogicalName",
        headers=headers,
        answers=200,
        lacks=["@odata.nextLink"],
    ).json()
    assert len(answer["value"]) > 30, len(answer["value"])


def columns_by_type(world: World) -> None:
    """Columns are left out by type, and asked for by type as text and as enum."""
    path = "EntityDefinitions(LogicalName='lead')/Attributes?$select=LogicalName,AttributeType"
    all_but = ask(world, f"GET {path}&$filter=AttributeType ne 'Virtual'", answers=200).json()
    kinds = {row["AttributeType"] for row in all_but["value"]}
    assert "Virtual" not in kinds
    assert {"String", "Lookup", "Picklist"} <= kinds, kinds
    enum = "Microsoft.Dynamics.CRM.AttributeTypeCode'Picklist'"
    as_enum = ask(world, f"GET {path}&$filter=AttributeType eq {enum}", answers=200).json()
    as_text = ask(world, f"GET {path}&$filter=AttributeType eq 'Picklist'", answers=200).json()
    names = [row["LogicalName"] for row in as_enum["value"]]
    assert "leadqualitycode" in names
    assert names == [row["LogicalName"] for row in as_text["value"]]


def metadata_document(world: World) -> None:
    """The document has a type and a set for each table."""
    answer = ask(
        world,
        "GET $metadata",
        headers={"Accept": "application/xml"},
        answers=200,
        header={"Content-Type": "~^application/xml"},
    )
    # The text is the mock's own, so nothing hostile is in it.
    root = ElementTree.fromstring(answer.content)  # noqa: S314 - the mock's own text
    schema = next(s for s in root.iter(f"{_EDM}Schema"))
    assert schema.get("Namespace") == "Microsoft.Dynamics.CRM"
    sets = {found.get("Name"): found.get("EntityType") for found in root.iter(f"{_EDM}EntitySet")}
    assert sets["leads"] in ("mscrm.lead", "Microsoft.Dynamics.CRM.lead")
    document = ask(world, "GET ", answers=200).json()
    listed = {entry["name"] for entry in document["value"]}
    assert listed <= set(sets), listed - set(sets)


def create_table(world: World) -> None:
    """A table is made, found, filled and read."""
    ask(
        world,
        "POST EntityDefinitions",
        body=table_definition("Bank", "Banks"),
        answers=204,
        header={"OData-EntityId": "~EntityDefinitions\\([0-9a-f-]{36}\\)$"},
    )
    ask(
        world,
        "GET EntityDefinitions?$select=EntitySetName,PrimaryIdAttribute,PrimaryNameAttribute"
        "&$filter=LogicalName eq 'new_bank'",
        answers=200,
        has={
            "value": [
                {
                    "EntitySetName": "new_banks",
                    "PrimaryIdAttribute": "new_bankid",
                    "PrimaryNameAttribute": "new_name",
                }
            ]
        },
    )
    ask(world, "POST new_banks", body={"new_name": "«u»"}, answers=204, keep={"bank": "id"})
    expected = {"new_name": world.known["u"], "statecode": 0, "_ownerid_value": world.known["me"]}
    ask(world, "GET new_banks(«bank»)", answers=200, has=expected)


def add_and_drop_column(world: World) -> None:
    """A column is usable once made, and unknown once dropped."""
    column = {
        "@odata.type": "Microsoft.Dynamics.CRM.IntegerAttributeMetadata",
        "AttributeType": "Integer",
        "AttributeTypeName": {"Value": "IntegerType"},
        "SchemaName": "new_Rooms",
        "MinValue": 0,
        "MaxValue": 100,
        "DisplayName": label("Rooms"),
        "RequiredLevel": {"Value": "None"},
    }
    columns = "EntityDefinitions(LogicalName='lead')/Attributes"
    ask(world, f"POST {columns}", body=column, answers=204, keep={"column": "id"})
    body = {"subject": "«u»", "new_rooms": 7}
    ask(world, "POST leads", body=body, answers=204, keep={"lead": "id"})
    ask(world, "GET leads(«lead»)?$select=new_rooms", answers=200, has={"new_rooms": 7})
    ask(world, "POST leads", body={"new_rooms": 101}, answers=400)
    ask(world, f"DELETE {columns}(«column»)", answers=204)
    ask(world, "GET leads(«lead»)?$select=new_rooms", answers=400, message="new_rooms")
    ask(world, "GET leads(«lead»)?$select=subject", answers=200)


def one_to_many(world: World) -> None:
    """The lookup's schema name is the navigation property; the parent has a collection."""
    make_parent_and_child(world, "RemoveLink")
    ask(
        world,
        "GET new_children(«child»)?$expand=new_ParentId($select=new_name)",
        answers=200,
        has={"_new_parentid_value": world.known["parent"], "new_ParentId": {"new_name": "p"}},
    )
    ask(
        world,
        "GET new_parents(«parent»)/new_Parent_Child?$select=new_name",
        answers=200,
        has={"value": [{"new_childid": world.known["child"]}]},
    )


def many_to_many(world: World) -> None:
    """Rows of both tables are associated and listed."""
    for name, plural in (("Left", "Lefts"), ("Right", "Rights")):
        ask(world, "POST EntityDefinitions", body=table_definition(name, plural), answers=204)
    definition = {
        "@odata.type": "Microsoft.Dynamics.CRM.ManyToManyRelationshipMetadata",
        "SchemaName": "new_Left_Right",
        "Entity1LogicalName": "new_left",
        "Entity2LogicalName": "new_right",
        "IntersectEntityName": "new_left_right",
    }
    ask(world, "POST RelationshipDefinitions", body=definition, answers=204)
    ask(world, "POST new_lefts", body={"new_name": "l"}, answers=204, keep={"left": "id"})
    ask(world, "POST new_rights", body={"new_name": "r"}, answers=204, keep={"right": "id"})
    ask(
        world,
        "POST new_lefts(«left»)/new_Left_Right/$ref",
        body={"@odata.id": "«root»new_rights(«right»)"},
        answers=204,
    )
    ask(
        world,
        "GET new_lefts(«left»)/new_Left_Right?$select=new_name",
        answers=200,
        has={"value": [{"new_rightid": world.known["right"], "new_name": "r"}]},
    )


def make_parent_and_child(world: World, delete: str) -> None:
    """Make two tables with a relationship that cascades deletions like this, and a row of each."""
    for name, plural in (("Parent", "Parents"), ("Child", "Children")):
        ask(world, "POST EntityDefinitions", body=table_definition(name, plural), answers=204)
    ask(
        world,
        "POST RelationshipDefinitions",
        body=relationship_definition("new_Parent", "new_Child", delete),
        answers=204,
    )
    ask(world, "POST new_parents", body={"new_name": "p"}, answers=204, keep={"parent": "id"})
    child = {"new_name": "c", "new_ParentId@odata.bind": "/new_parents(«parent»)"}
    ask(world, "POST new_children", body=child, answers=204, keep={"child": "id"})


def table_definition(name: str, plural: str) -> dict[str, Any]:
    """Return the definition of a table `new_<name>` with the column new_Name."""
    return {
        "@odata.type": "Microsoft.Dynamics.CRM.EntityMetadata",
        "SchemaName": f"new_{name}",
        "EntitySetName": f"new_{plural.lower()}",
        "DisplayName": label(name),
        "DisplayCollectionName": label(plural),
        "OwnershipType": "UserOwned",
        "IsActivity": False,
        "HasActivities": False,
        "HasNotes": False,
        "Attributes": [
            {
                "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata",
                "AttributeType": "String",
                "AttributeTypeName": {"Value": "StringType"},
                "SchemaName": "new_Name",
                "IsPrimaryName": True,
                "MaxLength": 100,
                "FormatName": {"Value": "Text"},
                "DisplayName": label("Name"),
                "RequiredLevel": {"Value": "None"},
            }
        ],
    }


def relationship_definition(parent: str, child: str, delete: str) -> dict[str, Any]:
    """Return the definition of a one-to-many relationship with the lookup new_ParentId."""
    nothing = dict.fromkeys(("Assign", "Merge", "Reparent", "Share", "Unshare"), "NoCascade")
    return {
        "@odata.type": "Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata",
        "SchemaName": f"{parent}_{child.removeprefix('new_')}",
        "ReferencedEntity": parent.lower(),
        "ReferencingEntity": child.lower(),
        "CascadeConfiguration": {**nothing, "Delete": delete},
        "Lookup": {
            "@odata.type": "Microsoft.Dynamics.CRM.LookupAttributeMetadata",
            "AttributeType": "Lookup",
            "AttributeTypeName": {"Value": "LookupType"},
            "SchemaName": "new_ParentId",
            "DisplayName": label("Parent"),
            "RequiredLevel": {"Value": "None"},
        },
    }


def label(text: str) -> dict[str, Any]:
    """Return a label in English."""
    return {"LocalizedLabels": [{"Label": text, "LanguageCode": 1033}]}
