"""Rules in order, sellers who can take the record, and the status when nobody does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.domain.cases import (
    NOW,
    attributes,
    away,
    condition,
    decided,
    decided_all,
    definitions,
    lead,
    leads,
    listed,
    owner_of,
    owners,
    queue,
    refusal,
    rule,
    seller,
    sellers,
    standings,
    team,
)

from work_assignment.domain.deciding.assignment import decide_block
from work_assignment.domain.deciding.decisions import Assigned, Held, Unassigned
from work_assignment.domain.defining.recipients import Target
from work_assignment.domain.defining.rules import (
    AssignmentRule,
    Distribution,
    OnNoSeller,
    SellerMatch,
)
from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.filtering.conditions import compile_filter
from work_assignment.domain.filtering.filters import Term
from work_assignment.domain.records import Owner, SellerId
from work_assignment.domain.statuses import IMPORTANCE, RoutingStatus

NOBODY = listed()
TO_SELLERS = (Distribution.ROUND_ROBIN, Distribution.LOAD_BALANCING, Distribution.BEST_OVERALL)


def to(target: Target, name: str, **changes: Any) -> AssignmentRule:
    """A rule for teams or queues that wants one and only one."""
    return rule(name, target=target, distribution=Distribution.NONE, **changes)


def test_rules_are_tried_in_order_and_the_first_success_wins() -> None:
    rules = [
        rule("Third", order=3, match=listed("cem")),
        rule("First", order=1, filter=condition(["revenue", "gt", 5])),
        rule("Second", order=2, match=listed("ben")),
    ]

    decision = decided(lead(), rules, sellers("ana", "ben", "cem"))

    assert owner_of(decision) == "ben"
    assert [tried.rule.name for tried in decision.trace.rules] == ["First", "Second"]


def test_a_rule_that_finds_nobody_passes_the_record_on() -> None:
    rules = [rule("First", match=NOBODY), rule("Second", order=2)]

    assert owner_of(decided(lead(), rules, sellers("ana"))) == "ana"


def test_unless_it_says_stop() -> None:
    rules = [rule("First", match=NOBODY, on_no_seller=OnNoSeller.STOP), rule("Second", order=2)]

    decision = refusal(decided(lead(), rules, sellers("ana")))

    assert decision.status is RoutingStatus.NO_SELLERS
    assert decision.rule is not None
    assert decision.rule.name == "First"


@pytest.mark.parametrize(
    "passing", [{"filter": condition(["revenue", "gt", 5])}, {"created_within": timedelta(0)}]
)
def test_stop_has_no_say_where_the_rule_does_not_apply(passing: dict[str, Any]) -> None:
    rules = [rule("First", on_no_seller=OnNoSeller.STOP, **passing), rule("Second", order=2)]

    assert owner_of(decided(lead(), rules, sellers("ana"))) == "ana"


FAILURES: dict[RoutingStatus, tuple[AssignmentRule, dict[str, Any]]] = {
    RoutingStatus.NO_PRIVILEGES: (
        rule("Privileges", order=10, match=listed("bar")),
        {"bar": {"barred": "is disabled"}},
    ),
    RoutingStatus.NO_CAPACITY: (
        rule("Capacity", order=9, match=listed("full"), uses_capacity=True),
        {"full": {"open_records": 50}},
    ),
    RoutingStatus.NO_AVAILABILITY: (
        rule("Availability", order=8, match=listed("away"), available_within=timedelta(hours=24)),
        {},
    ),
    RoutingStatus.SEVERAL_TEAMS: (to(Target.TEAM, "Teams", order=7), {}),
    RoutingStatus.SEVERAL_QUEUES: (to(Target.QUEUE, "Queues", order=6), {}),
    RoutingStatus.NO_SELLERS: (rule("Sellers", order=5, match=NOBODY), {}),
    RoutingStatus.NO_TEAM: (to(Target.TEAM, "No team", order=4, match=NOBODY), {}),
    RoutingStatus.NO_QUEUE: (to(Target.QUEUE, "No queue", order=3, match=NOBODY), {}),
    RoutingStatus.NO_CONDITIONS_MET: (
        rule("Conditions", order=2, filter=condition(["revenue", "gt", 5])),
        {},
    ),
    RoutingStatus.TOO_OLD: (rule("Age", order=1, created_within=timedelta(0)), {}),
    RoutingStatus.NO_RULE: (rule("Late", order=0, active_since=NOW), {}),
}
EVERYONE = [seller("bar"), seller("full"), away("away", 48), seller("other")]
OTHERS = [team("North"), team("South"), queue("Hot"), queue("Cold")]


def test_every_failure_of_rules_has_its_importance() -> None:
    assert tuple(FAILURES) == IMPORTANCE


@pytest.mark.parametrize("status", FAILURES)
def test_each_way_to_fail_has_its_status(status: RoutingStatus) -> None:
    failing, standing = FAILURES[status]

    decision = refusal(decided(lead(), [failing], EVERYONE, others=OTHERS, **standing))

    assert decision.status is status


@pytest.mark.parametrize("number", range(1, len(IMPORTANCE)))
def test_of_several_failures_the_most_important_is_the_records(number: int) -> None:
    tried = list(FAILURES)[-number - 1 :]
    rules = [FAILURES[status][0] for status in tried]
    standing = {who: what for status in tried for who, what in FAILURES[status][1].items()}

    decision = refusal(decided(lead(), rules, EVERYONE, others=OTHERS, **standing))

    assert decision.status is tried[0]


def test_a_segment_without_rules_leaves_the_owner_alone() -> None:
    decision = refusal(decided(lead(), [], sellers("ana")))

    assert decision.status is RoutingStatus.NO_RULE
    assert decision.segment is not None


def test_a_rule_activated_after_the_record_leaves_it_alone_and_the_trace_says_so() -> None:
    record = lead()
    late = rule("Late", active_since=record.created_at + timedelta(seconds=1))

    decision = refusal(decided(record, [late], sellers("ana")))

    assert decision.status is RoutingStatus.NO_RULE
    assert decision.rule is None
    assert [tried.passed_over for tried in decision.trace.rules] == ["activated after the record"]
    in_time = rule("In time", order=2, active_since=record.created_at)
    assert owner_of(decided(record, [late, in_time], sellers("ana"))) == "ana"


def test_a_rule_that_is_too_new_does_not_hide_why_the_others_failed() -> None:
    late = rule("Late", active_since=NOW)
    failing = rule("Age", order=2, created_within=timedelta(0))

    assert refusal(decided(lead(), [late, failing], sellers("ana"))).status is RoutingStatus.TOO_OLD


def test_a_rule_that_cannot_be_used_stops_the_records_that_reach_it() -> None:
    fault = DefinitionError("rule 'Broken'", "there is no column 'x'")
    broken = rule("Broken", order=2, fault=fault)

    decision = refusal(decided(lead(), [broken, rule("Next", order=3)], sellers("ana")))

    assert decision.status is RoutingStatus.SERVER_ISSUE
    assert (decision.rule, decision.detail) == (broken, str(fault))
    assert owner_of(decided(lead(), [rule("First"), broken], sellers("ana"))) == "ana"


def test_a_value_that_a_filter_cannot_compare_is_the_rules_fault_and_no_crash() -> None:
    odd = rule("Odd", filter=compile_filter(Term("revenue", "gt", ("much",)), "rule 'Odd'"))

    decision = refusal(decided(lead(columns={"revenue": 5}), [odd], sellers("ana")))

    assert decision.status is RoutingStatus.SERVER_ISSUE
    assert "'much' is not a number" in decision.detail


@pytest.mark.parametrize(
    ("age", "expected"), [(48.0, RoutingStatus.ASSIGNED), (48.1, RoutingStatus.TOO_OLD)]
)
def test_the_age_of_a_record_counts_from_its_creation(age: float, expected: RoutingStatus) -> None:
    record = lead(created_at=NOW - timedelta(hours=age))

    decision = decided(record, [rule(created_within=timedelta(hours=48))], sellers("ana"))

    assert getattr(decision, "status", None) is expected


def test_sellers_are_matched_by_list_by_their_columns_and_by_their_attributes() -> None:
    match = SellerMatch(
        listed=(SellerId("ana"), SellerId("ben"), SellerId("cem"), SellerId("gone")),
        columns=condition(["address1_country", "eq", "UK"]),
        attributes=attributes(["Language", "eq", "English"]),
    )
    british: dict[str, Any] = {"columns": {"address1_country": "uk"}}
    everyone = [
        seller("ana", attributes={"Language": ("English",)}),
        seller("ben", **british),
        seller("cem", attributes={"Language": ("German", "English")}, **british),
        seller("dora", attributes={"Language": ("English",)}, **british),
        seller("eve", takes_assignments=False),
    ]

    decision = decided(lead(), [rule(match=match)], everyone)

    assert owner_of(decision) == "cem"
    assert {d.seller.id: d.why for d in decision.trace.rules[0].dropped} == {
        "ana": "not address1_country eq UK (address1_country is empty)",
        "ben": "not Language eq English (Language is empty)",
        "dora": "is not in the rule's list",
        "eve": "does not take assignments",
    }


@pytest.mark.parametrize(
    ("capacity", "open_records", "reserved", "taken", "fits"),
    [
        (3, 2, 0, 0, True),
        (3, 3, 0, 0, False),
        (3, 1, 0, 1, True),
        (3, 1, 0, 2, False),
        (0, 0, 0, 0, False),
        (3, 5, 0, 0, False),
    ],
)
def test_room_is_strictly_more_than_nothing(
    capacity: int, open_records: int, reserved: int, taken: int, fits: bool
) -> None:
    standing = {"open_records": open_records, "reserved": reserved, "taken": taken}

    decision = decided(lead(), [rule(uses_capacity=True)], [seller("ana", capacity)], ana=standing)

    assert isinstance(decision, Assigned) is fits


def test_capacity_has_no_say_where_the_rule_does_not_use_it() -> None:
    full = {"open_records": 70}

    for distribution in TO_SELLERS:
        by = rule(distribution=distribution)
        assert owner_of(decided(lead(), [by], sellers("ana"), ana=full)) == "ana"


def test_a_record_that_only_reservations_of_others_keep_from_a_seller_is_held() -> None:
    rules = [rule(uses_capacity=True), rule("Next", order=2)]

    decision = decided(lead(), rules, [seller("ana", 2)], ana={"open_records": 1, "reserved": 1})

    assert isinstance(decision, Held)
    assert decision.rule.name == "Anyone"


@pytest.mark.parametrize(
    "why_not",
    [
        {"open_records": 2, "reserved": 1},
        {"open_records": 1, "reserved": 1, "barred": "is disabled"},
        {"taken": 2, "reserved": 1},
    ],
)
def test_it_is_not_held_for_a_seller_who_could_not_take_it_anyway(why_not: dict[str, Any]) -> None:
    decision = decided(lead(), [rule(uses_capacity=True)], [seller("ana", 2)], ana=why_not)

    assert isinstance(decision, Unassigned)


def test_nor_for_one_who_does_not_work_in_time() -> None:
    within = rule(uses_capacity=True, available_within=timedelta(hours=24))

    decision = decided(
        lead(), [within], [away("ana", 48, 2)], ana={"open_records": 1, "reserved": 1}
    )

    assert isinstance(decision, Unassigned)


def test_a_block_takes_into_account_what_it_gave_before() -> None:
    everyone = [seller("ana", 2), seller("ben", 1)]

    given = decided_all(leads(5), [rule(uses_capacity=True)], everyone)

    assert owners(given) == ["ana", "ben", "ana", None, None]


def test_a_block_is_decided_oldest_first() -> None:
    everyone = [seller("ana", 1)]
    decisions = decide_block(
        [lead(3), lead(1), lead(2)],
        definitions([rule(uses_capacity=True)], everyone),
        standings(everyone),
        at=NOW,
        since={},
    )

    assert [decision.record.id for decision in decisions] == ["lead-001", "lead-002", "lead-003"]
    assert isinstance(decisions[0], Assigned)


def test_a_record_that_a_seller_made_for_herself_counts_as_received() -> None:
    everyone = sellers("ana", "ben")
    own = lead(1, owner=Owner("systemuser", "ana"), created_by="ana")
    standing = standings(everyone, ana={"turn": 1}, ben={"turn": 2})

    (decision,) = decide_block([own], definitions([rule()], everyone), standing, at=NOW, since={})

    assert owner_of(decision) == "ben"
    assert (standing[SellerId("ana")].turn, standing[SellerId("ben")].turn) == (3, 4)
    assert (standing[SellerId("ana")].taken, standing[SellerId("ben")].taken) == (0, 1)


@pytest.mark.parametrize(
    ("owner", "creator"),
    [
        (Owner("systemuser", "ana"), "web"),
        (Owner("team", "ana"), "ana"),
        (None, "ana"),
        (Owner("systemuser", "stranger"), "stranger"),
    ],
)
def test_other_records_do_not(owner: Owner | None, creator: str) -> None:
    everyone = sellers("ana", "ben")
    standing = standings(everyone, ben={"turn": 2})
    record = lead(1, owner=owner, created_by=creator)

    (decision,) = decide_block(
        [record], definitions([rule()], everyone), standing, at=NOW, since={}
    )

    assert owner_of(decision) == "ana"


def test_an_update_after_activation_counts_where_the_creation_was_before_it() -> None:
    everyone = sellers("ana")
    old = lead(1, created_at=NOW - timedelta(days=60))
    since = {str(old.id): NOW - timedelta(minutes=1)}

    (alone,) = decide_block(
        [old], definitions([rule()], everyone), standings(everyone), at=NOW, since={}
    )
    (updated,) = decide_block(
        [old], definitions([rule()], everyone), standings(everyone), at=NOW, since=since
    )

    refusal(alone)
    assert owner_of(updated) == "ana"
