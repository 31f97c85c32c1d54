"""FetchXML text -> values; what is malformed is a 400, what is not emulated a 501, each by name."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from itertools import count
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from ...conditions.literals import INVALID_ARGUMENT
from ...faults import Fault, bad_request, not_emulated
from ..limits import AGGREGATE_LIMIT
from .tree import Aggregate, Attribute, Condition, Entity, Fetch, Filter, Link, LinkType, Order

LARGEST_TOP = 5000
MOST_LINKS = 15
MOST_CONDITIONS = 500
DEEPEST_FILTER = 30
COUNT_CHILDREN = "countchildren"
_ALIAS = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_LINK_TYPES: dict[str, LinkType] = {"": LinkType.INNER, **{kind.value: kind for kind in LinkType}}
_COUNTED = frozenset({"condition", "link-entity"})
_ABOUT_RESULTS = frozenset({"attribute", "all-attributes", "order"})

# Attributes that change nothing about the rows, by element; all others have to be understood.
_WITHOUT_EFFECT = {
    "fetch": {
        "version",
        "mapping",
        "output-format",
        "no-lock",
        "latematerialize",
        "options",
        "min-active-row-version",
        "savedqueryid",
        "userqueryid",
    },
    "entity": {"enableprefiltering", "prefilterparametername"},
    "filter": {"isquickfindfields", "hint"},
    "condition": {"uiname", "uitype", "uihidden", "column"},
    "link-entity": {"visible", "intersect", "enableprefiltering", "prefilterparametername"},
}
_UNDERSTOOD = {
    "fetch": {
        "top",
        "count",
        "page",
        "paging-cookie",
        "aggregate",
        "distinct",
        "returntotalrecordcount",
        "useraworderby",
        "aggregatelimit",
    },
    "entity": {"name"},
    "all-attributes": set[str](),
    "attribute": {
        "name",
        "alias",
        "aggregate",
        "groupby",
        "dategrouping",
        "usertimezone",
        "distinct",
        "rowaggregate",
    },
    "order": {"attribute", "alias", "descending", "entityname"},
    "filter": {"type"},
    "condition": {"attribute", "operator", "value", "valueof", "entityname"},
    "value": {"uiname", "uitype"},
    "link-entity": {"name", "from", "to", "alias", "link-type"},
}
_REAL_BUT_MISSING = {
    "fetch": {"utc-offset", "datasource"},
}


def parse_fetch(text: str) -> Fetch:
    """Parse a whole `<fetch>`."""
    try:
        root: Element = fromstring(text)
    except DefusedXmlException as exc:
        raise invalid("The FetchXML declares entities; only those of XML itself exist.") from exc
    except (ParseError, ValueError) as exc:
        raise invalid(f"The FetchXML is not well-formed XML: {exc}") from exc
    if root.tag != "fetch":
        raise invalid(f"FetchXML starts with <fetch>, not with <{root.tag}>.")
    _check_limits(root)
    _check_attributes(root)
    return _Parser().fetch(root)


def invalid(message: str, code: str = INVALID_ARGUMENT) -> Fault:
    return bad_request(message, code)


class _Parser:
    """Walks the elements; numbers the link-entities that have no alias."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def fetch(self, root: Element) -> Fetch:
        (entity,) = _children(root, "entity", exactly=1)
        parsed = Fetch(
            entity=self._entity(entity),
            top=_number(root, "top", LARGEST_TOP),
            count=_number(root, "count"),
            page=_number(root, "page") or 1,
            cookie=root.get("paging-cookie") or None,
            aggregate=_flag(root, "aggregate"),
            distinct=_flag(root, "distinct"),
            total_wanted=_flag(root, "returntotalrecordcount"),
            choices_by_value=_flag(root, "useraworderby"),
            aggregate_limit=_number(root, "aggregatelimit", AGGREGATE_LIMIT),
        )
        pages = {"page", "count", "returntotalrecordcount"} & set(root.keys())
        if parsed.top is not None and pages:
            raise invalid(f"The top attribute cannot be combined with {', '.join(sorted(pages))}.")
        return parsed

    def _entity(self, element: Element, depth: int = 1) -> Entity:
        _allow_children(element, {"all-attributes", "attribute", "order", "filter", "link-entity"})
        return Entity(
            name=_required(element, "name"),
            all_attributes=bool(_children(element, "all-attributes")),
            attributes=tuple(map(_attribute, _children(element, "attribute"))),
            orders=tuple(map(_order, _children(element, "order"))),
            filters=tuple(_filter(child, depth) for child in _children(element, "filter")),
            links=tuple(self._link(child, depth) for child in _children(element, "link-entity")),
        )

    def _link(self, element: Element, depth: int) -> Link:
        link = self.link(element, depth)
        if link.type.is_condition:
            raise invalid(f"A link-entity of type '{link.type}' stands inside a <filter>.")
        return link

    def link(self, element: Element, depth: int) -> Link:
        """Parse a link-entity of any type."""
        text = element.get("link-type", "")
        if text not in _LINK_TYPES:
            raise invalid(f"The link-type '{text}' of a link-entity is not known in FetchXML.")
        link_type = _LINK_TYPES[text]
        name = _required(element, "name")
        if not link_type.is_joined:
            _refuse_results(element, link_type)
        alias = element.get("alias") or f"{name}{next(self._numbers)}"
        return Link(
            entity=self._entity(element, depth),
            from_column=element.get("from") or None,
            to_column=element.get("to") or None,
            alias=_checked_alias(alias),
            type=link_type,
        )


