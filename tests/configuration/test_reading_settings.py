"""Settings are read with their defaults, and refused where wrong."""

from __future__ import annotations

import json

import pytest
from tests.configuration.folders import forms_of, refused

SEGMENT = "segments: [{name: A, record_type: lead"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "settings: {default_capacity: 0}",
            "d.yaml:1: settings: 'default_capacity' is a number from 1 to 2147483647, not 0",
        ),
        (
            "settings: {owner_colum: x}",
            "d.yaml:1: settings: there is no key 'owner_colum'; did you mean 'owner_column'?",
        ),
        (
            "settings: {score_column: [x]}",
            "d.yaml:1: settings: 'score_column' is a text, not a list",
        ),
        (
            "settings: {round_robin_scope: assignment rules}",
            "d.yaml:1: settings: 'round_robin_scope' is one of organization, assignment rule, "
            "not 'assignment rules'; did you mean 'assignment rule'?",
        ),
        (
            "settings: {eligible_roles: None}",
            "d.yaml:1: settings: 'eligible_roles' is all or a list, not 'none'",
        ),
        (
            "settings: {eligible_roles: []}",
            "d.yaml:1: settings: 'eligible_roles' is empty",
        ),
        (
            "settings: {keep_runs_days: 0}",
            "d.yaml:1: settings: 'keep_runs_days' is a number from 1 to 36500, not 0",
        ),
        (
            "settings: {keep_self_created: maybe}",
            "d.yaml:1: settings: 'keep_self_created' is true or false, not 'maybe'",
        ),
        (
            "settings: {record_types: [lead, My Table]}",
            "d.yaml:1: settings: a record type is the logical name of a table, such as lead, "
            "not 'My Table'",
        ),
        (
            "settings: {record_types: lead}",
            "d.yaml:1: settings: 'record_types' is a list, not 'lead'",
        ),
        ("settings: {record_types: []}", "d.yaml:1: settings: 'record_types' is empty"),
        (
            "settings: {evaluation_time_zone: Europe/Pari}",
            "d.yaml:1: settings: 'evaluation_time_zone': there is no time zone 'Europe/Pari'; "
            "did you mean 'Europe/Paris'?",
        ),
        (
            "settings: {flap_limit: {move: 3}}",
            "d.yaml:1: settings, flap_limit: there is no key 'move'; did you mean 'moves'?",
        ),
        (
            "settings: {record_types: [opportunity]}\n" + SEGMENT + "}]",
            "d.yaml:2: segment 'A': settings have no lead in their record_types",
        ),
    ],
)
def test_a_wrong_setting_is_told_with_its_place(text: str, problem: str) -> None:
    assert problem in refused(text)


def test_settings_that_say_none_or_all_are_as_if_they_said_nothing() -> None:
    said = forms_of(
        "settings: {score_column: none, owner_column: none, eligible_roles: all}"
    ).settings
    silent = forms_of("settings: {}").settings
    assert said
    assert silent
    assert said.row == silent.row
    assert said.eligible_roles is None


def test_any_table_can_be_a_record_type() -> None:
    forms = forms_of("""\
        settings: {record_types: [new_partnerrequest, lead, lead]}
        segments: [{name: A, record_type: new_partnerrequest}]
    """)
    assert forms.settings
    assert json.loads(forms.settings.row.record_types or "") == ["lead", "new_partnerrequest"]


def test_every_setting_reaches_its_column() -> None:
    form = forms_of("""\
        settings:
          score_column: wa_score
          owner_column: wa_handlerid
          round_robin_scope: assignment rule
          default_capacity: 7
          keep_self_created: true
          evaluation_time_zone: Europe/Berlin
          flap_limit: {moves: 5, hours: 48}
          keep_runs_days: 30
    """).settings
    assert form
    row = form.row
    assert (row.score_column, row.owner_column) == ("wa_score", "wa_handlerid")
    assert (row.round_robin_scope, row.default_capacity) == ("assignment rule", 7)
    assert (row.keep_self_created, row.evaluation_time_zone) == (True, "Europe/Berlin")
    assert (row.flap_limit_moves, row.flap_limit_hours) == (5, 48)
    assert row.keep_runs_days == 30


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Organisation", "organization"),
        ("per-organization", "organization"),
        ("PER_RULE", "assignment rule"),
        ("rule", "assignment rule"),
        ("Assignment_Rule", "assignment rule"),
        ("assignmentRule", "assignment rule"),
    ],
)
def test_the_scope_of_turns_may_be_said_in_many_ways(said: str, meant: str) -> None:
    settings = forms_of(f"settings: {{round_robin_scope: {said}}}").settings
    assert settings
    assert settings.row.round_robin_scope == meant


def test_a_single_role_needs_no_list() -> None:
    settings = forms_of("settings: {eligible_roles: Salesperson}").settings
    assert settings
    assert [one.name for one in settings.eligible_roles or ()] == ["Salesperson"]
