"""What every test of the local host needs: a folder for its app, and an untouched interpreter."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.local_host.support import MemoryQueues


@pytest.fixture(autouse=True)
def _untouched_interpreter() -> Iterator[None]:
    """A host leaves its app's folder on sys.path, as Azure's worker does; a test must not."""
    path, environment = list(sys.path), dict(os.environ)
    yield
    sys.path[:] = path
    sys.modules.pop("function_app", None)
    # pytest itself notes the running test in the environment.
    changed = {name for name in set(environment) | set(os.environ) if not name.startswith("PYTEST")}
    assert {n: environment.get(n) for n in changed} == {n: os.environ.get(n) for n in changed}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "app"


@pytest.fixture
def queues() -> MemoryQueues:
    return MemoryQueues()
