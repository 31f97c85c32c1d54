"""A running app keeps its webhooks in line, and an event's way through it can be proven."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.e2e import features
from tests.e2e.world import World as Organization

from work_assignment.bootstrap import connect, now
from work_assignment.cli import sample_data
from work_assignment.cli.apply import apply_folder
from work_assignment.cli.demo_world import World
from work_assignment.cli.main import main
from work_assignment.cli.webhooks import sync_with
from work_assignment.dataverse import messages
from work_assignment.dataverse.auth import StaticToken
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.definition_store import DefinitionStore
from work_assignment.dataverse.names import SETTING, SWEEP, SettingColumn
from work_assignment.dataverse.queries import Query
from work_assignment.dataverse.webhook_store import WebhookStore
from work_assignment.samples import DEFINITIONS
from work_assignment.services.deciding import Decider
from work_assignment.services.events import Event
from work_assignment.services.intake import QUEUE as EVENTS
from work_assignment.services.webhook_registration import registered
from work_assignment.services.webhook_upkeep import WebhookUpkeep
from work_assignment.settings import Credentials

ROOT = Path(__file__).parents[2]
RELATED = """
segments:
  - name: French
    record_type: lead
    filter: {related: {lookup: parentaccountid, filter: {all: [[COLUMN, eq, France]]}}}
  - name: Nothing to do
    record_type: lead
    filter:
      not_related: {table: task, lookup: regardingobjectid, filter: {all: [[statecode, eq, 0]]}}
rules: [{name: Anyone, segment: French, match: any}]
"""


def columns_of(client: DataverseClient) -> dict[str, tuple[str, ...]]:
    """What each enabled step is for, and the columns it rings for."""
    found = registered(WebhookStore(client))
    assert found is not None
    return {
        step.row.name.removeprefix("Work Assignment: "): step.row.columns
        for step in found.steps
        if step.row.enabled
    }


def within(seconds: float, found: Callable[[], bool]) -> bool:
    """Ask again until it is so or the time is over."""
    deadline = time.monotonic() + seconds
    while not found():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_steps_of_related_tables_follow_the_filters_and_cost_nothing_while_these_stay(
    world: Organization,
) -> None:
    world.settle_in({"Ana": 5}, RELATED.replace("COLUMN", "address1_country"))
    sync_with(world.admin, "https://app.example", "key")
    before = columns_of(world.admin)
    assert before["Update of account"] == ("address1_country",)
    assert before["Update of task"] == ("regardingobjectid", "statecode")
    assert "Create of task" in before
    assert "Create of account" not in before

    world.define({"Ana": 5}, RELATED.replace("COLUMN", "name"))
    with DataverseClient(world.mock.url, StaticToken("any")) as client:
        definitions = DefinitionStore(client)
        upkeep = WebhookUpkeep(
            WebhookStore(client), lambda: definitions.newest, definitions.rulebook
        )
        definitions.rulebook()
        upkeep.look()
        after = columns_of(world.admin)
        sent = client.requests_sent
        upkeep.look()
        assert client.requests_sent == sent

    assert after["Update of account"] == ("name",)
    assert {name: found for name, found in after.items() if name != "Update of account"} == {
        name: found for name, found in before.items() if name != "Update of account"
    }


def test_a_named_column_rings_besides_those_that_filters_read(world: Organization) -> None:
    named = "settings: {trigger_columns: {lead: [description], account: [industrycode]}}\n"
    world.settle_in({"Ana": 5}, named + RELATED.replace("COLUMN", "name"))
    sync_with(world.admin, "https://app.example", "key")
    found = columns_of(world.admin)
    assert found["Update of account"] == ("industrycode", "name")
    assert "description" in found["Update of lead"]


def test_a_change_of_a_named_column_alone_has_the_record_looked_at_again(
    world: Organization,
) -> None:
    features.people(world, "Ada", "Bea")
    features.define(
        world,
        f"""
settings: {{trigger_columns: {{lead: [description]}}}}
segments:
  - {{name: Wanted, record_type: lead, allow_move_in: true, filter: {{all: [[jobtitle, eq, CEO]]}}}}
  - {{name: Others, record_type: lead}}
rules:
  - {{name: For Ada, segment: Wanted, match: list, list: [ada@team.example]}}
  - {{name: For Bea, segment: Others, match: list, list: [bea@team.example]}}
{features.sellers("Ada", "Bea")}
""",
    )
    lead = features.lead(world)
    features.route(world)
    assert features.owner(world, lead) == "Bea"
    world.update_lead(lead, {"jobtitle": "CEO"})  # of which no webhook told
    shop = features.shop(world)
    shop.queues.put(EVENTS, updated(lead, "description").to_text())

    Decider(shop).answer()

    assert features.owner(world, lead) == "Ada"


def updated(lead_id: str, column: str) -> Event:
    """The event that somebody changed a column of a lead just now."""
    return Event(
        table="lead",
        record_id=lead_id,
        message="Update",
        occurred_at=now() + timedelta(seconds=5),
        user_id=sample_data.row_id("systemuser", sample_data.WEB_FORM_USER),
        depth=1,
        columns=frozenset({column}),
    )


@pytest.fixture(scope="module")
def running(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[World, str, DataverseClient]]:
    """A host with the sample organisation and its webhooks: its world, its address, an administrator."""
    with World(tmp_path_factory.mktemp("kept"), ROOT) as world:
        dataverse = world.start_mock()
        sample_data.fill(dataverse)
        with connect(dataverse, Credentials()) as admin:
            apply_folder(admin, DEFINITIONS)
            app = world.start_host(dataverse)
            sync_with(admin, app, world.function_key)
            yield world, app, admin


def test_the_way_of_an_event_can_be_proven_and_leaves_nothing_behind(
    running: tuple[World, str, DataverseClient],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    world, app, admin = running
    monkeypatch.setenv("WA_FUNCTION_KEY", world.function_key)
    assert main(["webhooks", "test", "--url", admin.root, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["arrived"], told["app"]) == (True, app)
    assert list(admin.rows(Query(SWEEP.entity_set))) == []

    monkeypatch.setenv("WA_FUNCTION_KEY", "another")
    assert main(["webhooks", "test", "--url", admin.root]) == 1
    assert "registered with another key" in capsys.readouterr().err


def test_an_app_that_refuses_the_registered_key_is_told(
    running: tuple[World, str, DataverseClient],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    world, app, admin = running
    sync_with(admin, app, "of-yesterday")
    monkeypatch.setenv("WA_FUNCTION_KEY", "of-yesterday")
    status = main(["webhooks", "test", "--url", admin.root])
    sync_with(admin, app, world.function_key)
    assert status == 1
    assert f"the app at {app} refuses the key in WA_FUNCTION_KEY (401)" in capsys.readouterr().err


def test_the_running_app_follows_a_change_of_the_settings_by_itself(
    running: tuple[World, str, DataverseClient],
) -> None:
    world, _, admin = running
    (setting,) = admin.rows(Query(SETTING.entity_set))
    changes = {
        SettingColumn.TRIGGER_COLUMNS: '{"lead": ["description"]}',
        SettingColumn.DEFINITIONS_VERSION: "another",
    }
    row_id = setting[SETTING.primary_id]
    admin.send(messages.update(SETTING.entity_set, row_id, changes, version="*"))

    followed = within(60, lambda: "description" in columns_of(admin)["Update of lead"])

    assert followed, (world.folder / "host.log").read_text()[-2000:]
