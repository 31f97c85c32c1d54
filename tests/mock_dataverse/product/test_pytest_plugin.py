"""The pytest plugin, from an installed package, in a project that is not ours."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import hatchling.build
import pytest
from tests.mock_dataverse.core.solution_folder import write_solution

ROOT = Path(__file__).parents[3]
_LONGEST = 120

USES_IT = """
import json
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import work_assignment


def send(mock, path, body=None, token=None):
    request = urllib.request.Request(
        f"{mock.api_url}/{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "Authorization": f"Bearer {token or mock.token}"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.loads(answer.read() or "null")


def count(mock):
    return len(send(mock, "accounts?$select=name")["value"])


def test_it_is_the_installed_package(installed):
    assert Path(work_assignment.__file__).is_relative_to(installed)


def test_rows_are_written(dataverse_mock):
    send(dataverse_mock, "accounts", {"name": "Left behind"})
    assert count(dataverse_mock) == 1
    assert dataverse_mock.counters["http_requests"] == 2
    dataverse_mock.time.set(datetime(2031, 5, 6, 7, tzinfo=UTC))
    dataverse_mock.faults.add({"do": {"status": 503}, "times": None})
    dataverse_mock.webhooks.configure(paused=True)
    dataverse_mock.admin("POST", "snapshots/mine")


def test_the_next_test_finds_a_fresh_one(dataverse_mock):
    assert count(dataverse_mock) == 0
    assert dataverse_mock.faults.left() == []
    assert dataverse_mock.webhooks.log == []
    assert abs(dataverse_mock.time.now() - datetime.now(UTC)) < timedelta(hours=1)
    assert dataverse_mock.admin("GET", "webhooks")["paused"] is False
    assert "mine" not in dataverse_mock.admin("GET", "snapshots")["snapshots"]


def test_time_is_set_and_moved(dataverse_mock):
    dataverse_mock.time.set(datetime(2031, 5, 6, 7, tzinfo=UTC))
    dataverse_mock.time.advance(timedelta(days=1))
    send(dataverse_mock, "accounts", {"name": "Later"})
    (row,) = send(dataverse_mock, "accounts?$select=createdon")["value"]
    assert row["createdon"] == "2031-05-07T07:00:00Z"


def test_users_have_tokens_and_rows_come_from_files(dataverse_mock, tmp_path):
    (tmp_path / "systemusers.csv").write_text("domainname,lastname\\nana@x.example,Ek\\n")
    (tmp_path / "accounts.csv").write_text("name,ownerid\\nA,ana@x.example\\n")
    assert dataverse_mock.import_folder(tmp_path) == {"systemuser": 1, "account": 1}
    me = send(dataverse_mock, "WhoAmI", token=dataverse_mock.token_for("ana@x.example"))
    (account,) = send(dataverse_mock, "accounts?$select=_ownerid_value")["value"]
    assert account["_ownerid_value"] == me["UserId"]


def test_definitions_are_fresh_too(dataverse_mock):
    tables = send(dataverse_mock, "EntityDefinitions?$select=LogicalName")["value"]
    assert "x_thing" in {table["LogicalName"] for table in tables}
"""
CONFTEST = """
import os
from pathlib import Path

import pytest

pytest_plugins = ["work_assignment.mock_dataverse.pytest_plugin"]


@pytest.fixture
def installed():
    return Path(os.environ["INSTALLED"])
"""
OVER_TLS = """
import os
import ssl
import urllib.request


def test_it_serves_https(dataverse_mock):
    assert dataverse_mock.url.startswith("https://")
    assert os.environ["REQUESTS_CA_BUNDLE"] == str(dataverse_mock.ca_file)
    trusted = ssl.create_default_context(cafile=str(dataverse_mock.ca_file))
    url = f"{dataverse_mock.url}/__mock/health"
    with urllib.request.urlopen(url, timeout=20, context=trusted) as answer:
        assert answer.status == 200
"""
WITHOUT_THE_EXTRA = """
import sys

sys.modules["cheroot"] = None


def test_it(dataverse_mock):
    assert dataverse_mock
"""


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as a wheel brings it, in a folder of its own."""
    folder, before = tmp_path_factory.mktemp("wheel"), Path.cwd()
    os.chdir(ROOT)
    try:
        name = hatchling.build.build_wheel(str(folder))
    finally:
        os.chdir(before)
    target = folder / "installed"
    with zipfile.ZipFile(folder / name) as wheel:
        wheel.extractall(target)
    return target


def run(installed: Path, project: Path, *options: str) -> str:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))
    }
    environment |= {"PYTHONPATH": str(installed), "INSTALLED": str(installed)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    ended = subprocess.run(  # noqa: S603 - this very Python
        command,
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        timeout=_LONGEST,
        check=False,
    )
    return ended.stdout + ended.stderr


def test_each_test_of_another_project_gets_a_fresh_mock(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    (tmp_path / "test_uses_it.py").write_text(USES_IT, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\ndataverse_mock_solutions = solution\nfilterwarnings = error\n",
        encoding="utf-8",
    )
    write_solution(tmp_path / "solution")
    told = run(installed, tmp_path)
    assert "6 passed" in told, told


def test_https_is_an_option(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "test_tls.py").write_text(OVER_TLS, encoding="utf-8")
    plugin = "work_assignment.mock_dataverse.pytest_plugin"
    told = run(installed, tmp_path, "-p", plugin, "--dataverse-mock-tls", "-W", "error")
    assert "1 passed" in told, told


def test_a_wrong_solution_folder_is_told_in_one_line(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "test_uses_it.py").write_text("def test_it(dataverse_mock): pass\n", "utf-8")
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\ndataverse_mock_solutions = nowhere\n", encoding="utf-8"
    )
    told = run(installed, tmp_path, "-p", "work_assignment.mock_dataverse.pytest_plugin")
    (line,) = told.strip().splitlines()
    assert line.startswith("ERROR: dataverse_mock_solutions: ")
    assert "nowhere" in line


def test_what_is_missing_is_told_in_one_line(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "test_missing.py").write_text(WITHOUT_THE_EXTRA, encoding="utf-8")
    told = run(installed, tmp_path, "-p", "work_assignment.mock_dataverse.pytest_plugin")
    assert "dataverse_mock needs cheroot: pip install 'work-assignment[local]'" in told
    assert "Traceback" not in told
