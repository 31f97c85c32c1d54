"""What a demonstration runs on: the sample organisation, or one made from a CRM export."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import yaml

from work_assignment.cli import sample_data
from work_assignment.dataverse import messages
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.names import ACCOUNT, LEAD, OPPORTUNITY, TableName
from work_assignment.samples import (
    CRM_EXPORT_DEFINITIONS,
    CRM_EXPORT_SOLUTION,
    DEFINITIONS,
    SCENARIO,
)
from work_assignment.services.crm_export import (
    CrmExport,
    account_columns,
    domain_names,
    export_definitions,
    opportunity_columns,
)

TABLES: dict[str, TableName] = {table.logical_name: table for table in (LEAD, OPPORTUNITY)}


@dataclass(frozen=True, slots=True)
class Incoming:
    """A record as it comes in: its id is ours, so that it can be followed."""

    table: TableName
    id: str
    name: str
    columns: Mapping[str, Any]
    story: str = ""


class Organisation(Protocol):
    """Where a demonstration takes its people, definitions and records from."""

    @property
    def title(self) -> str: ...
    @property
    def solutions(self) -> Sequence[Path]:
        """Solution folders that the mock needs besides the product's own."""

    @property
    def creator(self) -> str:
        """The domain name of the application user who enters the records."""

    @property
    def one_by_one(self) -> bool:
        """Whether each record is shown before the next is sent."""

    @property
    def example(self) -> tuple[str, str, str]:
        """A record to send by hand: its type, entity set and columns as JSON."""

    def fill(self, client: DataverseClient) -> None:
        """Create people and accounts."""

    def definitions(self, folder: Path) -> Path:
        """The folder of definitions; `folder` may be used to make it."""

    def incoming(self) -> list[Incoming]:
        """The records that come in, in order."""


class SampleOrganisation:
    """Larkfell Outdoor: twelve sellers, leads from a web form, opportunities from partners."""

    title = "Larkfell Outdoor, a sample organisation"
    solutions: Sequence[Path] = ()
    creator = sample_data.WEB_FORM_USER
    one_by_one = True
    example = (
        LEAD.logical_name,
        LEAD.entity_set,
        '{"lastname": "Curtis", "address1_country": "France", "leadsourcecode": 8}',
    )

    def fill(self, client: DataverseClient) -> None:
        sample_data.fill_with(client)

    def definitions(self, folder: Path) -> Path:
        return DEFINITIONS

    def incoming(self) -> list[Incoming]:
        records = yaml.safe_load(SCENARIO.read_text(encoding="utf-8"))["records"]
        return [self._incoming(number, record) for number, record in enumerate(records)]

    def _incoming(self, number: int, record: Mapping[str, Any]) -> Incoming:
        table = TABLES[record["table"]]
        columns = record["columns"]
        person = " ".join(filter(None, (columns.get("firstname"), columns.get("lastname"))))
        return Incoming(
            table,
            sample_data.row_id(table.logical_name, f"incoming {number}"),
            person or str(columns.get("name") or columns.get("subject")),
            sample_data.columns(columns),
            record["story"],
        )


class ExportedOrganisation:
    """An organisation made from a CRM export: its open opportunities come in all at once."""

    solutions = (CRM_EXPORT_SOLUTION,)
    creator = sample_data.IMPORT_USER
    one_by_one = False
    example = (
        OPPORTUNITY.logical_name,
        OPPORTUNITY.entity_set,
        '{"name": "GTX Pro for Cancity", "crm_productseries": "GTX", "crm_listprice": 4821}',
    )

    def __init__(self, export: CrmExport) -> None:
        self._export = export
        self.title = (
            f"A CRM export with {len(export.sellers)} sellers, {len(export.accounts)} accounts and "
            f"{len(export.open_opportunities())} open opportunities"
        )

    def fill(self, client: DataverseClient) -> None:
        sample_data.create_application_users(client)
        names = domain_names(self._export.sellers)
        users = (
            {
                "domainname": names[seller.name],
                "firstname": seller.name.partition(" ")[0],
                "lastname": seller.name.partition(" ")[2] or seller.name,
                "jobtitle": f"Seller, {seller.regional_office}",
            }
            for seller in self._export.sellers
        )
        sample_data.create_users(client, users, role=sample_data.SALESPERSON)
        sample_data.write(
            client,
            (
                messages.create(
                    ACCOUNT.entity_set,
                    account_columns(account),
                    row_id=sample_data.row_id("account", account.name),
                )
                for account in self._export.accounts
            ),
        )

    def definitions(self, folder: Path) -> Path:
        """The prepared segments and rules, with the sellers of the export."""
        made = folder / "definitions"
        shutil.copytree(CRM_EXPORT_DEFINITIONS, made)
        text = yaml.safe_dump(export_definitions(self._export), sort_keys=False, allow_unicode=True)
        (made / "sellers.yaml").write_text(text, encoding="utf-8")
        return made

    def incoming(self) -> list[Incoming]:
        found = []
        for deal in self._export.open_opportunities():
            columns = opportunity_columns(deal)
            if deal.account is not None:
                account = sample_data.row_id("account", deal.account.name)
                columns |= messages.bind("parentaccountid", ACCOUNT.entity_set, account)
            found.append(
                Incoming(
                    OPPORTUNITY,
                    sample_data.row_id("opportunity", deal.id),
                    str(columns["name"]),
                    columns,
                )
            )
        return found
