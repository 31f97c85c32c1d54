"""Events taken from the queue and merged by record, until they are done with."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic

from work_assignment.domain.records import Owner, RecordKey
from work_assignment.services.events import OWNER, Event, NotAnEvent
from work_assignment.services.intake import QUEUE, TAG
from work_assignment.services.ports import Queues, Taken

POISON = f"{QUEUE}-poison"
TRIES = 5
HIDDEN_FOR = timedelta(minutes=5)
_AT_ONCE = 32  # what Azure Storage hands out in one request

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pending:
    """All that is known to have happened to a record and is not dealt with.

    `by_hand_at` is the newest moment at which somebody else may have changed the owner;
    `names_owner` is false when that is only because events were too long to name their columns;
    `owner_named` is the owner that the newest of these events names.
    """

    key: RecordKey
    newest_at: datetime
    is_new: bool
    by_hand_at: datetime | None
    names_owner: bool = False
    owner_named: Owner | None = None


class Inbox(Generic[Taken]):
    """The events one worker has taken. An event leaves the queue only when it is done with.

    `finished` is how many records' events are done with by now.
    """

    def __init__(self, queues: Queues[Taken], own_user_id: str) -> None:
        self._queues = queues
        self._own_user_id = own_user_id
        self._taken: dict[RecordKey, list[tuple[Event, Taken]]] = {}
        self.finished = 0

    def take(self, limit: int) -> int:
        """Take events until `limit` records are pending or the queue has no more; says how many.

        What is no event, or was tried five times, goes to the poison queue.
        """
        count = 0
        while len(self._taken) < limit:
            wanted = min(_AT_ONCE, limit - len(self._taken))
            messages = self._queues.receive(QUEUE, limit=wanted, hidden_for=HIDDEN_FOR)
            if not messages:
                break
            count += len(messages)
            for message in messages:
                self._sort_in(message)
        return count

    def _sort_in(self, message: Taken) -> None:
        try:
            event = Event.from_text(message.text)
        except NotAnEvent as exc:
            self._poison(message, f"it is no event: {exc}")
            return
        if event.tag == TAG and event.depth == 1:
            # Written by one of our processes, whoever it signs in as. An assignment that was undone
            # must not be decided anew because of the undoing itself.
            self._delete([message])
            return
        if message.dequeue_count > TRIES:
            self._poison(message, f"it was tried {TRIES} times")
            return
        key = RecordKey(event.table, event.record_id)
        held = self._taken.setdefault(key, [])
        # A long session meets its own messages again: the newer receipt is the one that counts.
        held[:] = [entry for entry in held if entry[1].id != message.id]
        held.append((event, message))

    def _poison(self, message: Taken, why: str) -> None:
        _log.error("an event goes to %s: %s", POISON, why)
        self._queues.put(POISON, message.text)
        self._delete([message])

    def keys(self) -> list[RecordKey]:
        """The records of what is taken, in the order it came."""
        return list(self._taken)

    def pending(self, owner_column: str = OWNER) -> list[Pending]:
        """What is taken, one entry a record, in the order it came.

        `owner_column` is the one that says whose a record is.
        """
        return [
            self._merge(key, [event for event, _ in taken], owner_column)
            for key, taken in self._taken.items()
        ]

    def _merge(self, key: RecordKey, events: Sequence[Event], owner_column: str) -> Pending:
        by_hand = [
            event
            for event in events
            if event.may_change(owner_column) and event.user_id != self._own_user_id
        ]
        newest = max(by_hand, key=lambda event: event.occurred_at, default=None)
        return Pending(
            key,
            newest_at=max(event.occurred_at for event in events),
            is_new=any(event.message == "Create" for event in events),
            by_hand_at=newest.occurred_at if newest else None,
            names_owner=any(event.columns is not None for event in by_hand),
            owner_named=newest.owner if newest and owner_column == OWNER else None,
        )

    def finish(self, keys: Iterable[RecordKey]) -> None:
        """Delete the events of these records: everything they asked for is written."""
        taken = [self._taken.pop(key) for key in keys if key in self._taken]
        self.finished += len(taken)
        self._delete([message for events in taken for _, message in events])

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
        messages = [message for taken in self._taken.values() for _, message in taken]
        for message in messages:
            self._queues.put(QUEUE, message.text, delay=delay)
        self._delete(messages)
        self._taken.clear()
        return len(messages)
