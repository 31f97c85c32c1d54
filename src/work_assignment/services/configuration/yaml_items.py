"""YAML text as values that know where they stand; what YAML would read in surprising ways is refused.

Only `true` and `false` are booleans (so that NO stays Norway), numbers are decimal without leading
zeros, and dates stay text, as do the entries of `times`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import yaml

from work_assignment.services.configuration.problems import Place, Problems

LONGEST_FILE = 5_000_000
_MOST_ITEMS = 200_000
_DEEPEST = 110
_LONGEST_NUMBER = 100
_OF_CLOCKS = "times"
"""The key of a list that holds times of day and nothing else: there no number can be meant."""
_SEXAGESIMAL = re.compile(r"[-+]?[1-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?")


@dataclass(frozen=True, slots=True)
class ScalarItem:
    """A single value; `text` is how it is written, without quotes."""

    place: Place
    value: str | int | float | bool | None
    text: str


@dataclass(frozen=True, slots=True)
class ListItem:
    """A list."""

    place: Place
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a mapping: where the key stands, and its value."""

    place: Place
    item: Item


@dataclass(frozen=True, slots=True)
class MapItem:
    """A mapping, in the order written."""

    place: Place
    entries: Mapping[str, Entry]


Item = ScalarItem | ListItem | MapItem


def read_yaml(text: str, file: str, problems: Problems) -> Item | None:
    """Read one document; None when the file is empty or what it holds was refused."""
    if len(text) > LONGEST_FILE:
        problems.add(Place(file), f"the file has more than {LONGEST_FILE} characters")
        return None
    try:
        node = _compose(text)
        return None if node is None else _Converter(file, problems).item(node)
    except yaml.MarkedYAMLError as exc:
        line = exc.problem_mark.line + 1 if exc.problem_mark else None
        problems.add(Place(file, line), f"this is no YAML: {exc.problem or exc.context}")
    except yaml.reader.ReaderError as exc:
        line = text.count("\n", 0, exc.position) + 1
        problems.add(Place(file, line), "this is no YAML: a character that may not be there")
    except RecursionError:
        problems.add(Place(file), "lists and mappings are nested too deeply")
    except _TooMuch as exc:
        problems.add(exc.place, str(exc))
    return None


def plain(item: Item, *, as_written: bool = False) -> object:
    """The bare value; `as_written` gives numbers as the text that stands in the file."""
    match item:
        case MapItem():
            return {
                key: plain(entry.item, as_written=as_written) for key, entry in item.entries.items()
            }
        case ListItem():
            return [plain(part, as_written=as_written) for part in item.items]
        case ScalarItem():
            keep = item.value is None or isinstance(item.value, bool) or not as_written
            return item.value if keep else item.text


class _Loader(yaml.SafeLoader):
    """Finds out what kind of value a bare word is."""


_Loader.yaml_implicit_resolvers = {}

_NULL, _BOOL, _INT, _FLOAT, _STR = (
    f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float", "str")
)
_Loader.add_implicit_resolver(_NULL, re.compile(r"(?:~|null|Null|NULL|)\Z"), ["~", "n", "N", ""])
_Loader.add_implicit_resolver(_BOOL, re.compile(r"(?:[Tt]rue|TRUE|[Ff]alse|FALSE)\Z"), list("tTfF"))
_Loader.add_implicit_resolver(_INT, re.compile(r"[-+]?(?:0|[1-9][0-9]*)\Z"), list("-+0123456789"))
_Loader.add_implicit_resolver(
    _FLOAT,
    re.compile(r"[-+]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?\Z"),
    list("-+0123456789."),
)


def _compose(text: str) -> yaml.Node | None:
    loader = _Loader(text)
    try:
        return loader.get_single_node()
    finally:
        loader.dispose()


class _TooMuch(Exception):
    """Aliases can make a small file huge, or endless."""

    def __init__(self, place: Place, sentence: str) -> None:
        super().__init__(sentence)
        self.place = place


class _Converter:
    """Turns YAML's nodes into items."""

    def __init__(self, file: str, problems: Problems) -> None:
        self._file = file
        self._problems = problems
        self._items = 0

    def item(self, node: yaml.Node, depth: int = 0, *, is_clock: bool = False) -> Item:
        place = self._place(node)
        self._items += 1
        if self._items > _MOST_ITEMS:
            raise _TooMuch(place, f"the file holds more than {_MOST_ITEMS} values")
        if depth > _DEEPEST:
            raise _TooMuch(place, f"values are nested more than {_DEEPEST} deep, or in themselves")
        if isinstance(node, yaml.MappingNode):
            self._check_tag(node, "map", place)
            return MapItem(place, dict(self._entries(node, depth)))
        if isinstance(node, yaml.SequenceNode):
            self._check_tag(node, "seq", place)
            parts = (self.item(part, depth + 1, is_clock=is_clock) for part in node.value)
            return ListItem(place, tuple(parts))
        return self._scalar(node, place, is_clock=is_clock)

    def _place(self, node: yaml.Node) -> Place:
        return Place(self._file, node.start_mark.line + 1)

    def _check_tag(self, node: yaml.Node, kind: str, place: Place) -> None:
        if node.tag != f"tag:yaml.org,2002:{kind}":
            self._problems.add(place, f"the tag {node.tag} is not supported")

    def _entries(self, node: yaml.MappingNode, depth: int) -> Iterator[tuple[str, Entry]]:
        seen: dict[str, Place] = {}
        for key_node, value_node in node.value:
            place = self._place(key_node)
            is_clock = getattr(key_node, "value", None) == _OF_CLOCKS
            value = self.item(value_node, depth + 1, is_clock=is_clock)
            if not isinstance(key_node, yaml.ScalarNode):
                self._problems.add(place, "a key is a single word or text")
                continue
            key = str(key_node.value)
            if key in seen:
                self._problems.add(
                    place, f"the key '{key}' stands here twice (line {seen[key].line})"
                )
                continue
            seen[key] = place
            yield key, Entry(place, value)

    def _scalar(self, node: yaml.Node, place: Place, *, is_clock: bool) -> ScalarItem:
        text = str(node.value)
        plain_style = isinstance(node, yaml.ScalarNode) and node.style is None
        if plain_style and not is_clock and _SEXAGESIMAL.fullmatch(text):
            self._problems.add(
                place, f'YAML may read {text} as a number of base 60: write it in quotes, "{text}"'
            )
        return ScalarItem(place, self._value(node, text, place), text)

    def _value(self, node: yaml.Node, text: str, place: Place) -> str | int | float | bool | None:
        if node.tag == _STR:
            return text
        if node.tag == _NULL:
            return None
        try:
            if node.tag == _BOOL:
                return {"true": True, "false": False}[text.lower()]
            if node.tag == _INT and len(text) <= _LONGEST_NUMBER:
                return int(text)
            if node.tag in (_INT, _FLOAT) and len(text) <= _LONGEST_NUMBER:
                return float(text)
        except (ValueError, KeyError):
            self._problems.add(place, f"'{text[:40]}' is not what its tag {node.tag} says")
            return text
        tagged = node.tag not in (_INT, _FLOAT)
        said = f"the tag {node.tag} is not supported" if tagged else "the number is too long"
        self._problems.add(place, said)
        return text
