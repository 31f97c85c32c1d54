"""The client against canned answers: what it sends, when it sends again, what it raises."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
import responses

from work_assignment.dataverse import messages
from work_assignment.dataverse.auth import StaticToken
from work_assignment.dataverse.batches import Batch, ChangeSet, ChangeSetResult, NotRun
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.errors import (
    BadRequest,
    ConnectionFailed,
    DataverseError,
    InvalidRequest,
    LockConflict,
    NotAuthenticated,
    OutcomeUnknown,
    RowNotFound,
    ServerUnavailable,
    Throttled,
    UnreadableAnswer,
    VersionMismatch,
)
from work_assignment.dataverse.fetch import Fetch, count_by
from work_assignment.dataverse.messages import Prefer, Request, Response
from work_assignment.dataverse.queries import Query

URL = "https://org.example"
ROOT = f"{URL}/api/data/v9.2/"
LEAD = "0a1b2c3d-0000-4000-8000-00000000000a"

read = messages.get(Query("leads"))
write = messages.update("leads", LEAD, {"subject": "private words"}, version='W/"1"')


class Clock:
    """Time that only passes when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Renewable:
    """Tokens named by a running number."""

    def __init__(self) -> None:
        self.number = 1

    def token(self) -> str:
        return f"token{self.number}"

    def renew(self, refused: str) -> str:
        assert refused == self.token()
        self.number += 1
        return self.token()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(clock: Clock) -> Iterator[DataverseClient]:
    with DataverseClient(
        URL, StaticToken("s3cr3t"), sleep=clock.sleep, clock=clock, jitter=lambda: 1.0
    ) as client:
        yield client


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


def sent(server: responses.RequestsMock, number: int = 0) -> requests.PreparedRequest:
    return server.calls[number].request


def text_of(body: object) -> str:
    return body.decode() if isinstance(body, bytes) else str(body)


def error_body(code: str, message: str = "m") -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}


# What is sent


def test_a_request_carries_the_headers_that_dataverse_wants(
    client: DataverseClient, server: responses.RequestsMock
) -> None:
    server.patch(f"{ROOT}leads({LEAD})", status=204)

    client.send(write)

    headers = sent(server).headers
    assert headers["Authorization"] == "Bearer s3cr3t"
    assert headers["OData-Version"] == headers["OData-MaxVersion"] == "4.0"
    assert headers["Accept"] == headers["Content-Type"] == "application/json"
    assert headers["If-Match"] == 'W/"1"'
    assert sent(server).body == b'{"subject":"private words"}'


def test_a_read_has_no_body_and_its_query_reaches_the_server_as_written(
    client: DataverseClient, server: responses.RequestsMock
) -> None:
    request = messages.fetch("leads", '<fetch><entity name="lead"/></fetch>')
    server.get(f"{ROOT}leads", json={"value": []})

    client.send(request)

    assert sent(server).url == ROOT + request.path
    assert sent(server).body is None
    assert "Content-Type" not in sent(server).headers


