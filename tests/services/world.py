"""An organisation of sellers with one rule, people who change records, and workers who decide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from tests.domain.cases import rule, seller
from tests.services.fakes import (
    NOW,
    Calls,
    Clock,
    MemoryLeases,
    MemoryQueues,
    Message,
    WorkerLeases,
    WorkerQueues,
)
from tests.services.organization import Connection, Organization

from work_assignment.domain.deciding.definitions import define
from work_assignment.domain.defining.rules import AssignmentRule
from work_assignment.domain.defining.segments import Segment
from work_assignment.domain.records import Owner, Record, RecordId, RecordKey, SellerId
from work_assignment.domain.runs.facts import CurrentRecord, Result, Rulebook, SellerRow
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.services.bell import QUEUE as BELL
from work_assignment.services.bell import Bell
from work_assignment.services.deciding import Decider
from work_assignment.services.events import Event
from work_assignment.services.intake import QUEUE as EVENTS
from work_assignment.services.ports import RunReport
from work_assignment.services.workshop import Workshop

WEB = "web"
ANA, BEN, CEM = SellerId("ana"), SellerId("ben"), SellerId("cem")
LONG_AGO = NOW - timedelta(days=30)


class World:
    """Everything a decider works in; `capacity` None leaves capacity without a say."""

    def __init__(
        self,
        *,
        capacity: int | None = None,
        names: Sequence[str] = ("ana", "ben", "cem"),
        rules: Sequence[AssignmentRule] | None = None,
        segments: Sequence[Segment] = (),
        reserve_checks_versions: bool = True,
    ) -> None:
        self.clock = Clock()
        self.queues = MemoryQueues(self.clock)
        self.leases = MemoryLeases(self.clock)
        self._sellers = [seller(name, 1000 if capacity is None else capacity) for name in names]
        uses_capacity = capacity is not None
        self.rules = rules or [rule(segment_id=None, uses_capacity=uses_capacity)]
        self.organization = Organization(
            self.clock, self.rulebook(self.rules, segments), reserve_checks_versions
        )
        for number, name in enumerate(names):
            row = SellerRow(f"row-{number}", SellerId(name), self.organization.version(), 0, None)
            self.organization.sellers[row.id] = row
        self._block_ids = count(1)

    def rulebook(
        self, rules: Sequence[AssignmentRule], segments: Sequence[Segment] = (), stamp: str = "1"
    ) -> Rulebook:
        return Rulebook(stamp, define(segments, rules, self._sellers), {"lead": frozenset()})

    def decider(
        self,
        calls: Calls | None = None,
        *,
        mode: str = "on",
        shared_lease: bool = False,
        block_size: int = 200,
    ) -> Decider:
        """A worker; `calls` are the moments at which a test interferes with it."""
        return Decider(
            self.shop(calls, mode=mode, shared_lease=shared_lease, block_size=block_size)
        )

    def shop(
        self,
        calls: Calls | None = None,
        *,
        mode: str = "on",
        shared_lease: bool = False,
        block_size: int = 200,
    ) -> Workshop:
        """What a worker works with."""
        calls = calls or Calls()
        connection = Connection(self.organization, calls)
        queues = WorkerQueues(self.queues, calls)
        return Workshop(
            queues,
            WorkerLeases(self.leases, calls, shared=shared_lease),
            connection,
            connection,
            Bell(queues, monotonic=self.clock.monotonic),
            self.clock,
            mode,
            block_size,
            block_size,
            lambda: f"block {next(self._block_ids)}",
            monotonic=self.clock.monotonic,
        )

    def create(self, number: int = 1, *, told: bool = True, **changes: Any) -> RecordKey:
        """A lead comes in over the web; `told` says whether its event reaches the queue."""
        made: dict[str, Any] = {
            "type": "lead",
            "id": RecordId(f"00000000-0000-4000-8000-{number:012}"),
            "created_at": self.clock(),
            "owner": Owner("systemuser", WEB),
            "created_by": WEB,
            "name": f"Lead {number}",
        }
        record = Record(**(made | changes))
        key = RecordKey(record.type, record.id)
        self.organization.records[key] = CurrentRecord(
            record, self.organization.version(), is_open=True, result=Result.UNDECIDED
        )
        if told:
            self.event(key, "Create", columns=None)
        return key

    def change_seller(self, seller_id: SellerId, **changes: Any) -> None:
        """An admin edits a seller in the app, which leaves the definitions' stamp as it is."""
        self._sellers = [
            replace(each, **changes) if each.id == seller_id else each for each in self._sellers
        ]
        before = self.organization.rulebook
        self.organization.rulebook = self.rulebook(self.rules, stamp=before.stamp)

    def create_many(self, number: int) -> list[RecordKey]:
        return [self.create(each) for each in range(1, number + 1)]

    def event(
        self,
        key: RecordKey,
        message: str = "Update",
        *,
        columns: frozenset[str] | None = frozenset({"subject"}),
        user: str = WEB,
        at: datetime | None = None,
        tag: str | None = None,
    ) -> None:
        """The webhook delivers an event."""
        happened = Event(
            table=key.table,
            record_id=key.id,
            message=message,
            occurred_at=at or self.clock(),
            user_id=user,
            depth=1,
            tag=tag,
            columns=columns,
        )
        self.queues.put(EVENTS, happened.to_text())

    def give_by_hand(self, key: RecordKey, owner: str, *, told: bool = True) -> None:
        """A person assigns the record to somebody."""
        self.organization.change(key, owner=Owner("systemuser", owner))
        if told:
            self.event(key, columns=frozenset({"ownerid"}), user="boss")

    def update(self, key: RecordKey, *, told: bool = True, **changes: Any) -> None:
        self.organization.change(key, **changes)
        if told:
            self.event(key)

    def owner(self, key: RecordKey) -> str:
        owner = self.organization.records[key].record.owner
        assert owner is not None
        return owner.id

    def result(self, key: RecordKey) -> Result:
        return self.organization.records[key].result

    def statuses(self, key: RecordKey) -> list[RoutingStatus]:
        """The outcomes that the run log has about a record, oldest first."""
        return [logged.run.status for logged in self.organization.runs_of(key)]

    def turns(self) -> dict[str, int]:
        return {row.seller_id: row.order_stamp for row in self.organization.sellers.values()}

    def answer_bells(self, answer: Callable[[], RunReport], *, most: int = 300) -> int:
        """Let time pass from bell to bell until none is left; says how many sounded."""
        for number in range(most):
            due = self.queues.due(BELL)
            if not due:
                return number
            self.clock.now = max(self.clock.now, due[0])
            (bell,) = self._sounding()
            answer()
            self.queues.delete_many(BELL, [bell])
        raise AssertionError(f"bells still ring after {most}")

    def _sounding(self) -> list[Message]:
        return self.queues.receive(BELL, limit=1, hidden_for=timedelta(minutes=10))

    def let_time_pass(self, *, minutes: int = 12, **worker: Any) -> None:
        """The timer rings every minute, and a fresh worker answers it and every other bell."""
        decider = self.decider(**worker)
        for _ in range(minutes):
            self.clock.advance(timedelta(minutes=1))
            decider.answer(thorough=True)
            self.answer_bells(decider.answer)


