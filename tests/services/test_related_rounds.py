"""A change beside many records is followed to the last of them, whatever comes in between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.domain.cases import condition, listed, rule, segment
from tests.services.fakes import NOW, Calls
from tests.services.world import ANA, BEN, LONG_AGO, World

from work_assignment.domain.deciding.assignment import decide_block
from work_assignment.domain.deciding.decisions import Decision
from work_assignment.domain.deciding.definitions import Definitions, define
from work_assignment.domain.deciding.related_paths import Join, Path, Reach
from work_assignment.domain.defining.rules import AssignmentRule
from work_assignment.domain.defining.segments import Segment
from work_assignment.domain.records import Record, RecordKey, SegmentId
from work_assignment.domain.runs.facts import Rulebook
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.services import deciding, related_changes
from work_assignment.services.deciding import Decider
from work_assignment.services.intake import QUEUE as EVENTS

ACCOUNTS = [RecordKey("account", f"00000000-0000-4000-8000-0000000000a{n}") for n in range(3)]
COUNTRY = frozenset({"address1_country"})
BRITISH = condition({"all": [["address1_country", "eq", "UK"]]})


class Related(World):
    """Leads go by their account's country, which stands on them; `uk_since` is Ana's rule's."""

    uk_since = LONG_AGO

    def rulebook(
        self, rules: Sequence[AssignmentRule], segments: Sequence[Segment] = (), stamp: str = "1"
    ) -> Rulebook:
        found = [
            segment("UK", priority=1, allow_move_in=True, filter=BRITISH),
            segment("Others", priority=2, allow_move_in=True),
        ]
        given = [
            rule(
                "A",
                segment_id=SegmentId("segment UK"),
                match=listed("ana"),
                active_since=self.uk_since,
            ),
            rule("B", segment_id=SegmentId("segment Others"), match=listed("ben")),
        ]
        path = Path("lead", (Join("account", "accountid", "parentaccountid"),))
        reach = Reach({"lead": (path,)}, {"account": COUNTRY})
        return Rulebook(
            stamp, define(found, given, self._sellers), {"lead": frozenset()}, reach=reach
        )

    def lead_of(self, number: int, account: RecordKey = ACCOUNTS[0]) -> RecordKey:
        columns = {"parentaccountid": account.id, "address1_country": "FR"}
        return self.create(number, columns=columns)

    def moves(self, account: RecordKey = ACCOUNTS[0], *, at: datetime | None = None) -> None:
        """The account becomes British; its leads themselves are not written."""
        for key, current in [*self.organization.records.items()]:
            columns = current.record.columns
            if columns.get("parentaccountid") == account.id:
                record = replace(current.record, columns={**columns, "address1_country": "UK"})
                self.organization.records[key] = replace(current, record=record)
        self.event(account, columns=COUNTRY, at=at)


def test_records_decided_earlier_in_the_same_session_are_not_taken_for_done() -> None:
    """The moves meet a seller's row that has just changed, and are tried again."""
    world = Related()
    keys = [world.lead_of(n) for n in (1, 2, 3)]
    reserves = 0

    def between() -> None:
        nonlocal reserves
        if calls.moments[-1] == "before reserve":
            reserves += 1
            if reserves == 2:
                for row_id, row in [*world.organization.sellers.items()]:
                    changed = replace(row, version=world.organization.version())
                    world.organization.sellers[row_id] = changed

    calls = Calls(when={"after settle": lambda: world.moves()}, everywhere=between)
    world.decider(calls).answer()

    assert [world.owner(key) for key in keys] == [ANA] * 3
    assert world.queues.texts(EVENTS) == []


def test_a_record_with_an_event_of_its_own_does_not_have_all_others_read_again() -> None:
    world = Related()
    keys = [world.lead_of(n) for n in range(1, 31)]
    world.decider().answer()
    world.clock.advance(timedelta(minutes=10))
    world.moves()
    world.update(keys[0])
    calls = Calls()

    world.decider(calls).answer()

    assert {world.owner(key) for key in keys} == {ANA}
    assert calls.moments.count("before affected") == 1
    assert world.queues.texts(EVENTS) == []


def test_between_pages_the_lease_is_kept_and_when_time_is_up_the_change_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(related_changes, "PAGE", 5)
    monkeypatch.setattr(deciding, "TIME_BUDGET", timedelta(seconds=80))
    world = Related()
    keys = [world.lead_of(n) for n in range(1, 31)]
    world.decider().answer()
    world.clock.advance(timedelta(minutes=10))
    world.moves()
    calls = Calls(everywhere=lambda: world.clock.advance(timedelta(seconds=1)))

    world.decider(calls).answer()
    moved = [world.owner(key) for key in keys].count(ANA)
    assert 0 < moved < 30
    assert calls.moments.count("before renew the lease") > 3
    assert len(world.queues.texts(EVENTS)) == 1
    world.answer_bells(world.decider().answer)

    assert {world.owner(key) for key in keys} == {ANA}


def test_what_was_activated_after_a_change_does_not_count_for_it() -> None:
    """Another account's later change beside it makes no difference."""
    world = Related(names=["ana", "ben"])
    early, late = world.lead_of(1, ACCOUNTS[0]), world.lead_of(2, ACCOUNTS[1])
    world.decider().answer()
    world.uk_since = NOW + timedelta(hours=1)
    world.organization.rulebook = world.rulebook([], stamp="2")
    world.clock.advance(timedelta(hours=2))
    world.moves(ACCOUNTS[0], at=NOW + timedelta(minutes=30))
    world.moves(ACCOUNTS[1], at=NOW + timedelta(hours=1, minutes=30))

    world.decider().answer()

    assert world.statuses(early)[-1] is RoutingStatus.NO_RULE
    assert world.owner(late) == ANA


def test_one_record_that_cannot_be_decided_keeps_no_other_from_moving(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = Related()
    keys = [world.lead_of(n) for n in range(1, 6)]
    world.decider().answer()
    world.clock.advance(timedelta(minutes=10))
    world.moves()
    with_fault(monkeypatch, keys[2])

    Decider(world.shop()).answer()

    assert [world.owner(key) for key in keys] == [ANA, ANA, BEN, ANA, ANA]
    assert world.queues.texts(EVENTS) == []


def with_fault(monkeypatch: pytest.MonkeyPatch, guilty: RecordKey) -> None:
    """From now on deciding fails whenever this record is among those decided."""

    def failing(
        records: Sequence[Record], definitions: Definitions, *arguments: Any, **options: Any
    ) -> list[Decision]:
        if any(record.id == guilty.id for record in records):
            raise ValueError("it makes deciding fail")
        return decide_block(records, definitions, *arguments, **options)

    monkeypatch.setattr("work_assignment.services.block_decisions.decide_block", failing)
