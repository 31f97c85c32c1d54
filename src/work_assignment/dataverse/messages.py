"""Requests built and answers read as plain values; nothing here opens a connection."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, TypeAlias
from urllib.parse import quote
from uuid import UUID

from work_assignment.dataverse import fetch as fetchxml_values
from work_assignment.dataverse import queries
from work_assignment.dataverse.errors import (
    DataverseError,
    InvalidRequest,
    error_from,
    unreadable,
)
from work_assignment.dataverse.queries import Expand, Guid, Query, checked_name

JSON: TypeAlias = "bool | int | float | str | Sequence[JSON] | Mapping[str, JSON] | None"
Row: TypeAlias = dict[str, Any]
RowId: TypeAlias = str | UUID

FORMATTED_VALUE = "OData.Community.Display.V1.FormattedValue"
LOOKUP_TABLE = "Microsoft.Dynamics.CRM.lookuplogicalname"
MORE_ROWS = "Microsoft.Dynamics.CRM.morerecords"
PAGING_COOKIE = "Microsoft.Dynamics.CRM.fetchxmlpagingcookie"

_ETAG = re.compile(r'\*|(?:W/)?"[^"\s]*"')
_ENTITY_ID = re.compile(r"\(([0-9a-fA-F-]{36})\)$")
# Microsoft Learn, "Define alternate keys to reference rows": such values cannot stand in a URL.
_IMPOSSIBLE_IN_KEY = re.compile(r"[/<>*%&:\\?+#\x00-\x1f]")


@dataclass(frozen=True, slots=True)
class Request:
    """One operation: path below the service root (percent-encoded), headers of its own, a JSON body."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: JSON = None

    @property
    def is_write(self) -> bool:
        return self.method != "GET"

    @property
    def what(self) -> str:
        """Name the operation for people and logs, without the query and the values in it."""
        return f"{self.method} {self.path.partition('?')[0]}"


@dataclass(frozen=True, slots=True)
class Prefer:
    """What we would like an answer to hold."""

    annotations: tuple[str, ...] = ()
    page_size: int | None = None

    def headers(self, *more: str) -> dict[str, str]:
        wishes = list(more)
        if self.page_size is not None:
            if not 1 <= self.page_size <= fetchxml_values.LONGEST_PAGE:
                raise InvalidRequest(f"a page has 1 to 5000 rows, not {self.page_size}")
            wishes.append(f"odata.maxpagesize={self.page_size}")
        if self.annotations:
            wishes.append(f'odata.include-annotations="{",".join(self.annotations)}"')
        return {"Prefer": ",".join(wishes)} if wishes else {}


PLAIN = Prefer()


@dataclass(frozen=True, slots=True)
class Key:
    """An alternate key: its columns and their values."""

    columns: Mapping[str, queries.Value]


def create(
    entity_set: str,
    row: Mapping[str, Any],
    *,
    row_id: RowId | None = None,
    returning: Sequence[str] = (),
    tag: str | None = None,
) -> Request:
    """Create a row, with an id of our choice if given; that one existing already is an error."""
    if row_id is not None:
        return upsert(entity_set, row_id, row, create_only=True, returning=returning, tag=tag)
    return _write("POST", checked_name(entity_set), {}, json_value(row), returning, tag)


def update(
    entity_set: str,
    row_id: RowId,
    changes: Mapping[str, Any],
    *,
    version: str | Literal["*"],
    returning: Sequence[str] = (),
    tag: str | None = None,
) -> Request:
    """Change a row that exists: only in this version, or in whichever (`*`)."""
    headers = {"If-Match": _checked_etag(version)}
    return _write("PATCH", _row(entity_set, row_id), headers, json_value(changes), returning, tag)


def upsert(
    entity_set: str,
    key: RowId | Key,
    row: Mapping[str, Any],
    *,
    create_only: bool = False,
    returning: Sequence[str] = (),
    tag: str | None = None,
) -> Request:
    """Change the row under a key, or create it; with `create_only` an existing row is an error."""
    headers = {"If-None-Match": "*"} if create_only else {}
    return _write("PATCH", _row(entity_set, key), headers, json_value(row), returning, tag)


