"""The client's names and the solution say the same, in both directions."""

from __future__ import annotations

from enum import IntEnum

import pytest
from tests.solution.solution_files import choices, relationships, tables

from work_assignment.dataverse import choices as values
from work_assignment.dataverse import names
from work_assignment.dataverse.names import LookupName, TableName
from work_assignment.domain import statuses
from work_assignment.domain.runs import outcomes, sweeps

OWN_COLUMNS: list[tuple[TableName, type]] = [
    (names.SEGMENT, names.SegmentColumn),
    (names.ASSIGNMENT_RULE, names.AssignmentRuleColumn),
    (names.SELLER_ATTRIBUTE, names.SellerAttributeColumn),
    (names.SELLER_ATTRIBUTE_VALUE, names.SellerAttributeValueColumn),
    (names.SELLER, names.SellerColumn),
    (names.SETTING, names.SettingColumn),
    (names.ROUTING_RUN, names.RoutingRunColumn),
    (names.SWEEP, names.SweepColumn),
    (names.WORK_ITEM_STATE, names.WorkItemStateColumn),
    (names.WORKLIST_SETTING, names.WorklistSettingColumn),
    (names.LEAD, names.RoutedColumn),
    (names.OPPORTUNITY, names.RoutedColumn),
    (names.ACCOUNT, names.RoutedColumn),
    (names.CONTACT, names.RoutedColumn),
]
OWN_COLUMN_IDS = [table.logical_name for table, _ in OWN_COLUMNS]
CHOICES: dict[str, type[IntEnum]] = {
    "wa_segmentationstatus": statuses.SegmentationStatus,
    "wa_routingstatus": statuses.RoutingStatus,
    "wa_assignmentresult": values.AssignmentResult,
    "wa_distributeto": values.DistributeTo,
    "wa_matchtype": values.MatchType,
    "wa_distributiontype": values.DistributionType,
    "wa_onnoseller": values.OnNoSeller,
    "wa_roundrobinscope": values.RoundRobinScope,
    "wa_triggertype": sweeps.Trigger,
    "wa_instancetype": sweeps.SweepKind,
}
ALL_TABLES = [value for value in vars(names).values() if isinstance(value, TableName)]


def columns_in(group: type) -> list[str | LookupName]:
    """The columns that a group of names holds."""
    return [value for name, value in vars(group).items() if not name.startswith("__")]


def logical(column: str | LookupName) -> str:
    return column.column if isinstance(column, LookupName) else column


def test_the_tables_of_ours_are_those_of_the_solution() -> None:
    known = {table.logical_name: table for table in ALL_TABLES}
    assert set(tables()) <= set(known)
    for name, table in tables().items():
        if table.entity_set is not None:
            assert known[name].entity_set == table.entity_set
            assert table.columns[known[name].primary_id].type == "primarykey"


def test_no_table_is_named_twice() -> None:
    assert len({table.logical_name for table in ALL_TABLES}) == len(ALL_TABLES)
    assert len({table.entity_set for table in ALL_TABLES}) == len(ALL_TABLES)


@pytest.mark.parametrize(("table", "group"), OWN_COLUMNS, ids=OWN_COLUMN_IDS)
def test_the_names_of_a_table_are_its_columns(table: TableName, group: type) -> None:
    named = [logical(column) for column in columns_in(group)]
    assert len(named) == len(set(named))
    assert set(named) == set(tables()[table.logical_name].columns) - {table.primary_id}


@pytest.mark.parametrize(("table", "group"), OWN_COLUMNS, ids=OWN_COLUMN_IDS)
def test_lookups_are_bound_by_their_schema_name(table: TableName, group: type) -> None:
    columns = tables()[table.logical_name].columns
    for column in columns_in(group):
        xml = columns[logical(column)]
        assert isinstance(column, LookupName) == (xml.type == "lookup")
        if isinstance(column, LookupName):
            assert column.navigation == xml.physical_name
            assert column.value == f"_{xml.logical_name}_value"
            assert column.bind == f"{xml.physical_name}@odata.bind"


def test_the_many_to_many_is_that_of_the_solution() -> None:
    intersect = relationships()[names.SELLER_ATTRIBUTE_VALUE_SYSTEM_USER].values
    link = names.SELLER_ATTRIBUTE_VALUE_SYSTEM_USER_TABLE
    assert link.logical_name == intersect["IntersectEntityName"]


def test_every_choice_has_the_values_of_the_solution() -> None:
    for name, group in CHOICES.items():
        assert {int(member) for member in group} == set(choices()[name]), name


def test_why_a_record_was_looked_at_is_a_reason_of_the_solution() -> None:
    reasons = {source.value for source in outcomes.RequestSource}
    assert reasons <= set(choices()["wa_routingrequestsource"])


@pytest.mark.parametrize(
    ("table", "group"),
    [
        ("wa_segment", values.SegmentStatus),
        ("wa_assignmentrule", values.RuleStatus),
        ("wa_sweep", values.SweepStatus),
    ],
)
def test_status_reasons_agree_by_number_and_name(table: str, group: type[IntEnum]) -> None:
    labels = tables()[table].columns["statuscode"].options
    words = {int(member): member.name.replace("_", " ").capitalize() for member in group}
    assert labels == words
