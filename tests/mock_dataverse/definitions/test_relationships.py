"""Relationships that are made, changed and deleted, with their lookups and intersect tables."""

from __future__ import annotations

from typing import Any

import pytest
from tests.mock_dataverse.core.client import Api, assert_fault
from tests.mock_dataverse.definitions.bodies import (
    NAMESPACE,
    fresh,
    label,
    make,
    make_table,
    many_to_many,
    of,
    one_to_many,
)

PATH = "RelationshipDefinitions"


def _delete_rule(rule: str) -> dict[str, Any]:
    return {"CascadeConfiguration": {"Assign": "NoCascade", "Delete": rule, "Merge": "NoCascade"}}


def _pair(api: Api, **members: Any) -> tuple[str, str, str]:
    """Make two tables and a relationship; return their names."""
    parent, child, name = make_table(api), make_table(api), fresh("new_rel")
    make(api, PATH, one_to_many(name, parent, child, "new_ParentId", **members))
    return parent, child, name


def test_rows_are_bound_by_the_schema_name_of_the_lookup(api: Api) -> None:
    parent, child, name = _pair(api)
    parent_id = api.create(f"{parent}s", new_name="P")
    bind = {"new_ParentId@odata.bind": f"/{parent}s({parent_id})"}
    child_id = api.create(f"{child}s", new_name="C", **bind)
    row = api.row(f"{child}s({child_id})?$expand=new_ParentId($select=new_name)")
    assert row["_new_parentid_value"] == parent_id
    assert row["new_ParentId"]["new_name"] == "P"
    row = api.row(f"{parent}s({parent_id})?$expand={name}($select=new_name)")
    assert [each["new_name"] for each in row[name]] == ["C"]
    found = api.row(f"{child}s?$filter=_new_parentid_value eq {parent_id}")["value"]
    assert [each[f"{child}id"] for each in found] == [child_id]
    assert_fault(api.post(f"{child}s", {"new_parentid@odata.bind": None}), 400, "0x80048d19")


def test_a_relationship_is_found_by_name_and_id_with_its_type(api: Api) -> None:
    parent, child, name = _pair(api, **_delete_rule("Cascade"))
    found = api.row(f"{PATH}?$filter=SchemaName eq '{name}'")["value"]
    assert len(found) == 1
    assert found[0]["@odata.type"] == f"#{NAMESPACE}OneToManyRelationshipMetadata"
    assert (found[0]["ReferencedEntity"], found[0]["ReferencingEntity"]) == (parent, child)
    assert found[0]["ReferencingAttribute"] == "new_parentid"
    assert found[0]["ReferencingEntityNavigationPropertyName"] == "new_ParentId"
    assert found[0]["ReferencedEntityNavigationPropertyName"] == name
    assert found[0]["IsCustomRelationship"] is True
    by_id = api.row(f"{PATH}({found[0]['MetadataId']})/{NAMESPACE}OneToManyRelationshipMetadata")
    assert by_id["CascadeConfiguration"]["Delete"] == "Cascade"
    column = api.row(f"{of(child)}/Attributes(LogicalName='new_parentid')")
    assert (column["AttributeType"], column["Targets"]) == ("Lookup", [parent])


@pytest.mark.parametrize(
    ("rule", "status", "child_remains", "link_remains"),
    [
        ("RemoveLink", 204, True, False),
        ("Cascade", 204, False, False),
        ("Restrict", 405, True, True),
    ],
)
def test_deleting_a_parent_follows_the_rule(
    api: Api, rule: str, status: int, child_remains: bool, link_remains: bool
) -> None:
    parent, child, _ = _pair(api, **_delete_rule(rule))
    parent_id = api.create(f"{parent}s", new_name="P")
    bind = {"new_ParentId@odata.bind": f"/{parent}s({parent_id})"}
    child_id = api.create(f"{child}s", new_name="C", **bind)
    assert api.delete(f"{parent}s({parent_id})").status_code == status
    answer = api.get(f"{child}s({child_id})")
    assert (answer.status_code == 200) is child_remains
    if child_remains:
        assert (answer.json()["_new_parentid_value"] is not None) is link_remains


def test_the_rule_can_be_changed(api: Api) -> None:
    parent, child, name = _pair(api)
    path = f"{PATH}(SchemaName='{name}')"
    body = api.row(f"{path}/{NAMESPACE}OneToManyRelationshipMetadata")
    body["CascadeConfiguration"]["Delete"] = "Restrict"
    body["@odata.type"] = f"{NAMESPACE}OneToManyRelationshipMetadata"
    assert api.put(f"{PATH}({body['MetadataId']})", body).status_code == 204
    parent_id = api.create(f"{parent}s", new_name="P")
    api.create(f"{child}s", **{"new_ParentId@odata.bind": f"/{parent}s({parent_id})"})
    assert_fault(api.delete(f"{parent}s({parent_id})"), 405, "0x80040227", child)
    body["CascadeConfiguration"]["Delete"] = "Perhaps"
    assert_fault(api.put(path, body), 400, "0x80040203", "Perhaps")


