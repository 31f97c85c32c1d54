"""A mock of one's own for each test that fills it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.mock_dataverse.core.client import Api

from work_assignment.mock_dataverse.server import MockServer


@pytest.fixture(scope="module")
def running() -> Iterator[MockServer]:
    with MockServer() as server:
        server.store.snapshot("empty")
        yield server


@pytest.fixture
def server(running: MockServer) -> MockServer:
    running.store.restore("empty")
    return running


@pytest.fixture
def api(server: MockServer) -> Iterator[Api]:
    client = Api(server)
    yield client
    client.close()
