"""States, moves and priorities of segments."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.configuration.folders import applied, forms_of, refused
from tests.configuration.memory_store import STARTED_AT, MemoryStore

from work_assignment.services.configuration.comparison import plan


def segment(keys: str) -> str:
    return f"segments: [{{name: A, record_type: lead, {keys}}}]"


@pytest.mark.parametrize(
    ("keys", "moves"),
    [
        ("priority: 1", (False, False)),
        ("allow_move_in: true", (True, True)),
        ("reassign_on_move: true", (False, True)),
        ("allow_move_in: true, reassign_on_move: false", (True, False)),
        ("allow_move_in: false, reassign_on_move: false", (False, False)),
    ],
)
def test_rules_run_after_a_move_unless_the_segment_says_otherwise(
    keys: str, moves: tuple[bool, bool]
) -> None:
    store = MemoryStore()
    applied(forms_of(segment(keys)), store)
    row = store.row("A")
    assert (row.allow_move_in, row.reassign_on_move) == moves


def test_two_segments_cannot_be_tried_in_the_same_place() -> None:
    assert refused("""\
        segments:
          - name: A
            record_type: lead
            priority: 1
          - name: B
            record_type: lead
            priority: 1
          - {name: C, record_type: lead, priority: 1, state: paused}
    """) == [
        "d.yaml:7: segment 'B': priority 1 is that of segment 'A' at d.yaml:4",
        "d.yaml:8: segment 'C': priority 1 is that of segment 'A' at d.yaml:4",
    ]


def test_segments_that_do_not_say_their_priority_are_tried_around_those_that_do() -> None:
    forms = forms_of("""\
        segments:
          - {name: A, record_type: lead}
          - {name: B, record_type: lead, priority: 1}
          - {name: C, record_type: lead}
          - {name: D, record_type: lead, priority: 4}
          - {name: E, record_type: lead}
          - {name: F, record_type: opportunity}
    """).segments
    assert [form.priority for form in forms or ()] == [2, 1, 3, 4, 5, 1]


def test_priorities_of_inactive_segments_and_other_record_types_do_not_matter() -> None:
    assert forms_of("""\
        segments:
          - {name: A, record_type: lead, priority: 1}
          - {name: B, record_type: lead, priority: 1, state: inactive}
          - {name: C, record_type: opportunity, priority: 1}
    """).segments


def test_a_pause_does_not_move_the_moment_of_activation() -> None:
    store = MemoryStore()
    applied(forms_of(segment("state: active")), store)
    applied(forms_of(segment("state: paused")), store)
    assert (store.row("A").state, store.row("A").activated_on) == ("paused", STARTED_AT)
    applied(forms_of(segment("state: active")), store)
    assert store.row("A").activated_on == STARTED_AT
    applied(forms_of(segment("state: inactive")), store)
    applied(forms_of(segment("state: paused")), store)
    assert store.row("A").activated_on == STARTED_AT + timedelta(hours=4)


def test_a_paused_segment_that_the_folder_does_not_have_is_deactivated() -> None:
    store = MemoryStore()
    applied(forms_of(segment("state: paused")), store)
    found = plan(forms_of("segments: []"), store)
    assert [str(column) for column in found.actions[0].columns] == ["state: paused -> inactive"]


def test_what_dynamics_has_and_we_do_not_yet_is_refused_by_name() -> None:
    for key in ("state: shadow", "sequence: S"):
        (found,) = refused(segment(key))
        assert found.endswith("is not supported")
