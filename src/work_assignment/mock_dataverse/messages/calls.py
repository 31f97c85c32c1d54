"""One call of a function or action: its parameters, whether they stand in the URL or in the body."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeAlias

from ..faults import Fault, bad_request, invalid_payload, row_not_found
from ..reading.options import split_outside
from ..requests.exchanges import Request, Response, json_response
from ..requests.sessions import Session
from ..resource_paths import NAMESPACE, Segment
from ..storage.rows import has_row
from ..tables.metadata import Table
from ..tables.values import is_guid
from ..writing.keys import Key, find_row, key_not_found
from ..writing.payloads import read_json
from ..writing.references import Reference

_ALIAS = re.compile(r"@\w+")
_QUOTED = re.compile("'((?:[^']|'')*)'")
_QUOTED_LIST = re.compile(r"\s*\[\s*'(?:[^']|'')*'(?:\s*,\s*'(?:[^']|'')*')*\s*\]\s*")
_ENUM_MEMBER = re.compile(r"(?<=[\[,\s])Microsoft\.Dynamics\.CRM\.\w+'(\w+)'(?=[\],\s])")
_PRINCIPALS = frozenset({"systemuser", "team"})


@dataclass(frozen=True, slots=True)
class Call:
    """A message with the table or row that it is bound to, and a function's parameters."""

    session: Session
    request: Request
    name: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    table: Table | None = None
    key: Key | None = None

    def bound_table(self) -> Table:
        """Return the table that the message is bound to, or whose row it is bound to."""
        if self.table is None:
            raise bad_request(f"{self.name} is bound to a table.")
        return self.table

    def bound_row(self, db: sqlite3.Connection) -> Reference:
        """Return the row that the message is bound to."""
        table = self.bound_table()
        if self.key is None:
            raise bad_request(f"{self.name} is bound to a record.")
        row_id = find_row(db, table, self.key)
        if row_id is None:
            raise key_not_found(table, self.key)
        return Reference(table, row_id)

    def expect(self, *names: str) -> None:
        """Check that a function has exactly these parameters."""
        if set(self.parameters) != set(names):
            raise bad_request(
                f"The parameters given are {', '.join(self.parameters) or 'none'}; expected are"
                f" {', '.join(names) or 'none'}."
            )

    def moment(self, name: str) -> datetime:
        """Read a function's date and time, which names its offset from UTC."""
        text = self.parameters[name].strip("'")
        try:
            moment = datetime.fromisoformat(text)
        except ValueError as exc:
            raise self._wrong(name, "a date and time such as 2026-03-02T00:00:00Z") from exc
        if moment.tzinfo is None:
            raise self._wrong(name, "a date and time with its offset, such as ...T00:00:00Z")
        try:
            return moment.astimezone(UTC)
        except OverflowError as exc:
            raise self._wrong(name, "a date and time of the years 1 to 9999 in UTC") from exc

    def guid(self, name: str) -> str:
        text = self.parameters[name].strip("'")
        if not is_guid(text):
            raise self._wrong(name, "a guid")
        return text.lower()

    def text(self, name: str) -> str:
        text = self.parameters[name]
        if len(text) < 2 or text[0] != "'" or text[-1] != "'":
            raise self._wrong(name, "a text in single quotes")
        return text[1:-1].replace("''", "'")

    def texts(self, name: str) -> list[str]:
        """Read a function's array of texts, which is JSON or, as OData has it, in single quotes.

        Members of enumerations may be written with their type, as alone.
        """
        text = _ENUM_MEMBER.sub(r"'\1'", self.parameters[name])
        if _QUOTED_LIST.fullmatch(text):
            return [item.replace("''", "'") for item in _QUOTED.findall(text)]
        try:
            items = json.loads(text)
        except (ValueError, RecursionError) as exc:
            raise self._wrong(name, 'an array such as ["a","b"]') from exc
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            raise self._wrong(name, 'an array such as ["a","b"]')
        return items

    def arguments(self, *known: str) -> Arguments:
        """Read an action's parameters from the body; `known` are all that it has."""
        body = read_json(self.request.body, self.name)
        for name in body:
            if "@" not in name and name not in known:
                raise bad_request(
                    f"The parameter '{name}' in the request payload is not a valid parameter for"
                    f" the operation '{self.name}'."
                )
        return Arguments(self, body)

    def without_body(self) -> None:
        """Refuse parameters of an action that has none."""
        if self.request.body:
            self.arguments()

    def answer(self, body: Mapping[str, Any]) -> Response:
        """Answer 200 with the message's response type."""
        context = f"{self.request.root}$metadata#{NAMESPACE}{self.name}Response"
        return json_response({"@odata.context": context, **body}, self.request.preferences)

    def _wrong(self, name: str, expected: str) -> Fault:
        return bad_request(
            f"The parameter '{name}' of {self.name} is {self.parameters[name]!r}, not {expected}."
        )


