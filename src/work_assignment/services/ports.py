"""What services need from the outside: queues, leases, Dataverse's facts, a place for outcomes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from work_assignment.domain.records import Owner, RecordKey, SellerId
from work_assignment.domain.runs.facts import Gathered, Rulebook, SellerRow
from work_assignment.domain.runs.news import Change
from work_assignment.domain.runs.outcomes import (
    Committed,
    Notice,
    Outcome,
    Run,
    SellerChange,
    Settlement,
    Untold,
    WriteResult,
)
from work_assignment.domain.runs.recipients import Recipient
from work_assignment.domain.runs.sweeps import (
    Page,
    Place,
    QueueItem,
    Scope,
    Sweep,
    SweepOutcome,
    Swept,
)
from work_assignment.domain.statuses import RoutingStatus

Clock = Callable[[], datetime]
"""Says what time it is, aware."""


class QueueMessage(Protocol):
    """One message taken from a queue; the receipt inside it is the right to finish it."""

    @property
    def id(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def dequeue_count(self) -> int: ...


Taken = TypeVar("Taken", bound=QueueMessage)


class Queues(Protocol[Taken]):
    """At-least-once queues in Azure Storage's terms: a message taken is hidden, then deleted."""

    def put(self, queue: str, text: str, *, delay: timedelta = ...) -> None: ...
    def put_many(self, queue: str, texts: Sequence[str], *, delay: timedelta = ...) -> None: ...
    def receive(self, queue: str, *, limit: int, hidden_for: timedelta) -> list[Taken]: ...
    def renew_many(
        self, queue: str, messages: Sequence[Taken], hidden_for: timedelta
    ) -> list[Taken]:
        """Hide messages for so long from now on; those that somebody else has by now are left out."""

    def delete_many(self, queue: str, messages: Sequence[Taken]) -> None:
        """Delete messages; a LookupError says that somebody else has some of them by now."""


class Lease(Protocol):
    """The right to be the only one for a while."""

    def renew(self) -> bool:
        """Hold it longer; False when somebody else may have it by now."""

    def release(self) -> None:
        """Let go; nothing happens when it was lost before."""


class Leases(Protocol):
    """Leases by name."""

    def acquire(self, name: str) -> Lease | None:
        """The lease, or None while somebody else holds it."""


class Facts(Protocol):
    """What Dataverse says."""

    def own_user_id(self) -> str:
        """The application user we act as."""

    def rulebook(self) -> Rulebook:
        """Read all definitions."""

    def gather(self, rulebook: Rulebook, asked: Sequence[RecordKey], *, waiting: int) -> Gathered:
        """Read sellers, counts, the records asked for, and up to `waiting` undecided ones."""

    def gather_page(self, rulebook: Rulebook, page: Page) -> Gathered:
        """Read sellers, counts, and the next records of a sweep, which are those that wait."""

    def affected(self, rulebook: Rulebook, changed: Collection[RecordKey]) -> Iterator[RecordKey]:
        """The open records with an outcome that filters decide by these rows of other tables.

        They are read while they are asked for, however many there are.
        """

    def left_alone(self, after: datetime, until: datetime) -> Sequence[RecordKey]:
        """The records that were left alone, as they had been moved too often, in that time."""


class Outcomes(Protocol):
    """Where decisions are written."""

    def reserve(self, changes: Sequence[SellerChange]) -> list[SellerRow] | None:
        """Write all seller rows or none; the rows after it.

        None when one of them had changed, or another worker was just writing it: decide anew.
        """

    def commit_alone(self, changes: Sequence[SellerChange], outcome: Outcome) -> WriteResult:
        """Reserve and commit a block of one in a single change set."""

    def commit(
        self,
        outcomes: Sequence[Outcome],
        *,
        until: datetime,
        progress: Callable[[int], object] = ...,
        landed: Callable[[Sequence[int]], object] = ...,
    ) -> list[WriteResult]:
        """Write outcomes, each by itself; the results are in the same order.

        Nothing is sent that might still be under way at `until`: what is left then is LATER.
        `progress` hears how many more have become final, and before it `landed` the places of
        those that were written, as far as their answers came.
        """

    def settle(
        self,
        block: str,
        settlement: Settlement,
        notices: Sequence[Notice] = (),
        rows: Sequence[SellerRow] = (),
    ) -> None:
        """Give back what the block reserved, and tell the sellers, all in one.

        What was committed becomes part of the open count. A seller whose row has nothing of the
        block any more is settled, and told or marked as untold. `rows` are the sellers' rows as last
        written. One that cannot be written is left as it is. Raises Unavailable where they keep
        changing, as where Dataverse is away.
        """

    def committed(self, blocks: Collection[str]) -> list[Committed]:
        """The assignments that these blocks committed."""

    def tell(self, notices: Sequence[Notice]) -> None:
        """Send notices and note on their runs that it is done.

        Of what is refused it is noted whether it went other ways than the app, as it is tried again.
        """

    def untold(self, *, before: datetime, now: datetime) -> list[Untold]:
        """Runs older than `before` of which somebody is still to be told who can be told now."""

    def note_told_outside(self, runs: Collection[str]) -> None:
        """Note on runs that who hears of them has been told by other ways than the app.

        `committed` and `untold` say so later. Raises Unavailable.
        """

    def tell_others(
        self, notices: Sequence[Notice], others: Mapping[str, frozenset[SellerId]]
    ) -> None:
        """Tell those who are not new owners, and note it on their runs.

        `others` are those who are still to be told of each run; of whom there is no notice is not to
        be told any more. Raises Unavailable, and may have told some.
        """

    def untold_changes(self, *, before: datetime, now: datetime) -> list[Change]:
        """Runs older than `before` of which others are still to be told, each with those of its block."""


