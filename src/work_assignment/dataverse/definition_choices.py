"""Words of the definitions for the numbers of choice columns, both ways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from work_assignment.dataverse.choices import (
    DistributeTo,
    DistributionType,
    MatchType,
    OnNoSeller,
    RoundRobinScope,
    RuleStatus,
    SegmentStatus,
    State,
)
from work_assignment.dataverse.messages import Row
from work_assignment.dataverse.names import AssignmentRuleColumn, Common, SettingColumn
from work_assignment.domain.defining.definition_rows import Cell


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice column and the words of the definitions for its numbers; empty means the first."""

    column: str
    words: Mapping[int, str]

    def word(self, row: Row) -> str:
        number = row.get(self.column)
        return (
            next(iter(self.words.values()))
            if number is None
            else self.words.get(number, str(number))
        )

    def write(self, word: Cell) -> dict[str, Any]:
        return {self.column: next(number for number, known in self.words.items() if known == word)}


@dataclass(frozen=True, slots=True)
class DistributionChoice:
    """How a rule shares out; the words have other numbers for sellers, teams and queues.

    Empty means the first. A number that is not for whom the rule is for keeps its own name.
    """

    column: str
    target: Choice
    words: Mapping[str, Mapping[int, str]]

    def word(self, row: Row) -> str:
        number = row.get(self.column)
        fitting = self.words.get(self.target.word(row), {})
        if number is None:
            return next(iter(fitting.values()), "")
        return fitting.get(number) or _words(DistributionType).get(number, str(number))

    def write(self, word: Cell, target: Cell) -> dict[str, Any]:
        known = {**_words(DistributionType), **self.words[str(target)]}
        return {self.column: next(number for number, name in known.items() if name == word)}


@dataclass(frozen=True, slots=True)
class StateChoice:
    """The state and status reason of a row, as one word."""

    words: Mapping[int, str]

    def word(self, row: Row) -> str:
        status = row.get(Common.STATUS)
        fallback = "active" if row.get(Common.STATE) == State.ACTIVE else "inactive"
        return fallback if status is None else self.words.get(status, fallback)

    def write(self, word: Cell) -> dict[str, Any]:
        status = next(number for number, known in self.words.items() if known == word)
        state = State.ACTIVE if word == "active" else State.INACTIVE
        return {Common.STATE: int(state), Common.STATUS: int(status)}


def _words(of: type[IntEnum] | tuple[IntEnum, ...]) -> dict[int, str]:
    return {int(member): member.name.lower().replace("_", " ") for member in of}


SEGMENT_STATE = StateChoice(_words(SegmentStatus))
RULE_STATE = StateChoice(_words(RuleStatus))
SELLER_STATE = StateChoice({1: "active", 2: "inactive"})
ASSIGN_TO = Choice(AssignmentRuleColumn.DISTRIBUTE_TO, _words(DistributeTo))
MATCH = Choice(
    AssignmentRuleColumn.MATCH_TYPE, _words((MatchType.ANY, MatchType.ATTRIBUTES, MatchType.LIST))
)
DISTRIBUTION = DistributionChoice(
    AssignmentRuleColumn.DISTRIBUTION_TYPE,
    ASSIGN_TO,
    {
        "sellers": _words(
            (
                DistributionType.ROUND_ROBIN,
                DistributionType.LOAD_BALANCING,
                DistributionType.BEST_OVERALL,
            )
        ),
        "team": {
            int(DistributionType.ANY_ONE_TEAM): "any one",
            int(DistributionType.NO_TEAM): "none",
        },
        "queue": {
            int(DistributionType.ANY_ONE_QUEUE): "any one",
            int(DistributionType.NO_QUEUE): "none",
        },
    },
)
ON_NO_SELLER = Choice(AssignmentRuleColumn.ON_NO_SELLER, _words(OnNoSeller))
ROUND_ROBIN_SCOPE = Choice(SettingColumn.ROUND_ROBIN_SCOPE, _words(RoundRobinScope))
