"""What is told by e-mail and Teams waits on a queue, one message a notice and way."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.services.fakes import Clock, MemoryQueues

from work_assignment.azure_storage.messages import checked_text
from work_assignment.domain.carried_text import decoded
from work_assignment.domain.defining.notifications import Channel, Kind, Language, Notifications
from work_assignment.domain.records import RecordKey, SellerId
from work_assignment.domain.runs.deliveries import Delivery
from work_assignment.domain.runs.outcomes import Notice
from work_assignment.services.outbox import (
    NO_OUTBOX,
    QUEUE,
    NotADelivery,
    QueueOutbox,
    deliveries_of,
    delivery_text,
    read_delivery,
)

ADA = SellerId("11111111-1111-4111-8111-111111111111")
LEADS = tuple(RecordKey("lead", f"{n:08d}-0000-4000-8000-000000000000") for n in range(37))
NOTICE = Notice("notice", ADA, "37 leads", "They are yours.", LEADS, language=Language.FRENCH)
BOTH = Notifications({Kind.ASSIGNED: frozenset(Channel), Kind.MOVED: frozenset({Channel.APP})})


class Counting(MemoryQueues):
    """Queues that count how often they are written."""

    writes = 0

    def put_many(self, *values: object, **options: object) -> None:
        self.writes += 1
        super().put_many(*values, **options)  # type: ignore[arg-type] # handed on as they came


def waiting(queues: MemoryQueues) -> list[Delivery]:
    return [read_delivery(decoded(text)) for text in queues.texts(QUEUE)]


def test_each_way_outside_the_app_gets_a_message_of_its_own() -> None:
    queues = Counting(Clock())
    QueueOutbox(queues, lambda: BOTH).put([NOTICE, replace(NOTICE, id="another")])

    found = waiting(queues)
    assert [entry.channel for entry in found] == [Channel.EMAIL, Channel.TEAMS] * 2
    assert queues.writes == 1
    assert len({entry.id for entry in found}) == 4
    first = found[0]
    assert (first.recipient, first.title, first.body) == (ADA, "37 leads", "They are yours.")
    assert (first.kind, first.language, first.tries) == (Kind.ASSIGNED, Language.FRENCH, 0)
    assert (first.count, first.records) == (37, LEADS[:5])
    assert first.record is None


def test_what_two_workers_put_is_the_same_and_each_puts_it_once() -> None:
    queues = MemoryQueues(Clock())
    for outbox in (QueueOutbox(queues, lambda: BOTH), QueueOutbox(queues, lambda: BOTH)):
        outbox.put([NOTICE])
        outbox.put([NOTICE, NOTICE])
    first, second = (set(queues.texts(QUEUE)[at : at + 2]) for at in (0, 2))
    assert first == second


@pytest.mark.parametrize(
    ("notifications", "kind"),
    [(Notifications(), Kind.ASSIGNED), (BOTH, Kind.MOVED), (BOTH, Kind.OVERDUE)],
)
def test_what_is_told_in_the_app_alone_costs_nothing(
    notifications: Notifications, kind: Kind
) -> None:
    queues = Counting(Clock())
    queues.broken = True
    QueueOutbox(queues, lambda: notifications).put([replace(NOTICE, kind=kind)])
    assert (queues.writes, queues.texts(QUEUE)) == (0, [])


def test_a_storage_that_is_away_is_no_reason_to_forget_anybody() -> None:
    queues = MemoryQueues(Clock())
    queues.broken = True
    with pytest.raises(OSError, match="cannot be written"):
        QueueOutbox(queues, lambda: BOTH).put([NOTICE])


def test_without_an_outbox_nothing_happens() -> None:
    NO_OUTBOX.put([NOTICE])
    assert list(deliveries_of(NOTICE, Notifications())) == []


@pytest.mark.parametrize("sign", ["x", "\U0001f600", "\ud800", "\x00", '"'])
def test_long_and_odd_texts_are_cut_to_what_a_message_carries(sign: str) -> None:
    queues = MemoryQueues(Clock())
    long = replace(NOTICE, title=sign * 1_000, body=sign * 100_000)
    QueueOutbox(queues, lambda: BOTH).put([long])
    for text in queues.texts(QUEUE):
        assert checked_text(QUEUE, text) == text
    first = waiting(queues)[0]
    assert (len(first.title), len(first.body), first.body[-1]) == (400, 4_000, "…")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "it is no notice to be sent: Invalid JSON"),
        ("{}", "at 'notice': Field required"),
        ('{"notice": 2}', "at 'notice'"),
        (delivery_text(next(deliveries_of(NOTICE, BOTH))).replace("email", "pigeon"), "'channel'"),
        (delivery_text(next(deliveries_of(NOTICE, BOTH)))[:-1] + ',"x":1}', "at 'x'"),
    ],
)
def test_a_message_that_is_no_notice_is_refused_with_the_place(text: str, words: str) -> None:
    with pytest.raises(NotADelivery) as caught:
        read_delivery(text)
    assert words in str(caught.value)
    assert "They are yours" not in str(caught.value)
