"""One mock for each file of tests, put back to its defaults after each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.mock_dataverse.core.client import Api
from tests.mock_dataverse.serving.admin import Admin

from work_assignment.mock_dataverse.server import MockServer


@pytest.fixture(scope="module")
def server() -> Iterator[MockServer]:
    with MockServer() as running:
        yield running


@pytest.fixture
def api(server: MockServer) -> Iterator[Api]:
    client = Api(server)
    yield client
    client.close()


@pytest.fixture
def admin(server: MockServer) -> Iterator[Admin]:
    routes = Admin(server)
    yield routes
    routes.reset()
    routes.close()
