"""WA_TEAMS_URL is a secret address that is checked and never shown."""

from __future__ import annotations

import pytest

from work_assignment.settings import TeamsAddress, read_settings, read_teams

SETTINGS = {
    "DATAVERSE_URL": "http://127.0.0.1:9",
    "AzureWebJobsStorage": "sqlite:x.sqlite",
}


@pytest.mark.parametrize(
    "url",
    [
        "https://prod-01.westeurope.logic.azure.com:443/workflows/abc/triggers/x?sig=s3cret",
        "https://contoso.webhook.office.com/webhookb2/s3cret",
        "http://127.0.0.1:8080/s3cret",
        "http://localhost/s3cret",
    ],
)
def test_an_address_is_taken_and_only_its_host_is_shown(url: str) -> None:
    address = read_settings({**SETTINGS, "WA_TEAMS_URL": f" {url} "}).teams
    assert (address.url, address.trouble) == (url, "")
    assert address.host in url
    assert "s3cret" not in repr(address)
    assert "s3cret" not in repr(read_settings({**SETTINGS, "WA_TEAMS_URL": url}))


@pytest.mark.parametrize(
    "url",
    [
        "http://contoso.example/s3cret",
        "contoso.example/s3cret",
        "ftp://contoso.example/s3cret",
        "https:///s3cret",
        "https://user:s3cret@contoso.example/",
        "https://[::1/s3cret",
        "https://contoso.example:99999/s3cret",
        "https://contoso.example/s3\x07cret",
    ],
)
def test_what_is_no_https_address_stops_nothing_and_is_not_repeated(url: str) -> None:
    settings = read_settings({**SETTINGS, "WA_TEAMS_URL": url})
    assert settings.teams == TeamsAddress(problem="WA_TEAMS_URL is no https address")
    assert settings.teams.trouble == "WA_TEAMS_URL is no https address"
    assert settings.teams.url == ""


def test_without_an_address_it_is_said_that_there_is_none() -> None:
    assert read_teams({}).trouble == read_teams({"WA_TEAMS_URL": " "}).trouble
    assert read_teams({}).trouble == "the app setting WA_TEAMS_URL is not set"
