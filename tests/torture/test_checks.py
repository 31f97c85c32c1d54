"""Each check of a run sees what breaks it, and nothing where nothing is broken."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.torture.checks import CHECKS, violations
from tests.torture.evidence import (
    Evidence,
    Notification,
    RecordRow,
    RunRow,
    SellerRow,
    Surroundings,
)
from tests.torture.journal import Entry
from tests.torture.organization import APP_ID, BOSS_ID, QUIET, TIGHT, user_id

from work_assignment.domain.statuses import RoutingStatus

TARA, TIM, QUINN = user_id(TIGHT[0]), user_id(TIGHT[1]), user_id(QUIET[0])
LEAD, OTHER = ("lead", "11111111-0000-4000-8000-000000000001"), ("lead", "2")
DECIDED = 1000.0


def entry(seq: int, kind: str, before: str | None, after: str | None, **changes: object) -> Entry:
    """A journal entry of the lead, open before and after, by the app."""
    made = Entry(
        seq=seq,
        at=DECIDED + seq,
        kind=kind,
        name=LEAD[0],
        row_id=LEAD[1],
        before=before,
        after=after,
        was_open=kind != "create",
        is_open=True,
        result=0,
        by_user=APP_ID,
        version=seq,
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # fields by name


def capacity(seq: int, seller: str, places: int) -> Entry:
    return entry(seq, "capacity", None, str(places), name="wa_seller", row_id=seller, at=1.0)


RUN = RunRow("r1", LEAD, 'W/"2"', RoutingStatus.ASSIGNED, TARA, BOSS_ID, "b1", DECIDED)
TOLD = Notification("n1", TARA, "New lead: x", "", f"?pagetype=entityrecord&id={LEAD[1]}")
RIGHT = Evidence(
    records={LEAD: RecordRow(LEAD, TARA, True, 0)},
    runs=[RUN],
    sellers=[SellerRow(TARA, 1, ())],
    notifications=[TOLD],
    journal=[
        capacity(1, TARA, 1),
        entry(2, "create", None, BOSS_ID, by_user=BOSS_ID),
        entry(3, "update", BOSS_ID, TARA),
    ],
    events=[],
    poison=[json.dumps({"text": "garbage", "why": "it is no event"})],
    integrity=[],
    surroundings=Surroundings(garbage="garbage"),
)
"""One lead that somebody created and we gave to Tara, who has room for one."""


def with_record(**changes: object) -> Evidence:
    record = replace(RIGHT.records[LEAD], **changes)  # type: ignore[arg-type]  # fields by name
    return replace(RIGHT, records={LEAD: record})


def with_runs(*runs: RunRow) -> Evidence:
    return replace(RIGHT, runs=list(runs))


def with_poison(text: str) -> Evidence:
    return replace(RIGHT, poison=[json.dumps({"text": text, "why": "it was tried 5 times"})])


def test_where_everything_is_right_no_check_finds_anything() -> None:
    assert violations(RIGHT) == {name: [] for name in CHECKS}


BROKEN: dict[str, tuple[str, Callable[[], Evidence]]] = {
    "no outcome": ("one outcome a record", lambda: with_record(result=None)),
    "no row in the log": ("one outcome a record", lambda: with_runs()),
    "two rows of one version": (
        "one outcome a record",
        lambda: with_runs(RUN, replace(RUN, id="r2")),
    ),
    "assigned twice": (
        "nothing assigned twice",
        lambda: with_runs(replace(RUN, version='W/"0"', owner=TIM), RUN),
    ),
    "another owner than the log's": ("log and owner agree", lambda: with_record(owner=TIM)),
    "a failure that the log does not know": ("log and owner agree", lambda: with_record(result=1)),
    "a seller above her capacity": (
        "capacity kept",
        lambda: replace(RIGHT, journal=[capacity(1, TARA, 0), *RIGHT.journal[1:]]),
    ),
    "two more than the next": (
        "round robin even",
        lambda: replace(
            RIGHT,
            records={(("lead", name)): RecordRow(("lead", name), QUINN, True, 0) for name in "ab"},
            surroundings=Surroundings(quiet=frozenset("ab")),
        ),
    ),
    "an open count that is too low": (
        "open counts agree",
        lambda: replace(
            RIGHT,
            records={LEAD: RecordRow(LEAD, QUINN, True, 0)},
            sellers=[SellerRow(QUINN, 0, ())],
        ),
    ),
    "nobody told": ("everybody told once", lambda: replace(RIGHT, notifications=[])),
    "somebody told twice": (
        "everybody told once",
        lambda: replace(RIGHT, notifications=[TOLD, replace(TOLD, id="n2")]),
    ),
    "still to be told": ("everybody told once", lambda: with_runs(replace(RUN, is_untold=True))),
    "told of more than there were": (
        "everybody told once",
        lambda: replace(
            RIGHT, notifications=[replace(TOLD, title="2 leads were assigned to you", data="")]
        ),
    ),
    "a choice that was overwritten": (
        "choices kept",
        lambda: replace(
            RIGHT,
            journal=[
                RIGHT.journal[0],
                entry(2, "update", BOSS_ID, TIM, by_user=BOSS_ID),
                entry(3, "update", TIM, TARA),
            ],
        ),
    ),
    "a reservation": (
        "no reservation left",
        lambda: replace(RIGHT, sellers=[SellerRow(TARA, 1, ("b1",))]),
    ),
    "an event": ("queue empty", lambda: replace(RIGHT, events=["{}"])),
    "poison without a story": (
        "poison explained",
        lambda: with_poison(json.dumps({"table": OTHER[0], "record_id": OTHER[1]})),
    ),
    "poison that is no event": ("poison explained", lambda: with_poison("something else")),
    "poison without a reason": ("poison explained", lambda: replace(RIGHT, poison=["garbage"])),
    "a worker that ended": (
        "nobody ends by himself",
        lambda: replace(RIGHT, surroundings=Surroundings(garbage="garbage", crashed=("w",))),
    ),
    "a damaged file": ("databases sound", lambda: replace(RIGHT, integrity=["a page is torn"])),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_found_by_its_check(name: str) -> None:
    check, evidence = BROKEN[name]
    assert len(list(CHECKS[check](evidence()))) == 1


def test_what_people_give_a_seller_meanwhile_is_not_our_doing() -> None:
    theirs = entry(3, "create", None, TARA, by_user=BOSS_ID, row_id=OTHER[1])
    journal = [*RIGHT.journal[:2], theirs, entry(4, "update", BOSS_ID, TARA)]
    assert violations(replace(RIGHT, journal=journal))["capacity kept"] == []


def test_a_choice_that_we_give_back_meanwhile_is_not_our_doing() -> None:
    back = entry(3, "update", TIM, TARA, row_id=OTHER[1])
    journal = [*RIGHT.journal[:2], back, entry(4, "update", BOSS_ID, TARA)]
    assert violations(replace(RIGHT, journal=journal))["capacity kept"] == []


def test_who_chooses_the_owner_a_record_has_chooses_too() -> None:
    choices = [
        entry(4, "update", TARA, TIM, by_user=BOSS_ID),
        entry(5, "update", TIM, TARA),
        entry(6, "again", TARA, TARA, by_user=BOSS_ID),
    ]
    kept = replace(RIGHT, journal=[*RIGHT.journal, *choices])
    lost = replace(RIGHT, journal=[*RIGHT.journal, *choices[:2]])
    assert violations(kept)["choices kept"] == []
    assert len(violations(lost)["choices kept"]) == 1


def test_a_choice_may_be_lost_to_a_disabled_seller_only_where_the_log_says_so() -> None:
    choice = entry(4, "update", TARA, TIM, by_user=BOSS_ID)
    disabled = entry(5, "disabled", None, None, name="systemuser", row_id=TIM, by_user=BOSS_ID)
    told = replace(
        RIGHT,
        journal=[*RIGHT.journal, choice, disabled],
        not_given_back=frozenset({LEAD[1]}),
    )
    assert violations(told)["choices kept"] == []
    assert violations(replace(told, not_given_back=frozenset()))["choices kept"] != []
    assert violations(replace(told, journal=told.journal[:-1]))["choices kept"] != []


def test_what_people_gave_a_seller_long_before_counts() -> None:
    theirs = entry(0, "create", None, TARA, by_user=BOSS_ID, row_id=OTHER[1], at=2.0)
    journal = [RIGHT.journal[0], theirs, *RIGHT.journal[1:]]
    assert len(violations(replace(RIGHT, journal=journal))["capacity kept"]) == 1


def test_a_choice_of_which_nobody_was_told_could_not_be_known() -> None:
    choice = entry(4, "update", TARA, TIM, by_user=BOSS_ID)
    lost = replace(RIGHT.surroundings, lost_choices=frozenset({LEAD[1]}))
    evidence = replace(with_record(owner=TIM), journal=[*RIGHT.journal, choice])
    assert violations(evidence)["log and owner agree"] != []
    assert violations(replace(evidence, surroundings=lost))["log and owner agree"] == []


def test_one_notification_may_tell_of_several_records() -> None:
    second = replace(RUN, id="r2", key=OTHER)
    several = replace(TOLD, title="2 leads were assigned to you", data="")
    evidence = replace(with_runs(RUN, second), notifications=[several])
    assert violations(evidence)["everybody told once"] == []
