"""Two workers at once, without the lease: nothing is lost and nothing happens twice."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.e2e.world import EverybodysLease, World, decider, user_id, workshop

from work_assignment.dataverse import outcome_rows, outcome_writer, reservations
from work_assignment.dataverse.messages import Request
from work_assignment.dataverse.outcome_store import OutcomeStore
from work_assignment.domain.runs.facts import SellerRow
from work_assignment.domain.runs.outcomes import Outcome, SellerChange, WriteResult
from work_assignment.services.deciding import Decider
from work_assignment.services.events import Event
from work_assignment.services.intake import QUEUE

ROOT = Path(__file__).parents[2]
SELLERS = ("Ada", "Bea", "Cy", "Dee", "Eli")


def run_workers(world: World, count: int, block_size: int) -> None:
    """Start that many worker processes, let them go together, and wait for them."""
    command = [sys.executable, "-m", "tests.e2e.worker", world.mock.url]
    command += [str(world.folder / "queues.sqlite"), str(block_size)]
    environment = {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "PATH": ""}
    with ExitStack() as stack:
        workers = [
            stack.enter_context(
                subprocess.Popen(  # noqa: S603 - our own worker
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    cwd=ROOT,
                    env=environment,
                )
            )
            for _ in range(count)
        ]
        for worker in workers:
            stack.callback(worker.kill)
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n"
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.write("go\n")
            worker.stdin.flush()
        outputs = [worker.communicate(timeout=60)[0] for worker in workers]
        assert [worker.returncode for worker in workers] == [0] * count, outputs


def assert_everything_is_right(world: World, names: Sequence[str]) -> None:
    """Every lead has one owner of ours and one current outcome that names the same owner."""
    runs = world.runs()
    assert Counter(run["wa_recordid"] for run in runs).most_common(1)[0][1] == 1
    owner_by_run = {run["wa_recordid"]: run["_wa_assignedsellerid_value"] for run in runs}
    ours = {user_id(name) for name in names}
    for lead in world.leads():
        assert lead["wa_assignmentresult"] == 0
        assert lead["_ownerid_value"] in ours
        assert owner_by_run[lead["leadid"]] == lead["_ownerid_value"]
    for row in world.seller_rows():
        assert json.loads(row["wa_reservations"] or "[]") == []


@pytest.mark.parametrize("block_size", [7, 40, 200])
def test_200_leads_at_once_give_each_of_five_sellers_her_40(world: World, block_size: int) -> None:
    world.settle_in(dict.fromkeys(SELLERS, 40))
    world.create_leads(200)
    run_workers(world, 2, block_size)
    assert world.owned(SELLERS) == dict.fromkeys(SELLERS, 40)
    assert_everything_is_right(world, SELLERS)


def test_round_robin_stays_within_one_where_nobody_is_full(world: World) -> None:
    world.settle_in(dict.fromkeys(SELLERS, 1000))
    world.create_leads(203)
    run_workers(world, 2, 9)
    owned = world.owned(SELLERS)
    assert sum(owned.values()) == 203
    assert max(owned.values()) - min(owned.values()) <= 1
    assert_everything_is_right(world, SELLERS)


class InterruptedStore(OutcomeStore):
    """The outcomes of a worker who is interrupted once, just before her first write."""

    interruption: Callable[[], object] | None = None

    def reserve(self, changes: Sequence[SellerChange]) -> list[SellerRow] | None:
        self._be_interrupted()
        return super().reserve(changes)

    def commit_alone(self, changes: Sequence[SellerChange], outcome: Outcome) -> WriteResult:
        self._be_interrupted()
        return super().commit_alone(changes, outcome)

    def _be_interrupted(self) -> None:
        interruption, self.interruption = self.interruption, None
        if interruption is not None:
            interruption()


def leads_that_ada_gets(world: World) -> int:
    """Two workers each know of another lead, and Ada has one place.

    The first lead failed before, so only its event brings it back, to the first worker; the second
    lead is new, and the second worker routes it while the first one is about to write.
    """
    world.settle_in({"Ada": 0})
    (failed,) = world.create_leads(1)
    storage = world.folder / "queues.sqlite"
    shop = workshop(world.mock.url, storage, leases=EverybodysLease(), store=InterruptedStore)
    first = Decider(shop)
    assert first.answer().unassigned == 1
    world.define({"Ada": 1})
    update = Event(
        table="lead",
        record_id=failed,
        message="Update",
        occurred_at=shop.clock() + timedelta(minutes=1),
        user_id=user_id("Ada"),
        depth=1,
        columns=frozenset({"subject"}),
    )
    shop.queues.put(QUEUE, update.to_text())
    second = decider(world.mock.url, storage, leases=EverybodysLease())

    def route_another_lead() -> None:
        world.create_leads(1)
        assert second.answer().assigned == 1

    assert isinstance(shop.outcomes, InterruptedStore)
    shop.outcomes.interruption = route_another_lead
    first.answer()
    return world.owned(["Ada"])["Ada"]


def test_two_workers_do_not_give_the_same_place_away_twice(world: World) -> None:
    assert leads_that_ada_gets(world) == 1


def test_it_is_if_match_on_the_sellers_row_that_prevents_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_if_match(change: SellerChange) -> Request:
        return replace(outcome_rows.seller_request(change), headers={"If-Match": "*"})

    for module in (reservations, outcome_writer):
        monkeypatch.setattr(module, "seller_request", without_if_match)
    assert leads_that_ada_gets(world) == 2
