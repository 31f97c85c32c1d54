"""wa demo --scenario day: a scripted day on virtual time, which is told and checked."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from work_assignment.bootstrap import connect
from work_assignment.cli import apply, demo_records, sample_data, webhooks
from work_assignment.cli.common import DONE, REFUSED
from work_assignment.cli.demo_day_acts import ACTS, SATURDAY, Day
from work_assignment.cli.demo_day_book import Book, Differs
from work_assignment.cli.demo_day_stage import Stage
from work_assignment.cli.demo_work import Work
from work_assignment.cli.demo_world import World
from work_assignment.dataverse.client import DataverseClient
from work_assignment.samples import DAY_DEFINITIONS
from work_assignment.settings import Credentials

TITLE = "A day at Bergluft Touren, on virtual time"
# The timer's bell rings each minute as in Azure, and so at each jump once.
_SETTINGS = {"WA_CLOCK": "mock", "WA_BELL_SCHEDULE": "0 * * * * *"}
_OPENING = "16:00"
EXAMPLE = (
    "lead",
    "leads",
    '{"lastname": "Curtis", "budgetamount": 60000}',
)


class ScriptedDay:
    """A mock and a host that go by the mock's clock, and the acts one after the other."""

    def __init__(self, world: World, screen: Console) -> None:
        self._world = world
        self._screen = screen
        self.dataverse_url = ""
        self.app_url = ""

    def play(self, file: Path | None) -> int:
        """Go through the day; 1 when anything is not as it should be."""
        self._screen.print(f"[bold]{TITLE}[/bold]")
        self._screen.print("Starting a mock Dataverse ...")
        self.dataverse_url = self._world.start_mock()
        with connect(self.dataverse_url, Credentials()) as admin:
            stage = Stage(self.dataverse_url, admin)
            self._settle_in(stage, admin)
            book = Book(self._screen, stage.now, self._world.check)
            book.say(f"Who is who: {', '.join(stage.titles)}.", first="")
            book.say("Dataverse and the app go by one clock, set to Berlin's time.", first="")
            with Work(self._world.queues_file, self.dataverse_url, self._world.check) as stage.work:
                seconds = _played(Day(stage, book))
            requests = demo_records.requests_of(
                admin, sample_data.row_id("systemuser", sample_data.APP_USER)
            )
        book.show_table()
        self._sum_up(book, seconds, requests)
        if file:
            figures = {"seconds": round(seconds, 2), "dataverse_requests": requests}
            _write(file, book.as_json() | figures)
        return REFUSED if book.failed else DONE

    def _settle_in(self, stage: Stage, admin: DataverseClient) -> None:
        stage.go_to(SATURDAY, _OPENING)
        stage.fill()
        applied = apply.apply_folder(admin, DAY_DEFINITIONS)
        self._screen.print(apply.told(applied, "Definitions"))
        self.app_url = self._world.start_host(self.dataverse_url, settings=_SETTINGS)
        registered = webhooks.sync_with(admin, self.app_url, self._world.function_key)
        self._screen.print(f"Webhooks: {len(registered.actions)} rows written.")

    def _sum_up(self, book: Book, seconds: float, requests: int) -> None:
        wrong = len(book.failed)
        verdict = f"[red]{wrong} not as expected[/red]" if wrong else "[green]all right[/green]"
        self._screen.print(
            f"\n{len(book.checks)} checks, {verdict}; {seconds:.0f} s and {requests} requests of "
            "the app to Dataverse."
        )


def _played(day: Day) -> float:
    started = time.monotonic()
    for act in ACTS:
        try:
            act(day)
        except Differs:
            # It has been told; the other acts may still show something.
            continue
    return time.monotonic() - started


def _write(file: Path, story: dict[str, Any]) -> None:
    text = json.dumps(story, ensure_ascii=False, indent=2)
    file.write_text(f"{text}\n", encoding="utf-8")
