"""Whom notifications are for: a person's language and address, and what she does not want."""

from __future__ import annotations

from dataclasses import dataclass

from work_assignment.domain.defining.notifications import Kind, Language
from work_assignment.domain.records import SellerId


@dataclass(frozen=True, slots=True)
class Recipient:
    """A user who may be told of something; `muted` are the kinds that she opted out of.

    `is_application` says that it is no person, but an app's user.
    """

    id: SellerId
    name: str = ""
    email: str = ""
    language: Language = Language.ENGLISH
    is_disabled: bool = False
    is_application: bool = False
    muted: frozenset[Kind] = frozenset()
