"""A mock over HTTPS and Microsoft's own client for Python against it, as it is on PyPI."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from azure.core.credentials import AccessToken
from PowerPlatform.Dataverse.client import DataverseClient

from work_assignment.mock_dataverse.server import MockServer


class AnyToken:
    """What the client asks for tokens; without --auth the mock takes any."""

    def get_token(self, *scopes: str, **options: object) -> AccessToken:
        return AccessToken("any", int(time.time()) + 3600)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MockServer]:
    ca_file = tmp_path_factory.mktemp("authority") / "ca.pem"
    with (
        MockServer(tls=True, ca_file=ca_file) as running,
        pytest.MonkeyPatch.context() as environment,
    ):
        environment.setenv("REQUESTS_CA_BUNDLE", str(ca_file))
        yield running


@pytest.fixture(scope="module")
def client(server: MockServer) -> Iterator[DataverseClient]:
    with DataverseClient(server.url, AnyToken()) as connected:
        yield connected
