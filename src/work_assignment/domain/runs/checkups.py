"""What is learned of an environment that is looked at as a whole."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    """Who we are in Dataverse."""

    user_id: str
    name: str


@dataclass(frozen=True, slots=True)
class DisabledUser:
    """A user who is disabled, and what definitions have her for, as the end of a sentence."""

    name: str
    role: str


@dataclass(frozen=True, slots=True)
class EmailSender:
    """The user or queue that e-mail is sent from."""

    name: str
    address: str
    is_active: bool
