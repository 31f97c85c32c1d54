"""A fresh mock server for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.world import World

from work_assignment.bootstrap import connect
from work_assignment.mock_dataverse.server import MockServer
from work_assignment.settings import Credentials


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with MockServer() as mock, connect(mock.url, Credentials()) as admin:
        yield World(mock, admin, tmp_path)
