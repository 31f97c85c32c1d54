"""Pieces of a request that every handler reads: what the Prefer header asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from ..faults import bad_request

LARGEST_PAGE = 5000


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a Prefer header asks for; the default is a request without one."""

    return_representation: bool = False
    annotations: tuple[str, ...] = ()
    max_page_size: int | None = None
    continue_on_error: bool = False
    track_changes: bool = False

    def wants(self, annotation: str) -> bool:
        """Say whether an annotation was asked for: by name, `Prefix.*` or `*`; `-` takes away."""
        excluded = (p[1:] for p in self.annotations if p.startswith("-"))
        if any(_covers(pattern, annotation) for pattern in excluded):
            return False
        return any(_covers(pattern, annotation) for pattern in self.annotations)

    @property
    def applied(self) -> str:
        """The Preference-Applied header; empty when nothing was asked for."""
        parts = []
        if self.return_representation:
            parts.append("return=representation")
        if self.annotations:
            parts.append(f'odata.include-annotations="{",".join(self.annotations)}"')
        if self.max_page_size is not None:
            parts.append(f"odata.maxpagesize={self.max_page_size}")
        if self.continue_on_error:
            parts.append("odata.continue-on-error")
        if self.track_changes:
            parts.append("odata.track-changes")
        return ",".join(parts)


@lru_cache(maxsize=256)
def parse_prefer(header: str) -> Preferences:
    """Read a Prefer header; several headers are joined with a comma before."""
    found = {name: value for name, value in map(_preference, _split(header)) if name}
    return Preferences(
        return_representation=found.get("return") == "representation",
        annotations=_annotations(found.get("odata.include-annotations", "")),
        max_page_size=_page_size(found.get("odata.maxpagesize", found.get("maxpagesize"))),
        continue_on_error=_is_on(found, "continue-on-error"),
        track_changes=_is_on(found, "track-changes"),
    )


def _covers(pattern: str, annotation: str) -> bool:
    if pattern == "*":
        return True
    if pattern.endswith(".*"):
        return annotation.startswith(pattern[:-1])
    return pattern == annotation


def _split(header: str) -> Iterator[str]:
    start, quoted = 0, False
    for position, character in enumerate(header):
        if character == '"':
            quoted = not quoted
        elif character == "," and not quoted:
            yield header[start:position]
            start = position + 1
    yield header[start:]


def _preference(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip().lower(), value.strip().strip('"').strip()


def _annotations(text: str) -> tuple[str, ...]:
    return tuple(part for part in (p.strip() for p in text.split(",")) if part)


def _page_size(text: str | None) -> int | None:
    """Read a page size; one above the limit means the limit (Learn: Page results using OData)."""
    if text is None:
        return None
    if re.fullmatch("0*[1-9][0-9]{0,9}", text) is None:
        raise bad_request(
            f"The preference odata.maxpagesize={text} is not a positive whole number."
        )
    return min(int(text), LARGEST_PAGE)


def _is_on(found: dict[str, str], name: str) -> bool:
    value = found.get(f"odata.{name}", found.get(name))
    return value is not None and value.lower() != "false"
