"""Tables, columns, alternate keys and relationships through Microsoft's client."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum

import pytest
from PowerPlatform.Dataverse.client import DataverseClient
from PowerPlatform.Dataverse.common.constants import (
    CASCADE_BEHAVIOR_CASCADE,
    CASCADE_BEHAVIOR_RESTRICT,
)
from PowerPlatform.Dataverse.core.errors import HttpError, MetadataError
from PowerPlatform.Dataverse.models.labels import Label, LocalizedLabel
from PowerPlatform.Dataverse.models.relationship import (
    CascadeConfiguration,
    LookupAttributeMetadata,
    ManyToManyRelationshipMetadata,
    OneToManyRelationshipMetadata,
)

PARENT, CHILD = "new_TourParent", "new_TourChild"


class Tier(IntEnum):
    GOLD = 1
    SILVER = 2


COLUMNS = {
    "new_Code": "string",
    "new_Notes": "memo",
    "new_Count": {"type": "int", "min_value": 1, "max_value": 5},
    "new_Ratio": "decimal",
    "new_Exact": "float",
    "new_Day": "datetime",
    "new_Open": "bool",
    "new_Tier": Tier,
}


@pytest.fixture
def tables(client: DataverseClient) -> Iterator[None]:
    client.tables.create(PARENT, COLUMNS, primary_column="new_Title")
    client.tables.create(CHILD, {"new_Info": "string"})
    yield
    for name in (CHILD, PARENT):
        client.tables.delete(name)
        assert client.tables.get(name) is None


@pytest.mark.usefixtures("tables")
def test_a_table_of_all_types_takes_rows(client: DataverseClient) -> None:
    info = client.tables.get(PARENT)
    assert info is not None
    assert (info.logical_name, info.primary_name_attribute) == ("new_tourparent", "new_title")
    values = {
        "new_Title": "All",
        "new_Notes": "two\nlines",
        "new_Count": 3,
        "new_Ratio": 1.25,
        "new_Exact": 0.12345,
        "new_Day": "2026-03-01",
        "new_Open": True,
        "new_Tier": "Silver",
    }
    row = client.records.retrieve(PARENT, client.records.create(PARENT, values))
    assert row is not None
    read = {"new_tier": Tier.SILVER, "new_day": "2026-03-01T00:00:00Z"}
    written = {name.lower(): value for name, value in values.items()} | read
    assert {name: row[name] for name in written} == written
    with pytest.raises(HttpError, match="new_count"):
        client.records.create(PARENT, {"new_Title": "Too many", "new_Count": 6})


@pytest.mark.usefixtures("tables")
def test_columns_are_added_read_changed_and_removed(client: DataverseClient) -> None:
    client.tables.add_columns(PARENT, {"new_Extra": {"type": "string", "max_length": 40}})
    client.tables.update_columns(
        PARENT,
        {"new_Extra": {"max_length": 90, "display_name": "More"}, "new_Count": {"max_value": 9}},
    )
    extra = client.tables.get_column(PARENT, "new_Extra")
    assert extra is not None
    assert (extra["MaxLength"], extra["DisplayName"]["UserLocalizedLabel"]["Label"]) == (90, "More")
    typed = {
        column["LogicalName"]: column for column in client.tables.list_columns(PARENT, typed=True)
    }
    assert (typed["new_extra"]["MaxLength"], typed["new_count"]["MaxValue"]) == (90, 9)
    assert typed["new_extra"]["@odata.type"].endswith("ComplexStringAttributeMetadata")
    one = client.tables.get_column(PARENT, "new_Count", typed=True, select=["MinValue"])
    assert one is not None
    assert (one["LogicalName"], one["MinValue"]) == ("new_count", 1)
    client.tables.remove_columns(PARENT, ["new_Extra"])
    assert client.tables.get_column(PARENT, "new_Extra") is None
    with pytest.raises(MetadataError):
        client.tables.update_column(PARENT, "new_Extra", {"max_length": 10})


@pytest.mark.usefixtures("tables")
def test_alternate_keys_are_created_listed_and_deleted(client: DataverseClient) -> None:
    made = client.tables.create_alternate_key(PARENT, "new_CodeKey", ["new_code"])
    (known,) = client.tables.get_alternate_keys(PARENT)
    assert (known.metadata_id, known.key_attributes) == (made.metadata_id, ["new_code"])
    assert known.status == "Active"
    client.tables.delete_alternate_key(PARENT, known.metadata_id)
    assert client.tables.get_alternate_keys(PARENT) == []


@pytest.mark.usefixtures("tables")
@pytest.mark.parametrize("behaviour", [CASCADE_BEHAVIOR_CASCADE, CASCADE_BEHAVIOR_RESTRICT])
def test_a_relationship_decides_what_a_deletion_does(
    client: DataverseClient, behaviour: str
) -> None:
    relation = client.tables.create_one_to_many_relationship(
        lookup=LookupAttributeMetadata("new_ParentId", Label([LocalizedLabel("Parent", 1033)])),
        relationship=OneToManyRelationshipMetadata(
            schema_name="new_TourParent_TourChild",
            referenced_entity=PARENT.lower(),
            referencing_entity=CHILD.lower(),
            referenced_attribute="new_tourparentid",
            cascade_configuration=CascadeConfiguration(delete=behaviour),
        ),
    )
    parent = client.records.create(PARENT, {"new_Title": "Parent"})
    bound = {"new_Info": "Child", "new_ParentId@odata.bind": f"/new_tourparents({parent})"}
    child = client.records.create(CHILD, bound)
    if behaviour == CASCADE_BEHAVIOR_RESTRICT:
        with pytest.raises(HttpError):
            client.records.delete(PARENT, parent)
        assert client.records.retrieve(CHILD, child) is not None
    else:
        client.records.delete(PARENT, parent)
        assert client.records.retrieve(CHILD, child) is None
    assert relation.relationship_id is not None
    client.tables.delete_relationship(relation.relationship_id)
    assert client.tables.get_relationship("new_TourParent_TourChild") is None


@pytest.mark.usefixtures("tables")
def test_lookups_and_many_to_many_are_created_and_found(client: DataverseClient) -> None:
    lookup = client.tables.create_lookup_field(CHILD, "new_AccountId", "account", display_name="A")
    join = client.tables.create_many_to_many_relationship(
        ManyToManyRelationshipMetadata("new_tour_join", PARENT.lower(), CHILD.lower())
    )
    found = client.tables.get_relationship("new_tour_join")
    assert found is not None
    assert (found.relationship_type, found.relationship_id) == (
        "many_to_many",
        join.relationship_id,
    )
    listed = {each["SchemaName"] for each in client.tables.list_table_relationships(CHILD)}
    assert {lookup.relationship_schema_name, "new_tour_join"} <= listed
    account = client.records.create("account", {"name": "Looked up"})
    child = client.records.create(CHILD, {"new_AccountId@odata.bind": f"/accounts({account})"})
    (row,) = client.records.list(CHILD, filter=f"_new_accountid_value eq {account}")
    assert row["new_tourchildid"] == child


def test_tables_are_listed_by_their_kind(client: DataverseClient) -> None:
    owned = client.tables.list(
        filter="OwnershipType eq Microsoft.Dynamics.CRM.OwnershipTypes'UserOwned'",
        select=["LogicalName", "SchemaName"],
    )
    names = {table["LogicalName"] for table in owned}
    assert "account" in names
    assert "systemuser" not in names
    joins = client.tables.list_relationships(
        filter="RelationshipType eq Microsoft.Dynamics.CRM.RelationshipType'ManyToManyRelationship'",
        select=["SchemaName"],
    )
    assert "teammembership_association" in {each["SchemaName"] for each in joins}
