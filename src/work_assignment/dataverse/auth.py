"""Access tokens: a fixed one, or one from Microsoft Entra through msal; secrets never reach an error text."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import Any, Protocol, TypeAlias, runtime_checkable

import requests

from work_assignment.dataverse.errors import (
    ConnectionFailed,
    DataverseError,
    InvalidRequest,
    NotAuthenticated,
)

ENTRA = "https://login.microsoftonline.com"
_TIMEOUT = 20
_TOKEN = re.compile(r"[\x21-\x7e]+")
_KEY_BLOCK = re.compile(
    r"-----BEGIN (?:\w+ )?PRIVATE KEY-----.+?-----END (?:\w+ )?PRIVATE KEY-----", re.S
)
_CERTIFICATE_BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.S)

Acquire: TypeAlias = Callable[[], Mapping[str, Any]]


class TokenProvider(Protocol):
    """Where the client gets its access token; None means that the server wants none."""

    def token(self) -> str | None: ...


@runtime_checkable
class RenewableTokens(TokenProvider, Protocol):
    """A provider that can get another token for one that was refused."""

    def renew(self, refused: str) -> str: ...


class StaticToken:
    """A token that somebody else made, or none."""

    def __init__(self, token: str | None) -> None:
        if token and not _TOKEN.fullmatch(token):
            raise InvalidRequest("the access token has a character that no token can have")
        self._token = token or None

    def token(self) -> str | None:
        return self._token


class _MsalTokens(ABC):
    """Tokens that msal gets and keeps; safe from many threads."""

    def __init__(self, url: str) -> None:
        self._resource = url.rstrip("/")
        self._lock = Lock()
        self._acquire: Acquire | None = None

    def token(self) -> str:
        with self._lock:
            return self._current()

    def renew(self, refused: str) -> str:
        """Get a new token, unless another thread has done so already."""
        with self._lock:
            current = self._current()
            if current != refused:
                return current
            self._acquire = None  # msal's cache goes with it
            return self._current()

    def _current(self) -> str:
        what = f"sign-in for {self._resource}"
        try:
            if self._acquire is None:
                self._acquire = self._start()
            result = self._acquire()
        except Exception as exc:  # msal does not say what it raises
            raise self._failure(exc, what) from exc
        return self._token_in(result, what)

    def _failure(self, exc: Exception, what: str) -> DataverseError:
        """Part what may pass, a sign-in service out of reach, from what will not."""
        busy = import_module("msal.exceptions").MsalServiceError
        if isinstance(exc, requests.RequestException | busy):
            why = f"the sign-in service cannot be reached ({type(exc).__name__})"
            return ConnectionFailed(None, "", why, "", what)
        return NotAuthenticated(None, "", self._without_secrets(str(exc)), "", what)

    def _token_in(self, result: Mapping[str, Any], what: str) -> str:
        token = result.get("access_token")
        if isinstance(token, str) and token:
            return token
        code = str(result.get("error") or "no token")
        message = self._without_secrets(str(result.get("error_description") or ""))
        raise NotAuthenticated(None, code, message, str(result.get("correlation_id") or ""), what)

    @abstractmethod
    def _start(self) -> Acquire:
        """Set msal up; what comes back gets a token, from its cache while that is good."""

    def _without_secrets(self, text: str) -> str:
        return text


class _AppRegistration(_MsalTokens):
    """Tokens for an app registration, the application user of the environment."""

    def __init__(self, url: str, tenant_id: str, client_id: str, authority_host: str) -> None:
        super().__init__(url)
        self._client_id = client_id
        self._authority = f"{authority_host.rstrip('/')}/{tenant_id}"

    def _start(self) -> Acquire:
        application = import_module("msal").ConfidentialClientApplication(
            self._client_id,
            authority=self._authority,
            client_credential=self._credential(),
            timeout=_TIMEOUT,
        )
        scopes = [f"{self._resource}/.default"]

        def acquire() -> Mapping[str, Any]:
            return application.acquire_token_for_client(scopes) or {}

        return acquire

    @abstractmethod
    def _credential(self) -> str | Mapping[str, object]: ...


class ClientSecret(_AppRegistration):
    """Tokens for an app registration with a client secret."""

    def __init__(
        self,
        url: str,
        tenant_id: str,
        client_id: str,
        secret: str,
        *,
        authority_host: str = ENTRA,
    ) -> None:
        super().__init__(url, tenant_id, client_id, authority_host)
        self._secret = secret

    def _credential(self) -> str:
        return self._secret

    def _without_secrets(self, text: str) -> str:
        return text.replace(self._secret, "(hidden)") if self._secret else text


class ClientCertificate(_AppRegistration):
    """Tokens for an app registration with a certificate: a .pfx, or a .pem with key and certificate."""

    def __init__(
        self,
        url: str,
        tenant_id: str,
        client_id: str,
        certificate: Path,
        *,
        authority_host: str = ENTRA,
    ) -> None:
        super().__init__(url, tenant_id, client_id, authority_host)
        is_pfx = certificate.suffix.lower() in (".pfx", ".p12")
        self._found = _pfx_credential(certificate) if is_pfx else _pem_credential(certificate)

    def _credential(self) -> Mapping[str, object]:
        return self._found


class ManagedIdentity(_MsalTokens):
    """Tokens for the identity of the Azure resource that runs us; `client_id` names a user-assigned one."""

    def __init__(self, url: str, client_id: str | None = None) -> None:
        super().__init__(url)
        self._client_id = client_id

    def _start(self) -> Acquire:
        msal = import_module("msal")
        identity = (
            msal.UserAssignedManagedIdentity(client_id=self._client_id)
            if self._client_id
            else msal.SystemAssignedManagedIdentity()
        )
        client = msal.ManagedIdentityClient(identity, http_client=requests.Session())

        def acquire() -> Mapping[str, Any]:
            return client.acquire_token_for_client(resource=self._resource) or {}

        return acquire


def _pfx_credential(path: Path) -> Mapping[str, object]:
    if not path.is_file():
        raise InvalidRequest(f"the certificate {path} cannot be read: there is no such file")
    return {"private_key_pfx_path": str(path)}


def _pem_credential(path: Path) -> Mapping[str, object]:
    try:
        text = path.read_text("ascii")
    except (OSError, UnicodeDecodeError) as exc:
        raise InvalidRequest(
            f"the certificate {path} cannot be read: {type(exc).__name__}"
        ) from exc
    key, certificate = _KEY_BLOCK.search(text), _CERTIFICATE_BLOCK.search(text)
    if key is None or certificate is None:
        missing = "private key" if key is None else "certificate"
        raise InvalidRequest(
            f"{path} holds no {missing}: a .pem needs both the key and the certificate"
        )
    return {"private_key": key.group(), "public_certificate": certificate.group()}
