"""Whether Dataverse posts what the definitions in force ask to be told of."""

from __future__ import annotations

from collections.abc import Iterator

from work_assignment.services.checks.findings import Clinic, Finding, fault, ok, warning
from work_assignment.services.webhook_registration import (
    CannotRegister,
    Registration,
    events_url,
    has_key,
    registered,
)
from work_assignment.services.webhook_steps import (
    IN_LINE,
    Condition,
    StepState,
    compare,
    wanted_steps,
    watch_of,
)

_SYNC = "'wa webhooks sync --endpoint URL'"
_SELF = f"{_SYNC}, or wait: the app mends it within the hour"


def webhooks(clinic: Clinic) -> Iterator[Finding]:
    """The endpoint is there, and its steps are as the definitions ask."""
    registration = registered(clinic.webhooks)
    if registration is None:
        yield fault("nothing is registered: new records wait for the timer", _SYNC)
        return
    yield from _endpoint(registration)
    if clinic.key and not has_key(registration.endpoint, clinic.key):
        yield warning("registered with another key than WA_FUNCTION_KEY has here", _SYNC)
    drifted = [
        state
        for state in compare(registration.steps, wanted_steps(watch_of(clinic.rulebook)))
        if state.condition not in IN_LINE
    ]
    for state in drifted:
        yield _drift(state)
    if not drifted:
        yield ok(f"{sum(step.row.enabled for step in registration.steps)} steps as they should be")


def _endpoint(registration: Registration) -> Iterator[Finding]:
    row = registration.endpoint.row
    if not row.sends_key_header:
        yield fault("the endpoint sends no key in a header, so the app refuses its events", _SYNC)
    try:
        is_right = events_url(row.url) == row.url
    except CannotRegister:
        is_right = False
    if not is_right:
        yield fault("the endpoint's address is not that of an app", _SYNC)


def _drift(state: StepState) -> Finding:
    said = f"step '{state.row.name}' {state.drift}"
    keeps_events_away = state.condition in (Condition.MISSING, Condition.DISABLED)
    return fault(said, _SELF) if keeps_events_away else warning(said, _SELF)
