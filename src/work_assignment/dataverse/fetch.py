"""FetchXML as values, written out with every name checked and every value escaped."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, TypeAlias
from urllib.parse import unquote
from uuid import UUID
from xml.etree import ElementTree as Xml

from work_assignment.dataverse.errors import InvalidRequest
from work_assignment.dataverse.queries import Value, checked_name, literal, utc_text

LONGEST_PAGE = 5000
_OPERATOR = re.compile(r"[a-z]+(?:-[a-z]+)*", re.ASCII)
_LIST_OPERATORS = frozenset(
    {"in", "not-in", "between", "not-between", "contain-values", "not-contain-values"}
)
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_PAGING_COOKIE = re.compile(r'\bpagingcookie="([^"]*)"')

LinkType: TypeAlias = Literal["inner", "outer", "any", "not any", "exists", "in"]


@dataclass(frozen=True, slots=True)
class Condition:
    """One test of a column; `entity` names the alias of a link when the column is not the table's own."""

    attribute: str
    operator: str
    values: tuple[Value, ...] = ()
    entity: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions and groups of which all (`and`) or at least one (`or`) must hold."""

    kind: Literal["and", "or"]
    parts: tuple[Condition | Group | Link, ...]


@dataclass(frozen=True, slots=True)
class Attribute:
    """A column of the answer: plain, grouped by, or an aggregate; the last two need an alias.

    `is_distinct` counts each value of the column once.
    """

    name: str
    alias: str | None = None
    aggregate: Literal["count", "countcolumn", "sum", "avg", "min", "max"] | None = None
    group_by: bool = False
    is_distinct: bool = False


@dataclass(frozen=True, slots=True)
class FetchOrder:
    """Order by a column, or by an alias where the query aggregates."""

    attribute: str | None = None
    alias: str | None = None
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """Another table joined in: its column `from_` equals our column `to`."""

    table: str
    from_: str
    to: str
    alias: str | None = None
    kind: LinkType = "inner"
    attributes: tuple[str | Attribute, ...] = ()
    filter: Group | None = None
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Fetch:
    """A whole FetchXML query; `top` and paging exclude each other."""

    table: str
    attributes: tuple[str | Attribute, ...] = ()
    filter: Group | None = None
    orders: tuple[FetchOrder, ...] = ()
    links: tuple[Link, ...] = ()
    top: int | None = None
    page_size: int | None = None
    page: int = 1
    paging_cookie: str | None = None
    distinct: bool = False

    @property
    def aggregates(self) -> bool:
        """Whether the answer is groups and totals instead of rows."""
        return any(_is_aggregate(attribute) for attribute in _all_attributes(self))


def all_of(*parts: Condition | Group | Link) -> Group:
    return Group("and", parts)


def any_of(*parts: Condition | Group | Link) -> Group:
    return Group("or", parts)


def count_by(
    table: str,
    column: str,
    *,
    counted: str,
    filter_: Group | None = None,
    links: tuple[Link, ...] = (),
    group_alias: str = "value",
    count_alias: str = "rows",
) -> Fetch:
    """Count rows for each value of a column; `counted` is the table's id column."""
    groups = Attribute(column, alias=group_alias, group_by=True)
    total = Attribute(counted, alias=count_alias, aggregate="count")
    return Fetch(table, attributes=(groups, total), filter=filter_, links=links)


def render(fetch: Fetch) -> str:
    """Write a query as FetchXML text."""
    root = Xml.Element("fetch", _fetch_attributes(fetch))
    entity = Xml.SubElement(root, "entity", {"name": checked_name(fetch.table)})
    _add_body(entity, fetch)
    for order in fetch.orders:
        entity.append(_order_element(order))
    return Xml.tostring(root, encoding="unicode")


def paged(fetch: Fetch) -> Fetch:
    """Make a query of rows come in pages; totals and a `top` come in one answer."""
    if fetch.top is not None or fetch.aggregates or fetch.page_size is not None:
        return fetch
    return replace(fetch, page_size=LONGEST_PAGE)


def next_page(fetch: Fetch, annotation: str | None) -> Fetch | None:
    """Make the query for the page after this one; a `top` has none, and totals must fit into one answer."""
    if fetch.top is not None:
        return None
    if fetch.page_size is None:
        raise InvalidRequest(f"{fetch.table}: more groups than one answer of FetchXML holds")
    cookie = paging_cookie(annotation) if annotation else None
    return replace(fetch, page=fetch.page + 1, paging_cookie=cookie)


def paging_cookie(annotation: str) -> str | None:
    """Take the inner cookie out of the annotation; it is percent-encoded twice (Learn: "Page results")."""
    found = _PAGING_COOKIE.search(annotation)
    return unquote(unquote(found.group(1))) if found else None


