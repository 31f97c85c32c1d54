"""A solution with columns of somebody's own on leads: a handler, a score, accounts in many to many."""

from __future__ import annotations

from pathlib import Path

HANDLER = "new_handlerid"
_LEAD = """<Entity><Name>Lead</Name><EntityInfo><entity Name="Lead"><attributes>
<attribute PhysicalName="new_HandlerId"><Type>lookup</Type><LogicalName>new_handlerid</LogicalName>
<RequiredLevel>none</RequiredLevel></attribute>
<attribute PhysicalName="new_Score"><Type>int</Type><LogicalName>new_score</LogicalName>
<RequiredLevel>none</RequiredLevel><MinValue>-1000</MinValue><MaxValue>1000</MaxValue></attribute>
</attributes></entity></EntityInfo></Entity>"""
_HANDLED = """<EntityRelationship Name="new_systemuser_lead_handlerid">
<EntityRelationshipType>OneToMany</EntityRelationshipType>
<ReferencingEntityName>Lead</ReferencingEntityName>
<ReferencedEntityName>SystemUser</ReferencedEntityName>
<CascadeDelete>RemoveLink</CascadeDelete>
<ReferencingAttributeName>new_HandlerId</ReferencingAttributeName></EntityRelationship>"""
_INTERESTS = """<EntityRelationship Name="new_lead_account">
<EntityRelationshipType>ManyToMany</EntityRelationshipType>
<FirstEntityName>Lead</FirstEntityName><SecondEntityName>Account</SecondEntityName>
<IntersectEntityName>new_lead_account</IntersectEntityName></EntityRelationship>"""


def write_own_columns(folder: Path) -> Path:
    """Write the solution folder."""
    listed = "".join(
        f'<EntityRelationship Name="{name}" />'
        for name in ("new_systemuser_lead_handlerid", "new_lead_account")
    )
    files = {
        "Other/Solution.xml": "<ImportExportXml />",
        "Other/Relationships.xml": _relationships(listed),
        "Other/Relationships/SystemUser.xml": _relationships(_HANDLED),
        "Other/Relationships/Account.xml": _relationships(_INTERESTS),
        "Entities/Lead/Entity.xml": _LEAD,
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def _relationships(inner: str) -> str:
    return f"<EntityRelationships>{inner}</EntityRelationships>"
