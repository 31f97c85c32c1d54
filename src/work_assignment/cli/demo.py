"""wa demo: the whole system on this machine, with records coming in and being routed, live."""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from work_assignment.bootstrap import connect
from work_assignment.cli import apply, demo_records, demo_view, sample_data, webhooks
from work_assignment.cli.common import (
    DONE,
    REFUSED,
    Refused,
    check_writable,
    console,
    end_like_ctrl_c_when_told,
)
from work_assignment.cli.demo_day import EXAMPLE, ScriptedDay
from work_assignment.cli.demo_organisations import (
    ExportedOrganisation,
    Incoming,
    Organisation,
    SampleOrganisation,
)
from work_assignment.cli.demo_records import Routed
from work_assignment.cli.demo_world import World
from work_assignment.dataverse.client import DataverseClient
from work_assignment.services.crm_export import read_export
from work_assignment.services.csv_table import CsvError
from work_assignment.settings import Credentials

SUMMARY = "show the whole system on this machine"
DAY = "day"
_FIRST_SHOWN = 12
_LOOK_EVERY = 0.5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--once", action="store_true", help="end after the records are routed")
    parser.add_argument(
        "--scenario",
        choices=[DAY],
        help="day: a scripted day on virtual time, told and checked",
    )
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="take the organisation from a CRM export's CSVs"
    )
    parser.add_argument(
        "--app-root", type=Path, default=Path.cwd(), help="where function_app.py is; default: here"
    )
    # A file, unlike elsewhere: the terminal is for the show.
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to a file")


def run(arguments: argparse.Namespace) -> int:
    """Run the show; 1 unless every record got an outcome, or all is as the scenario has it."""
    end_like_ctrl_c_when_told()
    if arguments.scenario and arguments.data:
        arguments.refuse("--scenario has an organisation of its own, so --data says nothing")
    if arguments.json:
        check_writable(arguments.json)
    screen = console()
    if arguments.scenario == DAY:
        return _day(arguments, screen)
    organisation = _organisation(arguments.data)
    with tempfile.TemporaryDirectory(prefix="work-assignment-") as name:
        folder = Path(name)
        with World(folder, arguments.app_root, organisation.solutions) as world:
            return _show(arguments, organisation, screen, folder, world)


def _day(arguments: argparse.Namespace, screen: Console) -> int:
    with (
        tempfile.TemporaryDirectory(prefix="work-assignment-") as name,
        World(Path(name), arguments.app_root) as world,
    ):
        day = ScriptedDay(world, screen)
        status = day.play(arguments.json)
        if not arguments.once:
            demo_view.show_how_to_go_on(
                screen, day.dataverse_url, day.app_url, EXAMPLE, world.command_settings
            )
            _stay(screen, day.dataverse_url, world)
        return status


def _organisation(data: Path | None) -> Organisation:
    if data is None:
        return SampleOrganisation()
    try:
        return ExportedOrganisation(read_export(data))
    except CsvError as exc:
        raise Refused(str(exc)) from None


