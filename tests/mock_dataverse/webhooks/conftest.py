"""An organization to write in, and a receiver for its webhooks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.mock_dataverse.webhooks.organization import Organization
from tests.mock_dataverse.webhooks.receiver import Receiver


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
