"""Events taken from the queue, merged by record, and done with once only."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from tests.services.fakes import NOW, Clock, MemoryQueues, Message

from work_assignment.domain.records import Owner, RecordKey, SellerId
from work_assignment.domain.runs.facts import LastRun
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.services.events import Event
from work_assignment.services.inbox import HIDDEN_FOR, MOST_REQUESTS, POISON, TRIES, Inbox
from work_assignment.services.intake import QUEUE, TAG

ID = "00000000-0000-4000-8000-{:012}"


class Post:
    """A queue with an inbox in front of it."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.queues = MemoryQueues(self.clock)
        self.inbox = Inbox(self.queues, "app", self.clock.monotonic)

    def send(
        self,
        number: int = 1,
        message: str = "Update",
        *,
        columns: frozenset[str] | None = frozenset({"subject"}),
        user: str = "boss",
        at: datetime = NOW,
        tag: str | None = None,
        owner: Owner | None = None,
    ) -> RecordKey:
        event = Event(
            table="lead",
            record_id=ID.format(number),
            message=message,
            occurred_at=at,
            user_id=user,
            depth=1,
            tag=tag,
            columns=columns,
            owner=owner,
        )
        self.queues.put(QUEUE, event.to_text())
        return RecordKey("lead", event.record_id)

    def poison_what_was_given_up(self) -> None:
        self.inbox.poison(list(self.inbox.given_up), self.clock())

    def let_workers_die(self, times: int) -> None:
        """Workers take what there is, one after the other, and never come back."""
        for _ in range(times):
            Inbox(self.queues, "app").take(100)
            self.clock.advance(HIDDEN_FOR)


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
    post.poison_what_was_given_up()
    assert post.queues.texts(QUEUE) == []
    (text,) = post.queues.texts(POISON)
    assert json.loads(text)["tries"] == TRIES


def test_what_is_no_event_goes_there_at_once_and_stops_nothing(post: Post) -> None:
    post.queues.put(QUEUE, "not an event")
    key = post.send()

    post.inbox.take(10)

    assert [entry.key for entry in post.inbox.pending()] == [key]
    post.poison_what_was_given_up()
    (text,) = post.queues.texts(POISON)
    assert json.loads(text)["text"] == "not an event"
    assert json.loads(text)["why"].startswith("it is no event: ")
    assert len(post.queues.texts(QUEUE)) == 1


def test_an_event_that_a_tool_put_there_as_base64_is_an_event(post: Post) -> None:
    key = post.send()
    (text,) = post.queues.texts(QUEUE)
    post.queues.put(QUEUE, b64encode(text.encode()).decode())

    post.inbox.take(10)

    assert [entry.key for entry in post.inbox.pending()] == [key]
    assert post.inbox.given_up == []


def test_what_is_no_event_is_judged_by_what_stands_in_it(post: Post) -> None:
    post.queues.put(QUEUE, b64encode(b'{"table": "Lead"}').decode())

    post.inbox.take(10)

    (entry,) = post.inbox.given_up
    assert "table" in entry.why
    assert "Invalid JSON" not in entry.why


def test_what_is_given_up_stays_on_its_queue_until_it_is_put_aside(post: Post) -> None:
    post.queues.put(QUEUE, "not an event")

    post.inbox.take(10)

    assert [entry.message.text for entry in post.inbox.given_up] == ["not an event"]
    assert post.queues.texts(QUEUE) == ["not an event"]
    assert post.queues.texts(POISON) == []


def test_what_cannot_be_put_on_the_poison_queue_is_not_lost(post: Post) -> None:
    post.queues.put(QUEUE, "not an event")
    post.inbox.take(10)

    post.queues.broken = True
    post.poison_what_was_given_up()
    post.queues.broken = False

    assert post.queues.texts(QUEUE) == ["not an event"]
    post.clock.advance(HIDDEN_FOR)
    post.inbox.take(10)
    post.poison_what_was_given_up()
    assert post.queues.texts(QUEUE) == []
    assert len(post.queues.texts(POISON)) == 1


def test_an_event_too_long_for_its_reason_goes_there_as_it_is(post: Post) -> None:
    text = '"' * 40_000
    post.queues.put(QUEUE, text)

    post.inbox.take(10)
    post.poison_what_was_given_up()

    assert post.queues.texts(POISON) == [text]


def test_what_came_for_the_first_time_is_worked_on_together(post: Post) -> None:
    keys = [post.send(number) for number in range(1, 10)]

    post.inbox.take(20)

    assert post.inbox.portion(20) == keys
    assert not post.inbox.has_more


