"""Record types beyond lead and opportunity: insights, accounts, contacts and custom tables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.mock_dataverse.core.client import Api, assert_fault, unique
from tests.mock_dataverse.core.solution_folder import column

from work_assignment.mock_dataverse.server import MockServer
from work_assignment.packaged_solution import product_solution

ROUTED = ("Account", "Contact", "msdyn_salessuggestion", "new_PartnerRequest")
_CUSTOM = (
    '<attribute PhysicalName="new_PartnerRequestId"><Type>primarykey</Type>'
    "<LogicalName>new_partnerrequestid</LogicalName>"
    "<RequiredLevel>systemrequired</RequiredLevel></attribute>"
    '<attribute PhysicalName="new_Name"><Type>nvarchar</Type><LogicalName>new_name</LogicalName>'
    "<RequiredLevel>none</RequiredLevel><DisplayMask>PrimaryName</DisplayMask>"
    "<MaxLength>100</MaxLength></attribute>"
)
_RESULT = column(
    "wa_AssignmentResult",
    "picklist",
    "<optionset Name='x'><OptionSetType>picklist</OptionSetType><options>"
    "<option value='0'><labels><label description='Succeeded' languagecode='1033'/></labels>"
    "</option><option value='1'><labels><label description='Failed' languagecode='1033'/>"
    "</labels></option></options></optionset>",
)


def _write_more_record_types(folder: Path) -> Path:
    """Write a solution that adds the two columns of a record type to four tables."""
    names = [f"wa_wa_segment_{table.lower()}_segmentid" for table in ROUTED]
    files = {
        "Other/Solution.xml": "<ImportExportXml />",
        "Other/Relationships.xml": _relationships(
            "".join(f'<EntityRelationship Name="{name}" />' for name in names)
        ),
        "Other/Relationships/wa_Segment.xml": _relationships(
            "".join(map(_relationship, names, ROUTED))
        ),
        **{f"Entities/{table}/Entity.xml": _entity(table) for table in ROUTED},
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def _relationships(inner: str) -> str:
    return f"<EntityRelationships>{inner}</EntityRelationships>"


def _relationship(name: str, table: str) -> str:
    return (
        f'<EntityRelationship Name="{name}">'
        "<EntityRelationshipType>OneToMany</EntityRelationshipType>"
        f"<ReferencingEntityName>{table}</ReferencingEntityName>"
        "<ReferencedEntityName>wa_Segment</ReferencedEntityName>"
        "<CascadeDelete>RemoveLink</CascadeDelete>"
        "<ReferencingAttributeName>wa_SegmentId</ReferencingAttributeName>"
        "</EntityRelationship>"
    )


def _entity(table: str) -> str:
    own = _CUSTOM if table.startswith("new_") else ""
    segment = column("wa_SegmentId", "lookup")
    return (
        f"<Entity><Name>{table}</Name><EntityInfo><entity Name='{table}'>"
        f"<attributes>{own}{segment}{_RESULT}</attributes>"
        "<EntitySetName>new_partnerrequests</EntitySetName>"
        "<OwnershipTypeMask>UserOwned</OwnershipTypeMask></entity></EntityInfo></Entity>"
    )


@pytest.fixture(scope="module")
def routed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = _write_more_record_types(tmp_path_factory.mktemp("solution"))
    with MockServer(solutions=[product_solution(), folder]) as server:
        client = Api(server)
        yield client
        client.close()


@pytest.mark.parametrize(
    ("entity_set", "name"),
    [
        ("accounts", "name"),
        ("contacts", "lastname"),
        ("msdyn_salessuggestions", "msdyn_name"),
        ("new_partnerrequests", "new_name"),
    ],
)
def test_any_table_with_owners_can_carry_segment_and_result(
    routed: Api, entity_set: str, name: str
) -> None:
    segment = routed.create("wa_segments", wa_name=unique("segment"), wa_recordtype="x")
    seller = routed.create("systemusers", firstname="Ana")
    made = routed.create(entity_set, **{name: "Contoso"})
    changes = {
        "wa_SegmentId@odata.bind": f"/wa_segments({segment})",
        "wa_assignmentresult": 0,
        "ownerid@odata.bind": f"/systemusers({seller})",
    }
    etag = routed.row(f"{entity_set}({made})")["@odata.etag"]
    assert routed.patch(f"{entity_set}({made})", changes, If_Match=etag).status_code == 204
    row = routed.row(f"{entity_set}({made})?$expand=wa_SegmentId($select=wa_recordtype)")
    assert (row["_ownerid_value"], row["wa_assignmentresult"]) == (seller, 0)
    assert row["wa_SegmentId"]["wa_recordtype"] == "x"
    assert (row["statecode"], row["createdon"] is not None) == (0, True)
    empty = routed.row(f"{entity_set}?$filter=wa_assignmentresult eq null")["value"]
    assert made not in {item.get("accountid") for item in empty}


def test_custom_tables_have_privileges_that_the_seeded_roles_hold(routed: Api) -> None:
    query = "$filter=name eq 'prvReadnew_PartnerRequest'"
    expand = "$expand=roleprivileges_association($select=name)"
    (row,) = routed.row(f"privileges?$select=name&{query}&{expand}")["value"]
    roles = {item["name"] for item in row["roleprivileges_association"]}
    assert {"Sales Manager", "Salesperson", "System Administrator"} <= roles


def test_an_insight_has_its_own_states_and_points_at_its_records(api: Api) -> None:
    account = api.create("accounts", name="Contoso")
    made = api.create(
        "msdyn_salessuggestions",
        msdyn_name="Offer chairs",
        msdyn_score=80,
        msdyn_potentialrevenue=5000,
        **{"msdyn_relatedrecord@odata.bind": f"/accounts({account})"},
    )
    row = api.row(f"msdyn_salessuggestions({made})")
    assert (row["statecode"], row["statuscode"]) == (0, 1)
    assert row["_msdyn_relatedrecord_value"] == account
    opportunity = api.create("opportunities", name="Chairs")
    bind = {"msdyn_qualifiedrecord@odata.bind": f"/opportunities({opportunity})"}
    changed = api.patch(f"msdyn_salessuggestions({made})", {"statecode": 3, **bind})
    assert changed.status_code == 204
    assert api.row(f"msdyn_salessuggestions({made})")["statuscode"] == 4
    wrong = api.patch(f"msdyn_salessuggestions({made})", {"statecode": 1, "statuscode": 3})
    assert_fault(wrong, 400, "0x80048408", "Closed")


def test_sellers_and_accounts_belong_to_territories(api: Api) -> None:
    north = api.create("territories", name=unique("North"))
    seller = api.create("systemusers", firstname="Ana")
    bind = {"territoryid@odata.bind": f"/territories({north})"}
    assert api.patch(f"systemusers({seller})", bind).status_code == 204
    account = api.create("accounts", name="x", **bind)
    assert api.row(f"accounts({account})")["_territoryid_value"] == north
    members = api.row(f"territories({north})/territory_system_users?$select=fullname")["value"]
    assert [item["systemuserid"] for item in members] == [seller]
    assert_fault(api.post("territories", {}), 400, "0x80040200", "'name'")
