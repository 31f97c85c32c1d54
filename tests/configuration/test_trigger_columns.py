"""Further change triggers: named by table in the settings, and held against tables and filters."""

from __future__ import annotations

import json

import pytest
from tests.configuration.folders import applied, forms_of, problems_of, refused
from tests.configuration.memory_store import MemoryStore

from work_assignment.domain.filtering.schemas import TableSchema
from work_assignment.services.configuration.comparison import plan

SETTINGS = "settings:\n  trigger_columns:\n"
REACHING = """\
segments:
  - name: Big
    record_type: lead
    filter: {related: {lookup: parentaccountid, filter: {all: [[revenue, gt, 5]]}}}
"""


def test_they_are_stored_by_table_and_do_not_differ_the_second_time() -> None:
    text = (
        SETTINGS + "    lead: [subject, estimatedamount]\n    account: [industrycode]\n" + REACHING
    )
    store = MemoryStore()
    applied(forms_of(text), store)
    assert json.loads(store.row("default").trigger_columns) == {
        "account": ["industrycode"],
        "lead": ["estimatedamount", "subject"],
    }
    assert not plan(forms_of(text), store)


def test_however_an_editor_wrote_them_equal_ones_do_not_differ() -> None:
    text = SETTINGS + "    lead: [subject]\n"
    store = MemoryStore()
    applied(forms_of(text), store)
    store.edit("default", trigger_columns='{ "lead" : [ "subject" ] }')
    assert not plan(forms_of(text), store)


def test_none_takes_them_away() -> None:
    store = MemoryStore()
    applied(forms_of(SETTINGS + "    lead: [subject]\n"), store)
    applied(forms_of("settings: {trigger_columns: none}"), store)
    assert store.row("default").trigger_columns is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "settings: {trigger_columns: [subject]}",
            "d.yaml:1: settings: 'trigger_columns' is a mapping of tables to lists of columns",
        ),
        (
            SETTINGS + "    lead: subject\n",
            "d.yaml:3: settings, trigger_columns: 'lead' is a list, not 'subject'",
        ),
        (SETTINGS + "    lead: []\n", "d.yaml:3: settings, trigger_columns: 'lead' is empty"),
    ],
)
def test_another_form_is_refused_with_its_place(text: str, problem: str) -> None:
    assert problem in refused(text)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (
            "lead: [subjct]",
            "lead has no column 'subjct'; did you mean 'subject'?",
        ),
        (
            "leed: [subject]",
            "there is no table 'leed'; did you mean 'lead'?",
        ),
        (
            "account: [name]",
            "'account' is not routed and no filter reaches it, so nothing would follow",
        ),
        (
            "lead: [wa_assignmentresult]",
            "'wa_assignmentresult' of lead is written by the app alone",
        ),
    ],
)
def test_what_cannot_ring_is_refused_with_its_place_and_the_nearest_word(
    line: str, problem: str
) -> None:
    found = problems_of(SETTINGS + f"    {line}\n")
    assert found == [f"d.yaml:3: settings, trigger_columns: {problem}"]


def test_a_table_that_only_stored_filters_reach_is_reached() -> None:
    store = MemoryStore()
    applied(forms_of(REACHING), store)
    assert plan(forms_of(SETTINGS + "    account: [industrycode]\n"), store)


def test_the_id_of_a_row_never_changes_so_it_is_no_trigger() -> None:
    assert problems_of(SETTINGS + "    lead: [leadid]\n") == [
        "d.yaml:3: settings, trigger_columns: 'leadid' of lead is the row's id, which never changes"
    ]


class AnyCase(MemoryStore):
    """Dataverse finds a table however its name is written."""

    def schema(self, table: str) -> TableSchema | None:
        return super().schema(table.lower())


def test_a_table_in_capitals_is_told_with_its_right_name() -> None:
    assert problems_of(SETTINGS + "    LEAD: [subject]\n", AnyCase()) == [
        "d.yaml:3: settings, trigger_columns: there is no table 'LEAD'; did you mean 'lead'?"
    ]
