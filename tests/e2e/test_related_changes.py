"""A row beside a record changes, such as its account's country: the record is looked at again."""

from __future__ import annotations

from datetime import timedelta

from tests.e2e.features import (
    change,
    create,
    define,
    lead,
    owner,
    people,
    route,
    sellers,
    shop,
)
from tests.e2e.world import World

from work_assignment.bootstrap import now
from work_assignment.cli import sample_data
from work_assignment.dataverse import messages
from work_assignment.dataverse.connections import sent_here
from work_assignment.dataverse.names import ACCOUNT, CONTACT, TableName
from work_assignment.domain.records import Owner
from work_assignment.domain.runs.outcomes import RequestSource
from work_assignment.services.deciding import Decider
from work_assignment.services.events import Event
from work_assignment.services.intake import QUEUE as EVENTS
from work_assignment.services.ports import RunReport
from work_assignment.services.workshop import Workshop

TASK = TableName("task", "tasks", "activityid")
BRITISH = "related: {lookup: parentaccountid, filter: {all: [[address1_country, eq, UK]]}}"


def hears_of(
    world: World, table: TableName, row_id: str, *columns: str, message: str = "Update"
) -> tuple[RunReport, Workshop]:
    """A worker hears that a row was changed; the event is gone afterwards."""
    place = shop(world)
    event = Event(
        table=table.logical_name,
        record_id=row_id,
        message=message,
        occurred_at=now() + timedelta(seconds=5),
        user_id=sample_data.row_id("systemuser", sample_data.WEB_FORM_USER),
        depth=1,
        columns=frozenset(columns),
    )
    place.queues.put(EVENTS, event.to_text())
    return Decider(place).answer(), place


def left_on_queue(place: Workshop) -> int:
    return len(place.queues.receive(EVENTS, limit=32, hidden_for=timedelta(minutes=1)))


def segments_by(condition: str) -> str:
    return f"""
segments:
  - {{name: Wanted, record_type: lead, allow_move_in: true, filter: {{all: [{condition}]}}}}
  - {{name: Others, record_type: lead, allow_move_in: true}}
rules:
  - {{name: For Ada, segment: Wanted, match: list, list: [ada@team.example]}}
  - {{name: For Bea, segment: Others, match: list, list: [bea@team.example]}}
{sellers("Ada", "Bea", max_capacity=100000)}
"""


def of_account(account_id: str) -> dict[str, str]:
    return messages.bind("parentaccountid", ACCOUNT.entity_set, account_id)


def test_an_accounts_country_moves_its_leads_and_no_others(world: World) -> None:
    people(world, "Ada", "Bea")
    define(world, segments_by("{" + BRITISH + "}"))
    moving, staying = (create(world, ACCOUNT, {"name": name}) for name in ("Moving", "Staying"))
    theirs = [lead(world, **of_account(moving)) for _ in range(3)]
    other, none = lead(world, **of_account(staying)), lead(world)
    route(world)
    assert {owner(world, one) for one in [*theirs, other, none]} == {"Bea"}
    change(world, ACCOUNT, moving, {"address1_country": "UK"})

    report, place = hears_of(world, ACCOUNT, moving, "address1_country")

    assert [owner(world, one) for one in theirs] == ["Ada"] * 3
    assert (owner(world, other), owner(world, none)) == ("Bea", "Bea")
    assert report.assigned == 3
    assert left_on_queue(place) == 0
    sources = {run["wa_requestsource"] for run in world.runs() if run["wa_previousowner"]}
    assert RequestSource.UPDATED in sources


def test_closed_leads_of_the_account_stay_where_they_are(world: World) -> None:
    people(world, "Ada", "Bea")
    define(world, segments_by("{" + BRITISH + "}"))
    account = create(world, ACCOUNT, {"name": "Moving"})
    closed, still_open = (lead(world, **of_account(account)) for _ in range(2))
    route(world)
    world.update_lead(closed, {"statecode": 2, "statuscode": 4})
    change(world, ACCOUNT, account, {"address1_country": "UK"})

    hears_of(world, ACCOUNT, account, "address1_country")

    assert (owner(world, closed), owner(world, still_open)) == ("Bea", "Ada")


