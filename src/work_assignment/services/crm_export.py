"""The four CSV files of a CRM export, read into typed values; a bad file stops here."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

from work_assignment.services.csv_table import CsvRow, CsvTable, read_table

ACCOUNTS = "accounts.csv"
PRODUCTS = "products.csv"
SELLERS = "sales_teams.csv"
OPPORTUNITIES = "sales_pipeline.csv"
EMAIL_DOMAIN = "crm-export.example"
MAX_CAPACITY = 75


class DealStage(StrEnum):
    """How far a deal has come."""

    PROSPECTING = "Prospecting"
    ENGAGING = "Engaging"
    WON = "Won"
    LOST = "Lost"

    @property
    def is_open(self) -> bool:
        return self in (DealStage.PROSPECTING, DealStage.ENGAGING)


@dataclass(frozen=True, slots=True)
class Account:
    """A customer. Revenue is in millions of US dollars; an empty sector is not known."""

    name: str
    sector: str
    year_established: int | None
    revenue: Decimal | None
    employees: int | None
    office_location: str
    subsidiary_of: str | None


@dataclass(frozen=True, slots=True)
class Product:
    """A product and its list price in US dollars."""

    name: str
    series: str
    list_price: Decimal


@dataclass(frozen=True, slots=True)
class SalesAgent:
    """A seller, with the manager and the office she belongs to."""

    name: str
    manager: str
    regional_office: str


@dataclass(frozen=True, slots=True)
class Deal:
    """An opportunity. Its seller, product and account are those of the other files."""

    id: str
    seller: SalesAgent
    product: Product
    account: Account | None
    stage: DealStage
    engaged_on: date | None
    closed_on: date | None
    close_value: Decimal | None


@dataclass(frozen=True, slots=True)
class CrmExport:
    """Everything that the four files hold, in the order of the files."""

    accounts: tuple[Account, ...]
    products: tuple[Product, ...]
    sellers: tuple[SalesAgent, ...]
    opportunities: tuple[Deal, ...] = field(repr=False)

    def open_opportunities(self) -> tuple[Deal, ...]:
        """The deals that are neither won nor lost."""
        return tuple(deal for deal in self.opportunities if deal.stage.is_open)


def read_export(folder: Path) -> CrmExport:
    """Read a folder with the four files.

    Raises CsvError for the first file with problems, naming them all.
    """
    accounts = _accounts(folder / ACCOUNTS)
    products = _products(folder / PRODUCTS)
    sellers = _sellers(folder / SELLERS)
    deals = _deals(folder / OPPORTUNITIES, accounts, products, sellers)
    return CrmExport(
        tuple(accounts.values()), tuple(products.values()), tuple(sellers.values()), deals
    )


def domain_names(sellers: Iterable[SalesAgent]) -> dict[str, str]:
    """Make a domain name for each seller, by the seller's name; no two are alike."""
    made: dict[str, str] = {}
    taken: set[str] = set()
    for seller in sellers:
        plain = unicodedata.normalize("NFKD", seller.name).encode("ascii", "ignore").decode()
        stem = re.sub(r"[^a-z0-9-]+", ".", plain.lower()).strip(".") or "seller"
        local, number = stem, 1
        while local in taken:
            number += 1
            local = f"{stem}{number}"
        taken.add(local)
        made[seller.name] = f"{local}@{EMAIL_DOMAIN}"
    return made


def export_definitions(
    export: CrmExport, *, max_capacity: int = MAX_CAPACITY
) -> dict[str, list[dict[str, Any]]]:
    """Make the `sellers:` part of a definitions folder, with manager and office as attributes."""
    users = domain_names(export.sellers)
    return {
        "sellers": [
            {
                "user": users[seller.name],
                "max_capacity": max_capacity,
                "attributes": {
                    "Manager": [seller.manager],
                    "Regional office": [seller.regional_office],
                },
            }
            for seller in export.sellers
        ]
    }


def account_columns(account: Account) -> dict[str, Any]:
    """Make the columns of an account row; what the export does not know is left out."""
    revenue = None if account.revenue is None else account.revenue * 1_000_000
    columns = {
        "name": account.name,
        "revenue": revenue,
        "numberofemployees": account.employees,
        "address1_country": account.office_location or None,
    }
    return {column: value for column, value in columns.items() if value is not None}


