"""How deliveries are sent, tried once more, written down, and survive a restart."""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from tests.mock_dataverse.webhooks.organization import LEAD_ID, SELLER_ID, Organization
from tests.mock_dataverse.webhooks.receiver import Receiver

from work_assignment.mock_dataverse.webhooks.contexts import LARGEST_BODY
from work_assignment.mock_dataverse.webhooks.dispatcher import Counts, Dispatcher, Settings
from work_assignment.mock_dataverse.webhooks.outbox_rows import note_attempt

FAST = Settings(
    timeout=timedelta(seconds=10), retry_delay=timedelta(0), organization_host="mock.example"
)


@contextmanager
def sending(organization: Organization, settings: Settings = FAST) -> Iterator[Dispatcher]:
    dispatcher = Dispatcher(organization.store, settings)
    dispatcher.start()
    try:
        yield dispatcher
    finally:
        dispatcher.stop()


def send_one(
    organization: Organization, url: str, settings: Settings = FAST, **step: Any
) -> Counts:
    """Register a webhook at the address, create a lead, and wait for what comes of it."""
    organization.step(organization.endpoint(url), **step)
    organization.create({"subject": "new"})
    with sending(organization, settings) as dispatcher:
        assert dispatcher.wait_until_idle(10)
        return dispatcher.counts()


def test_a_create_reaches_the_receiver_with_the_documented_headers(
    organization: Organization, receiver: Receiver
) -> None:
    assert send_one(organization, receiver.url) == Counts(sent=1, failed=0)
    (request,) = receiver.requests
    assert request.headers["content-type"] == "application/json; charset=utf-8"
    assert request.headers["x-ms-dynamics-organization"] == "mock.example"
    assert request.headers["x-ms-dynamics-entity-name"] == "lead"
    assert request.headers["x-ms-dynamics-request-name"] == "Create"
    assert (
        request.headers["x-ms-correlation-request-id"]
        == request.context["CorrelationId"]
        == "33333333-0000-4000-8000-000000000001"
    )
    assert "x-ms-dynamics-msg-size-exceeded" not in request.headers
    assert request.context["PrimaryEntityId"] == LEAD_ID


def test_a_webhook_key_is_sent_as_code(organization: Organization, receiver: Receiver) -> None:
    endpoint = organization.endpoint(f"{receiver.url}?a=b c", authvalue="k/=&?")
    organization.step(endpoint)
    organization.create({"subject": "new"})
    with sending(organization) as dispatcher:
        assert dispatcher.wait_until_idle(10)
    assert [request.path for request in receiver.requests] == ["/hook?a=b%20c&code=k%2F%3D%26%3F"]


def test_header_settings_are_sent_as_headers(
    organization: Organization, receiver: Receiver
) -> None:
    settings = '<settings><setting name="x-functions-key" value="geheim"/></settings>'
    organization.step(organization.endpoint(receiver.url, authtype=5, authvalue=settings))
    organization.create({"subject": "new"})
    with sending(organization) as dispatcher:
        assert dispatcher.wait_until_idle(10)
    (request,) = receiver.requests
    assert request.headers["x-functions-key"] == "geheim"
    assert request.path == "/hook"


def test_query_settings_are_sent_as_parameters(
    organization: Organization, receiver: Receiver
) -> None:
    settings = '<settings><setting name="api key" value="a&amp;b"/></settings>'
    endpoint = organization.endpoint(f"{receiver.url}?x=1", authtype=6, authvalue=settings)
    organization.step(endpoint)
    organization.create({"subject": "new"})
    with sending(organization) as dispatcher:
        assert dispatcher.wait_until_idle(10)
    assert [request.path for request in receiver.requests] == ["/hook?x=1&api%20key=a%26b"]