Handler: TypeAlias = Callable[[Call], Response]


@dataclass(frozen=True, slots=True)
class Message:
    """A message that is answered here; a function answers GET, an action POST."""

    method: str
    answer: Handler


@dataclass(frozen=True, slots=True)
class Arguments:
    """The parameters of an action."""

    call: Call
    body: Mapping[str, Any]

    def flag(self, name: str) -> bool:
        value = self.body.get(name)
        if not isinstance(value, bool):
            raise self._wrong(name, "true or false")
        return value

    def whole(self, name: str) -> int:
        value = self.body.get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self._wrong(name, "a whole number")
        return value

    def record(self, name: str) -> dict[str, Any]:
        """Return the columns of a record that is given in full, empty when it is left out."""
        value = self.body.get(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self._wrong(name, "a record")
        return value

    def records(self, name: str) -> list[dict[str, Any]]:
        value = self.body.get(name)
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self._wrong(name, "an array of records")
        return value

    def row(self, db: sqlite3.Connection, name: str, *tables: str) -> Reference:
        """Return the row that a required parameter points at, of one of these tables or any."""
        found = self.optional_row(db, name, *tables)
        if found is None:
            raise self._wrong(name, "a record")
        return found

    def optional_row(self, db: sqlite3.Connection, name: str, *tables: str) -> Reference | None:
        value = self.body.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self._wrong(name, "a record")
        return self.row_of(db, name, value, tables)

    def row_of(
        self,
        db: sqlite3.Connection,
        name: str,
        value: Mapping[str, Any],
        tables: Iterable[str] = (),
    ) -> Reference:
        """Return the row that a record such as `{"leadid": ..., "@odata.type": ...}` stands for."""
        accepted = tuple(tables)
        if "@odata.id" in value:
            found = self.call.session.references.resolve(db, value["@odata.id"])
        else:
            found = self._by_key(db, name, value, accepted)
        if accepted and found.table.logical_name not in accepted:
            raise self._wrong(name, f"a {' or '.join(accepted)}")
        return found

    def _by_key(
        self,
        db: sqlite3.Connection,
        name: str,
        value: Mapping[str, Any],
        accepted: tuple[str, ...],
    ) -> Reference:
        table = self._table(name, value, accepted)
        row_id = value.get(table.primary_id)
        if row_id is None and table.logical_name in _PRINCIPALS:
            row_id = value.get("ownerid")
        if not isinstance(row_id, str) or not is_guid(row_id):
            raise self._wrong(name, f"a record with its '{table.primary_id}'")
        if not has_row(db, table, row_id.lower()):
            raise row_not_found(table.logical_name, row_id)
        return Reference(table, row_id.lower())

    def _table(self, name: str, value: Mapping[str, Any], accepted: tuple[str, ...]) -> Table:
        given = value.get("@odata.type")
        if given is None and len(accepted) == 1:
            return self.call.session.catalog.tables[accepted[0]]
        kind = str(given).removeprefix("#").removeprefix(NAMESPACE)
        table = self.call.session.catalog.tables.get(kind)
        if table is None:
            raise self._wrong(name, "a record with its '@odata.type'")
        return table

    def _wrong(self, name: str, expected: str) -> Fault:
        problem = f"is not {expected}" if name in self.body else "is missing"
        return invalid_payload(
            self.call.name, f"The parameter '{name}' of {self.call.name} {problem}."
        )


def read_parameters(segment: Segment, request: Request) -> dict[str, str]:
    """Read a function's parameters, by value or by alias; an action's stand in its body."""
    text = (segment.arguments or "").strip()
    parameters = {}
    for part in split_outside(text, ",") if text else ():
        name, equals, value = part.partition("=")
        if not equals:
            raise bad_request(f"The parameters '({text})' of {segment.name} are not name=value.")
        value = value.strip()
        if _ALIAS.fullmatch(value):
            value = request.query.get(value, "null")
        parameters[name.strip()] = value
    for name in request.query:
        if not name.startswith("@") and name not in ("tag", "SolutionUniqueName"):
            raise bad_request(f"The query option '{name}' is not supported on {segment.name}.")
    return parameters
