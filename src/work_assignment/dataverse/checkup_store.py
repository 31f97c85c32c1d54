"""An environment looked at as a whole; nothing is changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from work_assignment.dataverse import messages
from work_assignment.dataverse.choices import SegmentStatus
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.email_names import EMAIL_TEMPLATE, TemplateColumn
from work_assignment.dataverse.errors import NotFound
from work_assignment.dataverse.messages import Request, Row
from work_assignment.dataverse.names import (
    QUEUE,
    SEGMENT,
    SELLER,
    SETTING,
    SYSTEM_USER,
    Common,
    SegmentColumn,
    SellerColumn,
    SettingColumn,
    SystemUserColumn,
)
from work_assignment.dataverse.port_errors import in_port_terms
from work_assignment.dataverse.queries import Expand, Query, eq, in_, or_
from work_assignment.dataverse.questions import Questions
from work_assignment.dataverse.schemas import definition_request
from work_assignment.domain.runs.checkups import DisabledUser, EmailSender, Identity

_ACTIVE = eq(Common.STATE, 0)
_USER = (SystemUserColumn.FULL_NAME, SystemUserColumn.IS_DISABLED)
_SENDERS = {
    SYSTEM_USER.logical_name: (
        SYSTEM_USER.entity_set,
        SystemUserColumn.FULL_NAME,
        SystemUserColumn.EMAIL,
    ),
    QUEUE.logical_name: (QUEUE.entity_set, "name", "emailaddress"),
}
_OFF = {SYSTEM_USER.logical_name: SystemUserColumn.IS_DISABLED, QUEUE.logical_name: Common.STATE}
"""The column that is not false, or not zero, of a sender who is switched off."""


class CheckupStore:
    """The services' port `Environment`, which says what each method does."""

    def __init__(self, client: DataverseClient) -> None:
        self._client = client

    def identity(self) -> Identity:
        with in_port_terms():
            user_id = str(self._client.send(messages.who_am_i()).json["UserId"]).lower()
            columns = (SystemUserColumn.FULL_NAME,)
            asked = messages.retrieve(SYSTEM_USER.entity_set, user_id, select=columns)
            user = self._client.send(asked).json
        return Identity(user_id, user.get(SystemUserColumn.FULL_NAME) or "a user without a name")

    def columns(self, tables: Collection[str]) -> Mapping[str, frozenset[str] | None]:
        asked = {"$select": "LogicalName"}
        rows = self._each([definition_request(table, "/Attributes", asked) for table in tables])
        return {
            table: None if found is None else frozenset(row["LogicalName"] for row in found)
            for table, found in zip(tables, rows, strict=True)
        }

    def privileges(self, user_id: str) -> frozenset[str]:
        path = f"{SYSTEM_USER.entity_set}({user_id})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges"
        with in_port_terms():
            found = self._client.send(Request("GET", path)).json["RolePrivileges"]
        return frozenset(str(row["PrivilegeName"]).lower() for row in found)

    def settings_rows(self) -> Sequence[str]:
        rows = self._rows(Query(SETTING.entity_set, (SettingColumn.NAME,)))
        return [str(row[SettingColumn.NAME]) for row in rows]

    def disabled_users(self) -> Sequence[DisabledUser]:
        in_use = or_(_ACTIVE, eq(Common.STATUS, SegmentStatus.PAUSED))
        seller, manager = SellerColumn.SYSTEM_USER, SegmentColumn.MANAGER
        sellers = Query(
            SELLER.entity_set,
            (SellerColumn.NAME,),
            filter=_ACTIVE,
            expand=(Expand(seller.navigation, select=_USER),),
        )
        segments = Query(
            SEGMENT.entity_set,
            (SegmentColumn.NAME,),
            filter=in_use,
            expand=(Expand(manager.navigation, select=_USER),),
        )
        return [
            *_disabled(self._rows(sellers), seller.navigation, "still a seller"),
            *_disabled(
                self._rows(segments),
                manager.navigation,
                "manager of segment",
                SegmentColumn.NAME,
            ),
        ]

    def untracked(self, tables: Collection[str]) -> Sequence[str]:
        asked = {"$select": "LogicalName,ChangeTrackingEnabled"}
        answers = self._each([definition_request(table, options=asked) for table in tables])
        return [
            table
            for table, found in zip(tables, answers, strict=True)
            if found and found[0].get("ChangeTrackingEnabled") is False
        ]

    def sender(self, table: str, row_id: str) -> EmailSender | None:
        entity_set, name, address = _SENDERS[table]
        asked = messages.retrieve(entity_set, row_id, (name, address, _OFF[table]))
        (found,) = self._each([asked])
        if found is None:
            return None
        (row,) = found
        return EmailSender(row.get(name) or row_id, row.get(address) or "", not row[_OFF[table]])

    def templates(self, titles: Collection[str]) -> Mapping[str, int]:
        title = TemplateColumn.TITLE
        rows = self._rows(
            Query(EMAIL_TEMPLATE.entity_set, (title,), filter=in_(title, tuple(titles)))
        )
        return Counter(str(row[title]) for row in rows)

    def _rows(self, query: Query) -> list[Row]:
        with in_port_terms():
            return list(self._client.rows(query))

    def _each(self, requests: Sequence[Request]) -> list[list[Row] | None]:
        """What each request finds, a single thing as a list of one; None where there is nothing."""
        questions = Questions()
        places = [questions.ask(request) for request in requests]
        found: list[list[Row] | None] = []
        with in_port_terms():
            answers = questions.send(self._client)
            for place, request in zip(places, requests, strict=True):
                try:
                    found.append(_listed(answers[place].raise_for_error(request.what).json))
                except NotFound:
                    found.append(None)
        return found


def _listed(answer: Mapping[str, Any]) -> list[Row]:
    rows: list[Row] = answer["value"] if "value" in answer else [dict(answer)]
    return rows


def _disabled(
    rows: Sequence[Row], navigation: str, role: str, named: str | None = None
) -> Iterator[DisabledUser]:
    for row in rows:
        user = row.get(navigation) or {}
        if user.get(SystemUserColumn.IS_DISABLED):
            name = user.get(SystemUserColumn.FULL_NAME) or "a user without a name"
            yield DisabledUser(name, role if named is None else f"{role} '{row.get(named)}'")
