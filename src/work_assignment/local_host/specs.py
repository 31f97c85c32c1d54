"""What a function is to the local host: its trigger, its outputs and what to call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

RETURN_BINDING = "$return"


class AuthLevel(StrEnum):
    """Which key a caller needs: none, the function key or the master key."""

    ANONYMOUS = "anonymous"
    FUNCTION = "function"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class HttpTrigger:
    """One route. No `methods` means every method, as in Azure."""

    route: str
    methods: tuple[str, ...]
    auth_level: AuthLevel

    def answers(self, method: str) -> bool:
        return not self.methods or method in self.methods


@dataclass(frozen=True, slots=True)
class TimerTrigger:
    """One schedule: six cron fields in UTC. `setting` names where it comes from, if not the code."""

    schedule: str
    setting: str | None
    run_on_startup: bool = False
    use_monitor: bool = True


@dataclass(frozen=True, slots=True)
class QueueTrigger:
    """One queue to listen to. `connection` is the name of a setting, never its value."""

    queue: str
    connection: str


Trigger: TypeAlias = HttpTrigger | TimerTrigger | QueueTrigger


@dataclass(frozen=True, slots=True)
class QueueOutput:
    """Messages a function sends: through the parameter of this name, or what it returns."""

    parameter: str
    queue: str
    connection: str


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """One function that passed every check. `parameter` receives the trigger."""

    name: str
    trigger: Trigger
    outputs: tuple[QueueOutput, ...]
    callable: Callable[..., Any]
    parameter: str
    disabled: bool = False
