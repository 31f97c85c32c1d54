"""QueryExpressions, as the bodies of some actions hold them, written as FetchXML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from ..faults import Fault, bad_request, not_emulated

_CONTEXT = "BulkDelete"
# ConditionOperator (Learn: ConditionOperator EnumType) and the operator of FetchXML, where dashes
# between the words of the name do not make the one out of the other.
_OPERATORS = {
    "Equal": "eq",
    "NotEqual": "ne",
    "GreaterThan": "gt",
    "LessThan": "lt",
    "GreaterEqual": "ge",
    "LessEqual": "le",
    "Contains": "like",
    "DoesNotContain": "not-like",
    "BeginsWith": "begins-with",
    "DoesNotBeginWith": "not-begin-with",
    "EndsWith": "ends-with",
    "DoesNotEndWith": "not-end-with",
    "EqualUserId": "eq-userid",
    "NotEqualUserId": "ne-userid",
    "EqualBusinessId": "eq-businessid",
    "NotEqualBusinessId": "ne-businessid",
    "EqualUserTeams": "eq-userteams",
    "EqualUserOrUserTeams": "eq-useroruserteams",
    "EqualUserOrUserHierarchy": "eq-useroruserhierarchy",
    "EqualUserOrUserHierarchyAndTeams": "eq-useroruserhierarchyandteams",
    "AboveOrEqual": "eq-or-above",
    "UnderOrEqual": "eq-or-under",
    "LastXHours": "last-x-hours",
    "NextXHours": "next-x-hours",
    "Last7Days": "last-seven-days",
    "Next7Days": "next-seven-days",
}
_QUERY = frozenset(
    [
        "EntityName",
        "ColumnSet",
        "Criteria",
        "LinkEntities",
        "Orders",
        "PageInfo",
        "Distinct",
        "NoLock",
        "TopCount",
        "QueryHints",
        "ForceSeek",
        "SubQueryExpression",
        "DataSource",
        "ExtensionData",
    ]
)
_FILTER = frozenset(["FilterOperator", "Conditions", "Filters", "IsQuickFindFilter", "FilterHint"])
_CONDITION = frozenset(["EntityName", "AttributeName", "Operator", "Values", "CompareColumns"])
_LINK = frozenset(
    [
        "LinkFromEntityName",
        "LinkFromAttributeName",
        "LinkToEntityName",
        "LinkToAttributeName",
        "JoinOperator",
        "EntityAlias",
        "LinkCriteria",
        "LinkEntities",
        "Columns",
        "Orders",
        "ForceSeek",
    ]
)
_JOINS = {"Inner": "inner", "LeftOuter": "outer"}


def to_fetch_xml(query: Mapping[str, Any], primary_id: str, cookie: tuple[int, str] | None) -> str:
    """Write a query for the ids of its rows; `cookie` is the page to go on with and its cookie."""
    _check(query, _QUERY, "QueryExpression")
    fetch = Element("fetch")
    top = query.get("TopCount")
    if top is not None:
        fetch.set("top", str(top))
    if cookie is not None:
        fetch.set("page", str(cookie[0]))
        fetch.set("paging-cookie", cookie[1])
    entity = SubElement(fetch, "entity", name=_text(query, "EntityName"))
    SubElement(entity, "attribute", name=primary_id)
    SubElement(entity, "order", attribute=primary_id)
    _filter(entity, query.get("Criteria"))
    for link in _items(query, "LinkEntities"):
        _link(entity, link)
    return tostring(fetch, encoding="unicode")


def _link(parent: Element, link: Mapping[str, Any]) -> None:
    _check(link, _LINK, "LinkEntity")
    join = link.get("JoinOperator", "Inner")
    if join not in _JOINS:
        raise not_emulated(f"the JoinOperator {join} in {_CONTEXT}")
    made = SubElement(parent, "link-entity", name=_text(link, "LinkToEntityName"))
    made.set("from", _text(link, "LinkToAttributeName"))
    made.set("to", _text(link, "LinkFromAttributeName"))
    made.set("link-type", _JOINS[join])
    if link.get("EntityAlias"):
        made.set("alias", _text(link, "EntityAlias"))
    _filter(made, link.get("LinkCriteria"))
    for inner in _items(link, "LinkEntities"):
        _link(made, inner)


def _filter(parent: Element, criteria: Any) -> None:
    if criteria is None:
        return
    if not isinstance(criteria, Mapping):
        raise _wrong("Criteria", "a FilterExpression")
    _check(criteria, _FILTER, "FilterExpression")
    kind = str(criteria.get("FilterOperator", "And")).lower()
    if kind not in ("and", "or"):
        raise _wrong("FilterOperator", "And or Or")
    conditions, filters = _items(criteria, "Conditions"), _items(criteria, "Filters")
    if not conditions and not filters:
        return
    made = SubElement(parent, "filter", type=kind)
    for condition in conditions:
        _condition(made, condition)
    for inner in filters:
        _filter(made, inner)


def _condition(parent: Element, condition: Mapping[str, Any]) -> None:
    _check(condition, _CONDITION, "ConditionExpression")
    if condition.get("CompareColumns"):
        raise not_emulated(f"the comparison of two columns in {_CONTEXT}")
    name = _text(condition, "Operator")
    made = SubElement(parent, "condition", attribute=_text(condition, "AttributeName"))
    if condition.get("EntityName"):
        made.set("entityname", _text(condition, "EntityName"))
    made.set("operator", _OPERATORS.get(name) or _dashed(name))
    values = [_value(item) for item in condition.get("Values") or []]
    if name in ("Contains", "DoesNotContain"):
        values = [f"%{value}%" for value in values]
    if len(values) == 1 and name not in ("In", "NotIn", "ContainValues", "DoesNotContainValues"):
        made.set("value", values[0])
        return
    for value in values:
        SubElement(made, "value").text = value


def _value(item: Any) -> str:
    """Write one of the Values, which are objects such as `{"Value": "1", "Type": "System.Int32"}`."""
    value = item.get("Value") if isinstance(item, Mapping) else item
    kind = item.get("Type") if isinstance(item, Mapping) else None
    if isinstance(value, bool):
        return "1" if value else "0"
    if kind == "System.Boolean" and isinstance(value, str):
        return "1" if value.lower() == "true" else "0"
    if not isinstance(value, str | int | float):
        raise _wrong("Values", "an array of values")
    return str(value)


def _dashed(name: str) -> str:
    """Write `OlderThanXDays` as `olderthan-x-days` and `NotNull` as `not-null`."""
    words = "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name)
    return words.removeprefix("-").replace("older-than-", "olderthan-")


def _items(holder: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = holder.get(name) or []
    if not isinstance(found, list) or not all(isinstance(item, Mapping) for item in found):
        raise _wrong(name, "an array of objects")
    return found


def _text(holder: Mapping[str, Any], name: str) -> str:
    value = holder.get(name)
    if not isinstance(value, str) or not value:
        raise _wrong(name, "a text")
    return value


def _check(holder: Mapping[str, Any], known: frozenset[str], what: str) -> None:
    for name in holder:
        if name not in known and "@" not in name:
            raise bad_request(f"The property '{name}' does not exist on type '{what}'.")


def _wrong(name: str, expected: str) -> Fault:
    return bad_request(f"'{name}' in the query of {_CONTEXT} is not {expected}.")
