"""wa sweep: usage, what it prints, how it is told to stop."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from work_assignment.bootstrap import connect
from work_assignment.cli import sample_data, sweep, sweep_view, sweep_watch
from work_assignment.cli.main import main
from work_assignment.dataverse.sweep_store import SweepStore
from work_assignment.domain.errors import Unavailable
from work_assignment.domain.records import Owner, RecordKey
from work_assignment.domain.runs.sweeps import Counts, Sweep, SweepStatus, Swept, Trigger
from work_assignment.domain.runs.undoing import Left, Why
from work_assignment.mock_dataverse.server import MockServer
from work_assignment.samples import DEFINITIONS
from work_assignment.services.sweep_reports import SweepReport
from work_assignment.services.sweeping import Sweeper
from work_assignment.services.undoing import STOPPED, Undoer, UndoReport
from work_assignment.settings import Credentials

AT = datetime(2026, 3, 4, 9, 5, 7, tzinfo=UTC)
ID = "6b2d5f0e-5d0a-4c55-9a39-3f7f1f3f8a01"
SWEEP = Sweep(ID, "Sweep of lead", SweepStatus.SUCCEEDED, AT, counts=Counts(1204, 1200, 3))


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    monkeypatch.setenv("AzureWebJobsStorage", f"sqlite:{tmp_path / 'queues.sqlite'}")
    monkeypatch.delenv("WA_MODE", raising=False)
    with MockServer() as mock:
        sample_data.fill(mock.url)
        main(["apply", str(DEFINITIONS), "--url", mock.url])
        yield mock.url


def swept(number: int) -> Swept:
    seller = Owner("systemuser", "ana")
    key = RecordKey("lead", f"id {number}")
    return Swept(f"run {number}", key, f"Lead {number}", seller, None, None, "app", AT)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--since", "31.01.2026"], "'31.01.2026' is no day such as 2026-01-31"),
        (["--limit", "0"], "'0' is no number of records"),
        (["--limit", "many"], "'many' is no number of records"),
        (["undo"], "the following arguments are required: ID"),
        (["redo"], "invalid choice: 'redo'"),
        (["--segment", "UK", "list"], "--segment says what to sweep"),
        (["--limit", "5", "undo", ID], "--limit says what to sweep"),
    ],
)
def test_wrong_usage_is_named(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["sweep", *arguments])
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--segment", "Japn"], "there is no active segment 'Japn'; did you mean 'Japan'?"),
        (
            ["--segment", "Japan", "--record-type", "opportunity"],
            "'Japan' is a segment of lead, not of opportunity",
        ),
        (
            ["--since", "2999-01-31"],
            "2999-01-31 is in the future; nothing was created since",
        ),
        (
            ["--since", "2999-01-31", "--watch"],
            "2999-01-31 is in the future; nothing was created since",
        ),
        (["undo", "last"], "'last' is not the id of a sweep"),
        (["undo", ID], f"there is no sweep {ID}"),
    ],
)
def test_what_does_not_exist_is_refused_in_one_line(
    url: str, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["sweep", "--url", url, *arguments]) == 1
    assert capsys.readouterr().err == f"wa sweep: {said}\n"


def test_without_storage_it_says_which_setting_is_missing(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AzureWebJobsStorage")
    assert main(["sweep", "--url", url]) == 1
    assert "AzureWebJobsStorage is missing" in capsys.readouterr().err


def test_a_storage_that_cannot_be_used_is_said_in_one_line(
    url: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "no folder").write_text("")
    monkeypatch.setenv("AzureWebJobsStorage", f"sqlite:{tmp_path / 'no folder' / 'q.sqlite'}")
    capsys.readouterr()

    assert main(["sweep", "--url", url]) == 1

    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("wa sweep: ")
    assert "q.sqlite" in line
    assert main(["sweep", "list", "--url", url]) == 0
    assert capsys.readouterr().out == "There has been no sweep.\n"


@pytest.mark.parametrize("why", [KeyboardInterrupt(), Unavailable("nobody answers")])
def test_who_watches_no_longer_is_told_that_the_sweep_goes_on(
    url: str,
    why: BaseException,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def end(*_: object) -> None:
        raise why

    monkeypatch.setattr(sweep_watch, "follow", end)
    capsys.readouterr()

    status = main(["sweep", "--watch", "--url", url])

    said = capsys.readouterr().err
    assert status == (130 if isinstance(why, KeyboardInterrupt) else 1)
    assert said.splitlines()[0].endswith("it is not watched any more, and goes on; to stop it:")
    sweep_id = said.splitlines()[1].removeprefix("wa sweep stop ")
    assert str(UUID(sweep_id)) == sweep_id


def test_a_sweep_that_was_handed_over_is_named_though_watching_it_never_began(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(SweepStore, "count", ended_at_once)
    capsys.readouterr()

    assert main(["sweep", "--watch", "--url", url]) == 130

    assert "\nwa sweep stop " in capsys.readouterr().err


def test_nothing_to_sweep_is_a_sweep_too(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["sweep", "list", "--url", url]) == 0
    assert capsys.readouterr().out == "There has been no sweep.\n"
    assert main(["sweep", "--url", url, "--record-type", "lead"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("Sweep of lead, 20")
    assert said[1:4] == ["  records     0", "  assigned    0", "  unassigned  0"]
    assert main(["sweep", "list", "--url", url, "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert datetime.fromisoformat(row["started_at"]).isoformat() == row["started_at"]
    assert (row["status"], row["trigger"], row["record_type"]) == ("succeeded", "manual", "lead")


def test_reasons_come_with_the_most_frequent_first_and_end_somewhere() -> None:
    reasons = Counter({f"reason {number:02}": 20 - number for number in range(18)})
    report = SweepReport(SWEEP, 2.25, assigned=1200, by_hand=1, left=1, unassigned=reasons)
    lines = list(sweep_view.swept(report))
    assert lines[:6] == [
        "Sweep of lead: succeeded in 2.2 s",
        "  records                  1204",
        "  assigned                 1200",
        "  kept with whom they are     1",
        "  unassigned                207",
        "  left waiting                1",
    ]
    assert lines[6] == "    20  reason 00"
    assert lines[-2:] == ["    and 3 more reasons", f"  id: {ID}"]


def test_sweeps_are_listed_in_columns() -> None:
    other = Sweep(ID.replace("6", "7"), "Sweep of all", SweepStatus.IN_PROGRESS, AT, undone=0)
    due = replace(SWEEP, trigger=Trigger.SCHEDULED, due_at=AT, ended_at=AT + timedelta(seconds=75))
    assert list(sweep_view.listed([due, other])) == [
        "began (UTC)          took        trigger    status       records  assigned  unassigned"
        "  undone",
        "2026-03-04 09:05:07  1 min 15 s  scheduled  succeeded       1204      1200           3",
        "    Sweep of lead, due 2026-03-04 09:05",
        f"    id: {ID}",
        "2026-03-04 09:05:07              by hand    in progress        0         0           0",
        "    Sweep of all",
        f"    id: {ID.replace('6', '7')}",
    ]
    assert sweep_view.sweep_data(due)["seconds"] == 75.0


def test_what_there_is_to_say_of_a_sweep_is_said_in_the_list() -> None:
    """Why records were left waiting, how late it was, or why it was refused."""
    why = "1 record still waits (held by what a worker has reserved until 09:05 UTC)"
    left, plain = replace(SWEEP, message=why), replace(SWEEP, message="")

    shown = [line.strip() for line in sweep_view.listed([left, plain])]

    assert shown[3:5] == [f"{why}.", f"id: {ID}"]
    assert shown.count(f"id: {ID}") == 2


def test_what_was_left_is_named_with_the_reason() -> None:
    left = [Left(swept(number), Why.CHANGED) for number in range(1, 8)]
    left.append(Left(swept(8), Why.OWNER_CANNOT, "is disabled"))
    report = UndoReport(SWEEP, before=1, back=[swept(9)], left=left)
    assert list(sweep_view.undone(report, is_dry=False)) == [
        "Sweep of lead: 1 record came back",
        "  1 record had come back before",
        "  7 records left, changed since: Lead 1, Lead 2, Lead 3, Lead 4, Lead 5 and 2 more",
        "  1 record left, previous owner cannot take it: Lead 8 (is disabled)",
    ]
    unwritten = UndoReport(SWEEP, left=[Left(swept(1), Why.NOT_WRITTEN, "no answer")])
    assert list(sweep_view.undone(unwritten, is_dry=False))[-1].startswith("  Try again")
    early = UndoReport(SWEEP, back=[swept(1)], ended_early="another worker is deciding")
    assert list(sweep_view.undone(early, is_dry=False)) == [
        "Sweep of lead: 1 record came back",
        "  It ended early: another worker is deciding.",
        f"  For the others, again: wa sweep undo {ID}",
    ]
    assert sweep_view.undone_data(early, is_dry=False)["ended_early"] == early.ended_early
    nothing = list(sweep_view.undone(UndoReport(SWEEP), is_dry=True))
    assert nothing == ["Sweep of lead: 0 records would come back", "  It had assigned none."]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_being_told_once_ends_it_after_the_block_and_twice_at_once(
    number: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    before = signal.getsignal(number)
    with sweep.stoppable() as stopped:
        assert not stopped()
        os.kill(os.getpid(), number)
        assert stopped()
        assert "ending after these records" in capsys.readouterr().err
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
    assert signal.getsignal(number) is before


def test_sweeps_that_wait_for_their_turn_are_listed_by_when_they_were_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    times = [AT]
    with MockServer(clock=lambda: times[-1]) as mock, connect(mock.url, Credentials()) as client:
        store = SweepStore(client, dict)
        for status in (SweepStatus.SUCCEEDED, SweepStatus.QUEUED, SweepStatus.IN_PROGRESS):
            times.append(times[-1] + timedelta(minutes=1))
            store.save(Sweep(str(uuid4()), "Sweep", status, times[-1]))

        assert main(["sweep", "list", "--url", mock.url, "--json"]) == 0

    rows = json.loads(capsys.readouterr().out)
    assert [row["status"] for row in rows] == ["in progress", "queued", "succeeded"]


def test_who_ends_a_sweep_at_once_is_told_how_long_its_reservations_hold(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Sweeper, "sweep", ended_at_once)
    monkeypatch.setattr(sweep, "now", lambda: AT)
    capsys.readouterr()

    assert main(["sweep", "--url", url]) == 130

    assert capsys.readouterr().err == (
        "wa sweep: ended at once; what was reserved is held until 09:15 UTC at the latest, "
        "then the app settles it\n"
    )


def ended_at_once(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_who_stops_an_undo_is_told_what_came_back_and_how_to_go_on(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    report = UndoReport(SWEEP, back=[swept(1)], ended_early=STOPPED)
    monkeypatch.setattr(Undoer, "undo", lambda *_, **__: report)
    capsys.readouterr()

    assert main(["sweep", "undo", ID, "--url", url]) == 130

    assert capsys.readouterr().out.splitlines() == [
        "Sweep of lead: 1 record came back",
        "  It ended early: it was stopped.",
        f"  For the others, again: wa sweep undo {ID}",
    ]
    monkeypatch.setattr(Undoer, "undo", ended_at_once)
    assert main(["sweep", "undo", ID, "--url", url]) == 130
    told = f"wa sweep: ended at once; to go on: wa sweep undo {ID}\n"
    assert capsys.readouterr().err == told
