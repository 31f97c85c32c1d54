"""Routes: their text, which of them collide, and which one a path belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from work_assignment.local_host.specs import FunctionSpec, HttpTrigger

_LITERAL = re.compile(r"[\w.~$@!-]+", re.ASCII)
_PARAMETER = re.compile(r"\{([A-Za-z_]\w*)\}", re.ASCII)
# Azure's host answers these itself.
RESERVED = frozenset({"admin", "runtime"})


class BadRoute(ValueError):
    """The text of a route is wrong, or uses what the local host does not do."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One part of a route: fixed text, or a parameter that takes whatever stands there."""

    text: str
    is_parameter: bool

    def takes(self, part: str) -> bool:
        return bool(part) if self.is_parameter else part.casefold() == self.text.casefold()


@dataclass(frozen=True, slots=True)
class Route:
    """A route's segments, prefix included."""

    segments: tuple[Segment, ...]

    @property
    def shape(self) -> tuple[str, ...]:
        """Two routes of the same shape take the same paths."""
        return tuple("{}" if s.is_parameter else s.text.casefold() for s in self.segments)

    @property
    def precedence(self) -> tuple[bool, ...]:
        """Sorts fixed text before parameters, so that the more particular route is asked first."""
        return tuple(segment.is_parameter for segment in self.segments)

    def values(self, parts: list[str]) -> dict[str, str] | None:
        """The parameters' values in this path, or None if the path is another's."""
        if len(parts) != len(self.segments):
            return None
        pairs = list(zip(self.segments, parts, strict=True))
        if not all(segment.takes(part) for segment, part in pairs):
            return None
        return {segment.text: part for segment, part in pairs if segment.is_parameter}


def parse_route(prefix: str, text: str) -> Route:
    """Read `events/{id}` under the prefix; constraints, optional and catch-all parts are refused."""
    parts = [part for part in f"{prefix}/{text.strip('/')}".split("/") if part]
    segments = tuple(_segment(part, text) for part in parts)
    names = [segment.text for segment in segments if segment.is_parameter]
    if len(set(names)) != len(names):
        raise BadRoute(f"route '{text}' names a parameter twice")
    if not segments:
        raise BadRoute("an empty route without a route prefix is the host's own page")
    if not segments[0].is_parameter and segments[0].text.casefold() in RESERVED:
        raise BadRoute(f"route '{text}' begins with '{segments[0].text}', which is the host's own")
    return Route(segments)


def _segment(part: str, text: str) -> Segment:
    parameter = _PARAMETER.fullmatch(part)
    if parameter:
        return Segment(parameter[1], is_parameter=True)
    if _LITERAL.fullmatch(part):
        return Segment(part, is_parameter=False)
    raise BadRoute(
        f"route '{text}': '{part}' is neither plain text nor a {{parameter}}, "
        "and the local host takes nothing else"
    )


class RouteTable:
    """All enabled HTTP functions, ready to be looked up."""

    def __init__(self, prefix: str, functions: Iterable[FunctionSpec]) -> None:
        entries = [
            (parse_route(prefix, spec.trigger.route), spec, spec.trigger)
            for spec in functions
            if isinstance(spec.trigger, HttpTrigger) and not spec.disabled
        ]
        self._entries = sorted(entries, key=lambda entry: entry[0].precedence)

    def find(
        self, method: str, path: str
    ) -> tuple[FunctionSpec, HttpTrigger, Mapping[str, str]] | None:
        """The function for this request, with its route parameters; None is a 404, as in Azure."""
        parts = path.strip("/").split("/")
        for route, spec, trigger in self._entries:
            values = route.values(parts)
            if values is not None and trigger.answers(method):
                return spec, trigger, values
        return None
