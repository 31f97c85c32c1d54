"""Who may be given what a rule gives, before anybody's place and hours are looked at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from work_assignment.domain.deciding.decisions import Dropped
from work_assignment.domain.defining.policy import Policy
from work_assignment.domain.defining.recipients import Recipient, Target, TeamOrQueue
from work_assignment.domain.defining.rules import AssignmentRule
from work_assignment.domain.defining.sellers import Seller
from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.filtering.attributes import Attributes, named
from work_assignment.domain.filtering.conditions import (
    Condition,
    Failure,
    columns_read,
    first_failure,
    is_timed,
    record_columns,
)
from work_assignment.domain.filtering.rows import Scope, id_column


@dataclass(frozen=True, slots=True)
class Pool:
    """Those a rule may give to, and those it drops, in the order of their ids."""

    kept: tuple[Recipient, ...] = ()
    dropped: tuple[Dropped, ...] = ()


@dataclass(frozen=True, slots=True)
class _Alike:
    """Recipients whom the rule's conditions cannot tell apart, with their places in the base.

    `row` is what conditions on columns see of them, `held` what those on attributes see.
    """

    row: Mapping[str, Any]
    held: Mapping[str, Any]
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Matcher:
    """Finds the pool of one rule.

    `fixed` is the whole pool when it is the same for every record; otherwise `record_columns` of
    the record, and where `is_timed` the moment, decide over those in `base`.
    """

    rule: AssignmentRule
    base: Pool
    fixed: Pool | None
    record_columns: tuple[str, ...]
    is_timed: bool
    alike: tuple[_Alike, ...] = field(repr=False)

    def pool(self, scope: Scope, *, is_traced: bool = True) -> Pool:
        """The pool for the record that the scope is about; who is dropped is told in a trace."""
        if self.fixed is not None:
            return self.fixed
        return _filtered(self.rule, self.base, self.alike, scope, is_traced=is_traced)


def matcher(
    rule: AssignmentRule, everyone: Sequence[Recipient], policy: Policy, scope: Scope
) -> Matcher:
    """Prepare a rule; `everyone` are all of its target. The scope holds what is true of any record."""
    base = _base(rule, everyone, policy)
    conditions = (rule.match.columns, rule.match.attributes)
    columns = sorted({column for part in conditions for column in record_columns(part)})
    timed = any(map(is_timed, conditions))
    alike = tuple(_alike(rule, base))
    fixed = None if columns or timed else _filtered_for_all(rule, base, alike, scope)
    return Matcher(rule, base, fixed, tuple(columns), timed, alike)


def _alike(rule: AssignmentRule, base: Pool) -> Iterator[_Alike]:
    """The base in groups of those who have the same in all that the conditions read."""
    columns = sorted(columns_read(rule.match.columns))
    names = sorted(columns_read(rule.match.attributes))
    groups: dict[Hashable, list[int]] = defaultdict(list)
    rows = [with_id(entry) for entry in base.kept]
    for place, entry in enumerate(base.kept):
        held = named(_attributes(entry), names)
        groups[(*(rows[place].get(c) for c in columns), *held.values())].append(place)
    for places in groups.values():
        held = named(_attributes(base.kept[places[0]]), names)
        yield _Alike(rows[places[0]], held, tuple(places))


def _attributes(entry: Recipient) -> Attributes:
    return entry.attributes if isinstance(entry, Seller) else {}


def _filtered_for_all(
    rule: AssignmentRule, base: Pool, alike: Sequence[_Alike], scope: Scope
) -> Pool | None:
    """The pool of every record; None where a fault is to be said to those that meet the rule."""
    try:
        return _filtered(rule, base, alike, scope, is_traced=True)
    except DefinitionError:
        return None


def _base(rule: AssignmentRule, everyone: Sequence[Recipient], policy: Policy) -> Pool:
    listed = None if rule.match.listed is None else frozenset(rule.match.listed)
    kept: list[Recipient] = []
    dropped = []
    for entry in everyone:
        why = _unfit(rule, entry, policy, listed)
        if why:
            dropped.append(Dropped(entry, why))
        else:
            kept.append(entry)
    return Pool(tuple(kept), tuple(dropped))


def _unfit(
    rule: AssignmentRule, entry: Recipient, policy: Policy, listed: frozenset[str] | None
) -> str:
    if isinstance(entry, Seller) and not entry.takes_assignments:
        return "does not take assignments"
    if listed is not None and entry.id not in listed:
        return "is not in the rule's list"
    if rule.target is not Target.QUEUE and not policy.is_eligible(entry.roles):
        return "has none of the eligible security roles"
    return ""


def _filtered(
    rule: AssignmentRule,
    base: Pool,
    alike: Sequence[_Alike],
    scope: Scope,
    *,
    is_traced: bool,
) -> Pool:
    """Those of the base for whom the rule's conditions hold."""
    columns, attributes = rule.match.columns, rule.match.attributes
    kept: list[int] = []
    dropped: list[Dropped] = []
    for group in alike:
        if columns.holds(group.row, scope) and attributes.holds(group.held, scope):
            kept.extend(group.places)
        elif is_traced:
            why = _mismatch(columns, group.row, scope) or _mismatch(attributes, group.held, scope)
            dropped.extend(Dropped(base.kept[place], why) for place in group.places)
    kept.sort()
    everybody_dropped = sorted((*base.dropped, *dropped), key=lambda entry: entry.seller.id)
    return Pool(tuple(base.kept[place] for place in kept), tuple(everybody_dropped))


def with_id(entry: Recipient) -> Mapping[str, Any]:
    """The recipient's columns, its own id among them."""
    target = entry.target if isinstance(entry, TeamOrQueue) else Target.SELLERS
    return {id_column(target.table): entry.id, **entry.columns}


def _mismatch(condition: Condition, row: Mapping[str, Any], scope: Scope) -> str:
    failure = first_failure(condition, row, scope)
    return "" if failure is None else _words(failure)


def _words(failure: Failure) -> str:
    has = ", ".join(f"{column} is {_shown(value)}" for column, value in failure.values)
    return f"not {failure.condition} ({has})"


def _shown(value: object) -> str:
    if value is None or value == ():
        return "empty"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
