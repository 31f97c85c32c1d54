"""The mock's own routes, as a test turns them."""

from __future__ import annotations

from typing import Any

import requests

from work_assignment.mock_dataverse.server import MockServer

RESET = ("faults", "limits", "latency", "time")


class Admin:
    """Requests to /__mock/ of one mock; `json` insists on success."""

    def __init__(self, server: MockServer) -> None:
        self._root = f"{server.url}/__mock/"
        self._session = requests.Session()

    def send(self, method: str, path: str, body: Any = None) -> requests.Response:
        return self._session.request(method, self._root + path, json=body, timeout=20)

    def json(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.send(method, path, body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def fault(self, do: dict[str, Any], **rule: Any) -> None:
        assert self.send("POST", "faults", [{"do": do, **rule}]).status_code == 200

    def token(self, **body: Any) -> str:
        token: str = self.json("POST", "tokens", body)["access_token"]
        return token

    def refused(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        answer = self.send(method, path, body)
        return answer.status_code, answer.json()["error"]

    def reset(self) -> None:
        for path in RESET:
            assert self.send("DELETE", path).status_code in (200, 204)
        self.json("POST", "counters/reset")

    def close(self) -> None:
        self._session.close()
