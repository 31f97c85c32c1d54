"""What can go wrong before and while the local host runs; each says what and where."""

from __future__ import annotations

from collections.abc import Iterable


class LocalHostError(Exception):
    """Any refusal or failure of the local host. The text is meant for the person who started it."""


class AppRefused(LocalHostError):
    """The function app or its configuration is wrong; `problems` lists everything found, one line each."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        head = f"the function app has {count} problem{'' if count == 1 else 's'}:"
        super().__init__("\n".join([head, *(f"  {problem}" for problem in self.problems)]))


class SettingsRefused(LocalHostError):
    """The local settings file cannot be used."""


class CannotListen(LocalHostError):
    """The address is taken, or may not be used."""


class HostStopping(LocalHostError):
    """A call could not be taken, or not be waited for, because the host is stopping."""

    def __init__(self) -> None:
        super().__init__("the host is stopping")


class ListenerDied(LocalHostError):
    """A timer, a queue or the HTTP server can no longer do its work, which ends the host."""

    def __init__(self, name: str, cause: BaseException) -> None:
        super().__init__(f"{name} stopped working: {type(cause).__name__}: {cause}")
        self.name = name


class InvocationFailed(LocalHostError):
    """A function did something that its bindings do not allow, such as returning the wrong type."""
