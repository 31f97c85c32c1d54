"""What is wrong with files that were to be imported: place by place, the first twenty told."""

from __future__ import annotations

from dataclasses import dataclass, field

MOST_TOLD = 20
_MOST_HELD = 1000


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
    """Collects mistakes, in whatever order; those beyond the first lines are only counted.

    `unread` are the tables some of whose rows could not be read: nobody can say what they lack.
    """

    count: int = 0
    unread: set[str] = field(default_factory=set)
    _found: list[Problem] = field(default_factory=list)

    def note(
        self, file: str, what: str, line: int | None = None, column: str | None = None
    ) -> None:
        self.count += 1
        self._found.append(Problem(file, what, line, column))
        if len(self._found) > _MOST_HELD:
            self._found = self._first()

    @property
    def are_enough(self) -> bool:
        return self.count >= MOST_TOLD

    def raise_if_any(self) -> None:
        if self.count:
            told = self._first()
            raise ImportRefused(told, more=self.count - len(told))

    def _first(self) -> list[Problem]:
        in_order = sorted(self._found, key=lambda problem: (problem.file, problem.line or 0))
        return in_order[:MOST_TOLD]


def shown(value: str) -> str:
    """Quote a cell, shortened when it is long."""
    return repr(value if len(value) <= 60 else f"{value[:57]}...")
