"""A pytest plugin for any project: a running mock of Dataverse in one fixture, fresh in each test.

Use it with `pytest_plugins = ["work_assignment.mock_dataverse.pytest_plugin"]` or `-p`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .server import MockServer

_TLS = "--dataverse-mock-tls"
_SOLUTIONS = "dataverse_mock_solutions"
_TRUSTED = "REQUESTS_CA_BUNDLE"
_FRESH = "pytest-fresh"
# What returns to the values that it had when the server was started.
_KNOBS: dict[str, tuple[str, ...]] = {
    "locks": ("enabled", "write_latency_ms", "timeout_ms"),
    "rules": ("owners_need_roles",),
    "webhooks": ("duplicates", "reorder", "delay_ms", "paused", "timeout_ms", "retry_delay_ms"),
}
_CLEARED = ("faults", "limits", "latency", "time", "webhooks/log")


class AdminRefused(ValueError):
    """An admin route did not do what a test asked of it; the text says why."""


@dataclass(frozen=True, slots=True)
class MockTime:
    """The organization's time."""

    mock: DataverseMock

    def now(self) -> datetime:
        return datetime.fromisoformat(self.mock.admin("GET", "time")["now"])

    def set(self, now: datetime, *, frozen: bool = True) -> None:
        """Stand still at a moment, or go on from it."""
        self.mock.admin("PUT", "time", {"now": now.isoformat(), "frozen": frozen})

    def advance(self, by: timedelta) -> None:
        self.mock.admin("POST", "time/advance", {"seconds": by.total_seconds()})

    def reset(self) -> None:
        self.mock.admin("DELETE", "time")


@dataclass(frozen=True, slots=True)
class MockFaults:
    """Scripted faults: rules as in `POST /__mock/faults`."""

    mock: DataverseMock

    def add(self, *rules: dict[str, Any]) -> list[int]:
        """Add rules such as `{"match": {"table": "lead"}, "do": {"status": 503}}`."""
        ids: list[int] = self.mock.admin("POST", "faults", list(rules))["ids"]
        return ids

    def left(self) -> list[dict[str, Any]]:
        """Return the rules with how often each has struck and may still strike."""
        rules: list[dict[str, Any]] = self.mock.admin("GET", "faults")
        return rules

    def clear(self) -> None:
        self.mock.admin("DELETE", "faults")


@dataclass(frozen=True, slots=True)
class MockWebhooks:
    """Webhooks as they were posted."""

    mock: DataverseMock

    @property
    def log(self) -> list[dict[str, Any]]:
        """Every attempt so far, in order."""
        entries: list[dict[str, Any]] = self.mock.admin("GET", "webhooks/log")["entries"]
        return entries

    def drain(self, timeout: float = 30.0) -> None:
        """Wait until nothing is left to post."""
        self.mock.admin("POST", "webhooks/drain", {"timeout_s": timeout})

    def configure(self, **settings: Any) -> None:
        """Change how they are posted, as `PUT /__mock/webhooks` does."""
        self.mock.admin("PUT", "webhooks", settings)


