"""What Azure refuses at start-up, or worse, accepts and never runs; found here all at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import combinations
from typing import Any

from work_assignment.local_host.cron import BadSchedule, parse_schedule
from work_assignment.local_host.indexing import IndexedFunction
from work_assignment.local_host.routing import BadRoute, Route, parse_route
from work_assignment.local_host.signatures import signature_problems
from work_assignment.local_host.specs import (
    RETURN_BINDING,
    AuthLevel,
    FunctionSpec,
    HttpTrigger,
    QueueOutput,
    QueueTrigger,
    TimerTrigger,
    Trigger,
)

METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
OUTPUTS = frozenset({"http", "queue"})
DEFAULT_CONNECTION = "AzureWebJobsStorage"
_SETTING = re.compile(r"%([^%\s]+)%")
_FUNCTION_NAME = re.compile(r"[A-Za-z][\w-]{0,126}", re.ASCII)
# Azure's rule for queue names, less the room that "-poison" takes.
_QUEUE_NAME = re.compile(r"(?=.{3,56}$)[a-z0-9]+(?:-[a-z0-9]+)*")


class Checker:
    """Turns indexed functions into specs, and collects every problem on the way."""

    def __init__(self, settings: Mapping[str, str], route_prefix: str, *, at: datetime) -> None:
        self._settings = settings
        self._prefix = route_prefix
        self._at = at
        self._connections: dict[str, str] = {}
        self._routes: list[tuple[str, Route, HttpTrigger]] = []
        self.problems: list[str] = []

    def check(self, functions: Sequence[IndexedFunction]) -> tuple[FunctionSpec, ...]:
        """The functions that are right. Only when `problems` stays empty may they be run."""
        specs = [spec for spec in map(self._spec, functions) if spec is not None]
        self._check_routes()
        self._check_one_store()
        return tuple(specs)

    def _spec(self, function: IndexedFunction) -> FunctionSpec | None:
        before = len(self.problems)
        if not _FUNCTION_NAME.fullmatch(function.name):
            self._refuse(function, "a function's name is letters, digits, '_' and '-'")
        if function.has_retry:
            self._refuse(function, "has a retry policy, which the local host does not carry out")
        self._check_bindings(function)
        trigger = self._trigger(function)
        outputs = tuple(
            QueueOutput(str(b["name"]), self._queue(function, b), self._connection(function, b))
            for b in function.bindings
            if b["type"] == "queue"
        )
        for problem in signature_problems(function):
            self._refuse(function, problem)
        if trigger is None or len(self.problems) > before:
            return None
        return FunctionSpec(
            name=function.name,
            trigger=trigger,
            outputs=outputs,
            callable=function.callable,
            parameter=str(function.trigger["name"]),
            disabled=self._is_disabled(function.name),
        )

    def _check_bindings(self, function: IndexedFunction) -> None:
        names = [str(b["name"]) for b in function.bindings]
        for name in sorted({name for name in names if names.count(name) > 1}):
            self._refuse(function, f"has two bindings named '{name}'")
        for binding in function.bindings:
            if binding is not function.trigger and binding["type"] not in OUTPUTS:
                self._refuse(
                    function,
                    f"binding '{binding['name']}' of type '{binding['type']}' "
                    "is not one the local host knows (http, queue)",
                )
        returned = [b["type"] for b in function.bindings if b["name"] == RETURN_BINDING]
        is_http = function.trigger["type"] == "httpTrigger"
        if is_http and returned != ["http"]:
            self._refuse(function, "an HTTP function needs an http output named '$return'")
        if not is_http and any(b["type"] == "http" for b in function.bindings):
            self._refuse(function, "only an HTTP function can have an http output")

    def _trigger(self, function: IndexedFunction) -> Trigger | None:
        kinds: Mapping[str, Callable[[IndexedFunction], Trigger | None]] = {
            "httpTrigger": self._http,
            "timerTrigger": self._timer,
            "queueTrigger": self._queue_trigger,
        }
        kind = kinds.get(str(function.trigger["type"]))
        if kind is not None:
            return kind(function)
        self._refuse(
            function,
            f"trigger '{function.trigger['type']}' is not one the local host knows "
            f"({', '.join(kinds)})",
        )
        return None

    def _http(self, function: IndexedFunction) -> HttpTrigger | None:
        declared = function.trigger
        methods = tuple(sorted({str(m).upper() for m in declared.get("methods", ())}))
        for method in methods:
            if method not in METHODS:
                self._refuse(function, f"method '{method}' is not one of {', '.join(METHODS)}")
        level = str(declared.get("authLevel", AuthLevel.FUNCTION)).lower()
        if level not in set(AuthLevel):
            self._refuse(function, f"auth level '{level}' is not one of {', '.join(AuthLevel)}")
            return None
        text = str(declared.get("route", function.name)).strip("/")
        trigger = HttpTrigger(text, methods, AuthLevel(level))
        try:
            self._routes.append((function.name, parse_route(self._prefix, text), trigger))
        except BadRoute as error:
            self._refuse(function, str(error))
        return trigger

    def _timer(self, function: IndexedFunction) -> TimerTrigger | None:
        declared = str(function.trigger.get("schedule", ""))
        text = self._resolved(function, declared, "schedule")
        if text is None:
            return None
        setting = _SETTING.search(declared)
        origin = f"setting {setting[1]}: " if setting else "schedule "
        try:
            parse_schedule(text, at=self._at)
        except BadSchedule as error:
            self._refuse(function, f"{origin}{error}")
            return None
        return TimerTrigger(
            schedule=text,
            setting=setting[1] if setting else None,
            run_on_startup=bool(function.trigger.get("runOnStartup", False)),
            use_monitor=bool(function.trigger.get("useMonitor", True)),
        )

    def _queue_trigger(self, function: IndexedFunction) -> QueueTrigger:
        declared = function.trigger
        return QueueTrigger(self._queue(function, declared), self._connection(function, declared))

    def _queue(self, function: IndexedFunction, binding: Mapping[str, Any]) -> str:
        declared = str(binding.get("queueName", ""))
        name = self._resolved(function, declared, "queue name")
        if name is not None and not _QUEUE_NAME.fullmatch(name):
            self._refuse(
                function,
                f"queue name '{name}' must be 3 to 56 lower-case letters, digits and single dashes",
            )
        return name or declared

    def _connection(self, function: IndexedFunction, binding: Mapping[str, Any]) -> str:
        """The setting's name; Azure also takes one with its own prefix, or a group `NAME__...`."""
        name = str(binding.get("connection") or DEFAULT_CONNECTION)
        for key in (name, f"AzureWebJobs{name}"):
            if self._settings.get(key):
                self._connections[name] = self._settings[key]
                return name
            members = sorted(k for k in self._settings if k.startswith(f"{key}__"))
            if members:
                self._connections[name] = " ".join(self._settings[k] for k in members)
                return name
        self._refuse(function, f"connection setting '{name}' is missing or empty")
        return name

    def _resolved(self, function: IndexedFunction, text: str, what: str) -> str | None:
        """The text with every %SETTING% replaced; None if one is not there."""
        missing = [name for name in _SETTING.findall(text) if not self._settings.get(name)]
        for name in missing:
            self._refuse(function, f"{what} names setting '{name}', which is missing or empty")
        return None if missing else _SETTING.sub(lambda m: self._settings[m[1]], text)

    def _is_disabled(self, name: str) -> bool:
        keys = (f"AzureWebJobs.{name}.Disabled", f"AzureWebJobs__{name}__Disabled")
        return any(self._settings.get(key, "").lower() in ("true", "1") for key in keys)

    def _check_routes(self) -> None:
        for (first, one, by), (second, other, by_other) in combinations(self._routes, 2):
            shared = [m for m in METHODS if by.answers(m) and by_other.answers(m)]
            if shared and one.shape == other.shape:
                self.problems.append(
                    f"{second}: route '{by_other.route}' with {', '.join(shared)} "
                    f"is already taken by {first}"
                )

    def _check_one_store(self) -> None:
        if len(set(self._connections.values())) > 1:
            names = ", ".join(sorted(self._connections))
            self.problems.append(
                f"connections {names} lead to different storage; the local host has one queue store"
            )

    def _refuse(self, function: IndexedFunction, problem: str) -> None:
        self.problems.append(f"{function.name}: {problem}")