def delete(
    entity_set: str,
    row_id: RowId | Key,
    *,
    version: str | Literal["*"] = "*",
    tag: str | None = None,
) -> Request:
    headers = {"If-Match": _checked_etag(version)}
    return _tagged(Request("DELETE", _row(entity_set, row_id), headers), tag)


def get(query: Query, *, prefer: Prefer = PLAIN) -> Request:
    """Ask for the rows of a query."""
    if query.top is not None and prefer.page_size is not None:
        raise InvalidRequest("Dataverse ignores $top where a page size is asked for")
    return Request("GET", queries.render(query), prefer.headers())


def get_related(
    entity_set: str, key: RowId | Key, query: Query, *, prefer: Prefer = PLAIN
) -> Request:
    """Ask for rows behind a collection of one row; the query's entity set is that collection's name."""
    request = get(query, prefer=prefer)
    return replace(request, path=f"{_row(entity_set, key)}/{request.path}")


def retrieve(
    entity_set: str,
    key: RowId | Key,
    select: Sequence[str] = (),
    expand: Sequence[Expand] = (),
    *,
    prefer: Prefer = PLAIN,
) -> Request:
    """Ask for one row."""
    options = queries.render_options(select, expand)
    return Request("GET", queries.with_options(_row(entity_set, key), options), prefer.headers())


def fetch(entity_set: str, fetchxml: str, *, prefer: Prefer = PLAIN) -> Request:
    """Ask by FetchXML; the answer always says whether there is more."""
    annotations = tuple(dict.fromkeys((*prefer.annotations, MORE_ROWS, PAGING_COOKIE)))
    if "*" in prefer.annotations:
        annotations = ("*",)
    path = queries.with_options(checked_name(entity_set), {"fetchXml": fetchxml})
    return Request("GET", path, replace(prefer, annotations=annotations).headers())


def associate(
    entity_set: str,
    row_id: RowId,
    navigation: str,
    target_set: str,
    target_id: RowId,
    *,
    tag: str | None = None,
) -> Request:
    """Link two rows through a collection (N:N); linking twice is an error."""
    path = f"{_row(entity_set, row_id)}/{checked_name(navigation)}/$ref"
    return _tagged(Request("POST", path, {}, {"@odata.id": _row(target_set, target_id)}), tag)


def disassociate(
    entity_set: str, row_id: RowId, navigation: str, target_id: RowId, *, tag: str | None = None
) -> Request:
    path = f"{_row(entity_set, row_id)}/{checked_name(navigation)}({Guid(target_id)})/$ref"
    return _tagged(Request("DELETE", path), tag)


def who_am_i() -> Request:
    return Request("GET", "WhoAmI")


def action(name: str, body: Mapping[str, Any], *, tag: str | None = None) -> Request:
    """Call an unbound action."""
    return _tagged(Request("POST", checked_name(name), {}, json_value(body)), tag)


def bound_action(
    entity_set: str, row_id: RowId, name: str, body: Mapping[str, Any], *, tag: str | None = None
) -> Request:
    """Call an action that is bound to a row."""
    path = f"{_row(entity_set, row_id)}/Microsoft.Dynamics.CRM.{checked_name(name)}"
    return _tagged(Request("POST", path, {}, json_value(body)), tag)


def bind(navigation: str, entity_set: str, row_id: RowId) -> dict[str, str]:
    """Set a lookup: part of a row to create or change."""
    return {f"{checked_name(navigation)}@odata.bind": f"/{_row(entity_set, row_id)}"}


def unbind(navigation: str) -> dict[str, None]:
    """Empty a lookup."""
    return {f"{checked_name(navigation)}@odata.bind": None}


def tagged(request: Request, tag: str) -> Request:
    """Put a tag on a write: Dataverse hands it to webhooks in the shared variables."""
    if not request.is_write or re.search(r"[?&]tag=", request.path):
        return request
    return replace(request, path=queries.with_options(request.path, {"tag": tag}))


def _tagged(request: Request, tag: str | None) -> Request:
    return request if tag is None else tagged(request, tag)


