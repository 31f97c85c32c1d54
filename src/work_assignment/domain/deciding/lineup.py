"""Puts sellers in line for the rules that records reach, each line once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping
from datetime import datetime, timedelta

from work_assignment.domain.deciding.board import Board
from work_assignment.domain.deciding.decisions import Dropped
from work_assignment.domain.deciding.definitions import Definitions
from work_assignment.domain.deciding.distribution import bucket_of
from work_assignment.domain.deciding.lines import Line, Terms
from work_assignment.domain.deciding.pools import Matcher, Pool
from work_assignment.domain.defining.policy import RoundRobinScope
from work_assignment.domain.defining.recipients import TeamOrQueue
from work_assignment.domain.defining.rules import AssignmentRule
from work_assignment.domain.defining.sellers import Seller
from work_assignment.domain.filtering.rows import Scope
from work_assignment.domain.filtering.terms import text_of
from work_assignment.domain.records import Record
from work_assignment.domain.statuses import RoutingStatus


class Lineup:
    """The lines of one moment; the scope says which record they are asked for."""

    def __init__(
        self,
        definitions: Definitions,
        board: Board,
        scope: Scope,
        barred: Mapping[str, str],
        *,
        is_traced: bool,
    ) -> None:
        self._definitions = definitions
        self._board = board
        self._scope = scope
        self._barred = barred
        self._is_traced = is_traced
        self._lines: dict[Hashable, Line] = {}
        self._pools: dict[Hashable, Pool] = {}
        self._first_moments: dict[tuple[str, timedelta], datetime | None] = {}
        self._has_rounds = definitions.policy.round_robin_scope is RoundRobinScope.RULE

    def line(self, rule: AssignmentRule, record: Record) -> Line:
        """Who is in line for a record by a rule that gives to sellers."""
        matcher = self._definitions.matchers[rule.id]
        key = _key(matcher, record)
        line = self._lines.get(key)
        if line is None:
            pool = matcher.pool(self._scope, is_traced=self._is_traced)
            line = self._lines[key] = self._make(rule, pool, record.type)
        return line

    def pool(self, rule: AssignmentRule, record: Record) -> Pool:
        """Which teams or queues a rule may give a record to."""
        matcher = self._definitions.matchers[rule.id]
        key = _key(matcher, record)
        pool = self._pools.get(key)
        if pool is None:
            pool = self._pools[key] = self._without_barred(
                matcher.pool(self._scope, is_traced=self._is_traced)
            )
        return pool

    def words(self, rule: AssignmentRule, record: Record) -> str:
        """What sets a record apart that a rule looks for: "Spanish and Enterprise"."""
        columns = self._definitions.matchers[rule.id].record_columns
        values = [(column, record.columns.get(column)) for column in columns]
        texts = [record.labels.get(c) or text_of(v) for c, v in values if v is not None]
        return " and ".join(texts) or rule.name

    def _without_barred(self, pool: Pool) -> Pool:
        kept = tuple(entry for entry in pool.kept if entry.id not in self._barred)
        out = (Dropped(e, self._barred[e.id]) for e in pool.kept if e.id in self._barred)
        return Pool(kept, (*pool.dropped, *out))

    def _make(self, rule: AssignmentRule, pool: Pool, record_type: str) -> Line:
        buckets: dict[int, list[int]] = defaultdict(list)
        unavailable: list[int] = []
        dropped, refused = list(pool.dropped), []
        for seller in pool.kept:
            if isinstance(seller, TeamOrQueue):
                continue
            position = self._board.positions[seller.id]
            why = self._refusal(seller, record_type)
            bucket = None if why else self._bucket(seller, rule)
            if bucket is not None:
                buckets[bucket].append(position)
                continue
            dropped.append(Dropped(seller, why or _too_late(rule)))
            if why:
                refused.append(dropped[-1])
            else:
                unavailable.append(position)
        empty = RoutingStatus.NO_PRIVILEGES if pool.kept else RoutingStatus.NO_SELLERS
        round_ = rule.id if self._has_rounds else None
        terms = Terms(rule.distribution, rule.uses_capacity, round_, empty, tuple(refused))
        return Line(self._board, terms, buckets, unavailable, tuple(dropped))

    def _refusal(self, seller: Seller, record_type: str) -> str:
        """Why Dataverse would not let her own the record."""
        if record_type in seller.unreadable:
            return f"has no security role that lets her read a {record_type}"
        return self._board.standings[self._board.positions[seller.id]].barred

    def _bucket(self, seller: Seller, rule: AssignmentRule) -> int | None:
        """When she works, in 24-hour stretches; None for too late."""
        within = rule.available_within
        if within is None:
            return 0
        asked = (seller.id, within)
        if asked not in self._first_moments:
            moment = seller.calendar.first_working_moment(self._scope.at, within)
            self._first_moments[asked] = moment
        first = self._first_moments[asked]
        return None if first is None else bucket_of(self._scope.at, first)


def _key(matcher: Matcher, record: Record) -> Hashable:
    """What records that share a line have in common."""
    if not matcher.record_columns:
        return matcher.rule.id, record.type
    columns = record.columns
    return (matcher.rule.id, *[columns.get(column) for column in matcher.record_columns])


def _too_late(rule: AssignmentRule) -> str:
    within = rule.available_within or timedelta()
    return f"does not work within {within.total_seconds() / 3600:g} hours"
