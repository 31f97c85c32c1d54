"""Notifications as a folder writes them, and the names in them looked up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from work_assignment.domain.defining.notification_texts import (
    SENDERS,
    lacks_sender,
    notifications_text,
)
from work_assignment.domain.defining.notifications import Channel, Kind, Notifications
from work_assignment.domain.errors import nearest
from work_assignment.domain.text import fold
from work_assignment.services.configuration.fields import NONE, Fields, read_text
from work_assignment.services.configuration.ports import ConfigurationStore
from work_assignment.services.configuration.problems import PlacedName, Problems
from work_assignment.services.configuration.yaml_items import Item, ListItem, MapItem, ScalarItem

_SUBJECT = "settings, notifications"
_QUIET, _FROM, _TEMPLATES = "quiet_hours", "email_from", "email_templates"
_KINDS = tuple(kind.value for kind in Kind)
_KEYS = (*_KINDS, _QUIET, _FROM, _TEMPLATES)
_WAYS = tuple(channel.value for channel in Channel)
_TEMPLATE_TABLE = "template"
_LONGEST_NAME = 200
_NOT_LOOKED_UP = ("", SENDERS[0])
"""Who sends, as long as only the name is known."""


@dataclass(frozen=True, slots=True)
class NotificationForm:
    """What is said, apart from the names that only Dataverse can tell: the sender and templates."""

    said: Notifications
    sender: PlacedName | None = None
    templates: tuple[PlacedName, ...] = field(default=())


def read_notification_form(fields: Fields) -> NotificationForm | None:
    """Read the mapping under `notifications`; None when there is none."""
    item = fields.item("notifications")
    if item is None or fields.says("notifications", NONE):
        return None
    if not isinstance(item, MapItem):
        fields.problem("notifications", "'notifications' is a mapping")
        return None
    inner = Fields(item, _SUBJECT, _KEYS, fields.problems)
    sender, templates = _sender(inner), dict(_templates(inner))
    said = Notifications(
        channels={kind: ways for kind in Kind if (ways := _ways(inner, kind)) is not None},
        quiet_hours=inner.flag(_QUIET, default=False),
        email_from=None if sender is None else _NOT_LOOKED_UP,
        email_templates={kind: placed.name for kind, placed in templates.items()},
    )
    _check_sender(inner, said)
    return NotificationForm(said, sender, tuple(templates.values()))


def _check_sender(fields: Fields, said: Notifications) -> None:
    problem = lacks_sender(said)
    if not problem:
        return
    if fields.says(_FROM, NONE):
        fields.problem(_FROM, problem)
    elif fields.item(_FROM) is None:
        mailed = next(kind for kind in Kind if Channel.EMAIL in said.ways(kind))
        fields.problem(mailed.value, problem)


def _ways(fields: Fields, kind: Kind) -> frozenset[Channel] | None:
    item = fields.item(kind.value)
    if item is None:
        return None
    if fields.says(kind.value, NONE):
        return frozenset()
    entries = (item,) if isinstance(item, ScalarItem) else fields.items(kind.value)
    return frozenset(way for entry in entries if (way := _way(fields, kind, entry)) is not None)


def _way(fields: Fields, kind: Kind, entry: Item) -> Channel | None:
    subject = f"{fields.subject}: an entry of '{kind.value}'"
    before = len(fields.problems)
    word = fold(read_text(entry, subject, fields.problems))
    if len(fields.problems) > before:
        return None
    if word in _WAYS:
        return Channel(word)
    said = f"{subject} is one of {', '.join(_WAYS)}, or all of it none, not '{word}'"
    fields.problems.add(entry.place, said, nearest(word, _WAYS))
    return None


def _sender(fields: Fields) -> PlacedName | None:
    if fields.item(_FROM) is None or fields.says(_FROM, NONE):
        return None
    name = fields.text(_FROM, longest=_LONGEST_NAME)
    return PlacedName(fields.place_of(_FROM), name) if name else None


def _templates(fields: Fields) -> Iterator[tuple[Kind, PlacedName]]:
    item = fields.item(_TEMPLATES)
    if item is None or fields.says(_TEMPLATES, NONE):
        return
    if isinstance(item, ListItem | ScalarItem):
        fields.problem(_TEMPLATES, f"'{_TEMPLATES}' is a mapping of {', '.join(_KINDS)} to titles")
        return
    inner = Fields(item, f"{fields.subject}, {_TEMPLATES}", _KINDS, fields.problems)
    for kind in Kind:
        if inner.item(kind.value) is not None and not inner.says(kind.value, NONE):
            title = inner.text(kind.value, longest=_LONGEST_NAME)
            yield kind, PlacedName(inner.place_of(kind.value), title)


def stored_text(
    form: NotificationForm | None, store: ConfigurationStore, problems: Problems
) -> str | None:
    """The form as its column holds it; who sends, and which templates, has to exist."""
    if form is None:
        return None
    _check_templates(form, store, problems)
    sender = None if form.sender is None else _found_sender(form.sender, store, problems)
    return notifications_text(replace(form.said, email_from=sender))


def _found_sender(
    asked: PlacedName, store: ConfigurationStore, problems: Problems
) -> tuple[str, str] | None:
    """The one user, else the one queue, of that name."""
    wanted = asked.name.casefold()
    users = list(store.users([asked.name]))
    same = [u for u in users if (u.domain_name or "").casefold() == wanted] or users
    enabled = [user.id for user in same if not user.is_disabled]
    if len(enabled) == 1:
        return enabled[0].lower(), "systemuser"
    queues = [] if enabled else list(store.ids_by_name("queue", [asked.name]).get(asked.name, ()))
    if len(queues) == 1:
        return queues[0].lower(), "queue"
    how_many = len(enabled) or len(queues)
    said = (
        f"'{_FROM}': {how_many} users or queues have '{asked.name}': say the one that is meant"
        if how_many
        else f"'{_FROM}': there is no active user and no queue '{asked.name}'"
    )
    problems.add(asked.place, f"{_SUBJECT}: {said}")
    return None


def _check_templates(form: NotificationForm, store: ConfigurationStore, problems: Problems) -> None:
    if not form.templates:
        return
    ids = store.ids_by_name(_TEMPLATE_TABLE, sorted({placed.name for placed in form.templates}))
    for placed in form.templates:
        matching = len(ids.get(placed.name, ()))
        if matching == 1:
            continue
        said = (
            f"there are {matching} e-mail templates '{placed.name}'; give each its own title"
            if matching
            else f"there is no e-mail template '{placed.name}'"
        )
        near = None if matching else nearest(placed.name, store.names(_TEMPLATE_TABLE))
        problems.add(placed.place, f"{_SUBJECT}, {_TEMPLATES}: {said}", near)
