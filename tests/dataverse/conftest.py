"""The Dataverse in memory that change sets are committed to, and its clock."""

from __future__ import annotations

import pytest
from tests.dataverse.fake_dataverse import Clock, FakeDataverse


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def dataverse(clock: Clock) -> FakeDataverse:
    return FakeDataverse(clock)
