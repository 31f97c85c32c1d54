"""A plan carried out: the very changes that were shown, and a new stamp on the definitions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import uuid4

from work_assignment.domain.defining.definition_rows import (
    Change,
    CreateRow,
    Kind,
    RuleRow,
    SegmentRow,
    SettingsRow,
    UpdateRow,
)
from work_assignment.domain.errors import WorkAssignmentError
from work_assignment.services.configuration.planning import Action, Plan, Removal
from work_assignment.services.configuration.ports import ConfigurationStore


class TooManyRemovals(WorkAssignmentError):
    """The plan would take most of what is active out of use, which smells of a wrong folder."""

    def __init__(self, removal: Removal) -> None:
        self.removal = removal
        super().__init__(
            f"{removal.removed} of {removal.active} active {removal.kind.value}s would be taken "
            "out of use because the folder does not have them; nothing was changed; "
            "use --force if that is meant"
        )


@dataclass(frozen=True, slots=True)
class AppliedReport:
    """What was carried out; `stamp` is the definitions' new version, None when nothing changed."""

    actions: tuple[Action, ...] = ()
    stamp: str | None = None


def apply(
    plan: Plan,
    store: ConfigurationStore,
    *,
    force: bool = False,
    new_stamp: Callable[[], str] = lambda: uuid4().hex,
) -> AppliedReport:
    """Carry out a plan; an empty one writes nothing.

    Raises TooManyRemovals, unless `force`, and DefinitionsChanged when Dataverse is no longer as
    it was when the plan was made.
    """
    if not plan.actions:
        return AppliedReport()
    for removal in plan.removals:
        if removal.is_large and not force:
            raise TooManyRemovals(removal)
    at = store.server_time() if any(action.activates for action in plan.actions) else None
    stamp = new_stamp()
    store.write(list(_changes(plan, stamp, at)))
    return AppliedReport(plan.actions, stamp)


def _changes(plan: Plan, stamp: str, at: datetime | None) -> Iterator[Change]:
    """The changes of a plan, the last of which carries the stamp."""
    *others, last = plan.actions
    for action in others:
        yield _activated(action, at)
    if last.kind is Kind.SETTINGS:
        yield _stamped(last.change, stamp)
        return
    yield _activated(last, at)
    yield UpdateRow(
        Kind.SETTINGS, plan.settings_id, {"definitions_version": stamp}, plan.settings_version
    )


def _activated(action: Action, at: datetime | None) -> Change:
    match action.change:
        case CreateRow(row_id, SegmentRow() | RuleRow() as row) if action.activates:
            return CreateRow(row_id, replace(row, activated_on=at))
        case UpdateRow() as change if action.activates:
            return replace(change, columns={**change.columns, "activated_on": at})
    return action.change


def _stamped(change: Change, stamp: str) -> Change:
    match change:
        case CreateRow(row_id, SettingsRow() as row):
            return CreateRow(row_id, replace(row, definitions_version=stamp))
        case UpdateRow():
            return replace(change, columns={**change.columns, "definitions_version": stamp})
    return change
