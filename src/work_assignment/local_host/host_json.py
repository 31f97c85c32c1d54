"""host.json: the part of it that matters to a local run, read and validated."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

FILE = "host.json"
# Sections that steer Azure alone: right to have, without effect here.
AZURE_ONLY = frozenset({"version", "functionTimeout", "extensionBundle", "logging", "extensions"})
MAX_BATCH = 32
MIN_POLLING = timedelta(milliseconds=100)
MAX_HIDDEN = timedelta(days=7)
_TIME_SPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})(?:\.(\d{1,7}))?")
_PREFIX = re.compile(r"(?:[\w.~-]+(?:/[\w.~-]+)*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class QueueOptions:
    """extensions.queues, with Azure's defaults. `visibility_timeout` is the delay after a failure."""

    batch_size: int = 16
    new_batch_threshold: int = 8
    max_dequeue_count: int = 5
    visibility_timeout: timedelta = timedelta(0)
    max_polling_interval: timedelta = timedelta(minutes=1)
    base64: bool = True


@dataclass(frozen=True, slots=True)
class HostConfig:
    """What host.json says. `warnings` name what is there but has no effect in a local run."""

    route_prefix: str = "api"
    function_timeout: timedelta = timedelta(minutes=30)
    queues: QueueOptions = field(default_factory=QueueOptions)
    warnings: tuple[str, ...] = ()


@dataclass(slots=True)
class _Reader:
    """Takes typed values out of nested JSON and collects what is wrong on the way."""

    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def section(self, parent: Mapping[str, Any], key: str, path: str) -> Mapping[str, Any]:
        value = parent.get(key, {})
        if isinstance(value, dict):
            return value
        self.problems.append(f"{FILE}: {path} must be an object, not {_shown(value)}")
        return {}

    def warn_of_others(self, section: Mapping[str, Any], known: frozenset[str], path: str) -> None:
        self.warnings += [
            f"{FILE}: {path}{key} has no effect in a local run"
            for key in section
            if key not in known
        ]

    def whole(self, section: Mapping[str, Any], key: str, default: int, low: int, high: int) -> int:
        value = section.get(key, default)
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        self._refuse(key, f"a whole number from {low} to {high}", value)
        return default

    def span(
        self, section: Mapping[str, Any], key: str, default: timedelta, low: timedelta
    ) -> timedelta:
        value = section.get(key)
        if value is None and key not in section:
            return default
        read = parse_time_span(value) if isinstance(value, str) else None
        if read is not None and low <= read <= MAX_HIDDEN:
            return read
        self._refuse(key, f"a time span such as '00:00:30', from {low} to {MAX_HIDDEN}", value)
        return default

    def _refuse(self, key: str, wanted: str, value: Any) -> None:
        self.problems.append(
            f"{FILE}: extensions.queues.{key} must be {wanted}, not {_shown(value)}"
        )


def read_host_json(app_root: Path) -> tuple[HostConfig, tuple[str, ...]]:
    """Read host.json of this app; returns the configuration and every problem found in it."""
    path = app_root / FILE
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return HostConfig(), (f"there is no {FILE} in {app_root}",)
    except UnicodeDecodeError:
        return HostConfig(), (f"{FILE} is not UTF-8 text",)
    except json.JSONDecodeError as error:
        return HostConfig(), (f"{FILE} line {error.lineno} column {error.colno}: {error.msg}",)
    if not isinstance(document, dict):
        return HostConfig(), (f"{FILE}: must be an object, not {_shown(document)}",)
    reader = _Reader()
    config = _config(document, reader)
    return config, tuple(reader.problems)


def parse_time_span(text: str) -> timedelta | None:
    """Read .NET's `[days.]hours:minutes:seconds[.fraction]`; None if it is not one."""
    match = _TIME_SPAN.fullmatch(text)
    if match is None:
        return None
    days, hours, minutes, seconds, fraction = match.groups()
    if int(hours) > 23 or int(minutes) > 59 or int(seconds) > 59:
        return None
    microseconds = int((fraction or "0").ljust(6, "0")[:6])
    return timedelta(
        days=int(days or 0),
        hours=int(hours),
        minutes=int(minutes),
        seconds=int(seconds),
        microseconds=microseconds,
    )


def _config(document: Mapping[str, Any], reader: _Reader) -> HostConfig:
    if document.get("version") != "2.0":
        reader.problems.append(
            f'{FILE}: version must be "2.0", not {_shown(document.get("version"))}'
        )
    reader.warn_of_others(document, AZURE_ONLY, "")
    extensions = reader.section(document, "extensions", "extensions")
    reader.warn_of_others(extensions, frozenset({"http", "queues"}), "extensions.")
    http = reader.section(extensions, "http", "extensions.http")
    reader.warn_of_others(http, frozenset({"routePrefix"}), "extensions.http.")
    queues = _queue_options(reader.section(extensions, "queues", "extensions.queues"), reader)
    return HostConfig(
        route_prefix=_route_prefix(http, reader),
        function_timeout=_function_timeout(document, reader),
        queues=queues,
        warnings=tuple(reader.warnings),
    )


def _queue_options(section: Mapping[str, Any], reader: _Reader) -> QueueOptions:
    default = QueueOptions()
    known = {"batchSize", "newBatchThreshold", "maxDequeueCount", "visibilityTimeout"}
    known |= {"maxPollingInterval", "messageEncoding"}
    reader.warn_of_others(section, frozenset(known), "extensions.queues.")
    encoding = section.get("messageEncoding", "base64")
    if encoding not in ("base64", "none"):
        reader.problems.append(
            f'{FILE}: extensions.queues.messageEncoding must be "base64" or "none", '
            f"not {_shown(encoding)}"
        )
    batch_size = reader.whole(section, "batchSize", default.batch_size, 1, MAX_BATCH)
    return QueueOptions(
        batch_size=batch_size,
        new_batch_threshold=reader.whole(section, "newBatchThreshold", batch_size // 2, 0, 1000),
        max_dequeue_count=reader.whole(section, "maxDequeueCount", 5, 1, 1000),
        visibility_timeout=reader.span(
            section, "visibilityTimeout", default.visibility_timeout, timedelta(0)
        ),
        max_polling_interval=reader.span(
            section, "maxPollingInterval", default.max_polling_interval, MIN_POLLING
        ),
        base64=encoding == "base64",
    )


def _route_prefix(http: Mapping[str, Any], reader: _Reader) -> str:
    value = http.get("routePrefix", "api")
    if isinstance(value, str) and _PREFIX.fullmatch(value.strip("/")):
        return value.strip("/")
    reader.problems.append(
        f"{FILE}: extensions.http.routePrefix must be a path such as 'api', not {_shown(value)}"
    )
    return "api"


def _function_timeout(document: Mapping[str, Any], reader: _Reader) -> timedelta:
    value = document.get("functionTimeout", "00:30:00")
    if value == "-1":
        return timedelta.max
    read = parse_time_span(value) if isinstance(value, str) else None
    if read:
        return read
    reader.problems.append(
        f"{FILE}: functionTimeout must be a time span such as '00:10:00', not {_shown(value)}"
    )
    return HostConfig().function_timeout


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
