"""The webhook function when the queue is out of reach."""

from __future__ import annotations

from types import SimpleNamespace

import azure.functions as func
import pytest

from work_assignment.azure_storage.errors import StorageUnavailable
from work_assignment.triggers import events


class FullDisk:
    """An intake whose queue cannot be written."""

    def accept(self, body: bytes, content_type: str) -> None:
        raise StorageUnavailable("queues.sqlite", "disk full")


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "application", lambda: SimpleNamespace(intake=FullDisk()))


@pytest.mark.usefixtures("full_disk")
def test_a_queue_that_cannot_be_written_is_503_so_that_dataverse_sends_once_more() -> None:
    request = func.HttpRequest("POST", "/", headers={}, body=b"{}")
    function = events.blueprint._function_builders[0].build().get_user_function()
    answer = function(request)
    assert answer.status_code == 503
    assert answer.get_body() == b"The event could not be queued; send it again.\n"
