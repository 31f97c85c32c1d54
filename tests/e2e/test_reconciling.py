"""What changed while the webhooks were lost is found the next night, on a mock with change tracking."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from tests.e2e.features import change as change_row
from tests.e2e.features import create, define, lead, owned_by, owner, people, run_of, sellers, told
from tests.e2e.world import World, decider

from work_assignment.bootstrap import connect, reconciling
from work_assignment.cli import sample_data
from work_assignment.cli.main import main
from work_assignment.dataverse import messages
from work_assignment.dataverse.change_store import ChangeStore
from work_assignment.dataverse.names import ACCOUNT, LEAD, TableName
from work_assignment.domain.runs.changes import Found, How
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.services.ports import RunReport
from work_assignment.services.reconciling import Reconciled, Reconciler
from work_assignment.settings import Credentials, Settings, read_settings

CAMPAIGN = TableName("campaign", "campaigns", "campaignid")
BIG = "[numberofemployees, ge, 500]"


def segments_by(condition: str, more: str = "") -> str:
    """Ada's segment, into which leads move by a condition, and Bea's for the rest."""
    return f"""
segments:
  - name: Wanted
    record_type: lead
    allow_move_in: true
    filter: {{all: [{condition}]}}
  - {{name: Others, record_type: lead}}
rules:
  - {{name: For Ada, segment: Wanted, match: list, list: [ada@team.example]}}
  - {{name: For Bea, segment: Others, match: list, list: [bea@team.example]{more}}}
{sellers("Ada", "Bea")}
"""


class Nights:
    """The app on a mock that has no webhooks: nothing tells it of changes but the nights."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.storage = world.folder / "queues.sqlite"

    def settings(self) -> Settings:
        return read_settings(environment(self.world, self.storage))

    def decide(self) -> RunReport:
        """Whoever answers the bell works until nothing is left."""
        return decider(self.world.mock.url, self.storage).answer()

    @contextmanager
    def reconciler(self) -> Iterator[Reconciler]:
        with reconciling(self.settings()) as found:
            yield found

    def reconcile(self) -> Reconciled:
        with self.reconciler() as reconciler:
            return reconciler.begin()

    def night(self) -> Found:
        """What the night finds of leads, and has decided."""
        result = self.reconcile()
        assert result.is_complete
        self.decide()
        return result.found["lead"]


def environment(world: World, storage: Path) -> dict[str, str]:
    return {
        "DATAVERSE_URL": world.mock.url,
        "DATAVERSE_TOKEN": f"user:{sample_data.APP_USER}",
        "AzureWebJobsStorage": f"sqlite:{storage}",
    }


@pytest.fixture
def nights(world: World) -> Nights:
    """Leads of 500 employees or more are Ada's, others Bea's; no token is there yet."""
    people(world, "Ada", "Bea", "Cid")
    define(world, segments_by(BIG))
    return Nights(world)


def a_lead_of_bea(nights: Nights, **columns: Any) -> str:
    """A lead that was assigned, and a night that left nothing to be found."""
    one = lead(nights.world, **columns)
    nights.decide()
    assert owner(nights.world, one) == "Bea"
    nights.night()
    return one


def last_status(world: World, lead_id: str) -> int:
    runs = [run for run in world.runs() if run["wa_recordid"] == lead_id]
    newest = max(runs, key=lambda run: int(run["versionnumber"]))
    return int(newest["wa_routingstatus"])


def test_a_lead_that_grew_while_webhooks_were_lost_moves_the_next_night(nights: Nights) -> None:
    world = nights.world
    one = a_lead_of_bea(nights, numberofemployees=10)
    world.update_lead(one, {"numberofemployees": 900})
    assert nights.decide().written == 0

    found = nights.night()

    assert (found.how, found.changed, found.queued) == (How.TRACKED, 1, 1)
    assert owner(world, one) == "Ada"


def test_what_moved_by_night_is_no_news_the_night_after(nights: Nights) -> None:
    one = a_lead_of_bea(nights, numberofemployees=10)
    nights.world.update_lead(one, {"numberofemployees": 900})
    nights.night()
    runs = len(nights.world.runs())

    found = nights.night()

    assert (found.changed, found.own, found.queued) == (1, 1, 0)
    assert nights.night().changed == 0
    assert len(nights.world.runs()) == runs


