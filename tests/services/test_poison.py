"""What was given up is listed with its reason, and sent again without being lost on the way."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from tests.services.fakes import NOW, Clock

from work_assignment.azure_storage.errors import StorageUnavailable
from work_assignment.azure_storage.messages import Message
from work_assignment.azure_storage.sqlite_queues import SqliteQueues
from work_assignment.domain.records import RecordKey
from work_assignment.services.bell import Bell
from work_assignment.services.events import Event
from work_assignment.services.inbox import TRIES, Inbox
from work_assignment.services.poison import (
    BrokenOff,
    GivenUpMessage,
    Poison,
    UnknownPoison,
    envelope,
    poison_data,
)

LEAD = "00000000-0000-4000-8000-000000000001"
EVENT = Event(
    table="lead", record_id=LEAD, message="Create", occurred_at=NOW, user_id="web", depth=1
).to_text()


class Box:
    """Real queues, and poison in them."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.clock = Clock()
        self.queues = SqliteQueues(file, clock=self.clock)
        self.poison: Poison[Message] = Poison(self.queues, Bell(self.queues))

    def give_up(self, text: str = EVENT, why: str = "it crashed", queue: str = "wa-events") -> None:
        self.clock.advance(timedelta(seconds=1))
        wrapped = envelope(text, why=why, at=self.clock(), tries=TRIES)
        self.queues.put(f"{queue}-poison", wrapped)

    def moved_by_the_host(self, text: str, queue: str) -> None:
        self.queues.put(f"{queue}-poison", text)

    def listed(self) -> tuple[GivenUpMessage, ...]:
        return self.poison.contents().entries

    def texts(self, queue: str) -> list[str]:
        return [message.text for message in self.queues.peek(queue, 1000)]


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    box = Box(tmp_path / "queues.sqlite")
    with closing(box.queues):
        yield box


def test_a_list_says_when_which_record_what_why_and_how_often(box: Box) -> None:
    box.give_up(why="KeyError: 'color'")

    (entry,) = box.listed()

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

    assert [entry.why for entry in box.listed()] == [str(number) for number in range(100)]
    assert len(box.listed()) == 100


def test_what_the_functions_host_moved_is_listed_and_sent_again_as_it_was(box: Box) -> None:
    text = b64encode(b'{"sweep": "1"}').decode()
    box.moved_by_the_host(text, "wa-sweeps")

    (entry,) = box.listed()
    assert (entry.says, entry.tries, entry.record) == ('{"sweep": "1"}', None, None)
    assert entry.why == "the functions host gave it up"
    assert entry.given_up_at == NOW

    box.poison.retry([entry.id])

    assert box.texts("wa-sweeps") == [text]
    assert box.texts("wa-sweeps-poison") == []


def test_what_the_host_cannot_even_read_says_so(box: Box) -> None:
    box.moved_by_the_host("no-uuid", "wa-sweeps")

    (entry,) = box.listed()

    assert entry.says == "no-uuid"
    assert entry.why.startswith("the functions host gave it up: it is no base64 of a text")


def test_an_event_that_lies_there_as_base64_is_shown_as_the_event_that_it_is(box: Box) -> None:
    text = b64encode(EVENT.encode()).decode()
    box.give_up(text)

    (entry,) = box.listed()
    assert entry.record == RecordKey("lead", LEAD)
    assert entry.says == "Create of 2026-03-04 09:00:00 UTC"

    box.poison.retry([entry.id])

    inbox = Inbox(box.queues, "app")
    inbox.take(10)
    assert inbox.keys() == [RecordKey("lead", LEAD)]


def test_an_event_of_old_without_a_reason_is_sent_again_too(box: Box) -> None:
    box.moved_by_the_host(EVENT, "wa-events")

    retried = box.poison.retry()

    assert [entry.record for entry in retried.sent] == [RecordKey("lead", LEAD)]
    assert box.texts("wa-events") == [EVENT]


def test_one_of_several_is_sent_again_with_fresh_patience_and_the_bell_rung(box: Box) -> None:
    box.give_up(why="one")
    box.give_up(why="two")
    first, second = box.listed()

    retried = box.poison.retry([second.id])

    assert [entry.why for entry in retried.sent] == ["two"]
    assert [entry.id for entry in box.listed()] == [first.id]
    assert len(box.texts("wa-bell")) == 1
    inbox = Inbox(box.queues, "app")
    inbox.take(10)
    assert inbox.keys() == [RecordKey("lead", LEAD)]
    assert inbox.given_up == []


def test_an_unknown_id_sends_nothing_at_all(box: Box) -> None:
    box.give_up()
    (entry,) = box.listed()

    with pytest.raises(UnknownPoison, match="no poison has the id nobody"):
        box.poison.retry([entry.id, "nobody"])

    assert box.texts("wa-events") == box.texts("wa-bell") == []
    assert [left.id for left in box.listed()] == [entry.id]


def test_a_bell_is_only_taken_away(box: Box) -> None:
    box.moved_by_the_host(b64encode(b"timer").decode(), "wa-bell")

    retried = box.poison.retry()

    assert [entry.says for entry in retried.removed] == ["timer"]
    assert retried.sent == []
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
    assert len(box.listed()) == 1


