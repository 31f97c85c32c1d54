"""Taking events in: what is queued, what is dropped, what is refused."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

import pytest
from tests.services.fakes import Clock, MemoryQueues
from tests.services.test_events import LEAD, USER, body

from work_assignment.domain.errors import Unavailable
from work_assignment.services.bell import Bell
from work_assignment.services.events import Event, NotAnEvent
from work_assignment.services.intake import (
    MAXIMUM_BODY,
    TAG,
    BodyTooLarge,
    Intake,
    WrongContentType,
)

JSON = "application/json; charset=utf-8"
TAGGED = [{"key": "tag", "value": TAG}]


@pytest.fixture
def queues() -> MemoryQueues:
    return MemoryQueues(Clock())


def intake(queues: MemoryQueues, *, own_user: str = USER, off: bool = False) -> Intake:
    return Intake(queues, Bell(queues), lambda: own_user, off=off)


def lengths(queues: MemoryQueues) -> tuple[int, int]:
    """How much lies on the queue of events, and how many bells ring."""
    return len(queues.texts("wa-events")), len(queues.texts("wa-bell"))


def test_an_event_is_queued_and_the_bell_rings(queues: MemoryQueues) -> None:
    intake(queues).accept(body(), JSON)

    (text,) = queues.texts("wa-events")
    assert Event.from_text(text).columns == frozenset({"subject", "ownerid"})
    assert lengths(queues) == (1, 1)


def test_our_own_echo_is_dropped(queues: MemoryQueues) -> None:
    intake(queues).accept(body(SharedVariables=TAGGED), JSON)

    assert lengths(queues) == (0, 0)


@pytest.mark.parametrize(
    ("changes", "own_user"),
    [
        ({"SharedVariables": []}, USER),
        ({"SharedVariables": [{"key": "tag", "value": "somebody-else"}]}, USER),
        ({"SharedVariables": TAGGED, "Depth": 2}, USER),
        ({"SharedVariables": TAGGED}, "somebody-else"),
    ],
)
def test_it_is_an_echo_only_when_tag_user_and_depth_all_say_so(
    queues: MemoryQueues, changes: dict[str, Any], own_user: str
) -> None:
    intake(queues, own_user=own_user).accept(body(**changes), JSON)

    assert lengths(queues) == (1, 1)


def test_an_echo_is_queued_while_nobody_can_say_who_we_are(queues: MemoryQueues) -> None:
    Intake(queues, Bell(queues), lambda: None, off=False).accept(body(SharedVariables=TAGGED), JSON)

    assert lengths(queues) == (1, 1)


def test_nobody_is_asked_who_we_are_for_an_event_without_our_tag(queues: MemoryQueues) -> None:
    def must_not_be_asked() -> str:
        raise AssertionError("asked")

    Intake(queues, Bell(queues), must_not_be_asked, off=False).accept(body(), JSON)

    assert lengths(queues) == (1, 1)


@pytest.mark.parametrize(
    ("text", "content_type", "error"),
    [
        (body(), "text/plain", WrongContentType),
        (body(), "", WrongContentType),
        (body(), "application/jsonp", WrongContentType),
        (b" " * (MAXIMUM_BODY + 1), JSON, BodyTooLarge),
        (b"{}", JSON, NotAnEvent),
    ],
)
def test_a_wrong_body_is_refused_and_nothing_is_queued(
    queues: MemoryQueues, text: bytes, content_type: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        intake(queues).accept(text, content_type)

    assert lengths(queues) == (0, 0)


@pytest.mark.parametrize("content_type", ["application/json", "Application/JSON ;charset=utf-8"])
def test_the_content_type_may_be_written_in_any_usual_way(
    queues: MemoryQueues, content_type: str
) -> None:
    intake(queues).accept(body(), content_type)

    assert lengths(queues) == (1, 1)


def test_a_body_as_long_as_allowed_is_read(queues: MemoryQueues) -> None:
    intake(queues).accept(body().ljust(MAXIMUM_BODY), JSON)

    assert lengths(queues) == (1, 1)


def test_when_the_queue_cannot_be_written_the_caller_learns_it(queues: MemoryQueues) -> None:
    queues.broken = True

    with pytest.raises(OSError, match="cannot be written"):
        intake(queues).accept(body(), JSON)

    queues.broken = False
    assert lengths(queues) == (0, 0)
    intake(queues).accept(body(), JSON)
    assert lengths(queues) == (1, 1)


def test_an_event_that_lies_on_the_queue_is_accepted_though_the_bell_cannot_be_rung(
    queues: MemoryQueues, caplog: pytest.LogCaptureFixture
) -> None:
    class Dumb(Bell):
        def ring(self, why: str) -> None:
            raise Unavailable("the storage is away")

    Intake(queues, Dumb(queues), lambda: None, off=False).accept(body(), JSON)

    assert lengths(queues) == (1, 0)
    assert "the timer rings" in caplog.text


def test_switched_off_events_are_checked_and_dropped(queues: MemoryQueues) -> None:
    intake(queues, off=True).accept(body(), JSON)

    assert lengths(queues) == (0, 0)
    with pytest.raises(NotAnEvent):
        intake(queues, off=True).accept(b"{}", JSON)


def sweep_row(*columns: str, **changes: Any) -> bytes:
    """Somebody created a row of a sweep with these columns."""
    attributes = [{"key": name, "value": "x"} for name in ("wa_name", *columns)]
    target = {"key": "Target", "value": {"Attributes": attributes}}
    created = {"MessageName": "Create", "PrimaryEntityName": "wa_sweep"}
    return body(**(created | {"InputParameters": [target]} | changes))


@pytest.mark.parametrize("tag", [None, TAG])
def test_a_sweep_that_somebody_asks_for_is_queued_for_those_who_sweep(
    queues: MemoryQueues, tag: str | None
) -> None:
    variables = [{"key": "tag", "value": tag}] if tag else []
    intake(queues).accept(sweep_row(SharedVariables=variables), JSON)
    assert lengths(queues) == (0, 0)
    (text,) = queues.texts("wa-sweeps")
    assert b64decode(text).decode() == LEAD


@pytest.mark.parametrize(
    ("event", "off"),
    [
        (sweep_row("wa_starttime"), False),
        (sweep_row(MessageName="Update"), False),
        (sweep_row(), True),
    ],
    ids=["who sweeps himself", "how far one is", "switched off"],
)
def test_other_rows_of_sweeps_ask_for_nothing(
    queues: MemoryQueues, event: bytes, off: bool
) -> None:
    intake(queues, off=off).accept(event, JSON)
    assert lengths(queues) == (0, 0)
    assert queues.texts("wa-sweeps") == []
