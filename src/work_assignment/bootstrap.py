"""Puts the app together from its settings: the one place that knows every part."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from work_assignment.azure_storage.sqlite_lease import SqliteLeases
from work_assignment.azure_storage.sqlite_queues import SqliteQueues
from work_assignment.dataverse.auth import (
    ClientCertificate,
    ClientSecret,
    ManagedIdentity,
    StaticToken,
    TokenProvider,
)
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.definition_store import DefinitionStore
from work_assignment.dataverse.fact_store import FactStore
from work_assignment.dataverse.outcome_store import OutcomeStore
from work_assignment.services.bell import Bell
from work_assignment.services.deciding import Decider
from work_assignment.services.intake import TAG, Intake
from work_assignment.services.workshop import Workshop
from work_assignment.settings import Credentials, Settings, read_settings

LEASED_FOR = timedelta(seconds=60)


@dataclass(frozen=True)
class Application:
    """The running app's services."""

    settings: Settings
    bell: Bell
    intake: Intake
    decider: Decider


@lru_cache(maxsize=1)
def application() -> Application:
    """The app of this process, made at the first call from the environment."""
    return build(read_settings(os.environ))


def build(settings: Settings) -> Application:
    """Put an app together; nothing is asked of Dataverse yet."""
    queues = SqliteQueues(settings.storage)
    client = connect(settings.dataverse_url, settings.credentials, tag=TAG)
    definitions = DefinitionStore(client)
    facts = FactStore(client, definitions)
    bell = Bell(queues)
    workshop = Workshop(
        queues=queues,
        leases=SqliteLeases(settings.storage, held_for=LEASED_FOR),
        facts=facts,
        outcomes=OutcomeStore(client, lambda: definitions.schemas, now),
        bell=bell,
        clock=now,
        mode=settings.mode,
    )
    off = settings.mode == "off"
    return Application(
        settings,
        bell,
        Intake(queues, bell, lambda: facts.known_user_id, off=off),
        Decider(workshop),
    )


def now() -> datetime:
    """The present, in UTC."""
    return datetime.now(UTC)


def connect(url: str, credentials: Credentials, *, tag: str | None = None) -> DataverseClient:
    """A client for one environment."""
    return DataverseClient(url, _tokens(url, credentials), tag=tag)


def _tokens(url: str, credentials: Credentials) -> TokenProvider:
    if credentials.token is not None:
        return StaticToken(credentials.token)
    if credentials.managed_identity:
        return ManagedIdentity(url, credentials.client_id or None)
    if credentials.certificate_path:
        return ClientCertificate(
            url, credentials.tenant_id, credentials.client_id, Path(credentials.certificate_path)
        )
    if credentials.client_secret:
        return ClientSecret(
            url, credentials.tenant_id, credentials.client_id, credentials.client_secret
        )
    return StaticToken(None)
