"""The settings of a running app, read from the environment as Azure Functions gives them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from work_assignment.azure_storage.opening import AzureStorage, SqliteStorage, Storage

MODES = ("on", "dry-run", "off")
CLOCKS = ("mock",)
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_STORAGE = "AzureWebJobsStorage"
_SQLITE = "sqlite:"
_EMULATOR = "UseDevelopmentStorage"
_STORAGE_ADVICE = (
    "set it to the connection string of a storage account, to UseDevelopmentStorage=true, "
    "or to sqlite:FILE, such as sqlite:wa.sqlite"
)


class SettingsError(Exception):
    """Settings that are missing or wrong; the text says which and what to do."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """How we sign in: one of the ways is filled in."""

    tenant_id: str = ""
    client_id: str = ""
    client_secret: str = ""
    certificate_path: str = ""
    managed_identity: bool = False
    token: str | None = None

    def __repr__(self) -> str:
        return "Credentials(hidden)"


@dataclass(frozen=True, slots=True)
class TeamsAddress:
    """The address of a workflow or an incoming webhook, which is a secret, or why there is none."""

    url: str = field(default="", repr=False)
    problem: str = ""

    @property
    def host(self) -> str:
        """What may be told of it."""
        return urlsplit(self.url).hostname or ""

    @property
    def trouble(self) -> str:
        """Why nothing can be sent there, empty where it can."""
        return "" if self.url else self.problem or "the app setting WA_TEAMS_URL is not set"


@dataclass(frozen=True, slots=True)
class Settings:
    """`mode` is on, dry-run or off; `storage` is where queues and leases are.

    `teams` is where messages to Teams go.
    """

    dataverse_url: str
    credentials: Credentials
    mode: str
    storage: Storage
    teams: TeamsAddress = field(default_factory=TeamsAddress)


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read and check everything the app needs; raises SettingsError."""
    mode = environment.get("WA_MODE") or "on"
    if mode not in MODES:
        raise SettingsError(
            f"WA_MODE is {mode!r}; set it to {', '.join(MODES[:-1])} or {MODES[-1]}"
        )
    url, credentials = read_connection(environment)
    read_clock(environment)
    return Settings(url, credentials, mode, _storage(environment), read_teams(environment))


def read_clock(environment: Mapping[str, str]) -> str:
    """The address of the mock whose clock is gone by; empty for the computer's own."""
    clock = environment.get("WA_CLOCK")
    if not clock:
        return ""
    if clock not in CLOCKS:
        raise SettingsError(
            f"WA_CLOCK is {clock!r}; set it to mock to go by the clock of a mock Dataverse, "
            "or leave it out"
        )
    return _address(environment.get("DATAVERSE_URL"))[0]


def read_teams(environment: Mapping[str, str]) -> TeamsAddress:
    """Where messages to Teams go; a wrong address keeps nothing else from working.

    It is a secret, so what is wrong with it repeats none of it.
    """
    text = (environment.get("WA_TEAMS_URL") or "").strip()
    if not text:
        return TeamsAddress()
    try:
        parts = urlsplit(text)
        is_address = bool(parts.hostname) and parts.port != 0 and text.isprintable()
    except ValueError:
        return TeamsAddress(problem="WA_TEAMS_URL is no https address")
    if parts.scheme == "http" and parts.hostname in _LOOPBACK and is_address:
        return TeamsAddress(text)
    if parts.scheme != "https" or not is_address or "@" in parts.netloc:
        return TeamsAddress(problem="WA_TEAMS_URL is no https address")
    return TeamsAddress(text)


def read_connection(
    environment: Mapping[str, str], url: str | None = None
) -> tuple[str, Credentials]:
    """Which environment to talk to, and how to sign in; `url` goes before DATAVERSE_URL."""
    address, on_this_machine = _address(url or environment.get("DATAVERSE_URL"))
    return address, _credentials(environment, on_this_machine=on_this_machine)


