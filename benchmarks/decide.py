"""How many decisions a second: the engine with and without a trace, beside simpler ways.

10,000 leads meet 20 segments, 40 rules with attributes and capacity, and 50 sellers. The naive way
evaluates the same definitions record by record, segment by segment and seller by seller; zen-engine
finds the segments alone, by a decision table and by compiled expressions. All find the same
segments. Times are those of one core.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from time import process_time

from work_assignment.domain.deciding.assigner import Assigner
from work_assignment.domain.deciding.decisions import Assigned, Decision
from work_assignment.domain.deciding.definitions import Definitions, define
from work_assignment.domain.deciding.explanations import to_data
from work_assignment.domain.defining.rules import AssignmentRule, Distribution, SellerMatch
from work_assignment.domain.defining.segments import Segment
from work_assignment.domain.defining.sellers import Seller, Standing
from work_assignment.domain.filtering.attributes import compile_attributes
from work_assignment.domain.filtering.conditions import compile_filter
from work_assignment.domain.filtering.filters import read_nested
from work_assignment.domain.filtering.operators import ColumnKind
from work_assignment.domain.filtering.rows import Scope
from work_assignment.domain.filtering.schemas import ColumnSchema, TableSchema, Vocabulary
from work_assignment.domain.records import Owner, Record, RecordId, RuleId, SegmentId, SellerId

RECORDS = 10_000
SEGMENTS = 20
SELLERS = 50
ROUNDS = 5
NOW = datetime(2026, 3, 4, 9, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=30)
LANGUAGES = ("English", "French", "German", "Italian", "Spanish")
KINDS = {
    "address1_country": ColumnKind.TEXT,
    "leadsourcecode": ColumnKind.CHOICE,
    "revenue": ColumnKind.NUMBER,
    "wa_language": ColumnKind.TEXT,
}
SCHEMA = TableSchema(
    "lead", "leads", "leadid", None, {name: ColumnSchema(kind) for name, kind in KINDS.items()}
)
SOURCES = (1, 2, 3)
LARGE = 5_000


@dataclass(frozen=True)
class Workload:
    """Definitions and the leads they decide."""

    segments: tuple[Segment, ...]
    definitions: Definitions
    records: tuple[Record, ...]

    def standings(self) -> dict[SellerId, Standing]:
        return {seller_id: Standing(seller_id) for seller_id in self.definitions.sellers}


def workload(count: int = RECORDS) -> Workload:
    dice = random.Random(7)  # noqa: S311  the leads are to be the same each time
    segments = tuple(_segment(number) for number in range(SEGMENTS))
    rules = [rule for segment in segments for rule in _rules(segment)]
    sellers = [_seller(number, dice, count) for number in range(SELLERS)]
    records = tuple(_lead(number, dice, count) for number in range(count))
    return Workload(segments, define(segments, rules, sellers), records)


def country(number: int) -> str:
    return f"Country {number:02}"


def _segment(number: int) -> Segment:
    form = {
        "all": [
            ["address1_country", "eq", country(number)],
            {"any": [["leadsourcecode", "in", list(SOURCES)], ["revenue", "gt", LARGE]]},
        ]
    }
    name = f"Segment {number:02}"
    condition = compile_filter(read_nested(form, name), name, Vocabulary("lead", SCHEMA))
    return Segment(SegmentId(name), name, "lead", number, LONG_AGO, filter=condition)


def _rules(segment: Segment) -> list[AssignmentRule]:
    """One for large leads, by language and tier to who has most room; one for all, in turn."""
    large = read_nested({"all": [["revenue", "ge", 50_000]]}, segment.name)
    language = ["Language", "eq", "$(wa_language)"]
    return [
        AssignmentRule(
            RuleId(f"{segment.name} large"),
            f"{segment.name} large",
            segment.id,
            "lead",
            1,
            LONG_AGO,
            filter=compile_filter(large, segment.name, Vocabulary("lead", SCHEMA)),
            match=_match([language, ["Tier", "eq", "Gold"]]),
            distribution=Distribution.LOAD_BALANCING,
            uses_capacity=True,
        ),
        AssignmentRule(
            RuleId(f"{segment.name} rest"),
            f"{segment.name} rest",
            segment.id,
            "lead",
            2,
            LONG_AGO,
            match=_match([language]),
            uses_capacity=True,
        ),
    ]


def _match(terms: list[object]) -> SellerMatch:
    return SellerMatch(attributes=compile_attributes(read_nested({"all": terms}, "rule"), "rule"))


def _seller(number: int, dice: random.Random, records: int) -> Seller:
    attributes = {
        "Language": tuple(sorted(dice.sample(LANGUAGES, 2))),
        "Tier": ("Gold",) if number % 3 == 0 else ("Silver",),
    }
    capacity = records * 3 // SELLERS
    return Seller(SellerId(f"{number:02}"), f"Seller {number}", capacity, attributes=attributes)


def _lead(number: int, dice: random.Random, count: int) -> Record:
    return Record(
        "lead",
        RecordId(f"{number:06}"),
        NOW - timedelta(seconds=count - number),
        {
            "address1_country": country(dice.randrange(SEGMENTS)),
            "leadsourcecode": dice.randrange(8),
            "revenue": dice.randrange(100_000),
            "wa_language": dice.choice(LANGUAGES),
        },
        owner=Owner("systemuser", "web"),
        created_by="web",
    )


# ways


def decided(work: Workload, *, traced: bool) -> list[Decision]:
    assigner = Assigner(work.definitions, work.standings(), at=NOW, is_traced=traced)
    return assigner.decide_all(work.records)


def told(work: Workload) -> list[str]:
    """Decided and written down as the run log keeps it."""
    return [json.dumps(to_data(decision)) for decision in decided(work, traced=True)]


def naive(work: Workload) -> list[str | None]:
    """The same definitions without index, pools and lines; says who gets each lead."""
    standings = work.standings()
    turn = 0
    owners: list[str | None] = []
    for record in work.records:
        scope = Scope(NOW, record=record.columns)
        chosen = _naive_choice(work, record, scope, standings)
        if chosen is not None:
            turn += 1
            standings[chosen.id].take(turn, NOW)
        owners.append(None if chosen is None else chosen.id)
    return owners


def _naive_choice(
    work: Workload, record: Record, scope: Scope, standings: Mapping[SellerId, Standing]
) -> Seller | None:
    for segment in work.segments:
        if segment.filter.holds(record.columns, scope):
            for rule in work.definitions.rules["lead", segment.id]:
                if rule.filter.holds(record.columns, scope):
                    chosen = _naive_seller(work, rule, scope, standings)
                    if chosen is not None:
                        return chosen
            return None
    return None


def _naive_seller(
    work: Workload,
    rule: AssignmentRule,
    scope: Scope,
    standings: Mapping[SellerId, Standing],
) -> Seller | None:
    able = [
        seller
        for seller in work.definitions.sellers.values()
        if rule.match.attributes.holds(seller.attributes, scope)
        and standings[seller.id].room(seller.max_capacity) > 0
    ]
    by_room = rule.distribution is Distribution.LOAD_BALANCING

    def key(seller: Seller) -> tuple[int, int, str]:
        standing = standings[seller.id]
        room = standing.room(seller.max_capacity)
        return (-room if by_room else 0, standing.turn, seller.id)

    return min(able, key=key, default=None)


def segments_of(decisions: Sequence[Decision]) -> list[str | None]:
    return [d.segment.name if isinstance(d, Assigned) else None for d in decisions]


def zen_table(work: Workload) -> list[str | None]:
    """The segments by zen-engine's decision table, first hit."""
    import zen

    rules = [
        {"_id": segment.name, "country": f"'{country(n)}'", "name": f"'{segment.name}'"}
        | {"or": f"source in [{', '.join(map(str, SOURCES))}] or revenue > {LARGE}"}
        for n, segment in enumerate(work.segments)
    ]
    table = {
        "hitPolicy": "first",
        "inputs": [
            {"id": "country", "name": "country", "field": "country"},
            {"id": "or", "name": "or"},
        ],
        "outputs": [{"id": "name", "name": "name", "field": "name"}],
        "rules": rules,
    }
    place = {"x": 0, "y": 0}
    nodes = [
        {"id": "in", "type": "inputNode", "name": "in", "position": place},
        {"id": "t", "type": "decisionTableNode", "name": "t", "position": place, "content": table},
        {"id": "out", "type": "outputNode", "name": "out", "position": place},
    ]
    edges = [
        {"id": "a", "sourceId": "in", "targetId": "t", "type": "edge"},
        {"id": "b", "sourceId": "t", "targetId": "out", "type": "edge"},
    ]
    decision = zen.ZenEngine().create_decision(json.dumps({"nodes": nodes, "edges": edges}))
    answers = (decision.evaluate(context)["result"] for context in _contexts(work))
    return [(answer or {}).get("name") for answer in answers]


