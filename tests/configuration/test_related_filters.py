"""Related parts of filters are resolved against the tables they join, at any depth."""

from __future__ import annotations

import textwrap

import pytest
from tests.configuration.folders import applied, forms_of, problems_of
from tests.configuration.memory_store import MemoryStore

from work_assignment.services.configuration.comparison import plan

LINE = 7
"""Where the condition of `segment` stands."""


def segment(condition: str) -> str:
    lines = textwrap.indent(textwrap.dedent(condition).strip(), " " * 8).lstrip()
    return (
        "segments:\n  - name: A\n    record_type: lead\n    filter:\n      all:\n"
        f"      - [subject, not-null]\n      - {lines}\n"
    )


def stored(condition: str) -> str:
    store = MemoryStore()
    applied(forms_of(segment(condition)), store)
    text = str(store.row("A").filter)
    assert not plan(forms_of(segment(condition)), store)
    return text.partition('operator="not-null" />')[2].removesuffix("</filter>")


@pytest.mark.parametrize(
    ("condition", "link"),
    [
        (
            "related: {lookup: parentaccountid}",
            '<link-entity name="account" from="accountid" to="parentaccountid" link-type="any" />',
        ),
        (
            "not_related: {lookup: customerid, to: contact}",
            '<link-entity name="contact" from="contactid" to="customerid" link-type="not any" />',
        ),
        (
            "not_related: {table: task, lookup: regardingobjectid}",
            '<link-entity name="task" from="regardingobjectid" to="leadid" link-type="not any" />',
        ),
    ],
)
def test_the_table_and_both_columns_are_stored(condition: str, link: str) -> None:
    assert stored(condition) == link


def test_choices_and_lookups_of_related_tables_go_by_name() -> None:
    text = stored("""\
        related:
          lookup: parentaccountid
          filter:
            any:
              - [industrycode, eq, consulting]
              - [parentaccountid, eq, Larkfell]
              - not_related: {table: task, lookup: regardingobjectid, filter: [statecode, eq, Open]}
    """)
    assert 'attribute="industrycode" operator="eq" value="9"' in text
    assert 'attribute="parentaccountid" operator="eq" value="a0000000' in text
    assert '<link-entity name="task" from="regardingobjectid" to="accountid"' in text
    assert 'attribute="statecode" operator="eq" value="0"' in text


def test_a_column_of_the_record_can_be_compared_at_any_depth() -> None:
    text = stored("""\
        related:
          lookup: parentaccountid
          filter:
            - name
            - begins-with
            - $(subject) of $(address1_country)
    """)
    assert 'operator="begins-with" value="$(subject) of $(address1_country)"' in text


def test_fetchxml_may_link_tables_by_any_columns() -> None:
    store = MemoryStore()
    folder = forms_of("""\
        segments:
          - name: A
            record_type: lead
            filter: |
              <fetch><entity name="lead">
                <filter><condition attribute="leadsourcecode" operator="eq" value="7"/></filter>
                <link-entity name="account" from="name" to="subject">
                  <filter><link-entity name="task" from="regardingobjectid" to="accountid" link-type="any"/></filter>
                </link-entity>
              </entity></fetch>
    """)
    applied(folder, store)
    found = store.row("A").filter
    assert '<link-entity name="account" from="name" to="subject" link-type="any"><filter' in found
    assert '<link-entity name="task" from="regardingobjectid" to="accountid"' in found
    assert not plan(folder, store)


def test_a_filter_that_an_editor_wrote_with_an_inner_link_is_the_same() -> None:
    store = MemoryStore()
    forms = forms_of(segment("related: {lookup: parentaccountid}"))
    applied(forms, store)
    store.edit(
        "A",
        filter="<fetch><entity name='lead'><filter><condition attribute='subject' operator='not-null'/>"
        "<link-entity link-type='any' to='parentaccountid' from='accountid' name='account'/>"
        "</filter></entity></fetch>",
    )
    assert not plan(forms, store)


