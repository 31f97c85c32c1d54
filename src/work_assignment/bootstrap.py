"""Puts the app together from its settings: the one place that knows every part."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from work_assignment.azure_storage.leases import NamedLeases
from work_assignment.azure_storage.messages import Message, MessageQueues
from work_assignment.azure_storage.opening import Notes, open_leases, open_notes, open_queues
from work_assignment.azure_storage.tolerant_leases import TolerantLeases
from work_assignment.channels.teams import Teams
from work_assignment.dataverse.auth import (
    ClientCertificate,
    ClientSecret,
    ManagedIdentity,
    StaticToken,
    TokenProvider,
)
from work_assignment.dataverse.change_store import ChangeStore
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.connections import Counts, sent_here
from work_assignment.dataverse.definition_store import DefinitionStore
from work_assignment.dataverse.email_sender import EmailSender
from work_assignment.dataverse.email_templates import EmailTemplates
from work_assignment.dataverse.fact_store import FactStore
from work_assignment.dataverse.notification_settings import NotificationSettings
from work_assignment.dataverse.outcome_store import OutcomeStore
from work_assignment.dataverse.overdue_store import OverdueStore
from work_assignment.dataverse.recipient_store import RecipientStore
from work_assignment.dataverse.retention_store import RetentionStore
from work_assignment.dataverse.retry import ONCE
from work_assignment.dataverse.schedule_store import ScheduleStore
from work_assignment.dataverse.sweep_store import SweepStore
from work_assignment.dataverse.watch_store import WatchStore
from work_assignment.dataverse.webhook_store import WebhookStore
from work_assignment.domain.defining.notifications import Channel
from work_assignment.domain.runs.sweeps import Scope, Sweep
from work_assignment.local_host.mock_clock import MockClock, NoMockTime, reader
from work_assignment.services import telemetry
from work_assignment.services.bell import Bell
from work_assignment.services.deciding import Decider
from work_assignment.services.delivering import Deliverer, NoTeams, Sender
from work_assignment.services.failed_jobs import FailedJobWatch
from work_assignment.services.health import About, Health
from work_assignment.services.intake import TAG, Intake
from work_assignment.services.outbox import QueueOutbox
from work_assignment.services.overdue import Escalation
from work_assignment.services.poison import Poison
from work_assignment.services.ports import Sweeps
from work_assignment.services.quiet_hours import quiet_until
from work_assignment.services.reconciling import Reconciler
from work_assignment.services.retention import Retention
from work_assignment.services.scheduling import Scheduling
from work_assignment.services.seen import Seen
from work_assignment.services.sweep_desk import SweepDesk
from work_assignment.services.sweep_reports import SweepReport
from work_assignment.services.sweep_requests import SweepRequests
from work_assignment.services.sweep_sessions import Tools
from work_assignment.services.sweeping import Sweeper
from work_assignment.services.undoing import Following, Undoer, UndoReport
from work_assignment.services.webhook_steps import ENDPOINT_NAME
from work_assignment.services.webhook_upkeep import WebhookUpkeep
from work_assignment.services.workshop import Workshop
from work_assignment.settings import (
    Credentials,
    Settings,
    SettingsError,
    read_clock,
    read_settings,
)
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
    scheduling: Scheduling
    traffic: telemetry.Traffic
    reconciler: Reconciler
    webhooks: WebhookUpkeep
    deliverer: Deliverer
    escalation: Escalation


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
    recipients = RecipientStore(client, monotonic=monotonic)
    workshop = _workshop(settings, queues, leases, facts, outcomes, bell, recipients)
    off = settings.mode == "off"
    notes = open_notes(settings.storage)
    seen = Seen(notes, now, monotonic=monotonic)
    return Application(
        settings,
        bell,
        Intake(queues, bell, lambda: facts.known_user_id, off=off),
        Decider(replace(workshop, sweeps=SweepStore(client, dict))),
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
        _scheduling(settings, queues, client, notes),
        lambda: _traffic(sent_here()),
        _reconciler(settings, queues, leases, client, facts, bell, notes),
        webhooks=WebhookUpkeep(
            WebhookStore(client), lambda: definitions.newest, facts.rulebook, monotonic=monotonic
        ),
        deliverer=_deliverer(settings, queues, client),
        escalation=Escalation(
            OverdueStore(client),
            recipients,
            workshop.outbox,
            facts.notifications,
            now,
            mode=settings.mode,
            monotonic=monotonic,
            quiet_until=lambda who, at: quiet_until(
                definitions.newest or facts.rulebook(), who, at
            ),
        ),
    )


def _scheduling(
    settings: Settings, queues: MessageQueues, client: DataverseClient, notes: Notes
) -> Scheduling:
    return Scheduling(
        ScheduleStore(client),
        SweepStore(client, dict),
        SweepRequests(queues),
        notes,
        now,
        settings.mode,
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
        recipients = RecipientStore(client, monotonic=monotonic)
        shop = _workshop(settings, queues, leases, facts, outcomes, Bell(queues), recipients)
        yield shop, SweepStore(client, lambda: definitions.schemas)


@contextmanager
def sweeping(
    settings: Settings,
    *,
    stopped: Callable[[], bool] = lambda: False,
    begun: Callable[[Sweeps, Scope], object] = lambda sweeps, scope: None,
    progress: Callable[[SweepReport], object] = lambda report: None,
    undoing: Callable[[UndoReport], object] = lambda report: None,
    waiting: Callable[[Sweep], object] = lambda first: None,
) -> Iterator[SweepingTools]:
    """What a process works with that sweeps until it is `stopped`, or undoes; then it is closed.

    `begun` hears what a sweep means, and `progress` how far it is; `undoing` how far an undo is, and
    `waiting` of the sweep that another one waits for.
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
            waiting=waiting,
            begun=lambda scope: begun(sweeps, scope),
            progress=progress,
            requests_sent=lambda: sent_here().requests,
        )
        following = Following(stopped, undoing)
        yield SweepingTools(Sweeper(tools), Undoer(shop, sweeps, pause=_pause, following=following))


