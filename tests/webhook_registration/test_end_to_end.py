"""Registration over HTTP, down to an event that arrives."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue
from typing import Any

import pytest

from work_assignment.dataverse import messages
from work_assignment.dataverse.auth import StaticToken
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.names import LEAD
from work_assignment.dataverse.queries import Query
from work_assignment.dataverse.registration_names import PROCESSING_STEP, SERVICE_ENDPOINT
from work_assignment.dataverse.webhook_store import WebhookStore
from work_assignment.mock_dataverse.server import MockServer
from work_assignment.services.webhook_registration import Report, registered, sync
from work_assignment.services.webhook_steps import Watch

KEY = 'k<e>"y&1'
COLUMNS = Watch({"lead": frozenset({"subject"}), "opportunity": frozenset({"name"})})

Event = tuple[str, str, dict[str, Any]]


@pytest.fixture
def client() -> Iterator[DataverseClient]:
    with MockServer() as server, DataverseClient(server.url, StaticToken("any")) as running:
        yield running


@pytest.fixture
def app() -> Iterator[tuple[str, Queue[Event]]]:
    """A web server that keeps the path, key and body of what is posted to it."""
    received: Queue[Event] = Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.put((self.path, self.headers["x-functions-key"], json.loads(body)))
            self.send_response(202)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test's output quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", received
    server.shutdown()
    thread.join()
    server.server_close()


def test_registered_events_arrive_with_the_key(
    client: DataverseClient, app: tuple[str, Queue[Event]]
) -> None:
    url, received = app
    sync(url, KEY, WebhookStore(client), COLUMNS)
    lead = client.send(
        messages.create(LEAD.entity_set, {"subject": "A"}, returning=(LEAD.primary_id,))
    ).json[LEAD.primary_id]
    path, key, context = received.get(timeout=20)
    assert (path, key) == ("/api/dataverse/events", KEY)
    assert (context["MessageName"], context["PrimaryEntityId"]) == ("Create", lead)
    client.send(messages.update(LEAD.entity_set, lead, {"jobtitle": "x"}, version="*"))
    client.send(messages.update(LEAD.entity_set, lead, {"subject": "B"}, version="*"))
    _, _, context = received.get(timeout=20)
    assert context["MessageName"] == "Update"
    changed = {pair["key"] for pair in context["InputParameters"][0]["value"]["Attributes"]}
    assert "subject" in changed
    assert "jobtitle" not in changed


def test_registering_twice_sends_no_second_write(client: DataverseClient) -> None:
    store = WebhookStore(client)
    sync("https://app.example", KEY, store, COLUMNS)
    before = list(client.rows(Query(PROCESSING_STEP.entity_set)))
    assert sync("https://app.example", KEY, store, COLUMNS) == Report()
    assert list(client.rows(Query(PROCESSING_STEP.entity_set))) == before
    assert len(before) == 8


def test_scope_key_and_address_can_change_over_the_wire(client: DataverseClient) -> None:
    store = WebhookStore(client)
    sync("https://app.example", KEY, store, COLUMNS)
    sync("https://other.example", KEY + "2", store, Watch({"lead": frozenset({"companyname"})}))
    found = registered(store)
    assert found is not None
    assert found.endpoint.row.url == "https://other.example/api/dataverse/events"
    assert {step.row.name: step.row.enabled for step in found.steps} == {
        "Work Assignment: Create of lead": True,
        "Work Assignment: Create of opportunity": False,
        "Work Assignment: Create of wa_seller": True,
        "Work Assignment: Create of wa_sweep": True,
        "Work Assignment: Update of lead": True,
        "Work Assignment: Update of opportunity": False,
        "Work Assignment: Update of systemuser": True,
        "Work Assignment: Update of wa_seller": True,
    }
    update = next(s.row for s in found.steps if s.row.name == "Work Assignment: Update of lead")
    assert update.columns == ("companyname", "ownerid", "statecode")
    (endpoint,) = client.rows(Query(SERVICE_ENDPOINT.entity_set))
    assert KEY not in json.dumps(endpoint)
    sync("https://other.example", KEY + "2", store, COLUMNS)
    again = registered(store)
    assert again is not None
    assert all(step.row.enabled for step in again.steps)
    assert len(again.steps) == 8
