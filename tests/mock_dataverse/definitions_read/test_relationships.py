"""RelationshipDefinitions and the relationships below a table."""

from __future__ import annotations

from tests.mock_dataverse.core.client import Api, assert_fault

_ONE = "Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata"
_MANY = "Microsoft.Dynamics.CRM.ManyToManyRelationshipMetadata"


def test_relationships_of_both_kinds_are_listed_with_their_type(api: Api) -> None:
    rows = api.row("RelationshipDefinitions?$select=SchemaName,RelationshipType")["value"]
    kinds = {row["SchemaName"]: (row["@odata.type"], row["RelationshipType"]) for row in rows}
    assert kinds["lead_parent_account"] == (f"#{_ONE}", "OneToManyRelationship")
    assert kinds["teammembership_association"] == (f"#{_MANY}", "ManyToManyRelationship")
    many = api.row(
        "RelationshipDefinitions?$select=SchemaName&$filter=RelationshipType eq"
        " Microsoft.Dynamics.CRM.RelationshipType'ManyToManyRelationship'"
    )["value"]
    assert {row["@odata.type"] for row in many} == {f"#{_MANY}"}


def test_a_lookup_is_seen_from_both_of_its_tables(api: Api) -> None:
    ours = api.row(
        "EntityDefinitions(LogicalName='lead')/ManyToOneRelationships"
        "?$filter=ReferencingAttribute eq 'parentaccountid'"
    )["value"][0]
    theirs = api.row(
        "EntityDefinitions(LogicalName='account')/OneToManyRelationships"
        "?$filter=SchemaName eq 'lead_parent_account'"
    )["value"][0]
    assert ours == theirs
    assert (ours["ReferencedAttribute"], ours["IsHierarchical"]) == ("accountid", False)
    assert ours["CascadeConfiguration"]["Delete"] == "RemoveLink"
    assert ours["AssociatedMenuConfiguration"]["Behavior"] == "UseCollectionName"
    assert "@odata.type" not in ours


def test_many_to_many_names_both_sides_and_the_intersect(api: Api) -> None:
    row = api.row(
        "EntityDefinitions(LogicalName='team')/ManyToManyRelationships"
        "?$filter=SchemaName eq 'teammembership_association'"
    )["value"][0]
    assert row["IntersectEntityName"] == "teammembership"
    assert {row["Entity1LogicalName"], row["Entity2LogicalName"]} == {"systemuser", "team"}
    assert {row["Entity1IntersectAttribute"], row["Entity2IntersectAttribute"]} == {
        "systemuserid",
        "teamid",
    }
    assert row["Entity1NavigationPropertyName"] == "teammembership_association"


def test_members_of_one_kind_are_filtered_after_a_cast(api: Api) -> None:
    condition = "?$select=SchemaName&$filter=ReferencedEntity eq 'account'"
    rows = api.row(f"RelationshipDefinitions/{_ONE}{condition}")["value"]
    assert "lead_parent_account" in {row["SchemaName"] for row in rows}
    assert_fault(
        api.get(f"RelationshipDefinitions{condition}"), 400, "0x80060888", "'ReferencedEntity'"
    )


def test_one_relationship_is_read_by_name_or_id_and_cast(api: Api) -> None:
    row = api.row("RelationshipDefinitions(SchemaName='lead_parent_account')")
    assert row["ReferencingEntity"] == "lead"
    assert (
        api.row(f"RelationshipDefinitions({row['MetadataId']})")
        | {"@odata.context": row["@odata.context"]}
        == row
    )
    cast = api.row(f"RelationshipDefinitions({row['MetadataId']})/{_ONE}?$select=ReferencedEntity")
    assert cast["ReferencedEntity"] == "account"
    wrong = f"RelationshipDefinitions({row['MetadataId']})/{_MANY}"
    assert_fault(api.get(wrong), 404, "0x8006088a", _MANY)


def test_every_relationship_has_an_id_of_its_own(api: Api) -> None:
    rows = api.row("RelationshipDefinitions?$select=MetadataId")["value"]
    assert len({row["MetadataId"] for row in rows}) == len(rows)


def test_only_relationships_of_custom_tables_and_columns_are_custom(api: Api) -> None:
    rows = api.row("RelationshipDefinitions?$select=SchemaName,IsCustomRelationship,IsManaged")
    custom = {row["SchemaName"]: row["IsCustomRelationship"] for row in rows["value"]}
    assert not custom["lead_master_lead"]
    assert not custom["systemuserroles_association"]
    ours = api.row("EntityDefinitions(LogicalName='wa_segment')/OneToManyRelationships")["value"]
    assert {row["IsCustomRelationship"] for row in ours} == {True}
