"""The checks of moves, sweeps, and who is told of them see what breaks them, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from tests.torture.checks import CHECKS, violations
from tests.torture.evidence import (
    Evidence,
    Notification,
    RecordRow,
    RunRow,
    Surroundings,
    SweepRow,
)
from tests.torture.journal import Entry
from tests.torture.notes import Note
from tests.torture.organization import (
    ACCOUNTS,
    APP_ID,
    BOSS_ID,
    EAST,
    FLAP_MOVES,
    FOLLOWER,
    LARGE,
    MANAGER,
    WEST,
    user_id,
)
from tests.torture.wordings import ASSIGNED, MOVED, OVERDUE, told_in

from work_assignment.domain.runs.outcomes import RequestSource
from work_assignment.domain.runs.sweeps import Trigger
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.services.sweep_keeping import DEAD_AFTER, DIED
from work_assignment.services.sweep_turns import WAITS_FOR

EDDA, WANDA, MARIA, FIONA = (user_id(name) for name in (EAST[0], WEST[0], MANAGER, FOLLOWER))
LEAD = ("lead", "11111111-0000-4000-8000-000000000001")
WAITING = ("lead", "11111111-0000-4000-8000-000000000002")
ACCOUNT = ACCOUNTS[0]
BEGUN = 1_700_000_040.0
BEGUN -= BEGUN % 360.0
"""A moment at which both schedules have a time."""
_QUEUED, _IN_PROGRESS, _SUCCEEDED, _FAILED = 727000000, 1, 2, 727000001
DUE = datetime.fromtimestamp(BEGUN + 100, UTC).isoformat()


def entry(seq: int, before: str | None, after: str, by_user: str = APP_ID) -> Entry:
    """The lead changes hands."""
    kind = "create" if before is None else "update"
    at, is_open = BEGUN + seq, before is not None
    return Entry(seq, at, kind, *LEAD, before, after, is_open, True, 0, by_user, seq)


def run(
    name: str, version: int, owner: str, previous: str, before: str | None, **changes: object
) -> RunRow:
    """The lead is assigned, in the segment of its new owner."""
    made = RunRow(
        name,
        LEAD,
        f'W/"{version}"',
        RoutingStatus.ASSIGNED,
        owner,
        previous,
        "",
        BEGUN + version,
        source=RequestSource.UPDATED,
        segment="s-west" if owner == WANDA else "s-east",
        previous_segment=before,
        was_settled=before is not None,
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # fields by name


FIRST = run("r1", 2, EDDA, BOSS_ID, None)
MOVE = run("r2", 5, WANDA, EDDA, "s-east")
LATE = RunRow(
    "r3",
    WAITING,
    'W/"20"',
    RoutingStatus.NO_CAPACITY,
    None,
    BOSS_ID,
    "",
    BEGUN,
    segment="s-tight",
    due_at=DUE,
    is_overdue=True,
)
SWEPT = SweepRow(
    "w1", _SUCCEEDED, Trigger.SCHEDULED, BEGUN + 121, "s-tight", "lead", None, BEGUN + 120
)
SWEPT_LATE = replace(
    SWEPT,
    id="w2",
    created_at=BEGUN + 370,
    due_at=BEGUN + 360,
    message="1 time due before it was left out",
)
OF_BUSY = replace(SWEPT_LATE, id="w4", segment="s-busy")
BY_HAND = SweepRow("w3", _SUCCEEDED, Trigger.MANUAL, BEGUN + 10, None, "lead")


def told(name: str, who: str, title: str, record: str = LEAD[1]) -> Notification:
    return Notification(name, who, title, "", f"?pagetype=entityrecord&etn=lead&id={record}")


def standing(seq: int, sweep: str, after: str, at: float, message: str | None = None) -> Note:
    """What a sweep's row says, and who is at it."""
    return Note(seq, BEGUN + at, "sweep", sweep, message, after)


