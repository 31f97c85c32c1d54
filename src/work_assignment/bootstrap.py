"""Puts the app together from its settings: the one place that knows every part."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
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
from work_assignment.dataverse.sweep_store import SweepStore
from work_assignment.services.bell import Bell
from work_assignment.services.deciding import Decider
from work_assignment.services.intake import TAG, Intake
from work_assignment.services.sweeping import Sweeper
from work_assignment.services.undoing import Undoer
from work_assignment.services.workshop import Workshop
from work_assignment.settings import Credentials, Settings, read_settings
from work_assignment.solvers.on_demand import FlowSolverOnDemand

LEASED_FOR = timedelta(seconds=60)


@dataclass(frozen=True)
class Application:
    """The running app's services."""

    settings: Settings
    bell: Bell
    intake: Intake
    decider: Decider


@dataclass(frozen=True)
class SweepingTools:
    """What sweeps, and what undoes it."""

    sweeper: Sweeper
    undoer: Undoer


@lru_cache(maxsize=1)
def application() -> Application:
    """The app of this process, made at the first call from the environment."""
    return build(read_settings(os.environ))


def build(settings: Settings) -> Application:
    """Put an app together; nothing is asked of Dataverse yet."""
    queues = SqliteQueues(settings.storage)
    leases = SqliteLeases(settings.storage, held_for=LEASED_FOR)
    client = connect(settings.dataverse_url, settings.credentials, tag=TAG)
    definitions = DefinitionStore(client)
    facts = FactStore(client, definitions)
    bell = Bell(queues)
    workshop = _workshop(settings, queues, leases, client, definitions, facts, bell)
    off = settings.mode == "off"
    return Application(
        settings,
        bell,
        Intake(queues, bell, lambda: facts.known_user_id, off=off),
        Decider(workshop),
    )


@contextmanager
def sweeping(
    settings: Settings, *, stopped: Callable[[], bool] = lambda: False
) -> Iterator[SweepingTools]:
    """What a process works with that sweeps until it is `stopped`, or undoes; then it is closed."""
    queues = SqliteQueues(settings.storage)
    leases = SqliteLeases(settings.storage, held_for=LEASED_FOR)
    with (
        closing(queues),
        closing(leases),
        connect(settings.dataverse_url, settings.credentials, tag=TAG) as client,
    ):
        definitions = DefinitionStore(client)
        facts = FactStore(client, definitions)
        shop = _workshop(settings, queues, leases, client, definitions, facts, Bell(queues))
        sweeps = SweepStore(client, lambda: definitions.schemas)
        yield SweepingTools(
            Sweeper(shop, sweeps, pause=_pause, stopped=stopped), Undoer(shop, sweeps, pause=_pause)
        )


def _workshop(
    settings: Settings,
    queues: SqliteQueues,
    leases: SqliteLeases,
    client: DataverseClient,
    definitions: DefinitionStore,
    facts: FactStore,
    bell: Bell,
) -> Workshop:
    return Workshop(
        queues=queues,
        leases=leases,
        facts=facts,
        outcomes=OutcomeStore(client, lambda: definitions.schemas, now),
        bell=bell,
        clock=now,
        solver=FlowSolverOnDemand(),
        mode=settings.mode,
    )


def _pause(duration: timedelta) -> None:
    time.sleep(duration.total_seconds())


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
