"""Events taken from the queue and merged by record, until they are done with."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic

from work_assignment.domain.records import Owner, RecordKey
from work_assignment.domain.runs.facts import LastRun
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.services import telemetry
from work_assignment.services.events import OWNER, Event, NotAnEvent
from work_assignment.services.intake import QUEUE, TAG
from work_assignment.services.poison import envelope, poison_of
from work_assignment.services.ports import Queues, Taken

POISON = poison_of(QUEUE)
TRIES = 5
_TRUSTED = 2
"""The try up to which what is taken together may be counted together: workers end for many reasons."""
HIDDEN_FOR = timedelta(minutes=5)
_KEPT_AFTER = HIDDEN_FOR / 2
_AT_ONCE = 32  # what Azure Storage hands out in one request
MOST_REQUESTS = 64
"""For events taken together, about as many as the largest block has records; the rest waits."""
_SAME_WRITE = timedelta(minutes=1)
"""How far an event and the run row of the same write may be apart, both by Dataverse's clock."""
_NO_END = "workers came to no end with it"

_log = telemetry.logger(__name__)


@dataclass(frozen=True, slots=True)
class Pending:
    """All that is known to have happened to a record and is not dealt with.

    `by_hand_at` is the newest moment at which somebody else may have changed the owner;
    `names_owner` is false when that is only because events were too long to name their columns;
    `owner_named` is the owner that the newest of these events names. With `was_found` there is also a
    change of which nothing is known but when it was: reconciling found it.
    """

    key: RecordKey
    newest_at: datetime
    is_new: bool
    by_hand_at: datetime | None
    names_owner: bool = False
    owner_named: Owner | None = None
    was_found: bool = False


@dataclass(frozen=True, slots=True)
class GivenUp(Generic[Taken]):
    """An event that is not tried any more; `event` is None where the message is none."""

    message: Taken
    event: Event | None
    why: str

    @property
    def record(self) -> str:
        """Its record as it stands in logs, or nothing."""
        return f"{self.event.table}/{self.event.record_id}" if self.event else ""

    @property
    def tries(self) -> int:
        """How often it was tried; what is no event is looked at once."""
        return min(self.message.dequeue_count, TRIES)


@dataclass(frozen=True, slots=True)
class _Held(Generic[Taken]):
    """An event that was taken; `hidden_at` is when its time began, in seconds."""

    event: Event
    message: Taken
    hidden_at: float


