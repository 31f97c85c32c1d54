"""host.json: what matters here is read, what is wrong is refused, what has no effect is named."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from work_assignment.local_host.host_json import (
    HostConfig,
    QueueOptions,
    parse_time_span,
    read_host_json,
)


def read(folder: Path, document: Any) -> tuple[HostConfig, tuple[str, ...]]:
    (folder / "host.json").write_text(
        document if isinstance(document, str) else json.dumps(document), encoding="utf-8"
    )
    return read_host_json(folder)


def with_queues(**options: Any) -> dict[str, Any]:
    return {"version": "2.0", "extensions": {"queues": options}}


def test_azures_defaults_hold_when_nothing_is_said(tmp_path: Path) -> None:
    config, problems = read(tmp_path, {"version": "2.0"})
    assert problems == ()
    assert config == HostConfig("api", timedelta(minutes=30), QueueOptions())
    assert config.queues == QueueOptions(16, 8, 5, timedelta(0), timedelta(minutes=1), base64=True)


def test_what_is_said_is_read(tmp_path: Path) -> None:
    document = with_queues(
        batchSize=10,
        maxDequeueCount=3,
        visibilityTimeout="00:00:30",
        maxPollingInterval="00:00:00.250",
        messageEncoding="none",
    )
    document["extensions"]["http"] = {"routePrefix": "/hooks/v1/"}
    document["functionTimeout"] = "00:10:00"
    config, problems = read(tmp_path, document)
    assert problems == ()
    assert config.route_prefix == "hooks/v1"
    assert config.function_timeout == timedelta(minutes=10)
    assert config.queues == QueueOptions(
        10, 5, 3, timedelta(seconds=30), timedelta(milliseconds=250), base64=False
    )


def test_what_has_no_effect_here_is_named_but_taken(tmp_path: Path) -> None:
    document: dict[str, Any] = {
        "version": "2.0",
        "logging": {},
        "extensionBundle": {"id": "x"},
        "concurrency": {"dynamicConcurrencyEnabled": True},
        "extensions": {"queues": {"bachSize": 3}, "http": {"hsts": {}}, "serviceBus": {}},
    }
    config, problems = read(tmp_path, document)
    assert problems == ()
    assert config.warnings == (
        "host.json: concurrency has no effect in a local run",
        "host.json: extensions.serviceBus has no effect in a local run",
        "host.json: extensions.http.hsts has no effect in a local run",
        "host.json: extensions.queues.bachSize has no effect in a local run",
    )


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ('{"version" "2.0"}', "host.json line 1 column 12: "),
        ("[]", "host.json: must be an object, not []"),
        ({}, 'host.json: version must be "2.0", not null'),
        ({"version": "2.0", "extensions": 1}, "host.json: extensions must be an object, not 1"),
        (
            {"version": "2.0", "extensions": {"http": {"routePrefix": "a b"}}},
            "host.json: extensions.http.routePrefix must be a path such as 'api', not \"a b\"",
        ),
        ({"version": "2.0", "functionTimeout": "soon"}, "host.json: functionTimeout must be"),
        (with_queues(batchSize=33), "extensions.queues.batchSize must be a whole number from 1"),
        (with_queues(batchSize=True), "batchSize must be a whole number from 1 to 32, not true"),
        (with_queues(newBatchThreshold=-1), "newBatchThreshold must be a whole number from 0"),
        (with_queues(maxDequeueCount=0), "maxDequeueCount must be a whole number from 1"),
        (with_queues(visibilityTimeout=30), "visibilityTimeout must be a time span"),
        (with_queues(visibilityTimeout="8.00:00:00"), "visibilityTimeout must be a time span"),
        (with_queues(maxPollingInterval="00:00:00.05"), "maxPollingInterval must be a time span"),
        (with_queues(messageEncoding="utf8"), 'messageEncoding must be "base64" or "none"'),
    ],
)
def test_a_bad_value_is_refused_by_name(tmp_path: Path, document: Any, problem: str) -> None:
    _, problems = read(tmp_path, document)
    assert len(problems) == 1
    assert problem in problems[0]


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("00:00:01", timedelta(seconds=1)),
        ("1.02:03:04.5", timedelta(days=1, hours=2, minutes=3, seconds=4, milliseconds=500)),
        ("0:10:00", timedelta(minutes=10)),
        ("24:00:00", None),
        ("00:60:00", None),
        ("00:00", None),
        ("5", None),
    ],
)
def test_time_spans_are_read_as_net_reads_them(text: str, span: timedelta | None) -> None:
    assert parse_time_span(text) == span
