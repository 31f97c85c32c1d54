"""The built-in tables: their names, and that they fit together."""

from __future__ import annotations

from collections import Counter

import pytest

from work_assignment.mock_dataverse.tables.catalogs import build_catalog
from work_assignment.mock_dataverse.tables.metadata import CascadeDelete, Catalog, ColumnType


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return build_catalog([])


def test_every_relationship_joins_tables_and_columns_that_exist(catalog: Catalog) -> None:
    for relation in catalog.one_to_many:
        column = catalog.tables[relation.referencing_table].columns[relation.referencing_column]
        assert relation.referenced_table in column.targets
        assert relation.referenced_table in catalog.tables
    for many in catalog.many_to_many:
        intersect = catalog.tables[many.intersect_table]
        assert {many.column1, many.column2} <= set(intersect.columns)


# What a customer is of one table, which Dataverse fills in.
HALVES_OF_A_CUSTOMER = {
    "contact": {"accountid", "parentcontactid"},
    "lead": {"accountid", "contactid"},
    "opportunity": {"accountid", "contactid"},
}


def test_every_lookup_has_a_relationship_to_each_of_its_targets(catalog: Catalog) -> None:
    for table in catalog:
        for column in table.columns.values():
            if column.logical_name in HALVES_OF_A_CUSTOMER.get(table.logical_name, ()):
                continue
            relations = catalog.navigations_of(table.logical_name, column.logical_name)
            assert {r.referenced_table for r in relations} == set(column.targets)


def test_no_two_relationships_share_a_navigation_property(catalog: Catalog) -> None:
    single = Counter((r.referencing_table, r.referencing_navigation) for r in catalog.one_to_many)
    collections = Counter(
        (r.referenced_table, r.referenced_navigation) for r in catalog.one_to_many
    )
    shared = {name for (_, name), count in single.items() if count > 1}
    assert shared == {"ownerid"}
    assert {name for name, count in collections.items() if count > 1} == set()


def test_every_table_has_its_primary_columns(catalog: Catalog) -> None:
    for table in catalog:
        assert table.columns[table.primary_id].is_primary_id
        assert "versionnumber" in table.columns
        if table.primary_name is not None:
            assert table.columns[table.primary_name].type is ColumnType.STRING


def test_names_and_codes_of_tables_are_unique(catalog: Catalog) -> None:
    for value in ("entity_set_name", "object_type_code", "logical_name"):
        assert max(Counter(getattr(table, value) for table in catalog).values()) == 1


@pytest.mark.parametrize(
    ("table", "entity_set", "code", "primary_name"),
    [
        ("lead", "leads", 4, "fullname"),
        ("opportunity", "opportunities", 3, "name"),
        ("account", "accounts", 1, "name"),
        ("contact", "contacts", 2, "fullname"),
        ("systemuser", "systemusers", 8, "fullname"),
        ("team", "teams", 9, "name"),
        ("task", "tasks", 4212, "subject"),
        ("queueitem", "queueitems", 2029, "title"),
        ("usersettings", "usersettingscollection", 150, None),
        ("transactioncurrency", "transactioncurrencies", 9105, "currencyname"),
        ("sdkmessageprocessingstep", "sdkmessageprocessingsteps", 4608, "name"),
        ("serviceendpoint", "serviceendpoints", 4618, "name"),
    ],
)
def test_tables_are_called_as_in_dynamics(
    catalog: Catalog, table: str, entity_set: str, code: int, primary_name: str | None
) -> None:
    found = catalog.tables[table]
    assert catalog.by_set(entity_set) is found
    assert (found.object_type_code, found.primary_name) == (code, primary_name)


@pytest.mark.parametrize(
    ("table", "navigation", "target"),
    [
        ("lead", "parentaccountid", "account"),
        ("lead", "customerid_contact", "contact"),
        ("opportunity", "customerid_account", "account"),
        ("opportunity", "originatingleadid", "lead"),
        ("contact", "parentcustomerid_account", "account"),
        ("task", "regardingobjectid_lead_task", "lead"),
        ("annotation", "objectid_opportunity", "opportunity"),
        ("queueitem", "workerid_systemuser", "systemuser"),
        ("systemuser", "parentsystemuserid", "systemuser"),
        ("sdkmessageprocessingstep", "eventhandler_serviceendpoint", "serviceendpoint"),
    ],
)
def test_lookups_are_bound_as_in_dynamics(
    catalog: Catalog, table: str, navigation: str, target: str
) -> None:
    relation = catalog.single_valued(table, navigation)
    assert relation is not None
    assert relation.referenced_table == target


def test_collections_are_called_as_in_dynamics(catalog: Catalog) -> None:
    tasks = catalog.collection_valued("lead", "Lead_Tasks")
    assert tasks is not None
    assert (tasks.referencing_table, tasks.cascade_delete) == ("task", CascadeDelete.CASCADE)
    assert catalog.collection_valued("account", "opportunity_customer_accounts") is not None
    assert catalog.many_valued("systemuser", "teammembership_association") is not None


def test_every_state_has_reasons_and_every_reason_a_state(catalog: Catalog) -> None:
    for table in catalog:
        if "statecode" not in table.columns:
            continue
        states, reasons = table.columns["statecode"].options, table.columns["statuscode"].options
        assert {reason.state for reason in reasons} == {state.value for state in states}
        by_value = {reason.value: reason for reason in reasons}
        assert all(by_value[s.default_status or 0].state == s.value for s in states)


def test_amounts_come_with_base_amount_currency_and_rate(catalog: Catalog) -> None:
    lead = catalog.tables["lead"]
    assert not lead.columns["estimatedamount_base"].valid_for_create
    assert lead.columns["transactioncurrencyid"].targets == ("transactioncurrency",)
    assert lead.columns["exchangerate"].type is ColumnType.DECIMAL
