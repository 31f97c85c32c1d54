"""Puts the app together from its settings: the one place that knows every part."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from work_assignment.azure_storage.leases import NamedLeases
from work_assignment.azure_storage.messages import Message, MessageQueues
from work_assignment.azure_storage.opening import open_leases, open_notes, open_queues
from work_assignment.azure_storage.tolerant_leases import TolerantLeases
from work_assignment.dataverse.auth import (
    ClientCertificate,
    ClientSecret,
    ManagedIdentity,
    StaticToken,
    TokenProvider,
)
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.connections import Counts, sent_here
from work_assignment.dataverse.definition_store import DefinitionStore
from work_assignment.dataverse.fact_store import FactStore
from work_assignment.dataverse.outcome_store import OutcomeStore
from work_assignment.dataverse.retention_store import RetentionStore
from work_assignment.dataverse.retry import ONCE
from work_assignment.dataverse.sweep_store import SweepStore
from work_assignment.dataverse.watch_store import WatchStore
from work_assignment.domain.runs.sweeps import Scope
from work_assignment.services import telemetry
from work_assignment.services.bell import Bell
from work_assignment.services.deciding import Decider
from work_assignment.services.failed_jobs import FailedJobWatch
from work_assignment.services.health import About, Health
from work_assignment.services.intake import TAG, Intake
from work_assignment.services.poison import Poison
from work_assignment.services.ports import Sweeps
from work_assignment.services.retention import Retention
from work_assignment.services.seen import Seen
from work_assignment.services.sweep_desk import SweepDesk
from work_assignment.services.sweep_reports import SweepReport
from work_assignment.services.sweep_requests import SweepRequests
from work_assignment.services.sweep_sessions import Tools
from work_assignment.services.sweeping import Sweeper
from work_assignment.services.undoing import Following, Undoer, UndoReport
from work_assignment.services.webhook_registration import ENDPOINT_NAME
from work_assignment.services.workshop import Workshop
from work_assignment.settings import Credentials, Settings, read_settings
from work_assignment.solvers.on_demand import FlowSolverOnDemand

HEALTH_TIMEOUT = 3


@dataclass(frozen=True)
class Application:
    """The running app's services."""

    settings: Settings
    bell: Bell
    intake: Intake
    decider: Decider
    retention: Retention
    sweeps: SweepDesk
    health: Health
    seen: Seen
    failed_jobs: FailedJobWatch
    traffic: telemetry.Traffic


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
    queues = open_queues(settings.storage)
    leases = open_leases(settings.storage)
    client = connect(settings.dataverse_url, settings.credentials, tag=TAG)
    definitions = DefinitionStore(client)
    facts = FactStore(client, definitions)
    bell = Bell(queues)
    outcomes = OutcomeStore(client, lambda: definitions.schemas, now)
    workshop = _workshop(settings, queues, leases, facts, outcomes, bell)
    off = settings.mode == "off"
    seen = Seen(open_notes(settings.storage), now, monotonic=monotonic)
    return Application(
        settings,
        bell,
        Intake(queues, bell, lambda: facts.known_user_id, off=off),
        Decider(workshop),
        Retention(RetentionStore(client), now, mode=settings.mode),
        SweepDesk(
            SweepRequests(queues),
            SweepStore(client, dict),
            lambda: _sweeper(settings, queues, leases, client),
            now,
            settings.mode,
        ),
        _health(settings, queues, client, seen),
        seen,
        FailedJobWatch(WatchStore(client, ENDPOINT_NAME), now, monotonic=monotonic),
        lambda: _traffic(sent_here()),
    )


def _traffic(sent: Counts) -> dict[str, int]:
    return {
        "requests": sent.requests,
        "operations": sent.operations,
        "throttled": sent.throttled,
        "retried": sent.retried,
    }


