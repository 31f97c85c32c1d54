"""The table that admin requests are looked up in: a method, a pattern, and who answers."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import unquote

from ...faults import Fault, json_problem
from ...requests.exchanges import Response, parse_query

ADMIN_ROOT = "/__mock/"
HEALTH = f"{ADMIN_ROOT}health"

_PARAMETER = re.compile(r"<(\w+)>")
_log = logging.getLogger(__name__)


class AdminProblem(Exception):
    """An admin request that cannot be answered; the message names the culprit."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


@dataclass(frozen=True, slots=True)
class AdminCall:
    """What a handler is given; `body` is parsed JSON, None when there is none."""

    parameters: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None


# A handler returns plain JSON, None for 204, or a whole response with a status of its own.
Handler: TypeAlias = Callable[[AdminCall], Any]


@dataclass(frozen=True, slots=True)
class Route:
    """One route; the pattern is below /__mock/, and `<name>` in it stands for one segment.

    `options` are the query parameters that it takes.
    """

    method: str
    pattern: str
    handler: Handler
    options: tuple[str, ...] = ()

    def matches(self, path: str) -> dict[str, str] | None:
        """Return the parameters in a path, None when it is another's."""
        parts = _PARAMETER.split(self.pattern)
        text = "".join(
            f"(?P<{part}>[^/]+)" if place % 2 else re.escape(part)
            for place, part in enumerate(parts)
        )
        found = re.fullmatch(text, path)
        return None if found is None else {k: unquote(v) for k, v in found.groupdict().items()}


class AdminRoutes:
    """Answers the mock's own routes."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = tuple(routes)

    def answer(self, method: str, path: str, query: str, body: bytes) -> Response:
        """Answer one request; every problem has the form `{"error": "..."}`."""
        place = path.removeprefix(ADMIN_ROOT).strip("/")
        found = [(r, p) for r in self.routes if (p := r.matches(place)) is not None]
        if not found:
            return _problem(404, f"There is no route {path}.")
        for route, parameters in found:
            if route.method == method:
                return _carry_out(route, parameters, query, body)
        allowed = ", ".join(sorted(route.method for route, _ in found))
        answer = _problem(405, f"{path} does not take {method}, only {allowed}.")
        return Response(answer.status, {**answer.headers, "Allow": allowed}, answer.body)


def _carry_out(route: Route, parameters: Mapping[str, str], query: str, body: bytes) -> Response:
    try:
        options = _options(route, query)
        outcome = route.handler(AdminCall(parameters, options, _parsed(body)))
    except AdminProblem as problem:
        return _problem(problem.status, problem.message)
    except Fault as fault:
        return _problem(fault.status, fault.message)
    except Exception:
        _log.exception("The admin route %s %s failed", route.method, route.pattern)
        return _problem(500, f"{route.method} {route.pattern} failed unexpectedly.")
    if isinstance(outcome, Response):
        return outcome
    return Response(204) if outcome is None else json_answer(200, outcome)


def _options(route: Route, query: str) -> dict[str, str]:
    options = parse_query(query)
    for name in options:
        if name not in route.options:
            known = f"known are {', '.join(route.options)}"
            none = f"{route.method} {route.pattern} takes none"
            raise AdminProblem(
                f"There is no query parameter '{name}' here; {known if route.options else none}."
            )
    return options


def _parsed(body: bytes) -> Any:
    if not body.strip():
        return None
    try:
        return json.loads(body.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as exc:
        raise AdminProblem(f"The body is no JSON: {json_problem(exc)}.") from exc


def _refuse_constant(text: str) -> Any:
    raise ValueError(f"{text} is no JSON number")


def _problem(status: int, message: str) -> Response:
    return json_answer(status, {"error": message})


def json_answer(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Response:
    """Make a response of plain JSON."""
    kind = {"Content-Type": "application/json"}
    return Response(status, {**kind, **(headers or {})}, json.dumps(_plain(body)).encode())


def _plain(value: Any) -> Any:
    """Tell whole numbers without a point, whatever they are reckoned as."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case Mapping():
            return {name: _plain(each) for name, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
    return value
