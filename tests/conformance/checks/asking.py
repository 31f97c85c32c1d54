"""Requests of checks: sent and compared as the steps of the table are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import requests

from ..expectations import check_answer
from ..table import Step, read_step
from ..world import World


def ask(world: World, request: str, **members: Any) -> requests.Response:
    """Send one request as a step of the table does, and check its answer."""
    step = read_step({"request": request, **members})
    answer = world.send(step)
    check_answer(Step(step.method, step.path, world.filled_expectations(step)), answer)
    world.keep(step, answer)
    return answer


def create_leads(world: World, subjects: Iterable[str], **values: Any) -> list[str]:
    """Create leads with CreateMultiple, a thousand at a time; return their ids."""
    targets = [
        {"@odata.type": "Microsoft.Dynamics.CRM.lead", "subject": subject, **values}
        for subject in subjects
    ]
    ids: list[str] = []
    for start in range(0, len(targets), 1000):
        body = {"Targets": targets[start : start + 1000]}
        answer = ask(
            world, "POST leads/Microsoft.Dynamics.CRM.CreateMultiple", body=body, answers=200
        )
        ids.extend(answer.json()["Ids"])
    return ids


@dataclass(frozen=True, slots=True)
class PartAnswer:
    """One answer inside a batch's."""

    status: int
    headers: Mapping[str, str]
    content_id: str | None
    text: str


def part_answers(answer: requests.Response) -> list[PartAnswer]:
    """Take the answers out of a batch's, those of change sets in their place."""
    return [
        PartAnswer(
            status=int(found["status"]),
            headers=_headers(found["headers"]),
            content_id=_headers(found["outer"]).get("content-id"),
            text=found["body"].strip(),
        )
        for found in _HTTP_PART.finditer(answer.text)
    ]


_HTTP_PART = re.compile(
    r"Content-Type: application/http\r\n(?P<outer>(?:[^\r\n]+\r\n)*)\r\n"
    r"HTTP/1\.1 (?P<status>\d{3})[^\r\n]*\r\n(?P<headers>(?:[^\r\n]+\r\n)*)\r\n"
    r"(?P<body>.*?)(?=\r\n--(?:batch|changeset)response_)",
    re.DOTALL,
)


def _headers(text: str) -> dict[str, str]:
    lines = [line.partition(":") for line in text.split("\r\n") if line]
    return {name.strip().lower(): value.strip() for name, _, value in lines}