def test_a_change_that_moves_nothing_is_looked_at_and_leaves_no_trace(nights: Nights) -> None:
    one = a_lead_of_bea(nights, numberofemployees=10)
    nights.world.update_lead(one, {"numberofemployees": 11})
    runs = len(nights.world.runs())

    assert nights.night().queued == 1
    assert owner(nights.world, one) == "Bea"
    assert len(nights.world.runs()) == runs


def test_an_accounts_country_moves_its_leads_the_next_night(world: World) -> None:
    people(world, "Ada", "Bea")
    by_country = "related: {lookup: parentaccountid, filter: {all: [[address1_country, eq, UK]]}}"
    define(world, segments_by(by_country))
    nights = Nights(world)
    account = create(world, ACCOUNT, {"name": "Larkfell", "address1_country": "FR"})
    of_account = messages.bind("parentaccountid", ACCOUNT.entity_set, account)
    of_larkfell, alone = a_lead_of_bea(nights, **of_account), a_lead_of_bea(nights)
    change_row(world, ACCOUNT, account, {"address1_country": "UK"})

    result = nights.reconcile()
    nights.decide()

    assert result.found["account"].queued == 1
    assert (owner(world, of_larkfell), owner(world, alone)) == ("Ada", "Bea")


def test_a_related_table_without_change_tracking_is_asked_what_was_modified(world: World) -> None:
    people(world, "Ada", "Bea")
    define(world, segments_by("related: {lookup: campaignid, filter: {all: [[name, eq, Fair]]}}"))
    nights = Nights(world)
    campaign = create(world, CAMPAIGN, {"name": "Mailing"})
    one = a_lead_of_bea(nights, **messages.bind("campaignid", CAMPAIGN.entity_set, campaign))
    change_row(world, CAMPAIGN, campaign, {"name": "Fair"})

    result = nights.reconcile()
    nights.decide()

    assert (result.found["campaign"].how, result.found["campaign"].queued) == (How.MODIFIED, 1)
    assert owner(world, one) == "Ada"


def test_a_choice_by_hand_of_which_no_webhook_told_is_found_and_left_so(nights: Nights) -> None:
    world = nights.world
    one = a_lead_of_bea(nights, numberofemployees=10)
    world.assign(one, "Cid")

    nights.night()

    assert owner(world, one) == "Cid"
    assert last_status(world, one) == RoutingStatus.ASSIGNED_BY_HAND
    runs = len(world.runs())
    nights.night()
    assert len(world.runs()) == runs


def test_of_two_choices_by_hand_the_last_one_counts(nights: Nights) -> None:
    world = nights.world
    one = a_lead_of_bea(nights)
    world.assign(one, "Ada")
    world.assign(one, "Cid")

    nights.night()

    assert owner(world, one) == "Cid"
    assert "Cid" in told(world, one)


def test_a_lead_that_belongs_to_somebody_from_the_start_is_not_taken_for_a_choice(
    world: World,
) -> None:
    people(world, "Ada", "Bea", "Cid")
    define(world, segments_by(BIG, ", filter: {all: [[subject, eq, Nothing]]}"))
    nights = Nights(world)
    one = lead(world, numberofemployees=10, **owned_by("Cid"))
    nights.decide()
    nights.night()
    assert (owner(world, one), world.lead(one)["wa_assignmentresult"]) == ("Cid", 1)
    world.update_lead(one, {"numberofemployees": 900})

    nights.night()

    assert owner(world, one) == "Ada"


def test_a_lead_that_was_deleted_is_told_of(nights: Nights) -> None:
    world = nights.world
    one = lead(world)
    nights.night()
    unheard = lead(world)
    world.admin.send(messages.delete(LEAD.entity_set, unheard))

    found = nights.night()

    assert (found.deleted, owner(world, one)) == (1, "Bea")
    assert "deleted" in run_of(world, unheard)["wa_reason"]


