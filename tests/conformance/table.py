"""The checklist as values: numbered rows of requests with what must come back, read from YAML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

CHECKLIST = Path(__file__).with_name("checklist")
ROWS = 290

_REQUEST = re.compile(r"(GET|POST|PATCH|PUT|DELETE|HEAD|OPTIONS|HOOK|MOCK \w+) ?(.*)", re.DOTALL)
_SENT = ("request", "headers", "body", "raw", "batch", "as", "times")
_EXPECTED = (
    "answers",
    "header",
    "lacks-header",
    "has",
    "lacks",
    "rows",
    "order",
    "error",
    "message",
    "text",
    "hooks",
)
_STEP_MEMBERS = frozenset([*_SENT, *_EXPECTED, "keep"])
_ROW_MEMBERS = frozenset(["row", "says", "server", "steps", "refused", "check"])


class BadTable(Exception):
    """A row of the checklist that cannot be read; the message says where."""


@dataclass(frozen=True, slots=True)
class Step:
    """One request and what it must answer; `members` are as the file has them."""

    method: str
    path: str
    members: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.members.get(name)

    def __contains__(self, name: str) -> bool:
        return name in self.members


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the checklist.

    `server` names the kind of mock it needs, `refused` says why the mock answers 501 to its last
    step instead, and `check` names a check in Python, for what no table of requests can say.
    """

    number: int
    chapter: str
    says: str
    steps: tuple[Step, ...]
    server: str
    refused: str | None
    check: str | None


def read_table(folder: Path = CHECKLIST) -> tuple[Row, ...]:
    """Read all chapters; the rows come in the order of their numbers, each number once."""
    rows = sorted(
        (row for file in sorted(folder.glob("*.yaml")) for row in _chapter(file)),
        key=lambda row: row.number,
    )
    numbers = [row.number for row in rows]
    twice = sorted({number for number in numbers if numbers.count(number) > 1})
    if twice:
        raise BadTable(f"Rows that stand in the checklist twice: {twice}.")
    return tuple(rows)


def _chapter(file: Path) -> Iterator[Row]:
    for entry in yaml.safe_load(file.read_text(encoding="utf-8")):
        try:
            yield _row(file.stem, entry)
        except (BadTable, KeyError, TypeError) as exc:
            raise BadTable(f"{file.name}, row {entry.get('row')}: {exc!r}") from exc


def _row(chapter: str, entry: Mapping[str, Any]) -> Row:
    _check_members(entry, _ROW_MEMBERS)
    return Row(
        number=int(entry["row"]),
        chapter=chapter,
        says=str(entry["says"]),
        steps=tuple(read_step(step) for step in entry.get("steps", ())),
        server=entry.get("server", "plain"),
        refused=entry.get("refused"),
        check=entry.get("check"),
    )


def read_step(entry: Mapping[str, Any]) -> Step:
    """Read one request with its expectations."""
    _check_members(entry, _STEP_MEMBERS)
    matched = _REQUEST.fullmatch(entry["request"].strip())
    if matched is None:
        raise BadTable(f"'{entry['request']}' is no request")
    return Step(matched[1], matched[2].strip(), entry)


def _check_members(entry: Mapping[str, Any], known: frozenset[str]) -> None:
    unknown = set(entry) - known
    if unknown:
        raise BadTable(f"unknown members {sorted(unknown)}")
