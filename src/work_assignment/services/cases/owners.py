"""Who owns what in a case: owners by id or name, and the columns that say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from work_assignment.domain.defining.recipients import Target
from work_assignment.domain.records import Owner, Value
from work_assignment.domain.text import fold
from work_assignment.services.cases.live_rows import LiveRows
from work_assignment.services.cases.people import People

OWNER = "ownerid"
_OWNING = {"systemuser": "owninguser", "team": "owningteam"}


class AmbiguousName(ValueError):
    """A name that several have; `ids` are theirs."""

    def __init__(self, name: str, ids: list[str]) -> None:
        super().__init__(f"{len(ids)} are named '{name}': say the id")
        self.ids = ids


@dataclass(frozen=True, slots=True)
class Owners:
    """Whom an event may name as an owner."""

    people: People
    rows: LiveRows

    def find(self, named: str) -> Owner:
        """A team, a queue or a user by id or by a name that one has; others are users.

        Raises AmbiguousName.
        """
        for table in ("team", "queue", "systemuser"):
            if self.rows.find(table, named) is not None:
                return Owner(table, named)
        meant = [
            Owner(target.table, own_id)
            for target in Target
            for own_id, name in self.people.names(target).items()
            if fold(name) == fold(named)
        ]
        if len(meant) > 1:
            raise AmbiguousName(named, [owner.id for owner in meant])
        return meant[0] if meant else Owner(Target.SELLERS.table, named)


def owner_columns(owner: Owner | None) -> dict[str, Value]:
    """The columns that say who owns a row."""
    found: dict[str, Value] = {OWNER: owner.id if owner else None}
    for table, column in _OWNING.items():
        found[column] = owner.id if owner and owner.type == table else None
    return found


def with_owning(columns: Mapping[str, Value], rows: LiveRows) -> dict[str, Value]:
    """A row's columns in which the owning user or team follows from the owner, where neither is."""
    owner_id = columns.get(OWNER)
    if not isinstance(owner_id, str) or any(columns.get(name) for name in _OWNING.values()):
        return dict(columns)
    table = "team" if rows.find("team", owner_id) is not None else "systemuser"
    return {**columns, _OWNING[table]: owner_id}


def with_changes(
    before: Mapping[str, Value], changes: Mapping[str, Value], rows: LiveRows
) -> dict[str, Value]:
    """A row after a change; another owner takes the owning user or team along."""
    kept = dict(before)
    if OWNER in changes:
        kept = {name: value for name, value in before.items() if name not in _OWNING.values()}
    return with_owning({**kept, **changes}, rows)