def test_a_receiver_on_this_machine_may_have_a_certificate_of_its_own(
    organization: Organization,
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with Receiver(tls=context) as receiver:
        assert receiver.url.startswith("https://")
        assert send_one(organization, receiver.url) == Counts(sent=1, failed=0)


def test_no_proxy_is_asked(
    organization: Organization, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert send_one(organization, receiver.url) == Counts(sent=1, failed=0)


def test_a_trimmed_context_says_so_in_a_header(
    organization: Organization, receiver: Receiver
) -> None:
    organization.step(organization.endpoint(receiver.url))
    organization.create({"description": "x" * LARGEST_BODY})
    with sending(organization) as dispatcher:
        assert dispatcher.wait_until_idle(10)
    (request,) = receiver.requests
    assert request.headers["x-ms-dynamics-msg-size-exceeded"] == "true"


def test_what_is_committed_later_is_sent_after_notify(
    organization: Organization, receiver: Receiver
) -> None:
    organization.step(organization.endpoint(receiver.url))
    with sending(organization) as dispatcher:
        assert dispatcher.wait_until_idle(10)
        for number in range(200):
            organization.create({"subject": f"lead {number}"})
            dispatcher.notify()
        assert dispatcher.wait_until_idle(30)
        assert dispatcher.counts() == Counts(sent=200, failed=0)
    operations = {request.context["OperationId"] for request in receiver.requests}
    assert len(operations) == len(receiver.requests) == 200
    assert organization.waiting() == []


def test_one_connection_serves_many_posts(organization: Organization, receiver: Receiver) -> None:
    organization.step(organization.endpoint(receiver.url))
    for number in range(20):
        organization.create({"subject": f"lead {number}"})
    with sending(organization, Settings(workers=1)) as dispatcher:
        assert dispatcher.wait_until_idle(10)
    assert len(receiver.requests) == 20
    assert receiver.connections == 1


def test_a_success_leaves_a_system_job(organization: Organization, receiver: Receiver) -> None:
    send_one(organization, receiver.url)
    (job,) = organization.rows("asyncoperation")
    assert (job["statecode"], job["statuscode"], job["message"]) == (3, 30, None)
    assert job["asyncoperationid"] == receiver.requests[0].context["OperationId"]
    assert job["regardingobjectid"] == LEAD_ID
    assert job["regardingobjectid__type"] == "lead"
    assert job["versionnumber"] is not None


def test_a_success_leaves_nothing_when_the_step_deletes_its_jobs(
    organization: Organization, receiver: Receiver
) -> None:
    assert send_one(organization, receiver.url, asyncautodelete=1).sent == 1
    assert organization.rows("asyncoperation") == []


@pytest.mark.parametrize("status", [201, 202, 204])
def test_any_status_of_the_two_hundreds_is_success(
    organization: Organization, receiver: Receiver, status: int
) -> None:
    receiver.statuses.append(status)
    assert send_one(organization, receiver.url) == Counts(sent=1, failed=0)


@pytest.mark.parametrize("status", [302, 400, 401, 404, 429, 500])
def test_other_statuses_fail_at_once_and_redirects_are_not_followed(
    organization: Organization, receiver: Receiver, status: int
) -> None:
    receiver.statuses.extend([status, 200])
    assert send_one(organization, receiver.url, asyncautodelete=1) == Counts(sent=0, failed=1)
    assert len(receiver.requests) == 1
    (job,) = organization.rows("asyncoperation")
    assert (job["statecode"], job["statuscode"]) == (3, 31)
    assert job["message"].startswith("0x80050201: The webhook call failed because the http")
    assert str(status) in job["message"]
    assert (
        job["owningextensionid"]
        == organization.rows("sdkmessageprocessingstep")[0]["sdkmessageprocessingstepid"]
    )
    assert job["errorcode"] == 0x80050201 - 2**32


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_gateway_status_gets_one_further_attempt(
    organization: Organization, receiver: Receiver, status: int
) -> None:
    receiver.statuses.append(status)
    assert send_one(organization, receiver.url) == Counts(sent=1, failed=0)
    first, second = receiver.requests
    assert first.text == second.text
    assert organization.rows("asyncoperation")[0]["retrycount"] == 1


def test_there_is_no_third_attempt(organization: Organization, receiver: Receiver) -> None:
    receiver.statuses.extend([503, 502])
    assert send_one(organization, receiver.url) == Counts(sent=0, failed=1)
    assert len(receiver.requests) == 2
    assert organization.waiting() == []


def test_a_silent_receiver_is_a_failure_after_the_time_out(
    organization: Organization, receiver: Receiver
) -> None:
    receiver.hold()
    settings = Settings(timeout=timedelta(milliseconds=50))
    assert send_one(organization, receiver.url, settings) == Counts(sent=0, failed=1)
    assert len(receiver.requests) == 1
    assert organization.rows("asyncoperation")[0]["message"].startswith("0x80050202: ")


def test_an_address_where_nobody_listens_is_a_failure_without_secrets_in_its_message(
    organization: Organization,
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://user:word@127.0.0.1:{unused.getsockname()[1]}/hook?sig=geheim"
        assert send_one(organization, url) == Counts(sent=0, failed=1)
    message = organization.rows("asyncoperation")[0]["message"]
    assert message.startswith("0x80050205: ")
    assert "127.0.0.1" in message
    assert "geheim" not in message
    assert "word" not in message


def test_an_endpoint_deleted_meanwhile_is_a_failure(organization: Organization) -> None:
    endpoint = organization.endpoint()
    organization.step(endpoint)
    organization.create({"subject": "new"})
    with organization.store.writing() as db:
        db.execute('DELETE FROM "serviceendpoint"')
    with sending(organization) as dispatcher:
        assert dispatcher.wait_until_idle(10)
        assert dispatcher.counts() == Counts(sent=0, failed=1)
    assert "does not exist" in organization.rows("asyncoperation")[0]["message"]


def test_stopping_is_prompt_and_leaves_what_was_under_way_for_the_next_start(
    organization: Organization, receiver: Receiver
) -> None:
    receiver.hold()
    organization.step(organization.endpoint(receiver.url))
    organization.create({"subject": "new"})
    dispatcher = Dispatcher(organization.store, Settings())
    dispatcher.start()
    assert receiver.arrived.acquire(timeout=10)
    assert not dispatcher.wait_until_idle(0)
    before = time.monotonic()
    dispatcher.stop()
    assert time.monotonic() - before < 2
    receiver.release()
    assert len(organization.waiting()) == 1

    with sending(organization) as again:
        assert again.wait_until_idle(10)
    first, second = receiver.requests
    assert first.text == second.text


def test_a_restart_sends_what_was_left_in_the_file(tmp_path: Path, receiver: Receiver) -> None:
    file = str(tmp_path / "organization.sqlite")
    before = Organization(file)
    before.step(before.endpoint(receiver.url))
    for number in range(100):
        before.create({"subject": f"lead {number}"})
    before.close()

    after = Organization(file)
    with sending(after) as dispatcher:
        assert dispatcher.wait_until_idle(30)
    subjects = {json.dumps(request.context["InputParameters"]) for request in receiver.requests}
    assert len(subjects) == len(receiver.requests) == 100
    assert after.waiting() == []
    after.close()


def test_a_restart_does_not_grant_another_attempt(
    organization: Organization, receiver: Receiver
) -> None:
    receiver.statuses.append(503)
    organization.step(organization.endpoint(receiver.url))
    organization.create({"subject": "new"})
    (delivery,) = organization.waiting()
    with organization.store.writing() as db:
        note_attempt(db, delivery)
    with sending(organization) as dispatcher:
        assert dispatcher.wait_until_idle(10)
        assert dispatcher.counts() == Counts(sent=0, failed=1)
    assert len(receiver.requests) == 1


def test_a_slow_receiver_does_not_hold_up_the_others(
    organization: Organization, receiver: Receiver
) -> None:
    receiver.hold()
    organization.step(organization.endpoint(receiver.url))
    organization.create({"subject": "new"})
    with Receiver() as quick, sending(organization) as dispatcher:
        assert receiver.arrived.acquire(timeout=10)
        organization.step(organization.endpoint(quick.url), table="opportunity")
        organization.create({"name": "deal"}, table="opportunity")
        dispatcher.notify()
        assert quick.arrived.acquire(timeout=10)
        receiver.release()
        assert dispatcher.wait_until_idle(10)
        assert dispatcher.counts() == Counts(sent=2, failed=0)


@pytest.mark.parametrize("method", [Dispatcher.stop, Dispatcher.notify])
def test_a_dispatcher_that_never_started_can_be_told_anything(
    organization: Organization, method: Callable[[Dispatcher], None]
) -> None:
    dispatcher = Dispatcher(organization.store, FAST)
    method(dispatcher)
    assert not dispatcher.wait_until_idle(0)
    assert dispatcher.counts() == Counts(sent=0, failed=0)


def test_the_caller_owns_the_system_job(organization: Organization, receiver: Receiver) -> None:
    send_one(organization, receiver.url)
    (job,) = organization.rows("asyncoperation")
    assert job["ownerid"] == receiver.requests[0].context["UserId"] != SELLER_ID
    assert job["ownerid__type"] == "systemuser"
