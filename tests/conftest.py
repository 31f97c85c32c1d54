"""What tests of several folders share: an Azurite, started by the first test that asks for it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.azurite.server import Azurite


@pytest.fixture(scope="session")
def _azurite_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    if sys.platform == "win32":
        pytest.skip("Azurite is started by means that Windows does not have")
    from tests.azurite.server import Azurite

    azurite = Azurite(tmp_path_factory.mktemp("azurite"))
    yield azurite
    azurite.close()


@pytest.fixture
def azurite(_azurite_process: Azurite) -> Iterator[Azurite]:
    """Azurite, whose clock runs as everybody's unless the test says otherwise."""
    yield _azurite_process
    _azurite_process.run_on_real_time()
