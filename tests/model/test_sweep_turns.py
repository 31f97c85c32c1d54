"""Sweeps of the same records, taken up by several workers in any order: one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import groupby

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.model.workers import Worker
from tests.services.fakes import Calls
from tests.services.sweeps import SweepWorld, queued

from work_assignment.domain.runs.sweeps import Sweep, SweepKind, SweepStatus
from work_assignment.services.sweep_orders import Order
from work_assignment.services.sweep_sessions import Tools
from work_assignment.services.sweep_turns import NotItsTurn
from work_assignment.services.sweeping import Sweeper

RECORDS = 3
BY_FORCE = Order(segment="default", record_type="lead", kind=SweepKind.FORCE)
IDS = [f"00000000-0000-4000-8000-{number:012}" for number in (3, 1, 2)]
BUDGET = timedelta(hours=1)


class Crew:
    """Two sweeps that rows ask for, and one that a person carries out; no time passes.

    Each routes all records by force, so that all of them write an outcome of each.
    """

    def __init__(self) -> None:
        self.world = SweepWorld()
        self.keys = self.world.waiting(RECORDS)
        self.world.sweep()
        for sweep_id in IDS[:2]:
            row = queued(self.world, sweep_id, record_type="lead", kind=SweepKind.FORCE)
            self._of_default(row)
        self.workers = [
            Worker(self._app(IDS[0])),
            Worker(self._app(IDS[1])),
            Worker(self._app(IDS[0])),  # a message that came twice
            Worker(lambda calls: self._sweeper(calls).sweep(BY_FORCE)),
        ]

    def _of_default(self, row: Sweep) -> None:
        marked = replace(row, cursor=replace(row.cursor, is_default=True))
        assert self.world.store().save(marked) is not None

    def _sweeper(self, calls: Calls) -> Sweeper:
        shop = self.world.shop(calls, shared_lease=True)
        store = self.world.store(calls)
        return Sweeper(Tools(shop, store, pause=lambda time: None, block_size=1))

    def _app(self, sweep_id: str) -> Callable[[Calls], object]:
        def work(calls: Calls) -> None:
            while True:
                try:
                    if self._sweeper(calls).carry_on(sweep_id, BUDGET):
                        return
                except NotItsTurn:
                    continue

        return work

    def work(self, choices: Iterable[int]) -> None:
        """Move workers as they are chosen, then one after the other until all are done."""
        for choice in choices:
            self.workers[choice].move()
        while any(worker.is_at_work for worker in self.workers):
            for worker in self.workers:
                worker.move()

    def order_of_outcomes(self) -> list[str | None]:
        """Whose outcomes the run log has, as they were written, without the first sweep's."""
        runs = [logged.run for logged in self.world.organization.runs.values()]
        return [run.sweep_id for run in runs[RECORDS:]]


def in_turn(told: Sequence[str | None]) -> bool:
    """Whether nobody wrote anything more once another one had."""
    groups = [who for who, _ in groupby(told)]
    return len(groups) == len(set(groups))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=120))
def test_sweeps_of_the_same_records_write_one_after_the_other(choices: list[int]) -> None:
    crew = Crew()

    crew.work(choices)

    told = crew.order_of_outcomes()
    assert in_turn(told), told
    assert len(told) == 3 * RECORDS
    assert {len(crew.world.organization.runs_of(key)) for key in crew.keys} == {4}
    rows = crew.world.sweeps.values()
    assert {row.status for row in rows} == {SweepStatus.SUCCEEDED}
    assert not any(row.message.startswith("It waits") for row in rows)


def test_where_nobody_looks_for_others_they_get_in_each_others_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in ("sweeping", "sweep_sessions"):
        monkeypatch.setattr(f"work_assignment.services.{module}.before", lambda *given: None)
    crew = Crew()

    crew.work([])

    assert not in_turn(crew.order_of_outcomes())
