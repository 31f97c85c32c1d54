"""A running mock, and a small client for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.mock_dataverse.core.client import Api

from work_assignment.mock_dataverse.server import MockServer


@pytest.fixture(scope="package")
def server() -> Iterator[MockServer]:
    with MockServer() as running:
        yield running


@pytest.fixture
def api(server: MockServer) -> Iterator[Api]:
    client = Api(server)
    yield client
    client.close()


@pytest.fixture
def own_api() -> Iterator[Api]:
    """A client of a server that a test has for itself."""
    with MockServer() as running:
        client = Api(running)
        yield client
        client.close()
