"""Regular expressions for paths, of the kinds that cannot keep a request waiting."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Each repeat may begin and end anywhere, so the more there are, the less of a path is looked at.
_CHARACTERS = (2000, 2000, 500, 200)
_PIECE = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?#[^)]*\)|\(\??[a-z]*|"
    r"(?:[*+?]|\{\d*,\d*\}|\{\d+\})[?+]?|.",
    re.DOTALL,
)
_QUANTIFIER = re.compile(r"[*+?]|\{(?P<least>\d*)(?P<comma>,?)(?P<most>\d*)\}")


class UnsafePattern(ValueError):
    """A text that is no regular expression, or one whose search may take too long."""


@dataclass(frozen=True, slots=True)
class PathPattern:
    """A regular expression and how many characters of a path it is shown."""

    text: str
    compiled: re.Pattern[str]
    characters: int

    def is_found_in(self, path: str) -> bool:
        return self.compiled.search(path[: self.characters]) is not None


def path_pattern(text: str) -> PathPattern:
    """Compile a pattern; what is repeated must match in one way only, or a search may never end."""
    try:
        compiled = re.compile(text)
    except (re.error, OverflowError, RecursionError) as exc:
        raise UnsafePattern(f"'{text}' is no regular expression: {exc}.") from exc
    repeats = _repeats(text)
    if repeats >= len(_CHARACTERS):
        raise UnsafePattern(f"'{text}' has more than {len(_CHARACTERS) - 1} repeats.")
    return PathPattern(text, compiled, _CHARACTERS[repeats])


def _repeats(text: str) -> int:
    """Count what may repeat more or less often, and refuse groups of such that repeat themselves."""
    may_vary, repeats, group_varies = [False], 0, False
    for piece in _PIECE.findall(text):
        if piece.startswith("(?#"):
            continue
        quantifier = _QUANTIFIER.match(piece)
        if piece.startswith("("):
            if piece.startswith("(?") and "x" in piece:
                raise UnsafePattern(f"'{text}' uses the flag x, which is not understood here.")
            may_vary.append(False)
        elif piece == "|":
            may_vary[-1] = True
        elif piece == ")":
            group_varies = may_vary.pop()
            may_vary[-1] |= group_varies
            continue
        elif quantifier is not None:
            is_repeat, is_fixed = _is_repeat(quantifier), _is_fixed(quantifier)
            if is_repeat and group_varies:
                raise UnsafePattern(
                    f"'{text}' repeats a group that has repeats or alternatives, which may take"
                    " for ever."
                )
            repeats += is_repeat and not is_fixed
            may_vary[-1] |= not is_fixed
        group_varies = False
    return repeats


def _is_repeat(quantifier: re.Match[str]) -> bool:
    """Tell whether something may come more than once."""
    if quantifier[0] in "*+?":
        return quantifier[0] != "?"
    most = quantifier["most"] if quantifier["comma"] else quantifier["least"]
    return most == "" or int(most) > 1


def _is_fixed(quantifier: re.Match[str]) -> bool:
    """Tell whether it comes just so often."""
    return quantifier["least"] is not None and (
        not quantifier["comma"] or quantifier["least"] == quantifier["most"]
    )
