"""Examines an environment: one check after the other, each its own trouble."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from work_assignment.domain.errors import WorkAssignmentError
from work_assignment.services.checks import definitions, environment, events, notifications
from work_assignment.services.checks.findings import Check, Clinic, Finding, Level, fault

_FIRST = "connection"
CHECKS: dict[str, Check] = {
    _FIRST: environment.connection,
    "solution": environment.solution,
    "settings": definitions.settings,
    "definitions": definitions.faults,
    "record types": definitions.record_types,
    "destinations": definitions.destinations,
    "people": definitions.people,
    "privileges": environment.privileges,
    "webhooks": events.webhooks,
    "change tracking": environment.change_tracking,
    "notifications": notifications.notifications,
}
"""In the order in which they are made; another one is a function and a line here."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What one check found."""

    check: str
    finding: Finding

    @property
    def is_fault(self) -> bool:
        return self.finding.level is Level.FAULT


def examine(clinic: Clinic) -> Iterator[Checked]:
    """Make all checks; without a connection there are no others."""
    for name, check in CHECKS.items():
        try:
            found = list(check(clinic))
        except WorkAssignmentError as exc:
            found = [fault(f"it cannot be looked at: {exc}", _advice(name))]
        yield from (Checked(name, finding) for finding in found)
        if name == _FIRST and any(finding.level is Level.FAULT for finding in found):
            return


def _advice(name: str) -> str:
    if name == _FIRST:
        return "check DATAVERSE_URL, the credentials, and that the application user exists"
    return "mend what is told above it, or give the application user the right to read it"
