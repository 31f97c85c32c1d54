"""`$apply` text -> filters, group keys and aggregates."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ...conditions.filter_tree import Node
from ...faults import Fault, bad_request, not_emulated
from ..aggregates import Method
from ..filter_parser import parse_filter
from ..options import split_outside
from .tree import Aggregate, Apply

_TRANSFORMATION = re.compile(r"\s*([A-Za-z_][\w.]*)\s*\((.*)\)\s*", re.DOTALL | re.ASCII)
_PATH = re.compile(r"[A-Za-z_]\w*(?:/[A-Za-z_]\w*)*", re.ASCII)
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_METHODS = {
    "sum": Method.SUM,
    "min": Method.MINIMUM,
    "max": Method.MAXIMUM,
    "average": Method.AVERAGE,
    "countdistinct": Method.COUNT_DISTINCT,
}
_TRANSFORMATIONS = "a transformation is filter(...), groupby(...) or aggregate(...)"
_AGGREGATES = "an aggregate is '<column> with <method> as <name>' or '$count as <name>'"
# What OData's extension for data aggregation has besides (Learn: Aggregate data using OData).
_OTHERS = frozenset(
    {
        "ancestors",
        "bottomcount",
        "bottompercent",
        "bottomsum",
        "compute",
        "concat",
        "descendants",
        "expand",
        "identity",
        "join",
        "nest",
        "orderby",
        "outerjoin",
        "search",
        "skip",
        "top",
        "topcount",
        "toppercent",
        "topsum",
        "traverse",
    }
)


@dataclass(frozen=True, slots=True)
class _Step:
    """One transformation, with what stands in its parentheses."""

    name: str
    inside: str


def parse_apply(text: str, aliases: Mapping[str, str]) -> Apply:
    """Parse `$apply`: any number of filters, then one groupby or one aggregate."""
    _check_balance(text)
    steps = [_step(part, text) for part in split_outside(text, "/")]
    filters: list[Node] = []
    for step in steps[:-1]:
        if step.name != "filter":
            raise not_emulated(f"a transformation after '{step.name}' in $apply, '{text}'")
        filters.append(parse_filter(step.inside, aliases))
    last = steps[-1]
    match last.name:
        case "groupby":
            keys, aggregates = _groupby(last.inside, text)
        case "aggregate":
            keys, aggregates = (), _aggregates(last.inside, text)
        case "filter":
            raise not_emulated(f"'{text}' in $apply, a filter without groupby or aggregate")
    _check_names(keys, aggregates, text)
    return Apply(tuple(filters), keys, aggregates)


def _step(part: str, text: str) -> _Step:
    found = _TRANSFORMATION.fullmatch(part)
    name = found[1] if found else part.strip()
    if name in _OTHERS:
        raise not_emulated(f"the transformation '{name}' in $apply")
    if found is None or name not in ("filter", "groupby", "aggregate"):
        raise _unreadable(part.strip(), text, _TRANSFORMATIONS)
    return _Step(name, found[2])


def _groupby(inside: str, text: str) -> tuple[tuple[tuple[str, ...], ...], tuple[Aggregate, ...]]:
    """Read `(keys)` or `(keys),aggregate(...)`."""
    keys, *rest = (part.strip() for part in split_outside(inside, ","))
    if not (keys.startswith("(") and keys.endswith(")")) or len(rest) > 1:
        raise _unreadable(f"groupby({inside})", text)
    paths = tuple(_key(part, text) for part in split_outside(keys[1:-1], ","))
    if not rest:
        return paths, ()
    parts = [_step(part, text) for part in split_outside(rest[0], "/")]
    if [part.name for part in parts] != ["aggregate"]:
        raise not_emulated(f"'{rest[0]}' inside groupby in $apply, only one aggregate")
    return paths, _aggregates(parts[0].inside, text)


def _key(part: str, text: str) -> tuple[str, ...]:
    if re.match(r"\s*(rollup|year|month|day|hour|minute|second|date)\s*\(", part):
        raise not_emulated(f"'{part.strip()}' in the groupby of $apply, only columns")
    return _path(part, text)


def _path(part: str, text: str) -> tuple[str, ...]:
    if _PATH.fullmatch(part.strip()) is None:
        raise _unreadable(part.strip(), text)
    return tuple(part.strip().split("/"))


def _aggregates(inside: str, text: str) -> tuple[Aggregate, ...]:
    return tuple(_aggregate(part, text) for part in split_outside(inside, ","))


def _aggregate(part: str, text: str) -> Aggregate:
    match part.split():
        case ["$count", "as", alias] if _NAME.fullmatch(alias):
            return Aggregate(Method.ROWS, alias)
        case [path, "with", method, "as", alias] if _NAME.fullmatch(alias):
            if method not in _METHODS:
                raise bad_request(
                    f"The aggregation method '{method}' in the $apply '{text}' is not one of "
                    f"{', '.join(_METHODS)}."
                )
            return Aggregate(_METHODS[method], alias, _path(path, text))
        case [_, "with", _, "from", *_]:
            raise not_emulated(f"'{part.strip()}' with 'from' in $apply")
    raise _unreadable(part.strip(), text, _AGGREGATES)


def _check_names(
    keys: tuple[tuple[str, ...], ...], aggregates: tuple[Aggregate, ...], text: str
) -> None:
    names = ["/".join(path) for path in keys] + [aggregate.alias for aggregate in aggregates]
    for name in _repeated(names):
        raise bad_request(f"The $apply '{text}' uses the name '{name}' twice.")


def _repeated(names: list[str]) -> Iterator[str]:
    return (name for index, name in enumerate(names) if name in names[:index])


def _check_balance(text: str) -> None:
    """Refuse what is opened and never closed, or the other way round; positions count from 1."""
    opened: list[int] = []
    quote, quoted_at = "", 0
    for position, character in enumerate(text, start=1):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote, quoted_at = character, position
        elif character == "(":
            opened.append(position)
        elif character == ")":
            if not opened:
                raise _unreadable(text, text, f"the ')' at position {position} closes nothing")
            opened.pop()
    if quote:
        raise _unreadable(text, text, f"the {quote} at position {quoted_at} is never closed")
    if opened:
        raise _unreadable(text, text, f"the '(' at position {opened[-1]} is never closed")


def _unreadable(part: str, text: str, why: str = "") -> Fault:
    where = "" if part == text else f" at '{part}'"
    return bad_request(f"The $apply '{text}' cannot be read{where}{': ' if why else ''}{why}.")
