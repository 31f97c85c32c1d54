"""What a block is decided on stays whole where there is more of it than one answer holds."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from tests.e2e.world import World, user_id

from work_assignment.bootstrap import connect, now
from work_assignment.cli import sample_data
from work_assignment.dataverse import last_runs, mapping, messages
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.definition_store import DefinitionStore
from work_assignment.dataverse.fact_store import FactStore
from work_assignment.dataverse.names import (
    ASSIGNMENT_RULE,
    LEAD,
    ROUTING_RUN,
    SEGMENT,
    SELLER,
    SYSTEM_USER,
    RoutedColumn,
)
from work_assignment.dataverse.open_counts import ASKED_AGAIN_AFTER, TOO_MANY
from work_assignment.dataverse.outcome_store import OutcomeStore
from work_assignment.dataverse.queries import Query
from work_assignment.domain.records import RecordKey
from work_assignment.domain.runs.facts import Gathered, LastRun, Reservation, Rulebook
from work_assignment.domain.runs.outcomes import Settlement
from work_assignment.domain.runs.sweeps import Page, Scope
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.mock_dataverse.reading import reads
from work_assignment.mock_dataverse.reading.fetchxml import aggregate
from work_assignment.settings import Credentials

PEOPLE = ("Ada", "Bea", "Cyd", "Dan", "Eve")


class Monotonic:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Reading:
    """A store on the mock, and what it costs."""

    def __init__(self, world: World, client: DataverseClient) -> None:
        self.client = client
        self.clock = Monotonic()
        self.facts = FactStore(client, DefinitionStore(client), clock=self.clock)
        self.rulebook: Rulebook = self.facts.rulebook()

    def gather(self, *asked: str) -> Gathered:
        keys = [RecordKey("lead", one) for one in asked]
        return self.facts.gather(self.rulebook, keys, waiting=10)

    def cost(self, *asked: str) -> int:
        """How many requests it takes to gather."""
        before = self.client.requests_sent
        self.gather(*asked)
        return self.client.requests_sent - before

    def counts(self) -> dict[str, int]:
        names = {user_id(name): name for name in PEOPLE}
        return {names[seller]: count for seller, count in self.gather().open_counts.items()}

    def last(self, lead: str) -> LastRun | None:
        return self.gather(lead).last_runs.get(RecordKey("lead", lead))


@pytest.fixture
def client(world: World) -> Any:
    with connect(world.mock.url, Credentials(token=f"user:{sample_data.APP_USER}")) as client:
        yield client


@pytest.fixture
def reading(world: World, client: DataverseClient) -> Reading:
    world.settle_in(dict.fromkeys(PEOPLE, 60_000))
    return Reading(world, client)


def own(world: World, name: str, count: int) -> None:
    """Give somebody that many open leads."""
    row = messages.bind("ownerid", SYSTEM_USER.entity_set, user_id(name))
    requests = [messages.create(LEAD.entity_set, {"lastname": "Own", **row}) for _ in range(count)]
    sample_data.write(world.admin, requests)


def counts_at_most(monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    monkeypatch.setattr(aggregate, "AGGREGATE_LIMIT", limit)


# Counts


def test_a_seller_with_more_records_than_dataverse_counts_is_full_and_others_are_counted(
    world: World, reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    own(world, "Ada", 4)
    own(world, "Bea", 2)
    own(world, "Eve", 3)
    counts_at_most(monkeypatch, 3)

    assert reading.counts() == {"Ada": TOO_MANY, "Bea": 2, "Eve": 3}
    assert TOO_MANY == 50_001


def test_what_was_too_much_for_one_count_is_paid_for_once(
    world: World, reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    own(world, "Ada", 4)
    own(world, "Bea", 2)
    own(world, "Cyd", 2)
    counts_at_most(monkeypatch, 3)
    assert reading.cost() > 1

    assert reading.cost() == 1
    assert reading.counts() == {"Ada": TOO_MANY, "Bea": 2, "Cyd": 2}


def test_a_seller_who_got_rid_of_records_is_counted_again_before_long(
    world: World, reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    own(world, "Ada", 4)
    counts_at_most(monkeypatch, 3)
    assert reading.counts() == {"Ada": TOO_MANY}

    counts_at_most(monkeypatch, 50_000)
    assert reading.counts() == {"Ada": TOO_MANY}
    reading.clock.now += ASKED_AGAIN_AFTER
    assert reading.counts() == {"Ada": 4}


def test_that_somebody_has_too_many_records_is_said_once_a_day(
    world: World,
    reading: Reading,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    own(world, "Ada", 4)
    counts_at_most(monkeypatch, 3)

    for _ in range(40):
        reading.clock.now += 3600 / 2
        reading.gather()

    said = [line for line in caplog.messages if user_id("Ada") in line]
    assert len(said) == 1
    reading.clock.now += 24 * 3600
    reading.gather()
    assert len([line for line in caplog.messages if user_id("Ada") in line]) == 2


# Sellers' rows


def test_sellers_beyond_one_page_are_read_and_counted_after_all_rows(
    world: World, reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in PEOPLE:
        own(world, name, 1)
    one_page = reading.cost()
    monkeypatch.setattr(reads, "LARGEST_PAGE", 2)

    found = reading.gather()

    assert {row.seller_id for row in found.sellers} == set(map(user_id, PEOPLE))
    assert set(found.open_counts) == set(map(user_id, PEOPLE))
    assert one_page == 1
    pages, counts = 3, 1
    assert reading.cost() == pages + counts


def test_shares_of_a_seller_beyond_one_page_are_settled_too(
    world: World, client: DataverseClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.settle_in(dict.fromkeys(PEOPLE, 5))
    rows = world.admin.rows(Query(SELLER.entity_set, orderby=(SELLER.primary_id,)))
    *_, last = [row[SELLER.primary_id] for row in rows]
    share = Reservation("dead", 1, now() - timedelta(hours=1), {})
    world.change_seller(last, {"wa_reservations": mapping.reservations_text([share])})
    monkeypatch.setattr(reads, "LARGEST_PAGE", 2)

    with closing(OutcomeStore(client, dict, now)) as outcomes:
        outcomes.settle("dead", Settlement())

    assert [row["wa_reservations"] for row in world.seller_rows()] == [None] * len(PEOPLE)


# The run log


def log_run(
    world: World,
    lead: str,
    status: RoutingStatus = RoutingStatus.NO_SELLERS,
    decided: datetime | None = None,
    **columns: Any,
) -> str:
    at = decided or now()
    row = {
        "wa_name": "Lead",
        "wa_recordtype": "lead",
        "wa_recordid": lead,
        "wa_recordversion": str(uuid4()),
        "wa_mode": "on",
        "wa_routingstatus": status.value,
        "wa_decidedon": at,
        "wa_lastattempton": at,
        "wa_attempts": 1,
        **columns,
    }
    run_id = str(uuid4())
    world.admin.send(messages.create(ROUTING_RUN.entity_set, row, row_id=run_id))
    return run_id


def test_a_worker_whose_clock_was_ahead_does_not_make_its_run_the_last_one(
    world: World, reading: Reading
) -> None:
    (lead,) = world.create_leads(1)
    log_run(world, lead, decided=now() + timedelta(hours=1))
    world.wait_for_the_next_second()
    newer = log_run(world, lead, RoutingStatus.ASSIGNED_BY_HAND)

    last = reading.last(lead)

    assert last is not None
    assert (last.id, last.status) == (newer, RoutingStatus.ASSIGNED_BY_HAND)


def test_a_run_that_is_counted_up_stays_the_last_one_until_there_is_another(
    world: World, reading: Reading
) -> None:
    (lead,) = world.create_leads(1)
    first = log_run(world, lead)
    world.wait_for_the_next_second()
    second = log_run(world, lead)
    later = {"wa_attempts": 7, "wa_lastattempton": now() + timedelta(hours=2)}

    world.admin.send(messages.update(ROUTING_RUN.entity_set, first, later, version="*"))
    last = reading.last(lead)
    assert last is not None
    assert last.id == second

    world.admin.send(messages.update(ROUTING_RUN.entity_set, second, later, version="*"))
    last = reading.last(lead)
    assert last is not None
    assert (last.id, last.attempts) == (second, 7)


def test_records_whose_neighbours_have_long_histories_keep_their_last_run(
    world: World, reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    noisy, quiet, new = world.create_leads(3)
    told = log_run(world, quiet)
    world.wait_for_the_next_second()
    for number in range(7):
        newest = log_run(world, noisy, decided=now() + timedelta(minutes=number))
    monkeypatch.setattr(last_runs, "ROWS_AT_ONCE", 4)

    found = reading.gather(noisy, quiet, new).last_runs

    assert {key.id: run.id for key, run in found.items()} == {noisy: newest, quiet: told}


def test_long_histories_cost_one_request_more_and_short_ones_none(
    world: World, reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    noisy, quiet = world.create_leads(2)
    log_run(world, quiet)
    world.wait_for_the_next_second()
    for _ in range(10):
        log_run(world, noisy)
    world.wait_for_the_next_second()
    log_run(world, noisy)
    assert reading.cost(noisy, quiet) == 1
    monkeypatch.setattr(last_runs, "ROWS_AT_ONCE", 10)  # just enough for two who flap

    assert reading.cost(noisy, quiet) == 2


def test_more_runs_of_one_second_than_one_answer_holds_do_not_keep_anybody_waiting(
    world: World, reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    (lead,) = world.create_leads(1)
    runs = {log_run(world, lead, decided=now().replace(microsecond=0)) for _ in range(6)}
    monkeypatch.setattr(last_runs, "ROWS_AT_ONCE", 2)

    last = reading.last(lead)

    assert last is not None
    assert last.id in runs


def test_a_sweep_finds_last_runs_behind_long_histories_too(
    world: World, reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    noisy, quiet = world.create_leads(2)
    for lead in (noisy, quiet):
        world.update_lead(lead, {RoutedColumn.ASSIGNMENT_RESULT: 1})
    told = log_run(world, quiet)
    world.wait_for_the_next_second()
    for _ in range(5):
        newest = log_run(world, noisy)
    monkeypatch.setattr(last_runs, "ROWS_AT_ONCE", 3)
    page = Page(Scope({"lead": now() - timedelta(days=1)}), {}, 10)

    found = reading.facts.gather_page(reading.rulebook, page).last_runs

    assert found[RecordKey("lead", quiet)].id == told
    assert set(found) == {RecordKey("lead", noisy), RecordKey("lead", quiet)}
    assert newest


# Definitions read by two sessions of one process


def test_a_session_goes_on_with_its_rulebook_when_another_reads_definitions_without_its_table(
    world: World, client: DataverseClient
) -> None:
    world.settle_in({"Ada": 5})
    (lead,) = world.create_leads(1)
    definitions = DefinitionStore(client)
    facts = FactStore(client, definitions)
    ours = facts.rulebook()
    for table in (ASSIGNMENT_RULE, SEGMENT):
        for row in list(world.admin.rows(Query(table.entity_set))):
            world.admin.send(messages.delete(table.entity_set, row[table.primary_id]))

    theirs = facts.rulebook()

    assert "lead" not in theirs.columns
    key = RecordKey("lead", lead)
    assert set(facts.gather(ours, [key], waiting=10).asked) == {key}
    assert [found.key for found in facts.gather(ours, [], waiting=10).waiting] == [key]
    assert "lead" in definitions.schemas
    assert facts.gather(theirs, [key], waiting=10).asked == {}
