"""A small client for the mock, and what tests ask of its answers."""

from __future__ import annotations

import uuid
from typing import Any

import requests

from work_assignment.mock_dataverse.server import MockServer


class Api:
    """Requests against one mock; every answer is returned as it came."""

    def __init__(self, server: MockServer, token: str | None = None) -> None:
        self.server = server
        self.root = f"{server.url}/api/data/v9.2/"
        self._session = requests.Session()
        if token is not None:
            self._session.headers["Authorization"] = f"Bearer {token}"

    def send(self, method: str, path: str, **options: Any) -> requests.Response:
        url = path if path.startswith("http") else self.root + path
        return self._session.request(method, url, timeout=20, **options)

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.send("GET", path, **options)

    def post(self, path: str, body: Any, **headers: str) -> requests.Response:
        return self.send("POST", path, json=body, headers=_headers(headers))

    def patch(self, path: str, body: Any, **headers: str) -> requests.Response:
        return self.send("PATCH", path, json=body, headers=_headers(headers))

    def put(self, path: str, body: Any, **headers: str) -> requests.Response:
        return self.send("PUT", path, json=body, headers=_headers(headers))

    def delete(self, path: str, **headers: str) -> requests.Response:
        return self.send("DELETE", path, headers=_headers(headers))

    def create(self, entity_set: str, **values: Any) -> str:
        """Create a row and return its id."""
        answer = self.post(entity_set, values)
        assert answer.status_code == 204, answer.text
        address: str = answer.headers["OData-EntityId"]
        assert address.startswith(f"{self.root}{entity_set}(")
        return address[-37:-1]

    def row(self, path: str) -> dict[str, Any]:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def close(self) -> None:
        self._session.close()


def _headers(given: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in given.items()}


def assert_fault(answer: requests.Response, status: int, code: str, *words: str) -> None:
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, code), answer.text
    for part in words:
        assert part in error["message"]


def unique(prefix: str) -> str:
    return f"{prefix} {uuid.uuid4().hex[:12]}"
