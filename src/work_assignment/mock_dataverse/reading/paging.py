"""Keyset paging: sort keys, the position after a row, and the XML cookie that carries it.

A page starts strictly after the last row of the one before, so that rows created or deleted
meanwhile neither repeat nor hide others. Null sorts first, as in SQL Server.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote, unquote
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import quoteattr

from defusedxml.ElementTree import fromstring

from ..conditions.comparisons import (
    NEVER,
    Fragment,
    all_of,
    any_of,
    is_not_null,
    is_null,
)
from ..faults import Fault, bad_request
from ..tables.metadata import Catalog, Column, ColumnType
from ..text import Stored
from .names import label, looked_up_name
from .render import Values
from .source import Joined

INVALID_COOKIE = "0x8004112a"
_ESCAPE = re.compile("%[0-9A-F]{2}")
_LAST_PAGE = 1_000_000_000


class SortKind(StrEnum):
    """What a sort key's values are, for they travel as text."""

    TEXT = "text"
    GUID = "guid"
    INTEGER = "integer"
    REAL = "real"


@dataclass(frozen=True, slots=True)
class SortKey:
    """One thing to sort by; `name` is what the cookie calls it."""

    name: str
    expression: str
    kind: SortKind
    descending: bool = False

    @property
    def sql(self) -> str:
        return f"{self.expression} DESC" if self.descending else self.expression


Position = Mapping[str, Stored]


def sort_key(
    catalog: Catalog,
    joined: Joined,
    column: Column,
    name: str,
    *,
    descending: bool = False,
    by_label: bool = False,
) -> SortKey:
    """Sort by a column: text by its fold, a lookup by the primary name of what it points at, a
    choice by value or, with `by_label`, by label."""
    expression = joined.sql(column.logical_name)
    if column.type.is_lookup:
        found = looked_up_name(catalog, joined, column)
        by_name = expression if found is None else f"dv_fold({found})"
        return SortKey(name, by_name, SortKind.TEXT, descending)
    if column.type.is_text:
        return SortKey(name, f"dv_fold({expression})", SortKind.TEXT, descending)
    if by_label and column.type.has_options and column.options:
        by_text = f"dv_fold({label(expression, column)})"
        return SortKey(name, by_text, SortKind.TEXT, descending)
    return SortKey(name, expression, _KINDS.get(column.type, SortKind.INTEGER), descending)


def primary_key(joined: Joined, prefix: str = "") -> SortKey:
    """The tie-break that makes an order complete."""
    key = joined.table.primary_id
    return SortKey(f"{prefix}{key}", joined.sql(key), SortKind.GUID)


def read_after(
    keys: Sequence[SortKey],
    position: Position | None,
    limit: int,
    read: Callable[[tuple[Fragment, ...], int], list[Values]],
) -> list[Values]:
    """Read rows in order, at most `limit` (-1: all), those after a position. `read` is given what
    they have to meet besides."""
    if position is None:
        return read((), limit)
    found: list[Values] = []
    for stretch in _stretches(keys, position):
        if len(found) != limit:
            found += read((stretch,), limit if limit < 0 else limit - len(found))
    return found


def _stretches(keys: Sequence[SortKey], position: Position) -> tuple[Fragment, ...]:
    """Divide what sorts after a position so that SQLite can use an index for each stretch: nulls
    come last in a descending order, but a condition that lets them in is no range."""
    first, value = keys[0], position[keys[0].name]
    following = _after(keys, position)
    if value is None:
        return (following,)
    if first.descending:
        near = Fragment(f"{first.expression} <= ?", (value,))
        return all_of((near, following)), is_null(first.expression)
    return (all_of((Fragment(f"{first.expression} >= ?", (value,)), following)),)


def _after(keys: Sequence[SortKey], position: Position) -> Fragment:
    """Only rows that sort strictly after a position."""
    alternatives = []
    same: list[Fragment] = []
    for key in keys:
        value = position[key.name]
        alternatives.append(all_of((*same, _strictly_after(key, value))))
        same.append(Fragment(f"{key.expression} IS ?", (value,)))
    return any_of(alternatives)


def position_of(keys: Sequence[SortKey], values: Sequence[Stored]) -> Position:
    """The position of a row, given the values of its sort keys in order."""
    return {key.name: value for key, value in zip(keys, values, strict=True)}


def inner_cookie(page: int, keys: Sequence[SortKey], first: Position, last: Position) -> str:
    """Write `<cookie page="1"><leadid last="{...}" first="{...}" /></cookie>`."""
    elements = "".join(
        f"<{key.name} {_attribute('last', key, last)} {_attribute('first', key, first)} />"
        for key in keys
    )
    return f'<cookie page="{page}">{elements}</cookie>'


