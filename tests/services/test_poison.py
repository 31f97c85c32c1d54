"""What was given up is listed with its reason, and sent again without being lost on the way."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from tests.services.fakes import NOW, Clock

from work_assignment.azure_storage.messages import Message
from work_assignment.azure_storage.sqlite_queues import SqliteQueues
from work_assignment.domain.records import RecordKey
from work_assignment.services.bell import Bell
from work_assignment.services.events import Event
from work_assignment.services.inbox import TRIES, Inbox
from work_assignment.services.poison import Poison, UnknownPoison, envelope, poison_data

LEAD = "00000000-0000-4000-8000-000000000001"
EVENT = Event(
    table="lead", record_id=LEAD, message="Create", occurred_at=NOW, user_id="web", depth=1
).to_text()


class Box:
    """Real queues, and poison in them."""

    def __init__(self, file: Path) -> None:
        self.clock = Clock()
        self.queues = SqliteQueues(file, clock=self.clock)
        self.poison: Poison[Message] = Poison(self.queues, Bell(self.queues))

    def give_up(self, text: str = EVENT, why: str = "it crashed", queue: str = "wa-events") -> None:
        self.clock.advance(timedelta(seconds=1))
        wrapped = envelope(text, why=why, at=self.clock(), tries=TRIES)
        self.queues.put(f"{queue}-poison", wrapped)

    def moved_by_the_host(self, text: str, queue: str) -> None:
        self.queues.put(f"{queue}-poison", text)

    def texts(self, queue: str) -> list[str]:
        return [message.text for message in self.queues.peek(queue, 1000)]


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    box = Box(tmp_path / "queues.sqlite")
    with closing(box.queues):
        yield box


def test_a_list_says_when_which_record_what_why_and_how_often(box: Box) -> None:
    box.give_up(why="KeyError: 'color'")

    (entry,) = box.poison.contents()

    assert entry.given_up_at == NOW + timedelta(seconds=1)
    assert entry.record == RecordKey("lead", LEAD)
    assert entry.says == "Create of 2026-03-04 09:00:00 UTC"
    assert (entry.why, entry.tries) == ("KeyError: 'color'", TRIES)
    assert poison_data(entry) == {
        "id": entry.id,
        "queue": "wa-events-poison",
        "given_up_at": "2026-03-04T09:00:01+00:00",
        "record": {"table": "lead", "id": LEAD},
        "message": "Create of 2026-03-04 09:00:00 UTC",
        "why": "KeyError: 'color'",
        "tries": 5,
    }


def test_listing_leaves_everything_there_however_much_it_is(box: Box) -> None:
    for number in range(100):
        box.give_up(why=str(number))

    assert [entry.why for entry in box.poison.contents()] == [str(number) for number in range(100)]
    assert len(box.poison.contents()) == 100


def test_what_the_functions_host_moved_is_listed_and_sent_again_as_it_was(box: Box) -> None:
    text = b64encode(b'{"sweep": "1"}').decode()
    box.moved_by_the_host(text, "wa-sweeps")

    (entry,) = box.poison.contents()
    assert (entry.says, entry.tries, entry.record) == ('{"sweep": "1"}', None, None)
    assert entry.why == "the functions host gave it up"
    assert entry.given_up_at == NOW

    box.poison.retry([entry.id])

    assert box.texts("wa-sweeps") == [text]
    assert box.texts("wa-sweeps-poison") == []


def test_an_event_of_old_without_a_reason_is_sent_again_too(box: Box) -> None:
    box.moved_by_the_host(EVENT, "wa-events")

    retried = box.poison.retry()

    assert [entry.record for entry in retried.sent] == [RecordKey("lead", LEAD)]
    assert box.texts("wa-events") == [EVENT]


def test_one_of_several_is_sent_again_with_fresh_patience_and_the_bell_rung(box: Box) -> None:
    box.give_up(why="one")
    box.give_up(why="two")
    first, second = box.poison.contents()

    retried = box.poison.retry([second.id])

    assert [entry.why for entry in retried.sent] == ["two"]
    assert [entry.id for entry in box.poison.contents()] == [first.id]
    assert len(box.texts("wa-bell")) == 1
    inbox = Inbox(box.queues, "app")
    inbox.take(10)
    assert inbox.keys() == [RecordKey("lead", LEAD)]
    assert inbox.given_up == []


def test_an_unknown_id_sends_nothing_at_all(box: Box) -> None:
    box.give_up()
    (entry,) = box.poison.contents()

    with pytest.raises(UnknownPoison, match="no poison has the id nobody"):
        box.poison.retry([entry.id, "nobody"])

    assert box.texts("wa-events") == box.texts("wa-bell") == []
    assert [left.id for left in box.poison.contents()] == [entry.id]


def test_a_bell_is_only_taken_away(box: Box) -> None:
    box.moved_by_the_host(b64encode(b"timer").decode(), "wa-bell")

    retried = box.poison.retry()

    assert [entry.says for entry in retried.removed] == ["timer"]
    assert retried.sent == ()
    assert box.texts("wa-bell") == box.texts("wa-bell-poison") == []


def test_what_breaks_between_sending_and_deleting_loses_nothing(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cannot_delete(queue: str, messages: object) -> None:
        raise OSError("the storage is away")

    box.give_up()
    with monkeypatch.context() as patched:
        patched.setattr(box.queues, "delete_many", cannot_delete)
        with pytest.raises(OSError, match="away"):
            box.poison.retry()

    assert box.texts("wa-events") == [EVENT]
    box.clock.advance(timedelta(minutes=5))
    assert len(box.poison.contents()) == 1


def test_what_cannot_be_sent_stays_poison(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    def cannot_put(queue: str, text: str, **_: object) -> None:
        raise OSError("the storage is away")

    box.give_up()
    with monkeypatch.context() as patched:
        patched.setattr(box.queues, "put", cannot_put)
        with pytest.raises(OSError, match="away"):
            box.poison.retry()

    box.clock.advance(timedelta(minutes=5))
    assert len(box.poison.contents()) == 1
    assert box.texts("wa-events") == []


def test_a_reason_no_queue_could_carry_is_made_one(box: Box) -> None:
    box.give_up(why="KeyError: '\ud800\x00\ufffe é'")

    (entry,) = box.poison.contents()
    assert entry.why == "KeyError: '??? é'"
