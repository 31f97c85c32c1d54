"""From event to owner on a real mock server, with the app's real stores."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.e2e.world import World, decider, user_id, workshop

from work_assignment.azure_storage.sqlite_queues import SqliteQueues
from work_assignment.cli import sample_data
from work_assignment.dataverse import messages
from work_assignment.dataverse.names import APP_NOTIFICATION, LEAD, SYSTEM_USER
from work_assignment.dataverse.queries import Query
from work_assignment.domain.records import Owner
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.services.deciding import Decider
from work_assignment.services.events import Event
from work_assignment.services.inbox import POISON
from work_assignment.services.intake import QUEUE
from work_assignment.services.workshop import Workshop

NOBODY_FITS = """
segments: [{name: Everything, record_type: lead, priority: 1}]
rules:
  - name: Big ones
    segment: Everything
    filter: {all: [[numberofemployees, ge, 500]]}
    match: any
"""


@pytest.fixture
def shop(world: World) -> Workshop:
    return workshop(world.mock.url, world.folder / "queues.sqlite")


def event(
    record_id: str, message: str = "Create", *, by: str = "Web", columns: Collection[str] = ()
) -> Event:
    return Event(
        table="lead",
        record_id=record_id,
        message=message,
        occurred_at=datetime.now(UTC) + timedelta(seconds=5),
        user_id=user_id(by),
        depth=1,
        columns=frozenset(columns),
    )


def statuses(world: World) -> list[int]:
    return sorted(run["wa_routingstatus"] for run in world.runs())


def test_a_new_lead_gets_a_seller_a_run_row_and_a_notification(
    world: World, shop: Workshop
) -> None:
    world.settle_in({"Ada": 5})
    (lead_id,) = world.create_leads(1)
    assert Decider(shop).answer().assigned == 1
    lead = world.lead(lead_id)
    assert lead["_ownerid_value"] == user_id("Ada")
    assert lead["wa_assignmentresult"] == 0
    assert lead["_wa_segmentid_value"] is not None
    (run,) = world.runs()
    assert run["wa_routingstatus"] == RoutingStatus.ASSIGNED
    assert run["wa_previousowner"] == sample_data.row_id("systemuser", sample_data.WEB_FORM_USER)
    assert run["wa_tellpending"] is False
    assert json.loads(run["wa_explanation"])["outcome"] == run["wa_reason"]
    (notice,) = world.admin.rows(Query(APP_NOTIFICATION.entity_set))
    assert notice["_ownerid_value"] == user_id("Ada")
    assert notice["title"] == "New lead: Person 0"
    assert lead_id in notice["data"]


def test_a_warm_worker_needs_two_round_trips_from_bell_to_owner(
    world: World, shop: Workshop
) -> None:
    world.settle_in({"Ada": 5})
    worker = Decider(shop)
    worker.answer()
    world.create_leads(1)
    app = sample_data.row_id("systemuser", sample_data.APP_USER)
    before = world.mock.counters.read()["http_requests_by_user"][app]
    assert worker.answer().assigned == 1
    gather_commit_and_tell = 3
    after = world.mock.counters.read()["http_requests_by_user"][app]
    assert after - before == gather_commit_and_tell


def test_switching_on_never_re_owns_what_was_there_before(world: World, shop: Workshop) -> None:
    world.settle_in({"Ada": 5}, "segments: []\nrules: []\n")
    (old,) = world.create_leads(1)
    owner = world.lead(old)["_ownerid_value"]
    world.wait_for_the_next_second()
    world.define({"Ada": 5})
    shop.queues.put(QUEUE, event(old, "Update", columns=["subject"]).to_text())
    Decider(shop).answer(thorough=True)
    assert world.lead(old)["_ownerid_value"] == owner
    assert world.lead(old)["wa_assignmentresult"] is None
    assert world.runs() == []
    assert shop.queues.receive(QUEUE, limit=1, hidden_for=timedelta(minutes=1)) == []


def test_a_person_who_assigns_by_hand_before_us_wins(world: World, shop: Workshop) -> None:
    world.settle_in({"Ada": 5, "Bea": 5})
    (lead_id,) = world.create_leads(1)
    world.assign(lead_id, "Bea")
    by_hand = event(lead_id, "Update", by="Bea", columns=["ownerid"])
    shop.queues.put(QUEUE, by_hand.to_text())
    assert Decider(shop).answer().by_hand == 1
    assert world.lead(lead_id)["_ownerid_value"] == user_id("Bea")
    assert world.lead(lead_id)["wa_assignmentresult"] == 0
    assert statuses(world) == [RoutingStatus.ASSIGNED_BY_HAND]


def test_an_event_that_comes_late_about_what_we_assigned_ourselves_changes_nothing(
    world: World, shop: Workshop
) -> None:
    world.settle_in({"Ada": 5})
    (lead_id,) = world.create_leads(1)
    worker = Decider(shop)
    worker.answer()
    shop.queues.put(QUEUE, event(lead_id).to_text())
    report = worker.answer()
    assert report.written == 0
    assert statuses(world) == [RoutingStatus.ASSIGNED]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            lambda world, lead: world.update_lead(lead, {"statecode": 2, "statuscode": 4}),
            "The record was closed before it could be assigned",
        ),
        (
            lambda world, lead: world.admin.send(messages.delete(LEAD.entity_set, lead)),
            "The record was deleted before it could be assigned",
        ),
    ],
    ids=["closed", "deleted"],
)
def test_a_record_that_is_closed_or_deleted_meanwhile_is_said_so_once(
    world: World, shop: Workshop, change: Callable[[World, str], object], reason: str
) -> None:
    world.settle_in({"Ada": 5})
    (lead_id,) = world.create_leads(1)
    change(world, lead_id)
    worker = Decider(shop)
    for _ in range(2):
        shop.queues.put(QUEUE, event(lead_id).to_text())
        worker.answer()
    assert [run["wa_reason"] for run in world.runs()] == [reason]
    queues = SqliteQueues(world.folder / "queues.sqlite")
    assert (queues.length(QUEUE).hidden, queues.length(POISON).visible) == (0, 0)


def test_a_failed_record_is_tried_again_when_it_changes(world: World, shop: Workshop) -> None:
    world.settle_in({"Ada": 5}, NOBODY_FITS)
    (lead_id,) = world.create_leads(1)
    worker = Decider(shop)
    assert worker.answer().unassigned == 1
    assert world.lead(lead_id)["wa_assignmentresult"] == 1
    shop.queues.put(QUEUE, event(lead_id, "Update", columns=["subject"]).to_text())
    assert worker.answer().unassigned == 1
    (run,) = world.runs()
    assert run["wa_attempts"] == 2
    world.update_lead(lead_id, {"numberofemployees": 900})
    changed = event(lead_id, "Update", columns=["numberofemployees"])
    shop.queues.put(QUEUE, changed.to_text())
    assert worker.answer().assigned == 1
    assert world.lead(lead_id)["_ownerid_value"] == user_id("Ada")
    assert statuses(world) == [RoutingStatus.ASSIGNED, RoutingStatus.NO_CONDITIONS_MET]


def test_a_dry_run_logs_and_writes_no_owner(world: World) -> None:
    world.settle_in({"Ada": 5})
    (lead_id,) = world.create_leads(1)
    owner = world.lead(lead_id)["_ownerid_value"]
    shop = workshop(world.mock.url, world.folder / "queues.sqlite", mode="dry-run")
    shop.queues.put(QUEUE, event(lead_id).to_text())
    Decider(shop).answer()
    (run,) = world.runs()
    assert (run["wa_mode"], run["wa_routingstatus"]) == ("dry-run", RoutingStatus.ASSIGNED)
    assert world.lead(lead_id)["_ownerid_value"] == owner
    assert world.lead(lead_id)["wa_assignmentresult"] is None
    assert [row["wa_orderstamp"] for row in world.seller_rows()] == [None]
    assert decider(world.mock.url, world.folder / "queues.sqlite").answer().assigned == 1


def test_a_seller_who_is_disabled_is_passed_over_and_the_log_says_why(
    world: World, shop: Workshop
) -> None:
    world.settle_in({"Ada": 5, "Bea": 5})
    disabled = messages.update(
        SYSTEM_USER.entity_set, user_id("Ada"), {"isdisabled": True}, version="*"
    )
    world.admin.send(disabled)
    world.create_leads(2)
    assert Decider(shop).answer().assigned == 2
    assert world.owned(["Ada", "Bea"]) == {"Ada": 0, "Bea": 2}
    explanation = json.loads(world.runs()[0]["wa_explanation"])
    assert ["Ada Seller", "is disabled"] in explanation["rules"][0]["dropped"]


def test_while_dataverse_is_down_the_work_stays(world: World, tmp_path: Path) -> None:
    world.settle_in({"Ada": 5})
    (lead_id,) = world.create_leads(1)
    shop = workshop("http://127.0.0.1:9", tmp_path / "queues.sqlite", patient=False)
    shop.queues.put(QUEUE, event(lead_id).to_text())
    report = Decider(shop).answer()
    assert "no answer" in report.away
    (left,) = shop.queues.receive(QUEUE, limit=5, hidden_for=timedelta(milliseconds=1))
    assert Event.from_text(left.text).record_id == lead_id
    assert decider(world.mock.url, tmp_path / "queues.sqlite").answer().assigned == 1
    assert world.owned(["Ada"]) == {"Ada": 1}


def test_a_segment_whose_column_is_gone_fails_its_records_with_its_name(
    world: World, shop: Workshop
) -> None:
    world.settle_in({"Ada": 5})
    (segment,) = world.admin.rows(Query("wa_segments"))
    broken = '<filter><condition attribute="colour" operator="eq" value="red"/></filter>'
    changes = messages.update(
        "wa_segments", segment["wa_segmentid"], {"wa_filter": broken}, version="*"
    )
    world.admin.send(changes)
    world.create_leads(1)
    Decider(shop).answer()
    (run,) = world.runs()
    assert run["wa_routingstatus"] == RoutingStatus.SEGMENTATION_FAILED
    assert "segment 'Everything': there is no column 'colour'" in run["wa_reason"]


def test_a_seller_row_that_cannot_be_read_keeps_nobody_else_waiting(
    world: World, shop: Workshop
) -> None:
    world.settle_in({"Ada": 5, "Bea": 5})
    row = next(
        row for row in world.seller_rows() if row["_wa_systemuserid_value"] == user_id("Ada")
    )
    broken = messages.update(
        "wa_sellers", row["wa_sellerid"], {"wa_reservations": "{half"}, version="*"
    )
    world.admin.send(broken)
    world.create_leads(1)
    assert Decider(shop).answer().assigned == 1
    assert world.owned(["Ada", "Bea"]) == {"Ada": 0, "Bea": 1}


def test_a_rule_that_is_edited_in_the_app_takes_effect_within_a_minute(world: World) -> None:
    world.settle_in({"Ada": 5, "Bea": 5})
    passed = [0.0]
    shop = replace(
        workshop(world.mock.url, world.folder / "queues.sqlite"), monotonic=lambda: passed[0]
    )
    worker = Decider(shop)
    worker.answer()
    for row in world.seller_rows():
        if row["_wa_systemuserid_value"] == user_id("Ada"):
            off = messages.update(
                "wa_sellers", row["wa_sellerid"], {"wa_takesassignments": False}, version="*"
            )
            world.admin.send(off)
    passed[0] += 61
    world.create_leads(2)
    assert worker.answer().assigned == 2
    assert world.owned(["Ada", "Bea"]) == {"Ada": 0, "Bea": 2}


def test_a_person_whose_choice_we_hear_of_too_late_gets_the_lead_back(
    world: World, shop: Workshop
) -> None:
    world.settle_in({"Ada": 5, "Bea": 0})
    (lead_id,) = world.create_leads(1)
    world.update_lead(lead_id, messages.bind("ownerid", "systemusers", user_id("Bea")))
    chosen = event(lead_id, "Update", columns=["ownerid"]).model_copy(
        update={"occurred_at": datetime.now(UTC), "owner": Owner("systemuser", user_id("Bea"))}
    )
    first = decider(world.mock.url, world.folder / "queues.sqlite")
    assert first.answer().assigned == 1
    assert world.lead(lead_id)["_ownerid_value"] == user_id("Ada")
    shop.queues.put(QUEUE, chosen.to_text())
    worker = Decider(shop)
    assert worker.answer().by_hand == 1
    assert world.lead(lead_id)["_ownerid_value"] == user_id("Bea")
    assert statuses(world) == [RoutingStatus.ASSIGNED, RoutingStatus.ASSIGNED_BY_HAND]
    shop.queues.put(QUEUE, chosen.to_text())
    assert worker.answer().written == 0
