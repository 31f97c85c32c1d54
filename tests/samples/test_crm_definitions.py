"""The set-up for a CRM export: its columns, and who gets which deal."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from tests.samples.crm_files import write_export
from tests.samples.sample_files import (
    catalog,
    columns_of,
    decide_all,
    definitions,
    load_folder,
    record,
)
from tests.solution.solution_files import manifest_text, root_components, tables

from work_assignment.domain.deciding.decisions import Assigned
from work_assignment.domain.deciding.definitions import Definitions
from work_assignment.mock_dataverse.tables.metadata import ColumnType
from work_assignment.samples import CRM_EXPORT_DEFINITIONS, CRM_EXPORT_SOLUTION
from work_assignment.services.crm_export import (
    Account,
    CrmExport,
    Deal,
    DealStage,
    Product,
    SalesAgent,
    account_columns,
    domain_names,
    export_definitions,
    opportunity_columns,
    read_export,
)

NOON = datetime(2026, 3, 25, 12, tzinfo=UTC)
OFFICES = {
    "Darcel Schlecht": ("Melvin Marxen", "Central"),
    "Elease Gluck": ("Celia Rouche", "West"),
    "Rosalina Dieter": ("Celia Rouche", "West"),
    "Markita Hansen": ("Celia Rouche", "West"),
    "Kary Hendrixson": ("Summer Sewald", "West"),
    "Corliss Cosme": ("Cara Losch", "East"),
}
SELLERS = tuple(SalesAgent(name, *place) for name, place in OFFICES.items())
FOLDER = load_folder(CRM_EXPORT_DEFINITIONS)


def deal(series: str, price: int, sector: str | None = None, number: int = 0) -> Deal:
    account = Account("A customer", sector, None, None, None, "", None) if sector else None
    product = Product(f"{series} product", series, Decimal(price))
    return Deal(f"D{number}", SELLERS[0], product, account, DealStage.ENGAGING, None, None, None)


def made(*, max_capacity: int = 75) -> Definitions:
    export = CrmExport((), (), SELLERS, ())
    folder = FOLDER | export_definitions(export, max_capacity=max_capacity)
    users = [{"domainname": name} for name in domain_names(SELLERS).values()]
    return definitions(folder, users, catalog(CRM_EXPORT_SOLUTION))


def decided(deals: list[Deal], definitions: Definitions) -> list[tuple[str, str] | None]:
    """Rule and seller of each deal, None for those that nobody takes."""
    records = [record(n, "opportunity", opportunity_columns(d), NOON) for n, d in enumerate(deals)]
    return [
        (decision.rule.name, decision.recipient.id.split("@")[0])
        if isinstance(decision, Assigned)
        else None
        for decision in decide_all(definitions, records, NOON)
    ]


def test_the_solution_adds_columns_and_a_key_to_opportunities() -> None:
    opportunity = tables(CRM_EXPORT_SOLUTION)["opportunity"]
    types = {name: column.type for name, column in opportunity.columns.items()}
    assert types == {
        "crm_externalid": "nvarchar",
        "crm_listprice": "money",
        "crm_product": "nvarchar",
        "crm_productseries": "nvarchar",
        "crm_sector": "nvarchar",
        "crm_stage": "nvarchar",
    }
    assert opportunity.keys == {"crm_externalidkey": ("crm_externalid",)}
    assert all(c.label and c.description for c in opportunity.columns.values())
    assert root_components(CRM_EXPORT_SOLUTION) == [(1, "opportunity", 2)]
    assert manifest_text("Publisher/CustomizationPrefix", CRM_EXPORT_SOLUTION) == "crm"


def test_the_mock_takes_the_solution_on_top_of_the_products_own() -> None:
    columns = catalog(CRM_EXPORT_SOLUTION).tables["opportunity"].columns
    assert columns["crm_listprice"].type is ColumnType.MONEY
    assert "wa_assignmentresult" in columns


def test_rows_made_of_an_export_have_only_columns_that_exist(tmp_path: Path) -> None:
    export = read_export(write_export(tmp_path))
    known = catalog(CRM_EXPORT_SOLUTION)
    for found in export.opportunities:
        assert set(opportunity_columns(found)) <= set(columns_of("opportunity", known))
    for account in export.accounts:
        assert set(account_columns(account)) <= set(columns_of("account", known))


@pytest.mark.parametrize(
    ("found", "rule"),
    [
        (deal("GTK", 26768, "medical"), "GTK, named sellers"),
        (deal("GTX", 550, "medical"), "Medical, West office"),
        (deal("MG", 55, "finance"), "Finance, Central office"),
        (deal("GTX", 4821), "GTX high value, East office"),
        (deal("GTX", 4821, "technolgy"), "GTX high value, East office"),
        (deal("GTX", 1096, "technolgy"), "Technology, Summer Sewald's team"),
        (deal("MG", 3393, "software"), "Technology, Summer Sewald's team"),
        (deal("MG", 55), "MG small deals, Central office"),
        (deal("MG", 3393), "Everybody"),
        (deal("GTX", 550, "retail"), "Everybody"),
    ],
)
def test_a_deal_goes_by_series_price_and_sector(found: Deal, rule: str) -> None:
    (outcome,) = decided([found], made())
    assert outcome is not None
    assert outcome[0] == rule


@pytest.mark.parametrize(
    ("found", "first", "then"),
    [
        (deal("GTK", 26768), "GTK, named sellers", "GTK, anybody"),
        (deal("MG", 55, "medical"), "Medical, West office", "Medical and finance, anybody"),
        (deal("MG", 55, "finance"), "Finance, Central office", "Medical and finance, anybody"),
        (deal("GTX", 4821), "GTX high value, East office", "GTX high value, other offices"),
        (deal("MG", 55, "software"), "Technology, Summer Sewald's team", "Technology, anybody"),
        (deal("MG", 55), "MG small deals, Central office", "MG small deals, anybody"),
    ],
)
def test_when_those_meant_for_it_are_full_the_next_rule_takes_over(
    found: Deal, first: str, then: str
) -> None:
    deals = [replace(found, id=f"D{number}") for number in range(7)]
    outcomes = decided(deals, made(max_capacity=1))
    assert outcomes[-1] is None
    rules = [outcome[0] for outcome in outcomes if outcome]
    assert len(rules) == 6
    turn = rules.index(then)
    assert rules == [first] * turn + [then] * (6 - turn)
    assert turn > 0


def test_every_rule_heeds_capacity_and_every_segment_ends_with_anybody() -> None:
    assert all(rule["capacity"] for rule in FOLDER["rules"])
    last = {rule["segment"]: rule for rule in sorted(FOLDER["rules"], key=lambda r: r["order"])}
    assert set(last) == {segment["name"] for segment in FOLDER["segments"]}
    assert all(rule["match"] == "any" or "any" in rule["attributes"] for rule in last.values())


def test_named_sellers_are_written_as_the_export_writes_them() -> None:
    listed = {user for rule in FOLDER["rules"] for user in rule.get("list", [])}
    assert listed <= set(domain_names(SELLERS).values())
