"""CSV files as records: which table each is for, its delimiter, its lines."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from ..tables.absent_tables import ABSENT_SETS
from ..tables.metadata import Catalog, Table
from .problems import Problems

_DELIMITERS = ",;\t"


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
        else:
            read = _read_file(path, table, problems)
            if read is not None:
                files[table.logical_name] = read
    return list(files.values())


def fingerprint(folder: Path) -> str:
    """Tell the CSV files of a folder from any others, by their names and content."""
    found = hashlib.sha256()
    for path in _csv_files(folder):
        for part in (path.name.encode(), _content(path)):
            found.update(len(part).to_bytes(8) + part)
    return found.hexdigest()


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
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        header = tuple(name.strip() for name in next(reader, []))
        records = tuple(_records(path.name, header, reader, problems)) if header else ()
    except csv.Error as exc:
        problems.note(path.name, f"is not CSV: {exc}", max(reader.line_num, 1))
        return None
    if not any(header):
        problems.note(path.name, "the header with the names of columns is missing", 1)
        return None
    return TableFile(path.name, table, header, records)


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
    return max(_DELIMITERS, key=lambda each: len(next(csv.reader([header], delimiter=each), [])))


def _records(
    file: str, header: tuple[str, ...], rows: Iterator[list[str]], problems: Problems
) -> Iterator[Record]:
    line = _line_of(rows) + 1
    for cells in rows:
        here, line = line, _line_of(rows) + 1
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            problems.note(file, f"has {_cells(len(cells))}, the header {len(header)}", here)
            continue
        yield Record(here, dict(zip(header, cells, strict=False)))


def _cells(number: int) -> str:
    return "1 cell" if number == 1 else f"{number} cells"


def _line_of(rows: Iterator[list[str]]) -> int:
    number: int = getattr(rows, "line_num", 0)
    return number
