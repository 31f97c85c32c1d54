"""Registrations that change while the server runs: from the next write on, and only if committed."""

from __future__ import annotations

from tests.mock_dataverse.core.client import Api, assert_fault
from tests.mock_dataverse.webhooks.http import contexts, register, register_image, values_of
from tests.mock_dataverse.webhooks.receiver import Receiver


def test_a_step_can_be_switched_off_and_on(own_api: Api, receiver: Receiver) -> None:
    step = register(own_api, receiver.url, "Create", "lead")
    own_api.create("leads", subject="one")
    own_api.patch(f"sdkmessageprocessingsteps({step})", {"statecode": 1, "statuscode": 2})
    own_api.create("leads", subject="two")
    own_api.patch(f"sdkmessageprocessingsteps({step})", {"statecode": 0, "statuscode": 1})
    own_api.create("leads", subject="three")
    assert len(contexts(own_api, receiver)) == 2


def test_an_endpoint_that_moves_is_followed(own_api: Api, receiver: Receiver) -> None:
    register(own_api, receiver.url, "Create", "lead", mode=0)
    endpoint = own_api.row("serviceendpoints?$select=serviceendpointid")["value"][0]
    path = f"serviceendpoints({endpoint['serviceendpointid']})"
    with Receiver() as other:
        assert own_api.patch(path, {"url": other.url}).status_code == 204
        own_api.create("leads", subject="x")
        assert (len(receiver.requests), len(other.requests)) == (0, 1)


def test_a_deleted_endpoint_takes_its_steps_with_it(own_api: Api, receiver: Receiver) -> None:
    register(own_api, receiver.url, "Create", "lead")
    endpoint = own_api.row("serviceendpoints?$select=serviceendpointid")["value"][0]
    own_api.delete(f"serviceendpoints({endpoint['serviceendpointid']})")
    own_api.create("leads", subject="x")
    assert contexts(own_api, receiver) == []
    assert own_api.row("sdkmessageprocessingsteps")["value"] == []


def test_the_secret_of_an_endpoint_is_never_shown_and_can_be_replaced(
    own_api: Api, receiver: Receiver
) -> None:
    register(own_api, receiver.url, "Create", "lead", mode=0)
    (endpoint,) = own_api.row("serviceendpoints")["value"]
    assert endpoint["isauthvalueset"] is True
    assert "authvalue" not in endpoint
    own_api.patch(f"serviceendpoints({endpoint['serviceendpointid']})", {"authvalue": "other"})
    own_api.create("leads", subject="x")
    assert [request.path for request in receiver.requests] == ["/hook?code=other"]


def test_a_registration_that_is_rolled_back_was_never_there(
    own_api: Api, receiver: Receiver
) -> None:
    step = register(own_api, receiver.url, "Create", "lead", mode=0)
    body = (
        "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n"
        "--c\r\nContent-Type: application/http\r\nContent-ID: 1\r\n\r\n"
        f"PATCH {own_api.root}sdkmessageprocessingsteps({step}) HTTP/1.1\r\n"
        'Content-Type: application/json\r\n\r\n{"statecode":1,"statuscode":2}\r\n'
        "--c\r\nContent-Type: application/http\r\nContent-ID: 2\r\n\r\n"
        f"POST {own_api.root}leads HTTP/1.1\r\n"
        'Content-Type: application/json\r\n\r\n{"subject":1}\r\n'
        "--c--\r\n--b--\r\n"
    )
    headers = {"Content-Type": "multipart/mixed; boundary=b"}
    assert own_api.send("POST", "$batch", data=body, headers=headers).status_code == 400
    own_api.create("leads", subject="x")
    assert len(receiver.requests) == 1


def test_a_new_image_is_in_the_next_context(own_api: Api, receiver: Receiver) -> None:
    step = register(own_api, receiver.url, "Create", "lead", mode=0)
    own_api.create("leads", subject="x")
    image = register_image(own_api, step, "after", 1, "Id", attributes="subject")
    own_api.create("leads", subject="y")
    own_api.delete(f"sdkmessageprocessingstepimages({image})")
    own_api.create("leads", subject="z")
    seen = [sorted(values_of(r.context["PostEntityImages"])) for r in receiver.requests]
    assert seen == [[], ["after"], []]


def test_what_contradicts_itself_is_refused_over_http(own_api: Api, receiver: Receiver) -> None:
    step = register(own_api, receiver.url, "Update", "lead")
    register_image(own_api, step, "after", 1, "Target")
    path = f"sdkmessageprocessingsteps({step})"
    assert_fault(own_api.patch(path, {"stage": 20}), 400, "0x80040203", "stage 40")
    assert_fault(own_api.patch(path, {"mode": 0, "stage": 20}), 400, "0x80040203", "'after'")
    answer = own_api.post(
        "serviceendpoints",
        {"name": "x", "url": receiver.url, "contract": 8, "authtype": 6, "authvalue": "<x"},
    )
    assert_fault(answer, 400, "0x80050204", "well-formed")