def _address(url: str | None) -> tuple[str, bool]:
    """An environment's address, and whether it is on this machine."""
    address = (url or "").rstrip("/")
    if not address:
        raise SettingsError(
            "DATAVERSE_URL is missing; set it to the address of your environment, "
            "such as https://contoso.crm.dynamics.com"
        )
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(f"DATAVERSE_URL is {address!r}, which is no http or https address")
    on_this_machine = parts.hostname in _LOOPBACK
    if parts.scheme == "http" and not on_this_machine:
        raise SettingsError("DATAVERSE_URL must start with https:// unless it is this machine")
    return address, on_this_machine


def _credentials(environment: Mapping[str, str], *, on_this_machine: bool) -> Credentials:
    found = Credentials(
        tenant_id=environment.get("DATAVERSE_TENANT_ID", ""),
        client_id=environment.get("DATAVERSE_CLIENT_ID", ""),
        client_secret=environment.get("DATAVERSE_CLIENT_SECRET", ""),
        certificate_path=environment.get("DATAVERSE_CERTIFICATE_PATH", ""),
        managed_identity=environment.get("DATAVERSE_MANAGED_IDENTITY", "").lower() == "true",
        token=environment.get("DATAVERSE_TOKEN") or None,
    )
    if found.managed_identity or found.token is not None:
        return found
    if found.client_secret or found.certificate_path:
        missing = [
            name
            for name, value in (
                ("DATAVERSE_TENANT_ID", found.tenant_id),
                ("DATAVERSE_CLIENT_ID", found.client_id),
            )
            if not value
        ]
        if missing:
            raise SettingsError(
                f"{' and '.join(missing)} is missing; it is on the app registration"
            )
        return found
    if on_this_machine:
        return found
    raise SettingsError(
        "no way to sign in is set; set DATAVERSE_TENANT_ID, DATAVERSE_CLIENT_ID and "
        "DATAVERSE_CLIENT_SECRET (or DATAVERSE_CERTIFICATE_PATH), or DATAVERSE_MANAGED_IDENTITY=true"
    )


def _storage(environment: Mapping[str, str]) -> Storage:
    text = (environment.get(_STORAGE) or "").strip()
    if not text:
        _refuse_identity(environment)
        raise SettingsError(f"{_STORAGE} is missing; {_STORAGE_ADVICE}")
    if text.startswith(_SQLITE):
        if text == _SQLITE:
            raise SettingsError(f"{_STORAGE} names no file; {_STORAGE_ADVICE}")
        return SqliteStorage(Path(text.removeprefix(_SQLITE)))
    problem = _connection_problem(text)
    if problem:
        raise SettingsError(f"{_STORAGE} {problem}; {_STORAGE_ADVICE}")
    return AzureStorage(text)


def _refuse_identity(environment: Mapping[str, str]) -> None:
    group = sorted(name for name in environment if name.startswith(f"{_STORAGE}__"))
    if group:
        raise SettingsError(
            f"{group[0]} asks for a storage connection with a managed identity, which this version "
            f"does not support; set {_STORAGE} to the account's connection string"
        )


def _connection_problem(text: str) -> str | None:
    """What is wrong with a connection string, without repeating any of it: it holds a key."""
    pairs = [part.partition("=") for part in text.rstrip(";").split(";")]
    if not all(name and sign and value for name, sign, value in pairs):
        return "is no connection string"
    found = {name.strip().lower(): value.strip() for name, _, value in pairs}
    if _EMULATOR.lower() in found:
        # The SDK takes nothing but this very text for the emulator.
        return None if text.rstrip(";") == f"{_EMULATOR}=true" else f"says {_EMULATOR} wrongly"
    if "sharedaccesssignature" in found:
        return None if {"blobendpoint", "queueendpoint"} <= found.keys() else "lacks an endpoint"
    for name in ("AccountName", "AccountKey"):
        if name.lower() not in found:
            return f"lacks {name}"
    return None if _is_key(found["accountkey"]) else "has an AccountKey that is not base64"


def _is_key(text: str) -> bool:
    try:
        return bool(base64.b64decode(text, validate=True))
    except binascii.Error:
        return False
