"""A decision's story: as plain data for the run log, and in sentences for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, assert_never

from work_assignment.domain.deciding.decisions import (
    Assigned,
    Decision,
    Held,
    RuleTried,
    Unassigned,
    Unchanged,
)
from work_assignment.domain.deciding.distribution import Candidate, Ranking
from work_assignment.domain.defining.rules import Distribution, OnNoSeller
from work_assignment.domain.defining.segments import SegmentTried
from work_assignment.domain.filtering.conditions import Failure
from work_assignment.domain.statuses import RoutingStatus, SegmentationStatus


def summary(decision: Decision) -> str:
    """The outcome in a few words: who and why, or why not."""
    match decision:
        case Assigned(rule=rule, recipient=recipient, trace=trace):
            return f"{rule.name}: {recipient.name}" + _because(trace.rules)
        case Unassigned(segmentation=SegmentationStatus.NO_MATCHING_SEGMENT):
            return SegmentationStatus.NO_MATCHING_SEGMENT.reason
        case Unassigned(status=status, rule=rule, detail=detail):
            named = f" ({rule.name})" if rule else ""
            return f"{status.reason}{named}" + (f": {detail}" if detail else "")
        case Unchanged(segmentation=segmentation, status=status, detail=detail):
            why = segmentation.reason if status is None else status.reason
            parts = ": " if status is RoutingStatus.LEFT_ALONE else ", "
            return f"Unchanged: {why}" + (f"{parts}{detail}" if detail else "")
        case Held(rule=rule):
            return f"{rule.name}: waits for what others have reserved"
    assert_never(decision)


def _because(tried: Sequence[RuleTried]) -> str:
    """Why that one, where a trace says it."""
    why = _why_first(tried[-1]) if tried else ""
    return f", {why}" if why else ""


def _why_first(tried: RuleTried) -> str:
    ranking = tried.ranking
    if tried.note:
        return tried.note
    if ranking is None:
        return _why_group(tried)
    chosen, *others = ranking.order
    if not others:
        return f"the only one {_when(ranking)}" if ranking.later else "the only one who can take it"
    among = f"{len(others) + 1} {_when(ranking)}" if ranking.later else str(len(others) + 1)
    match ranking.distribution:
        case Distribution.LOAD_BALANCING:
            level = [other for other in others if other.room == chosen.room]
            return f"most room of {among} ({chosen.room} free{_level(chosen, level)})"
        case Distribution.BEST_OVERALL:
            level = [other for other in others if other.load == chosen.load]
            return f"least to do of {among} ({chosen.load} open{_level(chosen, level)})"
        case _:
            never = ", never had one" if chosen.turn == 0 else ""
            return f"longest wait of {among}{never}{_tie(chosen, others)}"


def _level(chosen: Candidate, level: Sequence[Candidate]) -> str:
    """How one of several was chosen who are level in what the distribution looks at first."""
    if not level:
        return ""
    return f", longest wait of {len(level) + 1} level{_tie(chosen, level)}"


def _tie(chosen: Candidate, others: Sequence[Candidate]) -> str:
    """What decided among those who have waited as long."""
    alike = sum(other.turn == chosen.turn for other in others)
    return f", first of {alike + 1} such by id" if alike else ""


def _why_group(tried: RuleTried) -> str:
    count, kind = len(tried.matching), tried.rule.target.value
    return f"the only {kind}" if count == 1 else f"any one of {count} {kind}s"


def _when(ranking: Ranking) -> str:
    """What sets those who came in question apart from those who work later."""
    bucket = ranking.chosen.bucket
    return "at work now" if bucket == 0 else f"at work within {24 * bucket} hours"


def to_data(decision: Decision) -> dict[str, Any]:
    """The whole trace as plain JSON values, with short keys that `sentences` reads."""
    data: dict[str, Any] = {
        "segments": [_segment_data(tried) for tried in decision.trace.segments],
        "rules": [_rule_data(tried) for tried in decision.trace.rules],
        "outcome": summary(decision),
    }
    if decision.record.score and any(_asks_score(tried) for tried in decision.trace.rules):
        data["score"] = str(decision.record.score)
    return data


def _asks_score(tried: RuleTried) -> bool:
    return tried.applied and tried.rule.distribution is Distribution.BEST_OVERALL


def _segment_data(tried: SegmentTried) -> dict[str, Any]:
    return {"name": tried.segment.name, **_why_not(tried.failure, tried.passed_over)}


def _rule_data(tried: RuleTried) -> dict[str, Any]:
    data = {"name": tried.rule.name, **_why_not(tried.failure, tried.passed_over)}
    if len(data) > 1:
        return data
    dropped = sorted(tried.dropped, key=lambda entry: entry.seller.name)
    data["dropped"] = [[entry.seller.name, entry.why] for entry in dropped]
    if tried.note:
        data["note"] = tried.note
    if tried.matching:
        data["matching"] = [entry.name for entry in tried.matching]
    if tried.ranking is None:
        if tried.status is not RoutingStatus.ASSIGNED:
            data["reason"] = tried.status.reason
            if tried.rule.on_no_seller is OnNoSeller.STOP:
                data["stops"] = True
        return data
    data["by"] = tried.ranking.distribution.value
    data["order"] = [_candidate_data(tried, entry) for entry in tried.ranking.order]
    if tried.ranking.later:
        data["later"] = [_candidate_data(tried, entry) for entry in tried.ranking.later]
    return data


def _candidate_data(tried: RuleTried, entry: Candidate) -> dict[str, Any]:
    data: dict[str, Any] = {"name": entry.seller.name, "turn": entry.turn}
    if tried.rule.uses_capacity or tried.rule.distribution is Distribution.LOAD_BALANCING:
        data["room"] = entry.room
    if tried.rule.distribution is Distribution.BEST_OVERALL:
        data["load"] = entry.load
    if tried.rule.available_within is not None:
        data["days"] = entry.bucket
    return data


_LISTS = ("dropped", "order", "later", "matching")


def shortened(data: Mapping[str, Any], entries: int) -> dict[str, Any]:
    """The same trace with at most so many entries in each list of sellers, teams and queues."""
    return {**data, "rules": [_shortened(tried, entries) for tried in data["rules"]]}


def _shortened(tried: Mapping[str, Any], entries: int) -> Mapping[str, Any]:
    long = {key: tried[key] for key in _LISTS if len(tried.get(key, ())) > entries}
    left_out = sum(len(listed) - entries for listed in long.values())
    cut = {key: listed[:entries] for key, listed in long.items()}
    return {**tried, **cut, "left out": left_out} if long else tried


def _why_not(failure: Failure | None, passed_over: str) -> dict[str, Any]:
    if passed_over:
        return {"passed over": passed_over}
    if failure is None:
        return {}
    values = {column: _plain(value) for column, value in failure.values}
    return {"failed": failure.condition, "values": values}


def _plain(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def sentences(data: Mapping[str, Any]) -> Iterator[str]:
    """A stored explanation in sentences, one a line, in the order things were tried."""
    for tried in data.get("segments", ()):
        yield _tried_sentence("Segment", tried, "matches")
    for tried in data.get("rules", ()):
        yield _tried_sentence("Rule", tried, "applies")
        for name, why in tried.get("dropped", ()):
            yield f"  {name}: {why}"
        if tried.get("order"):
            yield f"  by {tried['by']}: {_order_sentence(tried['order'])}"
            if tried.get("later"):
                yield f"  only later: {_order_sentence(tried['later'])}"
        if tried.get("matching"):
            yield f"  matching: {', '.join(tried['matching'])}"
        if tried.get("left out"):
            yield f"  {tried['left out']} more are left out here"
        if "reason" in tried:
            yield f"  {tried['reason']}"
        if "note" in tried:
            yield f"  {tried['note']}"
        if tried.get("stops"):
            yield "  no other rule is tried: this one says stop"
    if "score" in data:
        yield f"Score: {data['score']}"
    yield f"Outcome: {data.get('outcome', '')}"


def _tried_sentence(kind: str, tried: Mapping[str, Any], holds: str) -> str:
    name = f"{kind} '{tried['name']}'"
    if "passed over" in tried:
        return f"{name} is passed over: {tried['passed over']}"
    if "failed" not in tried:
        return f"{name} {holds}"
    values = ", ".join(
        f"{column} is {'empty' if value is None else value}"
        for column, value in tried["values"].items()
    )
    return f"{name} does not match: {tried['failed']} ({values})"


def _order_sentence(order: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(_candidate_words(entry) for entry in order)


def _candidate_words(entry: Mapping[str, Any]) -> str:
    facts = [f"turn {entry['turn']}" if entry["turn"] else "never had one"]
    if "room" in entry:
        facts.append(f"{entry['room']} free")
    if "load" in entry:
        facts.append(f"{entry['load']} open")
    if entry.get("days"):
        facts.append(f"works within {24 * entry['days']} hours")
    return f"{entry['name']} ({', '.join(facts)})"
