"""Access tokens from Microsoft Entra, with the sign-in service played by canned answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs

import pytest
import requests
import responses
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from work_assignment.dataverse.auth import (
    ENTRA,
    ClientCertificate,
    ClientSecret,
    ManagedIdentity,
    RenewableTokens,
    StaticToken,
)
from work_assignment.dataverse.errors import ConnectionFailed, InvalidRequest, NotAuthenticated

URL = "https://org.crm.dynamics.com/"
TENANT = "11111111-1111-4111-8111-111111111111"
CLIENT = "22222222-2222-4222-8222-222222222222"
SECRET = "top~secret.value"
TOKEN_URL = f"{ENTRA}/{TENANT}/oauth2/v2.0/token"


@pytest.fixture
def entra() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.get(
            f"{ENTRA}/{TENANT}/v2.0/.well-known/openid-configuration",
            json={
                "issuer": f"{ENTRA}/{TENANT}/v2.0",
                "authorization_endpoint": f"{ENTRA}/{TENANT}/oauth2/v2.0/authorize",
                "token_endpoint": TOKEN_URL,
            },
        )
        mock.get(f"{ENTRA}/common/discovery/instance", json={"metadata": []})
        yield mock


def grant(entra: responses.RequestsMock, token: str) -> None:
    entra.post(TOKEN_URL, json={"token_type": "Bearer", "expires_in": 3599, "access_token": token})


def asked_for_tokens(entra: responses.RequestsMock) -> list[dict[str, list[str]]]:
    return [
        parse_qs(str(call.request.body)) for call in entra.calls if call.request.url == TOKEN_URL
    ]


def with_secret() -> ClientSecret:
    return ClientSecret(URL, TENANT, CLIENT, SECRET)


def test_a_client_secret_gets_one_token_for_the_environment_and_keeps_it(
    entra: responses.RequestsMock,
) -> None:
    grant(entra, "first")
    tokens = with_secret()

    assert [tokens.token(), tokens.token()] == ["first", "first"]
    (asked,) = asked_for_tokens(entra)
    assert asked["client_id"] == [CLIENT]
    assert asked["scope"] == ["https://org.crm.dynamics.com/.default"]
    assert asked["grant_type"] == ["client_credentials"]


def test_a_refused_token_is_replaced_once_however_many_threads_ask(
    entra: responses.RequestsMock,
) -> None:
    grant(entra, "first")
    grant(entra, "second")
    tokens = with_secret()
    tokens.token()

    assert [tokens.renew("first"), tokens.renew("first"), tokens.token()] == ["second"] * 3
    assert len(asked_for_tokens(entra)) == 2


def test_a_wrong_secret_is_said_without_the_secret(entra: responses.RequestsMock) -> None:
    description = f"AADSTS7000215: Invalid client secret provided: {SECRET}. Trace ID: 1"
    entra.post(
        TOKEN_URL,
        status=401,
        json={"error": "invalid_client", "error_description": description, "correlation_id": "c1"},
    )

    with pytest.raises(NotAuthenticated) as caught:
        with_secret().token()

    assert SECRET not in str(caught.value)
    assert "sign-in for https://org.crm.dynamics.com: not signed in (invalid_client)" in str(
        caught.value
    )
    assert "AADSTS7000215" in str(caught.value)
    assert caught.value.request_id == "c1"


def test_a_wrong_tenant_is_said_plainly(entra: responses.RequestsMock) -> None:
    unknown = "33333333-3333-4333-8333-333333333333"
    entra.get(
        f"{ENTRA}/{unknown}/v2.0/.well-known/openid-configuration",
        status=400,
        json={"error": "invalid_tenant", "error_description": "AADSTS90002: Tenant not found."},
    )

    with pytest.raises(NotAuthenticated, match=unknown):
        ClientSecret(URL, unknown, CLIENT, SECRET).token()


@pytest.mark.parametrize(
    "trouble", [{"body": requests.ConnectionError("refused")}, {"status": 503, "body": "busy"}]
)
def test_a_sign_in_service_out_of_reach_is_a_lost_connection_and_may_be_tried_again(
    entra: responses.RequestsMock, trouble: dict[str, object]
) -> None:
    entra.add(responses.Response("POST", TOKEN_URL, **trouble))  # type: ignore[arg-type] # as named

    with pytest.raises(ConnectionFailed, match="sign-in service cannot be reached"):
        with_secret().token()


def key_and_certificate() -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return key, certificate


def write_pem(folder: Path) -> Path:
    key, certificate = key_and_certificate()
    path = folder / "app.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
    return path


def write_pfx(folder: Path) -> Path:
    key, certificate = key_and_certificate()
    path = folder / "app.pfx"
    path.write_bytes(
        pkcs12.serialize_key_and_certificates(
            b"app", key, certificate, None, serialization.NoEncryption()
        )
    )
    return path


@pytest.mark.parametrize("write", [write_pem, write_pfx])
def test_a_certificate_signs_the_request_for_a_token(
    entra: responses.RequestsMock, tmp_path: Path, write: Callable[[Path], Path]
) -> None:
    grant(entra, "first")

    assert ClientCertificate(URL, TENANT, CLIENT, write(tmp_path)).token() == "first"
    (asked,) = asked_for_tokens(entra)
    assert asked["client_assertion"][0].count(".") == 2
    assert "client_secret" not in asked


@pytest.mark.parametrize("name", ["missing.pem", "missing.pfx"])
def test_a_certificate_file_that_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidRequest, match=name):
        ClientCertificate(URL, TENANT, CLIENT, tmp_path / name)


def test_a_certificate_file_without_its_key_is_refused_by_name(tmp_path: Path) -> None:
    path = write_pem(tmp_path)
    path.write_text(path.read_text().partition("-----BEGIN PRIVATE KEY")[0])

    with pytest.raises(InvalidRequest, match=r"app\.pem holds no private key"):
        ClientCertificate(URL, TENANT, CLIENT, path)


def test_a_managed_identity_asks_the_machine_it_runs_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:41000/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "h")
    monkeypatch.delenv("IDENTITY_SERVER_THUMBPRINT", raising=False)
    with responses.RequestsMock() as mock:
        mock.get(
            "http://127.0.0.1:41000/msi/token",
            json={"access_token": "mine", "expires_on": "4102444800", "resource": "r"},
        )

        assert ManagedIdentity(URL, CLIENT).token() == "mine"
        url = str(mock.calls[0].request.url)

    assert "resource=https%3A%2F%2Forg.crm.dynamics.com" in url
    assert f"client_id={CLIENT}" in url


def test_a_fixed_token_is_given_as_it_is_and_cannot_be_renewed() -> None:
    tokens = StaticToken("user:ana@contoso.example")

    assert tokens.token() == "user:ana@contoso.example"
    assert not isinstance(tokens, RenewableTokens)


@pytest.mark.parametrize("nothing", [None, ""])
def test_no_token_is_none(nothing: str | None) -> None:
    assert StaticToken(nothing).token() is None


def test_a_fixed_token_with_a_line_end_is_refused_without_being_shown() -> None:
    with pytest.raises(InvalidRequest) as caught:
        StaticToken("s3cr3t\n")

    assert "s3cr3t" not in str(caught.value)
