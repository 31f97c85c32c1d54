"""A batch's way to the server and its answer's way back."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from work_assignment.dataverse import messages
from work_assignment.dataverse.batches import (
    Batch,
    ChangeSet,
    ChangeSetResult,
    NotRun,
    PartResult,
    decode,
    encode,
)
from work_assignment.dataverse.errors import (
    InvalidRequest,
    LockConflict,
    UnreadableAnswer,
    VersionMismatch,
)
from work_assignment.dataverse.messages import Request, Response
from work_assignment.dataverse.queries import Query, eq

ROOT = "https://org.example/api/data/v9.2/"
LEAD = "0a1b2c3d-0000-4000-8000-00000000000a"
OUTER = "multipart/mixed; boundary=batchresponse_1"

read_leads = messages.get(Query("leads", filter=eq("subject", "a b")))
write_lead = messages.update("leads", LEAD, {"subject": "é"}, version='W/"1"')
write_run = messages.create("wa_routingruns", {"wa_name": "r"})


@dataclass(frozen=True)
class Answer:
    """One operation's answer, to be put into a multipart body."""

    status: int
    body: bytes = b""
    content_id: int | None = None

    def text(self) -> bytes:
        head = "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
        if self.content_id is not None:
            head += f"Content-ID: {self.content_id}\r\n"
        status = f"\r\nHTTP/1.1 {self.status} Some Words\r\nOData-Version: 4.0\r\nREQ_ID: q\r\n\r\n"
        return (head + status).encode() + self.body


def multipart(boundary: str, parts: list[bytes], *, closed: bool = True) -> bytes:
    body = b"".join(b"--%b\r\n%b\r\n" % (boundary.encode(), part) for part in parts)
    return body + (b"--%b--\r\n" % boundary.encode() if closed else b"")


def change_set_text(answers: list[Answer], boundary: str = "changesetresponse_2") -> bytes:
    head = f"Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n".encode()
    return head + multipart(boundary, [answer.text() for answer in answers])


def refusal(code: str) -> bytes:
    return json.dumps({"error": {"code": code, "message": "m"}}).encode()


def test_requests_and_change_sets_travel_in_one_multipart_body() -> None:
    batch = Batch([read_leads, ChangeSet([write_lead, write_run])])

    content_type, body = encode(batch, ROOT, "7")

    assert content_type == 'multipart/mixed; boundary="batch_7"'
    assert body.decode().replace("\r\n", "\n") == (
        "--batch_7\n"
        "Content-Type: application/http\n"
        "Content-Transfer-Encoding: binary\n"
        "\n"
        "GET /api/data/v9.2/leads?$filter=subject%20eq%20'a%20b' HTTP/1.1\n"
        "Accept: application/json\n"
        "\n"
        "\n"
        "--batch_7\n"
        "Content-Type: multipart/mixed; boundary=changeset_7_2\n"
        "\n"
        "--changeset_7_2\n"
        "Content-Type: application/http\n"
        "Content-Transfer-Encoding: binary\n"
        "Content-ID: 1\n"
        "\n"
        f"PATCH /api/data/v9.2/leads({LEAD}) HTTP/1.1\n"
        "Accept: application/json\n"
        'If-Match: W/"1"\n'
        "Content-Type: application/json; type=entry\n"
        "\n"
        '{"subject":"\\u00e9"}\n'
        "--changeset_7_2\n"
        "Content-Type: application/http\n"
        "Content-Transfer-Encoding: binary\n"
        "Content-ID: 2\n"
        "\n"
        "POST /api/data/v9.2/wa_routingruns HTTP/1.1\n"
        "Accept: application/json\n"
        "Content-Type: application/json; type=entry\n"
        "\n"
        '{"wa_name":"r"}\n'
        "--changeset_7_2--\n"
        "--batch_7--\n"
    )
    assert body.count(b"\r\n") == body.count(b"\n")


def test_content_ids_are_unique_in_the_whole_batch() -> None:
    _, body = encode(Batch([ChangeSet([write_lead, write_run]), ChangeSet([write_run])]), ROOT, "7")

    assert re.findall(rb"Content-ID: (\d+)", body) == [b"1", b"2", b"3"]