@pytest.mark.parametrize(
    ("condition", "line", "problem"),
    [
        (
            "related:\n  lookup: parentacountid",
            1,
            "there is no column 'parentacountid' of lead; did you mean 'parentaccountid'?",
        ),
        ("related:\n  lookup: subject", 1, "column 'subject' of lead is no lookup"),
        (
            "related:\n  lookup: customerid",
            1,
            "lookup 'customerid' points at account or contact: say which table with 'to'",
        ),
        (
            "related:\n  lookup: parentaccountid\n  to: contact",
            2,
            "lookup 'parentaccountid' points at account, not at contact",
        ),
        (
            "related:\n  lookup: customerid\n  to: acount",
            2,
            "there is no table 'acount'; did you mean 'account'?",
        ),
        (
            "not_related:\n  lookup: regardingobjectid\n  table: tasks",
            2,
            "there is no table 'tasks'; did you mean 'task'?",
        ),
        (
            "not_related:\n  table: task\n  lookup: regardingobject",
            2,
            "there is no column 'regardingobject' of task; did you mean 'regardingobjectid'?",
        ),
        (
            "not_related:\n  table: account\n  lookup: owninguser",
            2,
            "column 'owninguser' of account does not point at lead",
        ),
        (
            "related:\n  lookup: parentaccountid\n  filter:\n    any:\n      - [revenu, gt, 5]",
            4,
            "there is no column 'revenu'; did you mean 'revenue'?",
        ),
        (
            "related:\n  lookup: parentaccountid\n  filter:\n    any:\n      - [revenue, gt, much]",
            4,
            "column 'revenue': 'much' is not a number",
        ),
        (
            "related:\n  lookup: parentaccountid\n  filter:\n    any:\n      - [name, eq, $(subjet)]",
            4,
            "there is no column 'subjet' of lead for '$(subjet)'; did you mean 'subject'?",
        ),
    ],
)
def test_what_is_wrong_with_a_related_part_is_told_in_its_own_place(
    condition: str, line: int, problem: str
) -> None:
    (found,) = problems_of(segment(condition))
    assert found == f"d.yaml:{LINE + line}: segment 'A': {problem}"


@pytest.mark.parametrize(
    ("condition", "problem"),
    [
        (
            "[industrycode, eq, Consultin]",
            "column 'industrycode': there is no choice 'Consultin'; did you mean 'Consulting'?",
        ),
        ("[industrycode, eq, 8]", "column 'industrycode': there is no choice '8'"),
        ("[parentaccountid, eq, Nobody]", "column 'parentaccountid': there is no account named"),
        ("[parentaccountid, eq, Twin]", "column 'parentaccountid': there are 2 rows (account)"),
    ],
)
def test_names_in_related_filters_that_mean_nothing_or_too_much_are_told(
    condition: str, problem: str
) -> None:
    (found,) = problems_of(
        segment(f"related:\n  lookup: parentaccountid\n  filter:\n    all:\n      - {condition}")
    )
    assert found.startswith(f"d.yaml:{LINE + 4}: segment 'A', {problem}")


def test_fetchxml_that_names_a_table_that_is_not_there_is_told() -> None:
    (found,) = problems_of("""\
        segments:
          - name: A
            record_type: lead
            filter: <filter><link-entity name="acount" from="accountid" to="parentaccountid" link-type="any"/></filter>
    """)
    assert found == "d.yaml:4: segment 'A': there is no table 'acount'; did you mean 'account'?"


def test_fetchxml_that_names_a_column_that_is_not_there_is_told() -> None:
    (found,) = problems_of("""\
        segments:
          - name: A
            record_type: lead
            filter: <filter><link-entity name="account" from="accountid" to="acountid" link-type="any"/></filter>
    """)
    assert found.startswith("d.yaml:4: segment 'A': table lead has no column 'acountid'")