def test_after_a_week_away_what_changed_since_is_found_without_telling_of_all(
    nights: Nights,
) -> None:
    world = nights.world
    one = a_lead_of_bea(nights, numberofemployees=10)
    others = world.create_leads(5)
    nights.decide()
    world.mock.clock.advance(timedelta(days=8))
    world.update_lead(one, {"numberofemployees": 900})

    found = nights.night()

    assert (found.how, found.read) == (How.WHOLE, 1 + len(others))
    assert (found.queued, owner(world, one)) == (1, "Ada")


def test_of_two_hosts_at_once_one_reconciles_and_every_change_is_told_once(nights: Nights) -> None:
    world = nights.world
    leads = world.create_leads(6, numberofemployees=10)
    nights.decide()
    nights.night()
    for one in leads:
        world.update_lead(one, {"numberofemployees": 900})
    both, results = Barrier(2), []

    def host() -> None:
        with nights.reconciler() as reconciler:
            both.wait(30)
            results.append(reconciler.begin())

    hosts = [Thread(target=host) for _ in range(2)]
    for thread in hosts:
        thread.start()
    for thread in hosts:
        thread.join()

    # Whoever comes when the other has ended already finds nothing new.
    assert sum(r.found["lead"].queued for r in results if r.found) == len(leads)
    nights.decide()
    assert {owner(world, one) for one in leads} == {"Ada"}


def test_pages_of_changes_are_read_one_after_the_other(world: World) -> None:
    sample_data.create_application_users(world.admin)
    leads = world.create_leads(5)
    store = ChangeStore(world.admin, page_size=2)
    table = store.table("lead")
    assert table is not None
    page = store.whole(table)
    read = list(page.rows)
    while page.following is not None:
        assert len(page.rows) <= 2
        page = store.further(table, page.following)
        read += page.rows
    assert {row.id for row in read} == set(leads)
    assert page.token is not None
    world.update_lead(leads[3], {"subject": "Other"})
    world.admin.send(messages.delete(LEAD.entity_set, leads[0]))
    changed = store.further(table, page.token).rows
    assert [(row.id, row.is_deleted) for row in changed] == [(leads[3], False), (leads[0], True)]


def test_a_night_costs_no_more_requests_the_more_leads_changed(nights: Nights) -> None:
    world = nights.world
    leads = world.create_leads(40)
    nights.decide()
    with connect(world.mock.url, Credentials(token=f"user:{sample_data.APP_USER}")) as client:
        store = ChangeStore(client)
        table = store.table("lead")
        assert table is not None
        link = store.whole(table).token
        assert link is not None
        for one in leads:
            world.update_lead(one, {"subject": "Other"})
        before = client.requests_sent
        assert len(store.further(table, link).rows) == len(leads)
        assert client.requests_sent == before + 1


def command(nights: Nights, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    for name, value in environment(nights.world, nights.storage).items():
        monkeypatch.setenv(name, value)
    return main(["reconcile", *arguments])


def test_the_command_prints_what_was_found(
    nights: Nights, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one = lead(nights.world)
    nights.decide()
    assert command(nights, monkeypatch) == 0
    assert "lead: looked at for the first time" in capsys.readouterr().out
    nights.world.update_lead(one, {"subject": "Other"})

    assert command(nights, monkeypatch) == 0

    assert capsys.readouterr().out.splitlines() == [
        "table  by               changed  by us  deleted  queued",
        "lead   change tracking        1      0        0       1",
        "1 on the queue; the running app looks at it.",
    ]


def test_the_command_tells_programs_the_same(
    nights: Nights, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command(nights, monkeypatch)
    capsys.readouterr()
    lead(nights.world)

    assert command(nights, monkeypatch, "--json") == 0

    (table,) = json.loads(capsys.readouterr().out)["tables"]
    assert (table["table"], table["changed"], table["queued"]) == ("lead", 1, 1)


def test_the_command_fails_where_another_worker_is_at_it(
    nights: Nights, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with nights.reconciler() as other:
        lease = other.leases.acquire("reconcile")
        assert lease is not None
        assert command(nights, monkeypatch) == 1
        lease.release()
    assert capsys.readouterr().out == "Not finished: another worker is at it.\n"


def test_the_command_fails_where_a_table_may_not_be_read(
    nights: Nights, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ChangeStore, "table", lambda *_: None)
    assert command(nights, monkeypatch) == 1
    assert "lead could not be read: there is no such table" in capsys.readouterr().out
