"""Keeps the webhooks' steps in line with the definitions, as a chore of the timer's bell."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta

from work_assignment.domain.defining.definition_rows import StepRow, Stored
from work_assignment.domain.errors import NotPermitted, Refused, Unavailable
from work_assignment.domain.runs.facts import Rulebook
from work_assignment.services.webhook_registration import (
    CannotRegister,
    Report,
    WebhookStore,
    keep_steps,
    only_endpoint,
)
from work_assignment.services.webhook_steps import (
    IN_LINE,
    Watch,
    compare,
    wanted_steps,
    watch_of,
)

LOOKED_EVERY = timedelta(hours=1)
PRIVILEGES = "create and write Sdk Message Processing Step, and read Service Endpoint"

_log = logging.getLogger(__name__)


class WebhookUpkeep:
    """Looks at the steps when what is to ring has changed, and once an hour.

    `newest` gives the rulebook as read last, by whoever read it: asking costs nothing. It may be a
    while old in a worker that has nothing to decide, so `read` reads it anew before something is
    written: no step is put back to what other workers know to be over. Only steps are written:
    neither is an endpoint made, as only people know its key, nor is its address or key touched.
    What cannot be done is said once until it is something else.
    """

    def __init__(
        self,
        store: WebhookStore,
        newest: Callable[[], Rulebook | None],
        read: Callable[[], Rulebook],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._newest = newest
        self._read = read
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._settled: Watch | None = None
        self._next_look = float("-inf")
        self._endpoint_id: str | None = None
        self._said = ""

    def look(self) -> None:
        """Bring the steps into line, unless that was seen to shortly before."""
        rulebook = self._newest()
        if rulebook is None:
            return
        watch = watch_of(rulebook)
        with self._lock:
            if watch == self._settled and self._monotonic() < self._next_look:
                return
            self._settled = watch
            self._next_look = self._monotonic() + LOOKED_EVERY.total_seconds()
        try:
            self._keep(watch)
        except Unavailable as exc:
            self._settled = None
            _log.info("the webhooks are looked at later: %s", exc)
        except NotPermitted as exc:
            self._say_once(f"the application user needs to {PRIVILEGES}: {exc}")
        except (CannotRegister, Refused) as exc:
            self._say_once(str(exc))

    def _keep(self, watch: Watch) -> None:
        report = self._kept(watch)
        if report is None:
            self._say_once("none is registered; 'wa webhooks sync' does that")
            return
        for action in report.actions:
            columns = f" ({', '.join(action.columns)})" if action.columns else ""
            _log.info("webhooks: %s %s%s", action.verb, action.name, columns)
        if report.not_offered:
            self._say_once(f"Dataverse offers no {' and no '.join(report.not_offered)}")
        else:
            self._said = ""

    def _kept(self, watch: Watch) -> Report | None:
        """What was done, or None without an endpoint; a known one is not asked for again."""
        stored = () if self._endpoint_id is None else self._store.steps(self._endpoint_id)
        if not stored:  # without its endpoint no step is there
            endpoint = only_endpoint(self._store)
            self._endpoint_id = None if endpoint is None else endpoint.id
            stored = () if endpoint is None else self._store.steps(endpoint.id)
        if self._endpoint_id is None:
            return None
        if not _is_in_line(stored, watch):
            self._settled = watch = watch_of(self._read())
        return keep_steps(self._endpoint_id, stored, self._store, watch)

    def _say_once(self, why: str) -> None:
        if why != self._said:
            _log.warning("webhooks are not kept in line: %s", why)
        self._said = why


def _is_in_line(stored: Sequence[Stored[StepRow]], watch: Watch) -> bool:
    return all(state.condition in IN_LINE for state in compare(stored, wanted_steps(watch)))
