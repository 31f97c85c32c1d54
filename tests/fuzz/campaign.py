"""A campaign of attacks: who attacks what, what came of it, and what state the servers are in after."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import requests
from tests.fuzz import batches, culprits, definitions, links, messages, reads, surroundings, writes
from tests.fuzz.attacks import SERVICE, Answer, Attack, Wire
from tests.fuzz.laws import violations
from tests.fuzz.names import ROWS, Names, row_id

from work_assignment.mock_dataverse.server import MockServer
from work_assignment.mock_dataverse.well_known import ADMINISTRATOR_ID

_BERLIN = 110
Maker = Callable[[Random, Names], Attack]
_READS: Sequence[tuple[Maker, int]] = (
    (reads.read_page, 12),
    (reads.read_row, 8),
    (reads.read_fetch, 12),
    (reads.read_sql, 5),
    (reads.read_apply, 4),
    (reads.read_deep, 1),
    (definitions.read_definitions, 4),
    (culprits.single_fault, 6),
    (surroundings.sign_in, 1),
    (surroundings.wire, 2),
)
_WRITES: Sequence[tuple[Maker, int]] = (
    (writes.write_row, 12),
    (writes.write_property, 4),
    (writes.delete_row, 2),
    (links.write_link, 5),
    (writes.write_below, 3),
    (writes.write_many, 6),
    (batches.batch, 6),
    (batches.change_set, 4),
    (messages.call, 10),
)
ALONE = (*_READS, *_WRITES, (definitions.write_definitions, 2))
TOGETHER = (*_READS, *_WRITES, (surroundings.write_hook, 3))
ADMIN: Sequence[tuple[Maker, int]] = ((surroundings.admin, 10), (reads.read_page, 1))


@dataclass(frozen=True, slots=True)
class Violation:
    attack: Attack
    answer: Answer
    problem: str

    def __str__(self) -> str:
        return f"{self.problem}\n  {self.attack}\n  {self.answer.status}: {self.answer.text[:600]}"


@dataclass(slots=True)
class Tally:
    """What came of a campaign; safe to add to from several threads."""

    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    violations: list[Violation] = field(default_factory=list)
    slowest: list[tuple[float, Attack]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def count(self) -> int:
        return self.statuses.total()

    def add(self, attack: Attack, answer: Answer, problems: Sequence[str]) -> None:
        with self._lock:
            self.statuses[attack.kind, answer.status] += 1
            self.violations += [Violation(attack, answer, problem) for problem in problems]
            self.slowest.append((answer.seconds, attack))
            if len(self.slowest) > 100:
                self._keep_slowest()

    def top(self) -> list[tuple[float, Attack]]:
        """Return the slowest requests, the slowest first."""
        with self._lock:
            self._keep_slowest()
            return list(self.slowest)

    def _keep_slowest(self) -> None:
        self.slowest.sort(key=lambda entry: -entry[0])
        del self.slowest[5:]


class Target:
    """A server under attack, with rows that attacks know of."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.server = MockServer(database=path).start()
        self.names = Names(self.server.store.catalog, {"systemuser": (row_id(1), row_id(2))})
        self._fill()

    def watch(self) -> sqlite3.Connection:
        """Open a connection that sees whether anybody else has committed anything."""
        return sqlite3.connect(
            f"file:{self._path}?mode=ro", uri=True, check_same_thread=False, isolation_level=None
        )

    def problems(self) -> list[str]:
        """Say what is wrong with the server after all that."""
        found = []
        for setting in ("faults", "limits", "latency", "time"):
            requests.delete(f"{self.server.url}/__mock/{setting}", timeout=20).raise_for_status()
        answer = requests.get(f"{self.server.url}{SERVICE}WhoAmI", timeout=20)
        if answer.status_code != 200:
            found.append(f"the server answers {answer.status_code} afterwards")
        with self.server.store.reading() as db:
            found += [row[0] for row in db.execute("PRAGMA integrity_check") if row[0] != "ok"]
        return found

    def close(self) -> None:
        self.server.stop()

    def _fill(self) -> None:
        root = self.server.url + SERVICE
        with requests.Session() as session:
            for name in (*ROWS, "systemuser"):
                table = self.names.catalog.tables[name]
                for number in range(1, 12 if name != "systemuser" else 3):
                    row = _row(name, number)
                    address = f"{root}{table.entity_set_name}({row_id(number)})"
                    session.patch(address, json=row, timeout=20).raise_for_status()
            zone = {"timezonecode": _BERLIN}
            address = f"{root}usersettingscollection({ADMINISTRATOR_ID})"
            session.patch(address, json=zone, timeout=20).raise_for_status()


