"""E-mail templates of Dataverse: found by their title, and filled in for one record or one user."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from work_assignment.dataverse import messages
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.email_names import EMAIL_TEMPLATE, EmailColumn, TemplateColumn
from work_assignment.dataverse.errors import RowNotFound, unreadable
from work_assignment.dataverse.names import SYSTEM_USER
from work_assignment.dataverse.queries import Query, eq
from work_assignment.domain.errors import Refused
from work_assignment.domain.runs.deliveries import Delivery

KEPT = 300.0
"""Seconds for which a template's id is remembered."""
_INSTANTIATE = "InstantiateTemplate"


@dataclass(frozen=True, slots=True)
class _Template:
    """A template's id, and the table that it is about; global ones are about users."""

    id: str
    table: str


class EmailTemplates:
    """Fills templates in."""

    def __init__(
        self, client: DataverseClient, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._monotonic = monotonic
        self._found: dict[str, tuple[float, _Template]] = {}

    def filled(self, title: str, delivery: Delivery) -> tuple[str, str] | None:
        """Subject and text of the template for what a notice is about.

        None where it cannot be that template's: it tells of one record of another table, of several,
        or of one that is gone. Raises Refused where there is no such template.
        """
        template = self._template(title)
        about = _about(template, delivery)
        if about is None:
            return None
        table, row_id = about
        asked = {"TemplateId": template.id, "ObjectType": table, "ObjectId": row_id}
        try:
            rows = self._client.send(messages.action(_INSTANTIATE, asked)).rows
        except RowNotFound:
            self._found.pop(title, None)
            return None
        if not rows:
            raise unreadable("it holds no e-mail", what=_INSTANTIATE)
        said = rows[0]
        return said.get(EmailColumn.SUBJECT) or "", said.get(EmailColumn.DESCRIPTION) or ""

    def _template(self, title: str) -> _Template:
        now = self._monotonic()
        known = self._found.get(title)
        if known is not None and known[0] > now:
            return known[1]
        query = Query(
            EMAIL_TEMPLATE.entity_set,
            select=(EMAIL_TEMPLATE.primary_id, TemplateColumn.TYPE),
            filter=eq(TemplateColumn.TITLE, title),
            top=2,
        )
        rows = self._client.send(messages.get(query)).rows
        if len(rows) != 1:
            how_many = "no" if not rows else "more than one"
            raise Refused(f"there is {how_many} e-mail template '{title}'")
        row = rows[0]
        template = _Template(row[EMAIL_TEMPLATE.primary_id], str(row[TemplateColumn.TYPE] or ""))
        self._found[title] = (now + KEPT, template)
        return template


def _about(template: _Template, delivery: Delivery) -> tuple[str, str] | None:
    """The row that the template is filled in for."""
    if template.table == SYSTEM_USER.logical_name:
        return template.table, delivery.recipient
    record = delivery.record
    if record is None or record.table != template.table:
        return None
    return record.table, record.id
