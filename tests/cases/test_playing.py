"""How a case is played, beyond what golden cases show one by one."""

from __future__ import annotations

import json
from itertools import islice
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.cases.support import AT, a_case, outputs, rule

from work_assignment.services.cases.playing import play
from work_assignment.services.cases.reading import read_case
from work_assignment.services.cases.telling import explanation, output

LATER = "2026-03-04T10:00:00Z"


def new(record_id: str, **more: Any) -> dict[str, Any]:
    return {"new": {"id": record_id, **more}}


def test_a_case_can_be_played_again() -> None:
    related = {"account": [{"id": "A1", "revenue": 1}]}
    filter_ = {
        "all": [
            {"related": {"lookup": "x", "to": "account", "filter": {"all": [["revenue", "eq", 1]]}}}
        ]
    }
    change = {"changed": {"id": "A1", "columns": {"revenue": 2}}}
    events = [new("L1", columns={"x": "A1"}), change, new("L2", columns={"x": "A1"})]
    case = read_case(
        json.dumps(a_case(related=related, rules=rule(filter=filter_), events=events)), "case.json"
    )
    first, second = ([output(one)["status"] for one in play(case, None)] for _ in range(2))
    assert first == second == [2, 4]


def test_records_are_rows_that_filters_see() -> None:
    """Leads of an account that has an open deal go to whoever has the deal."""
    has_deal = {
        "related": {
            "table": "opportunity",
            "lookup": "ownerid",
            "filter": {"all": [["parentaccountid", "eq", "$(parentaccountid)"]]},
        }
    }
    deal = new("O1", type="opportunity", owner="ben", columns={"parentaccountid": "A1"})
    lead = new("L1", type="lead", columns={"parentaccountid": "A1"})
    case = a_case(
        rules=rule(match="attributes", seller_filter={"all": [has_deal]}),
        events=[
            deal,
            lead,
            {"assigned_by_hand": {"id": "O1", "owner": "ana"}},
            {"sweep": {}},
            new("L2", type="lead", columns={"parentaccountid": "A1"}),
        ],
    )
    given = {one["id"]: one["owner"] for one in outputs(case) if one["outcome"] == "assigned"}
    assert given == {"L1": "ben", "L2": "ana"}


def test_a_queue_takes_a_record_and_the_owner_stays() -> None:
    case = a_case(
        queues=[{"id": "q1", "name": "Hotline"}],
        sellers=[{"id": "ana", "max_capacity": 1}],
        segments=[
            {"name": "Calls", "filter": {"all": [["subject", "eq", "call"]]}},
            {"name": "Fairs"},
        ],
        rules=[
            {"name": "To the queue", "segment": "Calls", "assign_to": "queue"},
            *rule(capacity=True),
        ],
        events=[new("L1", owner="ana", columns={"subject": "call"}), new("L2"), {"sweep": {}}],
    )
    assert [(one["id"], one["owner"], one["status"]) for one in outputs(case)] == [
        ("L1", "q1", 2),
        ("L2", None, 7),
        ("L2", None, 7),
    ]


def test_the_explanation_tells_who_got_what_and_why() -> None:
    case = read_case(json.dumps(a_case()), "case.json")
    (decided,) = play(case, None, is_traced=True)
    assert list(explanation(decided)) == [
        "2026-03-04 09:00:00 UTC, lead L1: assigned to Ana (ana)",
        "  Segment 'Fairs' matches",
        "  Rule 'Anyone' applies",
        "    by round robin: Ana (never had one), Ben (never had one)",
        "  Outcome: Anyone: Ana, longest wait of 2, never had one, first of 2 such by id",
    ]


def test_what_was_left_alone_is_explained_too() -> None:
    events = [new("L1"), {"changed": {"id": "L1", "columns": {"subject": "x"}}}]
    case = read_case(json.dumps(a_case(events=events)), "case.json")
    *_, decided = play(case, None, is_traced=True)
    assert list(explanation(decided)) == [
        "2026-03-04 09:00:00 UTC, lead L1: unchanged. No segmentation required",
        "  Outcome: Unchanged: No segmentation required, no active filter reads what changed",
    ]


