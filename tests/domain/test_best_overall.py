"""Best overall: records given together, with other rules before and after."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from tests.domain.cases import (
    attributes,
    away,
    condition,
    decided_all,
    lead,
    leads,
    listed,
    owners,
    refusal,
    rule,
    seller,
    sellers,
)

from work_assignment.domain.deciding.decisions import Assigned, Decision, Held
from work_assignment.domain.deciding.explanations import sentences, summary, to_data
from work_assignment.domain.defining.rules import (
    AssignmentRule,
    Distribution,
    OnNoSeller,
    SellerMatch,
)
from work_assignment.domain.defining.sellers import Seller
from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.records import Owner, Record
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.solvers.min_cost_flow import OrToolsFlowSolver

SPEAKS = SellerMatch(attributes=attributes(["Language", "eq", "$(subject)"]))


def best(name: str = "Best", **changes: Any) -> AssignmentRule:
    return rule(name, distribution=Distribution.BEST_OVERALL, **changes)


def given(
    records: list[Record], rules: list[AssignmentRule], everyone: list[Seller], **more: Any
) -> list[Decision]:
    return decided_all(records, rules, everyone, solver=OrToolsFlowSolver(), **more)


def speaker(name: str, *languages: str, capacity: int = 50) -> Seller:
    return seller(name, capacity, attributes={"Language": languages})


def spoken(*languages: str, **changes: Any) -> list[Record]:
    """A lead in each language, the oldest first."""
    return [
        lead(number, columns={"subject": language}, **changes)
        for number, language in enumerate(languages, 1)
    ]


def test_it_leaves_nobody_out_where_one_after_the_other_would() -> None:
    everyone = [
        speaker("ana", "German", "French", capacity=1),
        speaker("ben", "German", capacity=1),
    ]
    records = spoken("German", "French")

    in_turn = [rule(match=SPEAKS, uses_capacity=True)]
    assert owners(given(records, in_turn, everyone)) == ["ana", None]
    assert owners(given(records, [best(match=SPEAKS, uses_capacity=True)], everyone)) == [
        "ben",
        "ana",
    ]


def test_where_not_all_fit_the_higher_scores_are_assigned() -> None:
    records = [lead(number, score=score) for number, score in enumerate((1, 9, 5, 9), 1)]

    decisions = given(records, [best(uses_capacity=True)], [seller("ana", 2)])

    assert owners(decisions) == [None, "ana", None, "ana"]


def test_the_load_is_evened_out() -> None:
    standing = {"ana": {"open_records": 5}, "ben": {"open_records": 1}}

    decisions = given(leads(8), [best()], sellers("ana", "ben", "cem"), standing=standing)

    assert Counter(owners(decisions)) == {"cem": 4, "ben": 4}


def test_equal_sellers_take_turns() -> None:
    decisions = given(leads(6), [best()], sellers("ana", "ben", "cem"))

    assert owners(decisions) == ["ana", "ben", "cem"] * 2
    assert [getattr(decision, "turn", None) for decision in decisions] == [1, 2, 3, 4, 5, 6]


def test_the_outcome_says_that_it_was_best_for_all() -> None:
    first, _ = given(leads(2), [best()], sellers("ana", "ben"))

    assert summary(first) == "Best: Ana, best for all 2 records together"
    assert list(sentences(to_data(first)))[1:] == [
        "Rule 'Best' applies",
        "  by best overall: Ana (never had one, 0 open), Ben (never had one, 0 open)",
        "  best for all 2 records together",
        "Outcome: Best: Ana, best for all 2 records together",
    ]


def test_the_chosen_seller_comes_first_in_the_order_told() -> None:
    everyone = [
        speaker("ana", "German", "French", capacity=1),
        speaker("ben", "German", capacity=1),
    ]

    decisions = given(
        spoken("German", "French"), [best(match=SPEAKS, uses_capacity=True)], everyone
    )

    for decision in decisions:
        assert isinstance(decision, Assigned)
        (tried,) = decision.trace.rules
        assert tried.ranking is not None
        assert tried.ranking.chosen.seller is decision.recipient


def test_a_bottleneck_is_told_in_words() -> None:
    everyone = [speaker("ana", "Spanish", capacity=1), speaker("ben", "German")]

    decisions = given(
        spoken("Spanish", "Spanish", "Spanish", "German"),
        [best(match=SPEAKS, uses_capacity=True)],
        everyone,
    )

    left = [refusal(decision) for decision in decisions if not isinstance(decision, Assigned)]
    assert len(left) == 2
    assert {decision.status for decision in left} == {RoutingStatus.NO_CAPACITY}
    assert {decision.detail for decision in left} == {"Spanish: 3 records, room for 1"}
    assert summary(left[0]) == (
        "Eligible sellers don't have capacity (Best): Spanish: 3 records, room for 1"
    )


def test_where_all_were_full_before_there_is_room_for_none() -> None:
    decisions = given(
        leads(2), [best(uses_capacity=True)], [seller("ana", 1)], standing={"ana": {"taken": 1}}
    )

    assert [refusal(decision).detail for decision in decisions] == [
        "Best: 2 records, room for 0"
    ] * 2
    assert {refusal(d).status for d in decisions} == {RoutingStatus.NO_CAPACITY}


def test_nobody_who_may_take_them_is_another_matter() -> None:
    decisions = given(
        spoken("Greek", "Greek"), [best(match=SPEAKS, uses_capacity=True)], [speaker("ana")]
    )

    assert {refusal(d).status for d in decisions} == {RoutingStatus.NO_SELLERS}
    assert {refusal(d).detail for d in decisions} == {"Greek: 2 records, nobody may take them"}


def test_each_record_is_told_its_own_bottleneck_though_two_rules_look_for_the_same() -> None:
    """Two rules in two segments look at the same column, with sellers of their own."""
    hers = SellerMatch(listed=("ana",), attributes=SPEAKS.attributes)
    his = SellerMatch(listed=("ben",), attributes=SPEAKS.attributes)
    rules = [
        best(
            "Hers",
            match=hers,
            uses_capacity=True,
            filter=condition(["leadsourcecode", "eq", 1]),
            on_no_seller=OnNoSeller.STOP,
        ),
        best("His", order=2, match=his, uses_capacity=True),
    ]
    everyone = [speaker("ana", "Greek", capacity=1), speaker("ben", "Greek", capacity=0)]
    records = [
        lead(number, columns={"subject": "Greek", "leadsourcecode": source})
        for number, source in enumerate((1, 1, 2, 2), 1)
    ]

    decisions = given(records, rules, everyone)

    told = [refusal(d).detail for d in decisions if not isinstance(d, Assigned)]
    assert sorted(told) == ["Greek: 2 records, room for 0"] * 2 + ["Greek: 2 records, room for 1"]


def test_those_it_leaves_out_go_on_to_the_next_rule() -> None:
    rules = [
        best(match=listed("ana"), uses_capacity=True),
        rule("Rest", order=2, match=listed("ben", "cem")),
    ]

    decisions = given(leads(5), rules, [seller("ana", 2), *sellers("ben", "cem")])

    assert owners(decisions) == ["ana", "ana", "ben", "cem", "ben"]
    tried = decisions[-1].trace.rules
    assert [entry.rule.name for entry in tried] == ["Best", "Rest"]
    assert tried[0].status is RoutingStatus.NO_CAPACITY
    assert tried[0].note == "Best: 5 records, room for 2"


def test_unless_the_rule_says_stop() -> None:
    rules = [
        best(match=listed("ana"), uses_capacity=True, on_no_seller=OnNoSeller.STOP),
        rule("Rest", order=2, match=listed("ben")),
    ]

    decisions = given(leads(3), rules, [seller("ana", 2), seller("ben")])

    assert owners(decisions) == ["ana", "ana", None]


def test_two_such_rules_in_a_row_are_solved_as_one() -> None:
    rules = [
        best("First", match=listed("ana"), uses_capacity=True),
        best("Second", order=2, match=listed("ben"), uses_capacity=True),
    ]

    decisions = given(leads(3), rules, [seller("ana", 1), seller("ben", 1)])

    assert sorted(map(str, owners(decisions))) == ["None", "ana", "ben"]
    by_ben = next(d for d in decisions if owners([d]) == ["ben"])
    assert [entry.rule.name for entry in by_ben.trace.rules] == ["First", "Second"]
    assert by_ben.trace.rules[0].status is RoutingStatus.NO_CAPACITY
    (left,) = (d for d in decisions if not isinstance(d, Assigned))
    assert refusal(left).detail == "First: 3 records, room for 2"


def test_an_earlier_rule_without_sellers_says_so_and_not_that_they_get_others() -> None:
    rules = [best("First", match=listed()), best("Second", order=2)]

    decisions = given(leads(2), rules, sellers("ana"))

    for decision in decisions:
        first, second = decision.trace.rules
        assert (first.status, first.note) == (RoutingStatus.NO_SELLERS, "")
        assert second.status is RoutingStatus.ASSIGNED


def test_the_first_rule_that_can_is_preferred() -> None:
    rules = [best("First", match=listed("ana")), best("Second", order=2, match=listed("ben"))]

    assert owners(given(leads(3), rules, sellers("ana", "ben"))) == ["ana"] * 3


def test_a_rule_between_that_does_not_apply_is_no_hindrance() -> None:
    rules = [
        best("First", match=listed("ana"), uses_capacity=True),
        best("Big", order=2, filter=condition(["revenue", "gt", 5]), uses_capacity=True),
        best("Third", order=3, match=listed("ben"), uses_capacity=True),
    ]

    decisions = given(leads(2), rules, [seller("ana", 1), seller("ben", 1)])

    assert sorted(map(str, owners(decisions))) == ["ana", "ben"]
    for decision in decisions:
        names = [entry.rule.name for entry in decision.trace.rules]
        assert names in (["First"], ["First", "Big", "Third"])


def test_a_rule_that_cannot_be_used_stops_only_the_records_that_reach_it() -> None:
    fault = DefinitionError("rule 'Broken'", "there is no column 'x'")
    rules = [
        best(match=listed("ana"), uses_capacity=True),
        best("Broken", order=2, uses_capacity=True, fault=fault),
    ]

    decisions = given(leads(2), rules, [seller("ana", 1), seller("ben")])

    assert owners(decisions) == ["ana", None]
    left = refusal(decisions[1])
    assert left.status is RoutingStatus.SERVER_ISSUE
    assert left.rule is rules[1]
    assert left.detail == str(fault)


def test_records_of_other_rules_are_given_first_and_count() -> None:
    rules = [
        rule("Hot", match=listed("ana"), filter=condition(["leadsourcecode", "eq", 1])),
        best(order=2),
    ]
    records = [lead(number, columns={"leadsourcecode": number % 2}) for number in range(1, 7)]

    decisions = given(records, rules, sellers("ana", "ben"))

    assert owners(decisions) == ["ana", "ben"] * 3


def test_those_limited_by_capacity_are_given_before_those_that_are_not() -> None:
    rules = [
        best("Free", filter=condition(["leadsourcecode", "eq", 1])),
        best("Limited", order=2, uses_capacity=True),
    ]
    records = [lead(number, columns={"leadsourcecode": number % 2}) for number in range(1, 5)]

    decisions = given(records, rules, [seller("ana", 2)])

    assert owners(decisions) == ["ana"] * 4


def test_what_others_have_reserved_holds_those_that_are_left() -> None:
    decisions = given(
        leads(3),
        [best(uses_capacity=True), rule("Next", order=2)],
        [seller("ana", 3)],
        standing={"ana": {"reserved": 2}},
    )

    assert owners(decisions) == ["ana", None, None]
    assert [isinstance(decision, Held) for decision in decisions] == [False, True, True]


def test_who_works_too_late_is_out() -> None:
    by = best(available_within=timedelta(hours=24), uses_capacity=True)

    decisions = given(leads(3), [by], [seller("ana", 1), away("ben", 48)])

    assert owners(decisions) == ["ana", None, None]
    assert {refusal(d).status for d in decisions[1:]} == {RoutingStatus.NO_AVAILABILITY}


def test_among_equal_loads_who_works_sooner_is_preferred() -> None:
    by = best(available_within=timedelta(hours=72))

    decisions = given(leads(3), [by], [away("ana", 48), seller("ben"), seller("cem")])

    assert Counter(owners(decisions)) == {"ana": 1, "ben": 1, "cem": 1}
    assert set(owners(given(leads(2), [by], [away("ana", 48), *sellers("ben", "cem")]))) == {
        "ben",
        "cem",
    }


def test_a_record_that_goes_back_to_its_owner_leaves_room_for_another() -> None:
    hers = [lead(number, owner=Owner("systemuser", "ana")) for number in (1, 2)]
    records = [*hers, *leads(5)[2:]]
    standing = {"ana": {"open_records": 2}}

    decisions = given(records, [best(uses_capacity=True)], [seller("ana", 4)], standing=standing)

    assert owners(decisions) == ["ana"] * 4 + [None]
    assert refusal(decisions[-1]).status is RoutingStatus.NO_CAPACITY


def test_alone_as_together_load_counts_before_who_works_sooner() -> None:
    by = best(available_within=timedelta(hours=72))
    everyone = [away("ana", 48), seller("ben")]
    standing = {"ben": {"open_records": 2}}

    for count in (1, 2):
        decisions = given(leads(count), [by], everyone, standing=standing)
        assert owners(decisions) == ["ana"] * count


def test_one_record_alone_needs_no_solver() -> None:
    standing = {"ana": {"open_records": 3}, "ben": {"open_records": 2}}

    (decision,) = decided_all(leads(1), [best()], sellers("ana", "ben"), standing=standing)

    assert owners([decision]) == ["ben"]
    assert summary(decision) == "Best: Ben, least to do of 2 (2 open)"


def test_several_without_a_solver_are_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="needs a solver"):
        decided_all(leads(2), [best()], sellers("ana"))


def test_without_a_trace_the_words_of_the_bottleneck_are_the_same() -> None:
    everyone = [seller("ana", 1)]

    traced = given(leads(3), [best(uses_capacity=True)], everyone)
    plain = given(leads(3), [best(uses_capacity=True)], everyone, is_traced=False)

    assert [summary(d) for d in plain[1:]] == [summary(d) for d in traced[1:]]
    assert all(decision.trace.rules == () for decision in plain)


def test_a_rule_whose_sellers_are_promised_to_others_says_so() -> None:
    any_source = condition(["leadsourcecode", "null"])
    rules = [
        best("First", match=listed("ana"), uses_capacity=True),
        best("Second", order=2, match=listed("ben"), uses_capacity=True, filter=any_source),
    ]
    records = [lead(1), lead(2, columns={"leadsourcecode": 1})]

    by_ben, by_ana = given(records, rules, [seller("ana", 1), seller("ben")])

    assert owners([by_ben, by_ana]) == ["ben", "ana"]
    assert by_ben.trace.rules[0].note == "its sellers get others of the 2 records"
