"""Record types beyond leads: accounts, contacts and a table of one's own, from event to explanation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.configuration.partner_solution import write_partner_requests
from tests.e2e.features import (
    define,
    give_role,
    people,
    role,
    role_named,
    rulebook,
    sellers,
    shop,
    take_role,
    told,
)
from tests.e2e.world import World, user_id

from work_assignment.bootstrap import connect, now
from work_assignment.cli import sample_data, webhooks
from work_assignment.cli.main import main
from work_assignment.dataverse import messages
from work_assignment.dataverse.names import ACCOUNT, CONTACT, SETTING, TableName
from work_assignment.dataverse.queries import Query
from work_assignment.dataverse.webhook_store import WebhookStore
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.mock_dataverse.server import MockServer
from work_assignment.packaged_solution import product_solution
from work_assignment.services.deciding import Decider
from work_assignment.services.events import Event
from work_assignment.services.intake import QUEUE as EVENTS
from work_assignment.services.webhook_registration import registered
from work_assignment.services.webhook_steps import SELLER_COLUMNS
from work_assignment.settings import Credentials

REQUEST = TableName("new_partnerrequest", "new_partnerrequests", "new_partnerrequestid")
NAMED = {ACCOUNT: "name", CONTACT: "lastname", REQUEST: "new_name"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    solutions = [product_solution(), write_partner_requests(tmp_path / "partners")]
    with MockServer(solutions=solutions) as mock, connect(mock.url, Credentials()) as admin:
        yield World(mock, admin, tmp_path)


def definitions(*names: str, record_types: str = "[account, contact, new_partnerrequest]") -> str:
    return f"""
settings: {{record_types: {record_types}}}
segments:
  - {{name: Accounts, record_type: account, filter: {{all: [[name, begins-with, L]]}}}}
  - {{name: Contacts, record_type: contact}}
  - {{name: Partners, record_type: new_partnerrequest}}
rules:
  - {{name: Accounts, segment: Accounts, match: any, capacity: true}}
  - {{name: Contacts, segment: Contacts, match: any, capacity: true}}
  - {{name: Partners, segment: Partners, match: any, capacity: true}}
{sellers(*names, max_capacity=3)}
"""


def arrived(world: World, table: TableName, name: str) -> str:
    """A row that came in by the web form."""
    with world.as_user(sample_data.WEB_FORM_USER) as client:
        row = messages.create(table.entity_set, {NAMED[table]: name})
        return str(client.send(row).entity_id)


def owner_id(world: World, table: TableName, row_id: str) -> str:
    found = world.admin.send(messages.retrieve(table.entity_set, row_id)).json["_ownerid_value"]
    assert isinstance(found, str)
    return found


def created(table: TableName, row_id: str) -> str:
    return Event(
        table=table.logical_name,
        record_id=row_id,
        message="Create",
        occurred_at=now(),
        user_id=sample_data.row_id("systemuser", sample_data.WEB_FORM_USER),
        depth=1,
    ).to_text()


@pytest.mark.parametrize("table", list(NAMED), ids=lambda table: table.logical_name)
@pytest.mark.parametrize("rings", [True, False], ids=["by its event", "found waiting"])
def test_rows_of_other_tables_are_routed_and_explained(
    world: World, table: TableName, rings: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    people(world, "Ada")
    define(world, definitions("Ada"))
    assert rulebook(world).faults == ()
    row_id = arrived(world, table, "Larkfell")
    place = shop(world)
    if rings:
        place.queues.put(EVENTS, created(table, row_id))
    assert Decider(place).answer().assigned == 1
    assert owner_id(world, table, row_id) == user_id("Ada")
    assert main(["explain", table.logical_name, row_id, "--url", world.mock.url]) == 0
    said = capsys.readouterr().out
    assert "Larkfell: open, owned by Ada Seller" in said
    assert "assigned to Ada Seller" in said


def test_all_types_with_active_rules_use_one_capacity(world: World) -> None:
    people(world, "Ada")
    define(world, definitions("Ada"))
    ids = [(table, arrived(world, table, f"L{number}")) for number in range(2) for table in NAMED]
    report = Decider(shop(world)).answer()
    assert (report.assigned, report.unassigned) == (3, 3)
    owners = [owner_id(world, table, row_id) for table, row_id in ids]
    assert owners.count(user_id("Ada")) == 3


def test_the_privilege_to_read_is_asked_for_each_type(world: World) -> None:
    people(world, "Ada", "Bea")
    take_role(world, "Ada", role_named(world, sample_data.SALESPERSON))
    give_role(world, "Ada", role(world, "Not partners", "prvReadAccount", "prvReadContact"))
    define(world, definitions("Ada"))
    account, request = arrived(world, ACCOUNT, "L"), arrived(world, REQUEST, "P")
    Decider(shop(world)).answer()
    assert owner_id(world, ACCOUNT, account) == user_id("Ada")
    (run,) = (run for run in world.runs() if run["wa_recordid"] == request)
    assert run["wa_routingstatus"] == RoutingStatus.NO_PRIVILEGES
    assert "lets her read a new_partnerrequest" in told(world, request, REQUEST)


def test_webhooks_are_registered_for_every_type_that_is_routed(world: World) -> None:
    people(world, "Ada")
    define(world, definitions("Ada"))
    webhooks.sync_with(world.admin, "https://app.example", "key")
    assert watched(world) == {
        ("Create", "account"): (),
        ("Update", "account"): ("name", "ownerid", "statecode"),
        ("Create", "contact"): (),
        ("Update", "contact"): ("ownerid", "statecode"),
        ("Create", "new_partnerrequest"): (),
        ("Update", "new_partnerrequest"): ("ownerid", "statecode"),
        ("Create", "wa_sweep"): (),
        ("Create", "wa_seller"): (),
        ("Update", "wa_seller"): tuple(sorted(SELLER_COLUMNS)),
        ("Update", "systemuser"): ("isdisabled",),
    }


def watched(world: World) -> dict[tuple[str, str], tuple[str, ...]]:
    found = registered(WebhookStore(world.admin))
    assert found is not None
    return {
        (step.row.message, step.row.record_type): step.row.columns
        for step in found.steps
        if step.row.enabled
    }


def test_a_type_that_settings_do_not_name_is_left_alone_and_that_is_said(world: World) -> None:
    people(world, "Ada")
    define(world, definitions("Ada"))
    webhooks.sync_with(world.admin, "https://app.example", "key")
    (setting,) = world.admin.rows(Query(SETTING.entity_set))
    changes = {"wa_recordtypes": '["account", "contact"]'}
    world.admin.send(
        messages.update(SETTING.entity_set, setting[SETTING.primary_id], changes, version="*")
    )
    request = arrived(world, REQUEST, "P")
    assert Decider(shop(world)).answer().written == 0
    assert owner_id(world, REQUEST, request) != user_id("Ada")
    assert [str(fault) for fault in rulebook(world).faults] == [
        "record type new_partnerrequest is not routed: settings, record_types do not name it"
    ]
    webhooks.sync_with(world.admin, "https://app.example", "key")
    record_types = {record_type for _, record_type in watched(world)}
    assert record_types == {"account", "contact", "wa_sweep", "wa_seller", "systemuser"}
