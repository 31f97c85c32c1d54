"""What is wrong with a folder of definitions, and where: collected, then raised together."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from work_assignment.domain.errors import DefinitionError, WorkAssignmentError

MOST_PROBLEMS = 50
_LONGEST_SENTENCE = 400
_ENDLESS_NAME = re.compile(r"'([^'\s]{60})[^'\s]{141,}'")


@dataclass(frozen=True, slots=True)
class Place:
    """A file and a line in it; no line for the file as a whole."""

    file: str
    line: int | None = None

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class PlacedName:
    """A name that a definition gives, and where it stands."""

    place: Place
    name: str


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: a sentence without a full stop, and the nearest right word."""

    place: Place
    sentence: str
    suggestion: str | None = None

    def __str__(self) -> str:
        hint = f"; did you mean '{self.suggestion}'?" if self.suggestion else ""
        return f"{self.place}: {_shortened(self.sentence)}{hint}"


def _shortened(sentence: str) -> str:
    flat = _ENDLESS_NAME.sub(r"'\1...'", " ".join(sentence.split()))
    return flat if len(flat) <= _LONGEST_SENTENCE else flat[: _LONGEST_SENTENCE - 3] + "..."


class ConfigurationErrors(WorkAssignmentError):
    """The definitions cannot be used; `problems` are in the order of files and lines.

    `left_out` counts the problems beyond those that are worth listing.
    """

    def __init__(self, problems: Iterable[Problem], left_out: int = 0) -> None:
        self.problems = tuple(problems)
        self.left_out = left_out
        more = [f"and {left_out} more"] if left_out else []
        super().__init__("\n".join([*map(str, self.problems), *more]))


class Problems:
    """Collects problems, so that all are told at once."""

    def __init__(self) -> None:
        self._found: list[Problem] = []

    def __len__(self) -> int:
        return len(self._found)

    def add(self, place: Place, sentence: str, suggestion: str | None = None) -> None:
        """Note a problem; the same one twice, as an alias can bring about, counts once."""
        problem = Problem(place, sentence, suggestion)
        if problem not in self._found[-MOST_PROBLEMS:]:
            self._found.append(problem)

    def add_error(self, place: Place, error: DefinitionError) -> None:
        """Note what a domain function refused."""
        self.add(place, f"{error.where}: {error.problem}", error.suggestion)

    def raise_any(self) -> None:
        """Raise all that was collected, if anything was."""
        if self._found:
            ordered = sorted(
                self._found, key=lambda found: (found.place.file, found.place.line or 0)
            )
            left_out = max(0, len(ordered) - MOST_PROBLEMS)
            raise ConfigurationErrors(ordered[:MOST_PROBLEMS], left_out)
