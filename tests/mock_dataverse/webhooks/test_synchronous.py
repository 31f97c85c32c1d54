"""Synchronous steps: the request waits for them, and fails with them."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from tests.mock_dataverse.core.client import Api, assert_fault
from tests.mock_dataverse.webhooks.http import (
    admin,
    contexts,
    inputs,
    register,
    register_image,
    values_of,
)
from tests.mock_dataverse.webhooks.receiver import Receiver

from work_assignment.mock_dataverse.server import MockServer

NO_ID = "00000000-0000-0000-0000-000000000000"
NAMED = {"subject", "statecode", "statuscode"}


def subjects(api: Api) -> list[str]:
    return [row["subject"] for row in api.row("leads?$select=subject&$orderby=subject")["value"]]


def test_a_request_is_answered_after_the_step_in_its_transaction(
    own_api: Api, receiver: Receiver
) -> None:
    register(own_api, receiver.url, "Create", "lead", mode=0)
    lead = own_api.create("leads", subject="new")
    (request,) = receiver.requests
    context = request.context
    assert (context["Mode"], context["Stage"], context["IsInTransaction"]) == (0, 40, True)
    assert context["PrimaryEntityId"] == lead
    assert context["OperationId"] == NO_ID
    assert request.headers["x-ms-dynamics-request-name"] == "Create"
    assert own_api.row("asyncoperations")["value"] == []


@pytest.mark.parametrize("stage", [10, 20, 40])
def test_a_failing_step_of_any_stage_refuses_the_request_and_leaves_no_row(
    own_api: Api, receiver: Receiver, stage: int
) -> None:
    register(own_api, receiver.url, "Create", "lead", mode=0, stage=stage)
    receiver.statuses.append(500)
    answer = own_api.post("leads", {"subject": "refused"})
    assert_fault(answer, 400, "0x80050201", "non-success", "500")
    assert subjects(own_api) == []
    assert len(receiver.requests) == 1


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_synchronous_step_is_not_tried_again(
    own_api: Api, receiver: Receiver, status: int
) -> None:
    register(own_api, receiver.url, "Create", "lead", mode=0)
    receiver.statuses.append(status)
    assert_fault(own_api.post("leads", {"subject": "x"}), 400, "0x80050201", str(status))
    assert len(receiver.requests) == 1


def test_a_silent_receiver_refuses_the_request_after_the_time_out(
    own_api: Api, receiver: Receiver
) -> None:
    register(own_api, receiver.url, "Create", "lead", mode=0)
    admin(own_api, "PUT", "webhooks", {"timeout_ms": 100})
    receiver.hold()
    answer = own_api.post("leads", {"subject": "x"})
    receiver.release()
    assert_fault(answer, 400, "0x80050202", "timed out")
    assert subjects(own_api) == []


def test_an_address_where_nobody_listens_refuses_the_request(own_api: Api) -> None:
    register(own_api, "http://127.0.0.1:1/hook", "Create", "lead", mode=0)
    assert_fault(own_api.post("leads", {"subject": "x"}), 400, "0x80050205", "127.0.0.1:1")


def test_a_failing_step_takes_its_whole_change_set_with_it(
    own_api: Api, receiver: Receiver
) -> None:
    register(own_api, receiver.url, "Create", "lead", mode=0)
    register(own_api, receiver.url, "Create", "account")
    receiver.statuses.extend([200, 500])
    parts = [
        f"--c\r\nContent-Type: application/http\r\nContent-ID: {number}\r\n\r\n"
        f"POST {own_api.root}{name} HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{body}\r\n"
        for number, (name, body) in enumerate(
            [
                ("accounts", '{"name":"Rossi"}'),
                ("leads", '{"subject":"one"}'),
                ("leads", '{"subject":"two"}'),
            ],
            start=1,
        )
    ]
    body = (
        "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n" + "".join(parts) + "--c--\r\n"
        "--b--\r\n"
    )
    headers = {"Content-Type": "multipart/mixed; boundary=b"}
    answer = own_api.send("POST", "$batch", data=body.encode(), headers=headers)
    assert answer.status_code == 400
    assert "0x80050201" in answer.text
    assert subjects(own_api) == own_api.row("accounts")["value"] == []
    assert [context["Mode"] for context in contexts(own_api, receiver)] == [0, 0]


def test_steps_run_by_stage_and_then_by_rank(own_api: Api, receiver: Receiver) -> None:
    for name, stage, rank in [
        ("fourth", 40, 1),
        ("third", 20, 7),
        ("second", 20, 2),
        ("first", 10, 9),
    ]:
        register(own_api, receiver.url, "Update", "lead", mode=0, stage=stage, rank=rank, name=name)
    lead = own_api.create("leads", subject="a")
    own_api.patch(f"leads({lead})", {"subject": "b"})
    names = [request.context["OwningExtension"]["Name"] for request in receiver.requests]
    assert names == ["first", "second", "third", "fourth"]
    stages = [request.context["Stage"] for request in receiver.requests]
    assert stages == [10, 20, 20, 40]
    inside = [request.context["IsInTransaction"] for request in receiver.requests]
    assert inside == [False, True, True, True]


def test_before_the_write_a_step_sees_what_was_asked_and_the_row_of_before(
    own_api: Api, receiver: Receiver
) -> None:
    step = register(own_api, receiver.url, "Update", "lead", mode=0, stage=10)
    register_image(own_api, step, "pre", 0, "Target", attributes="subject")
    lead = own_api.create("leads", subject="old", companyname="Rossi")
    own_api.patch(f"leads({lead})", {"subject": "new"})
    (context,) = [request.context for request in receiver.requests]
    target = inputs(context)["Target"]
    assert values_of(target["Attributes"]) == {"subject": "new", "leadid": lead}
    image = values_of(context["PreEntityImages"])["pre"]
    assert values_of(image["Attributes"])["subject"] == "old"
    assert context["OutputParameters"] == []


def test_an_update_of_state_and_more_runs_before_and_after_each_part(
    own_api: Api, receiver: Receiver
) -> None:
    for stage in (10, 20, 40):
        register(own_api, receiver.url, "Update", "lead", mode=0, stage=stage)
    lead = own_api.create("leads", subject="old")
    own_api.patch(f"leads({lead})", {"subject": "new", "statuscode": 2})
    seen = [
        (c["Stage"], sorted(set(values_of(inputs(c)["Target"]["Attributes"])) & NAMED))
        for c in (request.context for request in receiver.requests)
    ]
    assert seen == [
        (10, ["statuscode", "subject"]),
        (20, ["subject"]),
        (40, ["subject"]),
        (20, ["statecode", "statuscode"]),
        (40, ["statecode", "statuscode"]),
    ]


def test_a_failing_delete_step_keeps_the_row(own_api: Api, receiver: Receiver) -> None:
    step = register(own_api, receiver.url, "Delete", "lead", mode=0, stage=20)
    register_image(own_api, step, "gone", 0, "Target", attributes="subject")
    lead = own_api.create("leads", subject="kept")
    receiver.statuses.append(400)
    assert_fault(own_api.delete(f"leads({lead})"), 400, "0x80050201")
    assert subjects(own_api) == ["kept"]
    assert own_api.delete(f"leads({lead})").status_code == 204
    image = values_of(receiver.requests[1].context["PreEntityImages"])["gone"]
    assert values_of(image["Attributes"]) == {"subject": "kept", "leadid": lead}


def test_a_receiver_may_read_the_api_while_it_is_waited_for(own_api: Api) -> None:
    found: list[Any] = []

    class Reading(Receiver):
        def take(self, request: Any) -> int:
            other = Api(own_api.server)
            found.extend(other.row("leads?$select=subject")["value"])
            other.close()
            return super().take(request)

    own_api.create("leads", subject="before")
    with Reading() as receiver:
        register(own_api, receiver.url, "Create", "lead", mode=0)
        assert own_api.post("leads", {"subject": "meanwhile"}).status_code == 204
    assert [row["subject"] for row in found] == ["before"]


def test_a_slow_synchronous_step_does_not_hold_up_who_reads(
    own_api: Api, receiver: Receiver
) -> None:
    register(own_api, receiver.url, "Create", "lead", mode=0)
    receiver.hold()
    writer = Api(own_api.server)
    thread = threading.Thread(target=writer.post, args=("leads", {"subject": "slow"}))
    thread.start()
    assert receiver.arrived.acquire(timeout=10)
    assert subjects(own_api) == []
    receiver.release()
    thread.join(10)
    writer.close()
    assert subjects(own_api) == ["slow"]


def test_with_row_locks_on_a_step_is_called_once(own_api: Api, receiver: Receiver) -> None:
    register(own_api, receiver.url, "Create", "lead", mode=0)
    register(own_api, receiver.url, "Create", "lead")
    admin(own_api, "PUT", "locks", {"enabled": True})
    own_api.create("leads", subject="x")
    assert sorted(context["Mode"] for context in contexts(own_api, receiver)) == [0, 1]


def test_a_step_can_run_as_another_user(own_api: Api, receiver: Receiver) -> None:
    seller = own_api.create("systemusers", firstname="Ana", lastname="Lima")
    bind = {"impersonatinguserid@odata.bind": f"/systemusers({seller})"}
    register(own_api, receiver.url, "Create", "lead", mode=0, **bind)
    own_api.create("leads", subject="x")
    (context,) = [request.context for request in receiver.requests]
    assert context["UserId"] == seller
    caller = own_api.row("WhoAmI")["UserId"]
    assert context["InitiatingUserId"] == caller != seller


@pytest.mark.parametrize(
    ("headers", "kinds"),
    [
        ({}, [0, 1]),
        ({"MSCRM.BypassBusinessLogicExecution": "CustomSync"}, [1]),
        ({"MSCRM.BypassBusinessLogicExecution": "CustomAsync"}, [0]),
        ({"MSCRM.BypassBusinessLogicExecution": "CustomSync, CustomAsync"}, []),
        ({"MSCRM.BypassCustomPluginExecution": "true"}, [1]),
        ({"MSCRM.BypassCustomPluginExecution": "false"}, [0, 1]),
        ({"MSCRM.SuppressCallbackRegistrationExpanderJob": "true"}, [0, 1]),
    ],
)
def test_a_request_may_leave_out_steps(
    own_api: Api, receiver: Receiver, headers: dict[str, str], kinds: list[int]
) -> None:
    register(own_api, receiver.url, "Create", "lead", mode=0)
    register(own_api, receiver.url, "Create", "lead", mode=1)
    answer = own_api.send("POST", "leads", json={"subject": "x"}, headers=headers)
    assert answer.status_code == 204, answer.text
    assert [context["Mode"] for context in contexts(own_api, receiver)] == kinds


def test_a_request_may_leave_out_steps_by_their_ids(own_api: Api, receiver: Receiver) -> None:
    left_out = register(own_api, receiver.url, "Create", "lead", mode=0)
    register(own_api, receiver.url, "Create", "lead", name="kept")
    headers = {"MSCRM.BypassBusinessLogicExecutionStepIds": f'"{left_out.upper()}, {NO_ID}"'}
    own_api.send("POST", "leads", json={"subject": "x"}, headers=headers)
    (context,) = contexts(own_api, receiver)
    assert context["OwningExtension"]["Name"] == "kept"


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("MSCRM.BypassBusinessLogicExecution", "Everything", "everything"),
        ("MSCRM.BypassBusinessLogicExecutionStepIds", "nonsense", "nonsense"),
        ("MSCRM.BypassBusinessLogicExecutionStepIds", ",".join([NO_ID] * 4), "4 steps"),
        ("MSCRM.BypassCustomPluginExecution", "perhaps", "perhaps"),
    ],
)
def test_a_header_that_makes_no_sense_is_refused_by_name(
    own_api: Api, name: str, value: str, word: str
) -> None:
    answer = own_api.send("POST", "leads", json={"subject": "x"}, headers={name: value})
    assert_fault(answer, 400, "0x80060888", name, word)


def test_stopping_breaks_off_a_call_that_is_waited_for(receiver: Receiver) -> None:
    server = MockServer().start()
    api = Api(server)
    register(api, receiver.url, "Create", "lead", mode=0)
    assert server.dispatcher.control.settings.timeout == timedelta(seconds=60)
    receiver.hold()
    thread = threading.Thread(target=api.post, args=("leads", {"subject": "x"}))
    thread.start()
    assert receiver.arrived.acquire(timeout=10)
    server.stop()
    thread.join(10)
    assert not thread.is_alive()
    api.close()
