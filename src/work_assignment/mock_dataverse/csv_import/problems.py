"""What is wrong with files that were to be imported: place by place, the first twenty told."""

from __future__ import annotations

from dataclasses import dataclass, field

MOST_TOLD = 20


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake; `line` counts from 1, the header, and None is the file as a whole."""

    file: str
    what: str
    line: int | None = None
    column: str | None = None

    def __str__(self) -> str:
        line = "" if self.line is None else f", line {self.line}"
        column = "" if self.column is None else f", column {self.column}"
        return f"{self.file}{line}{column}: {self.what}"


class ImportRefused(Exception):
    """Nothing was imported; `problems` are the first mistakes, `more` counts the others."""

    def __init__(self, problems: list[Problem], *, more: int = 0) -> None:
        self.problems = tuple(problems)
        self.more = more
        lines = [str(problem) for problem in problems]
        super().__init__("\n".join([*lines, f"and {more} more"] if more else lines))


@dataclass(slots=True)
class Problems:
    """Collects mistakes; those beyond the first ones are only counted."""

    found: list[Problem] = field(default_factory=list)
    more: int = 0

    def note(
        self, file: str, what: str, line: int | None = None, column: str | None = None
    ) -> None:
        if len(self.found) < MOST_TOLD:
            self.found.append(Problem(file, what, line, column))
        else:
            self.more += 1

    @property
    def are_enough(self) -> bool:
        return len(self.found) >= MOST_TOLD

    def raise_if_any(self) -> None:
        if self.found:
            raise ImportRefused(self.found, more=self.more)


def shown(value: str) -> str:
    """Quote a cell, shortened when it is long."""
    return repr(value if len(value) <= 60 else f"{value[:57]}...")
