"""What Dataverse's refusals become."""

from __future__ import annotations

import json
import pickle

import pytest

from work_assignment.dataverse.errors import (
    AccessDenied,
    AggregateTooLarge,
    BadRequest,
    DataverseError,
    DuplicateKey,
    LockConflict,
    NotAuthenticated,
    NotFound,
    NotSupported,
    OwnerLacksPrivileges,
    PreconditionFailed,
    RequestTooLarge,
    RowNotFound,
    ServerUnavailable,
    Throttled,
    UserDisabled,
    VersionMismatch,
    error_from,
    retry_after_seconds,
)

LEAD = "0a1b2c3d-0000-4000-8000-00000000000a"


def body(code: str, message: str = "Some words.") -> bytes:
    return json.dumps({"error": {"code": code, "message": message}}).encode()


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (404, "0x80040217", RowNotFound),
        (404, "0x80060891", RowNotFound),
        (404, "0x8006088a", NotFound),
        (412, "0x80060882", VersionMismatch),
        (412, "0x80040237", DuplicateKey),
        (412, "0x80060892", DuplicateKey),
        (412, "0x80040333", PreconditionFailed),
        (400, "0x80044150", LockConflict),
        (500, "0x80044151", LockConflict),
        (400, "0x80044339", LockConflict),
        (400, "0x8004E023", AggregateTooLarge),
        (403, "0x80040225", UserDisabled),
        (403, "0x80040231", OwnerLacksPrivileges),
        (403, "0x80040220", AccessDenied),
        (401, "0x80072560", AccessDenied),
        (401, "", NotAuthenticated),
        (400, "0x80048d19", BadRequest),
        (413, "0x8004418a", RequestTooLarge),
        (429, "0x80072321", Throttled),
        (429, "", Throttled),
        (501, "0x80060888", NotSupported),
        (500, "0x80040216", ServerUnavailable),
        (503, "", ServerUnavailable),
        (418, "", BadRequest),
    ],
)
def test_each_answer_has_its_kind(status: int, code: str, kind: type[DataverseError]) -> None:
    assert type(error_from(status, {}, body(code), "GET leads")) is kind


def test_the_sentence_names_what_was_tried_why_it_failed_and_what_dataverse_said() -> None:
    error = error_from(412, {}, body("0x80060882", "The version\n differs."), "PATCH wa_sellers(1)")

    assert str(error) == (
        "PATCH wa_sellers(1): the row has changed since it was read (412 0x80060882): "
        "The version differs."
    )


def test_a_page_of_html_is_not_taken_for_a_message() -> None:
    error = error_from(
        502, {}, b"<html><body>Bad gateway</body></html>", "GET leads", "Bad Gateway"
    )

    assert (error.code, error.message) == ("", "Bad Gateway")


@pytest.mark.parametrize(
    "content", [b"", b"null", b"[]", b'{"error":"x"}', b'{"error":{}}', b"\xff"]
)
def test_an_error_without_dataverses_body_still_has_a_sentence(content: bytes) -> None:
    assert str(error_from(400, {}, content, "GET leads")).startswith("GET leads: ")


@pytest.mark.parametrize(
    "secret",
    [
        "Bearer abc.def-ghi",
        "client_secret=s3cr3t",
        "eyJhbGciOiJub25lIn0.eyJhIjoxfQ.sig",
        "code=k3y==",
    ],
)
def test_tokens_and_secrets_never_reach_the_sentence(secret: str) -> None:
    error = error_from(400, {}, body("0x0", f"The header {secret} was refused"), "GET leads")

    assert secret not in str(error)
    assert "(hidden) was refused" in str(error)


def test_a_very_long_message_is_cut() -> None:
    assert len(str(error_from(400, {}, body("0x0", "x" * 9999), "GET leads"))) < 600


def test_a_missing_row_is_named_by_its_id() -> None:
    error = error_from(
        404, {}, body("0x80040217", f"lead With Id = {LEAD.upper()} Does Not Exist"), "x"
    )

    assert isinstance(error, RowNotFound)
    assert error.missing_id == LEAD


def test_a_missing_row_without_an_id_is_not_guessed() -> None:
    error = error_from(404, {}, body("0x80060891", "A record with the key does not exist"), "x")

    assert isinstance(error, RowNotFound)
    assert error.missing_id is None


def test_the_request_id_is_kept_for_support() -> None:
    assert error_from(400, {"req_id": "abc"}, b"", "x").request_id == "abc"
    assert error_from(400, {"x-ms-service-request-id": "d"}, b"", "x").request_id == "d"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": " 0.5 "}, 0.5),
        (
            {
                "retry-after": "Fri, 06 Mar 2026 10:00:30 GMT",
                "date": "Fri, 06 Mar 2026 10:00:00 GMT",
            },
            30.0,
        ),
        (
            {
                "retry-after": "Fri, 06 Mar 2026 09:00:00 GMT",
                "date": "Fri, 06 Mar 2026 10:00:00 GMT",
            },
            0.0,
        ),
        ({"retry-after": "Fri, 06 Mar 2026 10:00:30 GMT"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert retry_after_seconds(headers) == seconds


def test_an_error_survives_the_way_to_another_process() -> None:
    error = error_from(429, {"retry-after": "7"}, body("0x80072322"), "GET leads")
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes

    assert (type(copy), str(copy), copy.retry_after) == (Throttled, str(error), 7.0)
