"""Query options on definitions: which of them are taken, which members and relatives are shown."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..faults import Fault, bad_request, not_emulated, unknown_property
from ..reading.filter_parser import parse_filter
from ..reading.options import split_outside
from ..resource_paths import NAMESPACE
from .filters import Predicate, predicate
from .forms.registry import TYPES
from .forms.types import Definition, DefinitionType

COLLECTION_OPTIONS = frozenset({"$select", "$filter", "$expand"})
SINGLE_OPTIONS = frozenset({"$select", "$expand"})
LABEL_LANGUAGES = "LabelLanguages"
_EXPAND = re.compile(r"([\w.]+)(/[\w.]+)?(?:\((.*)\))?", re.DOTALL)
_ALWAYS = "MetadataId"


@dataclass(frozen=True, slots=True)
class Shape:
    """What is shown of each definition; without `select`, every member."""

    type: DefinitionType
    select: tuple[str, ...] | None = None
    condition: Predicate | None = None
    expand: Mapping[str, Shape] | None = None

    @property
    def clause(self) -> str:
        """What stands in parentheses in the address of the context: `(LogicalName,OptionSet())`."""
        parts = [*(self.select or ()), *(f"{n}{s.inner}" for n, s in (self.expand or {}).items())]
        return f"({','.join(parts)})" if parts else ""

    @property
    def inner(self) -> str:
        return self.clause or "()"


def read_shape(query: Mapping[str, str], kind: DefinitionType, allowed: Collection[str]) -> Shape:
    """Read the options of a request for definitions of one type."""
    for name in query:
        if name not in allowed and name != LABEL_LANGUAGES and not name.startswith("@"):
            raise _unsupported(name)
    aliases = {name: value for name, value in query.items() if name.startswith("@")}
    return _shape(query, kind, aliases)


def read_languages(query: Mapping[str, str]) -> frozenset[int] | None:
    """Read the languages that labels are limited to (Learn: limit languages returned)."""
    given = query.get(LABEL_LANGUAGES)
    if given is None:
        return None
    try:
        return frozenset(int(code) for code in given.split(","))
    except ValueError as exc:
        raise bad_request(
            f"{LABEL_LANGUAGES} is '{given}', not language codes such as 1033."
        ) from exc


def show(definition: Definition, shape: Shape) -> dict[str, Any]:
    """Describe a definition; its id is always there, its type where the address does not say it."""
    described: dict[str, Any] = {}
    if definition.type is not shape.type:
        described["@odata.type"] = f"#{NAMESPACE}{definition.type.name}"
    names = definition.type.members if shape.select is None else (_ALWAYS, *shape.select)
    for name in names:
        described[name] = definition.value(name)
    for name, nested in (shape.expand or {}).items():
        described[name] = _expanded(definition, name, nested)
    return described


def show_all(definitions: Iterable[Definition], shape: Shape) -> list[dict[str, Any]]:
    return [show(definition, shape) for definition in filtered(definitions, shape)]


def filtered(definitions: Iterable[Definition], shape: Shape) -> Iterable[Definition]:
    condition = shape.condition
    return definitions if condition is None else filter(condition, definitions)


def _expanded(definition: Definition, name: str, nested: Shape) -> Any:
    related = definition.related(name)
    if definition.type.navigations[name].is_collection:
        return show_all(related, nested)
    return next((show(found, nested) for found in related), None)


def _shape(
    options: Mapping[str, str], kind: DefinitionType, aliases: Mapping[str, str] | None
) -> Shape:
    condition = options.get("$filter")
    return Shape(
        kind,
        _selected(options["$select"], kind) if "$select" in options else None,
        None if condition is None else predicate(parse_filter(condition, aliases), kind),
        _expansions(options["$expand"], kind) if "$expand" in options else None,
    )


def _selected(text: str, kind: DefinitionType) -> tuple[str, ...] | None:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    if names == ("*",):
        return None
    for name in names:
        if name in kind.navigations:
            raise bad_request(
                f"The navigation property '{name}' on type '{NAMESPACE}{kind.name}' is read with"
                " $expand, not with $select."
            )
        if name not in kind.members:
            raise unknown_property(name, kind.name)
    return names


def _expansions(text: str, kind: DefinitionType) -> dict[str, Shape]:
    expansions: dict[str, Shape] = {}
    for item in split_outside(text, ","):
        name, options = _expand_item(item.strip())
        if name not in kind.navigations:
            raise unknown_property(name, kind.name)
        if name in expansions:
            raise bad_request(f"The navigation property '{name}' is expanded more than once.")
        way = kind.navigations[name]
        allowed = COLLECTION_OPTIONS if way.is_collection else SINGLE_OPTIONS
        for option in options:
            if option not in allowed:
                raise _unsupported(option)
        expansions[name] = _shape(options, TYPES[way.target], None)
    return expansions


def _expand_item(item: str) -> tuple[str, dict[str, str]]:
    matched = _EXPAND.fullmatch(item)
    if matched is None:
        raise bad_request(f"The $expand '{item}' cannot be read.")
    if matched[2] is not None:
        raise not_emulated(f"the cast '{matched[2][1:]}' inside of $expand on definitions")
    options: dict[str, str] = {}
    for option in split_outside(matched[3] or "", ";"):
        if option.strip():
            name, _, value = option.strip().partition("=")
            if name in options:
                raise bad_request(f"The option '{name}' is given more than once in '{item}'.")
            options[name] = value
    return matched[1], options


def _unsupported(name: str) -> Fault:
    """400 in the words that Dataverse has for `$top`, `$orderby` and the like on definitions."""
    return bad_request(f"The query parameter {name} is not supported")
