"""References to rows in bodies and URLs: `/accounts(id)`, alternate keys, absolute URLs, `$1`."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from ..faults import Fault, bad_request
from ..tables.metadata import Catalog, Table
from .keys import Key, find_row, key_not_found, read_key

# Clients write one slash too many behind the root (Microsoft's JavaScript sample does), or one
# too few in front of the host.
_ROOT = re.compile(r"^(?:https?:/{1,2}[^/]+)?/*(?:api/data/v9\.\d(?:\.\d+){0,2}/+)?", re.IGNORECASE)
_ROW = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\((.*)\)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Reference:
    """One row of one table."""

    table: Table
    row_id: str


@dataclass(frozen=True, slots=True)
class References:
    """Resolves references; `content_ids` are the rows of earlier requests of a change set."""

    catalog: Catalog
    content_ids: Mapping[str, Reference] = field(default_factory=dict)

    def resolve(self, db: sqlite3.Connection, text: object) -> Reference:
        """Return the row that is meant; a Fault when there is none."""
        if not isinstance(text, str):
            raise bad_request(f"A reference to a record is a text, not {text!r}.")
        if text.startswith("$"):
            return self.by_content_id(text)
        return existing(db, *self.parse(text))

    def parse(self, text: object) -> tuple[Table, Key]:
        """Take a reference apart, whether there is such a row or not."""
        if not isinstance(text, str):
            raise bad_request(f"A reference to a record is a text, not {text!r}.")
        if text.startswith("$"):
            found = self.by_content_id(text)
            return found.table, Key(row_id=found.row_id)
        matched = _ROW.fullmatch(_ROOT.sub("", unquote(text), count=1))
        if matched is None:
            raise bad_request(f"'{text}' is no reference to a record.")
        table = self.catalog.by_set(matched[1])
        if table is None:
            raise bad_request(
                f"'{text}' is no reference to a record: there is no entity set '{matched[1]}'."
            )
        return table, read_key(table, matched[2])

    def by_content_id(self, text: str) -> Reference:
        """Return the row that `$1` stands for."""
        found = self.content_ids.get(text.removeprefix("$"))
        if found is None:
            raise _unknown_content_id(text)
        return found


def existing(db: sqlite3.Connection, table: Table, key: Key) -> Reference:
    """Return the row with a key; a Fault when there is none."""
    row_id = find_row(db, table, key)
    if row_id is None:
        raise key_not_found(table, key)
    return Reference(table, row_id)


def _unknown_content_id(text: str) -> Fault:
    return bad_request(f"Content-ID Reference: '{text}' does not exist in the batch context.")