class Outbox(Protocol):
    """Where notices go that people are told by e-mail or Teams."""

    def put(self, notices: Sequence[Notice]) -> None:
        """Keep those that are told by other ways than the app, so that they are sent sooner or later.

        Before anything says that people were told: what is put twice is sent once, as far as that
        can be. Raises Unavailable, and may have kept some.
        """


class Recipients(Protocol):
    """What is known of those who are to be told."""

    def of(self, ids: Collection[SellerId]) -> Mapping[SellerId, Recipient]:
        """Those of these users who are there; asked once for some minutes."""


class Sequences(Protocol):
    """What records are worked through once they have their segment and owner."""

    def follow(self, runs: Sequence[Run]) -> None:
        """Have the sequences of these records follow what was written for them.

        Each run gave a record another segment, another owner, or both: the sequence that its
        previous segment had started ends, the one of its segment begins for its owner, and what
        somebody connected by hand stays. Heard once or again: the second time changes nothing.
        """


class SweepsGoingOn(Protocol):
    """What sweeps there are just now."""

    def going_on(self) -> list[Sweep]:
        """The sweeps that wait for their turn or are in progress."""


class Sweeps(Protocol):
    """Sweeps, what they take up, and what they gave; record types are those last read."""

    def save(self, sweep: Sweep) -> Sweep | None:
        """Write a sweep's whole row; what it is then, or None when it is not as it was read."""

    def read(self, sweep_id: str) -> Sweep | None:
        """One sweep."""

    def going_on(self) -> list[Sweep]:
        """The sweeps that wait for their turn or are in progress."""

    def count(self, scope: Scope) -> int | None:
        """How many records a sweep of this finds; None for more than Dataverse counts at once."""

    def placed(self, sweep_id: str, since: datetime | None) -> Mapping[RoutingStatus, int] | None:
        """How many records got their owner, or kept the one they had, by this sweep since then.

        None for more than Dataverse counts at once.
        """

    def given(self, sweep: Sweep, behind: Place | None, limit: int) -> Sequence[Swept]:
        """The next of what a sweep gave or changed, oldest first, behind a place."""

    def outcomes(self, sweep_id: str, since: datetime | None = None) -> Sequence[SweepOutcome]:
        """What a sweep wrote about records since then, oldest first."""

    def runs_there(self, run_ids: Sequence[str]) -> frozenset[str]:
        """Those of these run rows that are there."""

    def unable(self, owners: Collection[Owner]) -> Mapping[Owner, str]:
        """Those of these users and teams who cannot own records, and why."""

    def queue_items(self, records: Collection[RecordKey]) -> Mapping[RecordKey, QueueItem]:
        """Where these records lie in queues now."""


@dataclass(slots=True)
class RunReport:
    """What one worker did between taking the lease and letting go.

    `busy` means that another worker has the lease. `conflicts` are blocks begun anew because a
    seller's row had changed; `given_up` are events put on the poison queue; `waited` are records
    that were left waiting for what others have reserved.
    """

    assigned: int = 0
    unassigned: int = 0
    by_hand: int = 0
    gone: int = 0
    given_up: int = 0
    conflicts: int = 0
    waited: set[RecordKey] = field(default_factory=set)
    rounds: int = 0
    busy: bool = False
    away: str = ""

    @property
    def held(self) -> int:
        """How many were left waiting, each counted once however many rounds it was met in."""
        return len(self.waited)

    @property
    def written(self) -> int:
        """Records that got an outcome."""
        return self.assigned + self.unassigned + self.by_hand + self.gone