FOLLOWED = Note(1, BEGUN - 100, "follow", LEAD[1], None, FIONA)
NOTES = [
    FOLLOWED,
    Note(2, BEGUN + 3, "segment", LEAD[1], None, "s-east", 3),
    Note(3, BEGUN + 3, "run", "r1", None, LEAD[1]),
    Note(4, BEGUN + 4, "country", ACCOUNT, "East", "West", 4),
    Note(5, BEGUN + 6, "segment", LEAD[1], "s-east", "s-west", 6),
    Note(6, BEGUN + 6, "run", "r2", None, LEAD[1]),
    standing(10, "w3", f"{_QUEUED} ", 10),
    standing(11, "w3", f"{_IN_PROGRESS} ann", 11),
    standing(12, "w3", f"{_IN_PROGRESS} ann", 20),
    standing(13, "w3", f"{_SUCCEEDED} ", 21),
    standing(14, "w1", f"{_QUEUED} ", 121),
    standing(15, "w1", f"{_IN_PROGRESS} ben", 122),
    standing(16, "w1", f"{_SUCCEEDED} ", 125),
]
TOLD = [
    told("n1", EDDA, "New lead: x"),
    told("n2", WANDA, "Neuer Lead: x"),
    told("n3", EDDA, "Nicht mehr bei Ihnen: x"),
    told("n4", FIONA, "Du nouveau pour x"),
    told("n5", FIONA, "Update on x"),
    told("n6", MARIA, "1 lead of segment “tight” found nobody in time", ""),
]
RIGHT = Evidence(
    records={
        LEAD: RecordRow(LEAD, WANDA, True, 0, "s-west", 10, ACCOUNT),
        WAITING: RecordRow(WAITING, BOSS_ID, True, 1, "s-tight"),
    },
    runs=[FIRST, MOVE, LATE],
    sellers=[],
    notifications=TOLD,
    journal=[
        Entry(1, 1.0, "capacity", "wa_seller", EDDA, None, "9", False, False, None, APP_ID, 1),
        Entry(1, 1.0, "capacity", "wa_seller", WANDA, None, "9", False, False, None, APP_ID, 1),
        entry(2, None, BOSS_ID, BOSS_ID),
        entry(3, BOSS_ID, EDDA),
        entry(6, EDDA, WANDA),
        replace(entry(20, None, BOSS_ID, BOSS_ID), row_id=WAITING[1]),
    ],
    events=[],
    poison=[],
    integrity=[],
    notes=NOTES,
    sweeps=[SWEPT, SWEPT_LATE, OF_BUSY, BY_HAND],
    segments={f"s-{name}": name for name in ("east", "west", "still", "tight", "busy")},
    countries={ACCOUNT: "West"},
    surroundings=Surroundings(began_at=BEGUN, settled_at=BEGUN + 500),
)
"""A lead of Edda's whose account moved to the west, so that Wanda has it; and one that waits."""


def with_lead(**changes: object) -> Evidence:
    lead = replace(RIGHT.records[LEAD], **changes)  # type: ignore[arg-type]  # fields by name
    return replace(RIGHT, records={**RIGHT.records, LEAD: lead})


def with_notes(*notes: Note) -> Evidence:
    return replace(RIGHT, notes=[*NOTES, *notes])


def without_told(*names: str) -> Evidence:
    return replace(RIGHT, notifications=[one for one in TOLD if one.id not in names])


def moved_often(times: int, seconds: float, **changes: object) -> list[RunRow]:
    """The lead goes to and fro between two segments, each time after so many seconds."""
    runs = [FIRST]
    for number in range(times):
        is_west = number % 2 == 0
        owner, other = (WANDA, EDDA) if is_west else (EDDA, WANDA)
        before = "s-east" if is_west else "s-west"
        at = FIRST.decided_at + (number + 1) * seconds
        move = run(f"m{number}", 5 + number, owner, other, before, decided_at=at)
        runs.append(replace(move, **changes))  # type: ignore[arg-type]  # fields by name
    return runs


def with_left_alone(moves: int) -> Evidence:
    runs = moved_often(moves, 10.0)
    last = runs[-1]
    left = replace(
        last,
        id="left",
        version='W/"99"',
        status=RoutingStatus.LEFT_ALONE,
        previous_segment=last.segment,
        decided_at=last.decided_at + 10,
    )
    return replace(RIGHT, runs=[*runs, left])


def test_where_everything_is_right_no_check_finds_anything() -> None:
    assert violations(RIGHT) == {name: [] for name in CHECKS}