def broken_laws(world: World, *, capacity: int | None = None, gap: int | None = 1) -> list[str]:
    """What is wrong once everything has come to rest; nothing, it is to be hoped."""
    organization = world.organization
    wrong = [f"{text} lies on the queue" for text in world.queues.texts(EVENTS)]
    for key, current in organization.records.items():
        if current.result is Result.UNDECIDED:
            wrong.append(f"{key.id} has no outcome")
        runs = organization.runs_of(key)
        if len(runs) != 1:
            wrong.append(f"{key.id} has {len(runs)} outcomes: {[r.run.status.name for r in runs]}")
        assigned = [logged.run for logged in runs if logged.run.assigns]
        if assigned and assigned[-1].owner != current.record.owner:
            wrong.append(f"{key.id} is not with the seller that its outcome names")
        passed_on = [run for run in assigned if run.owner != run.previous_owner]
        tellings = [n for n in organization.notices.values() if key in n.records]
        if passed_on and len(tellings) != 1:
            wrong.append(f"{len(tellings)} notifications tell of {key.id}")
    owned = [organization.owned(row.seller_id) for row in organization.sellers.values()]
    if capacity is not None and max(owned) > capacity:
        wrong.append(f"sellers own {owned}, more than {capacity}")
    if capacity is not None and sum(owned) < min(capacity * len(owned), len(organization.records)):
        wrong.append(f"sellers own {owned} and had room for more")
    if gap is not None and max(owned) - min(owned) > gap:
        wrong.append(f"sellers own {owned}, further apart than {gap}")
    wrong += [
        f"{row.seller_id} still has {len(row.reservations)} reservations"
        for row in organization.sellers.values()
        if row.reservations
    ]
    doubled = [
        stamp for stamp, times in Counter(world.turns().values()).items() if stamp and times > 1
    ]
    return wrong + [f"two sellers have the order stamp {stamp}" for stamp in doubled]
