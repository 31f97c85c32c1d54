"""The app keeps the steps in line by itself: when what rings has changed, and now and then."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from tests.webhook_registration.memory_webhooks import MemoryWebhooks

from work_assignment.domain.deciding.definitions import define
from work_assignment.domain.defining.definition_rows import (
    EndpointRow,
    MessageTarget,
    StepRow,
    Stored,
    WebhookChange,
)
from work_assignment.domain.errors import NotPermitted, Unavailable
from work_assignment.domain.runs.facts import Rulebook
from work_assignment.services.webhook_registration import sync
from work_assignment.services.webhook_steps import Watch, watch_of
from work_assignment.services.webhook_upkeep import LOOKED_EVERY, WebhookUpkeep

APP, KEY = "https://app.example", "key"
HOUR = LOOKED_EVERY.total_seconds()
SEVEN = datetime(2026, 3, 2, 7, tzinfo=UTC)


def rulebook(*columns: str) -> Rulebook:
    """What is in force when filters on leads read these columns."""
    read = frozenset(columns)
    return Rulebook("1", define((), (), ()), {"lead": read}, watched={"lead": read})


@dataclass
class Counted:
    """A store that counts what is asked of it, and refuses what it is told to."""

    store: MemoryWebhooks
    asked: list[str] = field(default_factory=list)
    refuses: Exception | None = None

    def endpoints(self, name: str) -> Sequence[Stored[EndpointRow]]:
        self.asked.append("endpoints")
        return self.store.endpoints(name)

    def steps(self, endpoint_id: str) -> Sequence[Stored[StepRow]]:
        self.asked.append("steps")
        return self.store.steps(endpoint_id)

    def targets(
        self, messages: Collection[str], record_types: Collection[str]
    ) -> Mapping[tuple[str, str], MessageTarget]:
        self.asked.append("targets")
        return self.store.targets(messages, record_types)

    def write(self, changes: Sequence[WebhookChange]) -> None:
        self.asked.append("write")
        if self.refuses is not None:
            raise self.refuses
        self.store.write(changes)


class Kept:
    """An upkeep at work, with its store, its clock and what it knows of definitions."""

    def __init__(self, *columns: str) -> None:
        self.memory = MemoryWebhooks()
        self.rulebook: Rulebook | None = rulebook(*columns)
        sync(APP, KEY, self.memory, watch_of(rulebook(*columns)))
        self.memory.writes.clear()
        self.store = Counted(self.memory)
        self.now = 0.0
        self.upkeep = self.worker(lambda: self.rulebook)

    def worker(self, newest: Callable[[], Rulebook | None]) -> WebhookUpkeep:
        """A worker's upkeep: the definitions in force are those of this organisation."""
        return WebhookUpkeep(self.store, newest, self.read, monotonic=lambda: self.now)

    def read(self) -> Rulebook:
        self.store.asked.append("rulebook")
        assert self.rulebook is not None
        return self.rulebook

    def look(self) -> list[str]:
        """What the next look asked of Dataverse."""
        self.store.asked.clear()
        self.upkeep.look()
        return list(self.store.asked)


def test_a_changed_filter_changes_the_step_and_neither_the_endpoint_nor_its_key() -> None:
    kept = Kept("subject")
    kept.rulebook = rulebook("subject", "revenue")

    kept.look()

    assert kept.memory.step("Work Assignment: Update of lead").columns == (
        "ownerid",
        "revenue",
        "statecode",
        "subject",
    )
    ((change,),) = kept.memory.writes
    assert type(change).__name__ == "UpdateStep"


def test_while_nothing_changes_nothing_is_asked_but_once_an_hour() -> None:
    kept = Kept("subject")

    assert kept.look() == ["endpoints", "steps"]
    kept.now += HOUR - 1
    assert kept.look() == []
    kept.now += 1
    assert kept.look() == ["steps"]
    assert kept.memory.writes == []


