"""Who may be given records at all: roles, rights, and what counts as having received one."""

from __future__ import annotations

from typing import Any

import pytest
from tests.domain.cases import (
    NOW,
    condition,
    decided,
    decided_all,
    lead,
    leads,
    listed,
    owner_of,
    owners,
    refusal,
    rule,
    segment,
    seller,
    sellers,
    standings,
)

from work_assignment.domain.deciding.assigner import Assigner
from work_assignment.domain.deciding.definitions import define
from work_assignment.domain.defining.policy import Policy, RoundRobinScope
from work_assignment.domain.records import Owner, SellerId
from work_assignment.domain.statuses import RoutingStatus

SALES = Policy(eligible_roles=frozenset({"salesperson", "sales manager"}))


@pytest.mark.parametrize(
    ("roles", "policy", "eligible"),
    [
        ((), Policy(), True),
        ((), SALES, False),
        (("Basic user",), SALES, False),
        (("Basic user", "SALESPERSON "), SALES, True),
        (("Sales Manager",), SALES, True),
        (("Sales",), SALES, False),
        (("Salesperson",), Policy(eligible_roles=frozenset()), False),
    ],
)
def test_a_seller_needs_one_of_the_eligible_roles(
    roles: tuple[str, ...], policy: Policy, eligible: bool
) -> None:
    everyone = [seller("ana", roles=frozenset(roles))]

    decision = decided(lead(), [rule()], everyone, policy=policy)

    assert (owners([decision]) == ["ana"]) is eligible
    if not eligible:
        assert refusal(decision).status is RoutingStatus.NO_SELLERS
        (dropped,) = decision.trace.rules[0].dropped
        assert dropped.why == "has none of the eligible security roles"


def test_a_list_does_not_make_up_for_a_missing_role() -> None:
    decision = decided(lead(), [rule(match=listed("ana"))], sellers("ana"), policy=SALES)

    assert refusal(decision).status is RoutingStatus.NO_SELLERS


def test_a_seller_who_may_not_read_the_type_is_left_out() -> None:
    everyone = [seller("ana", unreadable=frozenset({"lead"})), seller("ben")]

    decision = decided(lead(), [rule()], everyone)

    assert owner_of(decision) == "ben"
    (dropped,) = decision.trace.rules[0].dropped
    assert dropped.why == "has no security role that lets her read a lead"


def test_where_nobody_may_read_the_type_that_is_the_reason() -> None:
    everyone = [seller("ana", unreadable=frozenset({"lead", "account"}))]

    assert refusal(decided(lead(), [rule()], everyone)).status is RoutingStatus.NO_PRIVILEGES


def test_another_type_is_no_matter() -> None:
    everyone = [seller("ana", unreadable=frozenset({"opportunity"}))]

    assert owner_of(decided(lead(), [rule()], everyone)) == "ana"


def test_a_seller_who_does_not_fit_has_no_privileges_to_lack() -> None:
    everyone = [seller("ana", unreadable=frozenset({"lead"}))]

    decision = decided(lead(), [rule(match=listed("ben"))], everyone)
    assert refusal(decision).status is RoutingStatus.NO_SELLERS


EACH_RULE = Policy(round_robin_scope=RoundRobinScope.RULE)


def alternating(policy: Policy) -> list[str | None]:
    """Leads by turns of two kinds, each with a rule of its own for the same two sellers."""
    one = segment("One", priority=1, filter=condition(["leadsourcecode", "eq", 1]))
    two = segment("Two", priority=2)
    rules = [rule(place.name, segment_id=place.id) for place in (one, two)]
    records = [lead(number, columns={"leadsourcecode": number % 2}) for number in range(1, 7)]
    decisions = decided_all(records, rules, sellers("ana", "ben"), [one, two], policy=policy)
    return owners(decisions)


def test_the_round_is_the_organisations() -> None:
    assert alternating(Policy()) == ["ana", "ben", "ana", "ben", "ana", "ben"]


def test_or_each_rule_has_a_round_of_its_own() -> None:
    assert alternating(EACH_RULE) == ["ana", "ana", "ben", "ben", "ana", "ana"]


def test_a_rules_round_goes_on_where_it_stood() -> None:
    standing: dict[str, Any] = {
        "ana": {"turn": 9, "rule_turns": {"rule Anyone": 4, "rule Other": 9}},
        "ben": {"turn": 8, "rule_turns": {"rule Anyone": 8}},
    }

    def first(policy: Policy) -> str:
        decision = decided(lead(), [rule()], sellers("ana", "ben"), policy=policy, **standing)
        return owner_of(decision)

    assert first(EACH_RULE) == "ana"
    assert first(Policy()) == "ben"


def test_both_turns_are_noted_under_the_scope_of_rules() -> None:
    everyone = sellers("ana")
    standing = standings(everyone, ana={"turn": 5})
    definitions = define([segment()], [rule()], everyone, policy=EACH_RULE)

    Assigner(definitions, standing, at=NOW).decide_all([lead()])

    assert standing[SellerId("ana")].turn == 6
    assert standing[SellerId("ana")].rule_turns == {"rule Anyone": 6}
    assert standing[SellerId("ana")].last_assigned_at == NOW


def test_a_record_of_a_type_without_rules_does_not_count_as_received() -> None:
    made_by_ana: dict[str, Any] = {"owner": Owner("systemuser", "ana"), "created_by": "ana"}
    records = [lead(1, type="account", **made_by_ana), lead(2)]

    decisions = decided_all(records, [rule()], sellers("ana", "ben"))

    assert owners(decisions) == [None, "ana"]


def test_one_that_was_updated_since_counted_when_it_was_made() -> None:
    made_by_ana: dict[str, Any] = {"owner": Owner("systemuser", "ana"), "created_by": "ana"}
    since = {"lead-001": NOW}

    decisions = decided_all(
        [lead(1, **made_by_ana), *leads(2)[1:]], [rule()], sellers("ana", "ben"), since=since
    )

    assert owners(decisions) == ["ana", "ben"]
