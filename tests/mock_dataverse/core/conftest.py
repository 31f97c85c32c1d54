"""A running mock and a small client for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.mock_dataverse.core.client import Api

from work_assignment.mock_dataverse.server import MockServer


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
def own_server() -> Iterator[MockServer]:
    """A server that a test has for itself."""
    with MockServer() as running:
        yield running


@pytest.fixture
def own_api(own_server: MockServer) -> Iterator[Api]:
    client = Api(own_server)
    yield client
    client.close()
