"""Rules that give to teams and queues: one, none or several of them, and who may own."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from tests.domain.cases import (
    decided,
    decided_all,
    lead,
    leads,
    listed,
    owner_of,
    owners,
    queue,
    refusal,
    rule,
    sellers,
    team,
)
from tests.domain.tables import compiled

from work_assignment.domain.deciding.explanations import sentences, summary, to_data
from work_assignment.domain.defining.policy import Policy
from work_assignment.domain.defining.recipients import Target, TeamOrQueue
from work_assignment.domain.defining.rules import (
    AssignmentRule,
    Distribution,
    OnNoSeller,
    SellerMatch,
)
from work_assignment.domain.records import Owner, RecordId
from work_assignment.domain.statuses import RoutingStatus

NORTH, SOUTH, WEST = team("North"), team("South"), team("West")
HOT, COLD = queue("Hot"), queue("Cold")
EVERY = [SOUTH, HOT, NORTH, COLD, WEST]


def to(target: Target, distribution: Distribution = Distribution.ANY_ONE, **changes: Any) -> Any:
    return rule(**{"target": target, "distribution": distribution, **changes})


@pytest.mark.parametrize(
    ("target", "name", "owner"),
    [
        (Target.TEAM, "team North", Owner("team", "team North")),
        (Target.QUEUE, "queue Hot", Owner("queue", "queue Hot")),
    ],
)
@pytest.mark.parametrize("distribution", [Distribution.ANY_ONE, Distribution.NONE])
def test_the_only_one_that_matches_gets_the_record(
    target: Target, name: str, owner: Owner, distribution: Distribution
) -> None:
    decision = decided(lead(), [to(target, distribution, match=listed(name))], others=EVERY)

    assert owner_of(decision) == name
    assert getattr(decision, "owner", None) == owner
    assert summary(decision).endswith(f", the only {target.value}")


@pytest.mark.parametrize(
    ("target", "status"),
    [(Target.TEAM, RoutingStatus.NO_TEAM), (Target.QUEUE, RoutingStatus.NO_QUEUE)],
)
def test_none_has_a_status_of_its_own(target: Target, status: RoutingStatus) -> None:
    assert refusal(decided(lead(), [to(target, match=listed())], others=EVERY)).status is status
    assert refusal(decided(lead(), [to(target)], sellers("ana"))).status is status


@pytest.mark.parametrize(
    ("target", "status", "count"),
    [
        (Target.TEAM, RoutingStatus.SEVERAL_TEAMS, 3),
        (Target.QUEUE, RoutingStatus.SEVERAL_QUEUES, 2),
    ],
)
def test_several_are_one_too_many_or_any_one_does(
    target: Target, status: RoutingStatus, count: int
) -> None:
    strict = decided(lead(), [to(target, Distribution.NONE)], others=EVERY)
    easy = decided(lead(), [to(target)], others=EVERY)

    assert refusal(strict).status is status
    assert len(strict.trace.rules[0].matching) == count
    assert owner_of(easy).startswith(target.value)
    assert summary(easy).endswith(f", any one of {count} {target.value}s")


def test_the_same_record_goes_to_the_same_team_whatever_the_order_of_the_input() -> None:
    by = [to(Target.TEAM)]

    for record in leads(20):
        first = owner_of(decided(record, by, others=[NORTH, SOUTH, WEST]))
        assert owner_of(decided(record, by, others=[WEST, NORTH, SOUTH])) == first


def test_different_records_go_to_different_teams() -> None:
    records = [lead(1, id=RecordId(f"record {number}")) for number in range(600)]

    counts = Counter(owners(decided_all(records, [to(Target.TEAM)], others=EVERY)))

    assert set(counts) == {"team North", "team South", "team West"}
    assert min(counts.values()) > 150


def test_sellers_do_not_move_when_teams_are_given_records() -> None:
    team_first = to(Target.TEAM, match=listed("team North"))
    decisions = decided_all(leads(3), [team_first], sellers("ana"), others=EVERY)

    assert [getattr(decision, "turn", None) for decision in decisions] == [0, 0, 0]


@pytest.mark.parametrize(
    ("on_no_seller", "expected"), [(OnNoSeller.NEXT_RULE, "ana"), (OnNoSeller.STOP, None)]
)
def test_a_rule_that_finds_no_team_passes_on_or_stops(
    on_no_seller: OnNoSeller, expected: str | None
) -> None:
    rules: list[AssignmentRule] = [
        to(Target.TEAM, Distribution.NONE, on_no_seller=on_no_seller),
        rule("Sellers", order=2),
    ]

    assert owners([decided(lead(), rules, sellers("ana"), others=EVERY)]) == [expected]


def test_teams_need_an_eligible_role_and_queues_have_none() -> None:
    policy = Policy(eligible_roles=frozenset({"sales team"}))
    roles = frozenset({"Basic", "Sales Team"})
    others = [NORTH, team("South", roles=roles), HOT]

    def owner(target: Target) -> str:
        return owner_of(decided(lead(), [to(target)], others=others, policy=policy))

    assert owner(Target.TEAM) == "team South"
    assert owner(Target.QUEUE) == "queue Hot"


def test_teams_are_matched_by_their_columns_and_by_what_the_record_has() -> None:
    match = SellerMatch(columns=compiled(["city", "eq", "$(subject)"], "team", checked=False))
    others = [team(name, columns={"city": name}) for name in ("Bern", "Basel")]
    by = [to(Target.TEAM, Distribution.NONE, match=match)]

    decision = decided(lead(columns={"subject": "basel"}), by, others=others)

    assert owner_of(decision) == "team Basel"
    assert [entry.why for entry in decision.trace.rules[0].dropped] == [
        "not city eq $(subject) (city is Bern, $(subject) is basel)"
    ]
    nowhere = refusal(decided(lead(), by, others=others))
    assert nowhere.status is RoutingStatus.NO_TEAM


def test_a_team_is_matched_by_its_own_id() -> None:
    match = SellerMatch(columns=compiled(["teamid", "eq", "$(subject)"], "team", checked=False))
    others: list[TeamOrQueue] = [NORTH, SOUTH]

    record = lead(columns={"subject": "team South"})
    assert owner_of(decided(record, [to(Target.TEAM, match=match)], others=others)) == "team South"


def test_a_team_that_dataverse_refused_is_left_out() -> None:
    (decision,) = decided_all(
        leads(1),
        [to(Target.TEAM, Distribution.NONE)],
        others=[NORTH, SOUTH],
        barred={"team North": "is an access team"},
    )

    assert owner_of(decision) == "team South"
    assert [(entry.seller, entry.why) for entry in decision.trace.rules[0].dropped] == [
        (NORTH, "is an access team")
    ]


def test_where_all_were_refused_there_is_none() -> None:
    (decision,) = decided_all(
        leads(1), [to(Target.QUEUE)], others=[HOT], barred={"queue Hot": "is gone"}
    )

    assert refusal(decision).status is RoutingStatus.NO_QUEUE


def test_the_story_names_those_that_matched() -> None:
    decision = decided(lead(), [to(Target.QUEUE, Distribution.NONE)], others=EVERY)

    assert list(sentences(to_data(decision)))[1:] == [
        "Rule 'Anyone' applies",
        "  matching: Cold, Hot",
        "  Found multiple eligible queues",
        "Outcome: Found multiple eligible queues (Anyone)",
    ]