def test_without_a_token_no_authorization_is_sent(
    server: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    (tmp_path / "netrc").write_text("machine org.example login a password b\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    server.get(f"{ROOT}WhoAmI", json={})
    with DataverseClient(URL, StaticToken(None)) as client:
        client.send(messages.who_am_i())

    assert "Authorization" not in sent(server).headers


def test_cookies_are_never_sent_back(
    client: DataverseClient, server: responses.RequestsMock
) -> None:
    server.get(f"{ROOT}leads", json={}, headers={"Set-Cookie": "ARRAffinity=1; path=/"})
    server.get(f"{ROOT}leads", json={})

    client.send(read)
    client.send(read)

    assert "Cookie" not in sent(server, 1).headers


def test_our_tag_goes_on_every_write_and_on_none_of_the_reads(
    server: responses.RequestsMock,
) -> None:
    server.patch(f"{ROOT}leads({LEAD})", status=204)
    server.get(f"{ROOT}leads", json={})
    server.post(f"{ROOT}$batch", body=part(204) + END, content_type=MULTIPART)
    with DataverseClient(URL, StaticToken(None), tag="work-assignment") as client:
        client.send(write)
        client.send(read)
        client.send_batch(Batch([write]))

    assert str(sent(server, 0).url).endswith(f"leads({LEAD})?tag=work-assignment")
    assert "tag" not in str(sent(server, 1).url)
    assert "?tag=work-assignment HTTP/1.1" in text_of(sent(server, 2).body)
    assert sent(server, 2).url == f"{ROOT}$batch"


def test_a_url_that_dataverse_would_cut_off_is_refused(client: DataverseClient) -> None:
    with pytest.raises(InvalidRequest, match="GET leads: the URL is too long"):
        client.send(Request("GET", "leads?$filter=" + "x" * 33_000))


def test_a_redirect_is_not_followed(
    client: DataverseClient, server: responses.RequestsMock
) -> None:
    server.get(f"{ROOT}leads", status=302, headers={"Location": "https://elsewhere.example/"})

    with pytest.raises(UnreadableAnswer, match="302"):
        client.send(read)


# What comes back


def test_refusals_are_raised_as_their_kind(
    client: DataverseClient, server: responses.RequestsMock
) -> None:
    server.patch(f"{ROOT}leads({LEAD})", status=412, json=error_body("0x80060882"))
    server.patch(f"{ROOT}leads({LEAD})", status=404, json=error_body("0x80040217"))

    with pytest.raises(VersionMismatch, match=rf"PATCH leads\({LEAD}\)"):
        client.send(write)
    with pytest.raises(RowNotFound):
        client.send(write)


def test_the_servers_clock_and_our_counts_are_kept(
    client: DataverseClient, server: responses.RequestsMock
) -> None:
    server.get(f"{ROOT}leads", json={}, headers={"Date": "Fri, 06 Mar 2026 10:00:00 GMT"})
    assert client.server_time() is None

    client.send(read)

    assert client.server_time() == datetime(2026, 3, 6, 10, tzinfo=UTC)
    assert (client.requests_sent, client.operations_sent) == (1, 1)


def test_log_lines_have_neither_values_nor_tokens(
    client: DataverseClient, server: responses.RequestsMock, caplog: pytest.LogCaptureFixture
) -> None:
    server.patch(f"{ROOT}leads({LEAD})", status=429, json=error_body("0x80072322", "private words"))
    server.patch(f"{ROOT}leads({LEAD})", status=204)

    with caplog.at_level(logging.DEBUG, logger="work_assignment"):
        client.send(write)

    assert f"PATCH leads({LEAD}): Throttled 429 0x80072322; sending again" in caplog.text
    assert "private words" not in caplog.text
    assert "s3cr3t" not in caplog.text


# When it is sent again


def test_throttling_is_waited_out_exactly(
    client: DataverseClient, server: responses.RequestsMock, clock: Clock
) -> None:
    server.patch(f"{ROOT}leads({LEAD})", status=429, headers={"Retry-After": "7"})
    server.patch(f"{ROOT}leads({LEAD})", status=503, headers={"Retry-After": "3"})
    server.patch(f"{ROOT}leads({LEAD})", status=204)

    client.send(write)

    assert clock.slept == [7.0, 3.0]
    assert client.requests_sent == 3


def test_one_threads_retry_after_holds_back_all_of_the_client(
    client: DataverseClient, server: responses.RequestsMock, clock: Clock
) -> None:
    throttled, released = threading.Event(), threading.Event()

    def sleep(seconds: float) -> None:
        throttled.set()
        assert released.wait(10)
        clock.sleep(seconds)

    shared = DataverseClient(URL, StaticToken(None), sleep=sleep, clock=clock)
    server.get(f"{ROOT}leads", status=429, headers={"Retry-After": "7"})
    server.get(f"{ROOT}leads", json={"value": []})
    server.get(f"{ROOT}accounts", json={"value": []})
    first = threading.Thread(target=shared.send, args=(read,))
    second = threading.Thread(target=shared.send, args=(messages.get(Query("accounts")),))

    first.start()
    assert throttled.wait(10)
    second.start()
    second.join(0.2)
    assert second.is_alive()
    assert shared.requests_sent == 1
    released.set()
    first.join(10)
    second.join(10)
    shared.close()

    assert shared.requests_sent == 3
    assert 7.0 in clock.slept


def test_a_retry_after_beyond_our_patience_is_raised_and_keeps_the_gate_shut(
    client: DataverseClient, server: responses.RequestsMock, clock: Clock
) -> None:
    server.get(f"{ROOT}leads", status=429, headers={"Retry-After": "900"})

    with pytest.raises(Throttled):
        client.send(read)
    with pytest.raises(Throttled) as second:
        client.send(read)

    assert second.value.retry_after == 900.0
    assert client.requests_sent == 1
    assert clock.slept == []


def test_a_lock_conflict_is_sent_again_after_growing_waits_and_raised_in_the_end(
    client: DataverseClient, server: responses.RequestsMock, clock: Clock
) -> None:
    server.patch(f"{ROOT}leads({LEAD})", status=400, json=error_body("0x80044151"))

    with pytest.raises(LockConflict):
        client.send(write)

    assert clock.slept == [0.5, 1.0, 2.0, 4.0]
    assert client.requests_sent == 5


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_write_behind_a_failing_gateway_is_not_sent_again(
    client: DataverseClient, server: responses.RequestsMock, clock: Clock, status: int
) -> None:
    server.patch(f"{ROOT}leads({LEAD})", status=status, body="<html>")

    with pytest.raises(OutcomeUnknown, match=str(status)):
        client.send(write)

    assert (client.requests_sent, clock.slept) == (1, [])


def test_a_read_behind_a_failing_gateway_is_sent_again(
    client: DataverseClient, server: responses.RequestsMock
) -> None:
    server.get(f"{ROOT}leads", status=502)
    server.get(f"{ROOT}leads", json={"value": [{"leadid": LEAD}]})

    assert client.send(read).rows == [{"leadid": LEAD}]


def test_a_read_that_keeps_failing_is_raised_as_what_it_is(
    client: DataverseClient, server: responses.RequestsMock
) -> None:
    server.get(f"{ROOT}leads", status=504)

    with pytest.raises(ServerUnavailable):
        client.send(read)
    assert client.requests_sent == 5


@pytest.mark.parametrize("status", [400, 403, 404, 412, 501])
def test_a_refusal_for_good_is_not_sent_again(
    client: DataverseClient, server: responses.RequestsMock, status: int
) -> None:
    server.get(f"{ROOT}leads", status=status)

    with pytest.raises(DataverseError):
        client.send(read)
    assert client.requests_sent == 1


def test_a_lost_answer_to_a_read_is_asked_for_again(
    client: DataverseClient, server: responses.RequestsMock
) -> None:
    server.get(f"{ROOT}leads", body=requests.ReadTimeout("slow"))
    server.get(f"{ROOT}leads", json={"value": []})

    assert client.send(read).rows == []


def test_a_connection_that_cannot_be_made_is_tried_again_even_for_a_write(
    client: DataverseClient, server: responses.RequestsMock
) -> None:
    server.patch(f"{ROOT}leads({LEAD})", body=requests.ConnectTimeout("no"))

    with pytest.raises(ConnectionFailed, match="ConnectTimeout"):
        client.send(write)
    assert client.requests_sent == 5


@pytest.mark.parametrize(
    "loss",
    [
        requests.ReadTimeout("slow"),
        requests.ConnectionError("reset"),
        requests.exceptions.ChunkedEncodingError("half"),
    ],
)
def test_a_lost_answer_to_a_write_is_an_unknown_outcome(
    client: DataverseClient, server: responses.RequestsMock, loss: Exception
) -> None:
    server.patch(f"{ROOT}leads({LEAD})", body=loss)

    with pytest.raises(OutcomeUnknown):
        client.send(write)
    assert client.requests_sent == 1


# Tokens


def test_an_expired_token_is_renewed_once_and_the_request_sent_again(
    server: responses.RequestsMock,
) -> None:
    server.patch(f"{ROOT}leads({LEAD})", status=401)
    server.patch(f"{ROOT}leads({LEAD})", status=204)
    with DataverseClient(URL, Renewable()) as client:
        client.send(write)

    tokens = [call.request.headers["Authorization"] for call in server.calls]
    assert tokens == ["Bearer token1", "Bearer token2"]


def test_a_second_refusal_of_the_token_is_final(server: responses.RequestsMock) -> None:
    server.get(f"{ROOT}leads", status=401)
    with DataverseClient(URL, Renewable()) as client:
        with pytest.raises(NotAuthenticated):
            client.send(read)
        assert client.requests_sent == 2


def test_a_fixed_token_that_is_refused_is_final(
    client: DataverseClient, server: responses.RequestsMock
) -> None:
    server.get(f"{ROOT}leads", status=401)

    with pytest.raises(NotAuthenticated):
        client.send(read)
    assert client.requests_sent == 1


# Pages


def test_pages_are_followed_to_the_end_with_the_same_wishes(
    client: DataverseClient, server: responses.RequestsMock
) -> None:
    link = f"{ROOT}leads?$skiptoken=%3Ccookie%20pagenumber=%222%22%20/%3E"
    server.get(f"{ROOT}leads", json={"value": [{"n": 1}, {"n": 2}], "@odata.nextLink": link})
    server.get(link, json={"value": [{"n": 3}]})

    rows = list(client.rows(Query("leads"), prefer=Prefer(page_size=2)))

    assert [row["n"] for row in rows] == [1, 2, 3]
    wishes = [call.request.headers["Prefer"] for call in server.calls]
    assert wishes == ["odata.maxpagesize=2"] * 2
    assert sent(server, 1).url == link


def test_a_page_is_read_only_when_it_is_asked_for(
    client: DataverseClient, server: responses.RequestsMock
) -> None:
    server.get(
        f"{ROOT}leads", json={"value": [{"n": 1}], "@odata.nextLink": f"{ROOT}leads?$skiptoken=2"}
    )

    assert next(client.pages(read)) == [{"n": 1}]
    assert client.requests_sent == 1


@pytest.mark.parametrize(
    "link",
    [
        "https://elsewhere.example/api/data/v9.2/leads?$skiptoken=2",
        "http://org.example/api/data/v9.2/leads?$skiptoken=2",
        "https://org.example:8443/api/data/v9.2/leads?$skiptoken=2",
        "https://org.example@elsewhere.example/api/data/v9.2/leads",
        "//elsewhere.example/api/data/v9.2/leads",
        "/other/leads",
        f"{ROOT}leads",
    ],
)
def test_a_next_page_anywhere_else_is_refused(
    client: DataverseClient, server: responses.RequestsMock, link: str
) -> None:
    server.get(f"{ROOT}leads", json={"value": [], "@odata.nextLink": link})

    with pytest.raises(UnreadableAnswer, match="next page"):
        list(client.pages(read))
    assert client.requests_sent == 1


def test_a_relative_next_page_is_followed(
    client: DataverseClient, server: responses.RequestsMock
) -> None:
    server.get(f"{ROOT}leads", json={"value": [], "@odata.nextLink": "leads?$skiptoken=2"})
    server.get(f"{ROOT}leads?$skiptoken=2", json={"value": [{"n": 1}]})

    assert list(client.rows(Query("leads"))) == [{"n": 1}]


def test_fetchxml_is_paged_by_cookie(
    client: DataverseClient, server: responses.RequestsMock
) -> None:
    cookie = '<cookie pagenumber="2" pagingcookie="%253ca%253e" istracking="False" />'
    server.get(
        f"{ROOT}leads",
        json={
            "value": [{"n": 1}],
            "@Microsoft.Dynamics.CRM.morerecords": True,
            "@Microsoft.Dynamics.CRM.fetchxmlpagingcookie": cookie,
        },
    )
    server.get(f"{ROOT}leads", json={"value": [{"n": 2}]})

    assert [row["n"] for row in client.fetch_rows("leads", Fetch("lead"))] == [1, 2]
    assert "page%3D%221%22" in str(sent(server, 0).url)
    assert "page%3D%222%22%20paging-cookie%3D%22%26lt%3Ba%26gt%3B%22" in str(sent(server, 1).url)


def test_totals_that_do_not_fit_into_one_answer_are_never_cut_in_silence(
    client: DataverseClient, server: responses.RequestsMock
) -> None:
    cut = {"value": [{"rows": 1}], "@Microsoft.Dynamics.CRM.morerecords": True}
    server.get(f"{ROOT}leads", json=cut)

    with pytest.raises(InvalidRequest, match="more groups"):
        list(client.fetch_rows("leads", count_by("lead", "ownerid", counted="leadid")))
    with pytest.raises(InvalidRequest, match="more rows"):
        list(client.pages(messages.fetch("leads", "<fetch/>")))


# Batches

MULTIPART = "multipart/mixed; boundary=b"
END = "--b--\r\n"


def part(status: int, body: str = "") -> str:
    return (
        "--b\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
        f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n\r\n{body}\r\n"
    )


def test_each_part_of_a_batch_has_its_own_result(
    client: DataverseClient, server: responses.RequestsMock
) -> None:
    failure = part(412, '{"error":{"code":"0x80060882","message":"m"}}')
    body = part(200, '{"value":[{"n":1}]}') + failure + END
    server.post(f"{ROOT}$batch", body=body, content_type=MULTIPART)

    batch = Batch([read, ChangeSet([write, write])], continue_on_error=True)
    rows, change_set = client.send_batch(batch)

    assert isinstance(rows, Response)
    assert rows.rows == [{"n": 1}]
    assert isinstance(change_set, ChangeSetResult)
    assert isinstance(change_set.error("x"), VersionMismatch)
    assert sent(server).headers["Prefer"] == "odata.continue-on-error"
    assert (client.requests_sent, client.operations_sent) == (1, 3)


def test_a_batch_that_stopped_tells_what_was_not_run_whatever_its_own_status(
    client: DataverseClient, server: responses.RequestsMock
) -> None:
    for status in (404, 429, 503):
        server.post(f"{ROOT}$batch", status=status, body=part(status) + END, content_type=MULTIPART)
        first, second = client.send_batch(Batch([write, write]))

        assert isinstance(first, Response)
        assert first.status == status
        assert second == NotRun()
    assert client.requests_sent == 3


def test_a_batch_that_was_refused_as_a_whole_is_an_error(
    client: DataverseClient, server: responses.RequestsMock
) -> None:
    server.post(f"{ROOT}$batch", status=400, json=error_body("0x80048d19"))

    with pytest.raises(BadRequest, match=r"\$batch of 2"):
        client.send_batch(Batch([write, write]))


def test_a_throttled_batch_is_sent_again_whole(
    client: DataverseClient, server: responses.RequestsMock, clock: Clock
) -> None:
    server.post(f"{ROOT}$batch", status=429, headers={"Retry-After": "2"})
    server.post(f"{ROOT}$batch", body=part(204) + END, content_type=MULTIPART)

    (result,) = client.send_batch(Batch([write]))

    assert isinstance(result, Response)
    assert clock.slept == [2.0]


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 200, "body": part(204), "content_type": MULTIPART},
        {"status": 200, "body": part(204) + END, "content_type": MULTIPART},
        {"status": 200, "body": "<html>", "content_type": "text/html"},
        {"status": 500, "json": error_body("0x80044150")},
        {"status": 502, "body": ""},
        {"body": requests.ConnectionError("reset")},
    ],
)
def test_a_batch_of_writes_whose_answer_is_lost_or_short_is_an_unknown_outcome(
    client: DataverseClient, server: responses.RequestsMock, answer: dict[str, Any]
) -> None:
    server.post(f"{ROOT}$batch", **answer)

    with pytest.raises(OutcomeUnknown):
        client.send_batch(Batch([write, write]))
    assert client.requests_sent == 1


