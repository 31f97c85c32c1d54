"""Writes small solution folders for tests."""

from __future__ import annotations

from pathlib import Path

NAME_COLUMN = """
<attribute PhysicalName="x_Name"><Type>nvarchar</Type><LogicalName>x_name</LogicalName>
<RequiredLevel>none</RequiredLevel><DisplayMask>PrimaryName</DisplayMask>
<MaxLength>100</MaxLength></attribute>"""
KEY_COLUMN = """
<attribute PhysicalName="x_ThingId"><Type>primarykey</Type><LogicalName>x_thingid</LogicalName>
<RequiredLevel>systemrequired</RequiredLevel></attribute>"""
LOOKUP_COLUMN = """
<attribute PhysicalName="x_LeadId"><Type>lookup</Type><LogicalName>x_leadid</LogicalName>
<RequiredLevel>none</RequiredLevel></attribute>"""


def column(name: str, kind: str, details: str = "") -> str:
    return (
        f'<attribute PhysicalName="{name}"><Type>{kind}</Type>'
        f"<LogicalName>{name.lower()}</LogicalName><RequiredLevel>none</RequiredLevel>{details}"
        "</attribute>"
    )


def relationship(name: str, *, column: str = "x_LeadId", target: str = "Lead") -> str:
    return (
        f'<EntityRelationship Name="{name}">'
        "<EntityRelationshipType>OneToMany</EntityRelationshipType>"
        f"<ReferencingEntityName>x_Thing</ReferencingEntityName>"
        f"<ReferencedEntityName>{target}</ReferencedEntityName>"
        "<CascadeDelete>RemoveLink</CascadeDelete>"
        f"<ReferencingAttributeName>{column}</ReferencingAttributeName>"
        "</EntityRelationship>"
    )


def write_solution(
    folder: Path,
    columns: str = NAME_COLUMN + KEY_COLUMN,
    *,
    relationships: str = "",
    listed: tuple[str, ...] = (),
    extra: str = "",
    entity: str = "x_Thing",
    ownership: str = "UserOwned",
) -> Path:
    """Write a solution with one table and return its folder."""
    files = {
        "Other/Solution.xml": "<ImportExportXml />",
        "Other/Relationships.xml": _relationships(
            "".join(f'<EntityRelationship Name="{name}" />' for name in listed)
        ),
        "Other/Relationships/Lead.xml": _relationships(relationships),
        f"Entities/{entity}/Entity.xml": (
            f"<Entity><Name>{entity}</Name><EntityInfo><entity Name='{entity}'>"
            f"<attributes>{columns}</attributes><EntitySetName>x_things</EntitySetName>"
            f"<OwnershipTypeMask>{ownership}</OwnershipTypeMask>{extra}"
            "</entity></EntityInfo></Entity>"
        ),
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def _relationships(inner: str) -> str:
    return f"<EntityRelationships>{inner}</EntityRelationships>"
