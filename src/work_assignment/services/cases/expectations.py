"""What a golden case expects of each decided record, compared with what came out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from work_assignment.services.cases.case_fields import Notes
from work_assignment.services.cases.json_items import below

OUTPUT_KEYS = (
    "id",
    "outcome",
    "owner",
    "owner_type",
    "segment",
    "rule",
    "reason",
    "status",
    "segmentation_status",
    "sequence",
)

_IDS = ("id", "owner")

Expectation = Mapping[str, Any]
"""A part of an output object."""


def read_expectations(raw: object, notes: Notes) -> tuple[Expectation, ...]:
    """Read `expect`: a list with a part of each output object."""
    found = []
    for number, entry in enumerate(notes.listed(raw, "expect")):
        path = f"expect[{number}]"
        part = notes.mapping(entry, path)
        notes.check_keys(part, OUTPUT_KEYS, path)
        for key, value in part.items():
            if isinstance(value, dict | list | bool):
                notes.add(below(path, key), "it is a text, a whole number or null")
        found.append({key: _as_id(value) if key in _IDS else value for key, value in part.items()})
    return tuple(found)


def _as_id(value: object) -> object:
    return str(value) if type(value) is int else value


@dataclass(frozen=True, slots=True)
class Difference:
    """A decided record that is not as expected; None where there is none at that place."""

    number: int
    expected: Expectation | None
    output: Mapping[str, Any] | None

    def __str__(self) -> str:
        if self.output is None:
            return f"expect[{self.number}]: {_text(self.expected)}, but nothing more was decided"
        if self.expected is None:
            return f"expect has no place {self.number} for {_text(self.output)}"
        lines = [f"expect[{self.number}]: {_text({'id': self.output['id']})} is otherwise"]
        for key, wanted in self.expected.items():
            if self.output[key] != wanted:
                lines.append(f"  {key}: expected {_text(wanted)}, got {_text(self.output[key])}")
        return "\n".join([*lines, f"  all of it: {_text(self.output)}"])


def compare(
    expected: Sequence[Expectation], outputs: Sequence[Mapping[str, Any]]
) -> list[Difference]:
    """What is not as expected, place by place."""
    return [
        Difference(number, wanted, output)
        for number, (wanted, output) in enumerate(zip_longest(expected, outputs))
        if wanted is None
        or output is None
        or any(output[key] != value for key, value in wanted.items())
    ]


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
