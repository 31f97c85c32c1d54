"""The snapshot reads the same on every version of the SDK, and needs no settings."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.local_host.support import write_app

from work_assignment.local_host.errors import AppRefused
from work_assignment.local_host.snapshot import snapshot


def test_it_lists_what_the_app_declares(folder: Path) -> None:
    text = """
        bp = func.Blueprint()

        @bp.timer_trigger("timer", "%WA_RING_SCHEDULE%")
        def ring(timer: func.TimerRequest) -> None: ...

        @bp.route("dataverse/events", methods=["POST"])
        @bp.queue_output("bell", "wa-bell", "AzureWebJobsStorage")
        def events(req: func.HttpRequest, bell: func.Out[str]) -> func.HttpResponse: ...

        @bp.queue_trigger("msg", "wa-bell", "AzureWebJobsStorage")
        def decide(msg: func.QueueMessage) -> None: ...

        @bp.route(auth_level="ANONYMOUS", methods=["post", "get"])
        def health(req: func.HttpRequest) -> str: ...

        app.register_functions(bp)
    """
    assert snapshot(write_app(folder, text)) == [
        {
            "name": "decide",
            "trigger": "queueTrigger",
            "queue": "wa-bell",
            "connection": "AzureWebJobsStorage",
        },
        {
            "name": "events",
            "trigger": "httpTrigger",
            "route": "dataverse/events",
            "methods": ["POST"],
            "auth_level": "function",
            "outputs": [
                {"parameter": "bell", "queue": "wa-bell", "connection": "AzureWebJobsStorage"}
            ],
        },
        {
            "name": "health",
            "trigger": "httpTrigger",
            "route": "health",
            "methods": ["GET", "POST"],
            "auth_level": "anonymous",
        },
        {"name": "ring", "trigger": "timerTrigger", "schedule": "%WA_RING_SCHEDULE%"},
    ]


def test_an_app_that_cannot_be_read_has_no_snapshot(folder: Path) -> None:
    with pytest.raises(AppRefused, match="ZeroDivisionError"):
        snapshot(write_app(folder, "1 / 0\n"))
