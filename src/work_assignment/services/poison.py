"""Poison queues: what lies there and why, and how it is sent again."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from work_assignment.domain.errors import WorkAssignmentError
from work_assignment.domain.records import RecordKey
from work_assignment.services.bell import QUEUE as BELLS
from work_assignment.services.bell import Bell
from work_assignment.services.events import Event, NotAnEvent
from work_assignment.services.intake import QUEUE as EVENTS
from work_assignment.services.ports import QueueMessage
from work_assignment.services.sweep_requests import QUEUE as SWEEPS

WORKING = (EVENTS, BELLS, SWEEPS)
"""The queues that have a poison queue."""
_LONGEST = 48 * 1024  # what a message of Azure Storage holds, for those that are sent as base64
_AT_ONCE = 32  # what Azure Storage hands out in one request
_LOOKED_AT = timedelta(minutes=1)
_SENT = timedelta(minutes=5)
_BY_THE_HOST = "the functions host gave it up"
_SHOWN = 200
_LONGEST_REASON = 1000
_NOT_TEXT = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def poison_of(queue: str) -> str:
    """Where messages of a queue go that are given up, as the functions host names it."""
    return f"{queue}-poison"


class _Envelope(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    given_up_at: AwareDatetime
    tries: int
    why: str
    text: str


def envelope(text: str, *, why: str, at: datetime, tries: int) -> str:
    """A message as it lies on a poison queue, with why and when.

    One that would not fit any more goes as it is: nothing is lost, though it is not explained.
    """
    reason = readable(why)[:_LONGEST_REASON]
    wrapped = _Envelope(given_up_at=at, tries=tries, why=reason, text=text).model_dump_json()
    return wrapped if len(wrapped.encode()) <= _LONGEST else text


def readable(text: str) -> str:
    """The text without what no queue and no column takes."""
    return _NOT_TEXT.sub("?", text)


class PoisonMessage(QueueMessage, Protocol):
    """A message that says when it was put."""

    @property
    def inserted_at(self) -> datetime: ...


Held = TypeVar("Held", bound=PoisonMessage)


class PoisonQueues(Protocol[Held]):
    """What poison is looked at with: messages taken can be let go again."""

    def put(self, queue: str, text: str, *, delay: timedelta = ...) -> None: ...
    def receive(self, queue: str, *, limit: int, hidden_for: timedelta) -> list[Held]: ...
    def renew(self, queue: str, message: Held, hidden_for: timedelta) -> Held: ...
    def delete_many(self, queue: str, messages: Sequence[Held]) -> None: ...


@dataclass(frozen=True, slots=True)
class GivenUpMessage:
    """One message of a poison queue; `queue` is where it came from, `text` what it was there.

    `record` is None where it names none, `tries` where nobody noted how many there were.
    """

    id: str
    queue: str
    text: str
    given_up_at: datetime
    why: str
    tries: int | None = None
    record: RecordKey | None = None

    @property
    def says(self) -> str:
        """The message in short, for people."""
        try:
            event = Event.from_text(self.text)
        except NotAnEvent:
            return _decoded(self.text)[:_SHOWN]
        return f"{event.message} of {event.occurred_at:%Y-%m-%d %H:%M:%S} UTC"


@dataclass(frozen=True, slots=True)
class Retried:
    """What was sent again, and the bells that were only taken away."""

    sent: tuple[GivenUpMessage, ...]
    removed: tuple[GivenUpMessage, ...]


class UnknownPoison(WorkAssignmentError):
    """Ids that no message of a poison queue has."""

    def __init__(self, ids: Sequence[str]) -> None:
        super().__init__(
            f"no poison has the id {', '.join(ids)}; nothing was sent. 'wa poison list' shows "
            "what there is; what somebody else is sending right now is hidden for some minutes"
        )
        self.ids = tuple(ids)


class Poison(Generic[Held]):
    """Lists and retries what was given up."""

    def __init__(self, queues: PoisonQueues[Held], bell: Bell) -> None:
        self._queues = queues
        self._bell = bell

    def contents(self) -> list[GivenUpMessage]:
        """Everything on the poison queues, oldest first; it is left there."""
        held = self._take(_LOOKED_AT)
        self._let_go(held)
        return _in_order(entry for entry, _ in held)

    def retry(self, ids: Collection[str] | None = None) -> Retried:
        """Send these again, or all: put back with fresh patience first, then taken from poison.

        An event that is sent twice because something breaks in between is one thing to do. A bell
        is only taken away: the timer rings each minute. Raises UnknownPoison and sends nothing
        where an id is not there.
        """
        held = self._take(_SENT)
        chosen = [(e, message) for e, message in held if ids is None or e.id in ids]
        unknown = sorted({*(ids or ())} - {entry.id for entry, _ in chosen})
        if unknown:
            self._let_go(held)
            raise UnknownPoison(unknown)
        try:
            self._send(chosen)
        finally:
            self._let_go([pair for pair in held if pair not in chosen])
        sent = _in_order(entry for entry, _ in chosen if entry.queue != BELLS)
        if sent:
            self._bell.ring("poison is tried again")
        return Retried(tuple(sent), tuple(entry for entry, _ in chosen if entry.queue == BELLS))

    def _send(self, chosen: Sequence[tuple[GivenUpMessage, Held]]) -> None:
        for entry, message in chosen:
            if entry.queue != BELLS:
                self._queues.put(entry.queue, entry.text)
            self._queues.delete_many(poison_of(entry.queue), [message])

    def _take(self, hidden_for: timedelta) -> list[tuple[GivenUpMessage, Held]]:
        return [
            (_read(queue, message), message)
            for queue in WORKING
            for message in self._messages(poison_of(queue), hidden_for)
        ]

    def _messages(self, queue: str, hidden_for: timedelta) -> Iterator[Held]:
        # Peeking shows no more than the first 32.
        while found := self._queues.receive(queue, limit=_AT_ONCE, hidden_for=hidden_for):
            yield from found

    def _let_go(self, held: Sequence[tuple[GivenUpMessage, Held]]) -> None:
        for entry, message in held:
            self._queues.renew(poison_of(entry.queue), message, timedelta(0))


def _read(queue: str, message: PoisonMessage) -> GivenUpMessage:
    """Read a message, with what its envelope says or without one."""
    try:
        found = _Envelope.model_validate_json(message.text)
    except ValidationError:
        text, at, why, tries = message.text, message.inserted_at, _BY_THE_HOST, None
    else:
        text, at, why, tries = found.text, found.given_up_at, found.why, found.tries
    return GivenUpMessage(message.id, queue, text, at, why, tries, _record_of(text))


def _record_of(text: str) -> RecordKey | None:
    try:
        event = Event.from_text(text)
    except NotAnEvent:
        return None
    return RecordKey(event.table, event.record_id)


def _decoded(text: str) -> str:
    """What the text stands for: bells and sweeps are sent as base64."""
    try:
        return b64decode(text, validate=True).decode()
    except (NotBase64, ValueError):
        return text


def _in_order(entries: Iterator[GivenUpMessage]) -> list[GivenUpMessage]:
    return sorted(entries, key=lambda entry: (entry.given_up_at, entry.id))


def poison_data(entry: GivenUpMessage) -> dict[str, Any]:
    """One message as JSON, without what it says of a record beyond its id."""
    record = entry.record
    return {
        "id": entry.id,
        "queue": poison_of(entry.queue),
        "given_up_at": entry.given_up_at.isoformat(),
        "record": {"table": record.table, "id": record.id} if record else None,
        "message": entry.says,
        "why": entry.why,
        "tries": entry.tries,
    }
