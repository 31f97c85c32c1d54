"""Who is to be told: read once for some minutes, and told in English where nothing may be read."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from tests.dataverse.fake_organization import NOT_ALLOWED, Refusal, Time

from work_assignment.dataverse.auth import StaticToken
from work_assignment.dataverse.batches import Batch, PartResult
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.messages import Response, Row
from work_assignment.dataverse.recipient_store import KNOWN_FOR, RecipientStore, language_of
from work_assignment.dataverse.retry import RetryPolicy
from work_assignment.domain.defining.notifications import Kind, Language
from work_assignment.domain.errors import Unavailable
from work_assignment.domain.records import SellerId
from work_assignment.domain.runs.recipients import Recipient

ADA, BEA, NOBODY = (SellerId(f"00000000-0000-4000-8000-{number:012}") for number in (1, 2, 3))
AWAY: Refusal = (503, "0x0", "Come back.")


class Answering(DataverseClient):
    """Answers by entity set with these rows, or refuses; counts the requests."""

    def __init__(self, **rows: object) -> None:
        super().__init__("http://localhost:1", StaticToken(None))
        self.rows_of: dict[str, Any] = rows
        self.asked: list[list[str]] = []

    def send_batch(self, batch: Batch, *, retry: RetryPolicy | None = None) -> list[PartResult]:
        self.asked.append([request.path.partition("?")[0] for request in batch.requests])
        return [self._answer(table) for table in self.asked[-1]]

    def _answer(self, table: str) -> Response:
        found = self.rows_of.get(table, [])
        if isinstance(found, tuple):
            status, code, message = found
            body = {"error": {"code": code, "message": message}}
            return Response(status, {}, json.dumps(body).encode())
        return Response(200, {}, json.dumps({"value": list(found)}).encode())


def user(who: str, **columns: Any) -> Row:
    row = {"systemuserid": who, "fullname": "Ada Seller", "internalemailaddress": "ada@x.example"}
    return row | {"isdisabled": False, "applicationid": None} | columns


def muted(who: str, text: str) -> Row:
    return {"_owninguser_value": who, "wa_mutednotifications": text}


def test_what_is_known_of_somebody_comes_in_one_request_and_is_kept_for_some_minutes() -> None:
    client = Answering(
        systemusers=[user(ADA), user(BEA, isdisabled=True, fullname=None)],
        usersettingscollection=[{"systemuserid": ADA, "uilanguageid": 1031}],
        wa_worklistsettings=[muted(ADA, " Taken  BACK,,moved ")],
    )
    time = Time()
    store = RecipientStore(client, monotonic=time)
    ada = Recipient(
        ADA,
        "Ada Seller",
        "ada@x.example",
        Language.GERMAN,
        muted=frozenset({Kind.TAKEN_BACK, Kind.MOVED}),
    )
    bea = Recipient(BEA, "", "ada@x.example", is_disabled=True)
    assert store.of([BEA, ADA, NOBODY, ADA]) == {ADA: ada, BEA: bea}
    assert store.of([NOBODY, ADA]) == {ADA: ada}
    assert len(client.asked) == 1
    time.now += KNOWN_FOR + 1
    assert store.of([ADA]) == {ADA: ada}
    assert len(client.asked) == 2


def test_hundreds_are_read_in_one_request() -> None:
    many = [SellerId(f"00000000-0000-4000-8000-{number:012}") for number in range(250)]
    client = Answering(systemusers=[user(who) for who in many])
    assert set(RecipientStore(client).of(many)) == set(many)
    assert len(client.asked) == 1
    assert len(client.asked[0]) == 9


def test_an_id_that_is_none_is_of_nobody_and_asks_nothing() -> None:
    client = Answering()
    assert RecipientStore(client).of([SellerId("no id at all")]) == {}
    assert client.asked == []


@pytest.mark.parametrize("table", ["systemusers", "usersettingscollection", "wa_worklistsettings"])
def test_what_may_not_be_read_is_said_once_and_people_are_told_anyway(
    table: str, caplog: pytest.LogCaptureFixture
) -> None:
    client = Answering(**{"systemusers": [user(ADA)], table: NOT_ALLOWED})
    time = Time()
    store = RecipientStore(client, monotonic=time)
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            assert store.of([ADA])[ADA].language is Language.ENGLISH
            time.now += KNOWN_FOR + 1
    assert len(caplog.records) == 1


@pytest.mark.parametrize("table", ["systemusers", "usersettingscollection", "wa_worklistsettings"])
def test_while_dataverse_is_away_nobody_is_taken_for_gone(table: str) -> None:
    client = Answering(**{"systemusers": [user(ADA)], table: AWAY})
    store = RecipientStore(client)
    with pytest.raises(Unavailable):
        store.of([ADA])
    client.rows_of[table] = [user(ADA)] if table == "systemusers" else []
    assert ADA in store.of([ADA])


def test_kinds_that_do_not_exist_are_said_once_and_ignored(
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = Answering(
        systemusers=[user(ADA)], wa_worklistsettings=[muted(ADA, "overdue, {weather}\n, tides")]
    )
    time = Time()
    store = RecipientStore(client, monotonic=time)
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            assert store.of([ADA])[ADA].muted == {Kind.OVERDUE}
            time.now += KNOWN_FOR + 1
    (line,) = (record.getMessage() for record in caplog.records)
    assert "mute 2 kinds of notifications that do not exist, the first 'tides'" in line


@pytest.mark.parametrize(
    ("locale", "language"),
    [
        (1033, Language.ENGLISH),
        (2057, Language.ENGLISH),
        (1036, Language.FRENCH),
        (3084, Language.FRENCH),
        (1031, Language.GERMAN),
        (2055, Language.GERMAN),
        (3079, Language.GERMAN),
        (1026, Language.BULGARIAN),
        (1040, Language.ENGLISH),
        (0, Language.ENGLISH),
        (None, Language.ENGLISH),
        ("1031", Language.ENGLISH),
    ],
)
def test_a_language_is_meant_in_whatever_country(locale: object, language: Language) -> None:
    assert language_of(locale) is language
