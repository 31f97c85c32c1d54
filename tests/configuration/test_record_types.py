"""Which tables are routed, and the columns and roles that settings name, are held against Dataverse."""

from __future__ import annotations

import json

import pytest
from tests.configuration.folders import applied, forms_of, problems_of
from tests.configuration.memory_store import MemoryStore

from work_assignment.services.configuration.comparison import plan

PARTNERS = """\
settings: {record_types: [lead, new_partnerrequest]}
segments: [{name: P, record_type: new_partnerrequest}]
rules: [{name: R, segment: P}]
"""


def test_a_table_of_ones_own_can_be_routed() -> None:
    store = MemoryStore()
    applied(forms_of(PARTNERS), store)
    assert store.row("P").record_type == store.row("R").record_type == "new_partnerrequest"
    assert json.loads(store.row("default").record_types) == ["lead", "new_partnerrequest"]
    assert not plan(forms_of(PARTNERS), store)


def test_a_folder_without_settings_goes_by_the_record_types_that_are_there() -> None:
    text = "segments: [{name: P, record_type: new_partnerrequest}]"
    assert problems_of(text) == [
        "d.yaml:1: segment 'P': settings have no new_partnerrequest in their record_types"
    ]
    store = MemoryStore()
    applied(forms_of("settings: {record_types: [new_partnerrequest]}"), store)
    assert plan(forms_of(text), store)
    assert problems_of("segments: [{name: A, record_type: lead}]", store) == [
        "d.yaml:1: segment 'A': settings have no lead in their record_types"
    ]


@pytest.mark.parametrize(
    ("record_types", "problem"),
    [
        (
            "[leed]",
            "there is no table 'leed'; did you mean 'lead'?",
        ),
        (
            "[product]",
            "rows of table 'product' have no owner of their own, so they cannot be assigned",
        ),
        (
            "[contact]",
            "table 'contact' lacks wa_segmentid, a lookup to wa_segment: add what is missing to "
            "the table and publish it (docs/reference.md, Other record types)",
        ),
    ],
)
def test_a_table_that_cannot_be_routed_is_told(record_types: str, problem: str) -> None:
    found = problems_of(f"settings:\n  record_types:\n  - {record_types[1:-1]}\n")
    assert found == [f"d.yaml:3: settings, record_types: {problem}"]


def test_record_types_in_use_are_not_left_out_by_a_folder_that_has_only_settings() -> None:
    store = MemoryStore()
    applied(forms_of(PARTNERS), store)
    assert problems_of("settings: {record_types: [lead]}", store) == [
        "d.yaml:1: settings: 'record_types' leave out new_partnerrequest, for which segment 'P' "
        "is active in Dataverse",
        "d.yaml:1: settings: 'record_types' leave out new_partnerrequest, for which rule 'R' "
        "is active in Dataverse",
    ]
    assert plan(forms_of("settings: {record_types: [lead]}\nsegments: []\nrules: []"), store)


@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        ("score_column: wa_score", None),
        (
            "score_column: wa_scor",
            "'score_column': there is no column 'wa_scor' of lead or opportunity; "
            "did you mean 'wa_score'?",
        ),
        (
            "score_column: subject",
            "'score_column': column 'subject' of lead is a text column, not a number column",
        ),
        ("owner_column: wa_handlerid", None),
        (
            "owner_column: wa_handler",
            "'owner_column': there is no column 'wa_handler' of lead; did you mean 'wa_handlerid'?",
        ),
        (
            "owner_column: parentaccountid",
            "'owner_column': column 'parentaccountid' of lead is no lookup to users",
        ),
        (
            "owner_column: ownerid",
            "'owner_column': Dataverse itself keeps 'ownerid'; none stands for the owner",
        ),
        (
            "eligible_roles: [Sales person]",
            "there is no security role 'Sales person'; did you mean 'Salesperson'?",
        ),
    ],
)
def test_columns_and_roles_that_settings_name_must_be_there(
    setting: str, problem: str | None
) -> None:
    if problem is None:
        assert plan(forms_of(f"settings: {{{setting}}}"), MemoryStore())
    else:
        assert f"d.yaml:1: settings: {problem}" in problems_of(f"settings: {{{setting}}}")


def test_a_score_is_a_number_wherever_it_is() -> None:
    found = problems_of(
        "settings: {record_types: [lead, new_partnerrequest], score_column: wa_score}"
    )
    assert found == [
        "d.yaml:1: settings: 'score_column': column 'wa_score' of new_partnerrequest is a text "
        "column, not a number column"
    ]


def test_roles_are_stored_as_they_are_spelt_in_dataverse() -> None:
    store = MemoryStore()
    text = "settings: {eligible_roles: [salesperson, SALES MANAGER, Salesperson]}"
    applied(forms_of(text), store)
    assert json.loads(store.row("default").eligible_roles) == ["Sales Manager", "Salesperson"]
    assert not plan(forms_of(text), store)
    found = plan(forms_of("settings: {eligible_roles: all}"), store)
    assert str(found).splitlines()[1].endswith('["Sales Manager","Salesperson"] -> all')
    applied(forms_of("settings: {eligible_roles: all}"), store)
    assert store.row("default").eligible_roles is None


def test_a_team_cannot_be_written_to_a_column_for_users() -> None:
    assert problems_of("""\
        settings: {owner_column: wa_handlerid}
        segments: [{name: A, record_type: lead}]
        rules:
          - name: R
            segment: A
            assign_to: team
    """) == [
        "d.yaml:6: rule 'R': assign_to: team does not go with the settings' owner_column "
        "'wa_handlerid', which points at systemuser"
    ]
