"""E-mail through Dataverse: a row under an id of ours, sent by the mailbox that the settings name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from html import escape
from typing import Any

from work_assignment.dataverse import messages
from work_assignment.dataverse.choices import State
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.email_names import EMAIL, EmailColumn, PartyColumn
from work_assignment.dataverse.email_templates import EmailTemplates
from work_assignment.dataverse.errors import (
    BadRequest,
    DataverseError,
    InvalidRequest,
    NotFound,
    PreconditionFailed,
)
from work_assignment.dataverse.names import (
    ACCOUNT,
    CONTACT,
    LEAD,
    OPPORTUNITY,
    QUEUE,
    SYSTEM_USER,
    Common,
    TableName,
)
from work_assignment.dataverse.queries import checked_name
from work_assignment.dataverse.schemas import read_definition
from work_assignment.dataverse.unavailable import PASSING, unavailable
from work_assignment.domain.defining.notifications import Notifications
from work_assignment.domain.errors import Refused
from work_assignment.domain.runs.deliveries import Delivery
from work_assignment.domain.runs.recipients import Recipient

_FROM, _TO = 1, 2  # activityparty, participationtypemask
_LONGEST_SUBJECT = 800
_SENDERS: Mapping[str, TableName] = {table.logical_name: table for table in (SYSTEM_USER, QUEUE)}
_RECORDS = (LEAD, OPPORTUNITY, ACCOUNT, CONTACT)
_SEND = "SendEmail"


class EmailSender:
    """Sends notices as e-mail rows; `settings` says from whom, and by which templates."""

    def __init__(
        self,
        client: DataverseClient,
        settings: Callable[[], Notifications],
        templates: EmailTemplates,
        dataverse_url: str,
    ) -> None:
        self._client = client
        self._settings = settings
        self._templates = templates
        self._dataverse_url = dataverse_url
        self._entity_sets = {table.logical_name: table.entity_set for table in _RECORDS}

    def send(self, delivery: Delivery, to: Recipient) -> None:
        """Send one notice, once however often it is asked for: its row's id follows from it.

        Raises Refused where that is for good, Unavailable where it may pass.
        """
        with _in_our_terms():
            settings = self._settings()
            if settings.email_from is None:
                raise Refused("the settings name nobody in 'email_from' who sends e-mail")
            if not to.email:
                raise Refused(f"user {to.id} has no e-mail address")
            if self._created(delivery, self._row(delivery, to, settings)):
                self._issue(delivery.id)

    def _row(self, delivery: Delivery, to: Recipient, settings: Notifications) -> dict[str, Any]:
        title = settings.email_templates.get(delivery.kind)
        filled = None if title is None else self._templates.filled(title, delivery)
        subject, description = filled or (delivery.title, self._words(delivery))
        sender_id, table = settings.email_from or ("", "")
        return {
            EmailColumn.SUBJECT: " ".join(subject.split())[:_LONGEST_SUBJECT],
            EmailColumn.DESCRIPTION: description,
            EmailColumn.DIRECTION: True,
            EmailColumn.PARTIES: [
                _party(_FROM, _SENDERS[table], sender_id),
                _party(_TO, SYSTEM_USER, to.id),
            ],
        }

    def _words(self, delivery: Delivery) -> str:
        """Our own words as HTML; nothing in them is taken for markup."""
        lines = "<br />".join(escape(line) for line in delivery.body.splitlines())
        said = f"<p>{lines}</p>" if lines else ""
        page = delivery.page(self._dataverse_url)
        if page is None:
            return said
        return f'{said}<p><a href="{escape(page)}">{escape(delivery.opens)}</a></p>'

    def _created(self, delivery: Delivery, row: dict[str, Any]) -> bool:
        """Create the row; says whether it is still to be sent, which it may be from a try before."""
        try:
            self._create(delivery, row)
        except PreconditionFailed:
            return self._is_draft(delivery.id)
        return True

    def _create(self, delivery: Delivery, row: dict[str, Any]) -> None:
        regarding = self._regarding(delivery)
        try:
            self._insert(delivery.id, row | regarding)
        except (BadRequest, NotFound):
            if not regarding:
                raise
            # The record is gone, or its table takes no activities: people are told all the same.
            self._insert(delivery.id, row)

    def _insert(self, email_id: str, row: dict[str, Any]) -> None:
        self._client.send(messages.create(EMAIL.entity_set, row, row_id=email_id))

    def _regarding(self, delivery: Delivery) -> dict[str, Any]:
        """The record that the e-mail is about, where it is one of a table that is there."""
        record = delivery.record
        if record is None:
            return {}
        try:
            entity_set = self._entity_set(record.table)
            navigation = f"regardingobjectid_{checked_name(record.table)}_email"
            return dict(messages.bind(navigation, entity_set, record.id))
        except (NotFound, InvalidRequest):
            return {}

    def _entity_set(self, table: str) -> str:
        if table not in self._entity_sets:
            self._entity_sets[table] = read_definition(self._client, table).entity_set
        return self._entity_sets[table]

    def _issue(self, email_id: str) -> None:
        action = messages.bound_action(EMAIL.entity_set, email_id, _SEND, {"IssueSend": True})
        try:
            self._client.send(action)
        except (BadRequest, PreconditionFailed):
            if self._is_draft(email_id):
                raise
            # Somebody else, who has the same message, was faster.

    def _is_draft(self, email_id: str) -> bool:
        asked = messages.retrieve(EMAIL.entity_set, email_id, (Common.STATE,))
        return bool(self._client.send(asked).json[Common.STATE] == State.ACTIVE)


@contextmanager
def _in_our_terms() -> Iterator[None]:
    """Raise what passes as Unavailable, and whatever else Dataverse refuses as Refused."""
    try:
        yield
    except PASSING as exc:
        raise unavailable(exc) from exc
    except (DataverseError, InvalidRequest) as exc:
        raise Refused(f"no e-mail can be sent: {exc}") from exc


def _party(role: int, table: TableName, row_id: str) -> dict[str, Any]:
    navigation = PartyColumn.party(table.logical_name)
    return {PartyColumn.ROLE: role, **messages.bind(navigation, table.entity_set, row_id)}
