"""The webhook function when the queue is out of reach, or does not take what it is given."""

from __future__ import annotations

from types import SimpleNamespace

import azure.functions as func
import pytest

from work_assignment.azure_storage.errors import (
    MessageNotText,
    MessageTooLarge,
    StorageUnavailable,
)
from work_assignment.triggers import events


class Refusing:
    """An intake whose queue refuses what it is given."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def accept(self, body: bytes, content_type: str) -> None:
        raise self._error


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (
            StorageUnavailable("queues.sqlite", "disk full"),
            503,
            "The event could not be queued; send it again.\n",
        ),
        (
            MessageTooLarge("wa-events", 70_000, 65_536),
            413,
            "A message for wa-events has 70,000 bytes in UTF-8; a queue takes at most 65,536.\n",
        ),
        (
            MessageNotText("wa-events", "\ufffe"),
            400,
            "A message for wa-events holds the character U+FFFE, which a queue cannot carry.\n",
        ),
    ],
    ids=["away: dataverse sends once more", "too large", "not text"],
)
def test_what_the_queue_does_not_take_is_said_to_whoever_sent_it(
    monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, said: str
) -> None:
    monkeypatch.setattr(events, "application", lambda: SimpleNamespace(intake=Refusing(error)))
    request = func.HttpRequest("POST", "/", headers={}, body=b"{}")
    function = events.blueprint._function_builders[0].build().get_user_function()

    answer = function(request)

    assert answer.status_code == status
    assert answer.get_body().decode() == said
