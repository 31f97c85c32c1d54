"""What Dataverse answers who looks for failed jobs, in the words of those who look."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

import pytest

from work_assignment.dataverse import errors
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.messages import Request
from work_assignment.dataverse.watch_store import WatchStore
from work_assignment.domain.errors import NotPermitted, Refused, Unavailable

NOW = datetime(2026, 3, 4, 9, 5, tzinfo=UTC)


class Refusing:
    """A client whose every request is refused."""

    def __init__(self, error: errors.DataverseError) -> None:
        self._error = error

    def send(self, request: Request) -> None:
        raise self._error


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (errors.AccessDenied, NotPermitted),
        (errors.NotFound, NotPermitted),
        (errors.BadRequest, Refused),
        (errors.RequestTooLarge, Refused),
        (errors.NotSupported, Refused),
        (errors.ServerUnavailable, Unavailable),
        (errors.Throttled, Unavailable),
    ],
)
def test_every_refusal_is_one_that_services_know(
    refusal: type[errors.DataverseError], said: type[Exception]
) -> None:
    client = cast(DataverseClient, Refusing(refusal(400, "0x1", "because", "id", "GET jobs")))

    with pytest.raises(said, match="because"):
        WatchStore(client, "Endpoint").failed_jobs(NOW)
