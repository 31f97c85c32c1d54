"""Rules for sellers, teams and queues: whom they name, and what their filters may ask."""

from __future__ import annotations

import json
import textwrap

import pytest
from tests.configuration.folders import applied, forms_of, problems_of
from tests.configuration.memory_store import QUEUE_ID, TEAM_ID, MemoryStore

from work_assignment.domain.defining.definition_rows import UpdateRow
from work_assignment.services.configuration.comparison import plan


def rule(keys: str, record_type: str = "lead") -> str:
    """A folder with one rule, whose keys begin in line 5."""
    return (
        f"segments: [{{name: A, record_type: {record_type}}}]\nrules:\n- name: R\n  segment: A\n"
        + textwrap.indent(textwrap.dedent(keys), "  ")
    )


def stored(keys: str, record_type: str = "lead") -> MemoryStore:
    store = MemoryStore()
    forms = forms_of(rule(keys, record_type))
    applied(forms, store)
    assert not plan(forms, store)
    return store


def test_teams_and_queues_are_listed_by_name_and_stored_by_id() -> None:
    team = stored("assign_to: team\nmatch: list\nlist: [nordic]\ndistribution: none").row("R")
    assert (team.assign_to, team.match, team.distribution) == ("team", "list", "none")
    assert json.loads(team.list) == [TEAM_ID]
    queue = stored("assign_to: queue\nmatch: list\nlist: [Partners]").row("R")
    assert (queue.assign_to, queue.distribution) == ("queue", "any one")
    assert json.loads(queue.list) == [QUEUE_ID]


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        (
            "assign_to: team\nmatch: list\nlist:\n- Nordc",
            "d.yaml:8: rule 'R': there is no team named 'Nordc' that records can be given to; "
            "did you mean 'Nordic'?",
        ),
        (
            "assign_to: team\nmatch: list\nlist:\n- Nordic\n- Twin",
            "d.yaml:9: rule 'R': there are 2 teams named 'Twin'; give each its own name",
        ),
        (
            "assign_to: queue\nmatch: list\nlist: [Partner]",
            "d.yaml:7: rule 'R': there is no queue named 'Partner' that records can be given to; "
            "did you mean 'Partners'?",
        ),
    ],
)
def test_teams_and_queues_that_mean_nothing_or_too_much_are_told(keys: str, problem: str) -> None:
    assert problems_of(rule(keys)) == [problem]


def test_a_queue_must_take_records_of_the_type() -> None:
    assert problems_of(rule("capacity: false\nassign_to: queue", "opportunity")) == [
        "d.yaml:6: rule 'R': queues take no opportunity; allow it in the table's properties "
        "('Can be added to a queue')"
    ]


@pytest.mark.parametrize(
    ("assign_to", "column", "nearest"),
    [
        ("sellers", "address1_ciy", "address1_city"),
        ("team", "nam", "name"),
        ("queue", "emailadress", "emailaddress"),
    ],
)
def test_seller_filters_are_about_the_columns_of_whom_the_rule_is_for(
    assign_to: str, column: str, nearest: str
) -> None:
    def keys(name: str) -> str:
        asked = f"seller_filter: [{name}, eq, x]"
        return f"assign_to: {assign_to}\nmatch: attributes\n{asked}"

    assert stored(keys(nearest)).row("R").seller_filter
    assert problems_of(rule(keys(column))) == [
        f"d.yaml:7: rule 'R', seller_filter: there is no column '{column}'; "
        f"did you mean '{nearest}'?"
    ]


def test_seller_filters_may_name_the_records_own_columns_which_are_never_labels() -> None:
    store = stored("""\
        match: attributes
        seller_filter:
          all:
            - [address1_country, eq, $(address1_country)]
            - related: {table: account, lookup: owninguser, filter: [accountid, eq, $(parentaccountid)]}
        filter: {all: [[leadsourcecode, in, [Web, $(leadsourcecode)]]]}
    """)
    text = store.row("R").seller_filter
    assert 'attribute="address1_country" operator="eq" value="$(address1_country)"' in text
    assert (
        '<link-entity name="account" from="owninguser" to="systemuserid" link-type="any">' in text
    )
    assert 'attribute="accountid" operator="eq" value="$(parentaccountid)"' in text
    assert "<value>8</value><value>$(leadsourcecode)</value>" in store.row("R").filter


@pytest.mark.parametrize(
    ("condition", "problem"),
    [
        (
            "[address1_country, eq, $(address1_contry)]",
            "there is no column 'address1_contry' of lead for '$(address1_contry)'; "
            "did you mean 'address1_country'?",
        ),
        (
            "[address1_city, eq, $(address1_city)]",
            "there is no column 'address1_city' of lead for '$(address1_city)'; "
            "did you mean 'address1_country'?",
        ),
        (
            "[age, eq, $(subject)]",
            "column 'age' (number) cannot be compared with '$(subject)', a text column",
        ),
        (
            "[age, in, [$(estimatedamount), many]]",
            "column 'age': 'many' is not a number",
        ),
        (
            "[age, between, [many, $(estimatedamount)]]",
            "column 'age': 'many' is not a number",
        ),
    ],
)
def test_a_record_column_that_is_not_there_or_does_not_fit_is_told(
    condition: str, problem: str
) -> None:
    (found,) = problems_of(rule(f"match: attributes\nseller_filter: {condition}"))
    assert found == f"d.yaml:6: rule 'R', seller_filter: {problem}"


def test_only_text_can_be_put_together_from_columns() -> None:
    (found,) = problems_of(rule("match: attributes\nseller_filter: [age, eq, 1$(estimatedamount)]"))
    assert found == (
        "d.yaml:6: rule 'R', seller_filter, column 'age': '1$(estimatedamount)' is not $(column) "
        "alone, and only text can be put together"
    )


ATTRIBUTES = """\
match: attributes
attributes:
  all:
    - [Language, eq, $(subject)]
    - [Region, in, [Europe, $(leadsourcecode)]]
"""
SELLERS = (
    "\nsellers: [{user: ana@contoso.example, attributes: {Language: [English], Region: [Europe]}}]"
)


def test_attributes_may_name_the_records_own_columns() -> None:
    store = MemoryStore()
    applied(forms_of(rule(ATTRIBUTES) + SELLERS), store)
    assert json.loads(store.row("R").attributes) == {
        "all": [
            ["Language", "eq", "$(subject)"],
            ["Region", "in", ["Europe", "$(leadsourcecode)"]],
        ]
    }


def test_attributes_that_name_a_column_that_is_not_there_are_told() -> None:
    folder = rule(ATTRIBUTES.replace("$(subject)", "$(subjct)")) + SELLERS
    assert problems_of(folder) == [
        "d.yaml:8: rule 'R', attributes: there is no column 'subjct' of lead for '$(subjct)'; "
        "did you mean 'subject'?"
    ]


def test_who_a_rule_is_for_and_how_it_shares_are_changed_together() -> None:
    store = stored("assign_to: team\nmatch: any")
    found = plan(forms_of(rule("assign_to: queue\nmatch: any")), store)
    (action,) = found.actions
    assert isinstance(action.change, UpdateRow)
    assert action.change.columns == {"assign_to": "queue", "distribution": "any one"}
    assert [str(column) for column in action.columns] == ["assign_to: team -> queue"]
