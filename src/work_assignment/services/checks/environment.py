"""Whether Dataverse can be reached, has the solution, and lets us do what is needed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from work_assignment.domain.defining.notifications import Notifications
from work_assignment.services.checks.findings import Clinic, Finding, fault, ok, warning
from work_assignment.services.checks.notifications import goes_by_email

_OWN = {
    "wa_segment": ("Read",),
    "wa_assignmentrule": ("Read",),
    "wa_sellerattribute": ("Read",),
    "wa_sellerattributevalue": ("Read",),
    "wa_setting": ("Read", "Write"),
    "wa_seller": ("Create", "Read", "Write"),
    "wa_routingrun": ("Create", "Read", "Write"),
    "wa_sweep": ("Create", "Read", "Write"),
    "wa_workitemstate": ("Read",),
    "wa_worklistsetting": ("Read",),
}
_OTHERS = {
    "User": ("Read",),
    "Team": ("Read",),
    "Role": ("Read",),
    "Queue": ("Read",),
    "UserSettings": ("Read",),
    "AppNotification": ("Create", "Write"),
}
_FOR_EMAIL = {"Activity": ("Create", "Read", "Write", "Append"), "EmailTemplate": ("Read",)}
_SEND_AS = "prvSendAsUser"
_ALSO = {
    "prvreaduser": "prvreadsystemuser",
    "prvreademailtemplate": "prvreadtemplate",
}
"""Privileges that go by another name in some environments."""
_ROUTED = ("Read", "Write", "Assign", "Append", "AppendTo")
_USEFUL = {
    "SdkMessageProcessingStep": ("Create", "Read", "Write"),
    "ServiceEndpoint": ("Read",),
    "AsyncOperation": ("Read",),
}
_FOR_RETENTION = ("prvDeletewa_routingrun", "prvDeletewa_sweep", "prvBulkDelete")
_GIVE = "give the application user a role that has them"
_MOST_SHOWN = 12


def connection(clinic: Clinic) -> Iterator[Finding]:
    """We are let in, as somebody."""
    yield ok(f"signed in as {clinic.identity.name} ({clinic.identity.user_id})")


def solution(clinic: Clinic) -> Iterator[Finding]:
    """All tables and columns of the solution are there."""
    there = clinic.environment.columns(sorted(clinic.packaged))
    advice = "import the solution of this version"
    tables = sorted(table for table in clinic.packaged if there.get(table) is None)
    if tables:
        yield fault(f"there is no table {', '.join(tables)}", advice)
    for table, columns in sorted(clinic.packaged.items()):
        missing = sorted(columns - (there.get(table) or columns))
        if missing:
            yield fault(f"{table} lacks {', '.join(missing)}", advice)
    if not tables and all(
        columns <= (there[t] or columns) for t, columns in clinic.packaged.items()
    ):
        yield ok(f"{len(clinic.packaged)} tables with all columns of the solution")


def privileges(clinic: Clinic) -> Iterator[Finding]:
    """We may read and write what deciding, telling and keeping up read and write."""
    held = clinic.environment.privileges(clinic.identity.user_id)
    needed = _names({**_OWN, **_OTHERS}) + _names(
        dict.fromkeys(clinic.rulebook.definitions.record_types, _ROUTED)
    )
    found = []
    if missing := _missing(needed, held):
        found.append(fault(f"privileges are missing: {missing}", _GIVE))
    for names, why in _useful(clinic.rulebook.notifications):
        if missing := _missing(names, held):
            found.append(warning(f"{why}, privileges are missing: {missing}", _GIVE))
    yield from found
    if not found:
        yield ok("all that are needed")


def _useful(told: Notifications) -> Iterator[tuple[list[str], str]]:
    """Privileges without which records are still decided, and what does not work then."""
    yield _names(_USEFUL), "webhooks cannot be kept in line or watched"
    yield list(_FOR_RETENTION), "old runs and sweeps cannot be deleted"
    if goes_by_email(told):
        yield [*_names(_FOR_EMAIL), _SEND_AS], "nobody can be told by e-mail"


def _missing(needed: Iterable[str], held: Collection[str]) -> str:
    return _some(
        [name for name in needed if not {name.lower(), _ALSO.get(name.lower())} & set(held)]
    )


def _names(needed: dict[str, tuple[str, ...]]) -> list[str]:
    return [f"prv{right}{table}" for table, rights in needed.items() for right in rights]


def _some(names: Sequence[str]) -> str:
    more = len(names) - _MOST_SHOWN
    return ", ".join(names[:_MOST_SHOWN]) + (f" and {more} more" if more > 0 else "")


def change_tracking(clinic: Clinic) -> Iterator[Finding]:
    """Changes that no webhook told of can be found again each night."""
    watched = sorted(clinic.rulebook.watched)
    untracked = clinic.environment.untracked(watched)
    if untracked:
        yield warning(
            f"changes of {', '.join(untracked)} are not tracked, so reconciling goes by modifiedon",
            "switch 'Track changes' on in the table's properties",
        )
    elif watched:
        yield ok(f"on for {', '.join(watched)}")
