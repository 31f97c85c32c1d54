"""Queues: a record gets in, moves, is picked, released and taken out."""

from __future__ import annotations

from typing import Any

import requests
from tests.mock_dataverse.core.client import Api, assert_fault, unique

from work_assignment.mock_dataverse.well_known import ADMINISTRATOR_ID, ORGANIZATION_ID

CRM = "Microsoft.Dynamics.CRM."


def queue(api: Api, **values: Any) -> str:
    return api.create("queues", name=unique("queue"), **values)


def record(table: str, row_id: str) -> dict[str, str]:
    return {f"{table}id": row_id, "@odata.type": f"{CRM}{table}"}


def add(api: Api, queue_id: str, target: dict[str, str], **others: Any) -> requests.Response:
    body = {"Target": target, **others}
    return api.post(f"queues({queue_id})/{CRM}AddToQueue", body)


def queued_lead(api: Api, queue_id: str) -> tuple[str, str]:
    """Create a lead in a queue; gives the lead's and the item's id."""
    lead = api.create("leads", subject="Forty chairs", firstname="Ana", lastname="Lopez")
    answer = add(api, queue_id, record("lead", lead))
    assert answer.status_code == 200, answer.text
    return lead, answer.json()["QueueItemId"]


def test_a_lead_added_to_a_queue_becomes_its_item(api: Api) -> None:
    sales = queue(api)
    lead = api.create("leads", subject="x", firstname="Ana", lastname="Lopez")
    worker = api.create("systemusers", firstname="Ben")
    answer = add(
        api,
        sales,
        record("lead", lead),
        QueueItemProperties={
            "priority": 3,
            "workerid_systemuser@odata.bind": f"/systemusers({worker})",
            "@odata.type": f"{CRM}queueitem",
        },
    )
    assert answer.status_code == 200
    assert answer.json()["@odata.context"].endswith(f"#{CRM}AddToQueueResponse")
    item = api.row(f"queueitems({answer.json()['QueueItemId']})")
    assert (item["_objectid_value"], item["_queueid_value"]) == (lead, sales)
    assert (item["title"], item["objecttypecode"], item["priority"]) == ("Ana Lopez", 4, 3)
    assert (item["_workerid_value"], item["statecode"]) == (worker, 0)
    assert item["enteredon"] is not None
    assert api.row(f"leads({lead})")["_ownerid_value"] == ADMINISTRATOR_ID


def test_an_item_moves_when_its_source_queue_is_named(api: Api) -> None:
    first, second = queue(api), queue(api)
    lead, item = queued_lead(api, first)
    again = add(api, second, record("lead", lead))
    assert_fault(again, 400, "0x80040526", "exists already", "SourceQueue")
    moved = add(api, second, record("lead", lead), SourceQueue=record("queue", first))
    assert moved.json()["QueueItemId"] == item
    assert api.row(f"queueitems({item})")["_queueid_value"] == second
    wrong = add(api, queue(api), record("lead", lead), SourceQueue=record("queue", first))
    assert_fault(wrong, 400, "0x80040524", "not in the source queue")
    same = add(api, second, record("lead", lead), SourceQueue=record("queue", second))
    assert_fault(same, 400, "0x80040526")


def test_a_source_queue_may_leave_out_its_type(api: Api) -> None:
    first, second = queue(api), queue(api)
    lead, _ = queued_lead(api, first)
    moved = add(api, second, record("lead", lead), SourceQueue={"queueid": first})
    assert moved.status_code == 200