def _health(
    settings: Settings, queues: MessageQueues, client: DataverseClient, seen: Seen
) -> Health:
    """A health answer has a client of its own, that asks once and does not wait for long."""
    tokens = _tokens(settings.dataverse_url, settings.credentials)
    looking = DataverseClient(
        settings.dataverse_url, tokens, tag=TAG, retry=ONCE, timeout=(2, HEALTH_TIMEOUT)
    )

    def client_state() -> dict[str, Any]:
        return {
            "circuit": "open" if client.circuit.is_open else "closed",
            "parallel": client.pace.width,
            "sent": _traffic(client.traffic),
        }

    about = About(settings.mode, app_version(), client_state)
    return Health(queues, WatchStore(looking, ENDPOINT_NAME), now, about, seen)


@contextmanager
def _sweeper(
    settings: Settings, queues: MessageQueues, leases: NamedLeases, client: DataverseClient
) -> Iterator[Sweeper]:
    """What goes on with one sweep, with definitions of its own; then its threads are ended."""
    with _sweeping_shop(settings, queues, leases, client) as (shop, sweeps):
        yield Sweeper(Tools(shop, sweeps, pause=_pause, requests_sent=lambda: sent_here().requests))


@contextmanager
def _sweeping_shop(
    settings: Settings, queues: MessageQueues, leases: NamedLeases, client: DataverseClient
) -> Iterator[tuple[Workshop, SweepStore]]:
    definitions = DefinitionStore(client)
    facts = FactStore(client, definitions)
    with closing(OutcomeStore(client, lambda: definitions.schemas, now)) as outcomes:
        shop = _workshop(settings, queues, leases, facts, outcomes, Bell(queues))
        yield shop, SweepStore(client, lambda: definitions.schemas)


@contextmanager
def sweeping(
    settings: Settings,
    *,
    stopped: Callable[[], bool] = lambda: False,
    begun: Callable[[Sweeps, Scope], object] = lambda sweeps, scope: None,
    progress: Callable[[SweepReport], object] = lambda report: None,
    undoing: Callable[[UndoReport], object] = lambda report: None,
) -> Iterator[SweepingTools]:
    """What a process works with that sweeps until it is `stopped`, or undoes; then it is closed.

    `begun` hears what a sweep means, and `progress` how far it is; `undoing` how far an undo is.
    """
    queues = open_queues(settings.storage)
    leases = open_leases(settings.storage)
    with (
        closing(queues),
        closing(leases),
        connect(settings.dataverse_url, settings.credentials, tag=TAG) as client,
        _sweeping_shop(settings, queues, leases, client) as (shop, sweeps),
    ):
        tools = Tools(
            shop,
            sweeps,
            pause=_pause,
            stopped=stopped,
            begun=lambda scope: begun(sweeps, scope),
            progress=progress,
            requests_sent=lambda: sent_here().requests,
        )
        following = Following(stopped, undoing)
        yield SweepingTools(Sweeper(tools), Undoer(shop, sweeps, pause=_pause, following=following))


@contextmanager
def poison(settings: Settings) -> Iterator[Poison[Message]]:
    """The poison queues, to be looked at; then they are closed."""
    with closing(open_queues(settings.storage)) as queues:
        yield Poison(queues, Bell(queues))


def _workshop(
    settings: Settings,
    queues: MessageQueues,
    leases: NamedLeases,
    facts: FactStore,
    outcomes: OutcomeStore,
    bell: Bell,
) -> Workshop:
    return Workshop(
        queues=queues,
        leases=TolerantLeases(leases),
        facts=facts,
        outcomes=outcomes,
        bell=bell,
        clock=now,
        monotonic=monotonic,
        solver=FlowSolverOnDemand(),
        mode=settings.mode,
    )


def app_version() -> str:
    """The app's version, as far as it was installed: Azure runs it from its source."""
    try:
        return version("work-assignment")
    except PackageNotFoundError:
        return "from source"


def _pause(duration: timedelta) -> None:
    time.sleep(duration.total_seconds())


def now() -> datetime:
    """The present, in UTC."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Seconds that pass, whatever the clock is set to."""
    return time.monotonic()


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
