"""Who is told of what by which way: an organisation's settings for notifications."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What somebody is told of; each person can opt out of each."""

    ASSIGNED = "assigned"
    """A record is hers now."""
    MOVED = "moved"
    """A record of hers went to another segment, and with it perhaps to another owner."""
    TAKEN_BACK = "taken back"
    """An assignment to her was undone."""
    OVERDUE = "overdue"
    """A record of a segment that she manages found nobody in time."""


class Language(StrEnum):
    """What people are told in."""

    ENGLISH = "en"
    FRENCH = "fr"
    GERMAN = "de"
    BULGARIAN = "bg"


class Channel(StrEnum):
    """How somebody is told."""

    APP = "app"
    EMAIL = "email"
    TEAMS = "teams"


@dataclass(frozen=True, slots=True)
class Notifications:
    """How an organisation tells people.

    `channels` says by kind which ways are used; a kind that it does not name uses the app alone.
    With `quiet_hours` nobody is told outside her working hours. `email_from` is the user or queue
    that e-mail is sent from, by its id and table; `email_templates` are titles of templates by kind.
    """

    channels: Mapping[Kind, frozenset[Channel]] = field(default_factory=dict)
    quiet_hours: bool = False
    email_from: tuple[str, str] | None = None
    email_templates: Mapping[Kind, str] = field(default_factory=dict)

    def ways(self, kind: Kind) -> frozenset[Channel]:
        """The ways by which people are told of this."""
        return self.channels.get(kind, frozenset({Channel.APP}))