def test_what_cannot_be_queued_is_refused(api: Api) -> None:
    sales = queue(api)
    lost = api.create("leads", subject="x", statecode=2)
    assert_fault(add(api, sales, record("lead", lost)), 400, "0x8004051e", "deactivated")
    account = api.create("accounts", name="x")
    not_enabled = add(api, sales, record("account", account))
    assert_fault(not_enabled, 400, "0x80040527", "account", "not enabled for queues")
    closed = queue(api, statecode=1)
    lead = api.create("leads", subject="x")
    assert_fault(add(api, closed, record("lead", lead)), 400, "0x80040522", "not active")
    missing = add(api, sales, record("lead", ORGANIZATION_ID))
    assert_fault(missing, 404, "0x80040217", "lead With Id")
    untyped = add(api, sales, {"leadid": lead})
    assert_fault(untyped, 400, "0x80048d19", "'Target'", "'@odata.type'")
    no_id = add(api, sales, {"@odata.type": f"{CRM}lead"})
    assert_fault(no_id, 400, "0x80048d19", "'Target'", "'leadid'")
    nowhere = api.post(f"queues({sales})/{CRM}AddToQueue", {})
    assert_fault(nowhere, 400, "0x80048d19", "'Target'", "is missing")


def test_the_properties_of_an_item_do_not_say_where_it_lies(api: Api) -> None:
    sales, other = queue(api), queue(api)
    lead = api.create("leads", subject="x")
    bind = {"queueid@odata.bind": f"/queues({other})"}
    answer = add(api, sales, record("lead", lead), QueueItemProperties=bind)
    assert_fault(answer, 400, "0x80060888", "QueueItemProperties")


def test_a_record_has_one_active_item_however_it_is_made(api: Api) -> None:
    sales = queue(api)
    lead, item = queued_lead(api, sales)
    second = {
        "queueid@odata.bind": f"/queues({sales})",
        "objectid_lead@odata.bind": f"/leads({lead})",
    }
    assert_fault(api.post("queueitems", second), 400, "0x80040526", lead)
    assert api.post(f"queueitems({item})/{CRM}RemoveFromQueue", {}).status_code == 204
    assert api.post("queueitems", second).status_code == 204


def test_who_picks_an_item_works_on_it_and_owns_the_record(api: Api) -> None:
    lead, item = queued_lead(api, queue(api))
    seller = api.create("systemusers", firstname="Ana")
    body = {"SystemUser": record("systemuser", seller), "RemoveQueueItem": False}
    picked = api.post(f"queueitems({item})/{CRM}PickFromQueue", body)
    assert picked.status_code == 204
    row = api.row(f"queueitems({item})")
    assert (row["_workerid_value"], row["statecode"]) == (seller, 0)
    assert row["workeridmodifiedon"] is not None
    assert api.row(f"leads({lead})")["_ownerid_value"] == seller


def test_a_picked_item_can_leave_the_queue_at_once(api: Api) -> None:
    lead, item = queued_lead(api, queue(api))
    seller = api.create("systemusers", firstname="Ana")
    body = {"SystemUser": record("systemuser", seller), "RemoveQueueItem": True}
    assert api.post(f"queueitems({item})/{CRM}PickFromQueue", body).status_code == 204
    assert api.row(f"queueitems({item})")["statecode"] == 1
    assert api.row(f"leads({lead})")["_ownerid_value"] == seller
    again = api.post(f"queueitems({item})/{CRM}PickFromQueue", body)
    assert_fault(again, 400, "0x80040230", "inactive")


def test_a_disabled_user_picks_nothing(api: Api) -> None:
    _, item = queued_lead(api, queue(api))
    seller = api.create("systemusers", firstname="Gone", isdisabled=True)
    body = {"SystemUser": record("systemuser", seller), "RemoveQueueItem": False}
    picked = api.post(f"queueitems({item})/{CRM}PickFromQueue", body)
    assert_fault(picked, 403, "0x80040225")
    assert api.row(f"queueitems({item})")["_workerid_value"] is None


