"""A solution folder with a table of somebody's own, as far prepared for routing as a test wants."""

from __future__ import annotations

from pathlib import Path

_ID = """
<attribute PhysicalName="new_PartnerRequestId"><Type>primarykey</Type>
<LogicalName>new_partnerrequestid</LogicalName><RequiredLevel>systemrequired</RequiredLevel>
</attribute>"""
_NAME = """
<attribute PhysicalName="new_Name"><Type>nvarchar</Type><LogicalName>new_name</LogicalName>
<RequiredLevel>none</RequiredLevel><DisplayMask>PrimaryName</DisplayMask>
<MaxLength>100</MaxLength></attribute>"""
_RESULT = """
<attribute PhysicalName="wa_AssignmentResult"><Type>picklist</Type>
<LogicalName>wa_assignmentresult</LogicalName><RequiredLevel>none</RequiredLevel>
<optionset Name="x"><OptionSetType>picklist</OptionSetType><options>
<option value="0"><labels><label description="Succeeded" languagecode="1033"/></labels></option>
<option value="1"><labels><label description="Failed" languagecode="1033"/></labels></option>
</options></optionset></attribute>"""
_RELATIONSHIP = "wa_wa_segment_new_partnerrequest_segmentid"


def write_partner_requests(
    folder: Path,
    *,
    segment: str = "wa_SegmentId",
    result: bool = True,
    ownership: str = "UserOwned",
) -> Path:
    """Write a solution with the table `new_partnerrequest`; `segment` is the lookup's schema name."""
    columns = [_ID, _NAME]
    if segment:
        columns.append(
            f'<attribute PhysicalName="{segment}"><Type>lookup</Type>'
            f"<LogicalName>{segment.lower()}</LogicalName>"
            "<RequiredLevel>none</RequiredLevel></attribute>"
        )
    if result:
        columns.append(_RESULT)
    files = {
        "Other/Solution.xml": "<ImportExportXml />",
        "Other/Relationships.xml": _relationships(
            f'<EntityRelationship Name="{_RELATIONSHIP}" />' if segment else ""
        ),
        "Other/Relationships/wa_Segment.xml": _relationships(
            _relationship(segment) if segment else ""
        ),
        "Entities/new_PartnerRequest/Entity.xml": (
            "<Entity><Name>new_PartnerRequest</Name><EntityInfo><entity Name='new_PartnerRequest'>"
            f"<attributes>{''.join(columns)}</attributes>"
            "<EntitySetName>new_partnerrequests</EntitySetName>"
            f"<OwnershipTypeMask>{ownership}</OwnershipTypeMask></entity></EntityInfo></Entity>"
        ),
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def _relationships(inner: str) -> str:
    return f"<EntityRelationships>{inner}</EntityRelationships>"


def _relationship(column: str) -> str:
    return (
        f'<EntityRelationship Name="{_RELATIONSHIP}">'
        "<EntityRelationshipType>OneToMany</EntityRelationshipType>"
        "<ReferencingEntityName>new_PartnerRequest</ReferencingEntityName>"
        "<ReferencedEntityName>wa_Segment</ReferencedEntityName>"
        "<CascadeDelete>RemoveLink</CascadeDelete>"
        f"<ReferencingAttributeName>{column}</ReferencingAttributeName></EntityRelationship>"
    )
