"""The solution folder is whole: what one file names, another file holds."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from defusedxml.ElementTree import parse
from tests.solution.solution_files import (
    SOLUTION,
    choices,
    listed_relationships,
    manifest_text,
    relationships,
    root_components,
    root_of,
    tables,
)

TABLE, CHOICE = 1, 9
ALL_FILES = sorted(SOLUTION.rglob("*.xml"))
OWN_TABLES = {name: table for name, table in tables().items() if name.startswith("wa_")}
STANDARD_TABLES = {name: table for name, table in tables().items() if name not in OWN_TABLES}
COLUMNS = [(name, column) for name, table in tables().items() for column in table.columns.values()]
GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def test_the_manifest_names_the_solution_and_its_publisher() -> None:
    assert manifest_text("UniqueName") == "WorkAssignment"
    assert manifest_text("Version") == "1.0.0.0"
    assert manifest_text("Managed") == "0"
    assert manifest_text("Publisher/UniqueName") == "workassignment"
    assert manifest_text("Publisher/CustomizationPrefix") == "wa"
    assert manifest_text("Publisher/CustomizationOptionValuePrefix") == "72700"


def test_every_root_component_has_a_body_and_every_body_is_a_root_component() -> None:
    components = root_components()
    assert {name for kind, name, _ in components if kind == TABLE} == set(tables())
    assert {name for kind, name, _ in components if kind == CHOICE} == set(choices())
    assert {kind for kind, _, _ in components} == {TABLE, CHOICE}
    assert len(components) == len(set(components))


def test_own_tables_come_whole_and_standard_tables_as_a_shell() -> None:
    behaviors = {name: behavior for kind, name, behavior in root_components() if kind == TABLE}
    assert {behaviors[name] for name in OWN_TABLES} == {0}
    assert {name: behaviors[name] for name in STANDARD_TABLES} == dict.fromkeys(
        ("account", "contact", "lead", "opportunity"), 2
    )


def test_there_are_at_most_fifteen_tables_of_our_own() -> None:
    assert 0 < len(OWN_TABLES) <= 15


@pytest.mark.parametrize("name", OWN_TABLES)
def test_a_table_has_its_labels_its_primary_key_and_one_primary_name(name: str) -> None:
    table = OWN_TABLES[name]
    assert table.label
    assert table.plural
    assert table.description
    assert table.columns[f"{name}id"].type == "primarykey"
    assert [c.logical_name for c in table.columns.values() if c.type == "primarykey"] == [
        f"{name}id"
    ]
    masks = root_of(SOLUTION / "Entities" / table.schema_name / "Entity.xml")
    primary = [m.text for m in masks.iter("DisplayMask") if "PrimaryName" in (m.text or "")]
    assert len(primary) == 1


@pytest.mark.parametrize("name", STANDARD_TABLES)
def test_a_standard_table_gets_only_columns_of_ours(name: str) -> None:
    assert set(STANDARD_TABLES[name].columns) == {"wa_segmentid", "wa_assignmentresult"}
    assert STANDARD_TABLES[name].entity_set is None


def test_a_folder_is_called_as_its_table_and_a_choice_file_as_its_choice() -> None:
    folders = {file.parent.name for file in SOLUTION.glob("Entities/*/Entity.xml")}
    assert folders == {table.schema_name for table in tables().values()}
    assert {file.stem for file in SOLUTION.glob("OptionSets/*.xml")} == set(choices())


def test_entity_sets_and_schema_names_are_unique() -> None:
    sets = Counter(table.entity_set for table in OWN_TABLES.values())
    assert max(sets.values()) == 1
    assert all(table.entity_set == f"{name}s" for name, table in OWN_TABLES.items())


def test_names_of_ours_carry_the_prefix_and_logical_names_are_lower_case() -> None:
    for table, column in COLUMNS:
        assert column.logical_name == column.physical_name.lower(), table
        assert column.logical_name.startswith("wa_") or column.type == "status", table
    assert all(name.startswith("wa_") for name in (*choices(), *relationships()))


def test_every_column_has_a_label_and_a_description() -> None:
    for table, column in COLUMNS:
        assert column.label, f"{table}.{column.logical_name} has no label"
        assert column.description.endswith("."), f"{table}.{column.logical_name}"


def test_labels_within_a_table_differ() -> None:
    for name, table in tables().items():
        labels = Counter(c.label for c in table.columns.values() if c.type != "primarykey")
        assert max(labels.values()) == 1, name


def test_every_lookup_has_a_relationship_and_every_relationship_a_lookup() -> None:
    lookups = {(t, c.logical_name) for t, c in COLUMNS if c.type == "lookup"}
    one_to_many = [r.values for r in relationships().values() if r.type == "OneToMany"]
    held = [
        (v["ReferencingEntityName"].lower(), v["ReferencingAttributeName"].lower())
        for v in one_to_many
    ]
    assert sorted(held) == sorted(lookups)


def test_a_lookup_is_bound_by_its_schema_name_and_its_collection_by_the_relationship() -> None:
    for relationship in relationships().values():
        if relationship.type != "OneToMany":
            continue
        values = relationship.values
        column = tables()[values["ReferencingEntityName"].lower()].columns[
            values["ReferencingAttributeName"].lower()
        ]
        assert relationship.navigations == (column.physical_name, relationship.name)
        one, many = (values[f"{end}EntityName"].lower() for end in ("Referenced", "Referencing"))
        short = column.logical_name.removeprefix("wa_")
        assert relationship.name == f"wa_{one}_{many}_{short}"
        assert relationship.file == values["ReferencedEntityName"]


def test_values_of_an_attribute_go_with_it_and_other_links_are_only_removed() -> None:
    cascades = {
        name: relationship.values["CascadeDelete"]
        for name, relationship in relationships().items()
        if relationship.type == "OneToMany"
    }
    cascading = [name for name, cascade in cascades.items() if cascade == "Cascade"]
    assert cascading == ["wa_wa_sellerattribute_wa_sellerattributevalue_sellerattributeid"]
    assert set(cascades.values()) == {"Cascade", "RemoveLink"}


def test_sellers_have_attribute_values_many_to_many() -> None:
    relationship = relationships()["wa_sellerattributevalue_systemuser"]
    assert relationship.type == "ManyToMany"
    assert relationship.values["IntersectEntityName"] == "wa_sellerattributevalue_systemuser"
    assert relationship.values["FirstEntityName"] == "wa_SellerAttributeValue"
    assert relationship.values["SecondEntityName"] == "SystemUser"
    assert set(relationship.navigations) == {"wa_sellerattributevalue_systemuser"}


def test_the_index_of_relationships_lists_each_of_them() -> None:
    assert listed_relationships() == set(relationships())


def test_every_choice_column_has_its_choice_and_every_choice_a_column() -> None:
    used = {column.choice for _, column in COLUMNS if column.type == "picklist"}
    assert used == set(choices())
    for name, options in choices().items():
        assert len(options) == len(set(options.values())), name
        assert all(options.values()), name


def test_numbers_that_dynamics_does_not_have_begin_with_our_option_prefix() -> None:
    for name, options in choices().items():
        for value in options:
            assert value <= 18 or 727000000 <= value <= 727009999, name


def test_keys_consist_of_columns_of_their_table() -> None:
    keys = {name: table.keys for name, table in tables().items() if table.keys}
    assert keys == {
        "wa_segment": {"wa_namekey": ("wa_recordtype", "wa_name")},
        "wa_assignmentrule": {"wa_namekey": ("wa_recordtype", "wa_name")},
        "wa_sellerattribute": {"wa_namekey": ("wa_name",)},
        "wa_sellerattributevalue": {"wa_namekey": ("wa_sellerattributeid", "wa_name")},
        "wa_seller": {"wa_systemuserkey": ("wa_systemuserid",)},
        "wa_setting": {"wa_namekey": ("wa_name",)},
        "wa_routingrun": {
            "wa_recordversionkey": ("wa_recordtype", "wa_recordid", "wa_recordversion")
        },
        "wa_workitemstate": {"wa_namekey": ("wa_name",)},
        "wa_worklistsetting": {"wa_namekey": ("wa_name",)},
    }
    for name, table_keys in keys.items():
        for columns in table_keys.values():
            assert set(columns) <= set(tables()[name].columns)


def test_no_guid_is_used_twice() -> None:
    found = Counter(
        guid.lower() for file in ALL_FILES for guid in GUID.findall(file.read_text("utf-8"))
    )
    assert [guid for guid, times in found.items() if times > 1] == []


@pytest.mark.parametrize("file", ALL_FILES, ids=lambda file: str(file.relative_to(SOLUTION)))
def test_a_file_is_well_formed_and_holds_no_secret_and_no_address(file: Path) -> None:
    text = file.read_text("utf-8")
    assert text.startswith('<?xml version="1.0" encoding="utf-8"?>\n')
    assert text.endswith(">\n")
    parse(file)
    own = text.replace("http://www.w3.org/2001/XMLSchema-instance", "")
    for word in ("authvalue", "password", "secret=", "apikey", "sharedaccess", "://", "@"):
        assert word not in own.lower(), word
