"""Events taken from the queue, merged by record, and done with once only."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from tests.services.fakes import NOW, Clock, MemoryQueues

from work_assignment.domain.records import RecordKey
from work_assignment.services.events import Event
from work_assignment.services.inbox import HIDDEN_FOR, POISON, TRIES, Inbox
from work_assignment.services.intake import QUEUE

ID = "00000000-0000-4000-8000-00000000000{}"


class Post:
    """A queue with an inbox in front of it."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.queues = MemoryQueues(self.clock)
        self.inbox = Inbox(self.queues, "app")

    def send(
        self,
        number: int = 1,
        message: str = "Update",
        *,
        columns: frozenset[str] | None = frozenset({"subject"}),
        user: str = "boss",
        at: datetime = NOW,
    ) -> RecordKey:
        event = Event(
            table="lead",
            record_id=ID.format(number),
            message=message,
            occurred_at=at,
            user_id=user,
            depth=1,
            columns=columns,
        )
        self.queues.put(QUEUE, event.to_text())
        return RecordKey("lead", event.record_id)


@pytest.fixture
def post() -> Post:
    return Post()


def test_events_of_one_record_are_one_thing_to_do(post: Post) -> None:
    later = NOW + timedelta(seconds=3)
    key = post.send(message="Create")
    post.send(at=later)
    post.send(at=NOW + timedelta(seconds=1), columns=frozenset({"ownerid"}))
    other = post.send(2)

    post.inbox.take(10)

    first, second = post.inbox.pending()
    assert (first.key, first.is_new, first.newest_at) == (key, True, later)
    assert first.by_hand_at == NOW + timedelta(seconds=1)
    assert (second.key, second.is_new, second.by_hand_at) == (other, False, None)


@pytest.mark.parametrize(
    ("user", "columns", "by_hand"),
    [
        ("boss", frozenset({"ownerid"}), True),
        ("boss", frozenset({"subject"}), False),
        ("app", frozenset({"ownerid"}), False),
    ],
)
def test_only_somebody_else_changes_the_owner_by_hand(
    post: Post, user: str, columns: frozenset[str], by_hand: bool
) -> None:
    post.send(user=user, columns=columns)

    post.inbox.take(10)

    assert (post.inbox.pending()[0].by_hand_at is not None) is by_hand


def test_no_more_records_are_taken_than_asked_for(post: Post) -> None:
    for number in range(1, 10):
        post.send(number)

    post.inbox.take(4)
    assert len(post.inbox.pending()) == 4
    post.inbox.take(4)
    assert len(post.inbox.pending()) == 4


def test_more_events_than_one_request_hands_out_are_taken(post: Post) -> None:
    for _ in range(100):
        post.send()

    post.inbox.take(200)

    assert len(post.inbox.pending()) == 1
    post.inbox.finish([post.inbox.pending()[0].key])
    assert post.queues.texts(QUEUE) == []


def test_an_event_leaves_the_queue_only_when_it_is_done_with(post: Post) -> None:
    key, other = post.send(), post.send(2)
    post.inbox.take(10)
    assert len(post.queues.texts(QUEUE)) == 2

    post.inbox.finish([key])

    assert len(post.queues.texts(QUEUE)) == 1
    assert [entry.key for entry in post.inbox.pending()] == [other]


def test_what_was_taken_by_a_worker_that_died_comes_again(post: Post) -> None:
    post.send()
    post.inbox.take(10)

    post.clock.advance(HIDDEN_FOR)
    again = Inbox(post.queues, "app")
    again.take(10)

    assert len(again.pending()) == 1


def test_an_event_tried_five_times_goes_to_the_poison_queue(post: Post) -> None:
    post.send()
    for _ in range(TRIES):
        inbox = Inbox(post.queues, "app")
        inbox.take(10)
        assert len(inbox.pending()) == 1
        post.clock.advance(HIDDEN_FOR)

    post.inbox.take(10)

    assert post.inbox.pending() == []
    assert post.queues.texts(QUEUE) == []
    assert len(post.queues.texts(POISON)) == 1


def test_what_is_no_event_goes_there_at_once_and_stops_nothing(post: Post) -> None:
    post.queues.put(QUEUE, "not an event")
    key = post.send()

    post.inbox.take(10)

    assert [entry.key for entry in post.inbox.pending()] == [key]
    assert post.queues.texts(POISON) == ["not an event"]
    assert len(post.queues.texts(QUEUE)) == 1


def test_what_is_put_back_has_fresh_patience_and_comes_after_a_while(post: Post) -> None:
    post.send()
    post.send()
    post.inbox.take(10)

    assert post.inbox.put_back(timedelta(seconds=2)) == 2

    assert post.inbox.pending() == []
    post.inbox.take(10)
    assert post.inbox.pending() == []
    post.clock.advance(timedelta(seconds=2))
    (message, _) = post.queues.receive(QUEUE, limit=10, hidden_for=HIDDEN_FOR)
    assert message.dequeue_count == 1


def test_nothing_is_put_back_twice(post: Post) -> None:
    post.send()
    post.inbox.take(10)
    post.inbox.finish([entry.key for entry in post.inbox.pending()])

    assert post.inbox.put_back(timedelta(0)) == 0


def test_an_event_that_came_again_while_it_was_held_too_long_is_no_failure(post: Post) -> None:
    key = post.send()
    post.inbox.take(10)
    post.clock.advance(HIDDEN_FOR)
    post.inbox.take(10)

    post.inbox.finish([key])

    assert post.queues.texts(QUEUE) == []


def test_an_event_that_somebody_else_has_by_now_is_left_to_him(post: Post) -> None:
    key = post.send()
    post.inbox.take(10)
    post.clock.advance(HIDDEN_FOR)
    Inbox(post.queues, "app").take(10)

    post.inbox.finish([key])

    assert len(post.queues.texts(QUEUE)) == 1
