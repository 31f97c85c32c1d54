"""Definitions put in order: which types are routed, and which columns matter to them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.domain.cases import (
    LONG_AGO,
    NOW,
    attributes,
    condition,
    definitions,
    listed,
    rule,
    segment,
    seller,
    team,
)
from tests.domain.tables import compiled

from work_assignment.domain.defining.recipients import Target
from work_assignment.domain.defining.rules import SellerMatch
from work_assignment.domain.defining.segments import DEFAULT_SEGMENT


def test_the_columns_that_matter_are_all_those_some_filter_reads() -> None:
    match = SellerMatch(
        columns=compiled(["address1_city", "eq", "$(subject)"], "systemuser", "lead"),
        attributes=attributes(["Language", "eq", "$(wa_language)"]),
    )
    by_account: dict[str, Any] = {
        "related": {
            "table": "account",
            "lookup": "ownerid",
            "filter": {"all": [["accountid", "eq", "$(parentaccountid)"]]},
        }
    }
    owner = SellerMatch(columns=compiled(by_account, "systemuser", "lead"))
    rules = [
        rule("A", filter=condition(["revenue", "gt", 5]), match=match),
        rule("B", match=owner, segment_id=None),
        rule("C", record_type="account", filter=compiled(["name", "null"], "account")),
    ]
    uk = segment("UK", filter=compiled(["address1_country", "eq", "$(donotemail)"]))

    made = definitions(rules, (), [uk])

    assert made.columns_read("lead") == {
        "address1_country",
        "donotemail",
        "revenue",
        "subject",
        "wa_language",
        "parentaccountid",
    }
    assert made.columns_read("account") == {"name"}
    assert made.columns_read("contact") == frozenset()


def test_types_are_routed_by_segments_or_rules_and_counted_by_rules() -> None:
    made = definitions([rule(record_type="account")], (), [segment(), segment("Z")])

    assert made.record_types == ("account", "lead")
    assert made.counted_types == ("account",)
    assert [kept.name for kept in made.segments["lead"]] == ["All", "Z", DEFAULT_SEGMENT]


def test_a_type_is_in_scope_since_its_first_activation() -> None:
    late = segment(active_since=NOW)

    assert definitions([rule(active_since=NOW)], (), [late]).in_scope_since("lead") == NOW
    assert definitions([rule()], (), [late]).in_scope_since("lead") == LONG_AGO
    earlier = segment("B", active_since=LONG_AGO - timedelta(days=1))
    assert definitions([rule()], (), [late, earlier]).in_scope_since("lead") < LONG_AGO


def test_sellers_stand_in_the_order_of_their_ids() -> None:
    made = definitions([rule()], [seller("cem"), seller("ana"), seller("ben")])

    assert list(made.sellers) == ["ana", "ben", "cem"]


def test_a_rules_pool_that_is_the_same_for_every_record_is_made_once() -> None:
    everyone = [seller("ana", columns={"address1_city": "Bern"}), seller("ben")]
    bern = compiled(["address1_city", "eq", "Bern"], "systemuser", "lead")
    same = compiled(["address1_city", "eq", "$(subject)"], "systemuser", "lead")
    lately = compiled(["wa_since", "last-x-days", "3"], "systemuser", "lead")
    rules = [
        rule("Bern", match=SellerMatch(columns=bern)),
        rule("Same", match=SellerMatch(columns=same)),
        rule("Lately", match=SellerMatch(columns=lately)),
        rule("North", target=Target.TEAM, match=listed("team North")),
    ]

    made = definitions(rules, everyone, others=[team("North"), team("South")])

    pools = {by.name: made.matchers[by.id].fixed for by in rules}
    assert pools["Same"] is None
    assert pools["Lately"] is None
    assert pools["Bern"] is not None
    assert [kept.id for kept in pools["Bern"].kept] == ["ana"]
    assert pools["North"] is not None
    assert [kept.id for kept in pools["North"].kept] == ["team North"]
