"""Who may call: the function key, the master key, and how they are compared."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from work_assignment.local_host.specs import AuthLevel

HEADER = "x-functions-key"
QUERY = "code"


@dataclass(frozen=True, slots=True)
class Keys:
    """The two keys of the host. The master key opens everything."""

    function: str = field(repr=False)
    master: str = field(repr=False)

    def __post_init__(self) -> None:
        if not self.function or not self.master:
            raise ValueError(
                "an empty key would let everybody in: give a function and a master key"
            )

    def allow(self, level: AuthLevel, given: str | None) -> bool:
        """Whether this key, or none, is enough for the level."""
        if level is AuthLevel.ANONYMOUS:
            return True
        if given is None:
            return False
        # Both are always compared, so that the time taken tells nothing.
        is_master = _same(given, self.master)
        is_function = _same(given, self.function)
        return is_master or (is_function and level is AuthLevel.FUNCTION)


def given_key(headers: Mapping[str, str], query: Mapping[str, str]) -> str | None:
    """The key a request carries; the header wins over the query."""
    return headers[HEADER] if HEADER in headers else query.get(QUERY)


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))
