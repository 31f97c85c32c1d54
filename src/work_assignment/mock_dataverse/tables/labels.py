"""Labels as the Web API writes them: one text a language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..faults import Fault, bad_request
from .metadata import ENGLISH, Labels


def read_labels(value: object, where: str) -> Labels:
    """Read a Label: its texts by language code, none for null or a label without texts."""
    if value is None:
        return ()
    if not isinstance(value, Mapping):
        raise _wrong(where, "a Label with its LocalizedLabels")
    localized = value.get("LocalizedLabels") or ()
    if not isinstance(localized, list | tuple):
        raise _wrong(where, "a Label whose LocalizedLabels are an array")
    texts = dict(_localized(item, where) for item in localized)
    return tuple((language, text) for language, text in texts.items() if text)


def used_text(labels: Labels) -> str:
    """Return the English text, else the first one."""
    return dict(labels).get(ENGLISH) or next((text for _, text in labels), "")


def merged(old: Labels, new: Labels, *, keeps_others: bool) -> Labels:
    """Replace texts; with `keeps_others` languages that are not named keep theirs."""
    return tuple((dict(old) | dict(new)).items()) if keeps_others else new


def labels_of(labels: Labels, text: str) -> Labels:
    """Return all texts of something that may be known by its English text only."""
    return labels or (((ENGLISH, text),) if text else ())


def _localized(item: Any, where: str) -> tuple[int, str]:
    if not isinstance(item, Mapping):
        raise _wrong(where, "made of LocalizedLabels")
    text, language = item.get("Label"), item.get("LanguageCode")
    if not isinstance(text, str | None) or isinstance(language, bool):
        raise _wrong(where, "made of LocalizedLabels with a Label and a LanguageCode")
    if not isinstance(language, int):
        raise _wrong(where, "made of LocalizedLabels with a LanguageCode such as 1033")
    return language, text or ""


def _wrong(where: str, expected: str) -> Fault:
    return bad_request(f"'{where}' is not {expected}.", "0x80048d19")