def outer_cookie(
    page: int, inner: str, *, encoded_twice: bool = False, is_tracking: bool = False
) -> str:
    """Wrap a cookie for the next page, as a skip token or as FetchXML's annotation shows it."""
    wrapped = encoded(encoded(inner)) if encoded_twice else encoded(inner)
    return f'<cookie pagenumber="{page}" pagingcookie="{wrapped}" istracking="{is_tracking}" />'


def read_outer_cookie(text: str) -> tuple[int, str]:
    """Unwrap a skip token: the number of the page it leads to, and the inner cookie."""
    element = _parse(text)
    return _page(element.get("pagenumber", "")), unquote(element.get("pagingcookie", ""))


def is_tracking_token(text: str) -> bool:
    """Tell whether a skip token leads to a further page of change tracking."""
    return _parse(text).get("istracking") == "True"


def cookie_attributes(text: str) -> Mapping[str, str]:
    """Read what an inner cookie says of itself."""
    return dict(_parse(text).attrib)


def next_page(page: int) -> str:
    """Write the skip token of pages that are counted, not continued after a row."""
    return outer_cookie(page + 1, f'<cookie page="{page}" />')


def page_number(token: str) -> int:
    """Read the number of the page that a counted skip token leads to."""
    page, inner = read_outer_cookie(token)
    if page > _LAST_PAGE or read_cookie_page(inner) != page - 1:
        raise invalid_cookie()
    return page


def read_inner_cookie(text: str, keys: Sequence[SortKey]) -> Position:
    """Read the position in a cookie; its keys must be those of the query."""
    element = _parse(text)
    if [child.tag for child in element] != [key.name for key in keys]:
        raise invalid_cookie()
    return {key.name: _value(child, key) for child, key in zip(element, keys, strict=True)}


def read_cookie_page(text: str) -> int:
    """The number of the page that an inner cookie was written for."""
    return _page(_parse(text).get("page", ""))


def encoded(text: str) -> str:
    """Percent-encode with lower-case digits, which is how Dataverse writes its cookies."""
    return _ESCAPE.sub(lambda match: match.group().lower(), quote(text, safe=""))


def invalid_cookie() -> Fault:
    return bad_request("The paging cookie is invalid or belongs to another query.", INVALID_COOKIE)


_KINDS = {
    ColumnType.DATETIME: SortKind.TEXT,
    ColumnType.CHOICES: SortKind.TEXT,
    ColumnType.UNIQUEIDENTIFIER: SortKind.GUID,
    ColumnType.DECIMAL: SortKind.REAL,
    ColumnType.DOUBLE: SortKind.REAL,
    ColumnType.MONEY: SortKind.REAL,
}


def _strictly_after(key: SortKey, value: Stored) -> Fragment:
    if key.descending:
        if value is None:
            return NEVER
        return any_of((Fragment(f"{key.expression} < ?", (value,)), is_null(key.expression)))
    if value is None:
        return is_not_null(key.expression)
    return Fragment(f"{key.expression} > ?", (value,))


def _attribute(prefix: str, key: SortKey, position: Position) -> str:
    value = position[key.name]
    if value is None:
        return f'{prefix}null="1"'
    if key.kind is SortKind.GUID:
        return f'{prefix}="{{{str(value).upper()}}}"'
    text = str(value) if key.kind is SortKind.INTEGER else repr(value)
    if key.kind is SortKind.TEXT:
        text = quote(str(value), safe=" :-")
    return f"{prefix}={quoteattr(text)}"


def _value(element: Element, key: SortKey) -> Stored:
    if element.get("lastnull") == "1":
        return None
    text = element.get("last")
    if text is None:
        raise invalid_cookie()
    try:
        match key.kind:
            case SortKind.TEXT:
                return unquote(text)
            case SortKind.GUID:
                return text.strip("{}").lower()
            case SortKind.INTEGER:
                return _whole(text)
            case SortKind.REAL:
                return float(text)
    except ValueError as exc:
        raise invalid_cookie() from exc


def _page(text: str) -> int:
    page = _whole(text)
    if page < 1:
        raise invalid_cookie()
    return page


def _whole(text: str) -> int:
    if re.fullmatch("-?[0-9]{1,18}", text) is None:
        raise invalid_cookie()
    return int(text)


def _parse(text: str) -> Element:
    try:
        element: Element = fromstring(text)
    except (ParseError, ValueError) as exc:
        raise invalid_cookie() from exc
    if element.tag != "cookie":
        raise invalid_cookie()
    return element