def _attribute(element: Element) -> Attribute:
    _allow_children(element, ())
    aggregate = element.get("aggregate")
    if aggregate is not None and aggregate not in frozenset(Aggregate):
        raise invalid(f"The aggregate '{aggregate}' is not known.")
    alias = element.get("alias")
    counted = element.get("rowaggregate")
    if counted is not None and counted.lower() != COUNT_CHILDREN:
        raise invalid(f"The rowaggregate '{counted}' is not known; it is CountChildren.")
    return Attribute(
        name=_required(element, "name"),
        alias=_checked_alias(alias) if alias else None,
        aggregate=Aggregate(aggregate) if aggregate is not None else None,
        groupby=_flag(element, "groupby"),
        dategrouping=element.get("dategrouping"),
        distinct=_flag(element, "distinct"),
        in_callers_zone=_flag(element, "usertimezone"),
        counts_children=counted is not None,
    )


def _order(element: Element) -> Order:
    attribute, alias = element.get("attribute"), element.get("alias")
    if attribute is None and alias is None:
        raise invalid("An <order> needs an attribute or an alias.")
    return Order(attribute, alias, element.get("entityname"), _flag(element, "descending"))


def _filter(element: Element, depth: int) -> Filter:
    if depth > DEEPEST_FILTER:
        raise not_emulated(f"filters nested deeper than {DEEPEST_FILTER} levels in FetchXML")
    _allow_children(element, {"condition", "filter", "link-entity"})
    kind = element.get("type", "and")
    if kind not in ("and", "or"):
        raise invalid(f"A filter is of type and or or, not '{kind}'.")
    return Filter(kind == "or", tuple(_filter_terms(element, depth)))


def _filter_terms(element: Element, depth: int) -> Iterator[Condition | Filter | Link]:
    for child in element:
        match child.tag:
            case "filter":
                yield _filter(child, depth + 1)
            case "link-entity":
                yield _condition_link(child, depth + 1)
            case _:
                yield _condition(child)


def _condition_link(element: Element, depth: int) -> Link:
    """Parse a link that is a condition; what has no alias in it is numbered apart from the rest,
    as its names are seen from nowhere else."""
    link = _Parser().link(element, depth)
    if not link.type.is_condition:
        raise invalid(
            "A link-entity inside a <filter> is of type any, not any, all or not all, "
            f"not '{link.type}'."
        )
    return link


def _refuse_results(element: Element, link_type: LinkType) -> None:
    """Rows are only tested by such a link, not shown (Learn: Filter rows using FetchXml)."""
    for inner in element.iter():
        if inner.tag in _ABOUT_RESULTS:
            raise invalid(
                f"A <{inner.tag}> cannot stand inside a link-entity of type '{link_type}', "
                "which returns no columns."
            )


def _condition(element: Element) -> Condition:
    _allow_children(element, {"value"})
    values = tuple(child.text or "" for child in element)
    given = element.get("value")
    return Condition(
        attribute=_required(element, "attribute"),
        operator=_required(element, "operator"),
        values=values if given is None else (given, *values),
        valueof=element.get("valueof"),
        entityname=element.get("entityname") or None,
    )


# checks


def _check_limits(root: Element) -> None:
    if sum(1 for _ in root.iter("link-entity")) > MOST_LINKS:
        raise invalid("Number of link entities in query exceeded maximum limit.", "0x8004430d")
    if sum(1 for item in root.iter() if item.tag in _COUNTED) > MOST_CONDITIONS:
        raise invalid("Number of conditions in query exceeded maximum limit.", "0x8004430c")


def _check_attributes(root: Element) -> None:
    for element in root.iter():
        if element.tag not in _UNDERSTOOD:
            raise invalid(f"The element <{element.tag}> is not known in FetchXML.")
        known = _UNDERSTOOD[element.tag] | _WITHOUT_EFFECT.get(element.tag, set())
        for name in sorted(element.attrib.keys() - known):
            if name in _REAL_BUT_MISSING.get(element.tag, ()):
                raise not_emulated(f"the attribute '{name}' of <{element.tag}> in FetchXML")
            raise invalid(f"The attribute '{name}' of <{element.tag}> is not known in FetchXML.")


def _children(element: Element, tag: str, *, exactly: int | None = None) -> list[Element]:
    found = element.findall(tag)
    if exactly is not None and (len(found) != exactly or len(element) != exactly):
        raise invalid(f"A <{element.tag}> holds exactly {exactly} <{tag}> and nothing else.")
    return found


def _allow_children(element: Element, tags: Collection[str]) -> None:
    for child in element:
        if child.tag not in tags:
            raise invalid(f"A <{child.tag}> cannot stand inside <{element.tag}>.")


def _required(element: Element, name: str) -> str:
    value = element.get(name)
    if not value:
        raise invalid(f"A <{element.tag}> needs the attribute '{name}'.")
    return value


def _checked_alias(alias: str) -> str:
    if _ALIAS.fullmatch(alias) is None:
        raise invalid(f"The alias '{alias}' is invalid: letters, digits and _ are allowed.")
    return alias


def _flag(element: Element, name: str) -> bool:
    text = element.get(name, "false").lower()
    if text not in _BOOLEANS:
        raise invalid(f"The attribute '{name}' of <{element.tag}> is true or false, not '{text}'.")
    return _BOOLEANS[text]


def _number(element: Element, name: str, largest: int | None = None) -> int | None:
    text = element.get(name)
    if text is None or text == "":
        return None
    number = int(text) if re.fullmatch("[0-9]{1,9}", text) else 0
    if number < 1 or (largest is not None and number > largest):
        raise invalid(f"The attribute '{name}' of <{element.tag}> cannot be '{text}'.")
    return number
