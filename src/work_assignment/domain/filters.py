"""Filters as written: the syntax tree, read from FetchXML or from nested lists, and back.

Nothing here knows columns or types; `conditions.compile_filter` checks and compiles a tree.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from work_assignment.domain.errors import DefinitionError, nearest

Join = Literal["all", "any"]


@dataclass(frozen=True, slots=True)
class Term:
    """One condition: a column, a FetchXML operator, and the operands as text."""

    column: str
    operator: str
    operands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Terms and groups of which all, or any one, must hold. An empty group holds."""

    join: Join
    parts: tuple[Filter, ...] = ()


Filter = Term | Group

EVERY_RECORD = Group("all")

_NESTED_JOINS: dict[str, Join] = {"all": "all", "any": "any"}
_FETCH_JOINS: dict[str, Join] = {"and": "all", "or": "any"}
_DEEPEST = 50
_CONDITION_MEANING = {"attribute", "operator", "value"}
_CONDITION_DECORATION = {"uiname", "uitype", "uihidden"}


def terms(tree: Filter) -> Iterator[Term]:
    """Every term of a filter, in the order written."""
    if isinstance(tree, Term):
        yield tree
        return
    for part in tree.parts:
        yield from terms(part)


def read_nested(form: object, where: str) -> Filter:
    """Read `{all: [...]}`, `{any: [...]}` and `[column, operator, value or list]`, nested at will.

    Raises DefinitionError with `where` for any other shape.
    """
    match form:
        case {**pairs} if len(pairs) == 1:
            ((key, parts),) = pairs.items()
            return _read_nested_group(str(key), parts, where)
        case [str(column), str(operator)]:
            return Term(column, operator)
        case [str(column), str(operator), list(values)]:
            return Term(column, operator, tuple(_operand(value, where) for value in values))
        case [str(column), str(operator), value]:
            return Term(column, operator, (_operand(value, where),))
    raise DefinitionError(
        where,
        f"a condition is [column, operator, value], all: [...] or any: [...], not {form!r}",
    )


def _read_nested_group(key: str, parts: object, where: str) -> Group:
    if key in ("related", "not_related"):
        raise DefinitionError(where, f"conditions on related tables ('{key}') are not supported")
    join = _NESTED_JOINS.get(key)
    if join is None:
        raise DefinitionError(where, f"'{key}' is neither all nor any", nearest(key, _NESTED_JOINS))
    if not isinstance(parts, list):
        raise DefinitionError(where, f"'{key}' needs a list of conditions")
    return Group(join, tuple(read_nested(part, where) for part in parts))


def _operand(value: object, where: str) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case int() | float() | Decimal():
            return str(value)
        case datetime() | date():
            return value.isoformat()
    raise DefinitionError(where, f"{value!r} is no value to compare with")


def read_fetchxml(text: str, where: str) -> Filter:
    """Read a `<filter>`, or the filters of a whole `<fetch>`.

    Raises DefinitionError with `where`, naming what cannot be honoured.
    """
    if "<!" in text:
        raise DefinitionError(where, "a filter may not declare document types or entities")
    try:
        # Without declarations there is no entity to expand; the text was just checked for them.
        root = ElementTree.fromstring(text)  # noqa: S314
    except ElementTree.ParseError as exc:
        raise DefinitionError(where, f"the filter is no well-formed XML ({exc})") from None
    if root.tag == "filter":
        return _read_filter(root, where)
    if root.tag == "fetch":
        return _read_fetch(root, where)
    raise DefinitionError(where, f"a filter starts with <filter> or <fetch>, not <{root.tag}>")


def _read_fetch(fetch: ElementTree.Element, where: str) -> Filter:
    entities = list(fetch)
    if len(entities) != 1 or entities[0].tag != "entity":
        raise DefinitionError(where, "<fetch> needs one <entity>")
    parts = []
    for child in entities[0]:
        if child.tag == "filter":
            parts.append(_read_filter(child, where))
        elif child.tag == "link-entity":
            raise DefinitionError(where, "conditions on related tables are not supported")
        elif child.tag not in ("attribute", "all-attributes", "order"):
            raise DefinitionError(where, f"<{child.tag}> cannot be honoured in a filter")
    return parts[0] if len(parts) == 1 else Group("all", tuple(parts))


def _read_filter(element: ElementTree.Element, where: str, depth: int = 1) -> Group:
    join = _FETCH_JOINS.get(element.get("type", "and"))
    if join is None:
        raise DefinitionError(where, f"filter type '{element.get('type')}' is neither and nor or")
    unknown = sorted(set(element.keys()) - {"type"})
    if unknown:
        raise DefinitionError(where, f"'{unknown[0]}' of a filter cannot be honoured")
    if depth > _DEEPEST:
        raise DefinitionError(where, f"filters are nested more than {_DEEPEST} deep")
    return Group(join, tuple(_read_part(child, where, depth) for child in element))


def _read_part(element: ElementTree.Element, where: str, depth: int) -> Filter:
    if element.tag == "filter":
        return _read_filter(element, where, depth + 1)
    if element.tag == "link-entity":
        raise DefinitionError(where, "conditions on related tables are not supported")
    if element.tag != "condition":
        raise DefinitionError(where, f"<{element.tag}> cannot be honoured in a filter")
    unknown = sorted(set(element.keys()) - _CONDITION_MEANING - _CONDITION_DECORATION)
    if unknown:
        raise DefinitionError(where, f"'{unknown[0]}' of a condition cannot be honoured")
    column, operator = element.get("attribute"), element.get("operator")
    if not column or not operator:
        raise DefinitionError(where, "a condition needs an attribute and an operator")
    return Term(column, operator, _read_operands(element, where))


def _read_operands(condition: ElementTree.Element, where: str) -> tuple[str, ...]:
    for child in condition:
        if child.tag != "value":
            raise DefinitionError(where, f"<{child.tag}> in a condition cannot be honoured")
    value = condition.get("value")
    if value is None:
        return tuple(child.text or "" for child in condition)
    if len(condition):
        raise DefinitionError(where, "a condition has both a value and a list of values")
    return (value,)


def write_fetchxml(tree: Filter) -> str:
    """The `<filter>` text of a tree, as Dataverse's own filter editor would store it."""
    group = tree if isinstance(tree, Group) else Group("all", (tree,))
    return ElementTree.tostring(_element(group), encoding="unicode")


def _element(tree: Filter) -> ElementTree.Element:
    if isinstance(tree, Group):
        element = ElementTree.Element("filter", type="and" if tree.join == "all" else "or")
        element.extend(_element(part) for part in tree.parts)
        return element
    element = ElementTree.Element("condition", attribute=tree.column, operator=tree.operator)
    _write_operands(element, tree.operator, tree.operands)
    return element


def _write_operands(element: ElementTree.Element, operator: str, operands: Sequence[str]) -> None:
    if len(operands) == 1 and operator not in ("in", "not-in"):
        element.set("value", operands[0])
        return
    for operand in operands:
        ElementTree.SubElement(element, "value").text = operand
