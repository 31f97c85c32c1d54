"""Filters and lists as the texts in which Dataverse keeps them."""

from __future__ import annotations

import json
import re

from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.filtering.fetchxml import read_fetchxml, write_fetchxml
from work_assignment.domain.filtering.filters import Filter, Group, Related

LONGEST_FILTER = 100_000
_LISTS = ("in", "not-in")
# What XML 1.0 has no place for, not even escaped.
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def fetchxml_text(tree: Filter, subject: str) -> str:
    """The filter as FetchXML; raises DefinitionError for one that FetchXML cannot carry."""
    group = tree if isinstance(tree, Group) else Group("all", (tree,))
    text = write_fetchxml(group)
    if _NOT_IN_XML.search(text) or read_fetchxml(text, subject) != group:
        raise DefinitionError(subject, "the filter has a character that FetchXML cannot carry")
    return _checked_length(text, subject)


def nested_text(tree: Filter, subject: str) -> str:
    """A filter on seller attributes as JSON of the nested form."""
    group = tree if isinstance(tree, Group) else Group("all", (tree,))
    return _checked_length(json_text(_nested(group, subject)), subject)


def _nested(tree: Filter, subject: str) -> object:
    if isinstance(tree, Group):
        return {tree.join: [_nested(part, subject) for part in tree.parts]}
    if isinstance(tree, Related):
        raise DefinitionError(subject, "seller attributes have no related rows")
    if len(tree.operands) == 1 and tree.operator not in _LISTS:
        return [tree.column, tree.operator, tree.operands[0]]
    return [tree.column, tree.operator, *([list(tree.operands)] if tree.operands else ())]


def _checked_length(text: str, subject: str) -> str:
    if len(text) > LONGEST_FILTER:
        raise DefinitionError(subject, f"the filter is longer than {LONGEST_FILTER} characters")
    return text


def json_text(value: object) -> str:
    """JSON in one form only, so that equal values are equal texts."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
