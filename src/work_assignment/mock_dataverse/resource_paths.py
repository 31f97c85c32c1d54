"""The path of a URL below the service root, taken apart into segments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from .faults import bad_request, segment_not_found

NAMESPACE = "Microsoft.Dynamics.CRM."
_SEGMENT = re.compile(r"([^()]+)(?:\((.*)\))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Segment:
    """One step of a path; `arguments` is what stands in parentheses, None without any."""

    name: str
    arguments: str | None = None

    @property
    def message(self) -> str | None:
        """The message of a namespace-qualified segment such as `Microsoft.Dynamics.CRM.QualifyLead`."""
        return self.name.removeprefix(NAMESPACE) if self.name.startswith(NAMESPACE) else None


def read_path(path: str) -> tuple[Segment, ...]:
    """Take a percent-encoded path apart; slashes in quotes or parentheses do not divide."""
    try:
        decoded = unquote(path, errors="strict")
    except UnicodeDecodeError as exc:
        raise bad_request(f"'{path}' in the URL is not UTF-8, percent-encoded.") from exc
    return tuple(_segment(text) for text in _divided(decoded.strip("/")) if text)


def _divided(path: str) -> Iterator[str]:
    start, depth, quoted = 0, 0, False
    for position, character in enumerate(path):
        if character == "'":
            quoted = not quoted
        elif quoted:
            continue
        elif character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
        elif character == "/" and depth == 0:
            yield path[start:position]
            start = position + 1
    yield path[start:]


def _segment(text: str) -> Segment:
    matched = _SEGMENT.fullmatch(text)
    if matched is None:
        raise segment_not_found(text)
    return Segment(matched[1], matched[2])