def test_a_change_two_tables_away_is_followed_back(world: World) -> None:
    people(world, "Ada", "Bea")
    condition = (
        "{related: {lookup: parentaccountid, filter: {all: [{related: "
        "{lookup: primarycontactid, filter: {all: [[jobtitle, eq, Chief]]}}}]}}}"
    )
    define(world, segments_by(condition))
    contact = create(world, CONTACT, {"lastname": "Boss"})
    bound = messages.bind("primarycontactid", CONTACT.entity_set, contact)
    account = create(world, ACCOUNT, {"name": "Theirs", **bound})
    one = lead(world, **of_account(account))
    route(world)
    assert owner(world, one) == "Bea"
    change(world, CONTACT, contact, {"jobtitle": "Chief"})

    hears_of(world, CONTACT, contact, "jobtitle")

    assert owner(world, one) == "Ada"


def test_a_task_that_is_done_moves_the_lead_it_regards(world: World) -> None:
    people(world, "Ada", "Bea")
    condition = (
        "{not_related: {table: task, lookup: regardingobjectid, "
        "filter: {all: [[statecode, eq, 0]]}}}"
    )
    define(world, segments_by(condition))
    one = lead(world)
    task = create(
        world, TASK, {"subject": "Call", "regardingobjectid_lead_task@odata.bind": f"/leads({one})"}
    )
    route(world)
    assert owner(world, one) == "Bea"
    change(world, TASK, task, {"statecode": 1, "statuscode": 5})

    hears_of(world, TASK, task, "statecode")

    assert owner(world, one) == "Ada"


def test_what_was_moved_already_costs_nothing_but_the_look(world: World) -> None:
    people(world, "Ada", "Bea")
    define(world, segments_by("{" + BRITISH + "}"))
    account = create(world, ACCOUNT, {"name": "Moving"})
    one = lead(world, **of_account(account))
    route(world)
    change(world, ACCOUNT, account, {"address1_country": "UK"})
    hears_of(world, ACCOUNT, account, "address1_country")
    runs = len(world.runs())

    report, _ = hears_of(world, ACCOUNT, account, "address1_country")

    assert (report.written, len(world.runs()), owner(world, one)) == (0, runs, "Ada")


def test_many_leads_of_one_account_move_in_far_fewer_requests_than_leads(world: World) -> None:
    people(world, "Ada", "Bea")
    define(world, segments_by("{" + BRITISH + "}"))
    account = create(world, ACCOUNT, {"name": "Moving"})
    world.create_leads(400, **of_account(account))
    route(world)
    change(world, ACCOUNT, account, {"address1_country": "UK"})
    before = sent_here().requests

    report, _ = hears_of(world, ACCOUNT, account, "address1_country")

    assert report.assigned == 400
    assert sent_here().requests - before < 60
    assert world.owned(["Ada", "Bea"]) == {"Ada": 400, "Bea": 0}


def test_a_row_that_is_gone_by_then_moves_nothing_and_its_event_is_done_with(world: World) -> None:
    people(world, "Ada", "Bea")
    define(world, segments_by("{" + BRITISH + "}"))
    one = lead(world)
    route(world)

    report, place = hears_of(world, ACCOUNT, "00000000-0000-4000-8000-000000000001", "name")

    assert (report.written, left_on_queue(place)) == (0, 0)
    assert owner(world, one) == "Bea"


def test_somebody_who_chose_an_owner_meanwhile_is_heard_first(world: World) -> None:
    """The lead's own event lies on the queue with the account's: both count, in that order."""
    people(world, "Ada", "Bea", "Cleo")
    define(world, segments_by("{" + BRITISH + "}"))
    account = create(world, ACCOUNT, {"name": "Moving"})
    one = lead(world, **of_account(account))
    route(world)
    change(world, ACCOUNT, account, {"address1_country": "UK"})
    world.assign(one, "Cleo")
    place = shop(world)
    boss = "00000000-0000-4000-8000-00000000b055"
    for table, row_id, column in ((LEAD_TABLE, one, "ownerid"), ("account", account, "name")):
        event = Event(
            table=table,
            record_id=row_id,
            message="Update",
            occurred_at=now() + timedelta(seconds=5),
            user_id=boss,
            depth=1,
            columns=frozenset({column}),
            owner=Owner("systemuser", sample_data.row_id("systemuser", "cleo@team.example"))
            if column == "ownerid"
            else None,
        )
        place.queues.put(EVENTS, event.to_text())

    Decider(place).answer()

    statuses = [run["wa_routingstatus"] for run in world.runs()]
    assert statuses.count(9) == 1
    assert owner(world, one) == "Ada"


LEAD_TABLE = "lead"
