"""A record that changes its mind again and again is left alone, and says so."""

from __future__ import annotations

from tests.e2e.features import define, lead, owner, people, told
from tests.e2e.test_moves import definitions, grows
from tests.e2e.world import World

from work_assignment.domain.statuses import RoutingStatus

LIMIT = "settings: {flap_limit: {moves: 2, hours: 24}}"
LET_IN = ", allow_move_in: true"


def both_ways() -> str:
    return definitions(LET_IN).replace(
        "name: Others, record_type: lead", "name: Others, record_type: lead" + LET_IN
    )


def change_size(world: World, lead_id: str, employees: int) -> None:
    world.wait_for_the_next_second()
    grows(world, lead_id, employees)


def test_after_so_many_moves_the_record_stays_and_the_log_says_why(world: World) -> None:
    people(world, "Ada", "Bea")
    define(world, both_ways() + LIMIT)
    one = lead(world, numberofemployees=10)
    change_size(world, one, 10)
    owners = []
    for employees in (900, 10, 901, 11):
        change_size(world, one, employees)
        owners.append(owner(world, one))

    assert owners == ["Ada", "Bea", "Bea", "Bea"]
    statuses = [run["wa_routingstatus"] for run in world.runs()]
    assert statuses.count(RoutingStatus.LEFT_ALONE) == 1
    assert "2 changes of segment or owner within 24 hours" in told(world, one)


def test_the_same_outcome_again_is_counted_up_and_not_written_anew(world: World) -> None:
    people(world, "Ada", "Bea")
    define(world, both_ways() + LIMIT)
    one = lead(world, numberofemployees=10)
    for employees in (10, 900, 10, 901, 902, 903):
        change_size(world, one, employees)

    (left,) = (run for run in world.runs() if run["wa_routingstatus"] == RoutingStatus.LEFT_ALONE)
    assert left["wa_attempts"] == 3
    assert owner(world, one) == "Bea"


def test_without_a_limit_it_moves_as_often_as_it_changes(world: World) -> None:
    people(world, "Ada", "Bea")
    define(world, both_ways() + "settings: {flap_limit: {moves: 50, hours: 1}}")
    one = lead(world, numberofemployees=10)
    owners = []
    for employees in (10, 900, 10, 901, 11, 902):
        change_size(world, one, employees)
        owners.append(owner(world, one))

    assert owners == ["Bea", "Ada"] * 3