class DataverseMock:
    """A running mock: where it is, how to get in, and the knobs that tests turn."""

    def __init__(self, server: MockServer) -> None:
        from .serving.admin.routes import AdminRoutes

        self.server = server
        self.time = MockTime(self)
        self.faults = MockFaults(self)
        self.webhooks = MockWebhooks(self)
        self._routes = AdminRoutes(server.admin_routes)
        self._started = {
            path: {name: self.admin("GET", path)[name] for name in names}
            for path, names in _KNOBS.items()
        }

    @property
    def url(self) -> str:
        """The root, such as `http://127.0.0.1:5000`."""
        return self.server.url

    @property
    def api_url(self) -> str:
        """The service root, without a slash at the end."""
        return f"{self.server.url}/api/data/v9.2"

    @property
    def token(self) -> str:
        """A token of the system administrator."""
        return self.server.administrator_token()

    @property
    def ca_file(self) -> Path | None:
        """The certificate to trust; None without TLS."""
        return self.server.ca_file

    @property
    def counters(self) -> dict[str, Any]:
        """What was asked so far in this test."""
        counted: dict[str, Any] = self.admin("GET", "counters")
        return counted

    def token_for(self, user: str) -> str:
        """A token of the user with this id or domain name."""
        token: str = self.admin("POST", "tokens", {"user": user})["access_token"]
        return token

    def import_folder(self, folder: str | Path) -> dict[str, int]:
        """Write the rows of a folder's CSV files; return how many each table got."""
        return self.server.import_folder(folder)

    def admin(self, method: str, path: str, body: Any = None) -> Any:
        """Call a route under `/__mock/`, and return its JSON or None; AdminRefused if it refuses."""
        sent = b"" if body is None else json.dumps(body).encode()
        answer = self._routes.answer(method, path, "", sent)
        told: Any = json.loads(answer.body) if answer.body else None
        if answer.status >= 400:
            raise AdminRefused(f"{method} {path}: {told['error']}")
        return told

    def keep_fresh(self) -> None:
        """Take what is there now for the beginning of each test."""
        self.admin("POST", f"snapshots/{_FRESH}")

    def reset(self) -> None:
        """Return to the beginning: rows, definitions, time, faults, everything."""
        for path in _CLEARED:
            self.admin("DELETE", path)
        for path, settings in self._started.items():
            self.admin("PUT", path, settings)
        self.admin("POST", f"snapshots/{_FRESH}/restore")
        for name in self.admin("GET", "snapshots")["snapshots"]:
            if name != _FRESH:
                self.admin("DELETE", f"snapshots/{name}")
        self.admin("POST", "counters/reset")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("dataverse-mock", "mock of Dataverse")
    group.addoption(
        _TLS,
        action="store_true",
        help=f"serve the mock of Dataverse over HTTPS; {_TRUSTED} names its authority",
    )
    parser.addini(
        _SOLUTIONS, "solution folders to install into the mock of Dataverse", type="paths"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse solution folders that cannot be read, before any test begins."""
    if not config.getini(_SOLUTIONS):
        return
    try:
        from ..packaged_solution import product_solution
        from .tables.catalogs import build_catalog
        from .tables.solutions.xml_files import SolutionError
    except ModuleNotFoundError:  # the fixture says what is missing
        return
    try:
        build_catalog([product_solution(), *config.getini(_SOLUTIONS)])
    except SolutionError as exc:
        raise pytest.UsageError(f"{_SOLUTIONS}: {exc}") from None


@pytest.fixture(scope="session")
def dataverse_mock_server(pytestconfig: pytest.Config) -> Iterator[DataverseMock]:
    """One mock for all tests; what one test leaves behind, the next one finds."""
    try:
        from ..packaged_solution import product_solution
        from .server import MockServer
    except ModuleNotFoundError as exc:
        missing = (exc.name or "").partition(".")[0]
        if missing == "work_assignment":
            raise
        pytest.fail(
            f"dataverse_mock needs {missing}: pip install 'work-assignment[local]'", pytrace=False
        )
    solutions = [product_solution(), *pytestconfig.getini(_SOLUTIONS)]
    tls = pytestconfig.getoption(_TLS)
    with (
        MockServer(solutions=solutions, tls=tls) as server,
        pytest.MonkeyPatch.context() as environment,
    ):
        if server.ca_file is not None:
            environment.setenv(_TRUSTED, str(server.ca_file))
        mock = DataverseMock(server)
        mock.keep_fresh()
        yield mock


@pytest.fixture
def dataverse_mock(dataverse_mock_server: DataverseMock) -> DataverseMock:
    """The mock as it is at first: no rows but those that every organization has."""
    dataverse_mock_server.reset()
    return dataverse_mock_server