def _row(table: str, number: int) -> Mapping[str, object]:
    match table:
        case "account" | "team" | "opportunity" | "queue":
            return {"name": f"Fuzz {number}"}
        case "queueitem":
            return {
                "queueid@odata.bind": f"/queues({row_id(number)})",
                "objectid_lead@odata.bind": f"/leads({row_id(number)})",
            }
        case "task":
            return {
                "subject": "Fuzz",
                "regardingobjectid_lead_task@odata.bind": f"/leads({row_id(number)})",
            }
        case "contact" | "systemuser":
            return {"lastname": f"Fuzz {number}"}
        case _:
            return {
                "lastname": f"Fuzz {number}",
                "parentaccountid@odata.bind": f"/accounts({row_id(number)})",
            }


class Attacker:
    """Sends attacks to a target, one after the other; alone there, it sees what refusals leave."""

    def __init__(self, target: Target, tally: Tally, *, is_alone: bool) -> None:
        self._target, self._tally = target, tally
        self._wire = Wire(target.server.url)
        self._watch = target.watch() if is_alone else None

    def attack(self, attack: Attack) -> list[str]:
        """Send one and return what its answer breaks."""
        before = self._version()
        answer = self._wire.send(attack)
        problems = list(violations(attack, answer))
        is_refused = answer.status >= 400 and attack.is_whole
        if is_refused and before is not None and self._version() != before:
            problems.append("was refused and has written")
        self._tally.add(attack, answer, problems)
        return problems

    def close(self) -> None:
        self._wire.close()
        if self._watch is not None:
            self._watch.close()

    def _version(self) -> int | None:
        if self._watch is None:
            return None
        return int(self._watch.execute("PRAGMA data_version").fetchone()[0])


def some_attack(dice: Random, names: Names, makers: Sequence[tuple[Maker, int]]) -> Attack:
    drawn = dice.choices([maker for maker, _ in makers], [weight for _, weight in makers])
    return drawn[0](dice, names)


@contextmanager
def targets(count: int) -> Iterator[list[Target]]:
    with TemporaryDirectory(prefix="fuzz-") as folder, ExitStack() as stack:
        made = []
        for number in range(count):
            target = Target(Path(folder) / f"fuzz{number}.db")
            stack.callback(target.close)
            made.append(target)
        yield made


class LoggedErrors(logging.Handler):
    """Collects what servers log as errors: a bug that was answered with 500."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.texts: list[str] = []
        self.setFormatter(logging.Formatter("%(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(self.format(record))

    @contextmanager
    def listening(self) -> Iterator[LoggedErrors]:
        logger = logging.getLogger("work_assignment.mock_dataverse")
        logger.addHandler(self)
        try:
            yield self
        finally:
            logger.removeHandler(self)


def run_campaign(requests: int, seconds: float, seed: int, tally: Tally) -> list[str]:
    """Attack with several threads until enough is sent; return what is wrong with the servers."""
    deadline = time.monotonic() + seconds
    with targets(3) as (alone, shared, administered):
        parts = [(alone, ALONE, True), (administered, ADMIN, False)]
        parts += [(shared, TOGETHER, False)] * 3
        threads = [
            threading.Thread(
                target=_attack_on,
                args=(target, makers, is_alone, Random(f"{seed} {number}"), tally),  # noqa: S311 - a seed repeats the run
                kwargs={"requests": requests, "deadline": deadline},
            )
            for number, (target, makers, is_alone) in enumerate(parts)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return [
            problem for target in (alone, shared, administered) for problem in target.problems()
        ]


def _attack_on(
    target: Target,
    makers: Sequence[tuple[Maker, int]],
    is_alone: bool,
    dice: Random,
    tally: Tally,
    *,
    requests: int,
    deadline: float,
) -> None:
    with closing(Attacker(target, tally, is_alone=is_alone)) as attacker:
        while tally.count < requests and time.monotonic() < deadline:
            attacker.attack(some_attack(dice, target.names, makers))
