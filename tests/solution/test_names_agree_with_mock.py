"""The client's names are those of the mock's tables, which were written down independently."""

from __future__ import annotations

from functools import cache

import pytest
from tests.solution.solution_files import SOLUTION

from work_assignment.dataverse import calendar_names, email_names, names, registration_names
from work_assignment.dataverse.names import LookupName, TableName
from work_assignment.mock_dataverse.tables.catalogs import build_catalog
from work_assignment.mock_dataverse.tables.metadata import Catalog

MODULES = (calendar_names, email_names, names, registration_names)
ALL_TABLES = [
    value
    for module in MODULES
    for value in vars(module).values()
    if isinstance(value, TableName) and (module is names or value not in vars(names).values())
]
COLUMNS: list[tuple[TableName, type]] = [
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
    (names.USER_SETTINGS, names.UserSettingsColumn),
    (names.LEAD, names.RoutedColumn),
    (names.OPPORTUNITY, names.RoutedColumn),
    (names.ACCOUNT, names.RoutedColumn),
    (names.ACCOUNT, names.Common),
    (names.CONTACT, names.RoutedColumn),
    (names.TEAM, names.TeamColumn),
    (names.QUEUE_ITEM, names.QueueItemColumn),
    (names.ORGANIZATION, names.OrganizationColumn),
    (calendar_names.EXTENDED_USER_SETTING, calendar_names.ExtendedUserSettingColumn),
    (names.SYSTEM_USER, names.SystemUserColumn),
    (names.APP_NOTIFICATION, names.AppNotificationColumn),
    (registration_names.SERVICE_ENDPOINT, registration_names.ServiceEndpointColumn),
    (registration_names.SDK_MESSAGE, registration_names.SdkMessageColumn),
    (registration_names.SDK_MESSAGE_FILTER, registration_names.SdkMessageFilterColumn),
    (registration_names.PROCESSING_STEP, registration_names.ProcessingStepColumn),
    (names.SYSTEM_JOB, names.SystemJobColumn),
]
MANY_TO_MANY = [
    (names.SYSTEM_USER, names.SELLER_ATTRIBUTE_VALUE_SYSTEM_USER),
    (names.SELLER_ATTRIBUTE_VALUE, names.SELLER_ATTRIBUTE_VALUE_SYSTEM_USER),
    (names.SYSTEM_USER, names.USER_ROLES),
    (names.TEAM, names.TEAM_MEMBERS),
    (names.SYSTEM_USER, names.TEAM_MEMBERS),
]


def id_of(item: TableName | type | str) -> str:
    """What a test is called by."""
    if isinstance(item, TableName):
        return item.logical_name
    return item if isinstance(item, str) else item.__name__


@cache
def catalog() -> Catalog:
    return build_catalog([SOLUTION])


@pytest.mark.parametrize("table", ALL_TABLES, ids=id_of)
def test_a_table_has_its_entity_set_and_primary_key(table: TableName) -> None:
    found = catalog().tables[table.logical_name]
    assert (found.entity_set_name, found.primary_id) == (table.entity_set, table.primary_id)


@pytest.mark.parametrize(("table", "group"), COLUMNS, ids=id_of)
def test_columns_exist_and_lookups_are_bound_by_their_navigation(
    table: TableName, group: type
) -> None:
    columns = catalog().tables[table.logical_name].columns
    for name, column in vars(group).items():
        if name.startswith("__"):
            continue
        if isinstance(column, LookupName):
            assert columns[column.column].type.is_lookup
            relation = catalog().single_valued(table.logical_name, column.navigation)
            assert relation is not None
            assert relation.referencing_column == column.column
        else:
            assert not columns[column].type.is_lookup


@pytest.mark.parametrize(("table", "navigation"), MANY_TO_MANY, ids=id_of)
def test_many_to_many_navigations_exist(table: TableName, navigation: str) -> None:
    assert catalog().many_valued(table.logical_name, navigation) is not None
