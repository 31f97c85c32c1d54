"""Aligned tables: a line a figure, a column a thing that was measured."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

_GAP = "  "


def table(columns: Mapping[str, Mapping[str, str]]) -> str:
    """Write columns of figures side by side; a column need not have every figure."""
    words = list(dict.fromkeys(word for figures in columns.values() for word in figures))
    first = max(map(len, words), default=0)
    widths = {
        name: max(len(name), *(len(value) for value in figures.values()))
        for name, figures in columns.items()
    }
    lines = [_line(" " * first, list(columns), list(widths.values()))]
    for word in words:
        cells = [figures.get(word, "") for figures in columns.values()]
        lines.append(_line(f"{word:<{first}}", cells, list(widths.values())))
    return "\n".join(lines) + "\n"


def _line(first: str, cells: Sequence[str], widths: Sequence[int]) -> str:
    shown = (f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
    return _GAP.join([first, *shown]).rstrip()


def listed(rows: Sequence[Sequence[str]]) -> str:
    """Write rows under their heads; all but the first column end alike."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = (_line(f"{row[0]:<{widths[0]}}", row[1:], widths[1:]) for row in rows)
    return "\n".join(lines) + "\n"


def count(number: float) -> str:
    return f"{number:,.0f}"


def decimal(number: float, places: int = 1) -> str:
    return f"{number:,.{places}f}"


def say(text: str) -> None:
    """Print, and let it be seen at once."""
    sys.stdout.write(text)
    sys.stdout.flush()
