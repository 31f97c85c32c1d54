"""Teams, outbound: posts notices to the address of a workflow or an incoming webhook."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import requests
import urllib3

from work_assignment.channels.cards import message
from work_assignment.domain.errors import Refused, Unavailable
from work_assignment.domain.runs.deliveries import Delivery
from work_assignment.domain.runs.recipients import Recipient

CONNECT, READ = 5.0, 20.0
"""Seconds for connecting, and for the answer as a whole."""
_LARGEST_ANSWER = 16 * 1024
_PASSING = frozenset({408, 425, 429})
_GONE = frozenset({404, 410})
_NOT_SIGNED = frozenset({401, 403})
_RENEW = "make a new one in Teams and set WA_TEAMS_URL to it"
# An incoming webhook answers 200 for what Teams behind it refused (Microsoft Learn, "Rate limiting
# for connectors").
_REFUSED_BEHIND = re.compile(rb"returned HTTP error (\d{3})", re.IGNORECASE)


class _Secrets(logging.Filter):
    """Keeps lines out of the log that name a secret address: urllib3 tells each request's path."""

    def __init__(self) -> None:
        super().__init__()
        self.secrets: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        return not any(secret in said for secret in self.secrets)


_secrets = _Secrets()
logging.getLogger("urllib3.connectionpool").addFilter(_secrets)


class Teams:
    """Posts to one address, which is a secret: only its host is ever told."""

    def __init__(
        self,
        url: str,
        dataverse_url: str,
        *,
        timeout: tuple[float, float] = (CONNECT, READ),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._dataverse_url = dataverse_url
        self._timeout = timeout
        self._clock = clock
        self._monotonic = monotonic
        parts = urlsplit(url)
        self.host = parts.hostname or ""
        _secrets.secrets.update(part for part in (parts.path, parts.query) if len(part) > 1)

    def __repr__(self) -> str:
        return f"Teams(at {self.host})"

    def send(self, delivery: Delivery, to: Recipient) -> None:
        """Post one notice. Raises Refused where that is for good, Unavailable where it may pass.

        There is no way to tell Teams that a notice is the same as one before.
        """
        body = message(delivery, to.name, delivery.page(self._dataverse_url))
        status, headers, answer = self._post(body)
        behind = _REFUSED_BEHIND.search(answer) if status == requests.codes.ok else None
        self._judge(int(behind[1]) if behind else status, headers)

    def _post(self, body: bytes) -> tuple[int, Mapping[str, str], bytes]:
        until = self._monotonic() + sum(self._timeout)
        try:
            with requests.post(
                self._url,
                data=body,
                headers={"Content-Type": "application/json"},
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
            ) as answer:
                return answer.status_code, answer.headers, self._read(answer, until)
        # What is raised names the whole address, so it is no cause that anybody may log.
        except requests.exceptions.SSLError:
            raise Unavailable(f"Teams at {self.host}: its certificate is not valid") from None
        except requests.Timeout:
            raise Unavailable(f"Teams at {self.host} did not answer in time") from None
        except (OSError, urllib3.exceptions.HTTPError, ValueError) as exc:
            kind = type(exc).__name__
            raise Unavailable(f"Teams at {self.host} cannot be reached ({kind})") from None

    def _read(self, answer: requests.Response, until: float) -> bytes:
        """The beginning of the answer, which says enough; a slow one is not waited for."""
        found = b""
        for part in answer.iter_content(1):
            found += part
            if len(found) >= _LARGEST_ANSWER or self._monotonic() > until:
                break
        return found

    def _judge(self, status: int, headers: Mapping[str, str]) -> None:
        where = f"Teams at {self.host}"
        if 200 <= status < 300:
            return
        if status in _PASSING or status >= 500:
            wait = _retry_after(headers.get("Retry-After", ""), self._clock())
            raise Unavailable(f"{where} asks to try again later ({status})", wait)
        if status in _GONE:
            raise Refused(f"{where} has no such address any more ({status}): {_RENEW}")
        if status in _NOT_SIGNED:
            raise Refused(f"{where} does not accept the address ({status}): {_RENEW}")
        if 300 <= status < 400:
            raise Refused(f"{where} sends us somewhere else ({status}), which is not followed")
        raise Refused(f"{where} does not take the message ({status})")


def _retry_after(text: str, now: datetime) -> timedelta | None:
    """Seconds or a date, as HTTP has it."""
    if text.strip().isdigit():
        return timedelta(seconds=min(int(text), 86_400))
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return max(at - now, timedelta(0))
