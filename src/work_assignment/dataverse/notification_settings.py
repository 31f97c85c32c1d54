"""How an organisation tells people, read for whoever sends without deciding."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from work_assignment.dataverse import messages
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.names import SETTING, SettingColumn
from work_assignment.dataverse.queries import Query
from work_assignment.domain.defining.notification_texts import read_notifications
from work_assignment.domain.defining.notifications import Notifications
from work_assignment.domain.errors import DefinitionError

KEPT = 60.0
"""Seconds for which what was read counts."""

_log = logging.getLogger(__name__)


class NotificationSettings:
    """The settings, asked for once a minute at most."""

    def __init__(
        self, client: DataverseClient, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._read_until = float("-inf")
        self._notifications = Notifications()

    def __call__(self) -> Notifications:
        """The settings; those that are broken count as none. Raises what Dataverse raises."""
        with self._lock:
            if self._monotonic() >= self._read_until:
                self._notifications = self._read()
                self._read_until = self._monotonic() + KEPT
            return self._notifications

    def _read(self) -> Notifications:
        query = Query(SETTING.entity_set, select=(SettingColumn.NOTIFICATIONS,), top=1)
        rows = self._client.send(messages.get(query)).rows
        try:
            return read_notifications(rows[0].get(SettingColumn.NOTIFICATIONS) if rows else None)
        except DefinitionError as exc:
            _log.error("%s", exc)
            return Notifications()
