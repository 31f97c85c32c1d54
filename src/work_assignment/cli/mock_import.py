"""Fills the mock with CSV files: one for each table, or the four files of a CRM export."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from work_assignment.bootstrap import connect
from work_assignment.cli import sample_data
from work_assignment.cli.common import Refused
from work_assignment.cli.demo_organisations import ExportedOrganisation
from work_assignment.dataverse import messages
from work_assignment.mock_dataverse.csv_import.files import file_for, left_out
from work_assignment.mock_dataverse.csv_import.problems import ImportRefused
from work_assignment.mock_dataverse.server import MockServer
from work_assignment.services.crm_export import OPPORTUNITIES, SELLERS, read_export
from work_assignment.services.csv_table import CsvError
from work_assignment.settings import Credentials


def solutions_for(folder: Path) -> Sequence[Path]:
    """Return the solutions that what is imported needs; a CRM export has columns of its own."""
    if not folder.is_dir():
        raise Refused(f"--import: {folder} is no folder.")
    return ExportedOrganisation.solutions if _is_export(folder) else ()


def fill(server: MockServer, folder: Path, credentials: Credentials) -> None:
    """Import a folder, or refuse it with all that is wrong in it."""
    try:
        if server.has_imported(folder):
            # A row written twice is worse than a file left out, which is easily imported again.
            _say(f"The files of {folder} are imported already.")
        elif _is_export(folder):
            _say(f"Importing {folder}, a CRM export ...")
            _fill_with_export(server.url, credentials, folder)
            server.remember_import(folder)
        else:
            _say(f"Importing {folder} ...")
            _fill_with_tables(server, folder)
    except ImportRefused as exc:
        raise Refused(f"nothing was imported from {folder}:\n{exc}") from None
    except CsvError as exc:
        raise Refused(
            f"nothing was imported from {folder}, which is taken for a CRM export because it has"
            f" {SELLERS} and {OPPORTUNITIES}:\n{exc}"
        ) from None


def _is_export(folder: Path) -> bool:
    return all((folder / name).is_file() for name in (SELLERS, OPPORTUNITIES))


def _fill_with_tables(server: MockServer, folder: Path) -> None:
    screen = Console(stderr=True)
    bar = Progress(
        TextColumn("Importing"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=screen,
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    with bar:
        task = bar.add_task("rows", total=None)
        counts = server.import_folder(
            folder,
            lambda done, total: bar.update(task, completed=done, total=total),
            lambda file, number: _say(f"  {file}: {number:,} {'row' if number == 1 else 'rows'}"),
        )
    _say(_told(server, folder, counts))
    for name in left_out(folder, server.store.catalog):
        _say(f"{name} is left out: only files that end in .csv are imported.")


def _told(server: MockServer, folder: Path, counts: Mapping[str, int]) -> str:
    written, empty = [], []
    for name, number in counts.items():
        table = server.store.catalog.tables[name]
        if number:
            written.append(f"{number:,} {name if number == 1 else table.entity_set_name}")
        else:
            empty.append(f"{file_for(folder, table)} has no rows")
    if not written:
        return f"Imported nothing: {', '.join(empty)}."
    return f"Imported {', '.join(written)}{''.join(f'; {each}' for each in empty)}."


def _say(what: str) -> None:
    # Standard output is for the address, which programs read.
    print(what, file=sys.stderr, flush=True)


def _fill_with_export(url: str, credentials: Credentials, folder: Path) -> None:
    """Write the sellers, the accounts and the open opportunities of a CRM export."""
    organisation = ExportedOrganisation(read_export(folder))
    with connect(url, credentials) as client:
        organisation.fill(client)
        sample_data.write(
            client,
            (
                messages.create(deal.table.entity_set, dict(deal.columns), row_id=deal.id)
                for deal in organisation.incoming()
            ),
        )
