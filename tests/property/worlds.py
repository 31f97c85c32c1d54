"""Random definitions with everything switched on, sellers, records, and where sellers stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random
from typing import Any, TypeVar

from hypothesis import strategies as st
from tests.domain.cases import LONG_AGO, NOW, away, lead, rule, seller
from tests.domain.tables import compiled, row, uid

from work_assignment.domain.deciding.assigner import Assigner
from work_assignment.domain.deciding.decisions import Decision
from work_assignment.domain.deciding.definitions import Definitions, define
from work_assignment.domain.defining.policy import Policy, RoundRobinScope
from work_assignment.domain.defining.recipients import Target, TeamOrQueue
from work_assignment.domain.defining.rules import (
    AssignmentRule,
    Distribution,
    OnNoSeller,
    SellerMatch,
)
from work_assignment.domain.defining.segments import Segment
from work_assignment.domain.defining.sellers import Seller, Standing
from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.filtering.attributes import compile_attributes
from work_assignment.domain.filtering.filters import read_nested
from work_assignment.domain.filtering.rows import Rows
from work_assignment.domain.records import Owner, Record, SegmentId, SellerId
from work_assignment.solvers.min_cost_flow import OrToolsFlowSolver

_T = TypeVar("_T")
SOLVER = OrToolsFlowSolver()
NAMES = ("ana", "ben", "cem", "dora")
PLACES = ("One", "Two")
ACCOUNTS = ("big", "small")
TO_SELLERS = (Distribution.ROUND_ROBIN, Distribution.LOAD_BALANCING, Distribution.BEST_OVERALL)
TO_OTHERS = (Distribution.ANY_ONE, Distribution.NONE)
ROWS = Rows(
    {
        "account": [
            row("account", "big", revenue=9, ownerid="ana"),
            row("account", "small", revenue=1, ownerid="ben"),
        ]
    }
)

_FORMS: list[Any] = [
    {"all": []},
    ["address1_country", "eq", "UK"],
    {"all": [["address1_country", "in", ["UK", "France"]], ["revenue", "gt", 5]]},
    {"any": [["leadsourcecode", "eq", 1], ["address1_country", "eq", "FRANCE"]]},
    {"all": [["leadsourcecode", "ne", 1], {"any": [["revenue", "null"], ["donotemail", "eq", 1]]}]},
    ["lastusedon", "last-x-days", 3],
    ["subject", "eq", "$(address1_country)"],
    {"related": {"lookup": "parentaccountid", "filter": {"all": [["revenue", "gt", 5]]}}},
    {"not_related": {"lookup": "parentaccountid"}},
]
FILTERS = [compiled(form) for form in _FORMS]
_SELLER_FORMS: list[Any] = [
    {"all": []},
    ["address1_city", "ne", "$(address1_country)"],
    ["wa_level", "gt", 1],
    {
        "related": {
            "table": "account",
            "lookup": "ownerid",
            "filter": {"all": [["accountid", "eq", "$(parentaccountid)"]]},
        }
    },
]
SELLER_FILTERS = [compiled(form, "systemuser", "lead") for form in _SELLER_FORMS]
_ATTRIBUTE_FORMS: list[Any] = [
    {"all": []},
    ["Language", "eq", "$(address1_country)"],
    ["Language", "ne", "UK"],
]
ATTRIBUTES = [compile_attributes(read_nested(form, "here"), "here") for form in _ATTRIBUTE_FORMS]
FAULT = DefinitionError("somewhere", "broken")


@dataclass
class World:
    """All that a decision is made from."""

    segments: list[Segment]
    rules: list[AssignmentRule]
    sellers: list[Seller]
    others: list[TeamOrQueue]
    policy: Policy
    records: list[Record]
    standing: Mapping[str, Mapping[str, Any]]
    barred: Mapping[str, str]

    @property
    def definitions(self) -> Definitions:
        return define(self.segments, self.rules, self.sellers, self.others, self.policy)

    def standings(self) -> dict[SellerId, Standing]:
        return {
            who.id: Standing(who.id, **_own_copy(self.standing.get(who.id, {})))
            for who in self.sellers
        }

    def assigner(
        self, *, is_traced: bool = True, standings: dict[SellerId, Standing] | None = None
    ) -> Assigner:
        return Assigner(
            self.definitions,
            self.standings() if standings is None else standings,
            at=NOW,
            rows=ROWS,
            solver=SOLVER,
            barred=self.barred,
            is_traced=is_traced,
        )

    def decide(self, *, is_traced: bool = True) -> list[Decision]:
        return self.assigner(is_traced=is_traced).decide_all(self.records)

    def shuffled(self, chance: Random) -> World:
        """The same, given in another order."""

        def mixed(entries: list[_T]) -> list[_T]:
            return chance.sample(entries, len(entries))

        return replace(
            self,
            segments=mixed(self.segments),
            rules=mixed(self.rules),
            sellers=mixed(self.sellers),
            others=mixed(self.others),
            records=mixed(self.records),
        )


def _own_copy(standing: Mapping[str, Any]) -> dict[str, Any]:
    """Standings move, so each has its own turns."""
    return {key: dict(v) if isinstance(v, dict) else v for key, v in standing.items()}


class _Maker:
    """Makes worlds out of one source of chance, which is quicker than many draws."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance

    def _one_of(self, *values: Any) -> Any:
        return self._chance.choice(values)

    def _rarely(self, value: Any, otherwise: Any) -> Any:
        return value if self._chance.random() < 0.07 else otherwise

    def _some(self, values: Sequence[str], least: int = 0) -> list[str]:
        return self._chance.sample(values, self._chance.randint(least, len(values)))

    def segments(self) -> list[Segment]:
        return [
            Segment(
                SegmentId(f"segment {name}"),
                name,
                "lead",
                self._chance.randint(1, 3),
                self._rarely(NOW, LONG_AGO),
                self._one_of(*FILTERS, *[FILTERS[0]] * 6),
                allow_move_in=self._one_of(True, False),
                reassign_on_move=self._one_of(True, False),
                is_paused=self._rarely(True, False),
                fault=self._rarely(FAULT, None),
            )
            for name in self._some(PLACES, 1)
        ]

    def _match(self, target: Target) -> SellerMatch:
        if target is not Target.SELLERS:
            names = self._some([f"{target.value} {name}" for name in "NS"])
            return SellerMatch(listed=self._one_of(None, tuple(names)))
        return SellerMatch(
            self._one_of(None, None, tuple(self._some(NAMES))),
            self._one_of(*SELLER_FILTERS, *[SELLER_FILTERS[0]] * 4),
            self._one_of(*ATTRIBUTES, *[ATTRIBUTES[0]] * 4),
        )

    def rule(self, number: int) -> AssignmentRule:
        target = self._one_of(*[Target.SELLERS] * 6, Target.TEAM, Target.QUEUE)
        to_sellers = target is Target.SELLERS
        place = self._one_of(*PLACES, *PLACES, None)
        hours = self._one_of(None, None, 1, 48) if to_sellers else None
        return rule(
            f"R{number}",
            segment_id=place and SegmentId(f"segment {place}"),
            order=self._chance.randint(1, 4),
            active_since=self._rarely(NOW, LONG_AGO),
            filter=self._one_of(*FILTERS, *[FILTERS[0]] * 9),
            created_within=self._rarely(timedelta(seconds=55), None),
            target=target,
            match=self._match(target),
            distribution=self._one_of(*(TO_SELLERS if to_sellers else TO_OTHERS)),
            uses_capacity=to_sellers and self._one_of(True, False),
            available_within=None if hours is None else timedelta(hours=hours),
            on_no_seller=self._rarely(OnNoSeller.STOP, OnNoSeller.NEXT_RULE),
            fault=self._rarely(FAULT, None),
        )

    def seller(self, name: str) -> Seller:
        hours = self._one_of(None, None, 5, 30, 90)
        made = away(name, hours) if hours else seller(name)
        return replace(
            made,
            max_capacity=self._chance.randint(0, 6),
            takes_assignments=self._rarely(False, True),
            columns={
                "address1_city": self._one_of(None, "UK", "France"),
                "wa_level": self._chance.randint(0, 3),
            },
            attributes={"Language": self._one_of((), ("UK",), ("uk", "France"))},
            roles=self._one_of(frozenset(), frozenset({"Sales"})),
            unreadable=self._rarely(frozenset({"lead"}), frozenset()),
        )

    def record(self, number: int) -> Record:
        account = self._one_of(None, *ACCOUNTS)
        return lead(
            number,
            columns={
                "leadid": uid(str(number)),
                "address1_country": self._one_of(None, "UK", "uk", "France", "Spain"),
                "subject": self._one_of(None, "UK"),
                "revenue": self._one_of(None, 1, 9),
                "leadsourcecode": self._one_of(None, 1, 2),
                "donotemail": self._one_of(True, False),
                "lastusedon": self._one_of(None, NOW, LONG_AGO),
                "parentaccountid": account and uid(account),
            },
            segment_id=self._one_of(*[None] * 6, *map("segment {}".format, PLACES)),
            is_settled=self._rarely(True, False),
            owner=self._one_of(None, Owner("systemuser", "web"), Owner("systemuser", "ana")),
            created_by=self._one_of("web", "ana"),
            score=self._chance.randint(0, 3),
        )

    def standing(self) -> dict[str, Any]:
        return {
            "open_records": self._chance.randint(0, 5),
            "reserved": self._one_of(0, 0, 1, 2),
            "turn": self._chance.randint(0, 5),
            "barred": self._rarely("is disabled", ""),
            "rule_turns": {f"rule R{n}": self._chance.randint(0, 5) for n in range(3)},
        }

    def policy(self) -> Policy:
        return Policy(
            self._rarely(frozenset({"sales"}), None),
            self._one_of(*RoundRobinScope),
            keeps_self_created=self._rarely(True, False),
        )


def _world(chance: Random, rules: int, records: int) -> World:
    make = _Maker(chance)
    return World(
        make.segments(),
        [make.rule(number) for number in range(rules)],
        [make.seller(name) for name in chance.sample(NAMES, chance.randint(1, len(NAMES)))],
        chance.sample(OTHERS, chance.randint(0, len(OTHERS))),
        make.policy(),
        [make.record(number) for number in range(1, records + 1)],
        {name: make.standing() for name in NAMES},
        chance.choice([{}, {"team N": "is gone"}]),
    )


OTHERS = [
    TeamOrQueue(target, f"{target.value} {name}", name)
    for target in (Target.TEAM, Target.QUEUE)
    for name in "NS"
]
WORLDS = st.builds(_world, st.randoms(use_true_random=True), st.integers(0, 10), st.integers(1, 12))
