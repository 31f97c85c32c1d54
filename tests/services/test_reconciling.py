"""Reconciling: what changed is told of once more, in any number of pieces, and nothing is lost."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
from tests.services.changing_tables import DAY, SOMEBODY, US, Table, World, found, row_id

from work_assignment.domain.errors import Unavailable
from work_assignment.domain.runs.changes import ChangedRow, Found, How, LinkLost
from work_assignment.services import reconciling
from work_assignment.services.reconciling import NOTE, Reconciled


@pytest.fixture
def known() -> World:
    """Five leads, and a first night."""
    world = World()
    for number in range(5):
        world.changes.write("lead", number)
    world.night()
    world.changes.asked.clear()
    return world


def test_the_first_night_reads_all_rows_and_tells_of_none() -> None:
    world = World()
    for number in range(5):
        world.changes.write("lead", number)

    result = world.night()

    assert result.is_complete
    assert found(result) == Found(How.WHOLE, is_first=True, read=5)
    assert (world.events(), world.bells()) == ([], 0)


def test_what_changed_since_is_told_as_if_its_webhook_had_come_late(known: World) -> None:
    known.clock.advance(timedelta(hours=1))
    changed_at = known.clock()
    known.changes.write("lead", 3)

    result = known.night()

    (event,) = known.events()
    assert (event.table, event.record_id, event.message) == ("lead", row_id(3), "Update")
    assert (event.occurred_at, event.user_id, event.columns) == (changed_at, SOMEBODY, None)
    assert event.was_found
    assert found(result) == Found(How.TRACKED, read=1, changed=1, queued=1)
    assert known.bells() == 1


def test_a_change_is_told_of_in_one_night_only(known: World) -> None:
    known.changes.write("lead", 3)
    known.night()
    known.events()

    assert found(known.night()).queued == 0
    assert known.events() == []


def test_a_bell_is_rung_once_for_all_pages_and_tables() -> None:
    world = World(lead=Table(), account=Table())
    world.night()
    for number in range(5):
        world.changes.write("lead", number)
        world.changes.write("account", number)

    world.night()

    assert len(world.events()) == 10
    assert world.bells() == 1


def test_what_we_wrote_ourselves_is_no_news(known: World) -> None:
    known.changes.write("lead", 1, by=US)
    known.changes.write("lead", 2)

    result = known.night()

    assert known.told() == [("Update", "002")]
    assert found(result) == Found(How.TRACKED, read=2, changed=2, own=1, queued=1)


def test_of_rows_that_we_do_not_route_every_writer_counts() -> None:
    world = World(account=Table(), lead=Table())
    world.night()
    world.changes.write("account", 1, by=US)

    world.night()

    assert world.told() == [("Update", "001")]


def test_a_deleted_record_is_told_of_and_a_deleted_row_beside_it_is_not() -> None:
    world = World(lead=Table(), account=Table())
    for table in ("lead", "account"):
        world.changes.write(table, 1)
    world.night()
    for table in ("lead", "account"):
        world.changes.delete(table, 1)

    result = world.night()

    assert world.told() == [("Delete", "001")]
    assert (found(result).deleted, found(result, "account").deleted) == (1, 1)


def test_of_records_deleted_in_bulk_only_the_first_are_told_of(
    known: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciling, "MOST_DELETED", 2)
    for number in range(5):
        known.changes.delete("lead", number)

    result = known.night()

    assert len(known.events()) == 2
    assert found(result).deleted == 5


@pytest.mark.parametrize("returns_all", [False, True])
def test_after_an_expired_token_only_what_changed_since_it_is_told(
    known: World, *, returns_all: bool
) -> None:
    known.clock.advance(8 * DAY)
    known.changes.write("lead", 4)
    known.changes.tables["lead"].oldest_token = known.changes.version
    known.changes.tables["lead"].returns_all_for_old_tokens = returns_all

    result = known.night()

    assert known.told() == [("Update", "004")]
    assert (result.is_complete, found(result).read) == (True, 5)
    known.changes.write("lead", 2)
    known.night()
    assert known.told() == [("Update", "002")]


def test_a_table_without_change_tracking_is_asked_what_was_modified(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    world = World(lead=Table(tracks=False))
    world.changes.write("lead", 1)
    world.night()
    assert world.changes.asked == []
    assert caplog.text.count("does not track changes") == 1
    world.clock.advance(timedelta(hours=1))
    world.changes.write("lead", 2)

    result = world.night()

    assert world.told() == [("Update", "002")]
    assert found(result).how is How.MODIFIED
    assert caplog.text.count("does not track changes") == 1


def test_what_was_committed_late_is_found_by_the_overlap() -> None:
    world = World(lead=Table(tracks=False))
    world.night()
    begun_at = world.clock()
    late = ChangedRow(row_id(7), begun_at - timedelta(minutes=2), SOMEBODY)
    world.changes.tables["lead"].rows[late.id] = (1, late)

    world.night()

    assert world.told() == [("Update", "007")]


def test_once_change_tracking_is_switched_on_it_is_used_and_nothing_is_lost() -> None:
    world = World(lead=Table(tracks=False))
    world.changes.write("lead", 1)
    world.night()
    world.changes.tables["lead"].tracks = True
    world.clock.advance(timedelta(hours=1))
    world.changes.write("lead", 2)

    assert found(world.night()).how is How.WHOLE
    assert world.told() == [("Update", "002")]
    assert found(world.night()).how is How.TRACKED


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (Table(refused="the app may not read accounts"), "may not read"),
        (Table(tracks=False, has_times=False), "does not track changes"),
        (None, "no such table"),
    ],
)
def test_a_table_that_cannot_be_read_is_named_and_keeps_no_other_waiting(
    table: Table | None, says: str
) -> None:
    world = World(lead=Table(), account=Table())
    world.night()
    if table is None:
        del world.changes.tables["account"]
    else:
        world.changes.tables["account"] = table
    world.changes.write("lead", 1)

    result = world.night()

    assert says in found(result, "account").problem
    assert (result.is_complete, result.left) == (False, ())
    assert world.told() == [("Update", "001")]


def test_a_table_that_could_not_be_read_has_missed_nothing_the_next_night(known: World) -> None:
    known.changes.write("lead", 1)
    known.changes.tables["lead"].refused = "not today"
    known.night()
    known.changes.tables["lead"].refused = ""

    assert found(known.night()).problem == ""
    assert known.told() == [("Update", "001")]


def test_what_one_workers_time_does_not_suffice_for_the_next_goes_on_with(known: World) -> None:
    for number in range(5):
        known.changes.write("lead", number)
    known.changes.on_page = lambda: known.clock.advance(timedelta(minutes=5))
    first = known.night()
    assert (first.left, first.is_complete) == (("lead",), False)
    assert len(known.events()) == 4
    known.changes.on_page = lambda: None
    known.changes.asked.clear()

    last = known.reconciler().go_on()

    assert len(known.events()) == 1
    assert known.changes.asked == ["page lead"]
    assert (last.is_complete, found(last).queued) == (True, 5)


def test_a_first_reading_goes_on_where_it_was_handed_on_and_tells_of_none() -> None:
    world = World()
    for number in range(9):
        world.changes.write("lead", number)
    world.changes.on_page = lambda: world.clock.advance(timedelta(minutes=3))
    world.night()
    world.changes.write("lead", 3)
    while not world.reconciler().go_on(timedelta(minutes=3)).is_complete:
        assert len(world.changes.asked) < 20
    assert world.events() == []
    world.changes.on_page = lambda: None

    world.night()

    assert world.told() == [("Update", "003")]


def test_nothing_is_read_where_nothing_was_handed_on(known: World) -> None:
    known.facts.away = True
    assert known.reconciler().go_on() == Reconciled({})
    assert known.changes.asked == []


def test_two_workers_do_not_reconcile_at_once(known: World) -> None:
    known.leases.is_taken = True

    result = known.night()

    assert (result.is_complete, result.why) == (False, "another worker is at it")
    assert known.changes.asked == []


def test_a_worker_that_lost_its_lease_stops_and_another_goes_on(known: World) -> None:
    for number in range(5):
        known.changes.write("lead", number)
    known.changes.on_page = lambda: setattr(known.leases, "is_lost", True)
    assert "another worker" in known.night().why
    known.changes.on_page = lambda: None
    known.leases.is_lost = False

    known.reconciler().go_on()

    assert {number for _, number in known.told()} == {f"{n:03}" for n in range(5)}


@pytest.mark.parametrize("dies_at", range(1, 7))
def test_a_worker_that_dies_at_any_note_loses_no_change(known: World, dies_at: int) -> None:
    for number in range(5):
        known.changes.write("lead", number)
    left = count(1)

    def die() -> None:
        if next(left) == dies_at:
            raise KeyboardInterrupt

    known.notes.on_write = die
    died = False
    try:
        known.night()
    except KeyboardInterrupt:
        died = True
    known.notes.on_write = lambda: None
    known.reconciler().go_on()
    known.night()

    assert {number for _, number in known.told()} == {f"{n:03}" for n in range(5)}
    assert died is (dies_at <= 5)


def test_a_night_without_dataverse_is_made_up_for(known: World) -> None:
    known.changes.write("lead", 1)
    known.facts.away = True
    with pytest.raises(Unavailable):
        known.night()
    known.reconciler().look_after()
    known.facts.away = False

    known.reconciler().look_after()

    assert known.told() == [("Update", "001")]


def test_pages_that_are_lost_time_and_again_are_a_problem_of_their_table(known: World) -> None:
    def lost() -> None:
        raise LinkLost("the page is gone")

    known.changes.on_page = lost

    result = known.night()

    assert "lost time and again" in found(result).problem
    assert result.left == ()


@pytest.mark.parametrize("text", ["", "{", '{"left": 3}'])
def test_notes_that_cannot_be_read_are_a_first_night_again(known: World, text: str) -> None:
    known.notes.texts[NOTE] = text
    result = known.night()
    assert found(result).is_first
    assert known.events() == []


def test_an_app_that_is_off_looks_at_nothing() -> None:
    world = World("off")
    world.changes.write("lead", 1)
    assert world.night().why == "the app is switched off"
    assert world.reconciler().go_on() == Reconciled({})
    assert (world.changes.asked, world.notes.texts) == ([], {})


def test_a_table_that_is_watched_again_is_looked_at_as_for_the_first_time() -> None:
    world = World(lead=Table(), account=Table())
    world.night()
    whole = world.facts.book.watched
    world.facts.book = replace(world.facts.book, watched={"lead": whole["lead"]})
    world.night()
    world.facts.book = replace(world.facts.book, watched=whole)
    world.changes.write("account", 1)

    assert found(world.night(), "account").is_first
