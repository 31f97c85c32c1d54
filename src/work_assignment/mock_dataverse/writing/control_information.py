"""What a body says about itself and its properties: `@odata.id`, `@odata.etag`, `column@odata.type`."""

from __future__ import annotations

from ..conditions.literals import edm_type
from ..faults import invalid_payload
from ..tables.metadata import Table

TYPE = "@odata.type"

_TEXTS = frozenset({"@odata.id", "@odata.etag", "@odata.context", "@odata.editLink"})
# What a number of each type may be declared as: OData lets the narrower stand for the wider.
_SMALL = frozenset({"Edm.Byte", "Edm.SByte", "Edm.Int16"})
_NARROWER = {
    "Edm.Int32": _SMALL,
    "Edm.Int64": _SMALL | {"Edm.Int32"},
    "Edm.Decimal": _SMALL | {"Edm.Int32", "Edm.Int64"},
    "Edm.Double": _SMALL | {"Edm.Int32", "Edm.Int64", "Edm.Single"},
}


def check_control_information(table: Table, name: str, value: object) -> None:
    """Refuse what is no text, and a type that contradicts its column; all else has no effect."""
    if name in _TEXTS and not isinstance(value, str):
        raise invalid_payload(table.entity_set_name, f"'{name}' is {value!r}, not a text.")
    if name.endswith(TYPE):
        _check_type(table, name, value)


def _check_type(table: Table, name: str, value: object) -> None:
    column = table.column_by_wire_name(name.removesuffix(TYPE))
    if column is None:
        return
    expected = edm_type(column)
    if isinstance(value, str) and _full_name(value) in {expected, *_NARROWER.get(expected, ())}:
        return
    raise invalid_payload(table.entity_set_name, f"'{name}' is {value!r}, not '{expected}'.")


def _full_name(text: str) -> str:
    """Return `Edm.String` for `#String`, `String` and `#Edm.String`."""
    return f"Edm.{text.removeprefix('#').removeprefix('Edm.')}"
