"""$filter text -> tokens, each with its position, so that errors can point at the place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from ..faults import Fault, bad_request


class Kind(StrEnum):
    TEXT = "text"
    JSON_TEXT = "json_text"
    GUID = "guid"
    MOMENT = "moment"
    DAY = "day"
    NUMBER = "number"
    ALIAS = "alias"
    NAME = "name"
    MARK = "mark"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    kind: Kind
    text: str
    position: int


_GUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_DAY = r"\d{4}-\d{2}-\d{2}"
_TIME = r"\d{2}:\d{2}(?::\d{2}(?:\.\d{1,12})?)?(?:Z|[+-]\d{2}:\d{2})"
_PATTERNS = {
    Kind.TEXT: r"'(?:[^']|'')*'",
    Kind.JSON_TEXT: r'"(?:[^"\\]|\\.)*"',
    Kind.GUID: rf"{_GUID}(?![\w-])",
    Kind.MOMENT: rf"{_DAY}T{_TIME}(?![\w.])",
    Kind.DAY: rf"{_DAY}(?![\w.-])",
    Kind.NUMBER: r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.-])",
    Kind.ALIAS: r"@[A-Za-z_]\w*",
    Kind.NAME: r"\$it\b|[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*",
    Kind.MARK: r"[()\[\],/:=]",
}
_TOKEN = re.compile(
    "|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _PATTERNS.items()), re.ASCII
)
_BLANKS = re.compile(r"\s*")


def tokens(text: str) -> Iterator[Token]:
    """Split a filter into tokens; the last one is END."""
    position = _skip_blanks(text, 0)
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise _unreadable(text, position)
        yield Token(Kind(str(match.lastgroup)), match.group(), position)
        position = _skip_blanks(text, match.end())
    yield Token(Kind.END, "", len(text))


def syntax_error(text: str, position: int) -> Fault:
    return bad_request(f"Syntax error at position {position} in '{text}'.")


def _skip_blanks(text: str, position: int) -> int:
    match = _BLANKS.match(text, position)
    return match.end() if match else position


def _unreadable(text: str, position: int) -> Fault:
    if text[position] in "'\"":
        return bad_request(f"There is an unterminated literal at position {len(text)} in '{text}'.")
    return syntax_error(text, position)