def test_a_step_that_somebody_disabled_is_enabled_within_the_hour(
    caplog: pytest.LogCaptureFixture,
) -> None:
    kept = Kept("subject")
    kept.look()
    kept.memory.disable("Work Assignment: Update of lead")

    kept.now += HOUR
    with caplog.at_level(logging.INFO):
        kept.look()

    assert kept.memory.step("Work Assignment: Update of lead").enabled
    assert "webhooks: enable Work Assignment: Update of lead" in caplog.text


def test_before_definitions_were_read_nothing_is_asked() -> None:
    kept = Kept("subject")
    kept.rulebook = None

    assert kept.look() == []


def test_without_an_endpoint_none_is_made_and_it_is_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    kept = Kept("subject")
    kept.memory.rows.clear()
    kept.memory.registered.clear()

    for _ in range(3):
        kept.look()
        kept.now += HOUR

    assert kept.memory.rows == {}
    said = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert [record.getMessage() for record in said] == [
        "webhooks are not kept in line: none is registered; 'wa webhooks sync' does that"
    ]


def test_an_endpoint_that_was_registered_anew_is_found() -> None:
    kept = Kept("subject")
    kept.look()
    kept.memory.rows.clear()
    kept.memory.registered.clear()
    sync(APP, KEY, kept.memory, Watch({"lead": frozenset({"companyname"})}))

    kept.now += HOUR
    kept.look()

    assert "subject" in kept.memory.step("Work Assignment: Update of lead").columns


def test_a_missing_privilege_is_said_once_with_what_is_needed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    kept = Kept("subject")
    kept.rulebook = rulebook("revenue")
    kept.store.refuses = NotPermitted("prvWriteSdkMessageProcessingStep is missing")

    for _ in range(2):
        kept.look()
        kept.now += HOUR

    (said,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert "needs to create and write Sdk Message Processing Step" in said.getMessage()
    assert "prvWriteSdkMessageProcessingStep is missing" in said.getMessage()


def test_what_could_not_be_done_now_is_tried_at_the_next_bell() -> None:
    kept = Kept("subject")
    kept.rulebook = rulebook("revenue")
    kept.store.refuses = Unavailable("it is away")
    kept.look()
    kept.store.refuses = None

    kept.look()

    assert "revenue" in kept.memory.step("Work Assignment: Update of lead").columns


def test_two_who_create_a_step_at_once_make_one() -> None:
    kept = Kept("subject")
    kept.memory.remove("Work Assignment: Update of lead")
    other = MemoryWebhooks()
    other.rows, other.registered = dict(kept.memory.rows), dict(kept.memory.registered)

    kept.look()
    WebhookUpkeep(other, lambda: kept.rulebook, kept.read).look()

    assert kept.memory.registered == other.registered


def test_a_worker_whose_definitions_are_old_puts_no_step_back_to_them() -> None:
    kept = Kept("subject")
    old = kept.rulebook
    behind = kept.worker(lambda: old)
    behind.look()
    kept.now += HOUR / 2
    kept.rulebook = rulebook("subject", "revenue")
    kept.look()
    kept.memory.writes.clear()

    kept.now += HOUR / 2
    behind.look()
    kept.now += HOUR / 2
    kept.look()

    assert "revenue" in kept.memory.step("Work Assignment: Update of lead").columns
    assert kept.memory.writes == []


def test_definitions_are_read_anew_only_before_something_is_written() -> None:
    kept = Kept("subject")
    assert "rulebook" not in kept.look()
    kept.rulebook = rulebook("subject", "revenue")
    assert kept.look() == ["steps", "rulebook", "write"]


def test_a_rulebook_that_cannot_be_read_before_writing_leaves_the_steps_for_the_next_bell() -> None:
    kept = Kept("revenue")
    steps = dict(kept.memory.registered)
    away = [True]

    def read() -> Rulebook:
        if away[0]:
            raise Unavailable("it is away")
        return rulebook("subject")

    upkeep = WebhookUpkeep(kept.store, lambda: rulebook("subject"), read)
    upkeep.look()
    assert kept.memory.registered == steps
    away[0] = False
    upkeep.look()
    assert "subject" in kept.memory.step("Work Assignment: Update of lead").columns
