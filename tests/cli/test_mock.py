"""wa mock as a process: what it says at its start, and that its options work."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest
import requests
from tests.samples.crm_files import write_export

from work_assignment.cli.common import ENDS_WITH_INPUT
from work_assignment.cli.main import main

CLIENT_ID = "11111111-2222-4333-8444-555555555555"


@contextmanager
def running(*options: str) -> Iterator[IO[str]]:
    """Start the command and give what it prints; it ends when its input does."""
    command = [sys.executable, "-m", "work_assignment", "mock", "--port", "0", *options]
    environment = {**os.environ, ENDS_WITH_INPUT: "1"}
    with subprocess.Popen(  # noqa: S603 - our own command
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout
        finally:
            process.stdin.close()
        assert process.wait(timeout=20) == 0


def read_json(output: IO[str]) -> dict[str, Any]:
    lines = [output.readline()]
    while lines[-1] != "}\n":
        lines.append(output.readline())
        assert lines[-1]
    said: dict[str, Any] = json.loads("".join(lines))
    return said


def test_one_line_says_where_it_is() -> None:
    with running() as output:
        first = output.readline()
        assert first.startswith("Mock Dataverse ready at http://127.0.0.1:")
        url = first.split()[-1]
        assert requests.get(f"{url}/__mock/health", timeout=20).json()["status"] == "ok"


def test_all_options_at_once(tmp_path: Path) -> None:
    database = tmp_path / "mock.db"
    client = f"{CLIENT_ID}:secret"
    strict = ["--auth", "--client", client, "--latency", "1", "--limits", "--locks", "5"]
    with running("--json", "--sample", "--tls", "--database", str(database), *strict) as output:
        said = read_json(output)
        assert said["url"].startswith("https://127.0.0.1:")
        assert said["client_ids"] == [CLIENT_ID]
        assert "client_secret" not in said
        ca_file = said["ca_file"]
        assert ca_file == f"{database}.ca.pem"
        form = {
            "grant_type": "client_credentials",
            "client_id": CLIENT_ID,
            "client_secret": "secret",
            "scope": f"{said['url']}/.default",
        }
        token = requests.post(said["token_url"], data=form, verify=ca_file, timeout=20).json()[
            "access_token"
        ]
        headers = {"Authorization": f"Bearer {token}"}
        accounts = f"{said['url']}/api/data/v9.2/accounts/$count"
        answer = requests.get(accounts, headers=headers, verify=ca_file, timeout=20)
        assert int(answer.text.lstrip("\ufeff")) > 0
        assert requests.get(accounts, verify=ca_file, timeout=20).status_code == 401
        for path, name, value in (
            ("limits", "enabled", True),
            ("latency", "request_ms", 1.0),
            ("locks", "write_latency_ms", 5.0),
        ):
            found = requests.get(f"{said['url']}/__mock/{path}", verify=ca_file, timeout=20).json()
            assert found[name] == value


def test_the_default_application_is_said_with_its_secret() -> None:
    with running("--auth") as output:
        output.readline()
        assert output.readline().rstrip().endswith(", secret mock-secret")
        assert output.readline().startswith("Tokens from http://127.0.0.1:")


def test_where_tokens_come_from_is_said_with_the_application() -> None:
    with running("--client", f"{CLIENT_ID}:secret") as output:
        url = output.readline().split()[-1]
        tenant = output.readline().removeprefix("Tenant ").partition(",")[0]
        place = output.readline().split()[-1]
        assert place == f"{url}/{tenant}/oauth2/v2.0/token"
        form = {
            "grant_type": "client_credentials",
            "client_id": CLIENT_ID,
            "client_secret": "secret",
            "scope": f"{url}/.default",
        }
        assert requests.post(place, data=form, timeout=20).status_code == 200


@pytest.mark.parametrize(
    ("host", "sentence"),
    [
        (
            "nowhere.invalid",
            "The host nowhere.invalid is not known, so the mock cannot listen there",
        ),
        ("192.0.2.1", "192.0.2.1 is no address of this machine, so the mock cannot listen there"),
    ],
)
def test_a_host_to_listen_on_that_there_is_not_is_said_in_one_sentence(
    host: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["mock", "--port", "0", "--host", host]) == 1
    assert capsys.readouterr().err == f"wa mock: {sentence}.\n"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--client", "x:y"], "a guid, a colon and a secret"),
        (["--client", CLIENT_ID], "a guid, a colon and a secret"),
        (["--latency", "-1"], "not between 0 and"),
        (["--latency", "abc"], "argument --latency: invalid milliseconds: 'abc'"),
        (["--locks", "abc"], "argument --locks: invalid milliseconds: 'abc'"),
        (["--bogus"], "usage: wa mock "),
        (["--bogus"], "unrecognized arguments: --bogus"),
        (["--url", "http://x"], "unrecognized arguments: --url http://x"),
        (["--locks", "nan"], "not between 0 and"),
    ],
)
def test_wrong_values_are_wrong_usage(
    options: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["mock", *options])
    assert ended.value.code == 2
    assert words in capsys.readouterr().err


def test_a_certificate_file_needs_tls_and_a_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["mock", "--ca-file", "x"]) == 1
    assert "--tls" in capsys.readouterr().err
    assert main(["mock", "--port", "0", "--tls", "--ca-file", str(tmp_path / "a" / "b")]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_a_database_of_another_mock_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = tmp_path / "mock.db"
    with running("--database", str(database)) as output:
        assert output.readline()
        assert main(["mock", "--port", "0", "--database", str(database)]) == 1
    assert capsys.readouterr().err == (
        f"wa mock: The database {database} is in use by another mock; stop that one or name"
        " another file.\n"
    )
    assert not database.with_name("mock.db.ca.pem").exists()


def count(url: str, entity_set: str) -> int:
    answer = requests.get(f"{url}/api/data/v9.2/{entity_set}/$count", timeout=20)
    return int(answer.text.lstrip("\ufeff"))


def test_it_is_filled_with_csv_files(tmp_path: Path) -> None:
    (tmp_path / "accounts.csv").write_text("name\nA\nB\n", encoding="utf-8")
    with running("--import", str(tmp_path)) as output:
        assert count(output.readline().split()[-1], "accounts") == 2


def test_several_folders_are_imported_and_a_kept_database_is_not_filled_twice(
    tmp_path: Path,
) -> None:
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
        (folder / "accounts.csv").write_text(f"name\n{folder.name}\n", encoding="utf-8")
    imports = [text for folder in folders for text in ("--import", str(folder))]
    for _ in range(2):
        with running("--database", str(tmp_path / "mock.db"), "--sample", *imports) as output:
            url = output.readline().split()[-1]
            found = count(url, "accounts")
            named = f"{url}/api/data/v9.2/accounts?$filter=name eq 'a' or name eq 'b'"
            assert len(requests.get(named, timeout=20).json()["value"]) == 2
            requests.post(f"{url}/__mock/reset", timeout=20).raise_for_status()
            assert count(url, "accounts") == found
            requests.post(
                f"{url}/__mock/reset", json={"to": "empty"}, timeout=20
            ).raise_for_status()
            assert count(url, "accounts") == 0
            requests.post(f"{url}/__mock/reset", timeout=20).raise_for_status()


def test_it_is_filled_with_a_crm_export(tmp_path: Path) -> None:
    folder = write_export(tmp_path)
    with running("--import", str(folder), "--auth", "--tls", "--json") as output:
        said = read_json(output)
        form = {
            "grant_type": "client_credentials",
            "client_id": said["client_ids"][0],
            "client_secret": said["client_secret"],
            "scope": f"{said['url']}/.default",
        }
        place, ca_file = f"{said['url']}/{said['tenant_id']}/oauth2/v2.0/token", said["ca_file"]
        token = requests.post(place, data=form, verify=ca_file, timeout=20).json()["access_token"]
        query = "opportunities?$select=name,crm_productseries&$expand=parentaccountid($select=name)"
        answer = requests.get(
            f"{said['url']}/api/data/v9.2/{query}&$filter=parentaccountid ne null&$top=1",
            headers={"Authorization": f"Bearer {token}"},
            verify=ca_file,
            timeout=20,
        )
        (deal,) = answer.json()["value"]
        assert deal["crm_productseries"]
        assert deal["parentaccountid"]["name"]


def test_files_that_are_wrong_are_refused_with_all_that_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["mock", "--port", "0", "--import", str(tmp_path / "none")]) == 1
    assert "is no folder" in capsys.readouterr().err
    (tmp_path / "accounts.csv").write_text("name,revenue\nA,much\nB,more\n", encoding="utf-8")
    assert main(["mock", "--port", "0", "--import", str(tmp_path)]) == 1
    told = capsys.readouterr().err
    assert "accounts.csv, line 2, column revenue: 'much' is not a number" in told
    assert "accounts.csv, line 3, column revenue: 'more' is not a number" in told


def test_it_starts_without_loading_what_it_does_not_need() -> None:
    heavy = ("azure.functions", "msal", "numpy", "ortools", "pydantic", "requests", "sqlglot")
    program = (
        "import sys; from work_assignment.cli import main, mock; "
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    command = [sys.executable, "-c", program]
    ended = subprocess.run(  # noqa: S603 - our own command
        command, capture_output=True, text=True, timeout=60, check=True
    )
    assert ended.stdout.strip() == "[]"
