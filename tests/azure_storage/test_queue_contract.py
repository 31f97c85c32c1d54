"""What every implementation of queues keeps to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.azure_storage.subjects import QUEUES, START, QueueSubject

from work_assignment.azure_storage.errors import (
    MessageLost,
    MessageNotText,
    MessageTooLarge,
    QueueNameInvalid,
)
from work_assignment.azure_storage.messages import Message, MessageQueues, QueueLength

MINUTE = timedelta(minutes=1)
Q = "wa-events"


@pytest.fixture(params=QUEUES, ids=lambda make: make.__name__)
def subject(request: pytest.FixtureRequest) -> Iterator[QueueSubject]:
    make: Callable[[pytest.FixtureRequest], QueueSubject] = request.param
    subject = make(request)
    yield subject
    subject.close()


@pytest.fixture
def queues(subject: QueueSubject) -> MessageQueues:
    return subject.queues


def take_one(queues: MessageQueues) -> Message:
    (message,) = queues.receive(Q, limit=1, hidden_for=MINUTE)
    return message


def texts(messages: list[Message]) -> list[str]:
    return [message.text for message in messages]


@pytest.mark.parametrize(
    "text", ['ü "x"\n\t<a b="c">&amp;]]></a> \N{PARTY POPPER}', "", " ", "  a  ", "\n"]
)
def test_a_message_comes_out_as_it_went_in(queues: MessageQueues, text: str) -> None:
    queues.put(Q, text)
    message = take_one(queues)
    assert message.text == text
    assert message.dequeue_count == 1
    assert message.inserted_at == START


@pytest.mark.parametrize("character", ["\0", "\x0b", "\r", "\x1b", "\ud800", "\uffff"])
def test_a_character_that_would_not_come_out_is_refused(
    queues: MessageQueues, character: str
) -> None:
    with pytest.raises(MessageNotText, match=rf"{Q} .*U\+{ord(character):04X}"):
        queues.put_many(Q, ["fine", f"a{character}b"])
    assert queues.length(Q) == QueueLength(visible=0, hidden=0)


def test_messages_come_out_in_the_order_they_went_in(queues: MessageQueues) -> None:
    for text in "abcd":
        queues.put(Q, text)
    assert texts(queues.receive(Q, limit=3, hidden_for=MINUTE)) == ["a", "b", "c"]
    assert texts(queues.receive(Q, limit=3, hidden_for=MINUTE)) == ["d"]


def test_an_empty_or_unknown_queue_gives_nothing(queues: MessageQueues) -> None:
    assert queues.receive(Q, limit=10, hidden_for=MINUTE) == []
    assert queues.peek(Q, 10) == []
    assert queues.oldest(Q) is None
    assert queues.length(Q) == QueueLength(visible=0, hidden=0)


def test_queues_are_apart(queues: MessageQueues) -> None:
    queues.put(Q, "event")
    queues.put("wa-bell", "ring")
    assert texts(queues.receive("wa-bell", limit=10, hidden_for=MINUTE)) == ["ring"]
    assert queues.length(Q) == QueueLength(visible=1, hidden=0)


def test_a_message_taken_is_hidden_until_its_time_is_over(subject: QueueSubject) -> None:
    subject.queues.put(Q, "x")
    first = take_one(subject.queues)
    subject.pass_time(MINUTE - subject.tick)
    assert subject.another.receive(Q, limit=1, hidden_for=MINUTE) == []
    subject.pass_time(subject.tick)
    second = take_one(subject.another)
    assert second.id == first.id
    assert second.dequeue_count == 2
    assert second.receipt != first.receipt
    assert second.inserted_at == first.inserted_at


def test_a_delayed_message_appears_when_its_delay_is_over(subject: QueueSubject) -> None:
    subject.queues.put(Q, "later", delay=MINUTE)
    assert subject.queues.length(Q) == QueueLength(visible=0, hidden=1)
    assert subject.queues.receive(Q, limit=1, hidden_for=MINUTE) == []
    subject.pass_time(MINUTE)
    assert take_one(subject.queues).dequeue_count == 1


def test_a_deleted_message_never_comes_back(subject: QueueSubject) -> None:
    subject.queues.put(Q, "x")
    subject.queues.delete(Q, take_one(subject.queues))
    subject.pass_time(MINUTE * 2)
    assert subject.queues.receive(Q, limit=1, hidden_for=MINUTE) == []
    assert subject.queues.length(Q) == QueueLength(visible=0, hidden=0)


def test_an_old_receipt_neither_deletes_nor_renews(subject: QueueSubject) -> None:
    subject.queues.put(Q, "x")
    old = take_one(subject.queues)
    subject.pass_time(MINUTE)
    current = take_one(subject.another)
    with pytest.raises(MessageLost, match=old.id):
        subject.queues.delete(Q, old)
    with pytest.raises(MessageLost, match=Q):
        subject.queues.renew(Q, old, MINUTE)
    subject.another.delete(Q, current)


def test_a_receipt_holds_until_somebody_else_takes_the_message(subject: QueueSubject) -> None:
    subject.queues.put(Q, "x")
    message = take_one(subject.queues)
    subject.pass_time(MINUTE * 3)
    subject.queues.delete(Q, message)
    assert subject.queues.length(Q) == QueueLength(visible=0, hidden=0)


def test_deleting_twice_says_that_the_message_is_gone(queues: MessageQueues) -> None:
    queues.put(Q, "x")
    message = take_one(queues)
    queues.delete(Q, message)
    with pytest.raises(MessageLost):
        queues.delete(Q, message)


def test_renewing_hides_for_longer_under_a_new_receipt(subject: QueueSubject) -> None:
    subject.queues.put(Q, "x")
    taken = take_one(subject.queues)
    subject.pass_time(MINUTE / 2)
    renewed = subject.queues.renew(Q, taken, MINUTE)
    assert renewed == replace(taken, receipt=renewed.receipt)
    assert renewed.receipt != taken.receipt
    subject.pass_time(MINUTE * 3 / 4)
    assert subject.another.receive(Q, limit=1, hidden_for=MINUTE) == []
    with pytest.raises(MessageLost):
        subject.queues.delete(Q, taken)
    subject.queues.delete(Q, renewed)


def test_renewing_for_no_time_hands_a_message_back(queues: MessageQueues) -> None:
    queues.put(Q, "x")
    queues.renew(Q, take_one(queues), timedelta(0))
    assert take_one(queues).dequeue_count == 2


def test_many_are_put_at_once_and_appear_together(subject: QueueSubject) -> None:
    many = [str(number) for number in range(20)]
    subject.queues.put_many(Q, many, delay=MINUTE)
    assert subject.another.receive(Q, limit=20, hidden_for=MINUTE) == []
    subject.pass_time(MINUTE)
    found = subject.another.receive(Q, limit=20, hidden_for=MINUTE)
    assert sorted(texts(found), key=int) == many


def test_many_are_renewed_at_once_and_those_lost_are_left_out(subject: QueueSubject) -> None:
    subject.queues.put_many(Q, ["a", "b", "c"])
    messages = subject.queues.receive(Q, limit=3, hidden_for=MINUTE)
    subject.queues.delete(Q, messages[1])
    renewed = subject.queues.renew_many(Q, messages, MINUTE * 2)
    assert [message.id for message in renewed] == [messages[0].id, messages[2].id]
    subject.pass_time(MINUTE * 1.5)
    assert subject.another.receive(Q, limit=3, hidden_for=MINUTE) == []
    subject.queues.delete_many(Q, renewed)
    assert subject.queues.length(Q) == QueueLength(visible=0, hidden=0)


def test_what_is_lost_does_not_keep_the_others_from_being_deleted(queues: MessageQueues) -> None:
    queues.put_many(Q, ["a", "b", "c"])
    messages = queues.receive(Q, limit=3, hidden_for=MINUTE)
    queues.delete(Q, messages[1])
    with pytest.raises(MessageLost) as caught:
        queues.delete_many(Q, messages)
    assert caught.value.ids == (messages[1].id,)
    assert queues.length(Q) == QueueLength(visible=0, hidden=0)


def test_peeking_changes_nothing_and_gives_no_right(queues: MessageQueues) -> None:
    for text in "abc":
        queues.put(Q, text)
    take_one(queues)
    peeked = queues.peek(Q, 2)
    assert texts(peeked) == ["b", "c"]
    assert [message.dequeue_count for message in peeked] == [0, 0]
    with pytest.raises(MessageLost):
        queues.delete(Q, peeked[0])
    with pytest.raises(MessageLost):
        queues.renew(Q, peeked[0], MINUTE)
    assert queues.length(Q) == QueueLength(visible=2, hidden=1)


def test_the_oldest_message_is_told(subject: QueueSubject) -> None:
    subject.queues.put(Q, "old")
    subject.pass_time(MINUTE)
    subject.queues.put(Q, "new")
    assert subject.queues.oldest(Q) == START
    subject.queues.delete(Q, take_one(subject.queues))
    assert subject.queues.oldest(Q) == START + MINUTE


def test_the_oldest_message_counts_while_it_is_hidden_where_the_storage_tells(
    subject: QueueSubject,
) -> None:
    subject.queues.put(Q, "old")
    subject.pass_time(MINUTE)
    subject.queues.put(Q, "new")
    take_one(subject.queues)
    assert subject.queues.oldest(Q) == (START if subject.tells_hidden else START + MINUTE)


def test_more_than_one_request_hands_out_is_taken_at_once(queues: MessageQueues) -> None:
    many = {str(number) for number in range(40)}
    queues.put_many(Q, sorted(many))
    taken = queues.receive(Q, limit=36, hidden_for=MINUTE)
    assert len(many.intersection(texts(taken))) == 36
    assert queues.length(Q) == QueueLength(visible=4, hidden=36)
    queues.delete_many(Q, taken)
    assert queues.length(Q) == QueueLength(visible=4, hidden=0)


def test_a_fraction_of_a_second_delays_until_it_is_over(subject: QueueSubject) -> None:
    subject.queues.put(Q, "x", delay=timedelta(milliseconds=500))
    assert subject.queues.receive(Q, limit=1, hidden_for=MINUTE) == []
    subject.pass_time(timedelta(seconds=1))
    assert take_one(subject.queues).text == "x"


def test_messages_stay_for_longer_than_a_week(subject: QueueSubject) -> None:
    subject.queues.put(Q, "x")
    subject.pass_time(timedelta(days=30))
    assert take_one(subject.queues).text == "x"


def test_names_lists_every_queue_ever_used(queues: MessageQueues) -> None:
    queues.put("wa-events-poison", "x")
    queues.put(Q, "x")
    queues.delete(Q, take_one(queues))
    assert queues.names() == [Q, "wa-events-poison"]


def test_the_largest_message_fits_and_one_byte_more_is_refused(queues: MessageQueues) -> None:
    queues.put(Q, "ü" * 32_768)
    with pytest.raises(MessageTooLarge, match=r"65,537 bytes .* 65,536"):
        queues.put(Q, "ü" * 32_768 + "x")
    assert queues.length(Q) == QueueLength(visible=1, hidden=0)


def test_one_message_too_large_keeps_all_of_them_out(queues: MessageQueues) -> None:
    with pytest.raises(MessageTooLarge):
        queues.put_many(Q, ["fine", "x" * 65_537])
    assert queues.length(Q) == QueueLength(visible=0, hidden=0)


@pytest.mark.parametrize(
    "name", ["", "ab", "a" * 64, "Upper", "a--b", "-ab", "ab-", "a_b", "abc\n"]
)
def test_a_name_that_azure_would_not_take_is_refused(queues: MessageQueues, name: str) -> None:
    with pytest.raises(QueueNameInvalid):
        queues.put(name, "x")
    with pytest.raises(QueueNameInvalid):
        queues.receive(name, limit=1, hidden_for=MINUTE)


@pytest.mark.parametrize("name", ["abc", "a" * 63, "0-1-2", "wa-events-poison"])
def test_a_name_that_azure_takes_is_taken(queues: MessageQueues, name: str) -> None:
    queues.put(name, "x")
    assert queues.names() == [name]


@pytest.mark.parametrize("hidden_for", [timedelta(0), -MINUTE, timedelta(days=7, seconds=1)])
def test_hiding_for_an_impossible_time_is_refused(
    queues: MessageQueues, hidden_for: timedelta
) -> None:
    with pytest.raises(ValueError, match="hidden_for"):
        queues.receive(Q, limit=1, hidden_for=hidden_for)


def test_taking_fewer_than_one_message_is_refused(queues: MessageQueues) -> None:
    with pytest.raises(ValueError, match="limit"):
        queues.receive(Q, limit=0, hidden_for=MINUTE)


@pytest.mark.parametrize("delay", [-MINUTE, timedelta(days=8)])
def test_an_impossible_delay_is_refused(queues: MessageQueues, delay: timedelta) -> None:
    with pytest.raises(ValueError, match="delay"):
        queues.put(Q, "x", delay=delay)


def test_messages_outlive_whoever_put_them(subject: QueueSubject) -> None:
    subject.queues.put(Q, "x")
    subject.queues.close()
    assert take_one(subject.another).text == "x"
    assert subject.queues.length(Q) == QueueLength(visible=0, hidden=1)


def test_of_many_threads_each_takes_different_messages(subject: QueueSubject) -> None:
    subject.queues.put_many(Q, [str(number) for number in range(200)])

    def take(number: int) -> list[str]:
        queues = subject.queues if number % 2 else subject.another
        messages = queues.receive(Q, limit=5, hidden_for=MINUTE)
        queues.delete_many(Q, messages)
        return texts(messages)

    with ThreadPoolExecutor(8) as pool:
        taken = [text for some in pool.map(take, range(40)) for text in some]
    assert sorted(taken, key=int) == [str(number) for number in range(200)]
