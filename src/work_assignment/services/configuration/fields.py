"""Reading the keys of one definition: each with its type and default, everything wrong noted."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from work_assignment.domain.errors import nearest
from work_assignment.domain.text import fold
from work_assignment.services.configuration.problems import Place, PlacedName, Problems
from work_assignment.services.configuration.yaml_items import Item, ListItem, MapItem, ScalarItem

LARGEST_WHOLE = 2_147_483_647
LONGEST_HOURS = 100_000
"""More than eleven years: enough for any window, and no date overflows."""

NONE = "none"
_BLANKS = re.compile(r"[\s_-]+")


class Fields:
    """The keys of one mapping. What is missing or wrong is noted, and its default given instead."""

    def __init__(
        self, item: MapItem, subject: str, keys: Sequence[str], problems: Problems
    ) -> None:
        self.place = item.place
        self.subject = subject
        self.problems = problems
        self._entries = item.entries
        for key, entry in item.entries.items():
            if key not in keys:
                problems.add(entry.place, f"{subject}: there is no key '{key}'", nearest(key, keys))

    def item(self, key: str) -> Item | None:
        """The value under a key; None when the key is absent or has nothing behind it."""
        entry = self._entries.get(key)
        if entry is None or (isinstance(entry.item, ScalarItem) and entry.item.value is None):
            return None
        return entry.item

    def place_of(self, key: str) -> Place:
        """Where the value of a key stands, or the whole definition when there is none."""
        item = self.item(key)
        return self.place if item is None else item.place

    def problem(self, key: str, sentence: str, suggestion: str | None = None) -> None:
        """Note what is wrong with a key's value."""
        self.problems.add(self.place_of(key), f"{self.subject}: {sentence}", suggestion)

    def text(self, key: str, *, longest: int = 100) -> str:
        """A text that must be there."""
        item = self.item(key)
        if item is None:
            self.problem(key, f"'{key}' is missing")
            return ""
        return read_text(item, f"{self.subject}: '{key}'", self.problems, longest=longest)

    def whole(
        self,
        key: str,
        default: int | None = None,
        *,
        least: int = 0,
        most: int = LARGEST_WHOLE,
    ) -> int | None:
        """A whole number within limits; `none` is as good as absent where absent has no number."""
        item = self.item(key)
        if item is None or (default is None and _is_word(item, NONE)):
            return default
        value = item.value if isinstance(item, ScalarItem) else None
        if isinstance(value, bool) or not isinstance(value, int):
            self.problem(key, f"'{key}' is a whole number, not {_said(item)}")
            return default
        if not least <= value <= most:
            self.problem(key, f"'{key}' is a number from {least} to {most}, not {value}")
            return default
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        """True or false."""
        item = self.item(key)
        if item is None:
            return default
        if isinstance(item, ScalarItem) and isinstance(item.value, bool):
            return item.value
        words = {"yes": "true", "on": "true", "no": "false", "off": "false"}
        meant = words.get(item.text.lower()) if isinstance(item, ScalarItem) else None
        self.problem(key, f"'{key}' is true or false, not {_said(item)}", meant)
        return default

    def word(
        self,
        key: str,
        supported: Sequence[str],
        unsupported: Sequence[str] = (),
        *,
        required: bool = False,
        also: Mapping[str, str] | None = None,
    ) -> str:
        """One of the words, the first by default; what exists but cannot be honoured is refused.

        Case, blanks, `_` and `-` do not matter; `also` are other ways to say some of the words.
        """
        item = self.item(key)
        if item is None:
            if required:
                self.problem(key, f"'{key}' is missing")
            return supported[0]
        word = _choice(item.text) if isinstance(item, ScalarItem) else ""
        word = (also or {}).get(word, word)
        if word in supported:
            return word
        if word in unsupported:
            self.problem(key, f"'{key}: {word}' is not supported")
        else:
            known = [*supported, *unsupported]
            choices = ", ".join(known)
            self.problem(
                key, f"'{key}' is one of {choices}, not {_said(item)}", nearest(word, known)
            )
        return supported[0]

    def items(self, key: str) -> tuple[Item, ...]:
        """The entries of a list; none when it is absent."""
        item = self.item(key)
        if item is None:
            return ()
        if isinstance(item, ListItem):
            return item.items
        self.problem(key, f"'{key}' is a list, not {_said(item)}")
        return ()

    def names(self, key: str) -> tuple[PlacedName, ...]:
        """The names in a list, each with its place; none when it is absent, but not an empty one."""
        subject = f"{self.subject}: an entry of '{key}'"
        found = tuple(
            PlacedName(item.place, read_text(item, subject, self.problems, longest=200))
            for item in self.items(key)
        )
        if not found and isinstance(self.item(key), ListItem):
            self.problem(key, f"'{key}' is empty")
        return found

    def says(self, key: str, word: str) -> bool:
        """Whether the value is that word."""
        item = self.item(key)
        return item is not None and _is_word(item, word)

    def name(self, key: str) -> str | None:
        """The name of a column; `none` is as good as absent."""
        if self.item(key) is None or self.says(key, NONE):
            return None
        return self.text(key)

    def refuse(self, key: str) -> None:
        """Refuse a key that this version cannot honour, unless it says none."""
        item = self.item(key)
        if item is not None and not _is_word(item, NONE):
            self.problem(key, f"'{key}' is not supported")


def read_text(item: Item, subject: str, problems: Problems, *, longest: int = 100) -> str:
    """A single value as text without blanks around it; a number gives its digits."""
    if not isinstance(item, ScalarItem) or item.value is None or isinstance(item.value, bool):
        problems.add(item.place, f"{subject} is a text, not {_said(item)}")
        return ""
    text = item.text.strip()
    if not text:
        problems.add(item.place, f"{subject} is empty")
    elif not text.isprintable():
        problems.add(item.place, f"{subject} has a character that cannot be printed")
    elif len(text) > longest:
        problems.add(item.place, f"{subject} is longer than {longest} characters")
    return text


def subject_of(item: MapItem, kind: str, key: str = "name") -> str:
    """How problems name a definition: by its name, as far as it has one."""
    entry = item.entries.get(key)
    name = entry.item.text.strip() if entry and isinstance(entry.item, ScalarItem) else ""
    return f"{kind} '{name}'" if name else kind


def _is_word(item: Item, word: str) -> bool:
    return isinstance(item, ScalarItem) and _choice(item.text) == word


def _choice(text: str) -> str:
    """A word of choice in the form in which ours are spelled."""
    return _BLANKS.sub(" ", fold(text)).strip()


def _said(item: Item) -> str:
    match item:
        case MapItem():
            return "a mapping"
        case ListItem():
            return "a list"
        case ScalarItem():
            return f"'{item.text}'"
