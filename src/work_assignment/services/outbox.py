"""What is told by e-mail and Teams: put on the queue from which it is sent, at least once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from work_assignment.domain.defining.notifications import Channel, Kind, Language, Notifications
from work_assignment.domain.errors import WorkAssignmentError
from work_assignment.domain.records import RecordKey, SellerId
from work_assignment.domain.runs.deliveries import Delivery, delivery_id
from work_assignment.domain.runs.outcomes import Notice
from work_assignment.services.ports import Queues
from work_assignment.services.sweep_requests import carried
from work_assignment.services.wording import words

QUEUE = "wa-notices"
LONGEST_TITLE = 400
LONGEST_BODY = 4_000
REMEMBERED = 10_000
"""Messages that a process knows it has put."""
MOST_RECORDS = 5
"""Records that are carried along: links lead to one, or to the list of its table."""
OUTSIDE = (Channel.EMAIL, Channel.TEAMS)


class NotADelivery(WorkAssignmentError):
    """A message that is no notice to be sent."""


class NoOutbox:
    """For an app that tells people in the app alone."""

    def put(self, notices: Sequence[Notice]) -> None:
        """Leave it at the notification in the app."""


NO_OUTBOX = NoOutbox()


class QueueOutbox:
    """Puts one message a notice and way on the queue; `notifications` says which ways are used.

    What was put is not put again, as far as this process remembers: what comes behind it, and is
    what says so to others, may fail for hours.
    """

    def __init__(self, queues: Queues[Any], notifications: Callable[[], Notifications]) -> None:
        self._queues = queues
        self._notifications = notifications
        self._put: dict[str, None] = {}

    def put(self, notices: Sequence[Notice]) -> None:
        """Put what is told by other ways than the app; without any, nothing is asked of the storage."""
        notifications = self._notifications()
        found = {
            delivery.id: carried(delivery_text(delivery))
            for notice in notices
            for delivery in deliveries_of(notice, notifications)
            if delivery.id not in self._put
        }
        if found:
            self._queues.put_many(QUEUE, list(found.values()))
            self._remember(found)

    def _remember(self, ids: Iterable[str]) -> None:
        known = [*self._put, *ids]
        self._put = dict.fromkeys(known[-REMEMBERED:])


def deliveries_of(notice: Notice, notifications: Notifications) -> Iterator[Delivery]:
    """The notice by each way outside the app, cut to what one message holds."""
    ways = notifications.ways(notice.kind)
    for channel in OUTSIDE:
        if channel in ways:
            yield Delivery(
                id=delivery_id(notice.id, channel),
                channel=channel,
                kind=notice.kind,
                recipient=notice.recipient,
                title=_cut(notice.title, LONGEST_TITLE),
                body=_cut(notice.body, LONGEST_BODY),
                language=notice.language,
                records=notice.records[:MOST_RECORDS],
                count=len(notice.records),
                opens=_opens(notice.language, len(notice.records)),
            )


def _opens(language: Language, count: int) -> str:
    """What the link to so many records is called."""
    return words(language).say("open_record" if count == 1 else "open_list")


def _cut(text: str, longest: int) -> str:
    """At most so many characters, without the halves of pairs that no message can carry."""
    whole = text.encode("utf-8", "replace").decode()
    return whole if len(whole) <= longest else f"{whole[: longest - 1]}…"


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    table: str
    id: str


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    notice: Literal[1]
    id: str
    channel: Channel
    kind: Kind
    recipient: str
    title: str
    body: str
    language: Language
    records: tuple[_Record, ...]
    count: int
    tries: int


def delivery_text(delivery: Delivery) -> str:
    """A delivery as it stands in a message."""
    return _Message(
        notice=1,
        id=delivery.id,
        channel=delivery.channel,
        kind=delivery.kind,
        recipient=delivery.recipient,
        title=delivery.title,
        body=delivery.body,
        language=delivery.language,
        records=tuple(_Record(table=key.table, id=key.id) for key in delivery.records),
        count=delivery.count,
        tries=delivery.tries,
    ).model_dump_json()


def read_delivery(text: str) -> Delivery:
    """Read a message; raises NotADelivery, which says what is wrong and repeats none of it."""
    try:
        found = _Message.model_validate_json(text)
    except ValidationError as exc:
        first = exc.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        where = f" at '{place}'" if place else ""
        raise NotADelivery(f"it is no notice to be sent{where}: {first['msg']}") from exc
    return Delivery(
        id=found.id,
        channel=found.channel,
        kind=found.kind,
        recipient=SellerId(found.recipient),
        title=found.title,
        body=found.body,
        language=found.language,
        records=tuple(RecordKey(record.table, record.id) for record in found.records),
        count=found.count,
        tries=found.tries,
        opens=_opens(found.language, found.count),
    )


def in_short(delivery: Delivery) -> str:
    """A delivery for people and logs, without what it says."""
    return f"{delivery.channel.value} to user {delivery.recipient}: {delivery.kind.value}"
