"""A mock for the tests that need one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.configuration.on_mock import running

from work_assignment.dataverse.client import DataverseClient


@pytest.fixture
def client() -> Iterator[DataverseClient]:
    with running() as found:
        yield found
