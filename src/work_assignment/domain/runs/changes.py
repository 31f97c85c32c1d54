"""What changed in a table since it was last looked at, and how far that looking has come."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import Enum

from work_assignment.domain.errors import WorkAssignmentError

EVERYTHING = datetime.min.replace(tzinfo=UTC)
OVERLAP = timedelta(minutes=10)
"""How far a look at `modifiedon` goes back behind the last one: a transaction's moment is older than
its commit, two minutes at most, and clocks differ."""
OLD = timedelta(days=6)
"""The age from which a token may have expired: seven days, unless the organisation says otherwise."""


class LinkLost(WorkAssignmentError):
    """A link that Dataverse does not take any more: a token has expired, a page is gone."""


class How(Enum):
    """By what a look at a table finds changes."""

    TRACKED = "change tracking"
    MODIFIED = "modified since"
    WHOLE = "whole table"


@dataclass(frozen=True, slots=True)
class ChangeTable:
    """A table as far as changes of it are looked for."""

    name: str
    entity_set: str
    primary_id: str
    tracks_changes: bool
    has_times: bool
    """Whether its rows say when, and by whom, they were written last."""


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """A row that was written `at` a moment `by` a user, as far as it says; or one that is gone."""

    id: str
    at: datetime | None = None
    by: str | None = None
    is_deleted: bool = False


@dataclass(frozen=True, slots=True)
class ChangePage:
    """Rows, and where to go on: `following` to the next page, behind the last one `token`."""

    rows: tuple[ChangedRow, ...]
    following: str | None = None
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at a table that goes on, over any number of pages and workers.

    `link` leads to its next page; None before the first one. Rows that changed before `told_from`
    are not told of; None is for a table that is looked at for the first time: nothing is.
    """

    how: How
    begun_at: datetime
    told_from: datetime | None
    link: str | None = None

    def tells_of(self, row: ChangedRow) -> bool:
        """Whether a row that was read is news."""
        if self.told_from is None or self.told_from == EVERYTHING:
            return self.told_from is not None
        return row.is_deleted or (row.at is not None and row.at >= self.told_from)


@dataclass(frozen=True, slots=True)
class Found:
    """What one reconcile found in a table: of the rows that changed, or were deleted, some were
    written by ourselves, and for others events were queued. `problem` says why it ended early."""

    how: How = How.TRACKED
    is_first: bool = False
    read: int = 0
    changed: int = 0
    deleted: int = 0
    own: int = 0
    queued: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a table is known: what changed before `known_at`, and by `token` what did since."""

    known_at: datetime | None = None
    token: str | None = None
    reading: Reading | None = None
    found: Found = field(default_factory=Found)

    def next_reading(self, table: ChangeTable, now: datetime) -> Reading:
        """The look that is due. By an old token all rows may come, of which few have changed."""
        since = None if self.known_at is None else self.known_at - OVERLAP
        if not table.tracks_changes:
            return Reading(How.MODIFIED, now, since)
        if self.token is None or self.known_at is None:
            return Reading(How.WHOLE, now, since)
        is_old = now - self.known_at > OLD
        return Reading(How.TRACKED, now, since if is_old else EVERYTHING, self.token)

    def behind(self, page: ChangePage, reading: Reading, found: Found) -> Standing:
        """How far the table is known behind a page of a reading, which ends with the last one."""
        if page.following is not None:
            return replace(self, reading=replace(reading, link=page.following), found=found)
        return Standing(reading.begun_at, page.token, None, found)

    def without_token(self) -> Standing:
        """The same after the token, or a page behind it, was lost."""
        return replace(self, token=None, reading=None)


@dataclass(frozen=True, slots=True)
class Notebook:
    """Where reconciling stands: `left` are the tables that it has still to look at, and `is_due`
    says that a new one is to begin."""

    begun_at: datetime | None = None
    left: tuple[str, ...] = ()
    tables: dict[str, Standing] = field(default_factory=dict)
    is_due: bool = False

    @property
    def is_unfinished(self) -> bool:
        """Whether there is anything to go on with."""
        return self.is_due or bool(self.left)

    def begun(self, tables: tuple[str, ...], now: datetime) -> Notebook:
        """A new reconcile of these tables; what is known of others is forgotten."""
        kept = {name: self.tables.get(name, Standing()) for name in tables}
        fresh = {name: replace(standing, found=Found()) for name, standing in kept.items()}
        return Notebook(now, tables, fresh)

    def after(self, table: str, standing: Standing, *, is_done: bool) -> Notebook:
        """The same with what is known of a table now."""
        left = tuple(name for name in self.left if name != table) if is_done else self.left
        return replace(self, left=left, tables={**self.tables, table: standing})
