"""How Dataverse compares text: the fold, the collation and LIKE, for every SQLite connection; and
what a clock shows at a stored moment."""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from datetime import datetime
from functools import lru_cache
from typing import TypeAlias
from zoneinfo import ZoneInfo

COLLATION = "DATAVERSE"
Stored: TypeAlias = str | int | float | None


@lru_cache(maxsize=16_384)  # SQLite compares the same few texts again and again
def fold(text: str) -> str:
    """Return what two texts must share to be equal: case, accents and trailing blanks are gone."""
    if text.isascii():
        return text.lower().rstrip(" ")
    return _without_marks(text).rstrip(" ")


def compare(left: str, right: str) -> int:
    """Order two texts by their folds: -1, 0 or 1, as a SQLite collation does."""
    if left == right:
        return 0
    first, second = fold(left), fold(right)
    return (first > second) - (first < second)


def like(value: str | None, pattern: str | None) -> bool | None:
    """Match `%`, `_`, `[set]` and `[^set]` on folded text; null on either side stays null."""
    if value is None or pattern is None:
        return None
    return _matcher(pattern).fullmatch(fold(value)) is not None


def clock_at(value: str, zone: ZoneInfo) -> datetime:
    """Return what a clock in a zone shows at a stored moment; that of UTC at the calendar's ends."""
    moment = datetime.fromisoformat(value)
    try:
        return moment.astimezone(zone)
    except OverflowError:
        return moment


def register(connection: sqlite3.Connection) -> None:
    """Give a connection the collation DATAVERSE and the functions dv_like, dv_fold and dv_local."""
    connection.create_collation(COLLATION, compare)
    connection.create_function("dv_like", 2, _like, deterministic=True)
    connection.create_function("dv_fold", 1, _fold, deterministic=True)
    connection.create_function("dv_local", 2, _local, deterministic=True)


def _without_marks(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()


def _fold(value: Stored) -> Stored:
    return fold(value) if isinstance(value, str) else value


def _local(value: str | None, zone: str) -> str | None:
    """Write what a clock in a zone shows at a stored moment; the zone comes by its IANA name."""
    if value is None:
        return None
    return clock_at(value, ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M:%S")


def _like(value: Stored, pattern: Stored) -> bool | None:
    if value is None or pattern is None:
        return None
    return like(str(value), str(pattern))


@lru_cache(maxsize=1024)
def _matcher(pattern: str) -> re.Pattern[str]:
    """Translate a LIKE pattern. What lies between two `%` matches at its first place and is
    never tried again, so that many `%` on a long text do not take exponential time."""
    first, *others = _segments(fold(pattern))
    if not others:
        return re.compile(first, re.DOTALL)
    middle = "".join(f"(?>.*?{segment})" for segment in others[:-1] if segment)
    return re.compile(f"{first}{middle}.*{others[-1]}", re.DOTALL)


def _segments(text: str) -> list[str]:
    """Split at each `%` outside brackets; a bracket that is never closed stands for itself."""
    segments = [""]
    position = 0
    while position < len(text):
        character = text[position]
        closing = text.find("]", position + 2) if character == "[" else -1
        if closing > 0:
            segments[-1] += _set(text[position + 1 : closing])
            position = closing
        elif character == "%":
            segments.append("")
        else:
            segments[-1] += "." if character == "_" else re.escape(character)
        position += 1
    return segments


def _set(content: str) -> str:
    """Translate what stands between brackets: characters and ranges, `^` first negates."""
    negated = content.startswith("^") and len(content) > 1
    members = content[1:] if negated else content
    items = []
    position = 0
    while position < len(members):
        first = members[position]
        if members[position + 1 : position + 2] == "-" and position + 2 < len(members):
            last = members[position + 2]
            if first <= last:
                items.append(f"{re.escape(first)}-{re.escape(last)}")
            position += 3
        else:
            items.append(re.escape(first))
            position += 1
    if not items:
        return "." if negated else "(?!)"
    return f"[{'^' if negated else ''}{''.join(items)}]"
