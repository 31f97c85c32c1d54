"""A segment is copied under a new name, inactive, alone or with its rules."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.configuration.folders import actions, applied, forms_of, good_forms
from tests.configuration.memory_store import STARTED_AT, MemoryStore

from work_assignment.domain.defining.definition_rows import Stored
from work_assignment.services.configuration.applying import apply
from work_assignment.services.configuration.comparison import plan
from work_assignment.services.configuration.copying import CannotCopy, copy_segment


def organisation() -> MemoryStore:
    store = MemoryStore()
    applied(good_forms(), store)
    return store


def copied(store: MemoryStore, name: str, new_name: str, **options: Any) -> list[str]:
    found = copy_segment(store.stored(), name, new_name, **options)
    apply(found, store)
    return [f"{verb} {kind} {shown}" for verb, kind, shown in actions(found)]


def test_a_copy_is_inactive_and_behind_all_others() -> None:
    store = organisation()
    stamp = store.row("default").definitions_version
    assert copied(store, "uk TRADE shows", " Fairs ") == ["create segment Fairs (lead)"]
    original, copy = store.row("UK trade shows"), store.row("Fairs")
    assert (copy.state, copy.activated_on, copy.priority) == ("inactive", None, 3)
    assert copy == replace(original, name="Fairs", state="inactive", activated_on=None, priority=3)
    assert store.row("default").definitions_version != stamp


def test_the_priority_can_be_chosen() -> None:
    store = organisation()
    copied(store, "UK trade shows", "Fairs", priority=1)
    assert store.row("Fairs").priority == 1


def test_rules_come_along_when_asked_for_in_their_states() -> None:
    store = organisation()
    store.edit("The two", state="inactive", description="for Ana and Ben")
    assert copied(store, "UK trade shows", "Fairs", with_rules=True) == [
        "create segment Fairs (lead)",
        "create rule In German (Fairs) (lead)",
        "create rule The two (Fairs) (lead)",
    ]
    segment = next(one for one in store.stored().segments if one.row.name == "Fairs")
    german, two = store.row("In German (Fairs)"), store.row("The two (Fairs)")
    assert {german.segment_id, two.segment_id} == {segment.id}
    assert (german.state, german.activated_on) == ("active", STARTED_AT.replace(hour=10))
    assert (two.state, two.activated_on) == ("inactive", None)
    assert two.list == store.row("The two").list
    assert two.description == "for Ana and Ben"


def test_rules_of_a_copy_of_a_copy_have_names_of_their_own_that_fit() -> None:
    store = organisation()
    store.edit("In German", name="x" * 100)
    copied(store, "UK trade shows", "Fairs", with_rules=True)
    store.edit("Fairs", name="Other")
    copied(store, "UK trade shows", "Fairs", with_rules=True)
    copied(store, "UK trade shows", "y" * 100, with_rules=True)
    names = [one.row.name for one in store.stored().rules if one.row.name.startswith("x")]
    assert sorted(len(name) for name in names) == [100] * 4
    assert {name.lstrip("x") for name in names} == {"", " (Fairs)", " (Fairs, 2)", " (copy 1)"}


@pytest.mark.parametrize(
    ("name", "new_name", "options", "problem"),
    [
        ("Larkfel", "B", {}, "there is no segment 'Larkfel'; did you mean 'Larkfell'?"),
        ("Larkfell", "B", {"record_type": "opportunity"}, "no segment 'Larkfell' for opportunity"),
        ("Larkfell", "uk trade shows", {}, "segment 'UK trade shows' is already there for lead"),
        ("Larkfell", "LARKFELL", {}, "segment 'Larkfell' is already there for lead"),
        ("default", "B", {}, "there is nothing to copy"),
        ("Larkfell", "Default", {}, "'Default' is the built-in last segment's name"),
        ("Larkfell", " ", {}, "a segment's name has 1 to 100 printable characters"),
        ("Larkfell", "x" * 101, {}, "a segment's name has 1 to 100 printable characters"),
        ("Larkfell", "B", {"priority": 0}, "a priority is a number from 1 to 2147483647, not 0"),
    ],
)
def test_a_copy_that_cannot_be_is_refused(
    name: str, new_name: str, options: dict[str, Any], problem: str
) -> None:
    with pytest.raises(CannotCopy, match=problem.replace("?", r"\?")):
        copy_segment(organisation().stored(), name, new_name, **options)


def test_of_two_record_types_the_meant_one_has_to_be_said() -> None:
    store = MemoryStore()
    applied(
        forms_of("segments: [{name: A, record_type: lead}, {name: A, record_type: opportunity}]"),
        store,
    )
    with pytest.raises(CannotCopy, match="is there for lead and opportunity: say the record type"):
        copy_segment(store.stored(), "A", "B")
    copied(store, "A", "B", record_type="opportunity")
    assert store.row("B").record_type == "opportunity"


def test_a_copy_in_an_organisation_without_settings_brings_the_default_ones() -> None:
    store = organisation()
    store.rows = {key: one for key, one in store.rows.items() if one.row.name != "default"}
    assert copied(store, "Larkfell", "B") == ["create segment B (lead)", "create settings default"]


def test_applying_the_folder_again_leaves_an_inactive_copy_alone() -> None:
    store = organisation()
    copied(store, "Larkfell", "B")
    kept: Stored[Any] = next(one for one in store.rows.values() if one.row.name == "B")
    assert not plan(good_forms(), store)
    assert store.rows[kept.id] == kept
