"""Applying carries out the plan that was made, once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.configuration.folders import actions, applied, forms_of, good_forms
from tests.configuration.memory_store import STARTED_AT, USERS, MemoryStore

from work_assignment.domain.defining.definition_rows import DefinitionsChanged, Kind, UpdateRow
from work_assignment.services.configuration.applying import TooManyRemovals, apply
from work_assignment.services.configuration.comparison import plan

SIX = [f"{{name: S{n}, record_type: lead}}" for n in range(6)]


def segments(entries: list[str]) -> str:
    return f"segments: [{', '.join(entries)}]"


def test_applying_twice_changes_and_writes_nothing_the_second_time() -> None:
    store = MemoryStore()
    first = applied(good_forms(), store)
    rows = dict(store.rows)
    second = applied(good_forms(), store)
    assert first.stamp
    assert (second.actions, second.stamp) == ((), None)
    assert len(store.writes) == 1
    assert store.rows == rows


def test_each_application_that_changes_something_leaves_a_new_stamp() -> None:
    store = MemoryStore()
    first = applied(forms_of(segments(SIX[:1])), store)
    assert store.row("default").definitions_version == first.stamp
    second = applied(forms_of(segments(SIX[:2])), store)
    assert store.row("default").definitions_version == second.stamp != first.stamp


def test_the_stamp_is_the_last_thing_written() -> None:
    store = MemoryStore()
    applied(good_forms(), store)
    applied(forms_of(segments(SIX)), store, force=True)
    last = store.writes[-1][-1]
    assert isinstance(last, UpdateRow)
    assert last.kind is Kind.SETTINGS
    assert set(last.columns) == {"definitions_version"}


def test_changed_settings_and_stamp_are_one_change() -> None:
    store = MemoryStore()
    applied(forms_of("settings: {default_capacity: 40}"), store)
    applied(forms_of("settings: {default_capacity: 41}"), store)
    (only,) = store.writes[-1]
    assert isinstance(only, UpdateRow)
    assert set(only.columns) == {"default_capacity", "definitions_version"}


def test_definitions_without_settings_get_the_default_settings() -> None:
    store = MemoryStore()
    applied(forms_of(segments(SIX[:1])), store)
    assert store.row("default").default_capacity == 50


def test_settings_that_are_there_stay_when_the_folder_has_none() -> None:
    store = MemoryStore()
    applied(forms_of("settings: {default_capacity: 40}"), store)
    applied(forms_of(segments(SIX[:1])), store)
    assert store.row("default").default_capacity == 40


def test_a_row_is_active_since_it_became_active_and_no_later_edit_moves_that() -> None:
    store = MemoryStore()
    applied(forms_of("segments: [{name: A, record_type: lead}]"), store)
    assert store.row("A").activated_on == STARTED_AT
    applied(forms_of("segments: [{name: A, record_type: lead, priority: 5}]"), store)
    assert store.row("A").activated_on == STARTED_AT
    applied(forms_of("segments: [{name: A, record_type: lead, state: inactive}]"), store)
    assert (store.row("A").state, store.row("A").activated_on) == ("inactive", STARTED_AT)
    applied(forms_of("segments: [{name: A, record_type: lead}]"), store)
    assert store.row("A").activated_on == STARTED_AT + timedelta(hours=3)


def test_a_row_that_is_created_inactive_was_never_activated() -> None:
    store = MemoryStore()
    applied(forms_of("segments: [{name: A, record_type: lead, state: inactive}]"), store)
    assert store.row("A").activated_on is None


def test_an_active_row_that_does_not_say_since_when_is_active_from_now_on() -> None:
    store = MemoryStore()
    forms = forms_of("segments: [{name: A, record_type: lead}]")
    applied(forms, store)
    store.edit("A", activated_on=None)
    assert "activated_on: none -> now" in str(plan(forms, store))
    applied(forms, store)
    assert store.row("A").activated_on == STARTED_AT + timedelta(hours=1)
    assert not plan(forms, store)


def test_what_the_folder_no_longer_has_is_deactivated() -> None:
    store = MemoryStore()
    applied(
        forms_of(segments(SIX) + "\nrules: [{name: R, segment: S0}, {name: Q, segment: S0}]"), store
    )
    found = plan(forms_of(segments(SIX[:4]) + "\nrules: [{name: R, segment: S0}]"), store)
    assert actions(found) == [
        ("deactivate", "segment", "S4 (lead)"),
        ("deactivate", "segment", "S5 (lead)"),
        ("deactivate", "rule", "Q (lead)"),
    ]
    assert found.actions[0].columns[0].old == "active"
    apply(found, store)
    assert store.row("S5").state == "inactive"


def test_sections_that_the_folder_does_not_have_are_left_alone() -> None:
    store = MemoryStore()
    applied(good_forms(), store)
    assert not plan(
        forms_of(
            "settings: {default_capacity: 40, evaluation_time_zone: Europe/London, flap_limit: {moves: 5}}"
        ),
        store,
    )


def test_a_segment_that_is_back_is_the_same_row() -> None:
    store = MemoryStore()
    applied(forms_of(segments(SIX)), store)
    before = {one.row.name: one.id for one in store.stored().segments}
    applied(forms_of(segments(SIX[:5])), store)
    applied(forms_of(segments([*SIX[:5], "{name: s5, record_type: lead}"])), store)
    found = {one.row.name: one for one in store.stored().segments}
    assert found["s5"].id == before["S5"]
    assert found["s5"].row.state == "active"


def test_deactivating_most_of_what_is_active_needs_force() -> None:
    store = MemoryStore()
    applied(forms_of(segments(SIX)), store)
    found = plan(forms_of(segments(SIX[:2])), store)
    with pytest.raises(TooManyRemovals, match=r"4 of 6 active segments .* use --force"):
        apply(found, store)
    assert len(store.writes) == 1
    apply(found, store, force=True)
    assert store.row("S5").state == "inactive"


@pytest.mark.parametrize(("there", "kept"), [(6, 3), (2, 0), (3, 1)])
def test_half_or_two_may_go_without_force(there: int, kept: int) -> None:
    store = MemoryStore()
    applied(forms_of(segments(SIX[:there])), store)
    applied(forms_of(segments(SIX[:kept])), store)
    assert sum(one.row.state == "active" for one in store.stored().segments) == kept


def test_a_seller_who_is_not_listed_any_more_takes_no_assignments_and_keeps_her_values() -> None:
    store = MemoryStore()
    applied(good_forms(), store)
    applied(
        forms_of("sellers: [{user: ben@contoso.example, attributes: {Language: English}}]"), store
    )
    assert store.row("Ana").takes_assignments is False
    assert store.held_by("ana") == {"English", "German", "Europe"}
    assert store.row("Ben").takes_assignments is True


def test_values_that_a_listed_seller_no_longer_has_are_unlinked() -> None:
    store = MemoryStore()
    applied(good_forms(), store)
    found = plan(
        forms_of("""\
        sellers:
          - {user: ana@contoso.example, attributes: {Language: [German, French]}}
          - {user: ben@contoso.example}
    """),
        store,
    )
    assert [entry for entry in actions(found) if entry[0] != "update"] == [
        ("create", "attribute value", "Language: French"),
        ("link", "attribute value", "Ana, Language: French"),
        ("unlink", "attribute value", "Ana, Language: English"),
        ("unlink", "attribute value", "Ana, Region: Europe"),
        ("unlink", "attribute value", "Ben, Language: English"),
    ]
    apply(found, store)
    assert store.held_by("ana") == {"German", "French"}
    assert store.held_by("ben") == set()


def test_a_row_edited_by_somebody_else_after_the_plan_is_not_overwritten() -> None:
    store = MemoryStore()
    applied(forms_of(segments(SIX[:2])), store)
    found = plan(
        forms_of(
            "segments: [{name: S0, record_type: lead, priority: 3}, {name: S1, record_type: lead, priority: 4}]"
        ),
        store,
    )
    store.edit("S1", priority=9)
    with pytest.raises(DefinitionsChanged):
        apply(found, store)
    assert (store.row("S0").priority, store.row("S1").priority) == (1, 9)


def test_two_plans_made_at_once_cannot_both_be_applied() -> None:
    store = MemoryStore()
    applied(forms_of(segments(SIX[:1])), store)
    one, other = (plan(forms_of(segments(SIX[:n])), store) for n in (2, 3))
    apply(one, store)
    with pytest.raises(DefinitionsChanged):
        apply(other, store)
    assert len(store.stored().segments) == 2


def test_a_filter_that_an_editor_wrote_differently_is_the_same() -> None:
    store = MemoryStore()
    forms = forms_of("segments: [{name: A, record_type: lead, filter: [subject, eq, x]}]")
    applied(forms, store)
    store.edit(
        "A",
        filter='<filter>\n  <condition value="x" operator="eq" attribute="subject" uiname="X"/>\n</filter>',
    )
    assert not plan(forms, store)


def test_a_team_rule_made_by_hand_becomes_what_the_folder_says() -> None:
    store = MemoryStore()
    forms = forms_of("segments: [{name: A, record_type: lead}]\nrules: [{name: R, segment: A}]")
    applied(forms, store)
    store.edit("R", assign_to="team", distribution="any one")
    assert str(plan(forms, store)).splitlines()[1:] == [
        "    assign_to: team -> sellers",
        "    distribution: any one -> round robin",
    ]


def test_an_inactive_seller_row_is_activated_again() -> None:
    store = MemoryStore()
    forms = forms_of("sellers: [{user: ana@contoso.example}]")
    applied(forms, store)
    store.edit("Ana", state="inactive")
    applied(forms, store)
    assert store.row("Ana").state == "active"
    assert store.row("Ana").user_id == USERS[0].id
