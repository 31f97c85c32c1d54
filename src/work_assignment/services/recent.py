"""The records that this process has decided lately: that they were created is no news of them."""

from __future__ import annotations

import threading
from collections import OrderedDict

from work_assignment.domain.records import RecordKey

MOST = 50_000
"""Records remembered; more than come at once, and a few megabytes."""


class Recent:
    """Remembers keys of records, the latest ones; may be shared by threads."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._keys: OrderedDict[RecordKey, None] = OrderedDict()

    def add(self, key: RecordKey) -> None:
        with self._lock:
            self._keys[key] = None
            self._keys.move_to_end(key)
            if len(self._keys) > self._most:
                self._keys.popitem(last=False)

    def __contains__(self, key: RecordKey) -> bool:
        with self._lock:
            return key in self._keys
