"""The names of definitions: what is allowed, and which ones follow from others."""

from __future__ import annotations

import re
from collections.abc import Collection

from .refusals import invalid

LONGEST_NAME = 50
LONGEST_RELATIONSHIP_NAME = 100
_CUSTOM = re.compile(r"[a-z][a-z0-9]{1,7}_[A-Za-z0-9_]+", re.ASCII)
_RESERVED_PREFIX = "mscrm"
# Names of Microsoft's own solutions, which are part of every organization here.
_MICROSOFT = "msdyn_"
_VOWELS = "aeiou"


def is_custom_name(schema_name: str) -> bool:
    """Tell by its prefix whether somebody other than Microsoft has made something."""
    return _CUSTOM.fullmatch(schema_name) is not None and not schema_name.startswith(_MICROSOFT)


def check_schema_name(kind: str, name: str, longest: int = LONGEST_NAME) -> str:
    """Return a name that a custom definition may have."""
    if not _CUSTOM.fullmatch(name) or name.startswith(_RESERVED_PREFIX):
        raise invalid(
            f"The {kind} schema name {name} is invalid. Custom names consist of letters, digits and"
            " underscores and must start with a valid customization prefix: that of the solution"
            " or its publisher, two to eight lower-case characters before the first underscore."
        )
    if len(name) > longest:
        raise invalid(
            f"The {kind} schema name {name} is too long: it has {len(name)} characters, of at"
            f" most {longest}."
        )
    return name


def plural(name: str, taken: Collection[str]) -> str:
    """Name the set of a new table: its logical name in the plural, which nothing else has yet."""
    if name.endswith(("s", "x", "z", "ch", "sh")):
        word = f"{name}es"
    elif name.endswith("y") and len(name) > 1 and name[-2] not in _VOWELS:
        word = f"{name[:-1]}ies"
    else:
        word = f"{name}s"
    while word in taken:
        word += "set"
    return word