def _write(
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: JSON,
    returning: Sequence[str],
    tag: str | None,
) -> Request:
    """Build a write; `returning` asks for these columns, and the row's new version, in the answer."""
    if returning:
        path = queries.with_options(path, queries.render_options(returning, ()))
        headers = {**headers, **PLAIN.headers("return=representation")}
    return _tagged(Request(method, path, headers, body), tag)


def _row(entity_set: str, key: RowId | Key) -> str:
    inside = _key_text(key) if isinstance(key, Key) else Guid(key)
    return f"{checked_name(entity_set)}({inside})"


def _key_text(key: Key) -> str:
    if not key.columns:
        raise InvalidRequest("an alternate key needs at least one column")
    return ",".join(
        f"{checked_name(name)}={_key_value(name, v)}" for name, v in key.columns.items()
    )


def _key_value(column: str, value: queries.Value) -> str:
    if value is None:
        raise InvalidRequest(f"{column}: a row cannot be found by an empty key column")
    if isinstance(value, str) and _IMPOSSIBLE_IN_KEY.search(value):
        raise InvalidRequest(f"{column}: {value!r} has a character that a key in a URL cannot have")
    return quote(queries.literal(value, column), safe="'")


def _checked_etag(version: str) -> str:
    if not _ETAG.fullmatch(version):
        raise InvalidRequest(f"{version!r} is not a row version")
    return version


def json_value(value: Any, where: str = "row") -> Any:
    """Turn a row's values into JSON's: times in UTC, ids as text, numbers as numbers."""
    match value:
        case None | bool() | str():
            return value
        case int():
            return int(value)
        case float() | Decimal():
            return _json_number(value, where)
        case datetime():
            return queries.utc_text(value, where)
        case date():
            return value.isoformat()
        case UUID():
            return str(value)
        case Mapping():
            return {str(name): json_value(item, str(name)) for name, item in value.items()}
        case list() | tuple():
            return [json_value(item, where) for item in value]
        case _:
            raise InvalidRequest(f"{where}: {type(value).__name__} cannot be sent")


def _json_number(value: float | Decimal, where: str) -> int | float:
    exact = Decimal(str(value))
    if not exact.is_finite():
        raise InvalidRequest(f"{where}: {value} is not a number that Dataverse knows")
    number: int | float = int(exact) if exact == exact.to_integral_value() else float(exact)
    if Decimal(str(number)) != exact:
        raise InvalidRequest(f"{where}: {value} has more digits than JSON numbers carry")
    return number


def json_bytes(body: JSON) -> bytes:
    return json.dumps(body, separators=(",", ":"), allow_nan=False).encode("ascii")


@dataclass(frozen=True, slots=True)
class Response:
    """An answer: status, headers with names in lower case, and the body as it came."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def json(self) -> Row:
        """The body as an object; an empty body is an empty one."""
        if not self.body:
            return {}
        try:
            parsed = json.loads(self.body)
        except ValueError as exc:
            raise unreadable("the body is not JSON", self.status) from exc
        if not isinstance(parsed, dict):
            raise unreadable("the body is not a JSON object", self.status)
        return parsed

    @property
    def rows(self) -> list[Row]:
        """The rows of an answer to a query."""
        return rows_in(self.json)

    @property
    def entity_id(self) -> Guid | None:
        """The id of the row written, where the answer tells it."""
        address = self.headers.get("odata-entityid") or self.headers.get("location") or ""
        found = _ENTITY_ID.search(address)
        return Guid(found.group(1)) if found else None

    @property
    def etag(self) -> str | None:
        """The row's version, from the body or the header."""
        inside = self.json.get("@odata.etag") if self.body else None
        return inside or self.headers.get("etag")

    def error(self, what: str) -> DataverseError | None:
        """The refusal as an error value, or None when the request succeeded."""
        if 200 <= self.status < 300 or self.status == 304:
            return None
        return error_from(self.status, self.headers, self.body, what)

    def raise_for_error(self, what: str) -> Response:
        """Raise the refusal, or give back the answer itself."""
        if error := self.error(what):
            raise error
        return self


def rows_in(body: Row) -> list[Row]:
    """Take the rows out of the body of an answer to a query."""
    rows = body.get("value")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise unreadable("the body holds no list of rows", 200)
    return rows