def _fetch_attributes(fetch: Fetch) -> dict[str, str]:
    attributes: dict[str, str] = {}
    if fetch.aggregates:
        attributes["aggregate"] = "true"
    if fetch.distinct:
        attributes["distinct"] = "true"
    if fetch.top is not None:
        attributes["top"] = _number(fetch.top, "top")
    if fetch.page_size is None:
        return attributes
    if fetch.top is not None:
        raise InvalidRequest("a FetchXML query has either top or pages")
    attributes["count"] = _number(fetch.page_size, "page size")
    attributes["page"] = _number(fetch.page, "page")
    if fetch.paging_cookie is not None:
        attributes["paging-cookie"] = _xml_text(fetch.paging_cookie, "paging cookie")
    return attributes


def _number(value: int, what: str) -> str:
    if value < 1 or (value > LONGEST_PAGE and what != "page"):
        raise InvalidRequest(f"{what}: {value} is out of range")
    return str(value)


def _add_body(element: Xml.Element, source: Fetch | Link) -> None:
    for attribute in source.attributes:
        element.append(_attribute_element(attribute))
    if source.filter is not None:
        element.append(_group_element(source.filter))
    for link in source.links:
        element.append(_link_element(link))


def _attribute_element(attribute: str | Attribute) -> Xml.Element:
    if isinstance(attribute, str):
        return Xml.Element("attribute", {"name": checked_name(attribute)})
    element = Xml.Element("attribute", {"name": checked_name(attribute.name)})
    if _is_aggregate(attribute) and attribute.alias is None:
        raise InvalidRequest(f"{attribute.name}: an aggregate needs an alias")
    if attribute.alias is not None:
        element.set("alias", checked_name(attribute.alias))
    if attribute.group_by:
        element.set("groupby", "true")
    if attribute.aggregate is not None:
        element.set("aggregate", attribute.aggregate)
    if attribute.is_distinct:
        element.set("distinct", "true")
    return element


def _order_element(order: FetchOrder) -> Xml.Element:
    if (order.attribute is None) == (order.alias is None):
        raise InvalidRequest("an order names either a column or an alias")
    element = Xml.Element("order")
    if order.attribute is not None:
        element.set("attribute", checked_name(order.attribute))
    if order.alias is not None:
        element.set("alias", checked_name(order.alias))
    if order.descending:
        element.set("descending", "true")
    return element


def _group_element(group: Group) -> Xml.Element:
    if not group.parts:
        raise InvalidRequest("a filter needs at least one condition")
    element = Xml.Element("filter", {"type": group.kind})
    for part in group.parts:
        match part:
            case Condition():
                element.append(_condition_element(part))
            case Group():
                element.append(_group_element(part))
            case Link():
                element.append(_link_element(part))
    return element


def _link_element(link: Link) -> Xml.Element:
    names = {"name": link.table, "from": link.from_, "to": link.to}
    element = Xml.Element("link-entity", {key: checked_name(name) for key, name in names.items()})
    element.set("link-type", link.kind)
    if link.alias is not None:
        element.set("alias", checked_name(link.alias))
    _add_body(element, link)
    return element


def _condition_element(condition: Condition) -> Xml.Element:
    operator = condition.operator
    if not _OPERATOR.fullmatch(operator):
        raise InvalidRequest(f"{condition.attribute}: {operator!r} is not a FetchXML operator")
    element = Xml.Element("condition", {"attribute": checked_name(condition.attribute)})
    if condition.entity is not None:
        element.set("entityname", checked_name(condition.entity))
    element.set("operator", operator)
    texts = [_value_text(value, condition.attribute) for value in condition.values]
    if operator in _LIST_OPERATORS:
        _add_values(element, texts, condition)
    elif len(texts) > 1:
        raise InvalidRequest(f"{condition.attribute}: {operator} takes one value, not {len(texts)}")
    elif texts:
        element.set("value", texts[0])
    return element


def _add_values(element: Xml.Element, texts: Sequence[str], condition: Condition) -> None:
    is_range = condition.operator.endswith("between")
    if not texts or (is_range and len(texts) != 2):
        needed = "two values" if is_range else "at least one value"
        raise InvalidRequest(f"{condition.attribute}: {condition.operator} needs {needed}")
    for text in texts:
        Xml.SubElement(element, "value").text = text


def _value_text(value: Value, column: str) -> str:
    match value:
        case None:
            raise InvalidRequest(f"{column}: compare with null by the operators null and not-null")
        case bool():
            return "1" if value else "0"
        case datetime():
            return utc_text(value, column)
        case str():
            return _xml_text(value, column)
        case UUID() | int() | float() | Decimal() | date():
            return literal(value, column)


def _xml_text(text: str, what: str) -> str:
    if _NOT_IN_XML.search(text):
        raise InvalidRequest(f"{what}: the text has a character that XML cannot carry")
    return text


def _is_aggregate(attribute: str | Attribute) -> bool:
    return isinstance(attribute, Attribute) and (
        attribute.group_by or attribute.aggregate is not None
    )


def _all_attributes(source: Fetch | Link) -> list[str | Attribute]:
    found = list(source.attributes)
    for link in source.links:
        found.extend(_all_attributes(link))
    return found
