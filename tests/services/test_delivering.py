"""Notices are sent outside the app: again where that may help, once where it would not."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from tests.services.fakes import Clock, MemoryQueues

from work_assignment.domain.carried_text import decoded
from work_assignment.domain.defining.notifications import Channel, Kind
from work_assignment.domain.errors import Refused, Unavailable
from work_assignment.domain.records import RecordKey, SellerId
from work_assignment.domain.runs.deliveries import Delivery
from work_assignment.domain.runs.recipients import Recipient
from work_assignment.services.delivering import Deliverer, NoTeams, Sender
from work_assignment.services.outbox import QUEUE, delivery_text, read_delivery

ADA = SellerId("11111111-1111-4111-8111-111111111111")
LEAD = RecordKey("lead", "22222222-2222-4222-8222-222222222222")
MAIL = Delivery(
    "33333333-3333-4333-8333-333333333333",
    *(Channel.EMAIL, Kind.ASSIGNED, ADA, "New lead: Tents", "It was assigned to you."),
    records=(LEAD,),
    count=1,
    opens="Open the record",
)
POISON = f"{QUEUE}-poison"


@dataclass
class Post:
    """A way of telling people that does what a test says, and keeps what was sent."""

    error: Exception | None = None
    sent: list[tuple[str, SellerId]] = field(default_factory=list)

    def send(self, delivery: Delivery, to: Recipient) -> None:
        if self.error is not None:
            raise self.error
        self.sent.append((delivery.id, to.id))


@dataclass
class Known:
    """Recipients; `away` says that nobody can be read."""

    people: dict[SellerId, Recipient]
    away: bool = False

    def of(self, ids: Collection[SellerId]) -> Mapping[SellerId, Recipient]:
        if self.away:
            raise Unavailable("Dataverse is away", timedelta(minutes=3))
        return {who: self.people[who] for who in ids if who in self.people}


@dataclass
class Office:
    """A deliverer with everything around it."""

    clock: Clock = field(default_factory=Clock)
    mail: Post = field(default_factory=Post)
    known: Known = field(default_factory=lambda: Known({ADA: Recipient(ADA, email="a@b.example")}))

    def __post_init__(self) -> None:
        self.queues = MemoryQueues(self.clock)
        senders: dict[Channel, Sender] = {
            Channel.EMAIL: self.mail,
            Channel.TEAMS: NoTeams("nobody said where"),
        }
        self.deliverer = Deliverer(self.queues, self.known, senders, self.clock)

    def deliver(self, delivery: Delivery = MAIL) -> None:
        self.deliverer.deliver(delivery_text(delivery))

    def put_back(self) -> list[tuple[int, timedelta]]:
        """How often what was put back failed, and when it comes again."""
        tries = [read_delivery(decoded(text)).tries for text in self.queues.texts(QUEUE)]
        return list(zip(tries, [at - self.clock() for at in self.queues.due(QUEUE)], strict=True))


@pytest.fixture
def office() -> Office:
    return Office()


def test_a_notice_is_sent_to_whom_it_is_for(office: Office) -> None:
    office.deliver()
    assert office.mail.sent == [(MAIL.id, ADA)]
    assert office.queues.texts(QUEUE) == office.queues.texts(POISON) == []


def test_what_may_pass_is_sent_again_later_and_each_time_later(office: Office) -> None:
    office.mail.error = Unavailable("busy")
    for tries in range(4):
        office.deliver(replace(MAIL, tries=tries))
    minutes = [timedelta(minutes=count) for count in (1, 5, 15, 60)]
    assert office.put_back() == list(zip((1, 2, 3, 4), minutes, strict=True))
    assert office.queues.texts(POISON) == []


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        (timedelta(seconds=2), timedelta(minutes=1)),
        (timedelta(minutes=9), timedelta(minutes=9)),
        (timedelta(days=30), timedelta(days=1)),
    ],
)
def test_the_time_that_was_asked_for_is_kept(
    office: Office, asked: timedelta, kept: timedelta
) -> None:
    office.mail.error = Unavailable("busy", asked)
    office.deliver()
    assert office.put_back() == [(1, kept)]


def test_the_fifth_try_that_fails_is_the_last_and_can_be_tried_afresh(office: Office) -> None:
    office.mail.error = Unavailable("the server is gone for lunch")
    office.deliver(replace(MAIL, tries=4))
    (text,) = office.queues.texts(POISON)
    assert office.put_back() == []
    assert "gone for lunch" in text
    assert '"tries":5' in text
    again = read_delivery(decoded(text.split('"text":"')[1].removesuffix('"}')))
    assert again == MAIL


def test_dataverse_being_away_loses_nobodys_notice(office: Office) -> None:
    office.known.away = True
    office.deliver()
    assert office.put_back() == [(1, timedelta(minutes=3))]


def test_a_message_that_nobody_understands_is_put_aside_with_the_reason(office: Office) -> None:
    office.deliverer.deliver("what is this?")
    (text,) = office.queues.texts(POISON)
    assert "it is no notice to be sent" in text
    assert office.mail.sent == []


def test_what_is_refused_for_good_is_said_once_and_the_rest_goes_on(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    office.mail.error = Refused("there is no e-mail template 'Hello'")
    office.deliver()
    office.deliver(replace(MAIL, id="44444444-4444-4444-8444-444444444444"))
    office.mail.error = None
    office.deliver()

    said = [record.getMessage() for record in caplog.records]
    assert len([line for line in said if "no e-mail template 'Hello'" in line]) == 1
    assert office.mail.sent == [(MAIL.id, ADA)]
    assert office.queues.texts(QUEUE) == office.queues.texts(POISON) == []


def test_teams_without_an_address_is_said_once(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for _ in range(3):
        office.deliver(replace(MAIL, channel=Channel.TEAMS))
    assert caplog.text.count("Teams is wished in the settings, but nobody said where") == 1
    assert office.put_back() == []


@pytest.mark.parametrize(
    ("person", "words"),
    [(None, "there is no user"), (Recipient(ADA, is_disabled=True), "is disabled")],
)
def test_who_is_gone_or_disabled_is_not_told(
    office: Office, person: Recipient | None, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    office.known.people = {} if person is None else {ADA: person}
    office.deliver()
    assert words in caplog.text
    assert office.mail.sent == []
    assert office.put_back() == []


def test_who_has_opted_out_meanwhile_is_not_told(office: Office) -> None:
    office.known.people[ADA] = Recipient(ADA, email="a@b.example", muted=frozenset({Kind.MOVED}))
    office.deliver(replace(MAIL, kind=Kind.MOVED))
    assert office.mail.sent == []
    office.deliver()
    assert office.mail.sent == [(MAIL.id, ADA)]


def test_a_queue_that_cannot_be_written_leaves_the_message_where_it_was(office: Office) -> None:
    office.mail.error = Unavailable("busy")
    office.queues.broken = True
    with pytest.raises(OSError, match="cannot be written"):
        office.deliver()
    assert office.mail.sent == []


def test_logs_do_not_say_what_a_notice_says(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for error in (None, Refused("no"), Unavailable("later")):
        office.mail.error = error
        office.deliver()
    assert "email to user 11111111-1111-4111-8111-111111111111: assigned" in caplog.text
    assert "Tents" not in caplog.text


def test_while_the_app_is_off_everything_waits_as_it_is(office: Office) -> None:
    off = replace(office.deliverer, mode="off")
    for text in (delivery_text(MAIL), "what is this?"):
        off.deliver(text)
    assert [decoded(text) for text in office.queues.texts(QUEUE)] == [
        delivery_text(MAIL),
        "what is this?",
    ]
    assert office.queues.due(QUEUE) == [office.clock() + timedelta(minutes=5)] * 2
    assert office.mail.sent == []
