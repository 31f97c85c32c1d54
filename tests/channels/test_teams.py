"""Teams is told in cards; what it answers decides whether a notice is sent again."""

from __future__ import annotations

import json
import logging
import socket
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.channels.receiver import receiving

from work_assignment.channels import cards
from work_assignment.channels.teams import Teams
from work_assignment.domain.defining.notifications import Channel, Kind, Language
from work_assignment.domain.errors import Refused, Unavailable
from work_assignment.domain.records import RecordKey, SellerId
from work_assignment.domain.runs.deliveries import Delivery
from work_assignment.domain.runs.recipients import Recipient

ADA = Recipient(SellerId("11111111-1111-4111-8111-111111111111"), name="Ada Ångström")
LEAD = RecordKey("lead", "22222222-2222-4222-8222-222222222222")
URL = "https://contoso.crm.dynamics.com/"
NOTICE = Delivery(
    "33333333-3333-4333-8333-333333333333",
    Channel.TEAMS,
    Kind.ASSIGNED,
    ADA.id,
    "New lead: Tents",
    "It was assigned to you.",
    records=(LEAD,),
    count=1,
    opens="Open the record",
)
NOW = datetime(2026, 3, 4, 9, tzinfo=UTC)


def teams(url: str) -> Teams:
    return Teams(url, URL, timeout=(0.5, 0.5), clock=lambda: NOW)


def card_of(body: bytes) -> dict[str, Any]:
    message = json.loads(body)
    assert message["type"] == "message"
    (attachment,) = message["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card: dict[str, Any] = attachment["content"]
    return card


def texts(card: dict[str, Any]) -> list[str]:
    return [run["text"] for block in card["body"] for run in block["inlines"]]


@pytest.mark.parametrize("answer", [{"status": 202}, {"status": 200, "body": b"1"}])
def test_a_notice_arrives_as_a_card_that_opens_the_record(answer: dict[str, Any]) -> None:
    with receiving(**answer) as receiver:
        teams(receiver.url).send(NOTICE, ADA)

    assert receiver.types == ["application/json"]
    card = card_of(receiver.received[0])
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert texts(card) == ["New lead: Tents", "Ada Ångström", "It was assigned to you."]
    assert card["actions"] == [
        {
            "type": "Action.OpenUrl",
            "title": "Open the record",
            "url": "https://contoso.crm.dynamics.com/main.aspx?pagetype=entityrecord&etn=lead"
            f"&id={LEAD.id}",
        }
    ]


def test_a_card_of_many_records_opens_their_list_in_the_readers_language() -> None:
    several = Delivery(
        *(NOTICE.id, Channel.TEAMS, Kind.MOVED, ADA.id, "5 Leads", "Sie gehören nun anderen."),
        language=Language.GERMAN,
        records=(LEAD,),
        count=5,
        opens="Liste öffnen",
    )
    card = card_of(cards.message(several, "", several.page(URL)))
    assert texts(card) == ["5 Leads", "Sie gehören nun anderen."]
    assert card["lang"] == "de"
    (action,) = card["actions"]
    assert action["title"] == "Liste öffnen"
    assert action["url"].endswith("/main.aspx?pagetype=entitylist&etn=lead")


def test_what_a_record_is_called_is_shown_as_it_is() -> None:
    odd = Delivery(
        *(NOTICE.id, Channel.TEAMS, Kind.ASSIGNED, ADA.id),
        "[click](https://evil.example) **now**\n\x07",
        "<b>&amp;</b>",
    )
    card = card_of(cards.message(odd, "A_d_a", None))
    assert texts(card) == ["[click](https://evil.example) **now**", "A_d_a", "<b>&amp;</b>"]
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}
    assert "actions" not in card


