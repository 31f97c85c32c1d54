"""The wa command: usage, refusals in one line, and what the commands print."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from work_assignment.cli import sample_data
from work_assignment.cli.main import COMMANDS, main
from work_assignment.mock_dataverse.server import MockServer
from work_assignment.samples import DEFINITIONS

ROOT = Path(__file__).parents[2]
NO_ID = "00000000-0000-0000-0000-000000000001"


@pytest.fixture
def url() -> Iterator[str]:
    with MockServer() as mock:
        yield mock.url


def refusal(capsys: pytest.CaptureFixture[str]) -> str:
    """What was said on standard error: one line."""
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    return said


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"wa {version('work-assignment')}\n"


@pytest.mark.parametrize(
    "arguments", [[], ["nonsense"], ["explain", "lead"], ["mock", "--port", "x"]]
)
def test_wrong_usage_ends_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert "--json" in capsys.readouterr().out


def test_without_an_environment_it_says_which_setting_is_missing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATAVERSE_URL", raising=False)
    assert main(["apply", str(DEFINITIONS)]) == 1
    assert refusal(capsys).startswith("wa apply: DATAVERSE_URL is missing; set it to")


@pytest.mark.parametrize("command", ["mock", "host"])
def test_a_port_in_use_is_named(
    command: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("DATAVERSE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AzureWebJobsStorage", f"sqlite:{tmp_path / 'queues.sqlite'}")
    monkeypatch.setenv("WA_BELL_SCHEDULE", "0 * * * * *")
    monkeypatch.chdir(ROOT)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main([command, "--port", str(port)]) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith(f"wa {command}: ")
    assert str(port) in said
    assert "in use" in said


def test_applying_twice_says_that_nothing_differed(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    sample_data.fill(url)
    assert main(["apply", str(DEFINITIONS), "--url", url]) == 0
    assert "created 6 segments, created 12 rules, created 12 sellers" in capsys.readouterr().out
    assert main(["apply", str(DEFINITIONS), "--url", url]) == 0
    assert capsys.readouterr().out == "Applied: nothing differed.\n"
    assert main(["apply", str(DEFINITIONS), "--url", url, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "changes": [],
        "stamp": None,
        "webhooks": None,
    }


def test_a_wrong_definition_is_refused_with_file_line_and_the_nearest_word(
    url: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "wrong.yaml").write_text(
        "segments:\n  - name: UK\n    record_type: lead\n"
        "    filter: {all: [[address1_contry, eq, United Kingdom]]}\n"
    )
    assert main(["apply", str(tmp_path), "--url", url]) == 1
    said = capsys.readouterr().err
    assert "wrong.yaml:4" in said
    assert "there is no column 'address1_contry'; did you mean 'address1_country'?" in said


def test_registering_webhooks_twice_says_that_nothing_differed(
    url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sample_data.fill(url)
    main(["apply", str(DEFINITIONS), "--url", url])
    monkeypatch.setenv("WA_FUNCTION_KEY", "a-key-that-is-never-printed")
    command = ["webhooks", "sync", "--endpoint", "https://app.example", "--url", url]
    capsys.readouterr()
    assert main(command) == 0
    first = capsys.readouterr().out
    assert "\n  create Work Assignment: Update of lead\n" in first
    assert "a-key-that-is-never-printed" not in first
    assert main(command) == 0
    assert capsys.readouterr().out == "Webhooks: nothing differed.\n"


def test_webhooks_need_a_key(
    url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WA_FUNCTION_KEY", raising=False)
    assert main(["webhooks", "sync", "--endpoint", "https://app.example", "--url", url]) == 1
    assert "WA_FUNCTION_KEY is missing" in refusal(capsys)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["lead", "no-id"], "'no-id' is not the id of a record"),
        (["leed", NO_ID], "there is no table 'leed'"),
    ],
)
def test_a_question_about_nothing_is_refused(
    url: str, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert main(["explain", *arguments, "--url", url]) == 1
    assert said in refusal(capsys)


def test_a_record_that_does_not_exist_has_no_story(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", "lead", NO_ID, "--url", url]) == 1
    assert "The record does not exist" in capsys.readouterr().out


def test_a_crm_export_with_a_bad_date_names_file_line_and_column(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    files = {
        "accounts.csv": "account,sector,year_established,revenue,employees,office_location,"
        "subsidiary_of\nAcme,retail,1999,1.5,10,Kenya,\n",
        "products.csv": "product,series,sales_price\nGTX Pro,GTX,4821\n",
        "sales_teams.csv": "sales_agent,manager,regional_office\nAnna,Dustin,Central\n",
        "sales_pipeline.csv": "opportunity_id,sales_agent,product,account,deal_stage,engage_date,"
        "close_date,close_value\nA1,Anna,GTXPro,Acme,Engaging,13/45/2017,,\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert main(["demo", "--once", "--data", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "sales_pipeline.csv" in said
    assert "line 2" in said
    assert "engage_date" in said


@pytest.mark.parametrize("command", ["mock", "host"])
@pytest.mark.parametrize("port", ["99999", "-1"])
def test_what_is_no_port_is_wrong_usage(
    command: str, port: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--port", port])
    assert ended.value.code == 2
    assert "ports go from 0 to 65535" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["mock", "--port", "0", "--database", "/nowhere/at/all.sqlite"],
        ["mock", "--port", "0", "--solution", "/nowhere/at/all"],
        ["demo", "--once", "--json", "/nowhere/at/all.json"],
    ],
    ids=["database", "solution", "figures"],
)
def test_a_file_that_cannot_be_used_is_named_before_anything_starts(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 1
    assert "/nowhere/at/all" in refusal(capsys)


def test_a_storage_that_cannot_be_used_is_said_before_the_host_is_ready(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATAVERSE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AzureWebJobsStorage", "sqlite:/nowhere/at/all.sqlite")
    monkeypatch.setenv("WA_BELL_SCHEDULE", "0 * * * * *")
    monkeypatch.chdir(ROOT)
    assert main(["host", "--port", "0"]) == 1
    said = capsys.readouterr()
    assert "ready" not in said.out
    assert "/nowhere/at/all.sqlite" in said.err


def test_a_mock_that_has_the_sample_already_keeps_it(url: str) -> None:
    assert not sample_data.is_filled(url)
    sample_data.fill(url)
    assert sample_data.is_filled(url)


@pytest.mark.parametrize(
    "command", ["sweep list", "sweep undo", "segments list", "poison list", "poison retry"]
)
def test_the_help_of_an_action_names_the_shared_options(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([*command.split(), "--help"])
    said = capsys.readouterr().out
    assert "--url URL" in said
    assert "--json" in said


def test_several_problems_stand_below_one_line_with_the_command(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.yaml").write_text("segments: [{nam: A}, {name: B, record_type: Lead}]\n")
    assert main(["apply", str(tmp_path), "--url", url]) == 1
    head, *problems = capsys.readouterr().err.splitlines()
    assert head == "wa apply: this is wrong:"
    assert len(problems) > 1
    assert all("a.yaml:1: " in line for line in problems)