def _show(
    arguments: argparse.Namespace,
    organisation: Organisation,
    screen: Console,
    folder: Path,
    world: World,
) -> int:
    screen.print(f"[bold]{organisation.title}[/bold]")
    screen.print("Starting a mock Dataverse ...")
    dataverse_url = world.start_mock()
    with connect(dataverse_url, Credentials()) as admin:
        organisation.fill(admin)
        applied = apply.apply_folder(admin, organisation.definitions(folder))
        screen.print(apply.told(applied, "Definitions"))
        app_url = world.start_host(dataverse_url)
        registered = webhooks.sync_with(admin, app_url, world.function_key)
        screen.print(f"Webhooks: {len(registered.actions)} rows written.")
        incoming = organisation.incoming()
        before = _app_requests(admin)
        started = time.monotonic()
        with connect(dataverse_url, Credentials(token=f"user:{organisation.creator}")) as sender:
            routed = _route(organisation, incoming, sender, admin, screen, world)
        seconds = time.monotonic() - started
        requests = _app_requests(admin) - before
        demo_view.show_totals(screen, routed)
        demo_view.show_loads(screen, demo_records.loads(admin))
    assigned = sum(bool(record.owner) for record in routed)
    _sum_up(screen, incoming, routed, assigned, seconds, requests)
    if arguments.json:
        figures = {
            "records": len(incoming),
            "assigned": assigned,
            "unassigned": len(routed) - assigned,
            "seconds": round(seconds, 2),
            "dataverse_requests": requests,
        }
        arguments.json.write_text(json.dumps(figures) + "\n", encoding="utf-8")
    if not arguments.once:
        demo_view.show_how_to_go_on(
            screen, dataverse_url, app_url, organisation.example, world.command_settings
        )
        _stay(screen, dataverse_url, world)
    return DONE if len(routed) == len(incoming) else REFUSED


def _stay(screen: Console, dataverse_url: str, world: World) -> None:
    """Show whatever else comes in, until somebody ends it."""
    with connect(dataverse_url, Credentials()) as admin:
        seen: set[str] = set()
        demo_records.newcomers(admin, seen)
        try:
            while True:
                time.sleep(_LOOK_EVERY)
                world.check()
                for record in demo_records.newcomers(admin, seen):
                    demo_view.show_routed(screen, record)
        except KeyboardInterrupt:
            screen.print("\nEnding the demonstration ...")


def _route(
    organisation: Organisation,
    incoming: Sequence[Incoming],
    sender: DataverseClient,
    admin: DataverseClient,
    screen: Console,
    world: World,
) -> list[Routed]:
    if not organisation.one_by_one:
        return _route_at_once(incoming, sender, admin, screen, world)
    screen.print(f"\n{len(incoming)} records come in, one after the other:\n")
    routed = []
    for record in incoming:
        demo_records.send_one(sender, record)
        outcome = demo_records.wait_for_one(admin, record, world.check)
        if outcome is None:
            screen.print(f"  {record.name}: no outcome within {demo_records.PATIENCE:.0f} s")
            continue
        demo_view.show_routed(screen, outcome)
        routed.append(outcome)
    return routed


def _route_at_once(
    incoming: Sequence[Incoming],
    sender: DataverseClient,
    admin: DataverseClient,
    screen: Console,
    world: World,
) -> list[Routed]:
    screen.print(f"\n{len(incoming)} records come in at once:\n")
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=screen, transient=True) as progress:
        created = progress.add_task("created", total=len(incoming))
        decided = progress.add_task("decided", total=len(incoming))
        for start in range(0, len(incoming), 100):
            demo_records.send_all(sender, incoming[start : start + 100])
            progress.update(created, completed=min(start + 100, len(incoming)))
        for done in demo_records.wait_for_all(admin, len(incoming), world.check):
            progress.update(decided, completed=done)
    routed = demo_records.outcomes(admin, incoming)
    for record in routed[:_FIRST_SHOWN]:
        demo_view.show_routed(screen, record)
    if len(routed) > _FIRST_SHOWN:
        screen.print(f"  ... and {len(routed) - _FIRST_SHOWN} more")
    return routed


def _sum_up(
    screen: Console,
    incoming: Sequence[Incoming],
    routed: Sequence[Routed],
    assigned: int,
    seconds: float,
    requests: int,
) -> None:
    missing = len(incoming) - len(routed)
    screen.print(
        f"\n{len(incoming)} records: {assigned} assigned, {len(routed) - assigned} unassigned"
        + (f", [red]{missing} without outcome[/red]" if missing else "")
        + f", in {seconds:.1f} s and {requests} requests of the app to Dataverse."
    )


def _app_requests(client: DataverseClient) -> int:
    return demo_records.requests_of(client, sample_data.row_id("systemuser", sample_data.APP_USER))
