"""Solution folders: what is read from them, and what is said of a bad one."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.mock_dataverse.core.solution_folder import (
    KEY_COLUMN,
    LOOKUP_COLUMN,
    NAME_COLUMN,
    column,
    relationship,
    write_solution,
)

from work_assignment.mock_dataverse.tables.catalogs import build_catalog
from work_assignment.mock_dataverse.tables.metadata import ColumnType, DateBehavior
from work_assignment.mock_dataverse.tables.solutions.xml_files import SolutionError
from work_assignment.packaged_solution import product_solution

BASIS = NAME_COLUMN + KEY_COLUMN
CHOICE = (
    "<optionset><options><option value='7'><labels>"
    "<label description='Sieben' languagecode='1031'/>"
    "<label description='Seven' languagecode='1033'/>"
    "</labels></option></options></optionset>"
)


def test_the_products_solution_becomes_tables_keys_and_relationships() -> None:
    catalog = build_catalog([product_solution()])
    rule = catalog.tables["wa_assignmentrule"]
    assert (rule.entity_set_name, rule.primary_name) == ("wa_assignmentrules", "wa_name")
    assert [key.columns for key in rule.keys] == [("wa_recordtype", "wa_name")]
    assert {"ownerid", "statecode", "createdon", "versionnumber"} <= set(rule.columns)
    segment = catalog.single_valued("lead", "wa_SegmentId")
    assert segment is not None
    assert segment.referenced_table == "wa_segment"
    result = catalog.tables["lead"].columns["wa_assignmentresult"]
    assert [option.label for option in result.options] == ["Succeeded", "Failed"]
    many = catalog.many_valued("systemuser", "wa_sellerattributevalue_systemuser")
    assert many is not None
    assert many.table1 == "wa_sellerattributevalue"
    assert catalog.tables["wa_setting"].ownership == "OrganizationOwned"


def test_each_type_of_column_is_read(tmp_path: Path) -> None:
    columns = (
        BASIS
        + column("x_Long", "ntext", "<MaxLength>5000</MaxLength>")
        + column("x_Count", "int", "<MinValue>1</MinValue><MaxValue>9</MaxValue>")
        + column("x_Price", "money", "<MinValue>0</MinValue><Accuracy>4</Accuracy>")
        + column("x_Day", "datetime", "<Format>date</Format><Behavior>2</Behavior>")
        + column("x_Kind", "picklist", f"<AppDefaultValue>7</AppDefaultValue>{CHOICE}")
    )
    table = build_catalog([write_solution(tmp_path, columns)]).tables["x_thing"]
    found = table.columns
    assert (found["x_long"].type, found["x_long"].max_length) == (ColumnType.MEMO, 5000)
    assert (found["x_count"].minimum, found["x_count"].maximum) == (1, 9)
    assert found["x_price"].precision == 4
    assert {"x_price_base", "transactioncurrencyid", "exchangerate"} <= set(found)
    assert found["x_day"].date_behavior is DateBehavior.DATE_ONLY
    assert (found["x_kind"].default, found["x_kind"].options[0].label) == (7, "Seven")


def test_columns_are_added_to_a_table_that_exists(tmp_path: Path) -> None:
    columns = column("x_Price", "money") + column("x_Code", "nvarchar", "<MaxLength>9</MaxLength>")
    folder = write_solution(tmp_path, columns, entity="Opportunity")
    table = build_catalog([folder]).tables["opportunity"]
    assert {"x_price", "x_price_base", "x_code", "estimatedvalue"} <= set(table.columns)


def test_a_second_solution_builds_on_the_first(tmp_path: Path) -> None:
    first = write_solution(tmp_path / "first")
    second = write_solution(
        tmp_path / "second", column("x_More", "ntext", "<MaxLength>10</MaxLength>")
    )
    assert "x_more" in build_catalog([first, second]).tables["x_thing"].columns


def test_a_lookup_gets_its_target_from_its_relationship(tmp_path: Path) -> None:
    folder = write_solution(
        tmp_path,
        BASIS + LOOKUP_COLUMN,
        relationships=relationship("x_lead_thing"),
        listed=("x_lead_thing",),
    )
    catalog = build_catalog([folder])
    assert catalog.tables["x_thing"].columns["x_leadid"].targets == ("lead",)
    assert catalog.collection_valued("lead", "x_lead_thing") is not None


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        (NAME_COLUMN, "no column of type primarykey"),
        (BASIS + column("x_File", "file"), "x_File: columns of type file are not supported"),
        (BASIS + column("x_Text", "nvarchar"), "x_Text: <MaxLength> is missing"),
        (BASIS + column("x_Int", "int", "<MinValue>a</MinValue>"), "no number: a"),
        (
            BASIS + column("x_Kind", "picklist", "<OptionSetName>x_kinds</OptionSetName>"),
            "there is no OptionSets/x_kinds.xml",
        ),
        (BASIS + column("x_On", "datetime", "<Behavior>9</Behavior>"), "none of 1, 2, 3: 9"),
        (BASIS + LOOKUP_COLUMN, "x_LeadId: the lookup has no relationship"),
        ("<attribute><Type>int</Type></attribute>", "<LogicalName> is missing"),
    ],
)
def test_a_bad_column_is_named_with_its_file(tmp_path: Path, columns: str, words: str) -> None:
    folder = write_solution(tmp_path, columns)
    with pytest.raises(SolutionError) as caught:
        build_catalog([folder])
    assert words in str(caught.value)
    assert caught.value.path == folder / "Entities/x_Thing/Entity.xml"


def test_relationships_and_their_list_must_agree(tmp_path: Path) -> None:
    folder = write_solution(tmp_path, listed=("x_missing",))
    with pytest.raises(SolutionError, match="x_missing has no file"):
        build_catalog([folder])
    folder = write_solution(
        tmp_path, BASIS + LOOKUP_COLUMN, relationships=relationship("x_unlisted")
    )
    with pytest.raises(SolutionError, match="x_unlisted is not listed"):
        build_catalog([folder])


@pytest.mark.parametrize(
    ("relation", "words"),
    [
        (relationship("x_r", target="Nothing"), "the table nothing, which does not exist"),
        (
            relationship("x_r") + relationship("x_s", column="x_Other"),
            "x_s: there is no column x_other",
        ),
    ],
)
def test_a_relationship_to_nothing_is_refused(tmp_path: Path, relation: str, words: str) -> None:
    folder = write_solution(
        tmp_path,
        BASIS + LOOKUP_COLUMN,
        relationships=relation,
        listed=("x_r", "x_s") if "x_s" in relation else ("x_r",),
    )
    with pytest.raises(SolutionError, match=words):
        build_catalog([folder])


def test_a_key_on_a_missing_column_is_refused(tmp_path: Path) -> None:
    key = (
        "<EntityKeys><EntityKey><Name>x_Key</Name><EntityKeyAttributes>"
        "<AttributeName>x_nothing</AttributeName></EntityKeyAttributes></EntityKey></EntityKeys>"
    )
    with pytest.raises(SolutionError, match="no column x_nothing for the key"):
        build_catalog([write_solution(tmp_path, extra=key)])


def test_what_is_no_solution_or_no_xml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SolutionError, match=r"no Other/Solution\.xml"):
        build_catalog([tmp_path])
    folder = write_solution(tmp_path)
    (folder / "Entities/x_Thing/Entity.xml").write_text("<Entity><Name></Entity>")
    with pytest.raises(SolutionError, match="not well-formed XML"):
        build_catalog([folder])
    (folder / "Entities/x_Thing/Entity.xml").write_text(
        '<!DOCTYPE a [<!ENTITY b "c">]><Entity>&b;</Entity>'
    )
    with pytest.raises(SolutionError, match="not well-formed XML"):
        build_catalog([folder])
