"""The style sheets that e-mail templates are kept as: texts, and values of a record between them."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from ..faults import not_emulated
from ..storage.rows import RawRow, fetch_value
from ..tables.metadata import Catalog, Column, ColumnType, Table

_XSL = "{http://www.w3.org/1999/XSL/Transform}"
_ROOT = "/data"
_SLUG = re.compile(r"\{![^{}]+\}")
_PLAIN = frozenset(
    {ColumnType.STRING, ColumnType.MEMO, ColumnType.INTEGER, ColumnType.UNIQUEIDENTIFIER}
)


@dataclass(frozen=True, slots=True)
class Subject:
    """The record that a template is filled in for."""

    db: sqlite3.Connection
    catalog: Catalog
    table: Table
    row: RawRow


def filled_in(template: str, subject: Subject) -> str:
    """Fill a template in; what is no style sheet is a text that stands as it is."""
    if "<xsl:stylesheet" not in template:
        if _SLUG.search(template):
            raise not_emulated("placeholders such as {!lead:subject;} outside of style sheets")
        return template
    try:
        root: Element = fromstring(template)
    except (ParseError, DefusedXmlException) as exc:
        raise not_emulated(f"this style sheet of a template, which is no XML: {exc}") from exc
    found = root.findall(f"{_XSL}template")
    if len(found) != 1 or found[0].get("match") != _ROOT:
        raise not_emulated(f"style sheets without one template that matches {_ROOT}")
    return "".join(_content(found[0], subject))


def _content(element: Element, subject: Subject) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        yield from _element(child, subject)
        yield child.tail or ""


def _element(element: Element, subject: Subject) -> Iterator[str]:
    match element.tag.removeprefix(_XSL):
        case "text":
            yield element.text or ""
        case "value-of":
            yield _value(element.get("select", ""), subject) or ""
        case "choose":
            chosen = next((part for part in element if _holds(part, subject)), None)
            if chosen is not None:
                yield from (part for part in _content(chosen, subject) if part.strip())
        case name:
            raise not_emulated(f"the element {name} in style sheets of templates")


def _holds(part: Element, subject: Subject) -> bool:
    match part.tag.removeprefix(_XSL):
        case "when":
            return _value(part.get("test", ""), subject) is not None
        case "otherwise":
            return True
        case name:
            raise not_emulated(f"the element {name} in a choose of a template")


def _value(path: str, subject: Subject) -> str | None:
    """Read `lead/subject`, or `lead/ownerid/@name` for what a lookup or a choice shows."""
    table, _, rest = path.strip().partition("/")
    name, _, shown = rest.partition("/")
    column = subject.table.columns.get(name)
    if table != subject.table.logical_name or column is None or shown not in ("", "@name"):
        raise not_emulated(f"the path {path!r} in a template about {subject.table.logical_name}")
    value = subject.row.get(column.logical_name)
    if value is None:
        return None
    if shown:
        return _shown(column, value, subject)
    if column.type not in _PLAIN:
        raise not_emulated(f"how {column.type.value} columns such as {name} look in templates")
    return str(value)


def _shown(column: Column, value: object, subject: Subject) -> str | None:
    if column.type is ColumnType.PICKLIST:
        return next((each.label for each in column.options if each.value == value), None)
    if not column.type.is_lookup:
        raise not_emulated(f"@name of {column.type.value} columns in templates")
    kind = subject.row.get(f"{column.logical_name}__type") or column.targets[0]
    target = subject.catalog.tables[str(kind)]
    if target.primary_name is None:
        return None
    found = fetch_value(subject.db, target, str(value), target.primary_name)
    return None if found is None else str(found)
