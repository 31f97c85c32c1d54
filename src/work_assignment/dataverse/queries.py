"""OData queries as values; every column name and literal that enters a URL is checked and encoded here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Literal, TypeAlias, assert_never
from urllib.parse import quote
from uuid import UUID

from work_assignment.dataverse.errors import InvalidRequest

_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_PATH = re.compile(rf"{_NAME.pattern}(?:/{_NAME.pattern})*", re.ASCII)
_RESOURCE = re.compile(rf"{_NAME.pattern}(?:[/.]{_NAME.pattern})*", re.ASCII)
_LIVE_WILDCARD = re.compile(r"[\[%_]")
_UNSAFE_IN_LIST = re.compile(r"""['"\\\[\](){}\x00-\x1f]""")
_UNESCAPED = "(),'/:$"


class Guid(str):
    """A row id: a string that is known to be a GUID, lower case, and so needs no quotes."""

    __slots__ = ()

    def __new__(cls, value: str | UUID) -> Guid:
        text = str(value).lower()
        if not _GUID.fullmatch(text):
            raise InvalidRequest(f"{str(value)!r} is not a row id")
        return super().__new__(cls, text)


Value: TypeAlias = str | UUID | datetime | date | bool | int | float | Decimal | None


@dataclass(frozen=True, slots=True)
class Comparison:
    column: str
    operator: Literal["eq", "ne", "gt", "ge", "lt", "le"]
    value: Value


@dataclass(frozen=True, slots=True)
class TextMatch:
    """`contains`, `startswith` or `endswith`; the text is meant literally, without wildcards."""

    function: Literal["contains", "startswith", "endswith"]
    column: str
    text: str


@dataclass(frozen=True, slots=True)
class Membership:
    column: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Both:
    """All parts hold."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """At least one part holds."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Filter


Filter: TypeAlias = Comparison | TextMatch | Membership | Both | Either | Not


def eq(column: str, value: Value) -> Comparison:
    return Comparison(column, "eq", value)


def ne(column: str, value: Value) -> Comparison:
    """Not equal; Dataverse's answer includes rows where the column is empty."""
    return Comparison(column, "ne", value)


def gt(column: str, value: Value) -> Comparison:
    return Comparison(column, "gt", value)


def ge(column: str, value: Value) -> Comparison:
    return Comparison(column, "ge", value)


def lt(column: str, value: Value) -> Comparison:
    return Comparison(column, "lt", value)


def le(column: str, value: Value) -> Comparison:
    return Comparison(column, "le", value)


def is_null(column: str) -> Comparison:
    return eq(column, None)


def contains(column: str, text: str) -> TextMatch:
    return TextMatch("contains", column, text)


def startswith(column: str, text: str) -> TextMatch:
    return TextMatch("startswith", column, text)


def endswith(column: str, text: str) -> TextMatch:
    return TextMatch("endswith", column, text)


def in_(column: str, values: Sequence[Value]) -> Membership:
    """One of the values, each named once; at least one is needed."""
    if not values:
        raise InvalidRequest(f"{column}: a list of values must not be empty")
    return Membership(column, tuple(dict.fromkeys(values)))


def in_chunks(column: str, values: Sequence[Value], size: int = 200) -> Iterator[Membership]:
    """Split a long list over several filters, so that each query fits into a URL."""
    distinct = tuple(dict.fromkeys(values))
    for start in range(0, len(distinct), size):
        yield Membership(column, distinct[start : start + size])


def and_(*parts: Filter) -> Filter:
    return parts[0] if len(parts) == 1 else Both(_some(parts))


def or_(*parts: Filter) -> Filter:
    return parts[0] if len(parts) == 1 else Either(_some(parts))


def not_(part: Filter) -> Not:
    return Not(part)


def after(
    created_on: datetime, row_id: Guid, *, id_column: str, created_column: str = "createdon"
) -> Filter:
    """Select what follows one row in the order (created, id): the start of the next page."""
    same_moment = and_(eq(created_column, created_on), gt(id_column, row_id))
    return or_(gt(created_column, created_on), same_moment)


def _some(parts: tuple[Filter, ...]) -> tuple[Filter, ...]:
    if not parts:
        raise InvalidRequest("a combination of filters needs at least one")
    return parts


@dataclass(frozen=True, slots=True)
class Order:
    column: str
    descending: bool = False


def desc(column: str) -> Order:
    return Order(column, descending=True)


@dataclass(frozen=True, slots=True)
class Expand:
    """Rows that come along through a navigation property."""

    navigation: str
    select: tuple[str, ...] = ()
    filter: Filter | None = None
    orderby: tuple[str | Order, ...] = ()
    top: int | None = None
    expand: tuple[Expand, ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """A question to one entity set; without `select` every column comes."""

    entity_set: str
    select: tuple[str, ...] = ()
    filter: Filter | None = None
    orderby: tuple[str | Order, ...] = ()
    top: int | None = None
    expand: tuple[Expand, ...] = ()
    count: bool = False


def render(query: Query) -> str:
    """Write the relative URL of a query, percent-encoded."""
    options = _options(query)
    if query.count:
        options["$count"] = "true"
    return with_options(_checked_resource(query.entity_set), options)


def render_options(select: Sequence[str], expand: Sequence[Expand]) -> dict[str, str]:
    """Write the options that also fit the request for one row."""
    return _options(Expand("row", select=tuple(select), expand=tuple(expand)))


def with_options(path: str, options: dict[str, str]) -> str:
    """Append query options to a path, percent-encoded."""
    encoded = "&".join(f"{name}={encode(text)}" for name, text in options.items())
    if not encoded:
        return path
    return f"{path}{'&' if '?' in path else '?'}{encoded}"


def encode(text: str) -> str:
    """Percent-encode the value of a query option."""
    try:
        return quote(text, safe=_UNESCAPED)
    except UnicodeEncodeError as exc:
        raise InvalidRequest(f"{text!r} is not valid Unicode text") from exc


def _options(source: Query | Expand) -> dict[str, str]:
    options: dict[str, str] = {}
    if source.select:
        options["$select"] = ",".join(checked_path(column) for column in source.select)
    if source.filter is not None:
        options["$filter"] = filter_text(source.filter)
    if source.orderby:
        options["$orderby"] = ",".join(_order_text(order) for order in source.orderby)
    if source.top is not None:
        options["$top"] = _top_text(source.top)
    if source.expand:
        options["$expand"] = ",".join(_expand_text(expand) for expand in source.expand)
    return options


def _expand_text(expand: Expand) -> str:
    options = ";".join(f"{name}={text}" for name, text in _options(expand).items())
    navigation = checked_name(expand.navigation)
    return f"{navigation}({options})" if options else navigation


def _order_text(order: str | Order) -> str:
    if isinstance(order, str):
        return checked_path(order)
    return f"{checked_path(order.column)} {'desc' if order.descending else 'asc'}"


def _top_text(top: int) -> str:
    if top < 1:
        raise InvalidRequest(f"$top must be at least 1, not {top}")
    return str(top)


def filter_text(filter_: Filter, *, negated: bool = False) -> str:
    """Write a filter as $filter text, not yet percent-encoded; `negated` is true below a `not`."""
    match filter_:
        case Comparison(column, operator, value):
            return f"{checked_path(column)} {operator} {literal(value, column, operator)}"
        case TextMatch(function, column, text):
            meant = _LIVE_WILDCARD.sub(r"[\g<0>]", text)
            return f"{function}({checked_path(column)},{literal(meant, column)})"
        case Membership():
            return _membership_text(filter_, negated=negated)
        case Both(parts):
            return _joined(parts, " and ", negated=negated)
        case Either(parts):
            return _joined(parts, " or ", negated=negated)
        case Not(part):
            return f"not ({filter_text(part, negated=True)})"
        case _:
            assert_never(filter_)


def _joined(parts: Sequence[Filter], word: str, *, negated: bool) -> str:
    return "(" + word.join(filter_text(part, negated=negated) for part in parts) + ")"


def _membership_text(membership: Membership, *, negated: bool) -> str:
    """Use Dataverse's In where it is safe, and plain comparisons for the rest.

    In is refused below a `not`, knows no null, and how its list escapes quotes is not documented
    (Microsoft Learn: "Web API query functions").
    """
    column = checked_path(membership.column)
    plain: list[str] = []
    single: list[Filter] = []
    for value in membership.values:
        text = _bare(value, column)
        if negated or value is None or _UNSAFE_IN_LIST.search(text):
            single.append(eq(column, value))
        else:
            plain.append(f'"{text}"')
    texts = [filter_text(part) for part in single]
    if plain:
        values = ",".join(plain)
        texts.append(
            f"Microsoft.Dynamics.CRM.In(PropertyName='{column}',PropertyValues=[{values}])"
        )
    return texts[0] if len(texts) == 1 else "(" + " or ".join(texts) + ")"


def literal(value: Value, column: str, operator: str = "eq") -> str:
    """Write a value as an OData literal; the column is only named in complaints."""
    text = _bare(value, column, round_up=operator in ("ge", "lt"))
    if isinstance(value, str) and not isinstance(value, Guid):
        return "'" + text.replace("'", "''") + "'"
    return text


def _bare(value: Value, column: str, *, round_up: bool = False) -> str:
    """Write a value without quotes."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return str(value)
        case UUID():
            return str(value)
        case int():
            return str(int(value))
        case float() | Decimal():
            return _number_text(Decimal(str(value)), column)
        case datetime():
            return utc_text(value, column, round_up=round_up)
        case date():
            return value.isoformat()
        case _:
            assert_never(value)


def _number_text(number: Decimal, column: str) -> str:
    if not number.is_finite():
        raise InvalidRequest(f"{column}: {number} is not a number that Dataverse knows")
    return f"{number:f}"


def utc_text(moment: datetime, column: str, *, round_up: bool = False) -> str:
    """Write a moment in UTC with whole seconds, as Dataverse stores them.

    Before `ge` and `lt` a fraction is rounded up, else down, so that the same rows are found.
    """
    if moment.tzinfo is None:
        raise InvalidRequest(f"{column}: the time {moment.isoformat()} has no time zone")
    utc = moment.astimezone(UTC)
    if round_up and utc.microsecond:
        utc += timedelta(seconds=1)
    return utc.replace(microsecond=0, tzinfo=None).isoformat() + "Z"


@lru_cache(maxsize=4096)
def checked_name(name: str) -> str:
    """Let a plain name pass: an entity set, a column, a navigation property."""
    if not _NAME.fullmatch(name):
        raise InvalidRequest(f"{name!r} is not a name that Dataverse can have")
    return name


def checked_path(path: str) -> str:
    """Let a column pass, or one behind navigation properties: `parentaccountid/name`."""
    if not _PATH.fullmatch(path):
        raise InvalidRequest(f"{path!r} is not a column that Dataverse can have")
    return path


def _checked_resource(resource: str) -> str:
    """Let an entity set pass, and what metadata has below one: `Attributes/<namespace>.<type>`."""
    if not _RESOURCE.fullmatch(resource):
        raise InvalidRequest(f"{resource!r} is not an entity set that Dataverse can have")
    return resource
