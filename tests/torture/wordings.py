"""What a notification tells, read from its title in whichever language it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml

ASSIGNED, MOVED, TAKEN_BACK, OVERDUE = "assigned", "moved", "taken back", "overdue"
_LANGUAGES = ("en", "fr", "de", "bg")
_SECTIONS = {
    "overdue": OVERDUE,
    "assigned": ASSIGNED,
    "lost": MOVED,
    "kept": MOVED,
    "followed": MOVED,
    "moved": MOVED,
    "taken_back": TAKEN_BACK,
}
_FORMS = ("one", "many", "of_segments")
_BLANK = re.compile(r"\\\{(\w+)\\\}")


def told_in(title: str) -> tuple[str, int]:
    """The kind of a notification, and of how many records it tells; no kind where that is unknown.

    What was undone is worded as what went to others is, where it is one record: nothing is undone here.
    """
    for pattern, kind in _patterns():
        found = pattern.fullmatch(title)
        if found:
            return kind, int(found.groupdict().get("count") or 1)
    return "", 0


@lru_cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    return [entry for language in _LANGUAGES for entry in _of_language(language)]


def _of_language(language: str) -> Iterator[tuple[re.Pattern[str], str]]:
    file = files("work_assignment.resources") / "notifications" / f"{language}.yaml"
    texts = yaml.safe_load(file.read_text(encoding="utf-8"))
    news = "|".join(re.escape(table["new"]) for table in texts["tables"].values())
    for section, kind in _SECTIONS.items():
        for form in _FORMS:
            if form in texts[section]:
                yield re.compile(_pattern(texts[section], form, news), re.DOTALL), kind


def _pattern(texts: Mapping[str, Any], form: str, news: str) -> str:
    blanks = {"count": r"(?P<count>\d+)", "new": f"(?:{news})"}
    text = re.escape(texts[form])
    return _BLANK.sub(lambda blank: blanks.get(blank[1], ".+"), text)
