"""What sort of operation a request is: its method and the table or message that it names."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..messages.registry import NOT_EMULATED, ON_COLLECTION, ON_ROW, UNBOUND
from ..requests.exchanges import Request
from ..tables.metadata import Catalog

_FIRST = re.compile(r"[^(/]*")
_BOUND = re.compile(r"/Microsoft\.Dynamics\.CRM\.(\w+)(?:\([^)]*\))?$")
MESSAGES = frozenset({*UNBOUND, *ON_COLLECTION, *(name for _, name in ON_ROW), *NOT_EMULATED})
"""The actions and functions that requests can name."""

_DEFINITIONS = re.compile(r"\w+Definitions$|\$metadata$")


@dataclass(frozen=True, slots=True)
class Kind:
    """A sort of operation; `table` is a logical name, `message` is set for actions and functions."""

    method: str
    table: str | None = None
    message: str | None = None
    definitions: str | None = None

    @property
    def name(self) -> str:
        """What it is counted under: `POST lead`, `CreateMultiple lead`, `WhoAmI`."""
        if self.message is not None:
            return f"{self.message} {self.table}" if self.table else self.message
        return f"{self.method} {self.table or self.definitions or 'other'}"


def kind_of(catalog: Catalog, request: Request) -> Kind:
    """Tell the kind of a request from its path alone; what is unknown has no names."""
    method, path = request.method, request.path
    found = _FIRST.match(path)
    first = found[0] if found else ""
    table = catalog.by_set(first)
    if table is not None:
        bound = _BOUND.search(path)
        message = bound[1] if bound is not None and bound[1] in MESSAGES else None
        return Kind(method, table.logical_name, message)
    if first in MESSAGES:
        return Kind(method, message=first)
    return Kind(method, definitions=first if _DEFINITIONS.fullmatch(first) else None)