def test_an_assignment_goes_on_to_the_rows_of_a_parental_relationship(api: Api) -> None:
    cascade = dict.fromkeys(("Assign", "Share", "Unshare", "Reparent", "Merge"), "Cascade")
    parent, child, _ = _pair(api, CascadeConfiguration=cascade | {"Delete": "Cascade"})
    other = api.create("systemusers", firstname="Ana", domainname=f"{parent}@x.example")
    parent_id = api.create(f"{parent}s", new_name="P")
    bind = {"new_ParentId@odata.bind": f"/{parent}s({parent_id})"}
    child_id = api.create(f"{child}s", **bind)
    owner = {"ownerid@odata.bind": f"/systemusers({other})"}
    assert api.patch(f"{parent}s({parent_id})", owner).status_code == 204
    assert api.row(f"{child}s({child_id})")["_ownerid_value"] == other


def test_a_table_follows_one_parent_only(api: Api) -> None:
    parental = {"CascadeConfiguration": {"Assign": "Cascade"}}
    parent, child, first = _pair(api, **parental)
    second = one_to_many(fresh("new_rel"), parent, child, "new_OtherId", **parental)
    assert_fault(api.post(PATH, second), 400, "0x80047007", child, first)


def test_rows_make_a_tree_by_a_hierarchical_relationship(api: Api) -> None:
    name, relation = make_table(api), fresh("new_tree")
    make(api, PATH, one_to_many(relation, name, name, "new_ParentId", IsHierarchical=True))
    top = api.create(f"{name}s", new_name="top")
    leaf = api.create(
        f"{name}s", new_name="leaf", **{"new_ParentId@odata.bind": f"/{name}s({top})"}
    )
    condition = f"{NAMESPACE}Under(PropertyName='{name}id',PropertyValue='{top}')"
    found = api.row(f"{name}s?$filter={condition}")["value"]
    assert [each[f"{name}id"] for each in found] == [leaf]
    second = one_to_many(fresh("new_tree"), name, name, "new_OtherId", IsHierarchical=True)
    assert_fault(api.post(PATH, second), 400, "0x80040203", relation)


def test_many_to_many_rows_are_associated_both_ways(api: Api) -> None:
    name, relation = make_table(api), fresh("new_nn")
    relation_id = make(api, PATH, many_to_many(relation, name, "contact"))
    row_id = api.create(f"{name}s", new_name="x")
    contact = api.create("contacts", lastname="Who")
    link = {"@odata.id": f"{api.root}contacts({contact})"}
    assert api.post(f"{name}s({row_id})/{relation}/$ref", link).status_code == 204
    found = api.row(f"contacts({contact})/{relation}?$select=new_name")["value"]
    assert [each["new_name"] for each in found] == ["x"]
    shown = api.row(f"{PATH}?$filter=SchemaName eq '{relation}'")["value"][0]
    assert shown["@odata.type"] == f"#{NAMESPACE}ManyToManyRelationshipMetadata"
    assert shown["IntersectEntityName"] == f"{relation}_set"
    assert shown["Entity1NavigationPropertyName"] == relation
    assert api.delete(f"{PATH}({relation_id})", If_Match="*").status_code == 204
    assert_fault(api.get(f"contacts({contact})/{relation}"), 404, "0x8006088a", relation)
    assert api.get(of(f"{relation}_set")).status_code == 404


def test_a_table_is_joined_with_itself_under_two_names(api: Api) -> None:
    name, relation = make_table(api), fresh("new_nn")
    names = {
        "Entity1NavigationPropertyName": "new_likes",
        "Entity2NavigationPropertyName": "new_liked",
    }
    make(api, PATH, many_to_many(relation, name, name, **names))
    first, second = (api.create(f"{name}s", new_name=each) for each in "ab")
    link = {"@odata.id": f"{api.root}{name}s({second})"}
    assert api.post(f"{name}s({first})/new_likes/$ref", link).status_code == 204
    found = api.row(f"{name}s({second})/new_liked?$select=new_name")["value"]
    assert [each["new_name"] for each in found] == ["a"]


def test_a_deleted_relationship_takes_its_lookup_along(api: Api) -> None:
    parent, child, name = _pair(api)
    parent_id = api.create(f"{parent}s", new_name="P")
    bind = {"new_ParentId@odata.bind": f"/{parent}s({parent_id})"}
    child_id = api.create(f"{child}s", **bind)
    relation_id = api.row(f"{PATH}(SchemaName='{name}')")["MetadataId"]
    assert api.delete(f"{PATH}({relation_id})").status_code == 204
    assert "_new_parentid_value" not in api.row(f"{child}s({child_id})")
    assert api.get(f"{of(child)}/Attributes(LogicalName='new_parentid')").status_code == 404
    assert_fault(api.delete(f"{PATH}({relation_id})"), 404, "0x80060888", relation_id)


