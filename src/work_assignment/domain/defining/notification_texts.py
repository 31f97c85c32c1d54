"""How an organisation tells people, as the text that its row of settings holds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar
from uuid import UUID

from work_assignment.domain.defining.notifications import Channel, Kind, Notifications
from work_assignment.domain.defining.stored_json import read_json
from work_assignment.domain.errors import DefinitionError, nearest

WHERE = "settings, notifications"
SENDERS = ("systemuser", "queue")
"""The tables whose rows e-mail can be sent from."""
_CHANNELS, _QUIET, _FROM, _TEMPLATES = "channels", "quiet_hours", "email_from", "email_templates"
_KEYS = (_CHANNELS, _QUIET, _FROM, _TEMPLATES)
_SENDER_KEYS = ("table", "id")

Word = TypeVar("Word", Kind, Channel)


def notifications_text(notifications: Notifications) -> str | None:
    """The text, in one form only; None for what holds without any."""
    said: dict[str, Any] = {}
    if notifications.channels:
        ways = notifications.channels
        said[_CHANNELS] = {kind.value: in_order(ways[kind]) for kind in Kind if kind in ways}
    if notifications.quiet_hours:
        said[_QUIET] = True
    if notifications.email_from is not None:
        row_id, table = notifications.email_from
        said[_FROM] = {"table": table, "id": row_id}
    if notifications.email_templates:
        titles = notifications.email_templates
        said[_TEMPLATES] = {kind.value: titles[kind] for kind in Kind if kind in titles}
    if not said:
        return None
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def in_order(ways: Iterable[Channel]) -> list[str]:
    """The ways' words, as the vocabulary has them."""
    chosen = frozenset(ways)
    return [channel.value for channel in Channel if channel in chosen]


def read_notifications(text: str | None) -> Notifications:
    """Read the text; raises DefinitionError for one that is wrong, which is not used at all."""
    if not text:
        return Notifications()
    said = _mapping(read_json(text, WHERE), WHERE, _KEYS)
    quiet = said.get(_QUIET, False)
    if not isinstance(quiet, bool):
        raise DefinitionError(WHERE, f"'{_QUIET}' is true or false")
    notifications = Notifications(
        channels=_channels(said.get(_CHANNELS, {})),
        quiet_hours=quiet,
        email_from=_sender(said.get(_FROM)),
        email_templates=_templates(said.get(_TEMPLATES, {})),
    )
    problem = lacks_sender(notifications)
    if problem:
        raise DefinitionError(WHERE, problem)
    return notifications


def lacks_sender(notifications: Notifications) -> str:
    """What is wrong when e-mail is wished and nobody sends it; empty when nothing is."""
    mailed = [kind.value for kind in Kind if Channel.EMAIL in notifications.ways(kind)]
    if not mailed or notifications.email_from is not None:
        return ""
    return f"'{mailed[0]}' goes by email, which needs '{_FROM}': the user or queue that sends it"


def word_of(text: object, vocabulary: type[Word], what: str, where: str = WHERE) -> Word:
    """A word of a vocabulary; another is refused with the nearest."""
    words = [word.value for word in vocabulary]
    if isinstance(text, str) and text in words:
        return vocabulary(text)
    said = f"{what} is one of {', '.join(words)}, not '{text}'"
    raise DefinitionError(where, said, nearest(str(text), words))


def _mapping(found: object, where: str, keys: Iterable[str]) -> Mapping[str, Any]:
    if not isinstance(found, dict):
        raise DefinitionError(where, "it is no mapping")
    known = list(keys)
    for key in found:
        if key not in known:
            raise DefinitionError(where, f"there is no key '{key}'", nearest(key, known))
    return found


def _channels(found: object) -> dict[Kind, frozenset[Channel]]:
    channels = {}
    for kind, ways in _mapping(found, f"{WHERE}, {_CHANNELS}", Kind).items():
        if not isinstance(ways, list):
            raise DefinitionError(WHERE, f"'{kind}' is a list of {', '.join(Channel)}")
        channels[Kind(kind)] = frozenset(
            word_of(way, Channel, f"an entry of '{kind}'") for way in ways
        )
    return channels


def _sender(found: object) -> tuple[str, str] | None:
    if found is None:
        return None
    where = f"{WHERE}, {_FROM}"
    said = _mapping(found, where, _SENDER_KEYS)
    table, row_id = said.get("table"), said.get("id")
    if table not in SENDERS:
        raise DefinitionError(where, f"its table is {' or '.join(SENDERS)}, not '{table}'")
    try:
        return str(UUID(str(row_id))), str(table)
    except ValueError as exc:
        raise DefinitionError(where, f"'{row_id}' is no id") from exc


def _templates(found: object) -> dict[Kind, str]:
    titles = {}
    for kind, title in _mapping(found, f"{WHERE}, {_TEMPLATES}", Kind).items():
        if not isinstance(title, str) or not title.strip():
            raise DefinitionError(WHERE, f"the template of '{kind}' is a title")
        titles[Kind(kind)] = title.strip()
    return titles