OWNERS = st.sampled_from([None, "ana", "ben", "somebody"])
KINDS = st.sampled_from(["new", "new", "new", "changed", "assigned_by_hand", "closed", "sweep"])
LANGUAGES = st.sampled_from([None, "English", "German"])


@st.composite
def histories(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Events that can happen one after the other."""
    events: list[dict[str, Any]] = []
    known: list[str] = []
    is_open: list[str] = []
    for number in range(draw(st.integers(1, 25))):
        kind = draw(KINDS)
        columns = {"wa_language": draw(LANGUAGES)}
        if kind == "new":
            known.append(f"L{number}")
            is_open.append(f"L{number}")
            events.append(new(f"L{number}", owner=draw(OWNERS), columns=columns))
        elif kind == "sweep":
            events.append({"sweep": {}})
        elif kind == "changed" and known:
            events.append({"changed": {"id": draw(st.sampled_from(known)), "columns": columns}})
        elif kind == "assigned_by_hand" and known:
            owner = draw(st.sampled_from(["ana", "ben", "somebody"]))
            events.append(
                {"assigned_by_hand": {"id": draw(st.sampled_from(known)), "owner": owner}}
            )
        elif kind == "closed" and is_open:
            events.append({"closed": {"id": is_open.pop(draw(st.integers(0, len(is_open) - 1)))}})
    return events


def busy_case(events: list[dict[str, Any]], distribution: str) -> dict[str, Any]:
    return a_case(
        sellers=[
            {"id": "ana", "max_capacity": 2, "attributes": {"Language": ["English", "German"]}},
            {"id": "ben", "max_capacity": 3, "attributes": {"Language": ["English"]}},
        ],
        segments=[
            {
                "name": "Fairs",
                "filter": {"all": [["wa_language", "not-null"]]},
                "allow_move_in": True,
            }
        ],
        rules=[
            *rule(
                match="attributes",
                attributes={"all": [["Language", "eq", "$(wa_language)"]]},
                capacity=True,
                distribution=distribution,
            ),
            {"name": "Rest", "segment": "default", "capacity": True},
        ],
        events=events,
    )


DISTRIBUTIONS = st.sampled_from(["round robin", "load balancing", "best overall"])


@settings(max_examples=150, deadline=None)
@given(histories(), DISTRIBUTIONS)
def test_looking_anew_before_each_event_changes_nothing(
    events: list[dict[str, Any]], distribution: str
) -> None:
    """An event that says the same time again makes the player start from where sellers stand."""
    anew = [part for event in events for part in ({"at": AT}, event)]
    assert outputs(busy_case(events, distribution)) == outputs(busy_case(anew, distribution))


@settings(max_examples=150, deadline=None)
@given(histories(), DISTRIBUTIONS)
def test_nobody_is_given_more_than_she_can_take(
    events: list[dict[str, Any]], distribution: str
) -> None:
    """Counted here once more, from the events and the outcomes alone."""
    capacity = {"ana": 2, "ben": 3}
    came_out = iter(outputs(busy_case(events, distribution)))
    owners: dict[str, str | None] = {}
    waiting: set[str] = set()
    for event in events:
        ((kind, body),) = event.items()
        if kind == "closed":
            owners.pop(body["id"])
            waiting.discard(body["id"])
        elif kind == "new" or (kind == "assigned_by_hand" and body["id"] in owners):
            owners[body["id"]] = body["owner"]
            waiting.discard(body["id"])
        decided = len(waiting) if kind == "sweep" else int(kind in ("new", "changed"))
        for one in islice(came_out, decided):
            if one["outcome"] == "assigned":
                assert list(owners.values()).count(one["owner"]) < capacity[one["owner"]]
                owners[one["id"]] = one["owner"]
            if one["outcome"] != "unchanged":
                (waiting.add if one["outcome"] == "unassigned" else waiting.discard)(one["id"])
    assert next(came_out, None) is None


def test_many_events_are_read_and_decided() -> None:
    events = [new(f"L{number}", columns={"revenue": number}) for number in range(2_000)]
    events.append({"at": LATER})
    given = [one["owner"] for one in outputs(a_case(events=events))]
    assert given == ["ana", "ben"] * 1_000
