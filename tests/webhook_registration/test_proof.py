"""An event is posted and waited for; whatever keeps it from arriving is told in clear words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.webhook_registration.memory_webhooks import MemoryWebhooks

from work_assignment.domain.errors import NotPermitted
from work_assignment.domain.runs.watching import FailedJobs
from work_assignment.services.webhook_proof import NotProven, Proof, check_registration, prove
from work_assignment.services.webhook_registration import registered, sync
from work_assignment.services.webhook_steps import Watch

APP, KEY = "https://app.example", "key"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Loop:
    """Dataverse, the app and a clock that only pauses move: the event takes `after` seconds."""

    def __init__(self, after: float | None, *, heard_ago: float | None = None) -> None:
        self.after = after
        self.seconds = 0.0
        self.heard_at = None if heard_ago is None else -heard_ago
        self.ahead = timedelta(0)
        self.written_at: float | None = None
        self.rows: set[str] = set()
        self.storage: dict[str, Any] = {"ok": True}
        self.jobs = FailedJobs()
        self.not_permitted = False

    def prove(self) -> Proof:
        return prove(self, self, self, monotonic=lambda: self.seconds, pause=self.pause)

    def pause(self, seconds: float) -> None:
        self.seconds += seconds

    def put(self) -> tuple[str, datetime]:
        self.rows.add("probe")
        self.written_at = self.seconds
        return "probe", NOON + timedelta(seconds=self.seconds)

    def remove(self, row_id: str) -> None:
        self.rows.remove(row_id)

    def details(self) -> Mapping[str, Any]:
        self._hear()
        return {
            "storage": self.storage,
            "at": self._text(self.seconds),
            "last_webhook": self._text(self.heard_at),
        }

    def _hear(self) -> None:
        """As the app does: an event that comes within ten seconds of another is not noted."""
        if self.written_at is None or self.after is None:
            return
        came_at = self.written_at + self.after
        if came_at <= self.seconds and (self.heard_at is None or came_at - self.heard_at >= 10):
            self.heard_at = came_at

    def _text(self, seconds: float | None) -> str | None:
        if seconds is None:
            return None
        return (NOON + self.ahead + timedelta(seconds=seconds)).isoformat(timespec="seconds")

    def failed_jobs(self, since: datetime) -> FailedJobs:
        if self.not_permitted:
            raise NotPermitted("prvReadAsyncOperation is missing")
        return self.jobs


def test_it_takes_as_long_as_the_event_and_leaves_no_row() -> None:
    loop = Loop(after=2, heard_ago=3600)
    assert loop.prove() == Proof(2.0)
    assert loop.rows == set()


def test_an_app_that_never_heard_anything_can_be_tested() -> None:
    assert Loop(after=1).prove().seconds == 1


def test_shortly_after_another_event_it_waits_until_the_app_notes_again() -> None:
    loop = Loop(after=1, heard_ago=2)
    assert loop.prove().seconds == 1
    assert loop.written_at is not None
    assert loop.written_at >= 9


@pytest.mark.parametrize(("minutes", "told"), [(5, 5), (-3, -3), (0.5, None)])
def test_clocks_that_differ_keep_nothing_from_being_proven_and_are_told(
    minutes: float, told: int | None
) -> None:
    loop = Loop(after=2)
    loop.ahead = timedelta(minutes=minutes)
    assert loop.prove().clocks_differ == (None if told is None else timedelta(minutes=told))


def test_an_event_that_does_not_come_is_told_with_the_delivery_that_failed() -> None:
    loop = Loop(after=None)
    loop.jobs = FailedJobs(
        count=1, newest_step="Create of wa_sweep", newest="0x80050203: no answer", newest_at=NOON
    )
    with pytest.raises(NotProven, match=r"within 30 s: .* 'Create of wa_sweep': 0x80050203"):
        loop.prove()
    assert loop.rows == set()


def test_an_event_that_does_not_come_without_a_failed_delivery_is_still_under_way() -> None:
    with pytest.raises(NotProven, match="its asynchronous service may be behind"):
        Loop(after=None).prove()


def test_failed_deliveries_that_may_not_be_seen_are_told_as_that() -> None:
    loop = Loop(after=None)
    loop.not_permitted = True
    with pytest.raises(NotProven, match="cannot be seen: prvReadAsyncOperation is missing"):
        loop.prove()


def test_an_app_without_its_storage_is_told_before_anything_is_written() -> None:
    loop = Loop(after=1)
    loop.storage = {"ok": False, "trouble": "no such account"}
    with pytest.raises(NotProven, match=r"cannot reach its storage, .*: no such account"):
        loop.prove()
    assert loop.written_at is None


def test_what_is_not_registered_as_it_must_be_is_told_first() -> None:
    store = MemoryWebhooks()
    with pytest.raises(NotProven, match="nothing is registered"):
        check_registration(registered(store), KEY)
    sync(APP, KEY, store, Watch({}))
    assert check_registration(registered(store), KEY).endpoint.row.url.startswith(APP)
    with pytest.raises(NotProven, match="another key than WA_FUNCTION_KEY"):
        check_registration(registered(store), "another")
    store.disable("Work Assignment: Create of wa_sweep")
    with pytest.raises(NotProven, match="'Work Assignment: Create of wa_sweep' is disabled"):
        check_registration(registered(store), KEY)
    store.remove("Work Assignment: Create of wa_sweep")
    with pytest.raises(NotProven, match="is missing; 'wa webhooks sync --endpoint URL' mends it"):
        check_registration(registered(store), KEY)
