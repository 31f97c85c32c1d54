"""Dataverse's own functions in `$filter`, such as `LastXDays`, which take the name of a property."""

from __future__ import annotations

from collections.abc import Iterator

from ...conditions.special_operators import (
    SPECIAL_OPERATORS,
    Bare,
    Chosen,
    Dated,
    Identified,
    Numbered,
)
from ...reading.filter_functions import FUNCTIONS
from .elements import Element, element

_NAME, _VALUE, _VALUES = "PropertyName", "PropertyValue", "PropertyValues"
_TEXT, _NUMBER = "Edm.String", "Edm.Int64"
_ON_VALUES = frozenset({"in", "not-in", "between", "not-between"})


def query_function_elements() -> Iterator[Element]:
    """Yield the functions; each says whether a row matches."""
    for name, operator in sorted(FUNCTIONS.items()):
        made = element("Function", {"Name": name})
        made.append(_parameter(_NAME, _TEXT))
        made.extend(_parameter(each, kind) for each, kind in _parameters(operator).items())
        made.append(element("ReturnType", {"Type": "Edm.Boolean", "Nullable": "false"}))
        yield made


def _parameters(operator: str) -> dict[str, str]:
    """Return what a function takes besides the name of the property."""
    if operator in _ON_VALUES:
        return {_VALUES: f"Collection({_TEXT})"}
    match SPECIAL_OPERATORS.get(operator):
        case Bare():
            return {}
        case Numbered(how_many=1):
            return {_VALUE: _NUMBER}
        case Numbered(how_many=how_many):
            return {f"{_VALUE}{number + 1}": _NUMBER for number in range(how_many)}
        case Dated():
            return {_VALUE: "Edm.DateTimeOffset"}
        case Identified():
            return {_VALUE: "Edm.Guid"}
        case Chosen():
            return {_VALUES: f"Collection({_TEXT})"}
        case _:
            return {_VALUE: _TEXT}


def _parameter(name: str, kind: str) -> Element:
    unicode = "false" if kind == _TEXT else None
    return element(
        "Parameter", {"Name": name, "Type": kind, "Nullable": "false", "Unicode": unicode}
    )
