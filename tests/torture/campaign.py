"""A run from its start to its evidence: the storm, then the quiet after it."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests
from tests.torture import organization
from tests.torture.clock import SharedClock
from tests.torture.evidence import (
    Evidence,
    Surroundings,
    gather,
    is_at_rest,
    sweeps_have_ended,
)
from tests.torture.machines import ROOT, Machine, free_port, run_to_end
from tests.torture.people import People
from tests.torture.plan import SPARED, STORM, Deed, Plan, Scene
from tests.torture.relay import Relay
from tests.torture.tampering import SETTING, Tampering

from work_assignment.azure_storage.sqlite_queues import SqliteQueues
from work_assignment.bootstrap import connect
from work_assignment.cli import sample_data
from work_assignment.cli.webhooks import sync_with
from work_assignment.services.intake import QUEUE
from work_assignment.settings import Credentials

_TIMEOUT = 20.0
_STEP = (5.0, 40.0)
_COUNT_EVERY = 2.0
_SMALL_STEP, _SMALLEST_STEP = 20.0, 3.0
_STEP_EVERY = 0.5
"""Reservations are to expire, but not while requests of their blocks are under way."""
_LOOK_EVERY = 5.0
_AT_REST = 2
"""Looks in a row that find nothing left to do."""
_LONGER_THAN_WINDOWS = 3600.0 * organization.WINDOW_HOURS + 100.0
NOT_AN_EVENT = "this is no event"


@dataclass(frozen=True, slots=True)
class Options:
    """How large a run is, and what is taken out of it.

    It ends after so many seconds, or as soon as there were so many faults.
    Workers' clocks are wrong by up to `skew` seconds.
    """

    seed: int
    seconds: float = 60.0
    faults: int | None = None
    without: tuple[str, ...] = ()
    workers: int = 4
    hosts: int = 2
    quiet_seconds: float = 240.0
    scene: Scene = STORM
    skew: float = 5.0


@dataclass(slots=True)
class Result:
    """What a run was, and what there is to be judged."""

    options: Options
    evidence: Evidence
    faults: Counter[str] = field(default_factory=Counter)
    deeds: Counter[str] = field(default_factory=Counter)
    failed_deeds: Counter[str] = field(default_factory=Counter)
    deaths: Counter[str] = field(default_factory=Counter)
    locks: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0


def run(
    options: Options,
    *,
    say: Callable[[str], object] = lambda text: None,
    folder: Path | None = None,
) -> Result:
    """Run a campaign in a folder of its own, or in this one, and give what it comes to."""
    with ExitStack() as stack:
        place = folder or Path(stack.enter_context(TemporaryDirectory(prefix="torture-")))
        clock = stack.enter_context(closing(SharedClock(place / "clock")))
        campaign = Campaign(options, place, clock)
        stack.enter_context(campaign.running())
        campaign.storm(say)
        campaign.calm(say)
        return campaign.result()


class Campaign:
    """One run's processes, people and network."""

    def __init__(self, options: Options, folder: Path, clock: SharedClock) -> None:
        self._options, self._folder, self._clock = options, folder, clock
        self._plan = Plan(options.seed, options.scene)
        self._key = secrets.token_urlsafe(16)
        self._storage = folder / "queues.sqlite"
        self._database = folder / "dataverse.db"
        self._mock_port = free_port()
        self.url = f"http://127.0.0.1:{self._mock_port}"
        ports = [free_port() for _ in range(options.hosts)]
        self._relay_port = free_port()
        self.relay = Relay(
            [f"http://127.0.0.1:{port}" for port in ports], self._key, self._plan.dice("relay")
        )
        self.people = People(self.url, folder / "definitions")
        self._mock = Machine("mock", self._mock_arguments(), folder)
        self._hosts = [self._host(number, port) for number, port in enumerate(ports)]
        self._workers = [self._worker(number) for number in range(options.workers)]
        self._is_calm = False
        self._unreconciled = 0
        self._began_at = self._settled_at = 0.0
        self._faults: Counter[str] = Counter()
        self._hits: list[int] = []
        self._locks: Counter[str] = Counter()
        self._others: Counter[str] = Counter()
        self._offsets: list[tuple[float, float]] = [(0.0, 0.0)]
        self._started = time.monotonic()

    # processes

    def _mock_arguments(self) -> Sequence[str]:
        place = [str(self._database), str(self._mock_port), str(self._folder / "clock")]
        return ["-m", "tests.torture.mock", *place, *self._options.without]

    def _host(self, number: int, port: int) -> Machine:
        arguments = ["-m", "tests.torture.command", "host", "--port", str(port)]
        return Machine(f"host-{number}", [*arguments, "--app-root", str(ROOT)], self._folder)

    def _worker(self, number: int) -> Machine:
        return Machine(f"worker-{number}", [], self._folder)

    def _prepare(self, machine: Machine) -> None:
        """What a host or worker gets to know in its next life."""
        life = machine.starts + 1
        dice = self._plan.dice(f"{machine.name} {life} surroundings")
        is_worker = machine in self._workers
        tampering = Tampering(
            str(self._folder / "clock"),
            skew=0.0 if self._is_calm else dice.uniform(-self._options.skew, self._options.skew),
            own_lease=self._has_own_lease(machine),
            dies_after=0 if self._is_calm else self._plan.dies_after(machine.name, life),
            without=tuple(self._options.without),
        )
        if is_worker:
            machine.arguments = ["-m", "tests.torture.worker", f"{machine.name} {life}"]
        machine.environment = self._environment(tampering)

    def _environment(self, tampering: Tampering) -> dict[str, str]:
        return {
            SETTING: tampering.to_text(),
            "DATAVERSE_URL": self.url,
            "DATAVERSE_TOKEN": f"user:{sample_data.APP_USER}",
            "AzureWebJobsStorage": f"sqlite:{self._storage}",
            "WA_MODE": "on",
            "WA_BELL_SCHEDULE": "*/3 * * * * *",
            "WA_FUNCTION_KEY": self._key,
            "WA_MASTER_KEY": self._key,
        }

    def _reconcile(self) -> None:
        """Have the app look for what no webhook told of; it is the first look that only begins."""
        environment = self._environment(Tampering(str(self._folder / "clock")))
        arguments = ["-m", "tests.torture.command", "reconcile"]
        status = run_to_end("reconcile", arguments, self._folder, environment)
        self._unreconciled += status != 0

    def _has_own_lease(self, machine: Machine) -> bool:
        """Every second worker decides as if it had the lease that another one has."""
        if not self._plan.scene.has_lease:
            return True
        return machine in self._workers[1::2]

    @contextmanager
    def running(self) -> Iterator[None]:
        """Start everything, and leave nothing behind however it ends."""
        with self.relay.listening(self._relay_port):
            try:
                self._mock.start()
                with connect(self.url, Credentials()) as admin:
                    organization.create(admin, self.people.folder)
                    self._began_at = self._clock().timestamp()
                    sync_with(admin, f"http://127.0.0.1:{self._relay_port}", self._key)
                self._reconcile()
                self._configure_mock()
                for machine in (*self._hosts, *self._workers):
                    self._prepare(machine)
                    machine.start(wait=False)
                yield
            finally:
                for machine in (*self._workers, *self._hosts, self._mock):
                    machine.kill()

    def _admin(self, method: str, path: str, body: Any = None) -> Any:
        answer = requests.request(method, f"{self.url}/__mock/{path}", json=body, timeout=_TIMEOUT)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def _configure_mock(self) -> None:
        """What the mock forgets when it dies: its locks and its faults."""
        self._admin(
            "PUT", "locks", {"enabled": True, "write_latency_ms": self._plan.scene.write_ms}
        )
        self._hits = []
        faults = self._plan.faults(self._mock.starts)
        if faults and not self._is_calm:
            self._admin("POST", "faults", [*SPARED, *faults])

    # the storm

    def storm(self, say: Callable[[str], object]) -> None:
        """Do one deed after the other until it is time, or there were enough faults."""
        say(self._plan.in_words())
        deadline = time.monotonic() + self._options.seconds
        next_count = time.monotonic() + _COUNT_EVERY
        for deed in self._plan.deeds():
            now = time.monotonic()
            if now >= deadline or self._is_enough():
                break
            self._do(deed)
            self._raise_the_dead()
            if now >= next_count:
                self._count_faults()
                next_count = now + _COUNT_EVERY
                say(f"{deed.number} deeds, {self.faults.total()} faults")
            time.sleep(deed.pause)
        self._count_faults()

    @property
    def faults(self) -> Counter[str]:
        return self._faults + self.relay.faults

    def _is_enough(self) -> bool:
        wanted = self._options.faults
        return wanted is not None and self.faults.total() >= wanted

    def _do(self, deed: Deed) -> None:
        if self.people.do(deed):
            return
        self._others[deed.kind] += 1
        match deed.kind:
            case "put what is no event":
                with closing(SqliteQueues(self._storage, clock=self._clock)) as queues:
                    queues.put(QUEUE, NOT_AN_EVENT)
            case "post an old event again":
                self.relay.post_an_old_one(deed.dice)
            case "move the clock on":
                self._advance(deed.dice.uniform(*_STEP))
            case "kill a worker":
                self._restart(deed.dice.choice(self._workers))
            case "kill a host":
                self._restart(deed.dice.choice(self._hosts))
            case "kill Dataverse":
                self._restart_mock()

    def _advance(self, seconds: float) -> None:
        self._clock.advance(seconds)
        self._offsets.append((time.time(), self._clock.offset))

    def _restart(self, machine: Machine) -> None:
        machine.kill()
        self._faults["kill -9"] += 1
        self._prepare(machine)
        machine.start(wait=False)

    def _restart_mock(self) -> None:
        self._count_faults()
        self._mock.kill()
        self._faults["kill -9 of Dataverse"] += 1
        self._mock.start()
        self._configure_mock()

    def _raise_the_dead(self) -> None:
        """Start again who killed itself."""
        for machine in (*self._workers, *self._hosts):
            if machine.has_died():
                self._restart(machine)

    def _count_faults(self) -> None:
        """Add what has struck since the last count; the mock's own counts die with it."""
        with suppress(requests.RequestException):
            hits = [rule["hits"] for rule in self._admin("GET", "faults")][len(SPARED) :]
            before = self._hits or [0] * len(hits)
            for kind, now, then in zip(self._plan.scene.faults, hits, before, strict=False):
                self._faults[kind.name] += now - then
            self._hits = hits
            locks = self._admin("GET", "locks")
            self._locks += Counter({n: locks[n] for n in ("waits", "deadlocks", "timeouts")})
            self._admin("POST", "locks/reset", {})

    # the quiet

    def calm(self, say: Callable[[str], object]) -> None:
        """No more faults, everybody lives, time goes on: until nothing is left to do."""
        self._is_calm, self.relay.is_faithful = True, True
        self._admin("DELETE", "faults")
        self._hits = []
        self.people.enable_all()
        for machine in (*self._hosts, *self._workers):
            machine.kill()
            self._prepare(machine)
            machine.start(wait=False)
        deadline = time.monotonic() + self._options.quiet_seconds
        self._settle(deadline, say, looks=1)
        self._reconcile()
        for deed in self._plan.stirs():
            self._do(deed)
            time.sleep(deed.pause)
        self._settle(deadline, say, looks=1)
        # Now no request is under way whose reservation could run out too early.
        self._advance(_LONGER_THAN_WINDOWS)
        self._settle(deadline, say, looks=_AT_REST)
        while time.monotonic() < deadline and not self._have_sweeps_ended():
            self._raise_the_dead()
            self._advance(_SMALLEST_STEP)  # what waits has its turn before another one is due
            time.sleep(_STEP_EVERY)
        self._settled_at = self._clock().timestamp()
        for machine in (*self._workers, *self._hosts):
            machine.end()
        self._count_faults()
        self._mock.end()

    def _settle(self, deadline: float, say: Callable[[str], object], *, looks: int) -> None:
        """Let time go on until so many looks in a row find nothing left to do."""
        quiet, next_look = 0, time.monotonic() + _LOOK_EVERY
        while time.monotonic() < deadline and quiet < looks:
            time.sleep(_STEP_EVERY)
            self._raise_the_dead()
            # What people chose is to be heard of within the hour.
            if self._is_delivered():
                self._advance(_SMALL_STEP)
            if time.monotonic() >= next_look:
                quiet = quiet + 1 if self._is_at_rest() else 0
                next_look = time.monotonic() + _LOOK_EVERY
                say(f"quiet: {'at rest' if quiet else 'something is left to do'}")

    def _have_sweeps_ended(self) -> bool:
        return self._is_at_rest() and sweeps_have_ended(self._database)

    def _is_delivered(self) -> bool:
        """Whether every webhook has reached a host."""
        return self.relay.is_idle and not self._admin("GET", "webhooks")["waiting"]

    def _is_at_rest(self) -> bool:
        now = self._clock()
        return self._is_delivered() and is_at_rest(self._database, self._storage, now)

    def result(self) -> Result:
        """What it came to; the processes have ended."""
        machines = (*self._workers, *self._hosts, self._mock)
        surroundings = Surroundings(
            offsets=tuple(self._offsets),
            skew=self._options.skew,
            began_at=self._began_at,
            settled_at=self._settled_at,
            lost_choices=self.relay.lost_choices(),
            quiet=frozenset(self.people.quiet),
            garbage=NOT_AN_EVENT,
            crashed=tuple(f"{m.name}, {m.crashes} times," for m in machines if m.crashes),
        )
        if self._unreconciled:
            surroundings = replace(surroundings, crashed=(*surroundings.crashed, "what reconciles"))
        return Result(
            self._options,
            gather(self._database, self._storage, surroundings),
            self.faults,
            self.people.done + self._others,
            self.people.failed,
            Counter({machine.name: machine.deaths for machine in machines}),
            dict(self._locks),
            time.monotonic() - self._started,
        )