def zen_expressions(work: Workload) -> list[str | None]:
    """The segments by zen-engine's compiled expressions, one after the other."""
    import zen

    wanted = f"(source in [{', '.join(map(str, SOURCES))}] or revenue > {LARGE})"
    tests = [
        (segment.name, zen.compile_expression(f"country == '{country(n)}' and {wanted}"))
        for n, segment in enumerate(work.segments)
    ]
    return [
        next((name for name, test in tests if test.evaluate(context)), None)
        for context in _contexts(work)
    ]


def _contexts(work: Workload) -> list[dict[str, object]]:
    return [
        {
            "country": record.columns.get("address1_country"),
            "source": record.columns.get("leadsourcecode"),
            "revenue": record.columns.get("revenue"),
        }
        for record in work.records
    ]


WAYS: Mapping[str, Callable[[Workload], object]] = {
    "decided": partial(decided, traced=False),
    "decided, with the trace": partial(decided, traced=True),
    "decided, trace written down": told,
    "naive evaluation": naive,
    "segments alone, zen-engine expressions": zen_expressions,
    "segments alone, zen-engine table": zen_table,
}


def measure() -> Mapping[str, float]:
    """Records in a second of processor time by way, the best of a few runs.

    What else the machine does only slows it.
    """
    work = workload()
    return {way: len(work.records) / _seconds(partial(do, work)) for way, do in WAYS.items()}


def _seconds(work: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        begun = process_time()
        work()
        times.append(process_time() - begun)
    return min(times)


def show() -> Mapping[str, float]:
    """Measure and print a table."""
    figures = measure()
    slowest = figures["naive evaluation"]
    lines = [f"{'way':<40} {'records a second':>16} {'to naive':>9}"]
    lines += [f"{way:<40} {rate:>16,.0f} {rate / slowest:>9.1f}" for way, rate in figures.items()]
    sys.stdout.write("\n".join(lines) + "\n")
    return figures