@pytest.mark.parametrize(
    ("batch", "why"),
    [
        (Batch([]), "at least one request"),
        (Batch([ChangeSet([])]), "at least one request"),
        (Batch([ChangeSet([write_lead, read_leads])]), "GET leads: a change set takes no reads"),
        (Batch([write_run] * 1001), "at most 1000 requests, not 1001"),
        (Batch([ChangeSet([write_run] * 600), ChangeSet([write_run] * 401)]), "not 1001"),
        (Batch([Request("POST", "$batch")]), "another batch"),
        (Batch([Request("GET", "leads?x=" + "x" * 65_536)]), "longer than"),
        (Batch([Request("GET", "leads HTTP/1.1\r\nX: y")]), "line end"),
        (Batch([Request("GET", "leads", {"Prefer": "a\r\nb"})]), "line end"),
    ],
)
def test_what_cannot_be_sent_is_refused_before_it_is(batch: Batch, why: str) -> None:
    with pytest.raises(InvalidRequest, match=re.escape(why)):
        encode(batch, ROOT, "7")


def test_a_thousand_requests_are_not_too_many() -> None:
    _, body = encode(Batch([write_run] * 1000), ROOT, "7")
    assert body.count(b"Content-Type: application/http") == 1000


@st.composite
def batches_with_answers(draw: st.DrawFn) -> tuple[Batch, list[list[Answer]]]:
    """A batch of any shape that ran to its end, and the answers to each of its parts."""
    texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    sizes = draw(st.lists(st.integers(0, 3), min_size=1, max_size=8))
    parts: list[Request | ChangeSet] = []
    answers: list[list[Answer]] = []
    content_id = 0
    for size in sizes:
        bodies = [
            json.dumps({"t": draw(texts)}, ensure_ascii=draw(st.booleans())).encode()
            for _ in range(max(size, 1))
        ]
        if size == 0:
            parts.append(read_leads)
            answers.append([Answer(200, bodies[0])])
        else:
            parts.append(ChangeSet([write_run] * size))
            ids = range(content_id + 1, content_id + size + 1)
            answers.append([Answer(200, body, i) for body, i in zip(bodies, ids, strict=True)])
            content_id += size
    return Batch(parts), answers


@given(batches_with_answers(), st.booleans(), st.booleans())
def test_every_answer_finds_its_part(
    case: tuple[Batch, list[list[Answer]]], line_feeds_only: bool, backwards: bool
) -> None:
    batch, answers = case
    order = -1 if backwards else 1
    texts = [
        one[0].text()
        if isinstance(part, Request)
        else change_set_text(one[::order], f"cs_{number}")
        for number, (part, one) in enumerate(zip(batch.parts, answers, strict=True))
    ]
    body = multipart("batchresponse_1", texts)
    if line_feeds_only:
        body = body.replace(b"\r\n", b"\n")

    results = decode(batch, OUTER, body)

    assert len(results) == len(batch.parts)
    for result, expected in zip(results, answers, strict=True):
        responses = [result] if isinstance(result, Response) else _responses(result)
        assert [r.json for r in responses] == [json.loads(answer.body) for answer in expected]


def _responses(result: PartResult) -> list[Response]:
    assert isinstance(result, ChangeSetResult)
    assert result.committed
    return list(result.responses)


@given(batches_with_answers())
def test_what_is_encoded_holds_each_request_once_in_order(
    case: tuple[Batch, list[list[Answer]]],
) -> None:
    batch, _ = case
    _, body = encode(batch, ROOT, "7")

    lines = re.findall(
        rb"^(?:GET|POST|PATCH|DELETE) /api/data/v9\.2/(\S+) HTTP/1\.1\r$", body, re.M
    )
    assert [line.decode() for line in lines] == [request.path for request in batch.requests]


def test_headers_and_status_of_each_part_are_read() -> None:
    location = f"https://org.example/api/data/v9.2/leads({LEAD})"
    part = (
        "Content-Type: application/http\nContent-Transfer-Encoding: binary\n\n"
        f"HTTP/1.1 204 No Content\nOData-Version: 4.0\nOData-EntityId: {location}\n\n"
    )
    (result,) = decode(Batch([write_run]), OUTER, multipart("batchresponse_1", [part.encode()]))

    assert isinstance(result, Response)
    assert (result.status, result.entity_id, result.body) == (204, LEAD, b"")


