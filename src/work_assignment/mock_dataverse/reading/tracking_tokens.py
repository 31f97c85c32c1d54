"""Change tracking's tokens: where a synchronization stands, and where a page of it ends."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ..faults import Fault, bad_request
from ..storage.rows import fetch_value
from ..storage.versions import current_version, was_undone
from .paging import cookie_attributes, invalid_cookie, outer_cookie, read_outer_cookie
from .query import Reader

EXPIRED = "0x80044352"
INVALID_STAMP = "0x80044183"
_TOKEN = re.compile(r"([0-9]{1,18})!([0-9]{2}/[0-9]{2}/[0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2})")
_TIME = "%m/%d/%Y %H:%M:%S"
_TRACKING_DAYS, _DEFINITION_DAYS = "expirechangetrackingindays", "expiresubscriptionsindays"
_WHOLE = re.compile("[0-9]{1,18}")
_GUID = re.compile("[0-9a-f-]{36}")


@dataclass(frozen=True, slots=True)
class DeltaToken:
    """All changes up to a version are known to whoever holds this."""

    version: int
    issued_at: datetime

    def __str__(self) -> str:
        return f"{self.version}!{self.issued_at.astimezone(UTC).strftime(_TIME)}"


def read_delta_token(reader: Reader, text: str) -> DeltaToken:
    """Read a token of changed rows."""
    return _read(reader, "$deltatoken", text, _TRACKING_DAYS)


def read_version_stamp(reader: Reader, text: str) -> DeltaToken:
    """Read the stamp of a copy of definitions, which is good for longer than one of rows."""
    return _read(reader, "ClientVersionStamp", text, _DEFINITION_DAYS)


def _read(reader: Reader, name: str, text: str, days: str) -> DeltaToken:
    """Read a token; one that is too old, or from a state that was undone, has expired."""
    found = _TOKEN.fullmatch(text)
    if found is None:
        raise _invalid(name, text)
    try:
        issued_at = datetime.strptime(found[2], _TIME).replace(tzinfo=UTC)
    except ValueError as exc:
        raise _invalid(name, text) from exc
    token = DeltaToken(int(found[1]), issued_at)
    if _has_expired(reader, token, days):
        raise Fault(
            400,
            EXPIRED,
            "Version stamp associated with the client has expired. Please perform a full sync.",
        )
    return token


def _has_expired(reader: Reader, token: DeltaToken, setting: str) -> bool:
    organization = reader.catalog.tables["organization"]
    days = fetch_value(reader.db, organization, reader.caller.organization_id, setting)
    if days is None:
        days = organization.columns[setting].default
    return (
        reader.now - token.issued_at > timedelta(days=days or 0)
        or token.version > current_version(reader.db)
        or was_undone(reader.db, token.version)
    )


def _invalid(name: str, text: str) -> Fault:
    return bad_request(f"The {name} '{text}' is not a valid version stamp.", INVALID_STAMP)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the next page of changes starts: after a changed row, or among the deleted ones after
    a version; changes later than `until` belong to the next synchronization."""

    page: int
    until: int
    version: int
    row_id: str | None

    @property
    def is_deleted(self) -> bool:
        return self.row_id is None


def write_place(place: Place) -> str:
    """Write the skip token of a page."""
    row = "" if place.row_id is None else f' id="{place.row_id}"'
    inner = (
        f'<cookie page="{place.page - 1}" until="{place.until}" version="{place.version}"{row} />'
    )
    return outer_cookie(place.page, inner, is_tracking=True)


def read_place(token: str) -> Place:
    page, inner = read_outer_cookie(token)
    found = cookie_attributes(inner)
    numbers = [found.get(name, "") for name in ("until", "version")]
    row_id = found.get("id")
    is_guid = row_id is None or _GUID.fullmatch(row_id) is not None
    if not all(map(_WHOLE.fullmatch, numbers)) or not is_guid:
        raise invalid_cookie()
    return Place(page, int(numbers[0]), int(numbers[1]), row_id)
