"""What a check finds, and what it may ask."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Protocol

from work_assignment.domain.runs.checkups import DisabledUser, EmailSender, Identity
from work_assignment.domain.runs.facts import Rulebook
from work_assignment.services.webhook_registration import WebhookStore


class Level(StrEnum):
    """How bad it is: a fault keeps something from working, a warning may."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the answer; `advice` says what to do where something is to be done."""

    level: Level
    what: str
    advice: str = ""


def ok(what: str) -> Finding:
    return Finding(Level.OK, what)


def warning(what: str, advice: str) -> Finding:
    return Finding(Level.WARNING, what, advice)


def fault(what: str, advice: str) -> Finding:
    return Finding(Level.FAULT, what, advice)


class Environment(Protocol):
    """Dataverse, as far as checks look at it; raises Unavailable, NotPermitted and Refused."""

    def identity(self) -> Identity: ...

    def columns(self, tables: Collection[str]) -> Mapping[str, frozenset[str] | None]:
        """All columns of each of these tables; None for one that is not there."""

    def privileges(self, user_id: str) -> frozenset[str]:
        """The names of a user's privileges, in lower case."""

    def settings_rows(self) -> Sequence[str]:
        """The names of the rows that hold settings."""

    def disabled_users(self) -> Sequence[DisabledUser]:
        """Disabled users who are sellers or managers of segments in use."""

    def untracked(self, tables: Collection[str]) -> Sequence[str]:
        """Those of these tables whose changes Dataverse does not track."""

    def sender(self, table: str, row_id: str) -> EmailSender | None:
        """The user or queue of this id; None when it is gone."""

    def templates(self, titles: Collection[str]) -> Mapping[str, int]:
        """How many e-mail templates there are of each of these titles."""


@dataclass
class Clinic:
    """What all checks of one examination share: each thing is read once, when it is asked for.

    `key` is the app's key as this process knows it, or empty. `read_rulebook` raises what the ports
    raise. `packaged` are the columns by table that the product's solution has. `teams_problem` is
    what is wrong with the address for Teams that this process knows, empty when nothing is.
    """

    environment: Environment
    webhooks: WebhookStore
    read_rulebook: Callable[[], Rulebook]
    packaged: Mapping[str, frozenset[str]]
    teams_problem: str = ""
    key: str = ""

    @cached_property
    def identity(self) -> Identity:
        return self.environment.identity()

    @cached_property
    def rulebook(self) -> Rulebook:
        return self.read_rulebook()


Check = Callable[[Clinic], Iterable[Finding]]
