"""The members of a definition in a request's body, each read as the type that it has."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...resource_paths import NAMESPACE
from ...tables.labels import read_labels
from ...tables.metadata import Labels
from ...tables.values import is_guid
from .refusals import invalid, missing_member, wrong_member


@dataclass(frozen=True, slots=True)
class Members:
    """A JSON object; `what` says in messages which definition it is."""

    body: Mapping[str, Any]
    what: str

    def __contains__(self, name: str) -> bool:
        return self.body.get(name) is not None

    @property
    def type_name(self) -> str | None:
        """The class that `@odata.type` names, without namespace."""
        given = self.body.get("@odata.type")
        if given is None:
            return None
        if not isinstance(given, str):
            raise wrong_member(self.what, "@odata.type", "a name")
        return given.removeprefix("#").removeprefix(NAMESPACE)

    def text(self, name: str) -> str | None:
        value = self.body.get(name)
        if value is not None and not isinstance(value, str):
            raise wrong_member(self.what, name, "a text")
        return value or None

    def required_text(self, name: str) -> str:
        value = self.text(name)
        if value is None:
            raise missing_member(self.what, name)
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        """Read true or false, bare or as a managed property."""
        value = self.body.get(name)
        if isinstance(value, Mapping):
            value = value.get("Value")
        if value is None:
            return default
        if not isinstance(value, bool):
            raise wrong_member(self.what, name, "true or false")
        return value

    def whole(self, name: str, default: int, smallest: int, largest: int) -> int:
        value = self.body.get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int):
            raise wrong_member(self.what, name, "a whole number")
        self._check_range(name, value, smallest, largest)
        return value

    def number(self, name: str, default: float, smallest: float, largest: float) -> float:
        value = self.body.get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise wrong_member(self.what, name, "a number")
        self._check_range(name, value, smallest, largest)
        return float(value)

    def optional_whole(self, name: str) -> int | None:
        value = self.body.get(name)
        if isinstance(value, bool) or not isinstance(value, int | None):
            raise wrong_member(self.what, name, "a whole number")
        return value

    def named(self, name: str, allowed: Collection[str], default: str) -> str:
        """Read one of several names, bare or as `{"Value": ...}`."""
        value = self.body.get(name)
        if isinstance(value, Mapping):
            value = value.get("Value")
        if value is None:
            return default
        if not isinstance(value, str) or value not in allowed:
            raise invalid(
                f"The member '{name}' of {self.what} is {value!r}; it is one of"
                f" {', '.join(allowed)}."
            )
        return value

    def labels(self, name: str) -> Labels:
        return read_labels(self.body.get(name), name)

    def required_labels(self, name: str) -> Labels:
        labels = self.labels(name)
        if not labels:
            raise missing_member(self.what, name)
        return labels

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.body.get(name) or []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise wrong_member(self.what, name, "an array of texts")
        return tuple(value)

    def inner(self, name: str) -> Members | None:
        value = self.body.get(name)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            raise wrong_member(self.what, name, "an object")
        return Members(value, f"{name} of {self.what}")

    def each(self, name: str) -> Iterator[Members]:
        """Yield the objects of an array."""
        value = self.body.get(name) or []
        if not isinstance(value, list):
            raise wrong_member(self.what, name, "an array")
        for number, item in enumerate(value):
            if not isinstance(item, Mapping):
                raise wrong_member(self.what, f"{name}[{number}]", "an object")
            yield Members(item, f"{name}[{number}] of {self.what}")

    def metadata_id(self) -> str | None:
        """Return the id that the definition is to have, if the request gives one."""
        value = self.text("MetadataId")
        if value is None:
            return None
        if not is_guid(value):
            raise wrong_member(self.what, "MetadataId", "a guid")
        return value.lower()

    def _check_range(self, name: str, value: float, smallest: float, largest: float) -> None:
        if not smallest <= value <= largest:
            raise invalid(
                f"The member '{name}' of {self.what} is {value}; it is between {smallest} and"
                f" {largest}."
            )
