"""Rows of text in columns, for commands that list things."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterator, Sequence

WIDEST = 96
_INDENTED = "    "


def aligned(rows: Sequence[Sequence[str]], *, to_the_right: Collection[int]) -> Iterator[str]:
    """One line a row, each column as wide as its widest text; numbers stand to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [
            text.rjust(width) if column in to_the_right else text.ljust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def with_details(
    rows: Sequence[Sequence[str]],
    details: Sequence[Sequence[str]],
    *,
    to_the_right: Collection[int],
) -> Iterator[str]:
    """Columns under headings, and below each row but those what else there is to say, indented."""
    lines = aligned(rows, to_the_right=to_the_right)
    yield next(lines)
    for line, more in zip(lines, details, strict=True):
        yield line
        for text in more:
            yield from indented(text)


def indented(text: str) -> list[str]:
    """A text on indented lines that fit into a terminal; words stay whole."""
    return textwrap.wrap(
        text,
        WIDEST,
        initial_indent=_INDENTED,
        subsequent_indent=_INDENTED,
        break_long_words=False,
        break_on_hyphens=False,
    )


def cut(text: str, longest: int) -> str:
    """A name on one line that keeps columns together."""
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: longest - 3]}..."
