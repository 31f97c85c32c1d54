"""Checks of webhooks: when they come, how often, how large, how deep."""

from __future__ import annotations

from typing import Any

from ..world import World
from .asking import ask


def webhooks_of_create_multiple(world: World) -> None:
    """Three leads in one message are three webhooks."""
    world.register_hook("Create", "lead", {})
    targets = [
        {"@odata.type": "Microsoft.Dynamics.CRM.lead", "subject": f"{number} «u»"}
        for number in range(3)
    ]
    path = "POST leads/Microsoft.Dynamics.CRM.CreateMultiple"
    ids = ask(world, path, body={"Targets": targets}, answers=200).json()["Ids"]
    contexts = world.hooks(3)
    assert sorted(context["PrimaryEntityId"] for context in contexts) == sorted(ids)
    assert {context["MessageName"] for context in contexts} == {"Create"}


def target_of_update(world: World) -> None:
    """The target has the columns of the request and what goes with every update, no others."""
    body = {"subject": "«u»", "lastname": "Curtis", "companyname": "Contoso"}
    ask(world, "POST leads", body=body, answers=204, keep={"lead": "id"})
    world.register_hook("Update", "lead", {})
    ask(world, "PATCH leads(«lead»)", body={"subject": "new"}, answers=204)
    (context,) = world.hooks(1)
    names = {entry["key"] for entry in _target(context)["Attributes"]}
    assert {"subject", "leadid", "modifiedon", "modifiedby"} <= names, names
    assert names.isdisjoint({"lastname", "companyname", "createdon", "ownerid"}), names


def webhook_after_commit(world: World) -> None:
    """While the receiver is silent the caller has an answer, and the row is there."""
    receiver = world.receiver
    assert receiver is not None
    receiver.hold()
    world.register_hook("Create", "lead", {})
    ask(world, "POST leads", body={"subject": "«u»"}, answers=204, keep={"lead": "id"})
    ask(world, "GET leads(«lead»)", answers=200)
    receiver.release()
    (context,) = world.hooks(1)
    assert context["PrimaryEntityId"] == world.known["lead"]


def failed_webhook_is_a_job(world: World) -> None:
    """A webhook that failed is a system job that failed; the row is kept."""
    world.register_hook("Create", "lead", {"answers": [500]})
    ask(world, "POST leads", body={"subject": "«u»"}, answers=204, keep={"lead": "id"})
    world.hooks(1)
    path = (
        "GET asyncoperations?$select=statecode,statuscode,message"
        "&$filter=_owningextensionid_value eq «step» and statuscode eq 31"
    )
    (job,) = ask(world, path, answers=200).json()["value"]
    assert (job["statecode"], job["statuscode"]) == (3, 31), job
    assert job["message"], job
    ask(world, "GET leads(«lead»)", answers=200)


def webhook_retries(world: World) -> None:
    """Each of the three passing failures brings exactly one further attempt."""
    world.register_hook("Create", "lead", {})
    for status in (502, 503, 504):
        assert world.receiver is not None
        world.receiver.statuses.extend([status, status])
        ask(world, "POST leads", body={"subject": "«u»"}, answers=204)
        world.hooks(2)


def webhook_timeout(world: World) -> None:
    """A receiver that stays silent has failed after the time-out, with its code."""
    assert world.receiver is not None
    ask(world, "MOCK PUT webhooks", body={"timeout_ms": 200}, answers=200)
    world.receiver.hold()
    world.register_hook("Create", "lead", {"step": {"mode": 0}})
    ask(world, "POST leads", body={"subject": "«u»"}, answers=400, error="0x80050202")
    ask(world, "GET leads?$select=subject&$filter=subject eq '«u»'", answers=200, rows=0)


def trimmed_webhook(world: World) -> None:
    """A long text takes input and images away and says so."""
    world.register_hook("Create", "task", {})
    ask(
        world,
        "POST tasks",
        body={"subject": "«u»", "description": "x" * 300_000},
        answers=204,
        keep={"task": "id"},
    )
    (context,) = world.hooks(1)
    assert not context.get("InputParameters"), "input parameters are still there"
    assert context["PrimaryEntityId"] == world.known["task"]
    assert world.last_headers["x-ms-dynamics-msg-size-exceeded"].lower() == "true"


def depth_counts(world: World) -> None:
    """What QualifyLead creates is one deeper than the message itself."""
    world.register_hook("Create", "opportunity", {})
    body = {"subject": "«u»", "lastname": "«u»"}
    ask(world, "POST leads", body=body, answers=204, keep={"lead": "id"})
    ask(
        world,
        "POST leads(«lead»)/Microsoft.Dynamics.CRM.QualifyLead",
        body={
            "CreateAccount": False,
            "CreateContact": False,
            "CreateOpportunity": True,
            "Status": 3,
        },
        answers=200,
    )
    (context,) = world.hooks(1)
    assert context["Depth"] == 2, context["Depth"]
    ask(world, "POST opportunities", body={"name": "«u»"}, answers=204)
    (context,) = world.hooks(1)
    assert context["Depth"] == 1, context["Depth"]


def _target(context: dict[str, Any]) -> dict[str, Any]:
    parameters = {entry["key"]: entry["value"] for entry in context["InputParameters"]}
    found: dict[str, Any] = parameters["Target"]
    return found
