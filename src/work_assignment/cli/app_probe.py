"""The running app asked how it does, over HTTP with its key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests

from work_assignment.services.webhook_proof import NotProven
from work_assignment.services.webhook_registration import EVENTS_PATH, KEY_HEADER

_PATH = "/api/health/details"
_TIMEOUT = 10
_KEY_REFUSED = (401, 403)


class RunningApp:
    """The app behind an address; asks once each time.

    It follows no redirects: the key goes nowhere else.
    """

    def __init__(self, events_url: str, key: str) -> None:
        self.address = events_url.removesuffix(EVENTS_PATH)
        self._key = key

    def details(self) -> Mapping[str, Any]:
        """What `/api/health/details` says, well or unwell."""
        try:
            answer = requests.get(
                self.address + _PATH,
                headers={KEY_HEADER: self._key},
                timeout=_TIMEOUT,
                allow_redirects=False,
            )
        except requests.RequestException as exc:
            raise NotProven(
                f"the app cannot be reached at {self.address} ({type(exc).__name__}); is it running, "
                "and is that its address from here? --endpoint names another"
            ) from exc
        if answer.status_code in _KEY_REFUSED:
            raise NotProven(
                f"the app at {self.address} refuses the key in WA_FUNCTION_KEY "
                f"({answer.status_code}): it is not the key that the app goes by, or that is "
                "another app: --endpoint names the right one"
            )
        return self._read(answer)

    def _read(self, answer: requests.Response) -> Mapping[str, Any]:
        try:
            found = answer.json()
        except ValueError:
            found = None
        if not isinstance(found, dict) or "storage" not in found:
            raise NotProven(
                f"{self.address}{_PATH} answers {answer.status_code} and is not this app's"
            )
        return found