def test_relationships_are_made_below_a_table_as_well(api: Api) -> None:
    parent, child = make_table(api), make_table(api)
    body = one_to_many(fresh("new_rel"), parent, child, "new_ParentId")
    del body["@odata.type"]
    make(api, f"{of(parent)}/OneToManyRelationships", body)
    found = api.row(f"{of(child)}/ManyToOneRelationships?$select=SchemaName")["value"]
    assert body["SchemaName"] in {each["SchemaName"] for each in found}
    body = many_to_many(fresh("new_nn"), parent, child)
    make(api, f"{of(parent)}/ManyToManyRelationships", body)


def test_the_lookup_may_be_labelled_in_several_languages(api: Api) -> None:
    parent, child = make_table(api), make_table(api)
    body = one_to_many(fresh("new_rel"), parent, child, "new_ParentId")
    body["Lookup"]["DisplayName"] = label("Parent", l1031="Eltern")
    body["Lookup"]["RequiredLevel"] = {"Value": "ApplicationRequired", "CanBeChanged": True}
    make(api, PATH, body)
    found = api.row(f"{of(child)}/Attributes(LogicalName='new_parentid')")
    assert len(found["DisplayName"]["LocalizedLabels"]) == 2
    assert found["RequiredLevel"]["Value"] == "ApplicationRequired"


@pytest.mark.parametrize(
    ("name", "code"),
    [("lk_lead_createdonbehalfby", "0x8004700a"), ("systemuserroles_association", "0x8004700a")],
)
def test_standard_relationships_stay(api: Api, name: str, code: str) -> None:
    assert_fault(api.delete(f"{PATH}(SchemaName='{name}')"), 400, code, name)


def _wrong(**members: Any) -> dict[str, Any]:
    body = one_to_many("new_wrong", "account", "contact", "new_WrongId") | members
    return {name: value for name, value in body.items() if value is not None}


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        (_wrong(SchemaName=None), "0x8004432a", "SchemaName"),
        (_wrong(SchemaName="wrong"), "0x80040203", "wrong"),
        (_wrong(SchemaName="new_" + "x" * 97), "0x80040203", "101 characters"),
        (_wrong(ReferencedEntity="nothing"), "0x8004f899", "nothing"),
        (_wrong(ReferencingEntity="nothing"), "0x8004f899", "nothing"),
        (_wrong(ReferencingEntity=None), "0x80040203", "ReferencingEntity"),
        (_wrong(ReferencingEntity="teammembership"), "0x80044332", "teammembership"),
        (_wrong(ReferencedAttribute="name"), "0x80040203", "accountid"),
        (_wrong(Lookup=None), "0x80040203", "Lookup"),
        (_wrong(Lookup={"SchemaName": "WrongId"}), "0x80040203", "WrongId"),
        (_wrong(Lookup=7), "0x80048d19", "Lookup"),
        (_wrong(CascadeConfiguration={"Delete": "Never"}), "0x80040203", "Never"),
        (_wrong(CascadeConfiguration={"Assign": "Restrict"}), "0x80040203", "Restrict"),
        (_wrong(IsHierarchical=True), "0x80040203", "new_wrong"),
        (_wrong(ReferencedEntityNavigationPropertyName="name"), "0x80040203", "name"),
        (_wrong(ReferencingEntityNavigationPropertyName="lastname"), "0x80040203", "lastname"),
        (_wrong(**{"@odata.type": None}), "0x80040203", "@odata.type"),
        (_wrong(**{"@odata.type": "Other"}), "0x80040203", "Other"),
        (many_to_many("new_wrong", "account", "nothing"), "0x8004f899", "nothing"),
        (many_to_many("new_wrong", "account", "teammembership"), "0x80044332", "teammembership"),
        (
            many_to_many("new_wrong", "account", "contact", IntersectEntityName="x y"),
            "0x80040203",
            "x y",
        ),
    ],
)
def test_a_wrong_relationship_is_refused_by_name_and_nothing_is_made(
    api: Api, body: dict[str, Any], code: str, words: str
) -> None:
    assert_fault(api.post(PATH, body), 400, code, words)
    assert api.row(f"{PATH}?$filter=SchemaName eq 'new_wrong'")["value"] == []
    column = f"{of('contact')}/Attributes(LogicalName='new_wrongid')"
    assert api.get(column).status_code == 404


def test_names_of_relationships_are_unique(api: Api) -> None:
    parent, child, name = _pair(api)
    again = one_to_many(name, parent, child, "new_OtherId")
    assert_fault(api.post(PATH, again), 400, "0x8004432b", name)
    again = one_to_many(fresh("new_rel"), parent, child, "new_ParentId")
    assert_fault(api.post(PATH, again), 400, "0x80047013", "new_parentid")
    relation = fresh("new_nn")
    make(api, PATH, many_to_many(relation, parent, child))
    other = many_to_many(fresh("new_nn"), parent, child, IntersectEntityName=f"{relation}_set")
    assert_fault(api.post(PATH, other), 400, "0x80040203", f"{relation}_set")
