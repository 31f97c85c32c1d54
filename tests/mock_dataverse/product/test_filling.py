"""A mock that is filled before its use: who gets in meanwhile, and what a reset returns to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from tests.mock_dataverse.core.client import Api
from tests.mock_dataverse.product.test_import import write

from work_assignment.cli import mock_import
from work_assignment.mock_dataverse.server import MockServer
from work_assignment.settings import Credentials

ANYBODY = Credentials()


def ask(server: MockServer, path: str, token: str | None = None) -> requests.Response:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return requests.get(f"{server.url}/{path}", headers=headers, timeout=20)


def names(server: MockServer) -> set[str]:
    found = ask(server, "api/data/v9.2/accounts?$select=name").json()["value"]
    return {row["name"] for row in found}


def reset(server: MockServer, body: object = None) -> requests.Response:
    return requests.post(f"{server.url}/__mock/reset", json=body, timeout=20)


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[MockServer]:
    server = MockServer()
    try:
        with server.filling():
            server.start()
            server.import_folder(write(tmp_path, accounts="name\nA\nB\n"))
        yield server
    finally:
        server.stop()


@pytest.mark.parametrize("auth", [False, True])
def test_only_who_fills_it_gets_in_until_it_is_filled(auth: bool) -> None:
    server = MockServer(auth=auth)
    try:
        with server.filling() as token:
            server.start()
            health = ask(server, "__mock/health")
            assert (health.status_code, health.json()["status"]) == (503, "filling")
            assert health.headers["Retry-After"] == "1"
            other = server.administrator_token().swapcase()
            for refused in (
                ask(server, "api/data/v9.2/WhoAmI()"),
                ask(server, "api/data/v9.2/WhoAmI()", other),
                ask(server, "__mock/counters"),
                reset(server),
            ):
                assert refused.status_code == 503
                assert refused.headers["Retry-After"] == "1"
                assert "is being filled" in refused.text
            assert ask(server, "api/data/v9.2/WhoAmI()", token).status_code == 200
        assert ask(server, "__mock/health").json()["status"] == "ok"
        assert ask(server, "api/data/v9.2/WhoAmI()", token).status_code == 200
        assert reset(server).status_code == 200
    finally:
        server.stop()


def test_a_reset_returns_to_what_it_was_filled_with(filled: MockServer) -> None:
    api = Api(filled)
    try:
        for _ in range(2):
            api.create("accounts", name="C")
            api.delete(f"accounts({api.row('accounts')['value'][0]['accountid']})")
            assert reset(filled).status_code == 200
            assert names(filled) == {"A", "B"}
        assert reset(filled, {"to": "empty"}).status_code == 200
        assert names(filled) == set()
        assert reset(filled, {"to": "start"}).status_code == 200
        assert names(filled) == {"A", "B"}
    finally:
        api.close()


def test_a_reset_to_anything_else_is_refused(filled: MockServer) -> None:
    for body, words in (
        ({"to": "yesterday"}, "'to' must be 'start' or 'empty', not 'yesterday'"),
        ({"to": 5}, "'to' must be a text"),
        ({"too": "empty"}, "unknown member 'too'"),
    ):
        answer = reset(filled, body)
        assert answer.status_code == 400
        assert words in answer.json()["error"]
    assert names(filled) == {"A", "B"}


def test_a_kept_database_takes_the_same_files_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder := tmp_path / "rows").mkdir()
    write(folder, accounts="name\nA\n")
    for words in ("Imported 1 account.", "are imported already"):
        with MockServer(tmp_path / "mock.db") as server:
            mock_import.fill(server, folder, ANYBODY)
            assert len(ask(server, "api/data/v9.2/accounts").json()["value"]) == 1
        assert words in capsys.readouterr().err
    write(folder, accounts="name\nB\n")
    with MockServer(tmp_path / "mock.db") as server:
        mock_import.fill(server, folder, ANYBODY)
        assert names(server) == {"A", "B"}
        reset(server)
        mock_import.fill(server, folder, ANYBODY)  # its rows have gone with the others
        assert names(server) == {"B"}


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"accounts": "name\nA\nB\n", "leads": "lastname\nX\n"}, "Imported 2 accounts, 1 lead."),
        ({"leads": "lastname\n"}, "Imported nothing: leads.csv has no rows."),
        ({"accounts": "name\nA\n", "lead": "lastname\n"}, "1 account; lead.csv has no rows."),
    ],
)
def test_what_was_imported_is_said(
    files: dict[str, str],
    words: str,
    server: MockServer,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    mock_import.fill(server, write(tmp_path, **files), ANYBODY)
    assert words in capsys.readouterr().err
