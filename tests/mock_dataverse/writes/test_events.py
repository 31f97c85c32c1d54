"""What webhooks hear of writes that are more than one row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.mock_dataverse.core.client import Api, unique
from tests.mock_dataverse.webhooks.receiver import Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


def listen(api: Api, receiver: Receiver, *messages: str) -> None:
    """Register a step on these messages, whatever the table."""
    endpoint = api.create(
        "serviceendpoints",
        name=unique("hook"),
        url=receiver.url,
        contract=8,
        authtype=4,
        authvalue="secret",
    )
    for message in messages:
        (found,) = api.row(f"sdkmessages?$filter=name eq '{message}'")["value"]
        api.create(
            "sdkmessageprocessingsteps",
            **{
                "name": message,
                "mode": 1,
                "stage": 40,
                "rank": 1,
                "asyncautodelete": True,
                "sdkmessageid@odata.bind": f"/sdkmessages({found['sdkmessageid']})",
                "eventhandler_serviceendpoint@odata.bind": f"/serviceendpoints({endpoint})",
            },
        )


def heard(api: Api, receiver: Receiver, *tables: str) -> list[dict[str, Any]]:
    """Wait until all is sent; return the contexts of these tables in the order of the writes."""
    assert api.server.dispatcher.wait_until_idle(20)
    contexts = [request.context for request in receiver.requests]
    return [context for context in contexts if context["PrimaryEntityName"] in tables]


def kinds(contexts: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return sorted((found["MessageName"], found["PrimaryEntityName"]) for found in contexts)


def test_each_row_of_a_deep_insert_is_a_create(own_api: Api, receiver: Receiver) -> None:
    listen(own_api, receiver, "Create")
    own_api.create(
        "accounts",
        name="x",
        primarycontactid={"lastname": "Byron"},
        Account_Tasks=[{"subject": "a"}, {"subject": "b"}],
    )
    found = heard(own_api, receiver, "account", "contact", "task", "activityparty")
    assert kinds(found) == [
        ("Create", "account"),
        ("Create", "contact"),
        ("Create", "task"),
        ("Create", "task"),
    ]


def test_a_deep_insert_that_fails_is_heard_of_by_nobody(own_api: Api, receiver: Receiver) -> None:
    listen(own_api, receiver, "Create")
    answer = own_api.post("accounts", {"name": "x", "Account_Tasks": [{"statuscode": 99}]})
    assert answer.status_code == 400
    assert heard(own_api, receiver, "account", "task") == []


def test_an_assignment_is_an_update_of_each_row_that_it_reaches(
    own_api: Api, receiver: Receiver
) -> None:
    ana = own_api.create("systemusers", firstname="Ana")
    lead = own_api.create("leads", Lead_Tasks=[{"subject": "a"}])
    listen(own_api, receiver, "Update")
    own_api.patch(f"leads({lead})", {"ownerid@odata.bind": f"/systemusers({ana})"})
    found = heard(own_api, receiver, "lead", "task")
    assert kinds(found) == [("Update", "lead"), ("Update", "task")]
    depths = {context["PrimaryEntityName"]: context["Depth"] for context in found}
    assert depths == {"lead": 1, "task": 2}
    assert len({context["CorrelationId"] for context in found}) == 1


def test_a_cascade_of_deletions_is_a_delete_of_each_row(own_api: Api, receiver: Receiver) -> None:
    lead = own_api.create("leads", Lead_Tasks=[{"subject": "a"}, {"subject": "b"}])
    listen(own_api, receiver, "Delete")
    own_api.delete(f"leads({lead})")
    found = heard(own_api, receiver, "lead", "task", "activityparty")
    assert kinds(found) == [("Delete", "lead"), ("Delete", "task"), ("Delete", "task")]


def test_a_child_put_into_a_collection_is_associated_and_updated(
    own_api: Api, receiver: Receiver
) -> None:
    account, lead = own_api.create("accounts", name="x"), own_api.create("leads")
    listen(own_api, receiver, "Associate", "Disassociate", "Update")
    path = f"accounts({account})/lead_parent_account"
    own_api.post(f"{path}/$ref", {"@odata.id": f"leads({lead})"})
    own_api.delete(f"{path}({lead})/$ref")
    found = heard(own_api, receiver, "account", "lead")
    assert kinds(found) == [
        ("Associate", "account"),
        ("Disassociate", "account"),
        ("Update", "lead"),
        ("Update", "lead"),
    ]
    (tied,) = [context for context in found if context["MessageName"] == "Associate"]
    inputs = {pair["key"]: pair["value"] for pair in tied["InputParameters"]}
    assert inputs["Target"]["Id"] == account
    assert inputs["Relationship"]["SchemaName"] == "lead_parent_account"
    assert [row["Id"] for row in inputs["RelatedEntities"]] == [lead]
