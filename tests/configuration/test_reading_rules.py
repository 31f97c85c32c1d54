"""Rules are read with their defaults, for sellers, teams and queues, and refused where wrong."""

from __future__ import annotations

import pytest
from tests.configuration.folders import forms_of, refused

RULE = "segments: [{name: A, record_type: lead}]\nrules: [{name: R, segment: A"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("rules: [{name: R}]", "d.yaml:1: rule 'R': 'segment' is missing"),
        ("rules: [3]", "d.yaml:1: a rule is a mapping with a name and a segment"),
        (
            "segments: [{name: Web, record_type: lead}]\nrules:\n- name: R\n  segment: Webb",
            "d.yaml:4: rule 'R': there is no segment 'Webb'; did you mean 'Web'?",
        ),
        (
            "segments: []\nrules: [{name: R, segment: defalt}]",
            "d.yaml:2: rule 'R': there is no segment 'defalt'; did you mean 'default'?",
        ),
        (
            "segments: []\nrules: [{name: R, segment: default}]",
            "d.yaml:2: rule 'R': segment: default needs a record_type",
        ),
        (
            RULE + ", record_type: opportunity}]",
            "d.yaml:2: rule 'R': it is for opportunity, but segment 'A' is for lead",
        ),
        (
            "segments: [{name: A, record_type: lead}, {name: A, record_type: opportunity}]\n"
            "rules: [{name: R, segment: A}]",
            "d.yaml:2: rule 'R': segment 'A' is there for lead and opportunity; say record_type",
        ),
        (
            RULE + "}, {name: r, segment: A}]",
            "d.yaml:2: rule 'r': there is another one for lead at d.yaml:2",
        ),
        (
            RULE + ", assign_to: teamz}]",
            "d.yaml:2: rule 'R': 'assign_to' is one of sellers, team, queue, not 'teamz'; "
            "did you mean 'team'?",
        ),
        (RULE + ", state: shadow}]", "d.yaml:2: rule 'R': 'state: shadow' is not supported"),
        (
            RULE + ", distribution: any one}]",
            "d.yaml:2: rule 'R': 'distribution: any one' goes with assign_to: team; "
            "with assign_to: sellers it is one of round robin, load balancing, best overall",
        ),
        (
            RULE + ", assign_to: queue, distribution: load balancing}]",
            "d.yaml:2: rule 'R': 'distribution: load balancing' goes with assign_to: sellers; "
            "with assign_to: queue it is one of any one, none",
        ),
        (
            RULE + ", assign_to: team, distribution: any}]",
            "d.yaml:2: rule 'R': 'distribution' is one of any one, none, not 'any'; "
            "did you mean 'any one'?",
        ),
        (
            RULE + ", distribution: roundrobin}]",
            "d.yaml:2: rule 'R': 'distribution' is one of round robin, load balancing, "
            "best overall, not 'roundrobin'; did you mean 'round robin'?",
        ),
        (RULE + ", match: list}]", "d.yaml:2: rule 'R': match: list needs list"),
        (
            RULE + ", match: attributes}]",
            "d.yaml:2: rule 'R': match: attributes needs attributes or seller_filter",
        ),
        (
            RULE + ", match: any, list: [ana@contoso.example]}]",
            "d.yaml:2: rule 'R': 'list' goes with match: list, not with match: any",
        ),
        (RULE + ", match: list, list: []}]", "d.yaml:2: rule 'R': 'list' is empty"),
        (
            RULE + ", match: list, list: ana}]",
            "d.yaml:2: rule 'R': 'list' is a list, not 'ana'",
        ),
        (
            RULE + ", match: any, attributes: {all: [[L, eq, x]]}}]",
            "d.yaml:2: rule 'R': 'attributes' goes with match: attributes, not with match: any",
        ),
        (
            RULE + ", created_within_hours: -1}]",
            "d.yaml:2: rule 'R': 'created_within_hours' is a number from 0 to 100000, not -1",
        ),
        (
            RULE + ", assign_to: team, match: attributes, attributes: {all: [[L, eq, x]]}}]",
            "d.yaml:2: rule 'R': 'attributes' goes with assign_to: sellers; "
            "a team has no seller attributes",
        ),
        (
            RULE + ", assign_to: team, capacity: true}]",
            "d.yaml:2: rule 'R': 'capacity' goes with assign_to: sellers; a team has no capacity",
        ),
        (
            RULE + ", assign_to: queue, available_within_hours: 8}]",
            "d.yaml:2: rule 'R': 'available_within_hours' goes with assign_to: sellers; "
            "a queue has no working hours",
        ),
        (
            RULE + ", assign_to: queue, match: attributes}]",
            "d.yaml:2: rule 'R': match: attributes needs seller_filter",
        ),
    ],
)
def test_a_wrong_rule_is_told_with_its_place(text: str, problem: str) -> None:
    assert problem in refused(text)


