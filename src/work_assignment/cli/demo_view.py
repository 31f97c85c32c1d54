"""What a demonstration shows: each record's way, totals by rule, and the load per seller."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from shlex import quote

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from work_assignment.cli.demo_records import Load, Routed

BAR = 30
NAME = 34
OWNER = 20


def show_routed(console: Console, routed: Routed) -> None:
    """One record: its story, who has it, and why in a few words; fits 80 columns."""
    if routed.story:
        console.print(f"[dim]{escape(routed.story)}[/dim]")
    kind = "opp." if routed.table == "opportunity" else routed.table
    colour = "green" if routed.owner else "yellow"
    who = escape(_fitted(routed.owner or "nobody", OWNER))
    took = f" {routed.seconds:4.1f} s" if routed.seconds is not None else ""
    console.print(
        f"  {kind:<5}{escape(_fitted(routed.name, NAME))} -> [{colour}]{who}[/{colour}]{took}"
    )
    console.print(f"       [dim]{escape(routed.reason)}[/dim]")


def _fitted(text: str, cells: int) -> str:
    """The text in just so many cells of the terminal; wide letters take two."""
    if cell_len(text) > cells:
        text = f"{set_cell_size(text, cells - 1).rstrip()}…"
    return set_cell_size(text, cells)


def show_totals(console: Console, routed: Sequence[Routed]) -> None:
    """How many records each rule gave away, and why the others have no seller."""
    table = Table(title="Records by rule", title_justify="left", box=None, pad_edge=False)
    table.add_column("Rule, or why nobody has it")
    table.add_column("Records", justify="right")
    counts = Counter(
        record.reason.partition(": ")[0] if record.owner else record.reason for record in routed
    )
    for reason, count in counts.most_common():
        table.add_row(escape(reason), str(count))
    console.print()
    console.print(table)


def show_loads(console: Console, loads: Iterable[Load]) -> None:
    """A bar for each seller: open records of her maximum."""
    listed = list(loads)
    most = max((max(load.open_records, load.capacity) for load in listed), default=1) or 1
    table = Table(title="Load per seller", title_justify="left", box=None, pad_edge=False)
    table.add_column("Seller")
    table.add_column("")
    table.add_column("Open", justify="right")
    table.add_column("Maximum", justify="right")
    for load in listed:
        filled = round(BAR * load.open_records / most)
        room = max(round(BAR * load.capacity / most) - filled, 0)
        colour = "red" if load.open_records > load.capacity else "green"
        bar = f"[{colour}]{'█' * filled}[/{colour}][dim]{'░' * room}[/dim]"
        table.add_row(escape(load.name), bar, str(load.open_records), str(load.capacity))
    console.print()
    console.print(table)


def show_how_to_go_on(
    console: Console,
    dataverse_url: str,
    app_url: str,
    example: tuple[str, str, str],
    settings: Mapping[str, str],
) -> None:
    """The addresses, and how to send a record oneself: its type, entity set and columns.

    `settings` are those with which commands work on this app.
    """
    record_type, entity_set, columns = example
    exports = "\n".join(f"  export {name}={quote(value)}" for name, value in settings.items())
    console.print(
        f"""
The mock Dataverse is at  {dataverse_url}/api/data/v9.2/
The app is at             {app_url}/api/health

Send one yourself, from another terminal, and see it routed here:
  curl -i {dataverse_url}/api/data/v9.2/{entity_set} \\
    -H 'Content-Type: application/json' \\
    -d '{columns}'
The answer names its id in OData-EntityId. Then ask why it went where it went:
  .venv/bin/wa explain {record_type} ID --url {dataverse_url}

Other commands, such as .venv/bin/wa sweep, work on this app too, in a terminal with
{exports}

Ctrl-C ends the demonstration.
""",
        markup=False,
        soft_wrap=True,
    )
