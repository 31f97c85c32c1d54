"""Filters are read as nested lists or FetchXML, and what is wrong is told with its own line."""

from __future__ import annotations

import pytest
from tests.configuration.folders import forms_of, refused

from work_assignment.domain.filtering.filters import Filter, read_nested
from work_assignment.services.configuration.filter_forms import tree_of


@pytest.mark.parametrize(
    ("condition", "problem"),
    [
        (
            "[a, equal, 1]",
            "d.yaml:6: segment 'A': there is no operator 'equal' (column 'a')",
        ),
        (
            "[a, eqq, 1]",
            "d.yaml:6: segment 'A': there is no operator 'eqq' (column 'a'); did you mean 'eq'?",
        ),
        ("[a]", "d.yaml:6: segment 'A': a condition is [column, operator, value], all: [...]"),
        (
            "{al: []}",
            "d.yaml:6: segment 'A': 'al' is none of all, any, ",
        ),
        ("{all: 3}", "d.yaml:6: segment 'A': 'all' needs a list of conditions"),
        (
            "[a, eq, [1, 2]]",
            "d.yaml:6: segment 'A': operator 'eq' on column 'a' takes one value, not 2",
        ),
        (
            "[a, eq, null]",
            "d.yaml:6: segment 'A': no value to compare with; operator null or not-null",
        ),
        ("[a, eq-userid]", "d.yaml:6: segment 'A': operator 'eq-userid' asks who is calling"),
        ("{related: account}", "d.yaml:6: segment 'A', related: it is a mapping with lookup"),
        ("{not_related: {table: task}}", "d.yaml:6: segment 'A', not_related: 'lookup' is missing"),
        (
            "{related: {lookup: a, too: account}}",
            "d.yaml:6: segment 'A', related: there is no key 'too'; did you mean 'to'?",
        ),
        (
            "{related: {lookup: a, to: account, table: task}}",
            "d.yaml:6: segment 'A', related: it has either to, at which the lookup points, or table",
        ),
        (
            "{related: {lookup: [a]}}",
            "d.yaml:6: segment 'A', related: 'lookup' is a text, not a list",
        ),
        (
            "{related: {lookup: a, filter: {all: [[b, eqq, 1]]}}}",
            "d.yaml:6: segment 'A': there is no operator 'eqq' (column 'b'); did you mean 'eq'?",
        ),
    ],
)
def test_a_wrong_condition_is_told_with_its_own_line(condition: str, problem: str) -> None:
    (found,) = refused(
        "segments:\n- name: A\n  record_type: lead\n  filter:\n    all:\n"
        f"    - {condition}\n    - [b, eq, 2]\n"
    )
    assert found.startswith(problem)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("<filter><link-entity name='account'/></filter>", "a link-entity of type 'inner' cannot"),
        (
            "<filter><link-entity name='account' link-type='any'/></filter>",
            "a link-entity needs name, from and to",
        ),
        ("<filter><condition attribute='a' operator='eqq' value='1'/></filter>", "there is no op"),
        ("<filter", "the filter is no well-formed XML"),
        (
            "<fetch><entity name='contact'/></fetch>",
            "the fetch is about 'contact', not about 'lead'",
        ),
    ],
)
def test_a_wrong_fetchxml_filter_is_told_with_its_line(text: str, problem: str) -> None:
    (found,) = refused(f"segments:\n- name: A\n  record_type: lead\n  filter: |\n    {text}\n")
    assert found.startswith(f"d.yaml:4: segment 'A': {problem}")


def test_what_is_wrong_deep_inside_is_told_with_its_own_line() -> None:
    assert refused("""\
        segments:
          - name: A
            record_type: lead
            filter:
              any:
                - related:
                    lookup: parentaccountid
                    filter:
                      all:
                        - [revenue, gt, 1]
                        - not_related:
                            table: task
                            lookup: regardingobjectid
                            filtre: {}
                        - [name, lik, x]
    """) == [
        "d.yaml:14: segment 'A', not_related: there is no key 'filtre'; did you mean 'filter'?",
        "d.yaml:15: segment 'A': there is no operator 'lik' (column 'name'); did you mean 'like'?",
    ]


def test_seller_attributes_have_no_related_rows() -> None:
    (found,) = refused("""\
        segments: [{name: A, record_type: lead}]
        rules:
          - name: R
            segment: A
            match: attributes
            attributes:
              all:
                - related: {lookup: parentaccountid}
    """)
    assert found == "d.yaml:8: rule 'R', attributes: seller attributes have no related rows"


def read(text: str) -> Filter | None:
    (form,) = forms_of(f"segments: [{{name: A, record_type: lead, filter: {text}}}]").segments or ()
    return None if form.filter is None else tree_of(form.filter)


@pytest.mark.parametrize("text", ["{}", "[]", "{all: []}"])
def test_a_filter_without_conditions_is_every_record(text: str) -> None:
    assert read(text) is None
    assert read(f"{{related: {{lookup: a, filter: {text}}}}}") == read("{related: {lookup: a}}")


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("[a, eq, x]", ["a", "eq", "x"]),
        ("[[a, eq, x], [b, null]]", {"all": [["a", "eq", "x"], ["b", "null"]]}),
        ("[[a, null, null], [b, not-null, null]]", {"all": [["a", "null"], ["b", "not-null"]]}),
        (
            "{all: [[a, eq, x]], any: [[b, eq, y], [c, eq, z]]}",
            {"all": [{"all": [["a", "eq", "x"]]}, {"any": [["b", "eq", "y"], ["c", "eq", "z"]]}]},
        ),
        (
            "{related: {lookup: a, filter: [[b, eq, y]]}}",
            {"related": {"lookup": "a", "filter": {"all": [["b", "eq", "y"]]}}},
        ),
        ("{not: [a, eq, x]}", ["a", "ne", "x"]),
        (
            "[{not: [[a, eq, x], [b, null, null]]}]",
            {"all": [{"any": [["a", "ne", "x"], ["b", "not-null"]]}]},
        ),
        (
            "{not: {related: {lookup: a, filter: {}}}}",
            {"not_related": {"lookup": "a"}},
        ),
    ],
)
def test_short_forms_mean_what_the_full_ones_say(short: str, full: object) -> None:
    assert read(short) == read_nested(full, "here")


def test_what_cannot_be_turned_round_is_told_where_it_is_to_be() -> None:
    (found,) = refused("""\
        segments:
          - name: A
            record_type: lead
            filter:
              - [a, eq, x]
              - not: [createdon, today]
    """)
    assert found.startswith("d.yaml:6: segment 'A': 'not' cannot be said of [createdon, today]")


def test_a_wrong_condition_behind_not_is_told_once_with_its_own_line() -> None:
    (found,) = refused("""\
        segments:
          - name: A
            record_type: lead
            filter:
              not:
                - [a, eqq, x]
    """)
    assert found.startswith("d.yaml:6: segment 'A': there is no operator 'eqq'")


def test_attributes_are_turned_round_as_attributes() -> None:
    (found,) = refused("""\
        segments: [{name: A, record_type: lead}]
        rules:
          - {name: R, segment: A, attributes: [{not: [Level, gt, 3]}]}
    """)
    assert found.startswith(
        "d.yaml:3: rule 'R', attributes: 'not' cannot be said of [Level, gt, 3]"
    )
