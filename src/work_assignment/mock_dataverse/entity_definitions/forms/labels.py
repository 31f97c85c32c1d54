"""Labels: a text in one or several languages, and which of them the user sees."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ...tables.metadata import ENGLISH, Labels
from ...well_known import stable_id

LABEL = "mscrm.Label"


def label(text: str, labels: Labels, *owner: str, is_managed: bool) -> dict[str, Any]:
    """Build a Label; `owner` names what it belongs to, so that it keeps its id."""
    texts = labels or (((ENGLISH, text),) if text else ())
    localized = [
        {
            "Label": each,
            "LanguageCode": language,
            "IsManaged": is_managed,
            "MetadataId": stable_id("label", *owner, str(language)),
            "HasChanged": None,
        }
        for language, each in texts
    ]
    return {"LocalizedLabels": localized, "UserLocalizedLabel": _shown(localized)}


def _shown(localized: list[dict[str, Any]]) -> dict[str, Any] | None:
    english = (each for each in localized if each["LanguageCode"] == ENGLISH)
    return next(english, localized[0] if localized else None)


def overlaid(value: Any, given: Any) -> Any:
    """Return a value with what a client gave for it: parts of an object, a Label, or all of it."""
    if not isinstance(value, dict) or not isinstance(given, dict):
        return given
    if "LocalizedLabels" in value:
        return label("", _given_texts(given), is_managed=False)
    parts = {name: part for name, part in given.items() if not name.startswith("@")}
    return value | {name: overlaid(value.get(name), part) for name, part in parts.items()}


def _given_texts(given: dict[str, Any]) -> Labels:
    """Read the texts of a Label that a client sent; one without language or text says nothing."""
    texts = given.get("LocalizedLabels")
    listed = [each for each in texts if isinstance(each, dict)] if isinstance(texts, list) else []
    found = ((each.get("LanguageCode"), each.get("Label")) for each in listed)
    return tuple(
        (language, words)
        for language, words in found
        if isinstance(language, int) and isinstance(words, str)
    )


def only_languages(value: Any, languages: Collection[int]) -> Any:
    """Return a JSON value whose Labels keep some languages (Learn: limit languages returned)."""
    if isinstance(value, list):
        return [only_languages(item, languages) for item in value]
    if not isinstance(value, dict):
        return value
    if "LocalizedLabels" in value:
        kept = [each for each in value["LocalizedLabels"] if each["LanguageCode"] in languages]
        return {**value, "LocalizedLabels": kept}
    return {name: only_languages(item, languages) for name, item in value.items()}
