"""JSON text as plain values, and as items that know their path, so that forms can read them."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn

from work_assignment.services.configuration.problems import Place, Problems
from work_assignment.services.configuration.yaml_items import (
    Entry,
    Item,
    ListItem,
    MapItem,
    ScalarItem,
)

_LONGEST_NUMBER = 100
_WORD = re.compile(r"[^\W\d]\w*")
_HALF_CHARACTER = re.compile(r"\\u[dD][89a-fA-F]")


@dataclass(frozen=True, slots=True)
class JsonPlace(Place):
    """A path in a file of JSON."""

    path: str = ""

    def __str__(self) -> str:
        return f"{self.file}: {self.path}" if self.path else self.file


class _Doubled(dict[str, Any]):
    """A mapping in which a key stands twice."""

    def __init__(self, pairs: Sequence[tuple[str, Any]], key: str) -> None:
        super().__init__(pairs)
        self.key = key


def read_json(text: str, file: str, problems: Problems) -> object:
    """Read a text; None, with what is wrong noted, when it is no JSON.

    Numbers with a point are decimal, as they are written.
    """
    doubled: list[_Doubled] = []

    def mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) == len(pairs):
            return found
        ((key, _),) = Counter(key for key, _ in pairs).most_common(1)
        doubled.append(_Doubled(pairs, key))
        return doubled[-1]

    try:
        root: object = json.loads(
            text,
            object_pairs_hook=mapping,
            parse_float=_decimal,
            parse_int=_whole,
            parse_constant=_no_constant,
        )
    except json.JSONDecodeError as exc:
        problems.add(Place(file, exc.lineno), f"this is no JSON: {exc.msg} (column {exc.colno})")
    except _NoNumber as exc:
        problems.add(Place(file), f"this is no JSON: {exc}")
    except RecursionError:
        problems.add(Place(file), "lists and mappings are nested too deeply")
    else:
        if doubled:
            _note_doubled(root, file, "", problems)
        if _HALF_CHARACTER.search(text):
            _note_half_characters(root, file, problems)
        return root
    return None


class _NoNumber(Exception):
    """A number that JSON does not have, or nobody needs."""


def _decimal(text: str) -> Decimal:
    return Decimal(_checked(text))


def _whole(text: str) -> int:
    return int(_checked(text))


def _checked(text: str) -> str:
    if len(text) > _LONGEST_NUMBER:
        raise _NoNumber(f"the number {text[:20]}... has more than {_LONGEST_NUMBER} digits")
    return text


def _no_constant(text: str) -> NoReturn:
    raise _NoNumber(f"{text} is no number")


def _note_doubled(value: object, file: str, path: str, problems: Problems) -> None:
    if isinstance(value, _Doubled):
        problems.add(JsonPlace(file, path=path), f"the key '{value.key}' stands here twice")
    for inner, part in _parts(value, path):
        _note_doubled(part, file, inner, problems)


def _note_half_characters(root: object, file: str, problems: Problems) -> None:
    """Two escapes may make one character; half of one cannot be printed."""
    try:
        json.dumps(root, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError as exc:
        half = exc.object[exc.start].encode("ascii", "backslashreplace").decode()
        problems.add(Place(file), f"{half} is half a character")


def _parts(value: object, path: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        yield from ((below(path, key), part) for key, part in value.items())
    elif isinstance(value, list):
        yield from ((f"{path}[{number}]", part) for number, part in enumerate(value))


def below(path: str, key: str) -> str:
    """The path of what stands under a key."""
    if not _WORD.fullmatch(key):
        return f"{path}[{json.dumps(key, ensure_ascii=not key.isprintable())}]"
    return f"{path}.{key}" if path else key


def item_of(value: object, file: str, path: str) -> Item:
    """A value of JSON as an item."""
    place = JsonPlace(file, path=path)
    if isinstance(value, Mapping):
        entries = {}
        for key, part in value.items():
            item = item_of(part, file, below(path, key))
            entries[key] = Entry(item.place, item)
        return MapItem(place, entries)
    if isinstance(value, list):
        parts = (item_of(part, file, f"{path}[{at}]") for at, part in enumerate(value))
        return ListItem(place, tuple(parts))
    return _scalar(value, place)


def _scalar(value: object, place: Place) -> ScalarItem:
    match value:
        case None:
            return ScalarItem(place, None, "null")
        case bool():
            return ScalarItem(place, value, "true" if value else "false")
        case Decimal():
            return ScalarItem(place, float(value), str(value))
        case int():
            return ScalarItem(place, value, str(value))
        case _:
            return ScalarItem(place, str(value), str(value))
