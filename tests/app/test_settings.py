"""Settings that are missing or wrong are said in one line with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from work_assignment.azure_storage.opening import AzureStorage, SqliteStorage
from work_assignment.settings import SettingsError, read_settings

LOCAL = {"DATAVERSE_URL": "http://127.0.0.1:7072/", "AzureWebJobsStorage": "sqlite:wa.sqlite"}
CLOUD = {
    "DATAVERSE_URL": "https://contoso.crm.dynamics.com",
    "DATAVERSE_TENANT_ID": "tenant",
    "DATAVERSE_CLIENT_ID": "client",
    "DATAVERSE_CLIENT_SECRET": "hush",
    "AzureWebJobsStorage": "sqlite:wa.sqlite",
}


def test_a_mock_on_this_machine_needs_no_sign_in() -> None:
    settings = read_settings(LOCAL)
    assert settings.dataverse_url == "http://127.0.0.1:7072"
    assert settings.mode == "on"
    assert settings.storage == SqliteStorage(Path("wa.sqlite"))


def test_a_real_environment_is_reached_with_a_client_secret() -> None:
    settings = read_settings(CLOUD | {"WA_MODE": "dry-run"})
    assert settings.credentials.client_secret == "hush"
    assert settings.mode == "dry-run"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"DATAVERSE_URL": ""}, "DATAVERSE_URL is missing; set it to"),
        ({"DATAVERSE_URL": "contoso"}, "no http or https address"),
        ({"DATAVERSE_URL": "http://contoso.crm.dynamics.com"}, "must start with https://"),
        ({"DATAVERSE_TENANT_ID": ""}, "DATAVERSE_TENANT_ID is missing"),
        ({"DATAVERSE_CLIENT_SECRET": ""}, "no way to sign in is set; set DATAVERSE_TENANT_ID"),
        ({"WA_MODE": "of"}, "WA_MODE is 'of'; set it to on, dry-run or off"),
        ({"WA_CLOCK": "mok"}, "WA_CLOCK is 'mok'; set it to mock"),
        ({"AzureWebJobsStorage": ""}, "AzureWebJobsStorage is missing; set it to the connection"),
        ({"AzureWebJobsStorage": "sqlite:"}, "AzureWebJobsStorage names no file; set it to"),
        ({"AzureWebJobsStorage": "wa.sqlite"}, "AzureWebJobsStorage is no connection string"),
        ({"AzureWebJobsStorage": "AccountKey=aHVzaA=="}, "lacks AccountName"),
        ({"AzureWebJobsStorage": "AccountName=contoso"}, "lacks AccountKey"),
        ({"AzureWebJobsStorage": "AccountName=contoso;AccountKey=hush!"}, "is not base64"),
        ({"AzureWebJobsStorage": "SharedAccessSignature=sig"}, "lacks an endpoint"),
        (
            {"AzureWebJobsStorage": "UseDevelopmentStorage=yes"},
            "says UseDevelopmentStorage wrongly",
        ),
        (
            {"AzureWebJobsStorage": "", "AzureWebJobsStorage__accountName": "contoso"},
            "AzureWebJobsStorage__accountName asks for a storage connection with a managed identity",
        ),
    ],
)
def test_what_is_wrong_is_named_with_what_to_do(changes: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError, match=r".+") as refused:
        read_settings(CLOUD | changes)
    assert named in str(refused.value)
    assert "\n" not in str(refused.value)
    assert "hush" not in str(refused.value)


def test_secrets_do_not_show_in_the_text_of_the_settings() -> None:
    assert "hush" not in repr(read_settings(CLOUD))


CONNECTION = (
    "DefaultEndpointsProtocol=https;AccountName=contoso;AccountKey=aHVzaA==;"
    "EndpointSuffix=core.windows.net"
)


@pytest.mark.parametrize("text", [CONNECTION, f"{CONNECTION};", "UseDevelopmentStorage=true"])
def test_an_account_in_azure_or_its_emulator_is_named_by_a_connection_string(text: str) -> None:
    settings = read_settings(CLOUD | {"AzureWebJobsStorage": text})
    assert settings.storage == AzureStorage(text)
    assert "aHVzaA" not in repr(settings)
