"""Whatever is changed in a case, it is decided or refused with a clear word."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.cases.support import AT

from work_assignment.domain.errors import WorkAssignmentError
from work_assignment.services.cases.playing import play
from work_assignment.services.cases.reading import read_case
from work_assignment.services.cases.telling import explanation, output
from work_assignment.solvers.on_demand import FlowSolverOnDemand

RICH: dict[str, Any] = {
    "at": AT,
    "sellers": [
        {
            "id": "ana",
            "name": "Ana",
            "columns": {"address1_city": "London"},
            "attributes": {"Language": ["English"]},
            "roles": ["Seller"],
            "takes_assignments": True,
            "max_capacity": 2,
            "active_records": {"lead": 1},
            "last_assigned_at": AT,
            "working_hours": [{"days": ["wed"], "from": "08:00", "to": "17:00"}],
            "time_off": [{"from": "2026-03-05", "to": "2026-03-06"}],
        }
    ],
    "teams": [{"id": "t1", "name": "North", "roles": ["Seller"]}],
    "queues": [{"id": "q1"}],
    "settings": {"eligible_roles": ["Seller"], "default_capacity": 5, "score_column": "revenue"},
    "related": {"account": [{"id": "A1", "columns": {"revenue": 5}}]},
    "segments": [
        {
            "name": "Fairs",
            "filter": {
                "all": [
                    ["subject", "like", "%fair%"],
                    {"not_related": {"table": "account", "lookup": "x"}},
                ]
            },
            "allow_move_in": True,
            "sequence": "Hello",
        },
        {"name": "Rest"},
    ],
    "rules": [
        {
            "name": "Own",
            "segment": "Fairs",
            "match": "attributes",
            "attributes": {"all": [["Language", "eq", "$(wa_language)"]]},
            "seller_filter": {"all": [["address1_city", "ne", "Rome"]]},
            "capacity": True,
            "available_within_hours": 48,
            "distribution": "best overall",
        },
        {
            "name": "Team",
            "segment": "Rest",
            "assign_to": "team",
            "filter": {"all": [["createdon", "today"]]},
        },
        {"name": "Queue", "segment": "Rest", "assign_to": "queue", "created_within_hours": 1},
    ],
    "events": [
        {
            "new": {
                "id": "L1",
                "columns": {"subject": "Book fair", "wa_language": "english"},
                "owner": "ana",
            }
        },
        {
            "new": {
                "id": "L2",
                "columns": {"revenue": 1.5},
                "created_at": "2026-03-01T00:00:00Z",
                "score": 3,
            }
        },
        {"changed": {"id": "L2", "columns": {"subject": "A fair"}}},
        {"assigned_by_hand": {"id": "L3", "type": "lead", "owner": "ana"}},
        {"closed": {"id": "L3"}},
        {"at": "2026-03-04T18:00:00Z"},
        {"sweep": {"segment": "Fairs"}},
    ],
}

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 10**12),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(
        [
            "none",
            "default",
            "2026-03-04",
            "lead",
            "$(x)",
            "9999-12-31T23:59:59Z",
            "0001-01-01T00:00:00+14:00",
        ]
    ),
    st.just([]),
    st.just({}),
    st.just([[]]),
    st.just({"all": []}),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of everything in a case."""
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [path, *(found for key, part in inner for found in places(part, (*path, key)))]


def changed(case: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    copied = copy.deepcopy(case)
    at: Any = copied
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return copied


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(places(RICH)[1:]), ODD)
def test_a_case_is_decided_or_refused(path: tuple[Any, ...], value: Any) -> None:
    refusal = ""
    try:
        case = read_case(json.dumps(changed(RICH, path, value)), "case.json")
    except WorkAssignmentError as exc:
        refusal = str(exc)
    if refusal:
        assert all(line.startswith(("case.json", "and ")) for line in refusal.splitlines())
        return
    for one in play(case, FlowSolverOnDemand(), is_traced=True):
        assert output(one)["id"] == one.decision.record.id
        assert list(explanation(one))
