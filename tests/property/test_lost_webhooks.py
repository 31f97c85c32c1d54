"""However webhooks are lost, late or repeated: after a reconcile all is as if each had come in its turn."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import assert_never

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.domain.cases import condition, listed, rule, segment, seller
from tests.services.changing_tables import FakeLeases, FakeNotes
from tests.services.fakes import Calls
from tests.services.organization import Connection, Organization
from tests.services.world import World

from work_assignment.domain.deciding.definitions import define
from work_assignment.domain.defining.policy import Policy
from work_assignment.domain.records import Owner, RecordKey
from work_assignment.domain.runs.changes import ChangedRow, ChangePage, ChangeTable
from work_assignment.domain.runs.facts import Rulebook
from work_assignment.services.bell import Bell
from work_assignment.services.reconciling import Reconciler

LEADS = 3
PEOPLE = ("ana", "ben", "cem")


class Fate(Enum):
    """What becomes of a webhook."""

    TOLD = "told"
    TWICE = "told twice"
    LATE = "told after everything else"
    LOST = "lost"


@dataclass(frozen=True)
class Change:
    """A lead gets a country, or an owner by hand, a while after the change before it."""

    lead: int
    to: str
    fate: Fate
    after: timedelta


def changes() -> st.SearchStrategy[list[Change]]:
    """Of each lead either countries change or people: which of both was last, nobody could tell."""
    by_country, by_hand = st.sampled_from(["UK", "FR"]), st.sampled_from(PEOPLE)
    one = st.builds(
        lambda lead, country, person, fate, seconds: Change(
            lead, country if lead < LEADS - 1 else person, fate, timedelta(seconds=seconds)
        ),
        st.integers(0, LEADS - 1),
        by_country,
        by_hand,
        st.sampled_from(Fate),
        st.integers(1, 900),
    )
    return st.lists(one, max_size=8)


class Tracked:
    """Change tracking over an organisation in memory: a token is the highest version known."""

    def __init__(self, organization: Organization) -> None:
        self._organization = organization

    def table(self, name: str) -> ChangeTable | None:
        return ChangeTable(name, f"{name}s", f"{name}id", tracks_changes=True, has_times=True)

    def whole(self, table: ChangeTable) -> ChangePage:
        return self._since(0)

    def modified(self, table: ChangeTable, since: datetime) -> ChangePage:
        raise AssertionError("the table tracks changes")

    def further(self, table: ChangeTable, link: str) -> ChangePage:
        return self._since(int(link))

    def _since(self, version: int) -> ChangePage:
        known = {
            int(current.version[3:-1]): ChangedRow(key.id, current.modified_at, current.modified_by)
            for key, current in self._organization.records.items()
        }
        rows = tuple(row for number, row in known.items() if number > version)
        return ChangePage(rows, token=str(max(known)))


class Story:
    """Leads in two segments that let records move in, with a seller each, and what happens to them."""

    def __init__(self) -> None:
        uk = segment(
            "UK",
            filter=condition({"all": [["address1_country", "eq", "UK"]]}),
            allow_move_in=True,
        )
        rest = segment("Rest", priority=2, allow_move_in=True)
        self.world = World(names=PEOPLE)
        rules = [
            rule("UK", segment_id=uk.id, match=listed("ana")),
            rule("Rest", segment_id=rest.id, match=listed("ben")),
        ]
        definitions = define(
            [uk, rest], rules, [seller(name) for name in PEOPLE], (), Policy(flap_limit=None)
        )
        columns = {"lead": frozenset({"address1_country"})}
        self.world.organization.rulebook = Rulebook("1", definitions, columns)
        self.keys = [
            self.world.create(number, columns={"address1_country": "FR"})
            for number in range(1, LEADS + 1)
        ]
        self._late: list[Callable[[], object]] = []
        self._notes = FakeNotes()
        self.decide()
        self.reconcile()

    def decide(self) -> None:
        self.world.decider().answer()

    def reconcile(self) -> None:
        """A night."""
        world = self.world
        Reconciler(
            Tracked(world.organization),
            Connection(world.organization, Calls()),
            world.queues,
            Bell(world.queues, monotonic=world.clock.monotonic),
            FakeLeases(),
            self._notes,
            world.clock,
            world.clock.monotonic,
        ).begin()
        self.decide()

    def happens(self, change: Change, fate: Fate) -> None:
        world, key = self.world, self.keys[change.lead]
        world.clock.advance(change.after)
        by_hand = change.to in PEOPLE
        if by_hand:
            world.organization.change(key, owner=Owner("systemuser", change.to))
        else:
            world.organization.change(key, columns={"address1_country": change.to})
        columns = frozenset({"ownerid" if by_hand else "address1_country"})
        at = world.clock()

        def tell() -> None:
            world.event(key, columns=columns, user="somebody", at=at)

        match fate:
            case Fate.TOLD:
                tell()
            case Fate.TWICE:
                tell()
                tell()
            case Fate.LATE:
                self._late.append(tell)
            case Fate.LOST:
                pass
            case _:
                assert_never(fate)

    def tell_late(self, order: random.Random) -> None:
        """What was held up comes in any order."""
        order.shuffle(self._late)
        for tell in self._late:
            tell()
        self.decide()

    def state(self) -> dict[RecordKey, tuple[str, str | None, str]]:
        """Whose each lead is, in which segment, and what the log said of it last."""
        records = self.world.organization.records
        return {
            key: (
                self.world.owner(key),
                records[key].record.segment_id,
                self.world.statuses(key)[-1].name,
            )
            for key in self.keys
        }


def in_order(happened: list[Change]) -> Story:
    """Every webhook came, and was answered before the next change."""
    story = Story()
    for change in happened:
        story.happens(change, Fate.TOLD)
        story.decide()
    story.reconcile()
    return story


@settings(max_examples=150, deadline=None)
@given(changes(), st.sets(st.integers(0, 7)), st.randoms(use_true_random=False))
def test_after_a_reconcile_all_is_as_if_each_webhook_had_come_in_its_turn(
    happened: list[Change], answered_after: set[int], order: random.Random
) -> None:
    story = Story()
    for number, change in enumerate(happened):
        story.happens(change, change.fate)
        if number in answered_after:
            story.decide()
    story.tell_late(order)
    story.reconcile()
    expected = in_order(happened).state()
    # A lead that went there and back leaves a shorter history: the log's last word may be the first.
    assert {key: entry[:2] for key, entry in story.state().items()} == {
        key: entry[:2] for key, entry in expected.items()
    }


@settings(max_examples=60, deadline=None)
@given(changes())
def test_the_night_after_finds_nothing_to_do(happened: list[Change]) -> None:
    story = Story()
    for change in happened:
        story.happens(change, change.fate)
    story.reconcile()
    before, runs = story.state(), len(story.world.organization.runs)
    story.reconcile()
    assert story.state() == before
    assert len(story.world.organization.runs) == runs


@settings(max_examples=60, deadline=None)
@given(changes())
def test_a_choice_by_hand_is_in_the_log_even_where_all_webhooks_were_lost(
    happened: list[Change],
) -> None:
    story = Story()
    key = story.keys[-1]
    first = story.world.owner(key)
    for change in happened:
        story.happens(change, Fate.LOST)
    story.reconcile()
    was_given = story.world.owner(key) != first
    assert (story.state()[key][2] == "ASSIGNED_BY_HAND") is was_given
