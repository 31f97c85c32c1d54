"""Faults on request: which request fails, how, and how often."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from threading import Lock
from typing import Any

from ..faults import Fault
from .kinds import Kind
from .path_patterns import PathPattern


class Drop(Enum):
    """When a connection is cut: before anything is done, or after it is committed."""

    BEFORE = "before"
    AFTER = "after"


class ConnectionDropped(Exception):
    """The connection is to be closed without an answer."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A request as rules look at it; `is_inner` is one inside a `$batch`."""

    path: str
    body: bytes
    kind: Kind
    user_id: str | None = None
    is_inner: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """Which requests a rule is about; what is None does not matter."""

    method: str | None = None
    path: PathPattern | None = None
    user_id: str | None = None
    table: str | None = None
    message: str | None = None
    body: bytes | None = None
    inner: bool = False

    def covers(self, subject: Subject) -> bool:
        kind = subject.kind
        return (
            self.inner == subject.is_inner
            and self.method in (None, kind.method)
            and self.user_id in (None, subject.user_id)
            and self.table in (None, kind.table)
            and self.message in (None, kind.message)
            and (self.path is None or self.path.is_found_in(subject.path))
            and (self.body is None or self.body in subject.body)
        )


@dataclass(frozen=True, slots=True)
class Effect:
    """What happens: a wait, then an answer, a cut connection, or nothing further.

    With `after` the request is carried out first and then answered with the fault all the same.
    """

    delay_seconds: float = 0.0
    status: int | None = None
    code: str = "0x80040216"
    message: str = "An unexpected error occurred."
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    after: bool = False
    drop: Drop | None = None

    @property
    def comes_after(self) -> bool:
        return self.after or self.drop is Drop.AFTER

    def strike(self) -> None:
        """Raise what this effect answers, if it answers anything."""
        if self.drop is not None:
            raise ConnectionDropped
        if self.status is not None:
            raise ScriptedFault(self)


class ScriptedFault(Fault):
    """The answer that a rule gives; a `body` of its own replaces Dataverse's error."""

    def __init__(self, effect: Effect) -> None:
        super().__init__(effect.status or 500, effect.code, effect.message, effect.headers)
        self.body = effect.body


@dataclass(frozen=True, slots=True)
class Rule:
    """A scripted fault; `times` None is always, `probability` 1 is certain.

    `given` is what its author wrote, for whoever reads the rules.
    """

    match: Match
    effect: Effect
    skip: int = 0
    times: int | None = 1
    probability: float = 1.0
    seed: int = 0
    given: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RuleState:
    """How far a rule has come: matching requests it saw, and those that it struck."""

    id: int
    rule: Rule
    seen: int
    hits: int

    @property
    def left(self) -> int | None:
        """How often it will still strike; None is without end."""
        return None if self.rule.times is None else max(0, self.rule.times - self.hits)


class _ActiveRule:
    """A rule and its counts; only used with the lock of all rules held."""

    def __init__(self, number: int, rule: Rule) -> None:
        self.number = number
        self.rule = rule
        self.seen = 0
        self.hits = 0
        self._random = random.Random(rule.seed)  # noqa: S311 - no secret depends on it

    def state(self) -> RuleState:
        return RuleState(self.number, self.rule, self.seen, self.hits)

    def strikes(self, subject: Subject) -> bool:
        rule = self.rule
        if rule.times is not None and self.hits >= rule.times:
            return False
        if not rule.match.covers(subject):
            return False
        self.seen += 1
        if self.seen <= rule.skip or self._random.random() >= rule.probability:
            return False
        self.hits += 1
        return True


class ScriptedFaults:
    """The rules of the moment, asked in their order; safe from many threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._numbers = itertools.count(1)
        self._rules: tuple[_ActiveRule, ...] = ()

    def add(self, rules: Iterable[Rule]) -> list[int]:
        """Append rules and return their ids."""
        with self._lock:
            added = [_ActiveRule(next(self._numbers), rule) for rule in rules]
            self._rules += tuple(added)
        return [active.number for active in added]

    def remove(self, number: int) -> bool:
        """Remove one rule; False if there is none of that id."""
        with self._lock:
            kept = tuple(active for active in self._rules if active.number != number)
            is_found = len(kept) < len(self._rules)
            self._rules = kept
        return is_found

    def clear(self) -> None:
        with self._lock:
            self._rules = ()

    def states(self) -> list[RuleState]:
        with self._lock:
            return [active.state() for active in self._rules]

    @property
    def is_idle(self) -> bool:
        """Tell cheaply that nobody scripted anything."""
        return not self._rules

    def effect_on(self, subject: Subject) -> Effect | None:
        """Return what the first rule that strikes does; the rules behind it do not see the request."""
        with self._lock:
            for active in self._rules:
                if active.strikes(subject):
                    return active.rule.effect
        return None
