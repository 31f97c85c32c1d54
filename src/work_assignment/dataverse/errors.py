"""What can go wrong with Dataverse: its refusals by code and status, lost connections, and our own bad requests."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

_LONGEST_MESSAGE = 400
_GUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE)
_SECRET = re.compile(
    r"(?i)\b(?:bearer\s+\S+|eyJ[\w-]{5,}(?:\.[\w-]*)*"
    r"|(?:client_secret|client_assertion|access_token|code)=[^&\s\"']+)"
)


class InvalidRequest(ValueError):
    """We were about to send something that cannot be right; nothing was sent."""


class DataverseError(Exception):
    """A request that did not succeed; the kinds below say why."""

    says = "Dataverse refused"

    def __init__(
        self,
        status: int | None,
        code: str,
        message: str,
        request_id: str,
        what: str,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(status, code, message, request_id, what, retry_after)
        self.status = status
        self.code = code
        self.message = message
        self.request_id = request_id
        self.what = what
        self.retry_after = retry_after

    def __str__(self) -> str:
        answer = " ".join(str(part) for part in (self.status, self.code) if part)
        sentence = f"{self.what}: {self.says}" + (f" ({answer})" if answer else "")
        detail = one_line(self.message)
        return f"{sentence}: {detail}" if detail else sentence


class BadRequest(DataverseError):
    says = "Dataverse does not accept the request"


class RowInactive(BadRequest):
    says = "the row is inactive and cannot be changed"


class QueuedAlready(BadRequest):
    says = "the row lies in a queue already"


class CannotReceive(BadRequest):
    """The queue is not active, or the team is one that owns nothing."""

    says = "the new owner or queue takes no rows"


class AggregateTooLarge(BadRequest):
    says = "the aggregate covers more rows than Dataverse counts"


class NotAuthenticated(DataverseError):
    says = "not signed in"


class AccessDenied(DataverseError):
    says = "not allowed"


class UserDisabled(AccessDenied):
    says = "the user is disabled"


class OwnerLacksPrivileges(AccessDenied):
    """The user or team that was to become owner may not own such rows."""

    says = "the new owner's roles do not allow it"


class WithoutRoles(AccessDenied):
    says = "the user has no security role"


class NotFound(DataverseError):
    says = "there is no such thing"


class RowNotFound(NotFound):
    """The row, or one that the request binds to, is gone: `missing_id` tells which."""

    says = "the row does not exist"

    @property
    def missing_id(self) -> str | None:
        """The id that Dataverse names in its message, lower case."""
        found = _GUID.search(self.message)
        return found.group().lower() if found else None


class NotAllowedNow(DataverseError):
    says = "Dataverse does not allow this operation here"


class PreconditionFailed(DataverseError):
    says = "a condition of the request does not hold"


class VersionMismatch(PreconditionFailed):
    says = "the row has changed since it was read"


class DuplicateKey(PreconditionFailed):
    says = "a row with this key exists already"


class RequestTooLarge(DataverseError):
    says = "the request is too large"


class Throttled(DataverseError):
    says = "Dataverse asks us to wait"


class LockConflict(DataverseError):
    """Undone by the server over a lock or deadlock; the same request may succeed when sent again."""

    says = "another transaction held the rows"


class NotSupported(DataverseError):
    says = "the server does not support this"


class ServerUnavailable(DataverseError):
    says = "the server failed"


class ConnectionFailed(DataverseError):
    """No answer came, and nothing can have been written."""

    says = "no answer"


class CircuitOpen(ConnectionFailed):
    """Nothing was sent: the last requests all failed, and it is too early to try another."""

    says = "Dataverse is not asked, since it keeps failing"


class OutcomeUnknown(DataverseError):
    """A write left and no answer can be trusted: read the row before sending anything again."""

    says = "it is unknown whether the write took place"


class UnreadableAnswer(DataverseError):
    says = "the answer makes no sense"


BY_CODE: Mapping[str, type[DataverseError]] = {
    "0x80040217": RowNotFound,
    "0x80060891": RowNotFound,
    "0x8006088a": NotFound,
    "0x80060882": VersionMismatch,
    "0x80040237": DuplicateKey,
    "0x80060892": DuplicateKey,
    "0x80072321": Throttled,
    "0x80072322": Throttled,
    "0x80072326": Throttled,
    "0x80044150": LockConflict,
    "0x80044151": LockConflict,
    "0x80044339": LockConflict,
    "0x80040220": AccessDenied,
    "0x80042f09": WithoutRoles,
    "0x80048306": AccessDenied,
    "0x8004a110": AccessDenied,
    "0x80072560": AccessDenied,
    "0x80040225": UserDisabled,
    "0x80040231": OwnerLacksPrivileges,
    "0x80040230": RowInactive,
    "0x8004051e": RowInactive,
    "0x80040522": CannotReceive,
    "0x80040526": QueuedAlready,
    "0x80048340": CannotReceive,
    "0x8004e023": AggregateTooLarge,
    "0x8004418a": RequestTooLarge,
}
BY_STATUS: Mapping[int, type[DataverseError]] = {
    400: BadRequest,
    401: NotAuthenticated,
    403: AccessDenied,
    404: NotFound,
    405: NotAllowedNow,
    412: PreconditionFailed,
    413: RequestTooLarge,
    429: Throttled,
    501: NotSupported,
}


def error_from(
    status: int, headers: Mapping[str, str], body: bytes, what: str, reason: str = ""
) -> DataverseError:
    """Make the right kind of error from the parts of an answer; header names in lower case."""
    code, message = _code_and_message(body)
    return _kind(status, code)(
        status,
        code,
        message or reason,
        headers.get("x-ms-service-request-id") or headers.get("req_id") or "",
        what,
        retry_after_seconds(headers),
    )


def _kind(status: int, code: str) -> type[DataverseError]:
    if status == 429:  # whatever the code, a 429 says wait
        return Throttled
    return BY_CODE.get(code) or BY_STATUS.get(status) or _kind_of_range(status)


def _kind_of_range(status: int) -> type[DataverseError]:
    if status >= 500:
        return ServerUnavailable
    return BadRequest if status >= 400 else UnreadableAnswer


def _code_and_message(body: bytes) -> tuple[str, str]:
    """Gateways answer with pages of HTML: what is not Dataverse's JSON has no code and no message."""
    try:
        parsed = json.loads(body)
    except ValueError:
        return "", ""
    error = parsed.get("error") if isinstance(parsed, dict) else None
    if not isinstance(error, dict):
        return "", ""
    return str(error.get("code") or "").lower(), str(error.get("message") or "")


def unreadable(why: str, status: int | None = None, what: str = "answer") -> UnreadableAnswer:
    """Say why an answer cannot be used."""
    return UnreadableAnswer(status, "", why, "", what)


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Read Retry-After: seconds, or a date that is measured against the answer's own Date."""
    text = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text, re.ASCII):
        return float(text)
    until, now = http_date(text), http_date(headers.get("date", ""))
    if until is None or now is None:
        return None
    return max(0.0, (until - now).total_seconds())


def http_date(text: str) -> datetime | None:
    """Read a date in the form of HTTP headers, or None when it is none."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else None


def one_line(text: str) -> str:
    """Make a message fit for people and logs: one line, not too long, without tokens and secrets."""
    flat = _SECRET.sub("(hidden)", " ".join(text.split()))
    return flat if len(flat) <= _LONGEST_MESSAGE else flat[: _LONGEST_MESSAGE - 3] + "..."
