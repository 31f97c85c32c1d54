"""Which of Dataverse's errors mean *not now*, said in the words of the services' ports."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from work_assignment.dataverse.errors import (
    ConnectionFailed,
    DataverseError,
    LockConflict,
    NotAuthenticated,
    OutcomeUnknown,
    ServerUnavailable,
    Throttled,
    UnreadableAnswer,
)
from work_assignment.domain.errors import Unavailable

PASSING = (
    ConnectionFailed,
    LockConflict,
    NotAuthenticated,
    OutcomeUnknown,
    ServerUnavailable,
    Throttled,
    UnreadableAnswer,
)
"""Errors after which the same work may succeed later: nothing is wrong with the work itself."""


@contextmanager
def away_means_unavailable() -> Iterator[None]:
    """Raise Unavailable for errors that pass; others go on as they are."""
    try:
        yield
    except PASSING as exc:
        raise unavailable(exc) from exc


def unavailable(error: DataverseError) -> Unavailable:
    """The error as Unavailable, with the time Dataverse asked for."""
    wait = None if error.retry_after is None else timedelta(seconds=error.retry_after)
    return Unavailable(str(error), wait)
