"""The steps that make Dataverse post: which there should be, how others differ, what mends it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Literal
from uuid import UUID, uuid5

from work_assignment.domain.deciding.triggers import ALWAYS_WATCHED, coming_and_going
from work_assignment.domain.defining.definition_rows import (
    CreateStep,
    MessageTarget,
    StepRow,
    Stored,
    UpdateStep,
    WebhookChange,
)
from work_assignment.domain.runs.facts import Rulebook
from work_assignment.services.sweep_requests import TABLE as SWEEPS

ENDPOINT_NAME = "Work Assignment"
SELLERS, USERS = "wa_seller", "systemuser"
SELLER_COLUMNS = frozenset(
    {
        "wa_maxcapacity",
        "wa_takesassignments",
        "wa_workinghours",
        "wa_timeoff",
        "statecode",
        "statuscode",
    }
)
"""What an administrator changes of a seller; what deciding keeps in the row rings for nobody."""
_USER_COLUMNS = frozenset({"isdisabled"})


@dataclass(frozen=True)
class Watch:
    """What is to ring: columns by routed type and related table, and `new_rows` of the latter."""

    routed: Mapping[str, frozenset[str]]
    related: Mapping[str, frozenset[str]] = field(default_factory=dict)
    new_rows: frozenset[str] = frozenset()


def watch_of(rulebook: Rulebook) -> Watch:
    """What the definitions in force ask to be told of."""
    routed = frozenset(rulebook.columns)
    return Watch(
        {table: rulebook.watched.get(table, frozenset()) for table in routed},
        {table: cols for table, cols in rulebook.watched.items() if table not in routed and cols},
        coming_and_going(rulebook.reach, rulebook.watched, routed) - routed,
    )


def wanted_steps(watch: Watch) -> list[StepRow]:
    """The steps there should be: records first, then related rows, sellers, and sweeps."""
    steps: list[StepRow] = []
    for table, columns in sorted(watch.routed.items()):
        steps += [_step("Create", table), _step("Update", table, ALWAYS_WATCHED | columns)]
    related = dict(watch.related)
    for table, columns in ((SELLERS, SELLER_COLUMNS), (USERS, _USER_COLUMNS)):
        if table not in watch.routed:
            related[table] = related.get(table, frozenset()) | columns
    for table, columns in sorted(related.items()):
        if table in watch.new_rows or table == SELLERS:
            steps.append(_step("Create", table))
        steps.append(_step("Update", table, columns))
    return [*steps, _step("Create", SWEEPS)]


def _step(message: str, table: str, columns: frozenset[str] = frozenset()) -> StepRow:
    name = f"{ENDPOINT_NAME}: {message} of {table}"
    return StepRow(name=name, message=message, record_type=table, columns=tuple(sorted(columns)))


class Condition(StrEnum):
    """How a step stands to what is wanted."""

    GOOD = "as it should be"
    MISSING = "missing"
    DISABLED = "disabled"
    DIFFERS = "differs"
    SURPLUS = "not needed"
    OFF = "not needed, disabled"


IN_LINE = (Condition.GOOD, Condition.OFF)
_DIFFERENCES = {
    "enabled": "is disabled",
    "name": "has another name",
    "after_commit": "runs while rows are saved",
    "deletes_finished_jobs": "keeps finished system jobs",
}


@dataclass(frozen=True, slots=True)
class StepState:
    """One step: what there should be, what there is, and which of its parts `differ`."""

    condition: Condition
    wanted: StepRow | None
    found: Stored[StepRow] | None
    differ: tuple[str, ...] = ()

    @property
    def row(self) -> StepRow:
        """The step as it is, or as it should be where there is none."""
        row = self.wanted if self.found is None else self.found.row
        assert row is not None  # noqa: S101 - one of the two made this state
        return row

    @property
    def drift(self) -> str:
        """What is not as it should be, as the end of a sentence; empty when all is."""
        match self.condition:
            case Condition.GOOD | Condition.OFF:
                return ""
            case Condition.MISSING | Condition.DISABLED:
                return f"is {self.condition}"
            case Condition.SURPLUS:
                return "is not needed by any definition"
        others = (_DIFFERENCES[part] for part in self.differ if part in _DIFFERENCES)
        return "; ".join([*self._columns_that_differ(), *others])

    def _columns_that_differ(self) -> Iterator[str]:
        assert self.wanted is not None  # noqa: S101 - only beside one that is wanted
        there, asked = set(self.row.columns), set(self.wanted.columns)
        if lacks := sorted(asked - there):
            yield f"lacks {', '.join(lacks)}"
        if more := sorted(there - asked):
            yield f"has needlessly {', '.join(more)}"


def compare(stored: Sequence[Stored[StepRow]], wanted: Sequence[StepRow]) -> list[StepState]:
    """Each wanted step beside the one there is, then those that nobody needs, second ones too."""
    existing: dict[tuple[str, str], Stored[StepRow]] = {}
    for step in sorted(stored, key=lambda step: (step.row.name, step.id)):
        existing.setdefault(_key(step.row), step)
    states = [_state(row, existing.get(_key(row))) for row in wanted]
    kept = {state.found.id for state in states if state.found is not None}
    for step in stored:
        if step.id not in kept:
            condition = Condition.SURPLUS if step.row.enabled else Condition.OFF
            states.append(StepState(condition, None, step))
    return states


def _key(row: StepRow) -> tuple[str, str]:
    return row.message, row.record_type


def _state(wanted: StepRow, found: Stored[StepRow] | None) -> StepState:
    if found is None:
        return StepState(Condition.MISSING, wanted, None)
    differ = tuple(
        part.name
        for part in fields(wanted)
        if getattr(found.row, part.name) != getattr(wanted, part.name)
    )
    if not differ:
        return StepState(Condition.GOOD, wanted, found)
    condition = Condition.DISABLED if differ == ("enabled",) else Condition.DIFFERS
    return StepState(condition, wanted, found, differ)


@dataclass(frozen=True, slots=True)
class WebhookAction:
    """One thing that was done: to the endpoint or a step, and which columns it changed."""

    verb: Literal["create", "update", "enable", "disable"]
    name: str
    columns: tuple[str, ...] = ()


def mend(
    states: Sequence[StepState],
    targets: Mapping[tuple[str, str], MessageTarget],
    endpoint_id: str,
) -> Iterator[tuple[WebhookAction, WebhookChange]]:
    """Create, change and enable what is wanted, disable the rest.

    A step's id comes of the endpoint and what it is for: two who create it make one.
    """
    for state in states:
        match state:
            case StepState(Condition.MISSING, StepRow() as row, None):
                target = targets.get(_key(row))
                if target is not None:
                    row_id = str(uuid5(UUID(endpoint_id), "/".join(_key(row))))
                    yield (
                        WebhookAction("create", row.name),
                        CreateStep(row_id, endpoint_id, target, row),
                    )
            case StepState(Condition.DISABLED, StepRow() as row, Stored(id=row_id)):
                yield WebhookAction("enable", row.name, state.differ), UpdateStep(row_id, row)
            case StepState(Condition.DIFFERS, StepRow() as row, Stored(id=row_id)):
                yield WebhookAction("update", row.name, state.differ), UpdateStep(row_id, row)
            case StepState(Condition.SURPLUS, None, Stored(id=row_id, row=found)):
                off = replace(found, enabled=False)
                yield WebhookAction("disable", found.name), UpdateStep(row_id, off)


def not_offered(
    states: Sequence[StepState], targets: Mapping[tuple[str, str], MessageTarget]
) -> tuple[str, ...]:
    """The wanted steps that cannot be: Dataverse has no such message of the table."""
    return tuple(
        f"{state.row.message} of {state.row.record_type}"
        for state in states
        if state.condition is Condition.MISSING and _key(state.row) not in targets
    )