@pytest.mark.parametrize("sign", ["x", "я", "\U0001f600", '"', "\ud800"])
def test_a_card_is_never_larger_than_teams_takes(sign: str) -> None:
    long = Delivery(NOTICE.id, Channel.TEAMS, Kind.ASSIGNED, ADA.id, "Title", sign * 40_000)
    body = cards.message(long, "Ada", None)
    assert cards.LARGEST * 0.7 < len(body) <= cards.LARGEST
    assert texts(card_of(body))[:2] == ["Title", "Ada"]


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_what_may_pass_is_to_be_sent_again(status: int) -> None:
    with (
        receiving(status=status, headers={"Retry-After": "7"}) as receiver,
        pytest.raises(Unavailable, match=rf"Teams at 127\.0\.0\.1 .*\({status}\)") as caught,
    ):
        teams(receiver.url).send(NOTICE, ADA)
    assert caught.value.retry_after == timedelta(seconds=7)
    assert len(receiver.received) == 1


@pytest.mark.parametrize(
    ("said", "wait"),
    [
        ("Wed, 04 Mar 2026 09:05:00 GMT", timedelta(minutes=5)),
        ("Wed, 04 Mar 2026 08:00:00 GMT", timedelta(0)),
        ("99999999999", timedelta(days=1)),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_read_in_each_of_its_forms(said: str, wait: timedelta | None) -> None:
    with (
        receiving(status=429, headers={"Retry-After": said}) as receiver,
        pytest.raises(Unavailable) as caught,
    ):
        teams(receiver.url).send(NOTICE, ADA)
    assert caught.value.retry_after == wait


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, "does not take the message"),
        (401, "does not accept the address"),
        (403, "does not accept the address"),
        (404, "no such address any more"),
        (410, "no such address any more"),
        (413, "does not take the message"),
    ],
)
def test_what_is_refused_for_good_says_what_to_do(status: int, words: str) -> None:
    with receiving(status=status) as receiver, pytest.raises(Refused, match=words):
        teams(receiver.url).send(NOTICE, ADA)
    assert len(receiver.received) == 1


@pytest.mark.parametrize(
    ("inside", "kind"), [(429, Unavailable), (502, Unavailable), (413, Refused)]
)
def test_an_incoming_webhook_says_200_for_what_teams_behind_it_refused(
    inside: int, kind: type[Exception]
) -> None:
    said = f"Microsoft Teams endpoint returned HTTP error {inside} with ContextId x".encode()
    with receiving(status=200, body=said) as receiver, pytest.raises(kind, match=str(inside)):
        teams(receiver.url).send(NOTICE, ADA)
    assert len(receiver.received) == 1


def test_nobody_is_followed_to_another_host() -> None:
    with receiving() as elsewhere, receiving(status=307) as receiver:
        receiver.headers["Location"] = elsewhere.url
        with pytest.raises(Refused, match="somewhere else"):
            teams(receiver.url).send(NOTICE, ADA)
        assert (len(receiver.received), elsewhere.received) == (1, [])


@pytest.mark.parametrize("fault", ["closes", "hangs"])
def test_a_receiver_that_says_nothing_may_do_so_another_time(fault: str) -> None:
    with receiving(**{fault: True}) as receiver, pytest.raises(Unavailable, match=r"127\.0\.0\.1"):
        teams(receiver.url).send(NOTICE, ADA)
    assert len(receiver.received) == 1


def test_an_answer_that_never_ends_is_not_waited_for() -> None:
    with receiving(drips=True) as receiver:
        teams(receiver.url).send(NOTICE, ADA)
    assert len(receiver.received) == 1


def test_a_receiver_that_is_not_there_may_be_another_time() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}/secret-of-ours"
        with pytest.raises(Unavailable, match="cannot be reached") as caught:
            teams(nobody).send(NOTICE, ADA)
    assert "secret-of-ours" not in str(caught.value)


@pytest.mark.parametrize(
    "answer", [{}, {"status": 500}, {"status": 404}, {"closes": True}, {"hangs": True}]
)
def test_the_address_is_a_secret_in_logs_errors_and_what_caused_them(
    answer: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with receiving(**answer) as receiver:
        sender = teams(receiver.url)
        try:
            sender.send(NOTICE, ADA)
        except (Unavailable, Refused):
            logging.getLogger(__name__).exception("it failed")
    assert receiver.paths[0].endswith("also-secret")
    told = caplog.text + repr(sender)
    assert "secret-of-ours" not in told
    assert "also-secret" not in told
