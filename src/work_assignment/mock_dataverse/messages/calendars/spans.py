"""Spans of time: where two overlap, and what is left of one without others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From `start` up to, not including, `end`; both aware."""

    start: datetime
    end: datetime

    def overlaps(self, other: Span) -> bool:
        return self.start < other.end and other.start < self.end


def clipped(span: Span, window: Span) -> Iterator[Span]:
    """Yield the part of a span inside a window, if there is one."""
    if span.overlaps(window):
        yield Span(max(span.start, window.start), min(span.end, window.end))


def minus(span: Span, hidden: Iterable[Span]) -> Iterator[Span]:
    """Yield what is left of a span without those that hide parts of it."""
    start = span.start
    for other in sorted(item for item in hidden if item.overlaps(span)):
        if other.start > start:
            yield Span(start, other.start)
        start = max(start, other.end)
    if start < span.end:
        yield Span(start, span.end)
