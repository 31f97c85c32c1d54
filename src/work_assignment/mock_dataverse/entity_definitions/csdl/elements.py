"""Elements of CSDL, whose attributes are kept in the order given and free of what XML forbids."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import TypeAlias

Element: TypeAlias = ET.Element
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CORE = "Org.OData.Core.V1."


def element(name: str, attributes: Mapping[str, str | None], *children: Element) -> Element:
    """Make an element; attributes that are None are left out."""
    given = {key: value for key, value in attributes.items() if value is not None}
    made = ET.Element(name, given)
    made.extend(children)
    return made


def written(root: Element) -> bytes:
    """Write an element as a document."""
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def property_element(name: str, kind: str, *, is_optional: bool = True) -> Element:
    """Describe a property; text columns of Dataverse say Unicode, decimal ones Scale."""
    return element(
        "Property",
        {
            "Name": name,
            "Type": kind,
            "Nullable": None if is_optional else "false",
            "Unicode": "false" if kind == "Edm.String" else None,
            "Scale": "Variable" if kind == "Edm.Decimal" else None,
        },
    )


def described(text: str) -> Element:
    """Annotate with a description; what XML cannot hold is left out of it."""
    words = _NOT_IN_XML.sub("", text)
    return element("Annotation", {"Term": f"{_CORE}Description", "String": words})


def read_only() -> tuple[Element, Element]:
    """Annotate a property that cannot be written (Learn: Web API Properties)."""
    permission = element("EnumMember", {})
    permission.text = f"{_CORE}PermissionType/Read"
    return (
        element("Annotation", {"Term": f"{_CORE}Computed", "Bool": "true"}),
        element("Annotation", {"Term": f"{_CORE}Permissions"}, permission),
    )
