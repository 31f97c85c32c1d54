"""Whether people can be told by the ways that the settings wish."""

from __future__ import annotations

from collections.abc import Iterator

from work_assignment.domain.defining.notifications import Channel, Kind, Notifications
from work_assignment.services.checks.findings import Clinic, Finding, fault, ok, warning

_SETTINGS = "change the settings' notifications"


def notifications(clinic: Clinic) -> Iterator[Finding]:
    """Whoever is to be told by e-mail or Teams can be."""
    told = clinic.rulebook.notifications
    ways = frozenset().union(*(told.ways(kind) for kind in Kind))
    found = []
    if Channel.TEAMS in ways and clinic.teams_problem:
        said = f"Teams is wished: {clinic.teams_problem}"
        found.append(warning(said, "check the app's own settings; this is what is known here"))
    if Channel.EMAIL in ways:
        found += [*_sender(clinic, told), *_templates(clinic, told)]
    yield from found
    if not found:
        yield ok(f"people are told by {', '.join(sorted(ways)) or 'no way at all'}")


def goes_by_email(told: Notifications) -> bool:
    """Whether anybody is told of anything by e-mail."""
    return any(Channel.EMAIL in told.ways(kind) for kind in Kind)


def _sender(clinic: Clinic, told: Notifications) -> Iterator[Finding]:
    """Who sends e-mail is there, and may."""
    if told.email_from is None:
        yield fault("e-mail is wished and nobody sends it", f"{_SETTINGS}: 'email_from'")
        return
    row_id, table = told.email_from
    sender = clinic.environment.sender(table, row_id)
    if sender is None:
        yield fault(
            f"e-mail is sent by a {_WHAT[table]} that is gone ({row_id})",
            f"{_SETTINGS}: name another one in 'email_from'",
        )
        return
    who = f"{_WHAT[table]} '{sender.name}', who sends e-mail,"
    if not sender.is_active:
        yield fault(
            f"{who} is disabled", f"enable it, or {_SETTINGS}: name another one in 'email_from'"
        )
    if not sender.address:
        yield fault(f"{who} has no e-mail address", "give it one, and have its mailbox approved")


_WHAT = {"systemuser": "user", "queue": "queue"}


def _templates(clinic: Clinic, told: Notifications) -> Iterator[Finding]:
    """Each template that is filled in is there, once."""
    titles = {told.email_templates.get(kind) for kind in Kind if Channel.EMAIL in told.ways(kind)}
    wanted = sorted(title for title in titles if title is not None)
    there = clinic.environment.templates(wanted) if wanted else {}
    for title in wanted:
        matching = there.get(title, 0)
        if matching == 0:
            yield fault(
                f"there is no e-mail template '{title}', so nobody is told by it",
                f"make it again, or {_SETTINGS}",
            )
        elif matching > 1:
            yield fault(
                f"there are {matching} e-mail templates '{title}', so none of them is used",
                "give each its own title",
            )