def test_a_released_item_goes_back_to_the_owner_of_the_queue(api: Api) -> None:
    manager, seller = (api.create("systemusers", firstname=name) for name in ("Eva", "Ana"))
    sales = queue(api, **{"ownerid@odata.bind": f"/systemusers({manager})"})
    lead, item = queued_lead(api, sales)
    body = {"SystemUser": record("systemuser", seller), "RemoveQueueItem": False}
    api.post(f"queueitems({item})/{CRM}PickFromQueue", body)
    released = api.send("POST", f"queueitems({item})/{CRM}ReleaseToQueue")
    assert released.status_code == 204
    assert api.row(f"queueitems({item})")["_workerid_value"] is None
    assert api.row(f"leads({lead})")["_ownerid_value"] == manager


def test_an_item_is_removed_by_making_it_inactive(api: Api) -> None:
    lead, item = queued_lead(api, queue(api))
    removed = api.send("POST", f"queueitems({item})/{CRM}RemoveFromQueue")
    assert removed.status_code == 204
    assert api.row(f"queueitems({item})")["statecode"] == 1
    assert add(api, queue(api), record("lead", lead)).json()["QueueItemId"] != item


def test_users_and_the_members_of_a_team_become_members_of_a_queue(api: Api) -> None:
    sales, team = queue(api), api.create("teams", name=unique("team"))
    ana, ben = (api.create("systemusers", firstname=name) for name in ("Ana", "Ben"))
    api.post(
        f"teams({team})/{CRM}AddMembersTeam",
        {"Members": [{"ownerid": ana, "@odata.type": f"{CRM}systemuser"}]},
    )
    path = f"queues({sales})/{CRM}AddPrincipalToQueue"
    for principal in (record("team", team), record("systemuser", ben), record("systemuser", ana)):
        assert api.post(path, {"Principal": principal}).status_code == 204
    expand = "$expand=queuemembership_association($select=fullname)"
    members = api.row(f"queues({sales})?{expand}")["queuemembership_association"]
    assert {member["systemuserid"] for member in members} == {ana, ben}
    rows = api.row(f"queuememberships?$filter=queueid eq {sales}")["value"]
    assert len(rows) == 2


def test_queueing_works_in_a_change_set_and_rolls_back_with_it(api: Api) -> None:
    sales = queue(api)
    lead = api.create("leads", subject="x")
    body = f'{{"Target":{{"leadid":"{lead}","@odata.type":"{CRM}lead"}}}}'
    path = f"queues({sales})/{CRM}AddToQueue"

    def send(*bodies: str) -> requests.Response:
        members = [
            f"--c\r\nContent-Type: application/http\r\nContent-ID: {number}\r\n\r\n"
            f"POST {path} HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{text}"
            for number, text in enumerate(bodies, 1)
        ]
        inside = "\r\n".join([*members, "--c--"])
        text = f"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n{inside}\r\n--b--\r\n"
        headers = {"Content-Type": "multipart/mixed; boundary=b"}
        return api.send("POST", "$batch", data=text, headers=headers)

    assert "0x80040526" in send(body, body).text
    assert api.row(f"queueitems?$filter=_objectid_value eq {lead}")["value"] == []
    assert "QueueItemId" in send(body).text
    assert len(api.row(f"queueitems?$filter=_objectid_value eq {lead}")["value"]) == 1


def test_definitions_say_which_tables_are_enabled_for_queues(api: Api) -> None:
    query = "?$select=LogicalName,IsValidForQueue"
    enabled = {
        table: api.row(f"EntityDefinitions(LogicalName='{table}'){query}")["IsValidForQueue"]
        for table in ("lead", "opportunity", "account")
    }
    values = {table: managed["Value"] for table, managed in enabled.items()}
    assert values == {"lead": True, "opportunity": True, "account": False}


def test_an_item_that_lost_its_record_cannot_be_released(api: Api) -> None:
    _, item = queued_lead(api, queue(api))
    assert api.delete(f"queueitems({item})/objectid_lead/$ref").status_code == 204

    answer = api.post(f"queueitems({item})/{CRM}ReleaseToQueue", {})

    assert_fault(answer, 400, "0x80040203", item)
