"""The words of notifications in each language, as resources have them, and names put into them."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml

from work_assignment.domain.defining.notifications import Language

LONGEST_NAME = 60
"""Letters of a name that a notification shows: its title holds a hundred."""
NAMED = 3
"""Records that a notification names where it tells of many."""
_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_WORDED = "others"
_MIXED = "mixed"


@dataclass(frozen=True, slots=True)
class Words:
    """One language: texts by their path, and what tables are called."""

    texts: Mapping[str, Any]

    def say(self, path: str, **names: str | int) -> str:
        """A text with names in it; what stands in a name is never read as a text."""
        found: Any = self.texts
        for part in path.split("."):
            found = found[part]
        said = str(found).format_map(names)
        # A name may bring the stop that the text ends with.
        return said[:-1] if str(found).endswith("}.") and said.endswith(("..", "….")) else said

    def quoted(self, name: str) -> str:
        """The name of a segment or rule, as this language quotes."""
        opening, closing = self.texts["quotes"]
        return f"{opening}{shown(name)}{closing}"

    def fitting(self, longest: int, path: str, segment: str, **names: str | int) -> str:
        """A text about a segment, whose name is shortened where the text does not end in time."""
        said = self.say(path, segment=self.quoted(segment), **names)
        if (over := _length(said) - longest) > 0:
            name = shown(segment)
            shorter = cut(name, max(_length(name) - over, 1))
            said = self.say(path, segment=self.quoted(shorter), **names)
        return cut(said, longest)

    def named(self, name: str) -> str:
        """A record's name, or that it has none."""
        return shown(name) or self.say("nameless")

    def noun(self, form: str, tables: Sequence[str]) -> str:
        """What records of these tables are called: `new`, `one`, `counted` behind a number, `plural`."""
        kinds = set(tables)
        table = next(iter(kinds)) if len(kinds) == 1 else _MIXED
        known = table in self.texts["tables"] and table != _WORDED
        return self.say(f"tables.{table if known else _WORDED}.{form}", table=table)

    def is_one(self, count: int) -> bool:
        """Whether so many are spoken of as one."""
        return count in self.texts["one_is"]

    def listed(self, names: Sequence[str]) -> str:
        """The first few names and how many more there are, as a sentence."""
        said = ", ".join(self.named(name) for name in names[:NAMED])
        others = len(names) - NAMED
        if others > 0:
            said = self.say("list.more", names=said, count=others)
        return said if said.endswith((".", "…")) else f"{said}."


def shown(name: str) -> str:
    """A name in one line, of letters that everybody can read and no text can be turned around by."""
    plain = "".join(
        " " if unicodedata.category(letter) == "Cc" else letter
        for letter in name
        if letter not in _OVERRIDES and unicodedata.category(letter) != "Cs"
    )
    return cut(" ".join(plain.split()), LONGEST_NAME)


def cut(text: str, longest: int) -> str:
    """The text, or so much of it that it ends in time; Dataverse counts some letters as two."""
    if _length(text) <= longest:
        return text
    kept = text[: longest - 1]
    while _length(kept) >= longest:
        kept = kept[:-1]
    return f"{kept.rstrip()}…"


def _length(text: str) -> int:
    return len(text) + sum(letter > "\uffff" for letter in text)


@lru_cache
def words(language: Language) -> Words:
    """The words of a language."""
    file = files("work_assignment.resources") / "notifications" / f"{language.value}.yaml"
    return Words(yaml.safe_load(file.read_text(encoding="utf-8")))