BROKEN: dict[str, tuple[str, Callable[[], Evidence]]] = {
    "in a segment that its account left": (
        "records where they belong",
        lambda: replace(RIGHT, countries={ACCOUNT: "East"}),
    ),
    "in a segment that it outgrew": ("records where they belong", lambda: with_lead(size=LARGE)),
    "in another segment than the log says": (
        "log and segment agree",
        lambda: replace(with_lead(segment="s-still")),
    ),
    "a move that names another owner before": (
        "what was before kept",
        lambda: replace(RIGHT, runs=[FIRST, replace(MOVE, previous_owner=BOSS_ID), LATE]),
    ),
    "a move that names another segment before": (
        "what was before kept",
        lambda: replace(RIGHT, runs=[FIRST, replace(MOVE, previous_segment="s-still"), LATE]),
    ),
    "moved once too often": (
        "nothing flaps",
        lambda: replace(RIGHT, runs=moved_often(FLAP_MOVES + 1, 60.0)),
    ),
    "left alone too early": ("nothing flaps", lambda: with_left_alone(FLAP_MOVES - 1)),
    "swept twice for one time": (
        "each due time swept once",
        lambda: replace(RIGHT, sweeps=[*RIGHT.sweeps, replace(SWEPT, id="w9")]),
    ),
    "a time that nobody swept for": (
        "no due time forgotten",
        lambda: replace(RIGHT, sweeps=[SWEPT, replace(SWEPT_LATE, message=""), OF_BUSY]),
    ),
    "a first time that nobody swept for": (
        "no due time forgotten",
        lambda: replace(RIGHT, sweeps=[SWEPT_LATE, OF_BUSY]),
    ),
    "no more sweeps": (
        "no due time forgotten",
        lambda: replace(RIGHT, surroundings=Surroundings(began_at=BEGUN, settled_at=BEGUN + 930)),
    ),
    "no sweep at all": (
        "no due time forgotten",
        lambda: replace(
            RIGHT, sweeps=[], surroundings=Surroundings(began_at=BEGUN, settled_at=BEGUN + 550)
        ),
    ),
    "two sweeps at a time": (
        "sweeps take turns",
        lambda: with_notes(
            standing(20, "w2", f"{_IN_PROGRESS} cid", 370),
            standing(21, "w3", f"{_IN_PROGRESS} dee", 371),
            standing(22, "w3", f"{_IN_PROGRESS} dee", 372),
            standing(23, "w2", f"{_SUCCEEDED} ", 373),
        ),
    ),
    "a sweep without an end": (
        "sweeps ended",
        lambda: replace(
            RIGHT, sweeps=[SWEPT, SWEPT_LATE, OF_BUSY, replace(BY_HAND, status=_QUEUED)]
        ),
    ),
    "who had it is not told": ("everybody told once", lambda: without_told("n3")),
    "who follows it is not told": ("everybody told once", lambda: without_told("n4", "n5")),
    "who had it is told twice": (
        "everybody told once",
        lambda: replace(RIGHT, notifications=[*TOLD, told("n9", EDDA, "No longer yours: x")]),
    ),
    "who has nothing to do with it is told": (
        "everybody told once",
        lambda: replace(
            RIGHT, notifications=[*TOLD, told("n9", WANDA, "2 of your leads went to others", "")]
        ),
    ),
    "told of what nobody knows": (
        "everybody told once",
        lambda: replace(RIGHT, notifications=[*TOLD, told("n9", EDDA, "Hello")]),
    ),
    "the manager is not told": ("managers told once", lambda: without_told("n6")),
    "the manager is told twice": (
        "managers told once",
        lambda: replace(RIGHT, notifications=[*TOLD, replace(TOLD[-1], id="n9")]),
    ),
    "nobody noticed that it is overdue": (
        "managers told once",
        lambda: replace(without_told("n6"), runs=[FIRST, MOVE, replace(LATE, is_overdue=False)]),
    ),
    "assigned again in its segment": (
        "nothing assigned twice",
        lambda: replace(RIGHT, runs=[FIRST, replace(MOVE, previous_segment=MOVE.segment)]),
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_found_by_its_check(name: str) -> None:
    check, evidence = BROKEN[name]
    assert len(list(CHECKS[check](evidence()))) == 1


def test_what_a_person_chose_after_the_last_change_stays_where_it_is() -> None:
    chosen = replace(MOVE, id="r9", version='by hand W/"9"', status=RoutingStatus.ASSIGNED_BY_HAND)
    evidence = replace(RIGHT, runs=[FIRST, chosen], countries={ACCOUNT: "East"})
    after = replace(evidence, notes=[*NOTES, Note(30, BEGUN, "run", "r9", None, LEAD[1])])
    before = replace(after, notes=[*after.notes, Note(31, BEGUN, "country", ACCOUNT, "West", "E")])
    assert violations(after)["records where they belong"] == []
    assert len(violations(before)["records where they belong"]) == 1


def test_what_is_moved_as_often_as_may_be_or_by_hand_does_not_flap() -> None:
    often = replace(RIGHT, runs=moved_often(FLAP_MOVES, 60.0))
    seldom = replace(RIGHT, runs=moved_often(FLAP_MOVES + 1, 1000.0))
    asked = moved_often(FLAP_MOVES + 1, 60.0, source=RequestSource.FORCED_BY_HAND)
    assert violations(often)["nothing flaps"] == []
    assert violations(seldom)["nothing flaps"] == []
    assert violations(replace(RIGHT, runs=asked))["nothing flaps"] == []
    assert violations(with_left_alone(FLAP_MOVES))["nothing flaps"] == []


def test_who_steps_back_or_comes_after_a_dead_worker_takes_turns() -> None:
    begun = standing(20, "w2", f"{_IN_PROGRESS} cid", 370)
    stepped_back = with_notes(
        begun,
        standing(21, "w3", f"{_IN_PROGRESS} dee", 371),
        standing(22, "w3", f"{_QUEUED} ", 372, f"{WAITS_FOR}'x'"),
    )
    later = 370 + DEAD_AFTER.total_seconds()
    after_a_death = with_notes(
        begun,
        standing(21, "w2", f"{_IN_PROGRESS} cid", 370),
        standing(22, "w3", f"{_IN_PROGRESS} dee", later),
        standing(23, "w3", f"{_SUCCEEDED} ", later + 1),
    )
    died_at_once = with_notes(
        begun,
        standing(21, "w2", f"{_IN_PROGRESS} cid", 380),
        standing(22, "w3", f"{_IN_PROGRESS} dee", 381),
        standing(23, "w3", f"{_FAILED} dee", 900, DIED),
    )
    for evidence in (stepped_back, after_a_death, died_at_once):
        assert violations(evidence)["sweeps take turns"] == []


def test_who_has_opted_out_or_follows_since_just_now_need_not_be_told() -> None:
    muted = replace(without_told("n1", "n3"), mutes=frozenset({EDDA}))
    late = [replace(FOLLOWED, at=BEGUN + 5, seq=4), *NOTES[1:]]
    followed_late = replace(without_told("n4", "n5"), notes=late)
    assert violations(muted)["everybody told once"] == []
    assert violations(followed_late)["everybody told once"] == []


def test_what_goes_on_to_others_soon_need_not_be_told_and_is_not_told_twice() -> None:
    soon, twice = without_told("n1"), [*TOLD, told("n9", EDDA, "New lead: x")]
    hours = [replace(note, at=note.at + 9000.0) if note.seq > 4 else note for note in NOTES]
    journal = [replace(e, at=e.at + 9000.0) if e.seq == 6 else e for e in RIGHT.journal]
    assert violations(soon)["everybody told once"] == []
    assert violations(replace(soon, journal=journal, notes=hours))["everybody told once"] != []
    assert violations(replace(RIGHT, notifications=twice))["everybody told once"] != []


def test_a_choice_that_is_known_may_be_overridden_by_force_alone() -> None:
    choice = entry(7, WANDA, EDDA, BOSS_ID)
    after = entry(9, EDDA, WANDA)
    forced = replace(run("r9", 8, WANDA, EDDA, "s-west"), source=RequestSource.FORCED_BY_HAND)
    evidence = replace(RIGHT, runs=[FIRST, MOVE, forced], journal=[*RIGHT.journal, choice, after])
    unforced = replace(evidence, runs=[FIRST, MOVE, replace(forced, source=1)])
    unknown = replace(evidence, runs=[FIRST, MOVE, replace(forced, version='W/"6"')])
    assert violations(evidence)["choices kept"] == []
    assert len(violations(unforced)["choices kept"]) == 1
    assert len(violations(unknown)["choices kept"]) == 1


@pytest.mark.parametrize(
    ("title", "kind", "records"),
    [
        ("Neuer Lead: Person", ASSIGNED, 1),
        ("Vous avez reçu 12 prospects", ASSIGNED, 12),
        ("3 of your leads went to others", MOVED, 3),
        ("4 of something", "", 0),
        ("2 Leads im Segment „tight“ nicht rechtzeitig zugewiesen", OVERDUE, 2),
    ],
)
def test_a_title_says_what_it_tells_and_of_how_many(title: str, kind: str, records: int) -> None:
    assert told_in(title) == (kind, records)