def test_what_cannot_be_sent_stays_poison(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    def cannot_put(queue: str, texts: object, **_: object) -> None:
        raise OSError("the storage is away")

    box.give_up()
    with monkeypatch.context() as patched:
        patched.setattr(box.queues, "put_many", cannot_put)
        with pytest.raises(OSError, match="away"):
            box.poison.retry()

    box.clock.advance(timedelta(minutes=5))
    assert len(box.listed()) == 1
    assert box.texts("wa-events") == []


def test_a_reason_no_queue_could_carry_is_made_one(box: Box) -> None:
    box.give_up(why="KeyError: '\ud800\x00\ufffe é'")

    (entry,) = box.listed()
    assert entry.why == "KeyError: '??? é'"


class Watched(SqliteQueues):
    """Queues that count requests, take a while for each, and let somebody else in between."""

    def __init__(self, file: Path, clock: Clock) -> None:
        super().__init__(file, clock=clock)
        self.passes = clock.advance
        self.asked: list[str] = []
        self.meanwhile: dict[str, Callable[[], object]] = {}

    def _ask(self, name: str) -> None:
        self.asked.append(name)
        self.passes(timedelta(seconds=0.1))
        self.meanwhile.pop(name, lambda: None)()

    def receive(self, queue: str, *, limit: int, hidden_for: timedelta) -> list[Message]:
        self._ask("receive")
        return super().receive(queue, limit=limit, hidden_for=hidden_for)

    def renew_many(
        self, queue: str, messages: Sequence[Message], hidden_for: timedelta
    ) -> list[Message]:
        self._ask("renew")
        return super().renew_many(queue, messages, hidden_for)

    def delete_many(self, queue: str, messages: Sequence[Message]) -> None:
        self._ask("delete")
        super().delete_many(queue, messages)


MINUTES = timedelta(minutes=5)


class Crowd(Box):
    """A box with very much poison, and other people at work in it."""

    def __init__(self, file: Path, count: int) -> None:
        super().__init__(file)
        self.queues: Watched = Watched(file, self.clock)
        self.poison = Poison(self.queues, Bell(self.queues))
        self.queues.put_many("wa-events-poison", [EVENT] * count)

    def somebody_else_takes(self, limit: int = 1000) -> list[Message]:
        with closing(SqliteQueues(self.file, clock=self.clock)) as others:
            return others.receive("wa-events-poison", limit=limit, hidden_for=MINUTES)

    def in_minutes_somebody_else_takes(self, limit: int = 1000) -> None:
        self.clock.advance(MINUTES)
        self.somebody_else_takes(limit)

    def breaks(self) -> None:
        raise StorageUnavailable("queues.sqlite", "disk full")


@pytest.fixture
def crowd(tmp_path: Path) -> Iterator[Callable[[int], Crowd]]:
    made: list[Crowd] = []

    def make(count: int) -> Crowd:
        made.append(Crowd(tmp_path / "queues.sqlite", count))
        return made[-1]

    yield make
    for one in made:
        one.queues.close()


def test_of_very_much_some_is_listed_and_all_is_counted(crowd: Callable[[int], Crowd]) -> None:
    box = crowd(5000)

    contents = box.poison.contents(50)

    assert (len(contents.entries), contents.in_all) == (50, 5000)
    assert len(box.queues.asked) < 10
    assert len(box.somebody_else_takes(5000)) == 5000


def test_who_looks_meanwhile_at_the_same_keeps_nobody_from_seeing_it(
    crowd: Callable[[int], Crowd],
) -> None:
    box = crowd(5)
    box.queues.meanwhile["renew"] = box.in_minutes_somebody_else_takes

    assert len(box.poison.contents().entries) == 5

    contents = box.poison.contents()
    assert (contents.entries, contents.in_all) == ((), 5)


def test_a_storage_that_goes_away_after_the_reading_keeps_nobody_from_seeing_it(
    crowd: Callable[[int], Crowd],
) -> None:
    box = crowd(5)
    box.queues.meanwhile["renew"] = box.breaks

    assert len(box.poison.contents().entries) == 5

    box.clock.advance(timedelta(minutes=1))
    assert len(box.poison.contents().entries) == 5


def test_very_much_is_sent_again_in_portions(crowd: Callable[[int], Crowd]) -> None:
    box = crowd(1000)

    retried = box.poison.retry()

    assert (len(retried.sent), retried.left) == (1000, 0)
    assert box.queues.length("wa-events").visible == 1000
    assert len(box.queues.asked) < 2 * 1000 / 32 + 10


def test_what_is_given_up_anew_meanwhile_is_not_sent_round_and_round(
    crowd: Callable[[int], Crowd],
) -> None:
    box = crowd(100)

    def given_up_anew() -> None:
        box.queues.put_many("wa-events-poison", [EVENT] * 32)
        box.queues.meanwhile["delete"] = given_up_anew

    given_up_anew()
    retried = box.poison.retry()

    assert len(retried.sent) == 132
    assert retried.left > 0


def test_a_few_of_very_many_are_found_and_all_others_left_as_they_are(
    crowd: Callable[[int], Crowd],
) -> None:
    box = crowd(2000)
    last = box.queues.peek("wa-events-poison", 2000)[-1].id

    retried = box.poison.retry([last])

    assert [entry.id for entry in retried.sent] == [last]
    assert len(box.somebody_else_takes(2000)) == 1999


def test_an_unknown_id_among_very_many_is_looked_for_once_only(
    crowd: Callable[[int], Crowd],
) -> None:
    box = crowd(2000)

    with pytest.raises(UnknownPoison):
        box.poison.retry(["nobody"])

    assert len(box.somebody_else_takes(2000)) == 2000
    assert box.queues.asked.count("receive") < 2000 / 32 + 20


def test_what_somebody_else_took_before_it_was_sent_is_left_to_him_and_said(
    crowd: Callable[[int], Crowd],
) -> None:
    box = crowd(5)
    ids = [message.id for message in box.queues.peek("wa-events-poison", 5)]
    box.queues.meanwhile["renew"] = lambda: box.in_minutes_somebody_else_takes(2)

    retried = box.poison.retry(ids)

    assert len(retried.sent) == 3
    assert sorted(entry.id for entry in [*retried.sent, *retried.elsewhere]) == sorted(ids)
    assert len(box.texts("wa-events")) == 3
    assert len(box.texts("wa-bell")) == 1


def test_what_somebody_else_took_after_it_was_sent_is_sent_all_the_same(
    crowd: Callable[[int], Crowd], caplog: pytest.LogCaptureFixture
) -> None:
    box = crowd(32)
    box.queues.meanwhile["delete"] = lambda: box.in_minutes_somebody_else_takes(10)

    retried = box.poison.retry()

    assert (len(retried.sent), retried.left) == (32, 10)
    assert len(box.texts("wa-bell")) == 1
    assert "and 7 more" in caplog.text


def test_a_storage_that_goes_away_says_how_much_was_sent_and_wakes_a_worker_for_it(
    crowd: Callable[[int], Crowd],
) -> None:
    box = crowd(100)
    box.queues.meanwhile["delete"] = lambda: box.queues.meanwhile.update(receive=box.breaks)

    with pytest.raises(BrokenOff, match=r"disk full; 32 sent again before that"):
        box.poison.retry()

    assert len(box.texts("wa-events")) == 32
    assert len(box.texts("wa-bell")) == 1


def test_what_is_dropped_is_gone_and_all_else_stays(box: Box) -> None:
    box.give_up("junk", why="one")
    box.give_up(why="two")
    first, second = box.listed()

    dropped = box.poison.drop([first.id])

    assert [entry.why for entry in dropped.removed] == ["one"]
    assert [entry.id for entry in box.listed()] == [second.id]
    assert box.texts("wa-events") == box.texts("wa-bell") == []


def test_everything_is_dropped_from_every_queue(box: Box) -> None:
    for queue in ("wa-events", "wa-bell", "wa-sweeps", "wa-notices"):
        box.give_up("junk", queue=queue)

    dropped = box.poison.drop()

    assert (len(dropped.removed), dropped.sent, dropped.left) == (4, [], 0)
    assert box.listed() == ()
    assert box.texts("wa-events") == box.texts("wa-sweeps") == []


def test_an_unknown_id_drops_nothing_at_all(box: Box) -> None:
    box.give_up()
    (entry,) = box.listed()

    with pytest.raises(UnknownPoison, match="no poison has the id nobody"):
        box.poison.drop([entry.id, "nobody"])

    assert [left.id for left in box.listed()] == [entry.id]


def test_what_somebody_else_is_sending_is_not_dropped_under_his_hands(
    crowd: Callable[[int], Crowd],
) -> None:
    box = crowd(5)
    ids = [message.id for message in box.queues.peek("wa-events-poison", 5)]
    box.queues.meanwhile["renew"] = lambda: box.in_minutes_somebody_else_takes(2)

    dropped = box.poison.drop(ids)

    assert (len(dropped.removed), len(dropped.elsewhere)) == (3, 2)
    assert len(box.texts("wa-events-poison")) + box.queues.length("wa-events-poison").hidden == 2


def test_what_somebody_else_has_in_hand_is_left_when_all_is_dropped(
    crowd: Callable[[int], Crowd],
) -> None:
    box = crowd(5)
    box.somebody_else_takes(2)

    dropped = box.poison.drop()

    assert (len(dropped.removed), dropped.left) == (3, 2)


def test_a_storage_that_goes_away_says_how_much_was_dropped(
    crowd: Callable[[int], Crowd],
) -> None:
    box = crowd(100)
    box.queues.meanwhile["delete"] = lambda: box.queues.meanwhile.update(receive=box.breaks)

    with pytest.raises(BrokenOff, match=r"disk full; 32 dropped before that"):
        box.poison.drop()

    assert box.texts("wa-bell") == []