def opportunity_columns(deal: Deal) -> dict[str, Any]:
    """Make the columns of an opportunity row, but for its account; columns of the sample solution
    carry what routing rules look at. Without account there is no sector.
    """
    customer = deal.account.name if deal.account else deal.id
    columns = {
        "name": f"{deal.product.name} for {customer}",
        "crm_externalid": deal.id,
        "crm_product": deal.product.name,
        "crm_productseries": deal.product.series,
        "crm_listprice": deal.product.list_price,
        "crm_sector": (deal.account.sector or None) if deal.account else None,
        "crm_stage": deal.stage.value,
    }
    return {column: value for column, value in columns.items() if value is not None}


def _accounts(file: Path) -> dict[str, Account]:
    columns = ("account", "sector", "year_established", "revenue", "employees")
    table = read_table(file, (*columns, "office_location", "subsidiary_of"))
    table.check_unique("account")
    accounts = {row["account"]: _account(table, row) for row in table.rows}
    for row in table.rows:
        if row["subsidiary_of"]:
            table.named(row, "subsidiary_of", "account", accounts)
    table.raise_if_any()
    return accounts


def _account(table: CsvTable, row: CsvRow) -> Account:
    return Account(
        name=row["account"],
        sector=row["sector"],
        year_established=table.whole(row, "year_established"),
        revenue=table.number(row, "revenue"),
        employees=table.whole(row, "employees"),
        office_location=row["office_location"],
        subsidiary_of=row["subsidiary_of"] or None,
    )


def _products(file: Path) -> dict[str, Product]:
    table = read_table(file, ("product", "series", "sales_price"))
    table.check_unique("product")
    products = {row["product"]: _product(table, row) for row in table.rows}
    table.raise_if_any()
    return products


def _product(table: CsvTable, row: CsvRow) -> Product:
    series = table.text(row, "series")
    table.text(row, "sales_price")
    return Product(row["product"], series, table.number(row, "sales_price") or Decimal(0))


def _sellers(file: Path) -> dict[str, SalesAgent]:
    table = read_table(file, ("sales_agent", "manager", "regional_office"))
    table.check_unique("sales_agent")
    sellers = {
        row["sales_agent"]: SalesAgent(
            row["sales_agent"], table.text(row, "manager"), table.text(row, "regional_office")
        )
        for row in table.rows
    }
    table.raise_if_any()
    return sellers


def _deals(
    file: Path,
    accounts: Mapping[str, Account],
    products: Mapping[str, Product],
    sellers: Mapping[str, SalesAgent],
) -> tuple[Deal, ...]:
    columns = ("opportunity_id", "sales_agent", "product", "account", "deal_stage")
    table = read_table(file, (*columns, "engage_date", "close_date", "close_value"))
    table.check_unique("opportunity_id")
    unspaced = _without_spaces(products)
    read = []
    for row in table.rows:
        product = unspaced.get(row["product"].replace(" ", ""))
        if product is None or row["product"] in products:
            product = table.named(row, "product", "product", products)
        read.append(_deal(table, row, accounts, product, sellers))
    table.raise_if_any()
    return tuple(deal for deal in read if deal is not None)


def _deal(
    table: CsvTable,
    row: CsvRow,
    accounts: Mapping[str, Account],
    product: Product | None,
    sellers: Mapping[str, SalesAgent],
) -> Deal | None:
    """The deal of one row, or None when something it cannot do without was noted as a problem."""
    seller = table.named(row, "sales_agent", "seller", sellers)
    account = table.named(row, "account", "account", accounts) if row["account"] else None
    stage = table.named(row, "deal_stage", "stage", {stage.value: stage for stage in DealStage})
    engaged_on, closed_on = table.day(row, "engage_date"), table.day(row, "close_date")
    close_value = table.number(row, "close_value")
    if seller is None or product is None or stage is None:
        return None
    return Deal(
        row["opportunity_id"], seller, product, account, stage, engaged_on, closed_on, close_value
    )


def _without_spaces(products: Mapping[str, Product]) -> dict[str, Product]:
    """Products by their names without spaces, as far as such a name means only one of them."""
    found: dict[str, list[Product]] = {}
    for name, product in products.items():
        found.setdefault(name.replace(" ", ""), []).append(product)
    return {name: alike[0] for name, alike in found.items() if len(alike) == 1}
