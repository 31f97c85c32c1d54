"""An organization to write in, and a receiver for its webhooks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.mock_dataverse.core.client import Api
from tests.mock_dataverse.webhooks.organization import Organization
from tests.mock_dataverse.webhooks.receiver import Receiver

from work_assignment.mock_dataverse.server import MockServer


@pytest.fixture
def organization() -> Iterator[Organization]:
    organization = Organization()
    organization.add_seller()
    yield organization
    organization.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def own_api() -> Iterator[Api]:
    """A server that a test has for itself, and a client for it."""
    with MockServer() as server:
        client = Api(server)
        yield client
        client.close()
