"""A small organisation on a real mock server, with the app's real stores on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from work_assignment.azure_storage.sqlite_lease import SqliteLeases
from work_assignment.azure_storage.sqlite_queues import SqliteQueues
from work_assignment.bootstrap import connect, now
from work_assignment.cli import sample_data
from work_assignment.cli.apply import apply_folder
from work_assignment.dataverse import messages
from work_assignment.dataverse.auth import StaticToken
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.definition_store import DefinitionStore
from work_assignment.dataverse.fact_store import FactStore
from work_assignment.dataverse.names import LEAD, ROUTING_RUN, SELLER, SYSTEM_USER
from work_assignment.dataverse.outcome_store import OutcomeStore
from work_assignment.dataverse.queries import Query
from work_assignment.dataverse.retry import PATIENT
from work_assignment.mock_dataverse.server import MockServer
from work_assignment.services.bell import Bell
from work_assignment.services.deciding import Decider
from work_assignment.services.intake import TAG
from work_assignment.services.ports import Leases
from work_assignment.services.workshop import Workshop
from work_assignment.settings import Credentials

PLAIN = """
segments:
  - {name: Everything, record_type: lead, priority: 1}
rules:
  - {name: Round robin, segment: Everything, match: any, distribution: round robin, capacity: true}
"""


@dataclass
class World:
    """The mock, and an administrator's client to look at it with."""

    mock: MockServer
    admin: DataverseClient
    folder: Path
    users: list[str] = field(default_factory=list)

    def settle_in(self, sellers: Mapping[str, int], definitions: str = PLAIN) -> None:
        """Create sellers with their capacities and apply definitions for them."""
        sample_data.create_application_users(self.admin)
        rows = [
            {"domainname": user_name(name), "firstname": name, "lastname": "Seller"}
            for name in sellers
        ]
        sample_data.create_users(self.admin, rows, role=sample_data.SALESPERSON)
        self.define(sellers, definitions)

    def define(self, sellers: Mapping[str, int], definitions: str = PLAIN) -> None:
        """Apply definitions, with the sellers' capacities."""
        document = yaml.safe_load(definitions)
        document["sellers"] = [
            {"user": user_name(name), "max_capacity": capacity}
            for name, capacity in sellers.items()
        ]
        folder = self.folder / "definitions"
        folder.mkdir(exist_ok=True)
        (folder / "all.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
        apply_folder(self.admin, folder)

    def create_leads(self, count: int, **columns: Any) -> list[str]:
        """Create leads as the web form does; gives their ids."""
        form = Credentials(token=f"user:{sample_data.WEB_FORM_USER}")
        with connect(self.mock.url, form) as client:
            requests = [
                messages.create(
                    LEAD.entity_set,
                    {"subject": f"Lead {number}", "lastname": f"Person {number}", **columns},
                )
                for number in range(count)
            ]
            before = {row["leadid"] for row in self.leads()}
            sample_data.write(client, requests)
        return [row["leadid"] for row in self.leads() if row["leadid"] not in before]

    def as_user(self, domain_name: str) -> DataverseClient:
        """A client that acts as somebody; to be closed by who asks for it."""
        return connect(self.mock.url, Credentials(token=f"user:{domain_name}"))

    def wait_for_the_next_second(self) -> None:
        """Dataverse's times have whole seconds: let one pass, so that before and after differ."""
        started = now().replace(microsecond=0)
        while now().replace(microsecond=0) == started:
            self.leads()

    def leads(self) -> list[dict[str, Any]]:
        return list(self.admin.rows(Query(LEAD.entity_set, orderby=("createdon", "leadid"))))

    def lead(self, lead_id: str) -> dict[str, Any]:
        return self.admin.send(messages.retrieve(LEAD.entity_set, lead_id)).json

    def runs(self) -> list[dict[str, Any]]:
        return list(self.admin.rows(Query(ROUTING_RUN.entity_set)))

    def seller_rows(self) -> list[dict[str, Any]]:
        return list(self.admin.rows(Query(SELLER.entity_set)))

    def owned(self, names: Sequence[str]) -> dict[str, int]:
        """How many open leads each of these sellers owns."""
        owners = [row["_ownerid_value"] for row in self.leads() if row["statecode"] == 0]
        return {name: owners.count(user_id(name)) for name in names}

    def update_lead(self, lead_id: str, changes: Mapping[str, Any]) -> None:
        """Change a lead as an administrator."""
        self.admin.send(messages.update(LEAD.entity_set, lead_id, changes, version="*"))

    def change_seller(self, row_id: str, changes: Mapping[str, Any]) -> None:
        """Change a seller's row as an administrator."""
        self.admin.send(messages.update(SELLER.entity_set, row_id, changes, version="*"))

    def assign(self, lead_id: str, name: str) -> None:
        """Give a lead to somebody by hand."""
        bound = messages.bind("ownerid", SYSTEM_USER.entity_set, user_id(name))
        self.update_lead(lead_id, bound)


def user_name(name: str) -> str:
    return f"{name.lower()}@team.example"


def user_id(name: str) -> str:
    return sample_data.row_id("systemuser", user_name(name))


def workshop(
    url: str,
    storage: Path,
    *,
    leases: Leases | None = None,
    mode: str = "on",
    block_size: int = 200,
    store: type[OutcomeStore] = OutcomeStore,
    patient: bool = True,
) -> Workshop:
    """The app's own parts on a mock, as bootstrap puts them together, with a lease of choice."""
    queues = SqliteQueues(storage)
    token = StaticToken(f"user:{sample_data.APP_USER}")
    retry = PATIENT if patient else replace(PATIENT, attempts=1)
    client = DataverseClient(url, token, tag=TAG, retry=retry)
    definitions = DefinitionStore(client)
    return Workshop(
        queues=queues,
        leases=leases or SqliteLeases(storage),
        facts=FactStore(client, definitions),
        outcomes=store(client, lambda: definitions.schemas, now),
        bell=Bell(queues),
        clock=now,
        mode=mode,
        block_size=block_size,
    )


def decider(url: str, storage: Path, **options: Any) -> Decider:
    """A decider of its own, as another process would have one."""
    return Decider(workshop(url, storage, **options))


class EverybodysLease:
    """A lease that everybody gets: what keeps the result right must be something else."""

    def acquire(self, name: str) -> EverybodysLease:
        return self

    def renew(self) -> bool:
        return True

    def release(self) -> None:
        return None
