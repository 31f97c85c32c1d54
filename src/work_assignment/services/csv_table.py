"""A CSV file as rows of text by column, and its cells as typed values; problems are collected."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from work_assignment.domain.errors import WorkAssignmentError, nearest

MOST_PROBLEMS_SHOWN = 20

_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_WHOLE = re.compile(r"[0-9]+")
_DAY = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CsvProblem:
    """What is wrong in one place. `line` counts from 1, the header; `column` None is the line."""

    line: int
    column: str | None
    what: str


class CsvError(WorkAssignmentError):
    """A file that cannot be used, with every problem in it: the first twenty, and how many more."""

    def __init__(self, file: str, problems: Sequence[CsvProblem]) -> None:
        in_order = sorted(problems, key=lambda problem: problem.line)
        self.file = file
        self.problems = tuple(in_order[:MOST_PROBLEMS_SHOWN])
        self.more = len(in_order) - len(self.problems)
        lines = [self._sentence(problem) for problem in self.problems]
        if self.more:
            lines.append(f"{file}: and {self.more} more")
        super().__init__("\n".join(lines))

    def _sentence(self, problem: CsvProblem) -> str:
        column = f", column {problem.column}" if problem.column else ""
        return f"{self.file}, line {problem.line}{column}: {problem.what}"


@dataclass(frozen=True, slots=True)
class CsvRow:
    """One line's cells by column, without blanks around them. A quoted cell may span lines."""

    line: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]


@dataclass(slots=True)
class CsvTable:
    """A file's rows; a cell that is not what was asked for is noted as a problem and read as None."""

    file: str
    rows: list[CsvRow] = field(default_factory=list)
    problems: list[CsvProblem] = field(default_factory=list)
    hints_given: int = 0

    def note(self, row: CsvRow, column: str, what: str) -> None:
        self.problems.append(CsvProblem(row.line, column, what))

    def raise_if_any(self) -> None:
        """Raise CsvError if anything was noted."""
        if self.problems:
            raise CsvError(self.file, self.problems)

    def text(self, row: CsvRow, column: str) -> str:
        """A text that has to be there."""
        if not row[column]:
            self.note(row, column, "is empty")
        return row[column]

    def number(self, row: CsvRow, column: str) -> Decimal | None:
        """A number of zero or more, such as 1100.04; an empty cell is None."""
        if not row[column]:
            return None
        if _NUMBER.fullmatch(row[column]):
            return Decimal(row[column])
        self.note(row, column, f"'{row[column]}' is not a number such as 1100.04")
        return None

    def whole(self, row: CsvRow, column: str) -> int | None:
        """A whole number of zero or more; an empty cell is None."""
        if not row[column]:
            return None
        if _WHOLE.fullmatch(row[column]):
            return int(row[column])
        self.note(row, column, f"'{row[column]}' is not a whole number")
        return None

    def day(self, row: CsvRow, column: str) -> date | None:
        """A date written month/day/year; an empty cell is None."""
        if not row[column]:
            return None
        written = _DAY.fullmatch(row[column])
        if written is not None:
            month, day, year = map(int, written.groups())
            with suppress(ValueError):
                return date(year, month, day)
        self.note(row, column, f"'{row[column]}' is not a date written M/D/YYYY")
        return None

    def named(self, row: CsvRow, column: str, kind: str, known: Mapping[str, T]) -> T | None:
        """What the cell names among `known`; `kind` is the word for it in the problem."""
        if not self.text(row, column):
            return None
        found = known.get(row[column])
        if found is None:
            self.note(
                row, column, f"there is no {kind} '{row[column]}'{self._hint(row[column], known)}"
            )
        return found

    def _hint(self, word: str, known: Iterable[str]) -> str:
        """The nearest right word, for as many problems as are shown: looking for it takes long."""
        self.hints_given += 1
        close = nearest(word, known) if self.hints_given <= MOST_PROBLEMS_SHOWN else None
        return f"; did you mean '{close}'?" if close else ""

    def check_unique(self, column: str) -> None:
        """Note every row whose cell is empty or was there before."""
        first: dict[str, int] = {}
        for row in self.rows:
            key = self.text(row, column)
            if key and key in first:
                self.note(row, column, f"'{key}' is already on line {first[key]}")
            first.setdefault(key, row.line)


def read_table(file: Path, columns: Iterable[str]) -> CsvTable:
    """Read a UTF-8 file, with or without byte order mark, that has at least these columns.

    A line of another length than the header is noted; what cannot be read at all raises CsvError.
    """
    reader = csv.reader(io.StringIO(_decoded(file), newline=""), strict=True)
    table = CsvTable(file.name)
    try:
        header = [name.strip() for name in next(reader, [])]
        _check_header(file.name, header, columns)
        line = reader.line_num + 1
        for cells in reader:
            if cells:
                _add_row(table, header, line, cells)
            line = reader.line_num + 1
    except csv.Error as exc:
        problem = CsvProblem(reader.line_num, None, f"is not CSV ({exc})")
        raise CsvError(file.name, [*table.problems, problem]) from None
    return table


def _decoded(file: Path) -> str:
    try:
        data = file.read_bytes()
    except OSError as exc:
        raise CsvError(file.name, [CsvProblem(1, None, f"cannot be read: {exc.strerror}")]) from exc
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = data.count(b"\n", 0, exc.start) + 1
        what = "is not UTF-8 text; save the file as CSV UTF-8"
        raise CsvError(file.name, [CsvProblem(line, None, what)]) from None


def _check_header(file: str, header: Sequence[str], columns: Iterable[str]) -> None:
    problems = []
    for column in columns:
        if header.count(column) == 0:
            close = nearest(column, header)
            hint = f"; the nearest is '{close}'" if close else ""
            problems.append(CsvProblem(1, column, f"the column is missing{hint}"))
        elif header.count(column) > 1:
            problems.append(CsvProblem(1, column, "the column is there twice"))
    if problems:
        raise CsvError(file, problems)


def _add_row(table: CsvTable, header: Sequence[str], line: int, cells: Sequence[str]) -> None:
    if len(cells) != len(header):
        what = f"has {len(cells)} cells, but the header has {len(header)}"
        table.problems.append(CsvProblem(line, None, what))
        return
    stripped = (cell.strip() for cell in cells)
    table.rows.append(CsvRow(line, dict(zip(header, stripped, strict=True))))
