"""Filters as FetchXML: read from what Dataverse's filter editors store, and written for them."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence

from work_assignment.domain.errors import DefinitionError, nearest
from work_assignment.domain.filtering.filters import (
    EVERY_RECORD,
    Filter,
    Group,
    Join,
    Related,
    Term,
)

_JOINS: dict[str, Join] = {"and": "all", "or": "any"}
_DEEPEST = 50
_CONDITION_MEANING = {"attribute", "operator", "value"}
_CONDITION_DECORATION = {"uiname", "uitype", "uihidden"}
_LINK_ATTRIBUTES = {"name", "from", "to", "link-type", "alias", "intersect", "visible"}
_IN_FILTERS = {"any": False, "not any": True}
"""Links in a filter, and whether they ask for absence."""
_AROUND_ENTITIES = {"inner": False, "exists": False, "in": False}
_LISTS = ("in", "not-in", "contain-values", "not-contain-values")
_IGNORED = ("attribute", "all-attributes", "order")


def read_fetchxml(text: str, where: str, table: str | None = None) -> Filter:
    """Read a `<filter>`, or the filters and inner links of a whole `<fetch>`.

    With `table` a fetch about another one is refused. Raises DefinitionError with `where`, naming
    what cannot be honoured.
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
        return _read_fetch(root, where, table)
    raise DefinitionError(where, f"a filter starts with <filter> or <fetch>, not <{root.tag}>")


def _read_fetch(fetch: ElementTree.Element, where: str, table: str | None) -> Filter:
    for limit in ("top", "aggregate"):
        if fetch.get(limit, "false") not in ("false", "0"):
            raise DefinitionError(where, f"'{limit}' of a fetch cannot be honoured in a filter")
    entities = list(fetch)
    if len(entities) != 1 or entities[0].tag != "entity":
        raise DefinitionError(where, "<fetch> needs one <entity>")
    name = entities[0].get("name")
    if table is not None and name != table:
        raise DefinitionError(where, f"the fetch is about '{name}', not about '{table}'")
    return _read_entity(entities[0], where, 1)


def _read_entity(entity: ElementTree.Element, where: str, depth: int) -> Filter:
    """The filters and links of an entity or link, all of which must hold."""
    parts: list[Filter] = []
    for child in entity:
        if child.tag == "filter":
            parts.append(_read_filter(child, where, depth))
        elif child.tag == "link-entity":
            parts.append(_read_link(child, where, depth, _AROUND_ENTITIES))
        elif child.tag not in _IGNORED:
            raise DefinitionError(where, f"<{child.tag}> cannot be honoured in a filter")
    if not parts:
        return EVERY_RECORD
    return parts[0] if len(parts) == 1 else Group("all", tuple(parts))


def _read_link(
    link: ElementTree.Element, where: str, depth: int, types: dict[str, bool]
) -> Related:
    unknown = sorted(set(link.keys()) - _LINK_ATTRIBUTES)
    if unknown:
        raise DefinitionError(where, f"'{unknown[0]}' of a link-entity cannot be honoured")
    kind = link.get("link-type", "inner")
    if kind not in types:
        raise DefinitionError(
            where,
            f"a link-entity of type '{kind}' cannot be honoured here; it is one of "
            f"{', '.join(types)}",
            nearest(kind, types),
        )
    table, column, own_column = link.get("name"), link.get("from"), link.get("to")
    if not table or not column or not own_column:
        raise DefinitionError(where, "a link-entity needs name, from and to")
    _check_depth(depth, where)
    inner = _read_entity(link, where, depth + 1)
    return Related(table, column, own_column, types[kind], inner)


def _check_depth(depth: int, where: str) -> None:
    if depth > _DEEPEST:
        raise DefinitionError(where, f"filters are nested more than {_DEEPEST} deep")


def _read_filter(element: ElementTree.Element, where: str, depth: int = 1) -> Group:
    join = _JOINS.get(element.get("type", "and"))
    if join is None:
        raise DefinitionError(where, f"filter type '{element.get('type')}' is neither and nor or")
    unknown = sorted(set(element.keys()) - {"type"})
    if unknown:
        raise DefinitionError(where, f"'{unknown[0]}' of a filter cannot be honoured")
    _check_depth(depth, where)
    return Group(join, tuple(_read_part(child, where, depth) for child in element))


def _read_part(element: ElementTree.Element, where: str, depth: int) -> Filter:
    if element.tag == "filter":
        return _read_filter(element, where, depth + 1)
    if element.tag == "link-entity":
        return _read_link(element, where, depth + 1, _IN_FILTERS)
    if element.tag != "condition":
        raise DefinitionError(where, f"<{element.tag}> cannot be honoured in a filter")
    unknown = sorted(set(element.keys()) - _CONDITION_MEANING - _CONDITION_DECORATION)
    if "entityname" in unknown:
        raise DefinitionError(
            where,
            "'entityname' of a condition cannot be honoured; put the condition into the "
            "link-entity it is about",
        )
    if "valueof" in unknown:
        raise DefinitionError(
            where, "'valueof' of a condition cannot be honoured; value='$(column)' can"
        )
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
    """The `<filter>` text of a tree, as Dataverse's own filter editor would store it.

    A related part must name its table and both columns.
    """
    group = tree if isinstance(tree, Group) else Group("all", (tree,))
    return ElementTree.tostring(_element(group), encoding="unicode")


def _element(tree: Filter) -> ElementTree.Element:
    match tree:
        case Group(join=join, parts=parts):
            element = ElementTree.Element("filter", type="and" if join == "all" else "or")
            element.extend([_element(part) for part in parts])
        case Related():
            element = _link(tree)
        case Term(column=column, operator=operator, operands=operands):
            element = ElementTree.Element("condition", attribute=column, operator=operator)
            _write_operands(element, operator, operands)
    return element


def _link(tree: Related) -> ElementTree.Element:
    if not (tree.table and tree.column and tree.own_column):
        raise ValueError(f"a related part without names cannot be written: {tree}")
    element = ElementTree.Element(
        "link-entity",
        {
            "name": tree.table,
            "from": tree.column,
            "to": tree.own_column,
            "link-type": "not any" if tree.absent else "any",
        },
    )
    if tree.filter != EVERY_RECORD:
        inner = tree.filter if isinstance(tree.filter, Group) else Group("all", (tree.filter,))
        element.append(_element(inner))
    return element


def _write_operands(element: ElementTree.Element, operator: str, operands: Sequence[str]) -> None:
    if len(operands) == 1 and operator not in _LISTS:
        element.set("value", operands[0])
        return
    for operand in operands:
        ElementTree.SubElement(element, "value").text = operand