@pytest.mark.parametrize("flat", [True, False])
def test_a_failed_change_set_is_one_failure_flat_or_nested(flat: bool) -> None:
    failed = Answer(412, refusal("0x80060882"), content_id=3)
    text = failed.text() if flat else change_set_text([failed])
    batch = Batch(
        [ChangeSet([write_run]), ChangeSet([write_lead, write_run]), read_leads],
        continue_on_error=True,
    )
    first = change_set_text([Answer(204, content_id=1)])
    last = Answer(200, b"{}").text()

    results = decode(batch, OUTER, multipart("batchresponse_1", [first, text, last]))

    failure = results[1]
    assert isinstance(failure, ChangeSetResult)
    assert not failure.committed
    assert failure.failed_index == 1
    assert isinstance(failure.error("x"), VersionMismatch)
    assert isinstance(results[2], Response)


def test_a_change_set_failure_without_content_id_names_no_request() -> None:
    text = Answer(400, refusal("0x80044150")).text()
    (result,) = decode(
        Batch([ChangeSet([write_lead])]), OUTER, multipart("batchresponse_1", [text])
    )

    assert isinstance(result, ChangeSetResult)
    assert result.failed_index is None
    assert isinstance(result.error("x"), LockConflict)


def test_after_the_first_error_the_rest_was_not_run() -> None:
    texts = [Answer(204).text(), Answer(404, refusal("0x80040217")).text()]
    results = decode(Batch([write_run] * 4), OUTER, multipart("batchresponse_1", texts))

    assert [type(result) for result in results] == [Response, Response, NotRun, NotRun]


@pytest.mark.parametrize(
    ("batch", "body"),
    [
        pytest.param(
            Batch([write_run] * 2, continue_on_error=True),
            multipart("batchresponse_1", [Answer(404, refusal("0x80040217")).text()]),
            id="missing although it should go on after an error",
        ),
        pytest.param(
            Batch([write_run] * 2),
            multipart("batchresponse_1", [Answer(204).text()]),
            id="missing without an error",
        ),
        pytest.param(
            Batch([write_run] * 2),
            multipart("batchresponse_1", [Answer(404).text()], closed=False),
            id="cut off after an error",
        ),
        pytest.param(Batch([write_run]), b"", id="empty"),
        pytest.param(Batch([write_run]), multipart("batchresponse_1", []), id="no parts"),
        pytest.param(
            Batch([write_run]),
            multipart("batchresponse_1", [Answer(204).text()] * 2),
            id="more answers than requests",
        ),
        pytest.param(
            Batch([write_run]),
            multipart("batchresponse_1", [change_set_text([Answer(204)])]),
            id="a change set where none was sent",
        ),
        pytest.param(
            Batch([ChangeSet([write_run])]),
            multipart("batchresponse_1", [Answer(204).text()]),
            id="a flat success for a change set",
        ),
        pytest.param(
            Batch([ChangeSet([write_run] * 2)]),
            multipart("batchresponse_1", [change_set_text([Answer(204)])]),
            id="too few answers in a change set",
        ),
        pytest.param(
            Batch([write_run]),
            multipart("batchresponse_1", [b"Content-Type: application/http\r\n\r\nnonsense"]),
            id="no status line",
        ),
        pytest.param(
            Batch([write_run]),
            multipart("batchresponse_1", [b"nonsense\r\n\r\nHTTP/1.1 204 X"]),
            id="no headers",
        ),
    ],
)
def test_an_answer_that_does_not_fit_is_never_guessed_at(batch: Batch, body: bytes) -> None:
    with pytest.raises(UnreadableAnswer):
        decode(batch, OUTER, body)


@pytest.mark.parametrize(
    "content_type", ["", "application/json", "multipart/mixed", "text/html; x=y"]
)
def test_an_answer_of_another_type_is_never_guessed_at(content_type: str) -> None:
    with pytest.raises(UnreadableAnswer, match="instead of multipart/mixed"):
        decode(Batch([write_run]), content_type, b"--x--")


def test_a_boundary_may_be_quoted() -> None:
    body = multipart("a b", [Answer(204).text()])

    assert len(decode(Batch([write_run]), 'multipart/mixed; boundary="a b"', body)) == 1