def _deliverer(settings: Settings, queues: MessageQueues, client: DataverseClient) -> Deliverer:
    """What sends what people are told outside the app."""
    url = settings.dataverse_url
    templates = EmailTemplates(client, monotonic=monotonic)
    wishes = NotificationSettings(client, monotonic=monotonic)
    teams = settings.teams
    senders: dict[Channel, Sender] = {
        Channel.EMAIL: EmailSender(client, wishes, templates, url),
        Channel.TEAMS: NoTeams(teams.trouble) if teams.trouble else Teams(teams.url, url),
    }
    recipients = RecipientStore(client, monotonic=monotonic)
    return Deliverer(queues, recipients, senders, now, settings.mode)


def _reconciler(
    settings: Settings,
    queues: MessageQueues,
    leases: NamedLeases,
    client: DataverseClient,
    facts: FactStore,
    bell: Bell,
    notes: Notes,
) -> Reconciler:
    return Reconciler(
        ChangeStore(client),
        facts,
        queues,
        bell,
        TolerantLeases(leases),
        notes,
        now,
        monotonic,
        settings.mode,
    )


@contextmanager
def reconciling(settings: Settings) -> Iterator[Reconciler]:
    """What looks for changes in a process of its own; then it is closed."""
    with (
        closing(open_queues(settings.storage)) as queues,
        closing(open_leases(settings.storage)) as leases,
        closing(open_notes(settings.storage)) as notes,
        connect(settings.dataverse_url, settings.credentials, tag=TAG) as client,
    ):
        facts = FactStore(client, DefinitionStore(client))
        yield _reconciler(settings, queues, leases, client, facts, Bell(queues), notes)


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
    recipients: RecipientStore,
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
        outbox=QueueOutbox(queues, facts.notifications),
        recipients=recipients,
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
    """The present, in UTC: that of the mock where this process is set to go by its clock."""
    return clock_of(os.environ)()


def clock_of(environment: Mapping[str, str]) -> Callable[[], datetime]:
    """What says the time where these are the settings; one process has one such clock."""
    address = read_clock(environment)
    return _mock_clock(address) if address else _computer_clock


@lru_cache
def _mock_clock(dataverse_url: str) -> MockClock:
    """The clock of the mock at this address, which answers; raises SettingsError."""
    clock = MockClock(reader(dataverse_url))
    try:
        clock()
    except NoMockTime as exc:
        raise SettingsError(f"WA_CLOCK is 'mock', but this is no mock that runs: {exc}") from exc
    return clock


def _computer_clock() -> datetime:
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
