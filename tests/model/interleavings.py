"""The machine: people, late and doubled events, and workers who may die, in any order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.domain.cases import seller
from tests.model.laws import PLENTY, LawBroken, WatchedOrganization, at_rest, overruled, unequal
from tests.model.protections import (
    ForgetfulQueues,
    Protection,
    UnsettledConnection,
    claims_ignored,
)
from tests.model.workers import Worker
from tests.services.fakes import Calls
from tests.services.organization import Connection
from tests.services.sweeps import SweepWorld
from tests.services.world import WEB

from work_assignment.domain.records import Owner, RecordKey, SellerId
from work_assignment.domain.runs.facts import Gathered
from work_assignment.services.deciding import Decider
from work_assignment.services.events import Event
from work_assignment.services.inbox import POISON
from work_assignment.services.intake import QUEUE as EVENTS
from work_assignment.services.sweep_orders import Order
from work_assignment.services.workshop import Workshop

SELLERS = ("ana", "ben", "cem")
MOST_WORKERS = 3
MOST_DEATHS = 3
"""So few that no event is given up because its workers died."""
DECISIVE = frozenset(
    f"before {call}"
    for call in (
        "gather records",
        "reserve",
        "commit",
        "commit alone",
        "settle",
        "delete wa-events",
    )
)
_ANY = st.integers(0, 11)


class WatchingConnection(Connection):
    """Says when the facts of a block are read."""

    def gather(self, *given: Any, **named: Any) -> Gathered:
        self._note()
        return super().gather(*given, **named)

    def gather_page(self, *given: Any, **named: Any) -> Gathered:
        self._note()
        return super().gather_page(*given, **named)

    def _note(self) -> None:
        assert isinstance(self._organization, WatchedOrganization)
        self._organization.note_reading()


class UnsettledWatchingConnection(UnsettledConnection, WatchingConnection):
    """Watches, and settles nothing."""


class ModelWorld(SweepWorld):
    """A world that is watched, with one of its protections taken out if wanted."""

    def __init__(self, capacity: int | None, without: Protection | None) -> None:
        super().__init__(
            capacity=capacity,
            names=SELLERS,
            reserve_checks_versions=without is not Protection.SELLERS_VERSIONS,
        )
        self._without = without
        self.watched = WatchedOrganization.watching(self.organization)
        self.watched.checks_records = without is not Protection.RECORDS_VERSIONS
        self.organization = self.watched
        self._stamps = 1
        for name in SELLERS:
            self.watched.capacity[SellerId(name)] = PLENTY if capacity is None else capacity

    def shop(self, calls: Calls | None = None, **options: Any) -> Workshop:
        shop = super().shop(calls, **options)
        unsettled = self._without is Protection.SETTLING
        kind = UnsettledWatchingConnection if unsettled else WatchingConnection
        connection = kind(self.organization, calls or Calls())
        shop = replace(shop, facts=connection, outcomes=connection)
        if self._without is Protection.EVENTS_LAST:
            return replace(shop, queues=ForgetfulQueues(self.queues, calls or Calls()))
        return shop

    def allow(self, name: str, capacity: int) -> None:
        """An administrator changes how much a seller may own."""
        self._sellers = [
            seller(name, capacity) if each.id == name else each for each in self._sellers
        ]
        self._stamps += 1
        self.organization.rulebook = self.rulebook(self.rules, stamp=str(self._stamps))
        allowed = self.watched.capacity
        allowed[SellerId(name)] = max(allowed[SellerId(name)], capacity)


class Interleavings(RuleBasedStateMachine):
    """Whatever may happen; `without` is a protection that this machine lives without.

    `focus` says how all runs begin, where the search is for something certain.
    """

    without: ClassVar[Protection | None] = None
    focus: ClassVar[Mapping[str, Any]] = {}
    runs: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        self._stack = ExitStack()
        if self.without is Protection.CLAIMS:
            self._stack.enter_context(claims_ignored())
        self.workers: list[Worker] = []
        self.late: list[Event] = []
        self.keys: list[RecordKey] = []
        self.choices: dict[RecordKey, Owner] = {}
        self.unheard: set[RecordKey] = set()
        self.deaths = 0
        self.is_calm = self.has_lease = True

    @initialize(
        capacity=st.sampled_from([None, 1, 2]),
        size=st.sampled_from([2, 3, 200]),
        is_calm=st.booleans(),
        has_lease=st.booleans(),
        leads=st.integers(0, 5),
        moments=st.integers(0, 3),
        is_chosen=st.booleans(),
    )
    def begin(
        self,
        capacity: int | None,
        size: int,
        is_calm: bool,
        has_lease: bool,
        leads: int,
        moments: int,
        is_chosen: bool,
    ) -> None:
        """In a calm run workers may meet, and nothing else comes between them."""
        self.capacity, self.size = self.focus.get("capacity", capacity), size
        self.is_calm = self.focus.get("is_calm", is_calm)
        self.has_lease = self.focus.get("has_lease", has_lease)
        self.world = ModelWorld(self.capacity, self.without)
        if leads:
            self.leads_come_in(leads, 1, is_late=False, rings=True)
            if is_chosen and not self.is_calm:
                self.somebody_chooses_an_owner(which=0, whom="cem", heard="now")
            for _ in range(moments):
                self.workers[0].go_to(DECISIVE)

    # people

    @rule(
        number=st.integers(1, 3),
        events=st.integers(0, 2),
        is_late=st.booleans(),
        rings=st.booleans(),
    )
    def leads_come_in(self, number: int, events: int, is_late: bool, rings: bool) -> None:
        for _ in range(number):
            key = self.world.create(len(self.keys) + 1, told=False)
            self.keys.append(key)
            for _ in range(events):
                self._say(Event(**self._event(key), message="Create"), is_late)
        if rings and len(self._at_work()) < MOST_WORKERS:
            self.a_worker_answers_the_bell(thorough=False)

    @precondition(lambda self: self.keys and not self.is_calm)
    @rule(
        which=_ANY,
        whom=st.sampled_from(SELLERS),
        heard=st.sampled_from(["now", "late", "twice", "never"]),
    )
    def somebody_chooses_an_owner(self, which: int, whom: str, heard: str) -> None:
        key = self._open(which)
        if key is not None:
            self._choose(key, whom, heard)

    def _choose(self, key: RecordKey, whom: str, heard: str) -> None:
        self.world.clock.advance(timedelta(seconds=1))
        owner = Owner("systemuser", whom)
        self.world.organization.change(key, owner=owner, by="boss")
        if self.world.organization.records[key].is_open:
            self.world.watched.arrived(owner)
        self.choices[key] = owner
        if heard == "never":
            self.unheard.add(key)
            return
        said = Event(
            **self._event(key) | {"user_id": "boss"},
            message="Update",
            columns=frozenset({"ownerid"}),
            owner=owner,
        )
        for _ in range(2 if heard == "twice" else 1):
            self._say(said, heard == "late")
        self.world.clock.advance(timedelta(seconds=1))

    @precondition(lambda self: self.keys and not self.is_calm)
    @rule(which=_ANY, is_late=st.booleans())
    def somebody_changes_a_lead(self, which: int, is_late: bool) -> None:
        key = self._open(which)
        if key is not None:
            self.world.update(key, told=False)
            self._say(
                Event(**self._event(key), message="Update", columns=frozenset({"subject"})),
                is_late,
            )

    @precondition(lambda self: self.keys and not self.is_calm)
    @rule(which=_ANY, is_deleted=st.booleans())
    def somebody_closes_or_deletes_a_lead(self, which: int, is_deleted: bool) -> None:
        key = self._open(which)
        if key is None:
            return
        if is_deleted:
            del self.world.organization.records[key]
        else:
            self.world.organization.change(key, is_open=False)
            if self.world.organization.records[key].record.owner != self.choices.get(key):
                self.choices.pop(key, None)  # who closes a lead leaves it with whom it is

    @precondition(lambda self: self.keys and not self.is_calm)
    @rule(which=_ANY, chosen=st.none() | st.sampled_from(SELLERS), is_late=st.booleans())
    def somebody_opens_a_lead_again(self, which: int, chosen: str | None, is_late: bool) -> None:
        key = self._closed(which)
        if key is None:
            return
        if chosen is not None:
            self._choose(key, chosen, "now")
        self.world.organization.change(key, is_open=True)
        owner = self.world.organization.records[key].record.owner
        if owner is not None:
            self.world.watched.arrived(owner)
        self._say(
            Event(**self._event(key), message="Update", columns=frozenset({"statecode"})), is_late
        )

    @precondition(lambda self: self.capacity is not None and not self.is_calm)
    @rule(whom=st.sampled_from(SELLERS), capacity=st.integers(0, 4))
    def an_administrator_changes_a_capacity(self, whom: str, capacity: int) -> None:
        self.world.allow(whom, capacity)

    # what lies between

    @precondition(lambda self: self.late)
    @rule(which=_ANY)
    def a_late_event_comes(self, which: int) -> None:
        self._put(self.late.pop(which % len(self.late)))

    @rule(seconds=st.sampled_from([1, 30, 70, 160]))
    def time_passes(self, seconds: int) -> None:
        self.world.clock.advance(timedelta(seconds=seconds))

    @precondition(lambda self: self.has_lease)
    @rule()
    def the_lease_is_lost(self) -> None:
        self.world.leases.holder = None

    # workers

    @precondition(lambda self: len(self._at_work()) < MOST_WORKERS)
    @rule(thorough=st.booleans())
    def a_worker_answers_the_bell(self, thorough: bool) -> None:
        self.workers.append(Worker(partial(self._answer, thorough=thorough)))

    @precondition(lambda self: len(self._at_work()) < MOST_WORKERS)
    @rule()
    def a_worker_sweeps(self) -> None:
        self.workers.append(Worker(self._sweep))

    @precondition(lambda self: self._at_work())
    @rule(which=_ANY)
    def a_worker_goes_on_to_its_next_decisive_moment(self, which: int) -> None:
        self._worker(which).go_to(DECISIVE)

    @precondition(lambda self: self._at_work())
    @rule(which=_ANY)
    def a_worker_does_all_it_can(self, which: int) -> None:
        self._worker(which).work_on()

    @precondition(lambda self: self._at_work())
    @rule(moves=st.lists(st.integers(0, MOST_WORKERS - 1), min_size=1, max_size=25))
    def workers_move(self, moves: Sequence[int]) -> None:
        for which in moves:
            at_work = self._at_work()
            if at_work:
                at_work[which % len(at_work)].move()

    @precondition(lambda self: self._at_work() and self.deaths < MOST_DEATHS and not self.is_calm)
    @rule(which=_ANY, goes_on=st.booleans())
    def a_worker_dies(self, which: int, goes_on: bool) -> None:
        self.deaths += 1
        worker = self._worker(which)
        if goes_on:
            worker.go_to(DECISIVE)
        worker.die()

    @precondition(lambda self: self._at_work() and not self.is_calm)
    @rule(which=_ANY)
    def a_worker_loses_dataverse(self, which: int) -> None:
        self._worker(which).lose_dataverse()

    @invariant()
    def nothing_is_broken(self) -> None:
        if hasattr(self, "world") and self.world.watched.broken:
            raise LawBroken("; ".join(self.world.watched.broken))

    def teardown(self) -> None:
        """Let everything come to rest, and look at what is left."""
        type(self).runs += 1
        try:
            if hasattr(self, "world"):
                self._come_to_rest()
                wrong = self._wrong()
                if wrong:
                    raise LawBroken("; ".join(wrong))
        finally:
            for worker in self._at_work():
                worker.die()
            self._stack.close()

    # how

    def _come_to_rest(self) -> None:
        for worker in self._at_work():
            worker.work_on()
        while self.late:
            self._put(self.late.pop())
        self.world.let_time_pass(minutes=14, block_size=self.size)

    def _wrong(self) -> list[str]:
        watched = self.world.watched
        heard = {key: to for key, to in self.choices.items() if key not in self.unheard}
        left = [text for queue in (EVENTS, POISON) for text in self.world.queues.texts(queue)]
        wrong = [*watched.broken, *(f"{text} lies on a queue" for text in left)]
        wrong += [*at_rest(watched), *overruled(watched, heard)]
        return wrong + unequal(watched, self.capacity) if self.is_calm else wrong

    def _at_work(self) -> list[Worker]:
        return [worker for worker in self.workers if worker.is_at_work]

    def _worker(self, which: int) -> Worker:
        at_work = self._at_work()
        return at_work[which % len(at_work)]

    def _answer(self, calls: Calls, *, thorough: bool) -> None:
        shop = self.world.shop(calls, block_size=self.size, shared_lease=not self.has_lease)
        Decider(shop).answer(thorough=thorough)

    def _sweep(self, calls: Calls) -> None:
        is_shared = not self.has_lease
        sweeper = self.world.sweeper(calls, block_size=self.size, shared_lease=is_shared)
        sweeper.sweep(Order())

    def _open(self, which: int) -> RecordKey | None:
        """One of the leads that are there and open."""
        return self._one(which, is_open=True)

    def _closed(self, which: int) -> RecordKey | None:
        """One of those that are closed."""
        return self._one(which, is_open=False)

    def _one(self, which: int, *, is_open: bool) -> RecordKey | None:
        records = self.world.organization.records
        there = [key for key in self.keys if key in records and records[key].is_open is is_open]
        return there[which % len(there)] if there else None

    def _event(self, key: RecordKey) -> dict[str, Any]:
        return {
            "table": key.table,
            "record_id": key.id,
            "occurred_at": self.world.clock(),
            "user_id": WEB,
            "depth": 1,
        }

    def _say(self, event: Event, is_late: bool) -> None:
        if is_late:
            self.late.append(event)
        else:
            self._put(event)

    def _put(self, event: Event) -> None:
        self.world.queues.put(EVENTS, event.to_text())
