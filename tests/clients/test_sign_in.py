"""Microsoft's client and libraries against a mock that wants its own tokens."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from azure.core.credentials import AccessToken
from azure.identity import ClientSecretCredential
from PowerPlatform.Dataverse.client import DataverseClient
from PowerPlatform.Dataverse.core.errors import HttpError

from work_assignment.mock_dataverse.server import MockServer
from work_assignment.mock_dataverse.serving.entra.applications import (
    DEFAULT_CLIENT_ID,
    DEFAULT_SECRET,
)
from work_assignment.mock_dataverse.well_known import TENANT_ID


class Handed:
    """A token from elsewhere."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self, *scopes: str, **options: object) -> AccessToken:
        return AccessToken(self._token, 2**31)


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MockServer]:
    ca_file = tmp_path_factory.mktemp("authority") / "ca.pem"
    with (
        MockServer(tls=True, ca_file=ca_file, auth=True) as running,
        pytest.MonkeyPatch.context() as environment,
    ):
        environment.setenv("REQUESTS_CA_BUNDLE", str(ca_file))
        yield running


def test_azure_identity_signs_in_with_a_secret(strict: MockServer) -> None:
    credential = ClientSecretCredential(
        TENANT_ID,
        DEFAULT_CLIENT_ID,
        DEFAULT_SECRET,
        authority=f"https://localhost:{urlsplit(strict.url).port}",
        disable_instance_discovery=True,
    )
    with credential, DataverseClient(strict.url, credential) as client:
        account = client.records.create("account", {"name": "Signed in"})
        row = client.records.retrieve(
            "account", account, select=["name"], expand=["owninguser($select=applicationid)"]
        )
        assert row is not None
        assert row["owninguser"]["applicationid"] == DEFAULT_CLIENT_ID


def test_a_token_of_the_server_is_taken_and_no_other(strict: MockServer) -> None:
    with DataverseClient(strict.url, Handed(strict.administrator_token())) as client:
        assert client.tables.get("account") is not None
    with (
        DataverseClient(strict.url, Handed("made up")) as stranger,
        pytest.raises(HttpError) as refused,
    ):
        stranger.records.list("account")
    assert refused.value.status_code == 401
