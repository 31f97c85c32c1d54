"""Poison queues: what lies there and why, and how it is sent again or dropped."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from work_assignment.domain.carried_text import decoded, readable
from work_assignment.domain.errors import Unavailable, WorkAssignmentError
from work_assignment.domain.records import RecordKey
from work_assignment.services import telemetry
from work_assignment.services.bell import QUEUE as BELLS
from work_assignment.services.bell import Bell
from work_assignment.services.events import Event, NotAnEvent
from work_assignment.services.intake import QUEUE as EVENTS
from work_assignment.services.outbox import QUEUE as NOTICES
from work_assignment.services.outbox import NotADelivery, in_short, read_delivery
from work_assignment.services.ports import QueueMessage, Queues
from work_assignment.services.sweep_requests import QUEUE as SWEEPS

WORKING = (EVENTS, BELLS, SWEEPS, NOTICES)
"""The queues that have a poison queue."""
_LONGEST = 48 * 1024  # what a message of Azure Storage holds, for those that are sent as base64
_AT_ONCE = 32  # what Azure Storage hands out in one request
_LOOKED_AT = timedelta(minutes=1)
_SENT = timedelta(minutes=5)
_BY_THE_HOST = "the functions host gave it up"
_NO_BASE64 = f"{_BY_THE_HOST}: it is no base64 of a text, as it expects it there"
_SHOWN = 200
_LONGEST_REASON = 1000
_HELD_AT_ONCE = 512
MOST_SHOWN = 200

_log = telemetry.logger(__name__)


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


class PoisonMessage(QueueMessage, Protocol):
    """A message that says when it was put."""

    @property
    def inserted_at(self) -> datetime: ...


Held = TypeVar("Held", bound=PoisonMessage)


class Length(Protocol):
    """How long a queue is."""

    @property
    def visible(self) -> int: ...
    @property
    def hidden(self) -> int: ...


class PoisonQueues(Queues[Held], Protocol):
    """Queues that say how long they are."""

    def length(self, queue: str) -> Length: ...


@dataclass(frozen=True, slots=True)
class GivenUpMessage:
    """One message of a poison queue; `queue` is where it came from, `says` what it says in short.

    `record` is None where it names none, `tries` where nobody noted how many there were.
    """

    id: str
    queue: str
    says: str
    given_up_at: datetime
    why: str
    tries: int | None = None
    record: RecordKey | None = None


@dataclass(frozen=True, slots=True)
class Contents:
    """What lies on the poison queues, oldest first, and how much there is in all."""

    entries: tuple[GivenUpMessage, ...]
    in_all: int


@dataclass(slots=True)
class Cleared:
    """What became of what was to be sent again, or dropped.

    `removed` is what was dropped; of what was to be sent again it is the bells, as the timer rings
    each minute. `elsewhere` is what somebody else had taken before it was its turn, `left` how much
    is poison still, where all was meant.
    """

    sent: list[GivenUpMessage] = field(default_factory=list)
    removed: list[GivenUpMessage] = field(default_factory=list)
    elsewhere: list[GivenUpMessage] = field(default_factory=list)
    left: int = 0


class UnknownPoison(WorkAssignmentError):
    """Ids that no message of a poison queue has."""

    def __init__(self, ids: Sequence[str]) -> None:
        super().__init__(
            f"no poison has the id {', '.join(ids)}; nothing was done. 'wa poison list' shows "
            "what there is; what somebody else is sending right now is hidden for some minutes"
        )
        self.ids = tuple(ids)


class BrokenOff(Unavailable):
    """The storage went away while poison was sent again or dropped; `how` is one of the two."""

    def __init__(self, count: int, how: str, cause: Unavailable) -> None:
        told = f"{count} {how} before that" if count else f"nothing was {how}"
        super().__init__(f"{cause}; {told}, and what is left can be tried again in some minutes")
        self.count = count


Step = Callable[[str, Sequence[Held], Cleared], None]
"""What is done with some messages of a queue's poison."""


