"""`wa poison`: what was given up is seen and sent again from the command line."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from work_assignment.azure_storage.sqlite_queues import SqliteQueues
from work_assignment.cli.main import main
from work_assignment.services.poison import envelope

AT = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)


@pytest.fixture
def storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "queues.sqlite"
    monkeypatch.setenv("AzureWebJobsStorage", f"sqlite:{file}")
    monkeypatch.setenv("DATAVERSE_URL", "http://127.0.0.1:1")
    return file


def give_up(storage: Path, text: str = "junk") -> None:
    with closing(SqliteQueues(storage)) as queues:
        queues.put("wa-events-poison", envelope(text, why="it is\nno event", at=AT, tries=1))


def waiting(storage: Path, queue: str = "wa-events") -> int:
    with closing(SqliteQueues(storage)) as queues:
        return queues.length(queue).visible


def test_nothing_given_up_is_said(storage: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["poison", "list"]) == 0
    assert capsys.readouterr().out == "Nothing was given up.\n"
    assert main(["poison", "retry", "--all"]) == 0
    assert capsys.readouterr().out == "Nothing was given up.\n"


def test_a_list_is_aligned_with_what_and_why_below(
    storage: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    give_up(storage)

    assert main(["poison", "list"]) == 0

    head, row, says, why, _, count = capsys.readouterr().out.splitlines()
    assert row.startswith("2026-03-04 09:00:00")
    assert row.index("wa-events-poison") == head.index("queue")
    assert (says, why) == ("    junk", "    it is no event")
    assert count == (
        "1 given up. 'wa poison retry ID ...' or '--all' sends again, 'wa poison drop' throws away."
    )


def test_one_is_sent_again_by_its_id(storage: Path, capsys: pytest.CaptureFixture[str]) -> None:
    give_up(storage)
    assert main(["poison", "list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    (entry,) = listed["messages"]
    assert listed["in_all"] == 1

    assert main(["poison", "retry", entry["id"], "--json"]) == 0

    assert json.loads(capsys.readouterr().out) == {
        "sent": [entry],
        "removed": [],
        "elsewhere": [],
        "left": 0,
    }
    assert waiting(storage) == 1
    assert main(["poison", "retry", entry["id"]]) == 1
    assert waiting(storage) == 1


@pytest.mark.parametrize("action", ["retry", "drop"])
@pytest.mark.parametrize("arguments", [[], ["some-id", "--all"]])
def test_what_is_meant_is_either_named_or_all(
    storage: Path, arguments: list[str], action: str
) -> None:
    give_up(storage)

    with pytest.raises(SystemExit) as ended:
        main(["poison", action, *arguments])

    assert ended.value.code == 2
    assert (waiting(storage), waiting(storage, "wa-events-poison")) == (0, 1)


def test_of_more_than_are_shown_it_says_how_many_there_are(
    storage: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(3):
        give_up(storage)

    assert main(["poison", "list", "--limit", "2"]) == 0

    told = capsys.readouterr().out.splitlines()
    assert told.count("    junk") == 2
    assert told[-1].startswith("2 shown of 3 given up.")


@pytest.mark.parametrize("limit", ["0", "-1", "many"])
def test_a_limit_that_shows_nothing_is_wrong_usage(
    limit: str, storage: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    give_up(storage)

    with pytest.raises(SystemExit) as ended:
        main(["poison", "list", "--limit", limit])

    assert ended.value.code == 2
    assert "--limit" in capsys.readouterr().err


def test_what_somebody_else_looks_at_is_said_to_be_there(
    storage: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    give_up(storage)
    with closing(SqliteQueues(storage)) as queues:
        queues.receive("wa-events-poison", limit=9, hidden_for=timedelta(minutes=1))

    assert main(["poison", "list"]) == 0
    assert capsys.readouterr().out.startswith("1 given up, and hidden while somebody else")
    assert main(["poison", "retry", "--all"]) == 0
    assert capsys.readouterr().out.startswith("1 given up, and hidden while somebody else")


def test_everything_is_sent_again_and_bells_are_removed(
    storage: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    give_up(storage)
    with closing(SqliteQueues(storage)) as queues:
        queues.put("wa-bell-poison", "dGltZXI=")

    assert main(["poison", "retry", "--all"]) == 0

    told = capsys.readouterr().out
    assert told.startswith("1 sent again. 1 bell removed: bells need no retry")


def test_one_is_thrown_away_by_its_id(storage: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        give_up(storage)
    assert main(["poison", "list", "--json"]) == 0
    entry, _ = json.loads(capsys.readouterr().out)["messages"]

    assert main(["poison", "drop", entry["id"], "--json"]) == 0

    assert json.loads(capsys.readouterr().out) == {"removed": [entry], "elsewhere": [], "left": 0}
    assert (waiting(storage), waiting(storage, "wa-events-poison")) == (0, 1)
    assert main(["poison", "drop", entry["id"]]) == 1
    assert waiting(storage, "wa-events-poison") == 1


def test_everything_is_thrown_away_and_counted(
    storage: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(3):
        give_up(storage)
    with closing(SqliteQueues(storage)) as queues:
        queues.receive("wa-events-poison", limit=1, hidden_for=timedelta(minutes=1))

    assert main(["poison", "drop", "--all"]) == 0

    told = capsys.readouterr().out
    assert told.startswith("2 thrown away. 1 left, given up meanwhile or in somebody else's hands.")
    assert (waiting(storage), waiting(storage, "wa-events-poison")) == (0, 0)
