"""If-Match and If-None-Match: what must be true of a row before it is written or sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ..faults import bad_request, duplicate_row

_ETAG = re.compile(r'(?:W/)?"(\d+)"')


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a request's headers ask of the row."""

    must_exist: bool = False
    must_not_exist: bool = False
    version: int | None = None

    def check_found(self) -> None:
        """Refuse to go on when a row is there that should not be."""
        if self.must_not_exist:
            raise duplicate_row()


def write_conditions(headers: Mapping[str, str]) -> Conditions:
    """Read the headers of a PATCH, PUT or DELETE."""
    if_match = headers.get("if-match")
    if_none_match = known_version(headers)
    if if_none_match is not None:
        if if_match is not None or if_none_match.strip() != "*":
            raise bad_request("If-None-Match is '*' on a write, and without If-Match beside it.")
        return Conditions(must_not_exist=True)
    if if_match is None:
        return Conditions()
    if if_match.strip() == "*":
        return Conditions(must_exist=True)
    return Conditions(must_exist=True, version=read_etag(if_match))


def known_version(headers: Mapping[str, str]) -> str | None:
    """Return what If-None-Match says; `null` says nothing, clients send it so that no browser
    answers from its cache (Learn: Compose HTTP requests and handle errors)."""
    value = headers.get("if-none-match")
    return None if value is None or value.strip() == "null" else value


def read_etag(text: str) -> int:
    """Return the version in an ETag such as `W/"1234"`."""
    matched = _ETAG.fullmatch(text.strip())
    if matched is None:
        raise bad_request(f"'{text}' is not an ETag of a record.")
    return int(matched[1])
