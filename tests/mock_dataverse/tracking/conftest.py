"""A running mock, and a client that follows the links of change tracking."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.mock_dataverse.core.client import Api

from work_assignment.mock_dataverse.server import MockServer


@dataclass
class Sync:
    """What one synchronization brought: rows by id, ids of deleted rows, and where to go on."""

    link: str
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    deleted: list[str] = field(default_factory=list)
    pages: list[int] = field(default_factory=list)


class Tracker:
    """Synchronizes one table, page by page."""

    def __init__(self, api: Api, key: str = "leadid") -> None:
        self.api = api
        self._key = key

    def start(self, path: str = "leads?$select=subject", *, page: int | None = None) -> Sync:
        return self._follow(path, page, {"Prefer": "odata.track-changes"})

    def go_on(self, sync: Sync, *, page: int | None = None) -> Sync:
        return self._follow(sync.link, page, {})

    def _follow(self, link: str, page: int | None, headers: dict[str, str]) -> Sync:
        size = {} if page is None else {"Prefer": f"odata.maxpagesize={page}"}
        joined = ",".join(filter(None, (headers.get("Prefer"), size.get("Prefer"))))
        found = Sync("")
        while not found.link:
            answer = self.api.get(link, headers={"Prefer": joined})
            assert answer.status_code == 200, answer.text
            body = answer.json()
            found.pages.append(len(body["value"]))
            for row in body["value"]:
                if row.get("reason") == "deleted":
                    found.deleted.append(row["id"])
                else:
                    found.rows[row[self._key]] = row
            assert ("@odata.deltaLink" in body) != ("@odata.nextLink" in body)
            found.link = body.get("@odata.deltaLink", "")
            link = body.get("@odata.nextLink", "")
        return found


@pytest.fixture(scope="session")
def server() -> Iterator[MockServer]:
    with MockServer() as running:
        yield running


@pytest.fixture
def api(server: MockServer) -> Iterator[Api]:
    client = Api(server)
    yield client
    client.close()


@pytest.fixture
def tracker(api: Api) -> Tracker:
    return Tracker(api)


@pytest.fixture
def own_server() -> Iterator[MockServer]:
    """A server that a test has for itself."""
    with MockServer() as running:
        yield running


@pytest.fixture
def own_api(own_server: MockServer) -> Iterator[Api]:
    client = Api(own_server)
    yield client
    client.close()