def test_what_came_again_is_worked_on_a_tenth_at_a_time(post: Post) -> None:
    keys = [post.send(number) for number in range(1, 10)]
    post.let_workers_die(1)

    post.inbox.take(40)

    assert [post.inbox.portion(40) for _ in range(3)] == [keys[:4], keys[4:8], keys[8:]]
    assert not post.inbox.has_more


@pytest.mark.parametrize(("deaths", "size", "most"), [(2, 400, 4), (2, 40, 1), (4, 400, 1)])
def test_after_more_deaths_a_few_are_worked_on_and_all_others_begin_anew(
    post: Post, deaths: int, size: int, most: int
) -> None:
    keys = [post.send(number) for number in range(1, 10)]
    post.let_workers_die(deaths)

    post.inbox.take(size)

    assert post.inbox.portion(size) == keys[:most] == post.inbox.keys()
    begun_anew = post.queues.receive(QUEUE, limit=32, hidden_for=HIDDEN_FOR)
    assert [message.dequeue_count for message in begun_anew] == [1] * (9 - most)
    assert len(post.queues.texts(QUEUE)) == 9


def test_what_never_failed_is_worked_on_before_what_did(post: Post) -> None:
    old = [post.send(number) for number in range(1, 4)]
    post.let_workers_die(1)
    new = [post.send(number) for number in range(4, 7)]

    post.inbox.take(20)

    assert post.inbox.portion(20) == new
    assert post.inbox.has_more
    assert [post.inbox.portion(20), post.inbox.portion(10)] == [old[:2], old[2:]]
    assert not post.inbox.has_more
    assert post.inbox.portion(20) == new, "those that are still not done with begin again"


def test_one_that_fails_alone_is_given_up_at_its_last_try(post: Post) -> None:
    key = post.send()
    post.let_workers_die(TRIES - 1)
    post.inbox.take(10)

    post.inbox.fail(key, "KeyError: 'color'")

    (entry,) = post.inbox.given_up
    assert (entry.why, entry.tries) == ("KeyError: 'color'", TRIES)
    assert post.inbox.pending() == []


def test_one_that_fails_alone_is_tried_again_before_that(post: Post) -> None:
    key = post.send()
    post.inbox.take(10)

    post.inbox.fail(key, "KeyError: 'color'")

    assert post.inbox.given_up == []
    assert post.inbox.put_back(timedelta(0)) == 0
    post.clock.advance(HIDDEN_FOR)
    post.inbox.take(10)
    assert post.inbox.keys() == [key]


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


