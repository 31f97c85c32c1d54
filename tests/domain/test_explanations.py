"""The story of a decision, as data and in sentences."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from tests.domain.cases import NOW, away, condition, decided, lead, rule, segment, seller, sellers

from work_assignment.domain.deciding.decisions import Assigned, Decision
from work_assignment.domain.deciding.explanations import sentences, summary, to_data
from work_assignment.domain.defining.rules import Distribution
from work_assignment.domain.errors import DefinitionError

UK = segment("UK", priority=1, filter=condition(["address1_country", "eq", "UK"]))
ALL = segment("All", priority=2)


def told(decision: Decision) -> list[str]:
    """The sentences as they come back from the run log."""
    return list(sentences(json.loads(json.dumps(to_data(decision)))))


def test_the_story_reads_from_segment_to_owner() -> None:
    rules = [
        rule("Big", filter=condition(["revenue", "gt", 1000])),
        rule("Balanced", order=2, uses_capacity=True, distribution=Distribution.LOAD_BALANCING),
    ]
    everyone = [seller("ana", 5), seller("ben", 9), seller("cem", 0)]
    record = lead(columns={"address1_country": "Germany"})

    decision = decided(record, rules, everyone, [UK, ALL], ben={"turn": 4, "open_records": 1})

    assert told(decision) == [
        "Segment 'UK' does not match: address1_country eq UK (address1_country is Germany)",
        "Segment 'All' matches",
        "Rule 'Big' does not match: revenue gt 1000 (revenue is empty)",
        "Rule 'Balanced' applies",
        "  Cem: is full: 0 of 0",
        "  by load balancing: Ben (turn 4, 8 free), Ana (never had one, 5 free)",
        "Outcome: Balanced: Ben, most room of 2 (8 free)",
    ]


@pytest.mark.parametrize(
    ("decision", "said"),
    [
        (decided(lead(), [rule()], sellers("ana")), "Anyone: Ana, the only one who can take it"),
        (
            decided(lead(), [rule()], sellers("ana", "ben"), ana={"turn": 2}, ben={"turn": 1}),
            "Anyone: Ben, longest wait of 2",
        ),
        (
            decided(lead(), [rule()], sellers("ana", "ben"), ana={"turn": 2}),
            "Anyone: Ben, longest wait of 2, never had one",
        ),
        (
            decided(
                lead(),
                [rule(distribution=Distribution.LOAD_BALANCING)],
                sellers("a", "b", "c"),
                c={"open_records": 9},
            ),
            "Anyone: A, most room of 3 (50 free, longest wait of 2 level, first of 2 such by id)",
        ),
        (
            decided(
                lead(),
                [
                    rule(
                        distribution=Distribution.LOAD_BALANCING, available_within=timedelta(days=2)
                    )
                ],
                [away("ana", 30), away("ben", 30)],
                ana={"turn": 7},
                ben={"turn": 5},
            ),
            "Anyone: Ben, longest wait of 2",
        ),
        (
            decided(lead(), [rule()], ()),
            "No sellers meet the conditions (Anyone)",
        ),
        (
            decided(lead(), [rule(created_within=timedelta(0))], sellers("ana")),
            "Seller not assigned as record is older than the set timeframe",
        ),
        (
            decided(lead(), [rule(fault=DefinitionError("rule 'Anyone'", "broken"))], ()),
            "There was an issue with the server (Anyone): rule 'Anyone': broken",
        ),
        (decided(lead(), [], (), [UK]), "No matching segments"),
        (
            decided(lead(), [rule(uses_capacity=True)], [seller("ana", 1)], ana={"reserved": 1}),
            "Anyone: waits for what others have reserved",
        ),
    ],
)
def test_the_outcome_in_a_few_words_ends_the_story(decision: Decision, said: str) -> None:
    assert summary(decision) == said
    assert told(decision)[-1] == f"Outcome: {said}"


def test_a_rule_passed_over_says_why() -> None:
    decision = decided(lead(), [rule(created_within=timedelta(seconds=1))], sellers("ana"))

    assert "Rule 'Anyone' is passed over: the record is older than 0.000277778 hours" in told(
        decision
    )


def test_those_who_work_later_say_when() -> None:
    by = rule(available_within=timedelta(days=2))

    story = told(decided(lead(), [by], [away("ana", 30)]))

    assert "  by round robin: Ana (never had one, works within 48 hours)" in story


def test_who_was_dropped_and_the_reason_stand_under_the_rule() -> None:
    decision = decided(
        lead(), [rule(uses_capacity=True)], [seller("ana", 2)], ana={"open_records": 3}
    )

    assert told(decision)[1:] == [
        "Rule 'Anyone' applies",
        "  Ana: is full: 3 of 2",
        "  Eligible sellers don't have capacity",
        "Outcome: Eligible sellers don't have capacity (Anyone)",
    ]


def test_the_chosen_seller_is_the_first_of_the_order_told() -> None:
    decision = decided(lead(), [rule()], sellers("ana", "ben", "cem"), ana={"turn": 1})

    assert isinstance(decision, Assigned)
    assert to_data(decision)["rules"][-1]["order"][0]["name"] == decision.recipient.name


def test_values_of_every_kind_can_be_stored() -> None:
    form = {
        "any": [
            ["lastusedon", "gt", "2026-03-01"],
            ["estimatedclosedate", "eq", "2026-03-01"],
            ["revenue", "lt", "0.5"],
            ["donotemail", "eq", True],
        ]
    }
    columns = {"lastusedon": NOW.replace(year=2020), "revenue": 7, "donotemail": False}

    story = told(decided(lead(columns=columns), [rule(filter=condition(form))], sellers("ana")))

    assert "(lastusedon is 2020-03-04T09:00:00+00:00, estimatedclosedate is empty" in story[1]