def test_a_batch_of_reads_is_sent_again_after_a_lost_answer(
    client: DataverseClient, server: responses.RequestsMock
) -> None:
    server.post(f"{ROOT}$batch", body=requests.ConnectionError("reset"))
    server.post(f"{ROOT}$batch", body=part(200, '{"value":[]}') + END, content_type=MULTIPART)

    (result,) = client.send_batch(Batch([read]))

    assert isinstance(result, Response)
    assert result.rows == []


# Addresses


@pytest.mark.parametrize(
    "url",
    [
        "https://org.example",
        "https://org.example/",
        " https://ORG.example/api/data/v9.2 ",
        "https://org.example/api/data/v9.2/",
    ],
)
def test_the_address_of_the_environment_leads_to_its_web_api(url: str) -> None:
    assert DataverseClient(url, StaticToken(None)).root == ROOT


@pytest.mark.parametrize(
    "url",
    [
        "",
        "org.example",
        "ftp://org.example",
        "https://",
        "https://user:pw@org.example",
        "https://org.example/?x=1",
        "https://org.example/main.aspx",
        "https://org.example:port",
        "https://[::1",
    ],
)
def test_an_address_that_cannot_be_right_is_refused_without_repeating_secrets(url: str) -> None:
    with pytest.raises(InvalidRequest, match="ddress") as caught:
        DataverseClient(url, StaticToken(None))
    assert "pw" not in str(caught.value)