class Counting(MemoryQueues):
    """Queues that count requests."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.asked: list[str] = []

    def receive(self, queue: str, *, limit: int, hidden_for: timedelta) -> list[Message]:
        self.asked.append("receive")
        return super().receive(queue, limit=limit, hidden_for=hidden_for)

    def delete_many(self, queue: str, messages: Sequence[Message]) -> None:
        self.asked.append("delete")
        super().delete_many(queue, messages)

    def put_many(
        self, queue: str, texts: Sequence[str], *, delay: timedelta = timedelta(0)
    ) -> None:
        self.asked.append("put")
        super().put_many(queue, texts, delay=delay)

    def renew_many(
        self, queue: str, messages: Sequence[Message], hidden_for: timedelta
    ) -> list[Message]:
        self.asked.append("renew")
        return super().renew_many(queue, messages, hidden_for)


class CountingPost(Post):
    queues: Counting

    def __init__(self) -> None:
        super().__init__()
        self.queues = Counting(self.clock)
        self.inbox = Inbox(self.queues, "app", self.clock.monotonic)


def test_a_queue_full_of_events_of_one_record_is_read_a_part_at_a_time() -> None:
    post = CountingPost()
    key = post.send()
    (text,) = post.queues.texts(QUEUE)
    for _ in range(3 * MOST_REQUESTS * 32):
        post.queues.put(QUEUE, text)

    taken = post.inbox.take(200)

    assert len(post.queues.asked) == MOST_REQUESTS
    assert taken == MOST_REQUESTS * 32
    assert len(post.inbox.pending()) == 1
    assert post.inbox.finish([key]) == taken
    assert post.inbox.take(200) == taken, "the rest comes next time"


def test_room_for_one_more_record_is_not_filled_with_one_request_for_each_event() -> None:
    post = CountingPost()
    for number in range(1, 200):
        post.send(1000 + number)
    for _ in range(500):
        post.send(1001)

    post.inbox.take(200)

    assert len(post.inbox.keys()) == 199
    assert len(post.queues.asked) < 12


def test_our_own_echoes_are_deleted_together() -> None:
    post = CountingPost()
    for number in range(1, 100):
        post.send(number, user="app", tag=TAG)

    post.inbox.take(200)

    assert post.inbox.keys() == []
    assert post.queues.texts(QUEUE) == []
    assert post.queues.asked.count("delete") == 1


def test_what_is_held_for_half_its_time_is_hidden_anew() -> None:
    post = CountingPost()
    key = post.send()
    post.inbox.take(10)
    post.inbox.keep()
    assert "renew" not in post.queues.asked

    post.clock.advance(HIDDEN_FOR / 2)
    post.inbox.keep()
    post.clock.advance(HIDDEN_FOR * 3 / 4)

    assert post.queues.receive(QUEUE, limit=10, hidden_for=HIDDEN_FOR) == []
    assert not post.inbox.is_suspect([key]), "it has not come again"
    post.inbox.finish([key])
    assert post.queues.texts(QUEUE) == []


def test_what_somebody_else_has_taken_is_left_to_him(post: Post) -> None:
    key, other = post.send(), post.send(2)
    post.inbox.take(1)
    post.clock.advance(HIDDEN_FOR)
    assert Inbox(post.queues, "app").take(1) == 1
    post.inbox.take(2)

    post.inbox.keep()

    assert not post.inbox.holds(key)
    assert post.inbox.keys() == [other]


def run(
    status: RoutingStatus,
    owner: str,
    *,
    before: str | None = None,
    written_at: datetime = NOW,
) -> LastRun:
    return LastRun(
        id="run",
        status=status,
        segment_id=None,
        rule_id=None,
        decided_at=written_at,
        attempts=1,
        seller_id=SellerId(owner),
        owner=Owner("systemuser", owner),
        written_at=written_at,
        previous_owner=Owner("systemuser", before) if before else None,
    )


ASSIGNED, UNDONE = RoutingStatus.ASSIGNED, RoutingStatus.UNDONE
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


@pytest.mark.parametrize(
    ("names", "at", "last", "is_echo"),
    [
        ("ana", NOW, run(ASSIGNED, "ana"), True),
        ("ana", NOW + SECOND, run(ASSIGNED, "ana"), True),
        ("web", NOW, run(UNDONE, "web", before="ana"), True),
        ("ana", NOW - HOUR, run(UNDONE, "web", before="ana"), True),
        (None, NOW, run(UNDONE, "web", before="ana"), True),
        ("bob", NOW - SECOND, run(ASSIGNED, "ana", before="bob"), False),
        ("bob", NOW, run(ASSIGNED, "ana"), False),
        ("ana", NOW + HOUR, run(ASSIGNED, "ana"), False),
        (None, NOW - HOUR, run(ASSIGNED, "ana"), False),
        ("ana", NOW, run(RoutingStatus.SERVER_ISSUE, "ana"), False),
        ("ana", NOW, None, False),
    ],
    ids=[
        "our assignment",
        "our assignment, a slow one",
        "our undoing",
        "the assignment that was undone since",
        "our undoing in a column of its own",
        "a choice before our assignment",
        "another choice",
        "a later choice",
        "long before, of whom nobody knows",
        "no outcome gave the record away",
        "no outcome at all",
    ],
)
def test_an_event_with_our_tag_and_a_foreign_user_is_an_echo_only_as_the_run_log_says(
    post: Post, names: str | None, at: datetime, last: LastRun | None, *, is_echo: bool
) -> None:
    owner = Owner("systemuser", names) if names else None
    key = post.send(columns=frozenset({"ownerid"}), user="admin", at=at, tag=TAG, owner=owner)
    post.inbox.take(10)
    assert post.inbox.keys() == [key], "nobody but the run log can say whose it is"

    post.inbox.drop_echoes({key: last} if last else {})

    assert post.inbox.holds(key) is not is_echo
    assert (post.queues.texts(QUEUE) == []) is is_echo


def test_an_echo_does_not_take_what_people_did_with_it(post: Post) -> None:
    ana = Owner("systemuser", "ana")
    key = post.send(columns=frozenset({"ownerid"}), user="admin", tag=TAG, owner=ana)
    post.send(columns=frozenset({"ownerid"}), user="boss", at=NOW + HOUR)
    post.inbox.take(10)

    post.inbox.drop_echoes({key: run(ASSIGNED, "ana")})

    (left,) = post.inbox.pending()
    assert left.by_hand_at == NOW + HOUR
    assert len(post.queues.texts(QUEUE)) == 1


def test_what_is_put_back_goes_in_one_call() -> None:
    post = CountingPost()
    for number in range(1, 40):
        post.send(number)
    post.inbox.take(100)

    assert post.inbox.put_back(timedelta(0)) == 39

    assert post.queues.asked.count("put") == post.queues.asked.count("delete") == 1
    assert len(post.queues.texts(QUEUE)) == 39
