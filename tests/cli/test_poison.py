"""`wa poison`: what was given up is seen and sent again from the command line."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime
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


def waiting(storage: Path) -> int:
    with closing(SqliteQueues(storage)) as queues:
        return queues.length("wa-events").visible


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
    assert count == "1 given up. 'wa poison retry ID ...' or '--all' sends again."


def test_one_is_sent_again_by_its_id(storage: Path, capsys: pytest.CaptureFixture[str]) -> None:
    give_up(storage)
    assert main(["poison", "list", "--json"]) == 0
    (entry,) = json.loads(capsys.readouterr().out)

    assert main(["poison", "retry", entry["id"], "--json"]) == 0

    assert json.loads(capsys.readouterr().out) == {"sent": [entry], "removed": []}
    assert waiting(storage) == 1
    assert main(["poison", "retry", entry["id"]]) == 1
    assert waiting(storage) == 1


@pytest.mark.parametrize("arguments", [[], ["some-id", "--all"]])
def test_what_to_send_is_either_named_or_all(storage: Path, arguments: list[str]) -> None:
    give_up(storage)

    with pytest.raises(SystemExit) as ended:
        main(["poison", "retry", *arguments])

    assert ended.value.code == 2
    assert waiting(storage) == 0
