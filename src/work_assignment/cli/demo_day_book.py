"""What a scripted day keeps and shows: its steps, what was told, each check, and the table at the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from textwrap import wrap
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

PATIENCE = 20.0
"""Seconds until what was expected and did not come is a fault."""
_GLANCE = 0.05
_INDENT = " " * 7
_WIDTH = 80
_LANGUAGES = {"en": "English", "fr": "French", "de": "German", "bg": "Bulgarian"}


class Differs(Exception):
    """Something is not as the day's script expects it."""


@dataclass(frozen=True, slots=True)
class Check:
    """Something that has to be so, and what it was."""

    claim: str
    expected: str
    found: str
    is_right: bool


@dataclass(frozen=True, slots=True)
class Message:
    """What somebody was told."""

    person: str
    language: str
    title: str
    body: str

    def speaks_of(self, word: str) -> bool:
        """Whether a name, or a number of things, stands in it."""
        return word.casefold() in f"{self.title} {self.body}".casefold()


@dataclass(frozen=True, slots=True)
class Event:
    """A line of the table at the end: what became of one record, and who was told."""

    on: str
    at: str
    what: str
    record: str
    before: str
    after: str
    told: str


@dataclass(slots=True)
class Step:
    """One moment of the day."""

    at: str
    headline: str
    checks: list[Check] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)


@dataclass
class Book:
    """The day as it is told; `clock` says what time it is there, `alive` raises when it cannot go on.

    `day` is the one that the last step was on.
    """

    screen: Console
    clock: Callable[[], datetime]
    alive: Callable[[], None] = lambda: None
    patience: float = PATIENCE
    steps: list[Step] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    day: date | None = None

    def step(self, headline: str) -> None:
        """Begin with what happens now."""
        now = self.clock()
        self.screen.print()
        if now.date() != self.day:
            self.day = now.date()
            self._print(f"{now:%A, %d %B %Y}", "bold underline", first="")
        self.steps.append(Step(f"{now:%H:%M}", headline))
        self._print(headline, "bold", first=f"{self.steps[-1].at}  ")

    def say(self, line: str, *, first: str = _INDENT) -> None:
        """Something that is seen, or to be known; `first` is before its first line."""
        self._print(line, first=first)

    def heard(self, message: Message) -> None:
        """What somebody was told, as it was told."""
        self.steps[-1].messages.append(message)
        self._print(message.title, "bold cyan", first=f"{_INDENT}> ", then=f"{_INDENT}  ")
        self._print(message.body, "cyan", first=f"{_INDENT}  ", then=f"{_INDENT}  ")

    def expect(self, claim: str, wanted: object, read: Callable[[], object]) -> None:
        """Look until it is as it should be; raises Differs where it does not become so in time."""
        deadline = time.monotonic() + self.patience
        while (found := read()) != wanted and time.monotonic() < deadline:
            self.alive()
            time.sleep(_GLANCE)
        self._checked(Check(claim, _words(wanted), _words(found), found == wanted))

    def _checked(self, check: Check) -> None:
        self.steps[-1].checks.append(check)
        if check.is_right:
            self._print(check.claim, "green", first="    ok ")
            return
        self._print(check.claim, "red", first="NOT SO ")
        self._print(f"expected: {check.expected}")
        self._print(f"found:    {check.found}")
        raise Differs(check.claim)

    def event(
        self, what: str, record: str, before: str, after: str, told: Sequence[str] = ()
    ) -> None:
        """A line for the table at the end, with first names."""
        names = ", ".join(_first(name) for name in told) or "-"
        now = self.clock()
        on, at = f"{now:%d %b}", f"{now:%H:%M}"
        self.events.append(Event(on, at, what, record, _first(before), _first(after), names))

    @property
    def checks(self) -> list[Check]:
        return [check for step in self.steps for check in step.checks]

    @property
    def failed(self) -> list[Check]:
        return [check for check in self.checks if not check.is_right]

    def show_table(self) -> None:
        """The day on one page."""
        table = Table(title="The day", title_justify="left", box=None, pad_edge=False)
        for heading in ("Date", "Time", "What", "Lead", "From", "", "To", "Told"):
            table.add_column(heading)
        for event in self.events:
            before = event.before or "(new)"
            when = (event.on, event.at)
            row = (*when, event.what, event.record, before, "->", event.after, event.told)
            table.add_row(*(escape(cell) for cell in row))
        self.screen.print()
        with self.screen.capture() as shown:
            self.screen.print(table, width=min(self.screen.width, _WIDTH))
        for line in shown.get().splitlines():
            self.screen.out(line.rstrip(), highlight=False)

    def as_json(self) -> dict[str, Any]:
        """Steps with their checks and messages, and the table."""
        return {
            "steps": [asdict(step) for step in self.steps],
            "events": [asdict(event) for event in self.events],
            "checks": len(self.checks),
            "failed": len(self.failed),
        }

    def _print(
        self, text: str, style: str = "", *, first: str = _INDENT, then: str = _INDENT
    ) -> None:
        """Print what fits into a terminal of 80 columns, or of fewer."""
        width = min(self.screen.width, _WIDTH)
        for line in wrap(text, width, initial_indent=first, subsequent_indent=then):
            self.screen.print(line, style=style, markup=False, soft_wrap=True)


def language_name(language: str) -> str:
    """What a language is called."""
    return _LANGUAGES[language]


def _first(name: str) -> str:
    return name.partition(" ")[0]


def _words(value: object) -> str:
    if isinstance(value, tuple | list):
        return ", ".join(_words(entry) for entry in value) or "nothing"
    return "nothing" if value is None or value == "" else str(value)