class Poison(Generic[Held]):
    """Lists, retries and drops what was given up. Messages are hidden while they are looked at."""

    def __init__(self, queues: PoisonQueues[Held], bell: Bell) -> None:
        self._queues = queues
        self._bell = bell

    def contents(self, limit: int = MOST_SHOWN) -> Contents:
        """Up to `limit` messages, which are left there; of more, not always the same ones."""
        in_all = self._in_all()
        looked_at = [entry for queue in WORKING for entry in self._looked_at(queue, limit)]
        entries = sorted(looked_at, key=lambda entry: (entry.given_up_at, entry.id))
        return Contents(tuple(entries[:limit]), max(in_all, len(entries)))

    def _in_all(self) -> int:
        return sum(self._length(queue) for queue in WORKING)

    def _length(self, queue: str) -> int:
        length = self._queues.length(poison_of(queue))
        return length.visible + length.hidden

    def _looked_at(self, queue: str, limit: int) -> list[GivenUpMessage]:
        held: dict[str, Held] = {}
        try:
            while len(held) < limit:
                wanted = min(_AT_ONCE, limit - len(held))
                found = self._receive(queue, wanted, _LOOKED_AT)
                is_new = any(message.id not in held for message in found)
                held |= {message.id: message for message in found}
                if not is_new:
                    break
        finally:
            self._let_go(queue, list(held.values()))
        return [_read(queue, message) for message in held.values()]

    def _receive(self, queue: str, limit: int, hidden_for: timedelta) -> list[Held]:
        # Peeking shows no more than the first 32.
        return self._queues.receive(poison_of(queue), limit=limit, hidden_for=hidden_for)

    def _let_go(self, queue: str, held: Sequence[Held]) -> None:
        """Show messages again; those that somebody else has by now are his."""
        if not held:
            return
        try:
            self._queues.renew_many(poison_of(queue), held, timedelta(0))
        except Unavailable as exc:
            _log.warning("what was looked at comes back by itself within minutes: %s", exc)

    def retry(self, ids: Collection[str] | None = None) -> Cleared:
        """Send these again, or all: put back with fresh patience first, then taken from poison.

        An event that is sent twice because something breaks in between is one thing to do. A bell
        is only taken away. Raises UnknownPoison and sends nothing where an id is not there, and
        BrokenOff where the storage goes away meanwhile.
        """
        retried = Cleared()
        try:
            self._clear(ids, self._send, retried)
        except Unavailable as exc:
            raise BrokenOff(len(retried.sent), "sent again", exc) from exc
        finally:
            self._ring(retried)
        return retried

    def drop(self, ids: Collection[str] | None = None) -> Cleared:
        """Throw these away for good, or all there is. Raises what `retry` raises, on its terms."""
        dropped = Cleared()
        try:
            self._clear(ids, self._drop, dropped)
        except Unavailable as exc:
            raise BrokenOff(len(dropped.removed), "dropped", exc) from exc
        return dropped

    def _clear(self, ids: Collection[str] | None, step: Step[Held], cleared: Cleared) -> None:
        if ids is None:
            self._clear_all(step, cleared)
        else:
            self._clear_some(frozenset(ids), step, cleared)

    def _ring(self, retried: Cleared) -> None:
        if not retried.sent:
            return
        try:
            self._bell.ring("poison is tried again")
        except Unavailable as exc:
            _log.warning("what was sent again waits until the timer rings: %s", exc)

    def _clear_all(self, step: Step[Held], cleared: Cleared) -> None:
        for queue in WORKING:
            # What is given up meanwhile, maybe once more, is not for now.
            left = self._length(queue)
            while left > 0 and (found := self._receive(queue, min(_AT_ONCE, left), _SENT)):
                left -= len(found)
                step(queue, found, cleared)
        cleared.left = self._in_all()

    def _clear_some(self, ids: frozenset[str], step: Step[Held], cleared: Cleared) -> None:
        chosen: dict[str, dict[str, Held]] = {queue: {} for queue in WORKING}
        try:
            for queue in WORKING:
                self._find(queue, ids.difference(*chosen.values()), chosen[queue])
            unknown = ids.difference(*chosen.values())
            if unknown:
                raise UnknownPoison(sorted(unknown))
            for queue, held in chosen.items():
                while held:
                    some = [held.pop(id) for id in list(held)[:_AT_ONCE]]
                    step(queue, self._still_ours(queue, some, cleared), cleared)
        finally:
            for queue, held in chosen.items():
                self._let_go(queue, list(held.values()))

    def _find(self, queue: str, ids: frozenset[str], chosen: dict[str, Held]) -> None:
        """Look a queue through until these are found; all others are shown again by and by."""
        others: list[Held] = []
        seen: set[str] = set()
        try:
            while len(chosen) < len(ids):
                found = self._receive(queue, _AT_ONCE, _SENT)
                chosen |= {message.id: message for message in found if message.id in ids}
                others += [message for message in found if message.id not in ids]
                if seen.issuperset(message.id for message in found):
                    break  # what is shown again comes round again
                seen.update(message.id for message in found)
                if len(others) >= _HELD_AT_ONCE:
                    self._let_go(queue, others)
                    others = []
        finally:
            self._let_go(queue, others)

    def _still_ours(self, queue: str, held: Sequence[Held], cleared: Cleared) -> list[Held]:
        """Looking for them may have taken long, and somebody else may be sending them now."""
        ours = self._queues.renew_many(poison_of(queue), held, _SENT)
        ids = {message.id for message in ours}
        cleared.elsewhere += [_read(queue, message) for message in held if message.id not in ids]
        return ours

    def _drop(self, queue: str, messages: Sequence[Held], dropped: Cleared) -> None:
        if not messages:
            return
        try:
            self._queues.delete_many(poison_of(queue), messages)
        except LookupError as exc:
            _log.warning("somebody else has some of it, and may send it: %s", exc)
        dropped.removed += [_read(queue, message) for message in messages]

    def _send(self, queue: str, messages: Sequence[Held], retried: Cleared) -> None:
        if not messages:
            return
        entries = [_read(queue, message) for message in messages]
        if queue != BELLS:
            self._queues.put_many(queue, [_original(message.text) for message in messages])
        (retried.removed if queue == BELLS else retried.sent).extend(entries)
        try:
            self._queues.delete_many(poison_of(queue), messages)
        except LookupError as exc:
            _log.warning("somebody else may send it, too, which is one thing to do: %s", exc)


