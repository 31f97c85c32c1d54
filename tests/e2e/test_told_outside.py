"""From a lead to an e-mail and a card in Teams, with the app's own parts as bootstrap joins them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import closing

import pytest
from tests.channels.receiver import Receiver, receiving
from tests.e2e.world import PLAIN, World, user_id

from work_assignment.azure_storage.sqlite_queues import SqliteQueues
from work_assignment.bootstrap import Application, build
from work_assignment.cli import sample_data
from work_assignment.dataverse import messages
from work_assignment.dataverse.email_names import EMAIL
from work_assignment.dataverse.names import APP_NOTIFICATION, QUEUE, SYSTEM_USER
from work_assignment.dataverse.queries import Query
from work_assignment.domain.carried_text import decoded
from work_assignment.settings import read_settings

QUEUE_ID = "5a1e5000-0000-4000-8000-000000000001"
TOLD = {"assigned": ["app", "email", "teams"], "email_from": "Sales"}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def office(world: World) -> World:
    world.settle_in({"Ada": 10, "Bea": 10})
    for name in ("Ada", "Bea"):
        address = {"internalemailaddress": f"{name.lower()}@team.example"}
        row = messages.update(SYSTEM_USER.entity_set, user_id(name), address, version="*")
        world.admin.send(row)
    sales = {"name": "Sales", "emailaddress": "sales@contoso.example"}
    world.admin.send(messages.create(QUEUE.entity_set, sales, row_id=QUEUE_ID))
    return world


def define(world: World, told: Mapping[str, object]) -> None:
    definitions = f"{PLAIN}\nsettings: {json.dumps({'notifications': told})}\n"
    world.define({"Ada": 10, "Bea": 10}, definitions)


def application(world: World, teams_url: str = "") -> Application:
    settings = {
        "DATAVERSE_URL": world.mock.url,
        "DATAVERSE_TOKEN": f"user:{sample_data.APP_USER}",
        "AzureWebJobsStorage": f"sqlite:{world.folder / 'queues.sqlite'}",
        "WA_TEAMS_URL": teams_url,
    }
    return build(read_settings(settings))


def waiting(world: World) -> list[str]:
    with closing(SqliteQueues(world.folder / "queues.sqlite")) as queues:
        return [decoded(message.text) for message in queues.peek("wa-notices", 32)]


def emailed(world: World) -> dict[str, tuple[str, int]]:
    """Subject and status of e-mail, by who gets it."""
    rows = {row["activityid"]: row for row in world.admin.rows(Query(EMAIL.entity_set))}
    return {
        party["_partyid_value"]: (
            rows[party["_activityid_value"]]["subject"],
            rows[party["_activityid_value"]]["statuscode"],
        )
        for party in world.admin.rows(Query("activityparties"))
        if party["_activityid_value"] in rows and party["participationtypemask"] == 2
    }


def test_each_new_owner_is_told_by_each_way_that_is_wished(
    office: World, receiver: Receiver
) -> None:
    define(office, TOLD)
    office.create_leads(4)
    app = application(office, receiver.url)
    assert app.decider.answer().assigned == 4

    texts = waiting(office)
    assert len(texts) == 4
    for text in texts + texts[:1]:
        app.deliverer.deliver(text)

    titles = {
        row["_ownerid_value"]: row["title"]
        for row in office.admin.rows(Query(APP_NOTIFICATION.entity_set))
    }
    assert titles.keys() == {user_id("Ada"), user_id("Bea")}
    assert emailed(office) == {who: (title, 6) for who, title in titles.items()}
    cards = [json.loads(body)["attachments"][0]["content"] for body in receiver.received]
    first_lines = {card["body"][0]["inlines"][0]["text"] for card in cards}
    assert first_lines == set(titles.values())
    assert {card["body"][1]["inlines"][0]["text"] for card in cards} == {"Ada Seller", "Bea Seller"}


def test_without_wishes_nothing_is_put_anywhere(office: World) -> None:
    define(office, {})
    office.create_leads(2)
    app = application(office)
    assert app.decider.answer().assigned == 2
    assert waiting(office) == []
    assert len(list(office.admin.rows(Query(APP_NOTIFICATION.entity_set)))) == 2


def test_teams_without_an_address_keeps_nobody_from_leads_or_e_mail(
    office: World, caplog: pytest.LogCaptureFixture
) -> None:
    define(office, TOLD)
    office.create_leads(2)
    app = application(office)
    assert app.decider.answer().assigned == 2
    for text in waiting(office):
        app.deliverer.deliver(text)
    assert len(emailed(office)) == 2
    assert caplog.text.count("WA_TEAMS_URL is not set") == 1


def test_who_is_told_by_e_mail_alone_sees_nothing_in_the_app(office: World) -> None:
    define(office, {"assigned": ["email"], "email_from": "Sales"})
    office.create_leads(1)
    app = application(office)
    assert app.decider.answer().assigned == 1
    for text in waiting(office):
        app.deliverer.deliver(text)
    assert len(emailed(office)) == 1
    assert list(office.admin.rows(Query(APP_NOTIFICATION.entity_set))) == []
