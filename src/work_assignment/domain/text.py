"""How Dataverse compares text, reproduced: the fold, and LIKE patterns.

The fold is called *case- and accent-insensitive, trailing blanks ignored*: compatibility
decomposition, combining marks dropped, case folded, blanks at the end dropped. It stands for
the collation of a Dataverse database (Latin1_General_CI_AI).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache


@lru_cache(maxsize=65_536)
def fold(text: str) -> str:
    """The form in which two texts are equal when Dataverse says they are."""
    if text.isascii():
        return text.lower().rstrip(" ")
    decomposed = unicodedata.normalize("NFKD", text)
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return bare.casefold().rstrip(" ")


@lru_cache(maxsize=4_096)
def like(pattern: str) -> re.Pattern[str]:
    """The regular expression for a LIKE pattern; match it in full against folded text.

    `%` is any run, `_` any one character, `[abc]`, `[a-f]` and `[^abc]` are sets.
    """
    first, *others = _fixed_parts(fold(pattern))
    if not others:
        return re.compile(first, re.DOTALL)
    *middle, last = others
    # Each part between two % is found where it comes first, for good: going back cannot help, and
    # on a long text it would take ages.
    found = "".join(f"(?>.*?{part})" for part in middle if part)
    return re.compile(f"{first}{found}.*{last}", re.DOTALL)


def _fixed_parts(pattern: str) -> list[str]:
    """What stands before, between and after the `%` of a pattern, as regular expressions."""
    parts = [""]
    for piece in _pieces(pattern):
        if piece is None:
            parts.append("")
        else:
            parts[-1] += piece
    return parts


def _pieces(pattern: str) -> Iterator[str | None]:
    """The pattern's characters and sets as regular expressions; None for a `%`."""
    at = 0
    while at < len(pattern):
        letter = pattern[at]
        end = pattern.find("]", at + 2) if letter == "[" else -1
        if end > 0:
            yield _character_set(pattern[at + 1 : end])
            at = end + 1
            continue
        yield {"%": None, "_": "."}.get(letter, re.escape(letter))
        at += 1


_MEMBER = re.compile(r"(.)-(.)|(.)", re.DOTALL)


def _character_set(body: str) -> str:
    negated = body.startswith("^")
    members = "".join(_members(body[1:] if negated else body))
    if not members:
        return "." if negated else "(?!)"
    return f"[{'^' if negated else ''}{members}]"


def _members(body: str) -> Iterator[str]:
    """Single characters and ranges; a range that runs backwards has nothing in it."""
    for first, last, single in _MEMBER.findall(body):
        if single:
            yield re.escape(single)
        elif first <= last:
            yield f"{re.escape(first)}-{re.escape(last)}"
