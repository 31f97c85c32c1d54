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
    return re.compile("".join(_pieces(fold(pattern))), re.DOTALL)


def _pieces(pattern: str) -> list[str]:
    pieces = []
    at = 0
    while at < len(pattern):
        letter = pattern[at]
        end = pattern.find("]", at + 2) if letter == "[" else -1
        if end > 0:
            pieces.append(_character_set(pattern[at + 1 : end]))
            at = end + 1
            continue
        pieces.append({"%": ".*", "_": "."}.get(letter) or re.escape(letter))
        at += 1
    return pieces


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