class Inbox(Generic[Taken]):
    """The events one worker has taken. An event leaves the queue only when it is done with.

    `finished` is how many records' events are done with by now; `given_up` are those to be noted
    in the run log and then put aside with `poison`.
    """

    def __init__(
        self,
        queues: Queues[Taken],
        own_user_id: str,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._queues = queues
        self._own_user_id = own_user_id
        self._monotonic = monotonic
        self._taken: dict[RecordKey, dict[str, _Held[Taken]]] = {}
        self._tried: set[RecordKey] = set()
        self.given_up: list[GivenUp[Taken]] = []
        self.finished = 0

    def take(self, limit: int) -> int:
        """Take events until `limit` records are pending or the queue has no more; says how many.

        Of very many events of few records a part is taken. What is no event, or was tried five
        times, is given up.
        """
        count = 0
        echoes: list[Taken] = []
        for _ in range(MOST_REQUESTS):
            room = limit - len(self._taken)
            if room < 1:
                break
            wanted = min(_AT_ONCE, room)
            hidden_at = self._monotonic()
            messages = self._queues.receive(QUEUE, limit=wanted, hidden_for=HIDDEN_FOR)
            count += len(messages)
            echoes += [message for message in messages if not self._sort_in(message, hidden_at)]
            is_all_known = len(self._taken) == limit - room
            if not messages or (is_all_known and wanted < _AT_ONCE):
                break  # with little room left, requests would bring next to nothing
        self._delete(echoes)
        return count

    def _sort_in(self, message: Taken, hidden_at: float) -> bool:
        """Keep what is to be dealt with; False for our own write that comes back."""
        try:
            event = Event.from_text(message.text)
        except NotAnEvent as exc:
            self._give_up(GivenUp(message, None, f"it is no event: {exc}"))
            return True
        if _has_our_tag(event) and event.user_id == self._own_user_id:
            return False
        if message.dequeue_count > TRIES:
            self._give_up(GivenUp(message, event, _NO_END))
            return True
        # A long session meets its own messages again: the newer receipt is the one that counts.
        held = self._taken.setdefault(RecordKey(event.table, event.record_id), {})
        held[message.id] = _Held(event, message, hidden_at)
        return True

    def drop_echoes(self, last_runs: Mapping[RecordKey, LastRun]) -> None:
        """Delete what the run log shows to be written by a process of ours that signs in otherwise.

        An assignment that was undone must not be decided anew because of the undoing itself. The
        tag alone proves nothing: any tool may send it along with a choice of its user.
        """
        echoes = [
            (key, entry)
            for key, last in last_runs.items()
            for entry in self._taken.get(key, {}).values()
            if _has_our_tag(entry.event) and _tells_of(entry.event, last)
        ]
        for key, entry in echoes:
            del self._taken[key][entry.message.id]
            if not self._taken[key]:
                del self._taken[key]
                self.finished += 1
        self._delete([entry.message for _, entry in echoes])

    def keep(self) -> None:
        """Hide what is held for long anew; what somebody else has taken meanwhile is left to him."""
        until = self._monotonic() - _KEPT_AFTER.total_seconds()
        old = [
            (key, entry)
            for key, taken in self._taken.items()
            for entry in taken.values()
            if entry.hidden_at <= until
        ]
        if not old:
            return
        hidden_at = self._monotonic()
        messages = [entry.message for _, entry in old]
        kept = {m.id: m for m in self._queues.renew_many(QUEUE, messages, HIDDEN_FOR)}
        for key, entry in old:
            message = kept.get(entry.message.id)
            if message is None:
                del self._taken[key][entry.message.id]
            else:
                self._taken[key][message.id] = _Held(entry.event, message, hidden_at)
        self._taken = {key: taken for key, taken in self._taken.items() if taken}

    def _give_up(self, entry: GivenUp[Taken]) -> None:
        self.given_up = [known for known in self.given_up if known.message.id != entry.message.id]
        self.given_up.append(entry)

    def fail(self, key: RecordKey, why: str) -> None:
        """Note that a record's events alone made deciding fail.

        They stay hidden for their time and are tried again then, those at their last try given up.
        """
        for entry in self._taken.pop(key, {}).values():
            if entry.message.dequeue_count >= TRIES:
                self._give_up(GivenUp(entry.message, entry.event, why))

    def give_up_on(self, key: RecordKey, why: str) -> None:
        """Give up all events of a record at once, however often they were tried."""
        for entry in self._taken.pop(key, {}).values():
            self._give_up(GivenUp(entry.message, entry.event, why))

    def poison(self, entries: Sequence[GivenUp[Taken]], at: datetime) -> None:
        """Move events to the poison queue. One that cannot be moved comes again after its time."""
        for entry in entries:
            text = envelope(entry.message.text, why=entry.why, at=at, tries=entry.tries)
            _log.error("an event goes to %s: %s", POISON, entry.why, record=entry.record)
            try:
                self._queues.put(POISON, text)
            except Exception:
                _log.exception("an event stays where it is, %s cannot be written", POISON)
            else:
                self._delete([entry.message])
        gone = {entry.message.id for entry in entries}
        self.given_up = [entry for entry in self.given_up if entry.message.id not in gone]

    def holds(self, key: RecordKey) -> bool:
        """Whether events of a record are taken."""
        return key in self._taken

    def keys(self) -> list[RecordKey]:
        """The records of what is taken, in the order it came."""
        return list(self._taken)

    def portion(self, size: int) -> list[RecordKey]:
        """The records to work on next: all, unless some of them come again.

        One of those may be what workers die of. What never failed comes first then, next a tenth of
        `size` at once of what was tried once. Of what was tried twice and more the worst is worked
        on, a hundredth of `size` and at last one alone, and all else put back with fresh patience
        before: the guilty one must not take others with it to the last try.
        """
        if not self.is_suspect(self._taken):
            return self.keys()
        left = [key for key in self._taken if key not in self._tried] or self.keys()
        if self._tried.issuperset(left):
            self._tried.clear()
        tries = {key: self._tries(key) for key in left}
        fewest = min(tries.values())
        wanted = fewest if fewest <= _TRUSTED else max(tries.values())
        most = max(size // 10 ** (wanted - 1), 1)
        group = [key for key in left if tries[key] == wanted][:most]
        self._tried.update(group)
        if wanted > _TRUSTED:
            self._put_back([key for key in self._taken if key not in group], timedelta(0))
        return group

    @property
    def has_more(self) -> bool:
        """Whether the last portion was not all there is."""
        return self.is_suspect(self._taken) and not self._tried.issuperset(self._taken)

    def is_suspect(self, keys: Iterable[RecordKey]) -> bool:
        """Whether workers have come to no end with one of these before."""
        return any(self._tries(key) > 1 for key in keys)

    def _tries(self, key: RecordKey) -> int:
        taken = self._taken.get(key, {}).values()
        return max((entry.message.dequeue_count for entry in taken), default=1)

    def pending(
        self, owner_column: str = OWNER, keys: Collection[RecordKey] | None = None
    ) -> list[Pending]:
        """What is taken, or of it these records, one entry a record, in the order it came.

        `owner_column` is the one that says whose a record is.
        """
        return [
            self._merge(key, [entry.event for entry in taken.values()], owner_column)
            for key, taken in self._taken.items()
            if keys is None or key in keys
        ]

    def _merge(self, key: RecordKey, events: Sequence[Event], owner_column: str) -> Pending:
        by_hand = [
            event
            for event in events
            if event.may_change(owner_column)
            and event.user_id != self._own_user_id
            and not event.was_found
        ]
        newest = max(by_hand, key=lambda event: event.occurred_at, default=None)
        return Pending(
            key,
            newest_at=max(event.occurred_at for event in events),
            is_new=any(event.message == "Create" for event in events),
            by_hand_at=newest.occurred_at if newest else None,
            names_owner=any(event.columns is not None for event in by_hand),
            owner_named=newest.owner if newest and owner_column == OWNER else None,
            was_found=any(event.was_found for event in events),
        )

    def only_created(self) -> list[RecordKey]:
        """The records of which nothing is told but that they were created."""
        return [
            key
            for key, taken in self._taken.items()
            if all(entry.event.message == "Create" for entry in taken.values())
        ]

    def finish(self, keys: Iterable[RecordKey]) -> int:
        """Delete the events of these records, as all they asked for is written; says how many."""
        taken = [self._taken.pop(key) for key in keys if key in self._taken]
        self.finished += len(taken)
        messages = [entry.message for entries in taken for entry in entries.values()]
        self._delete(messages)
        return len(messages)

    def _delete(self, messages: Sequence[Taken]) -> None:
        if not messages:
            return
        try:
            self._queues.delete_many(QUEUE, messages)
        except Exception:
            # Somebody else took it after its time, or the queue is away: it comes once more, and
            # what it asks for is done by then.
            _log.warning("an event that is done with stays on the queue", exc_info=True)

    def put_back(self, delay: timedelta) -> int:
        """Hand everything left to another try, soon and with fresh patience; says how much.

        For work that could not be tried at all: the count of tries is for events that fail.
        """
        return self._put_back(self.keys(), delay)

    def _put_back(self, keys: Sequence[RecordKey], delay: timedelta) -> int:
        messages = [entry.message for key in keys for entry in self._taken[key].values()]
        if messages:
            self._queues.put_many(QUEUE, [message.text for message in messages], delay=delay)
        self._delete(messages)
        for key in keys:
            del self._taken[key]
        return len(messages)


def _has_our_tag(event: Event) -> bool:
    return event.tag == TAG and event.depth == 1


def _tells_of(event: Event, last: LastRun) -> bool:
    """Whether an event tells of a write of which the run log tells, too.

    Run and record are written together, so both have Dataverse's time. A record that was undone had
    its owner taken back: what comes late may tell of the assignment before.
    """
    if last.status not in (RoutingStatus.ASSIGNED, RoutingStatus.UNDONE) or not last.written_at:
        return False
    behind = event.occurred_at - last.written_at
    if event.owner is None:
        return abs(behind) < _SAME_WRITE
    ours = [last.owner, *([last.previous_owner] if last.status is RoutingStatus.UNDONE else ())]
    return event.owner in ours and behind < _SAME_WRITE