def _read(queue: str, message: PoisonMessage) -> GivenUpMessage:
    """Read a message, with what its envelope says or without one."""
    envelope = _opened(message.text)
    if envelope is None:
        why, tries = _why_the_host(queue, message.text), None
        text, at = message.text, message.inserted_at
    else:
        text, at, why, tries = envelope.text, envelope.given_up_at, envelope.why, envelope.tries
    return GivenUpMessage(message.id, queue, _in_short(text), at, why, tries, _record_of(text))


def _why_the_host(queue: str, text: str) -> str:
    """It says nothing itself; what it cannot read is never given to us."""
    is_read = queue == EVENTS or not text or decoded(text) != text
    return _BY_THE_HOST if is_read else _NO_BASE64


def _opened(text: str) -> _Envelope | None:
    try:
        return _Envelope.model_validate_json(text)
    except ValidationError:
        return None


def _original(text: str) -> str:
    """The message as it was on its own queue."""
    envelope = _opened(text)
    return text if envelope is None else envelope.text


def _in_short(text: str) -> str:
    """A message for people."""
    try:
        event = Event.from_text(text)
    except NotAnEvent:
        return _notice_in_short(decoded(text))
    return f"{event.message} of {event.occurred_at:%Y-%m-%d %H:%M:%S} UTC"


def _notice_in_short(text: str) -> str:
    """What a notice says is for who it is for."""
    try:
        return in_short(read_delivery(text))
    except NotADelivery:
        return text[:_SHOWN]


def _record_of(text: str) -> RecordKey | None:
    try:
        event = Event.from_text(text)
    except NotAnEvent:
        return _record_of_notice(decoded(text))
    return RecordKey(event.table, event.record_id)


def _record_of_notice(text: str) -> RecordKey | None:
    try:
        return read_delivery(text).record
    except NotADelivery:
        return None


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
