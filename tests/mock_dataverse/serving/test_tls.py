"""HTTPS with an authority of one's own, and clients that trust it."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from work_assignment.mock_dataverse.server import MockServer
from work_assignment.mock_dataverse.serving.certificates import CertificateUnavailable
from work_assignment.mock_dataverse.serving.entra.applications import (
    DEFAULT_CLIENT_ID,
    DEFAULT_SECRET,
)

msal = import_module("msal")  # it has no type hints


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MockServer]:
    ca_file = tmp_path_factory.mktemp("tls") / "ca.pem"
    with MockServer(tls=True, ca_file=ca_file, auth=True) as running:
        yield running


def place(server: MockServer) -> tuple[str, int]:
    parts = urlsplit(server.url)
    return parts.hostname or "", parts.port or 0


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_the_certificate_is_good_for_this_machine(server: MockServer, host: str) -> None:
    url = server.url.replace("127.0.0.1", host) + "/__mock/health"
    assert url.startswith("https://")
    answer = requests.get(url, verify=str(server.ca_file), timeout=20)
    assert answer.json()["status"] == "ok"


def test_strict_clients_accept_it_and_others_that_do_not_know_it_refuse(
    server: MockServer,
) -> None:
    context = ssl.create_default_context(cafile=str(server.ca_file))
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    with (
        socket.create_connection(place(server), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as wrapped,
    ):
        assert wrapped.version() == "TLSv1.3"
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"{server.url}/__mock/health", timeout=20)


def test_links_have_the_scheme_of_the_request(server: MockServer) -> None:
    headers = {
        "Authorization": f"Bearer {server.administrator_token()}",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": "crm.example",
    }
    url = f"{server.url}/api/data/v9.2/leads"
    verify = str(server.ca_file)
    answer = requests.get(url, verify=verify, headers=headers, timeout=20)
    assert answer.json()["@odata.context"].startswith(f"{server.url}/api/data/v9.2/$metadata")


@pytest.mark.parametrize("discovery", [False, True])
def test_msal_signs_in_unmodified(
    server: MockServer, monkeypatch: pytest.MonkeyPatch, discovery: bool
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(server.ca_file))
    application = msal.ConfidentialClientApplication(
        DEFAULT_CLIENT_ID,
        client_credential=DEFAULT_SECRET,
        authority=f"{server.url}/contoso.onmicrosoft.com",
        instance_discovery=f"{server.url}/common/discovery/instance" if discovery else False,
    )
    found = application.acquire_token_for_client([f"{server.url}/.default"])
    headers = {"Authorization": f"Bearer {found['access_token']}"}
    answer = requests.get(f"{server.url}/api/data/v9.2/WhoAmI", headers=headers, timeout=20)
    assert answer.status_code == 200
    again = application.acquire_token_for_client([f"{server.url}/.default"])
    assert again["access_token"] == found["access_token"]
    wrong = msal.ConfidentialClientApplication(
        DEFAULT_CLIENT_ID,
        client_credential="wrong",
        authority=f"{server.url}/contoso.onmicrosoft.com",
        instance_discovery=False,
    ).acquire_token_for_client([f"{server.url}/.default"])
    assert (wrong["error"], wrong["error_codes"]) == ("invalid_client", [7000215])


def test_plain_http_is_told_that_this_port_speaks_https(
    server: MockServer, capfd: pytest.CaptureFixture[str]
) -> None:
    with socket.create_connection(place(server), timeout=10) as client:
        client.sendall(b"GET /__mock/health HTTP/1.1\r\nHost: mock\r\n\r\n")
        received = b""
        while piece := client.recv(65536):
            received += piece
    assert received.startswith(b"HTTP/1.1 400 ")
    assert b"HTTPS" in received
    assert capfd.readouterr() == ("", "")


def test_who_says_nothing_or_nonsense_holds_up_nobody(
    server: MockServer, capfd: pytest.CaptureFixture[str]
) -> None:
    silent = [socket.create_connection(place(server), timeout=10) for _ in range(5)]
    nonsense = socket.create_connection(place(server), timeout=10)
    nonsense.sendall(b"\x16\x03\x01\x00\x05hello")
    url = f"{server.url}/__mock/health"
    assert requests.get(url, verify=str(server.ca_file), timeout=5).status_code == 200
    for client in (*silent, nonsense):
        client.close()
    assert requests.get(url, verify=str(server.ca_file), timeout=5).status_code == 200
    assert capfd.readouterr() == ("", "")


def test_without_a_file_the_certificate_goes_with_the_server() -> None:
    with MockServer(tls=True) as server:
        ca_file = server.ca_file
        assert ca_file is not None
        assert b"BEGIN CERTIFICATE" in ca_file.read_bytes()
        assert b"PRIVATE" not in ca_file.read_bytes()
    assert not ca_file.exists()


def test_a_file_that_cannot_be_written_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(CertificateUnavailable, match=r"nowhere.*cannot be written"):
        MockServer(tls=True, ca_file=tmp_path / "nowhere" / "ca.pem")


def test_a_certificate_file_is_for_tls_only(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="ca_file goes with tls"):
        MockServer(ca_file=tmp_path / "ca.pem")
