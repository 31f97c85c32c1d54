"""The members of an admin request's body, checked one by one."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from .routes import AdminProblem

_LONG = 1e16  # beyond it a float has no room for each whole number


class Members:
    """A JSON object of which every member is known and of the right type.

    What is missing gets the default that the caller gives; `None` as a default is allowed.
    """

    def __init__(self, body: Any, known: tuple[str, ...], what: str = "The body") -> None:
        if body is None:
            body = {}
        if not isinstance(body, Mapping):
            raise AdminProblem(f"{what} must be a JSON object.")
        unknown = sorted(set(body) - set(known))
        if unknown:
            raise AdminProblem(
                f"{what} has the unknown member '{unknown[0]}'; known are {', '.join(known)}."
            )
        self._body = body
        self._what = what

    def __contains__(self, name: str) -> bool:
        return self._body.get(name) is not None

    def raw(self, name: str) -> Any:
        return self._body.get(name)

    def flag(self, name: str, default: bool) -> bool:
        value = self._body.get(name, default)
        if not isinstance(value, bool):
            raise self._wrong(name, "true or false", value)
        return value

    def number(
        self, name: str, default: float, *, least: float = 0, most: float = math.inf
    ) -> float:
        value = self._body.get(name, default)
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not is_number or not least <= value <= most:
            limit = "" if most == math.inf else f" and at most {in_full(most)}"
            raise self._wrong(name, f"a number of at least {in_full(least)}{limit}", value)
        return float(value)

    def whole(self, name: str, default: int, *, least: int = 0, most: int | None = None) -> int:
        value = self._body.get(name, default)
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        if not is_whole or value < least or (most is not None and value > most):
            limit = "" if most is None else f" and at most {most}"
            raise self._wrong(name, f"a whole number of at least {least}{limit}", value)
        return int(value)

    def text(self, name: str, default: str | None = None) -> str | None:
        value = self._body.get(name, default)
        if value is not None and not isinstance(value, str):
            raise self._wrong(name, "a text", value)
        return value

    def required_text(self, name: str) -> str:
        value = self.text(name)
        if not value:
            raise AdminProblem(f"{self._what} needs the member '{name}'.")
        return value

    def moment(self, name: str, default: datetime | None = None) -> datetime | None:
        """Read an ISO time with its offset, such as 2026-03-01T12:00:00Z."""
        text = self.text(name)
        if text is None:
            return default
        try:
            moment = datetime.fromisoformat(text)
            aware = None if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, OverflowError):
            aware = None
        if aware is None:
            raise self._wrong(name, "a time with its offset, such as 2026-03-01T12:00:00Z", text)
        return aware

    def _wrong(self, name: str, expected: str, value: Any) -> AdminProblem:
        return AdminProblem(f"{self._what}: '{name}' must be {expected}, not {_shown(value)}.")


def in_full(number: float) -> str:
    """Write a number as people do: neither with an exponent nor with a fraction of zero."""
    if float(number).is_integer() and abs(number) < _LONG:
        return str(int(number))
    return str(number)


def _shown(value: Any) -> str:
    """Show a value as JSON has it, a text in single quotes."""
    if isinstance(value, str):
        return repr(value)
    if isinstance(value, float):
        return in_full(value)
    return json.dumps(value, ensure_ascii=False)
