"""Query options -> values: $select, $filter, $orderby, $top, $count, $expand and its nested ones."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from ..conditions.filter_tree import Node
from ..faults import bad_request, not_emulated
from .filter_parser import parse_filter

LARGEST_EXPAND = 15
COLLECTION_OPTIONS = frozenset(
    {"$select", "$filter", "$orderby", "$top", "$count", "$expand", "$skiptoken"}
)
ROW_OPTIONS = frozenset({"$select", "$expand"})
NESTED_OPTIONS = frozenset({"$select", "$filter", "$orderby", "$top", "$expand"})
COUNT_OPTIONS = frozenset({"$filter"})
_MOST_PARENTHESES = 200
_IGNORED = frozenset({"tag"})
_LINK = "/$ref"
_WHOLE = re.compile("[0-9]{1,9}")
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)


@dataclass(frozen=True, slots=True)
class OrderTerm:
    """One term of $orderby: a column, perhaps behind single-valued navigation properties."""

    path: tuple[str, ...]
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Options:
    """What a query asks for; the default asks for all columns of all rows."""

    select: tuple[str, ...] | None = None
    filter: Node | None = None
    orderby: tuple[OrderTerm, ...] = ()
    top: int | None = None
    count: bool = False
    expand: tuple[Expand, ...] = ()
    skiptoken: str | None = None


@dataclass(frozen=True, slots=True)
class Expand:
    """One navigation property to embed; `given` keeps its options as they were written."""

    navigation: str
    options: Options = Options()
    given: tuple[tuple[str, str], ...] = ()
    is_reference: bool = False


def parse_options(query: Mapping[str, str], allowed: Collection[str]) -> Options:
    """Parse the options of a request; what is not in `allowed` is refused by name."""
    aliases = {name: value for name, value in query.items() if name.startswith("@")}
    given = {n: v for n, v in query.items() if n not in aliases and n not in _IGNORED}
    if given.get("$expand", "").count("(") > _MOST_PARENTHESES:
        raise not_emulated(f"an $expand with more than {_MOST_PARENTHESES} parentheses")
    options = _options(given, allowed, aliases)
    _check_expand_count(options)
    return options


def split_outside(text: str, separator: str) -> Iterator[str]:
    """Split where a separator stands outside quotes, parentheses and brackets."""
    depth, start, quote = 0, 0, ""
    for position, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
        elif character == separator and depth == 0:
            yield text[start:position]
            start = position + 1
    yield text[start:]


def _options(
    given: Mapping[str, str], allowed: Collection[str], aliases: Mapping[str, str] | None
) -> Options:
    for name in given:
        if name not in allowed:
            raise bad_request(f"The query option '{name}' is not supported.")
    filter_text = given.get("$filter")
    select, links = _select(given["$select"]) if "$select" in given else (None, ())
    return Options(
        select=select,
        filter=None if filter_text is None else parse_filter(filter_text, aliases),
        orderby=tuple(_order_terms(given["$orderby"], aliases)) if "$orderby" in given else (),
        top=_top(given["$top"]) if "$top" in given else None,
        count=_count(given.get("$count", "false")),
        expand=(*links, *(_expands(given["$expand"]) if "$expand" in given else ())),
        skiptoken=given.get("$skiptoken"),
    )


def _select(text: str) -> tuple[tuple[str, ...] | None, tuple[Expand, ...]]:
    """Read the names of columns, each once, and those of links (`parentaccountid/$ref`), which are
    what the same name in $expand gives (Learn: Select columns using OData)."""
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    if "" in names:
        raise bad_request(f"The $select '{text}' has an empty name.")
    links = tuple(_expand(name, text) for name in names if name.endswith(_LINK))
    columns = tuple(name for name in names if not name.endswith(_LINK))
    for name in columns:
        if "/" in name:
            raise not_emulated(f"'{name}' in $select")
    return None if "*" in columns else columns, links


def _order_terms(text: str, aliases: Mapping[str, str] | None) -> Iterator[OrderTerm]:
    """Read the terms of $orderby; a column may be named by a parameter alias, not inside $expand."""
    for term in text.split(","):
        path, *direction = term.split() or [""]
        if path.startswith("@"):
            path = (aliases or {}).get(path, path).strip()
        steps = tuple(path.split("/"))
        if not path:
            raise bad_request(f"The $orderby '{text}' has an empty term.")
        if not all(map(_NAME.fullmatch, steps)):
            raise bad_request(f"The $orderby '{text}' has a term that is no column: '{term}'.")
        if direction not in ([], ["asc"], ["desc"]):
            raise bad_request(
                f"The $orderby '{text}' has the direction '{' '.join(direction)}' of '{path}', "
                "which is 'asc' or 'desc'."
            )
        yield OrderTerm(steps, direction == ["desc"])


def _top(text: str) -> int:
    if _WHOLE.fullmatch(text.strip()) is None:
        raise bad_request(
            f"Invalid value '{text}' for $top query option found. "
            "The $top query option requires a non-negative integer value."
        )
    return int(text)


def _count(text: str) -> bool:
    if text not in ("true", "false"):
        raise bad_request(
            f"Invalid value '{text}' for $count query option found. "
            "Valid values are 'true' and 'false'."
        )
    return text == "true"


def _expands(text: str) -> Iterator[Expand]:
    for item in split_outside(text, ","):
        yield _expand(item.strip(), text)


def _expand(item: str, text: str) -> Expand:
    name, parenthesis, rest = item.partition("(")
    navigation, slash, suffix = name.strip().partition("/")
    wrong_end = bool(parenthesis) and not rest.endswith(")")
    if _NAME.fullmatch(navigation) is None or wrong_end:
        raise bad_request(f"The $expand '{text}' cannot be read at '{item}'.")
    if slash and suffix != "$ref":
        raise not_emulated(f"'{name}' in $expand")
    given = tuple(_nested_options(rest[:-1], text)) if parenthesis else ()
    options = _options(dict(given), NESTED_OPTIONS, None)
    return Expand(navigation, options, given, is_reference=bool(slash))


def _nested_options(text: str, whole: str) -> Iterator[tuple[str, str]]:
    for option in split_outside(text, ";"):
        name, equals, value = option.partition("=")
        if not equals:
            raise bad_request(f"The $expand '{whole}' has an option without value: '{option}'.")
        yield name.strip(), value.strip()


def _check_expand_count(options: Options) -> None:
    number = _expand_count(options)
    if number > LARGEST_EXPAND:
        raise bad_request(
            f"The query has {number} $expand options; the maximum is {LARGEST_EXPAND}."
        )


def _expand_count(options: Options) -> int:
    return sum(1 + _expand_count(item.options) for item in options.expand)