@pytest.mark.parametrize(
    ("assign_to", "distribution"),
    [("sellers", "round robin"), ("team", "any one"), ("queue", "any one")],
)
def test_the_first_distribution_is_the_default(assign_to: str, distribution: str) -> None:
    (rule,) = forms_of(f"{RULE}, assign_to: {assign_to}}}]").rules or ()
    assert (rule.assign_to, rule.match, rule.distribution) == (assign_to, "any", distribution)


@pytest.mark.parametrize("distribution", ["load balancing", "best overall"])
def test_sellers_can_share_in_other_ways(distribution: str) -> None:
    (rule,) = forms_of(f"{RULE}, distribution: {distribution}}}]").rules or ()
    assert rule.distribution == distribution


def test_a_team_rule_may_say_that_it_asks_for_nothing_a_team_lacks() -> None:
    (rule,) = (
        forms_of(
            f"{RULE}, assign_to: team, capacity: false, available_within_hours: none, "
            "distribution: none}]"
        ).rules
        or ()
    )
    assert (rule.capacity, rule.available_within_hours, rule.distribution) == (False, None, "none")


def test_hours_may_be_more_than_a_hundred_and_twenty() -> None:
    (rule,) = (
        forms_of(f"{RULE}, created_within_hours: 1000, available_within_hours: 720}}]").rules or ()
    )
    assert (rule.created_within_hours, rule.available_within_hours) == (1000, 720)


@pytest.mark.parametrize(
    ("keys", "match"),
    [
        ("list: [ana]", "list"),
        ("attributes: {all: [[L, eq, x]]}", "attributes"),
        ("seller_filter: {all: [[address1_city, eq, London]]}", "attributes"),
    ],
)
def test_how_sellers_are_found_follows_from_what_is_there(keys: str, match: str) -> None:
    (rule,) = forms_of(f"{RULE}, {keys}}}]").rules or ()
    assert rule.match == match


def test_a_list_and_a_seller_filter_do_not_go_together() -> None:
    (found,) = refused(f"{RULE}, list: [ana], seller_filter: {{all: [[city, eq, x]]}}}}]")
    assert found == (
        "d.yaml:2: rule 'R': 'seller_filter' goes with match: attributes, not with match: list"
    )


def test_words_of_choice_may_be_spelled_in_any_case_and_with_dashes() -> None:
    (rule,) = (
        forms_of(
            f"{RULE}, state: Active, assign_to: Seller, distribution: load_balancing, "
            "on_no_seller: Next-Rule, created_within_hours: None}]"
        ).rules
        or ()
    )
    assert (rule.state, rule.assign_to, rule.distribution) == (
        "active",
        "sellers",
        "load balancing",
    )
    assert (rule.on_no_seller, rule.created_within_hours) == ("next rule", None)


@pytest.mark.parametrize(("said", "meant"), [("Teams", "team"), ("queues", "queue")])
def test_whom_a_rule_is_for_may_be_said_in_the_plural(said: str, meant: str) -> None:
    (rule,) = forms_of(f"{RULE}, assign_to: {said}, distribution: Any_One}}]").rules or ()
    assert (rule.assign_to, rule.distribution) == (meant, "any one")
