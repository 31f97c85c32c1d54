"""CSV files as records: which table each is for, its delimiter, its lines."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from pathlib import Path

from ..tables.absent_tables import ABSENT_SETS
from ..tables.metadata import Catalog, Table
from .problems import MOST_TOLD, Problems

DELIMITERS = ",;\t"
# Each one costs a new look at the file; more are not told anyway.
_MOST_BROKEN = MOST_TOLD


@dataclass(frozen=True, slots=True)
class Record:
    """One record by header; `line` is where it begins, since quoted cells may span lines."""

    line: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class TableFile:
    """A file whose name is a table's, with its header and records."""

    name: str
    table: Table
    header: tuple[str, ...]
    records: tuple[Record, ...]
    delimiter: str = ","


def read_folder(folder: Path, catalog: Catalog, problems: Problems) -> list[TableFile]:
    """Read each CSV file of a folder; `leads.csv` and `lead.csv` are both for leads."""
    paths = _csv_files(folder)
    if not paths:
        problems.note(str(folder), "there are no CSV files, such as accounts.csv, in this folder")
    files: dict[str, TableFile] = {}
    for path in paths:
        table = _table_of(path.stem, catalog)
        if table is None:
            problems.note(path.name, _no_table(path.stem, catalog))
        elif table.is_intersect:
            problems.note(path.name, f"{table.logical_name} holds links, which are not imported")
        elif table.logical_name in files:
            other = files[table.logical_name].name
            problems.note(path.name, f"{other} is for the table {table.logical_name} too")
            problems.unread.add(table.logical_name)
        else:
            read = _read_file(path, table, problems)
            if read is None:
                problems.unread.add(table.logical_name)
            else:
                files[table.logical_name] = read
    return list(files.values())


def fingerprint(folder: Path) -> str:
    """Tell the CSV files of a folder from any others, by their names and content."""
    found = hashlib.sha256()
    for path in _csv_files(folder):
        for part in (path.name.encode(), _content(path)):
            found.update(len(part).to_bytes(8) + part)
    return found.hexdigest()


def left_out(folder: Path, catalog: Catalog) -> list[str]:
    """Name the files that are called like tables, but are not CSV files."""
    others = sorted(path for path in folder.glob("*") if path.suffix.lower() != ".csv")
    return [
        path.name
        for path in others
        if path.suffix and path.is_file() and _table_of(path.name.partition(".")[0], catalog)
    ]


def file_for(folder: Path, table: Table) -> str:
    """Name the file of a folder that holds the rows of a table."""
    names = (table.logical_name.lower(), table.entity_set_name.lower())
    return next(path.name for path in _csv_files(folder) if path.stem.lower() in names)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""  # whoever imports it is told


def _csv_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*") if path.suffix.lower() == ".csv")


def _table_of(name: str, catalog: Catalog) -> Table | None:
    lower = name.lower()
    return catalog.tables.get(lower) or next(
        (table for table in catalog if table.entity_set_name.lower() == lower), None
    )


def _no_table(name: str, catalog: Catalog) -> str:
    if not ABSENT_SETS.isdisjoint(_plurals(name.lower())):
        return f"Dataverse has the table {name!r}, the mock has not"
    known = [table.entity_set_name for table in catalog] + list(catalog.tables)
    close = get_close_matches(name.lower(), known, n=1)
    hint = f"; the nearest name is {close[0]}" if close else ""
    return f"no table has the entity set or logical name {name!r}{hint}"


def _plurals(name: str) -> Iterator[str]:
    yield name
    yield f"{name}s"
    yield f"{name}es"
    yield f"{name.removesuffix('y')}ies"


def _read_file(path: Path, table: Table, problems: Problems) -> TableFile | None:
    text = _decoded(path, problems)
    if text is None:
        return None
    delimiter = _delimiter(text)
    lines = _lines(text, delimiter)
    _, first = next(lines, (1, []))
    if isinstance(first, csv.Error):
        problems.note(path.name, _broken(first), 1)
        return None
    header = tuple(name.strip() for name in first)
    if not any(header):
        problems.note(path.name, "the header with the names of columns is missing", 1)
        return None
    noted = problems.count
    records = tuple(_records(path.name, header, lines, problems))
    if problems.count > noted:
        problems.unread.add(table.logical_name)
    return TableFile(path.name, table, header, records, delimiter)


def _decoded(path: Path, problems: Problems) -> str | None:
    try:
        data = path.read_bytes()
    except OSError as exc:
        problems.note(path.name, f"cannot be read: {exc.strerror}")
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = data.count(b"\n", 0, exc.start) + 1
        problems.note(path.name, "is not UTF-8 text; save it as CSV UTF-8", line)
        return None


def _delimiter(text: str) -> str:
    """Take what splits the header into most columns."""
    header = text.partition("\n")[0]
    return max(DELIMITERS, key=lambda each: len(next(csv.reader([header], delimiter=each), [])))


def _lines(text: str, delimiter: str) -> Iterator[tuple[int, list[str] | csv.Error]]:
    """Yield the cells of each line, or what is wrong with them, and where it begins.

    A quote that never ends would take all further lines with it, so after a broken line the
    reading begins anew with the next.
    """
    passed = 0
    for _ in range(_MOST_BROKEN):
        rest = islice(io.StringIO(text, newline=""), passed, None)
        reader = csv.reader(rest, delimiter=delimiter, strict=True)
        here = passed + 1
        try:
            for cells in reader:
                yield here, cells
                here = passed + reader.line_num + 1
        except csv.Error as exc:
            yield here, exc
            passed = here
        else:
            return


def _broken(error: csv.Error) -> str:
    never_ends = str(error) == "unexpected end of data"
    return f"is not CSV: {'a quote that begins here never ends' if never_ends else error}"


def _records(
    file: str,
    header: tuple[str, ...],
    lines: Iterator[tuple[int, list[str] | csv.Error]],
    problems: Problems,
) -> Iterator[Record]:
    for here, cells in lines:
        if isinstance(cells, csv.Error):
            problems.note(file, _broken(cells), here)
        elif not any(cell.strip() for cell in cells):
            continue
        elif len(cells) != len(header):
            problems.note(file, f"has {_cells(len(cells))}, the header {len(header)}", here)
        else:
            yield Record(here, dict(zip(header, cells, strict=False)))


def _cells(number: int) -> str:
    return "1 cell" if number == 1 else f"{number} cells"
