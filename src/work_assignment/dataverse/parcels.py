"""What travels in one HTTP request, and what its answer or its loss means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from work_assignment.dataverse import messages
from work_assignment.dataverse.connections import never_left
from work_assignment.dataverse.errors import (
    ConnectionFailed,
    DataverseError,
    InvalidRequest,
    LockConflict,
    OutcomeUnknown,
    UnreadableAnswer,
    unreadable,
)
from work_assignment.dataverse.messages import Request, Response
from work_assignment.dataverse.retry import outcome_is_unknown

LONGEST_URL = 32_768


@dataclass(frozen=True, slots=True)
class Parcel:
    """What travels in one HTTP request: an operation or a whole batch."""

    method: str
    path: str
    what: str
    headers: Mapping[str, str] = field(default_factory=dict)
    data: bytes | None = None
    operations: int = 1
    may_write: bool = False
    is_batch: bool = False


def parcel_of(request: Request, root: str) -> Parcel:
    """Wrap an operation that travels alone."""
    if len(root) + len(request.path) > LONGEST_URL:
        raise InvalidRequest(f"{request.what}: the URL is too long; split it or use a batch")
    headers, data = dict(request.headers), None
    if request.body is not None:
        data = messages.json_bytes(request.body)
        headers["Content-Type"] = "application/json"
    return Parcel(
        request.method,
        request.path,
        request.what,
        headers=headers,
        data=data,
        may_write=request.is_write,
    )


def refusal(parcel: Parcel, response: Response) -> DataverseError | None:
    """Read an answer as an error; a batch that was carried out carries its errors inside, at any status."""
    error = response.error(parcel.what)
    if parcel.is_batch:
        if response.headers.get("content-type", "").lower().startswith("multipart/mixed"):
            return None
        if error is None:
            error = unreadable("no multipart answer", response.status, parcel.what)
    return error


def as_unknown_if_written(parcel: Parcel, error: DataverseError) -> DataverseError:
    """Turn an error that leaves open what a write did into `OutcomeUnknown`."""
    unknown = outcome_is_unknown(error) or (
        parcel.is_batch and isinstance(error, LockConflict | UnreadableAnswer)
    )
    if not (parcel.may_write and unknown):
        return error
    return OutcomeUnknown(
        error.status, error.code, error.message, error.request_id, parcel.what, error.retry_after
    )


def lost(parcel: Parcel, exc: Exception, own_id: str) -> DataverseError:
    """Say what a connection that broke leaves open."""
    unknown = parcel.may_write and not never_left(exc)
    kind = OutcomeUnknown if unknown else ConnectionFailed
    return kind(None, "", f"connection lost ({type(exc).__name__})", own_id, parcel.what)
