"""Who has which roles and can read what, from the rows that Dataverse answers with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from work_assignment.dataverse.auth import StaticToken
from work_assignment.dataverse.batches import Batch, PartResult
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.fetch import LONGEST_PAGE
from work_assignment.dataverse.messages import PLAIN, Prefer, Response, Row
from work_assignment.dataverse.retry import RetryPolicy
from work_assignment.dataverse.role_reader import RoleReader

PRIVILEGES = {"lead": "prvReadlead", "new_visit": "prvReadnew_visit"}
DIRECT, BY_TEAM, GRANTING, TEAMS = range(4)


class Answering(DataverseClient):
    """Answers the four questions with these rows, and pages with `paged`."""

    def __init__(self, *answers: Sequence[Row], paged: Sequence[Row] = ()) -> None:
        super().__init__("http://localhost:1", StaticToken(None))
        self.answers = answers
        self.paged = paged
        self.asked: list[str] = []

    def send_batch(self, batch: Batch, *, retry: RetryPolicy | None = None) -> list[PartResult]:
        self.asked = [request.path for request in batch.requests]
        return [
            Response(200, {}, json.dumps({"value": list(rows)}).encode()) for rows in self.answers
        ]

    def fetch_rows(self, entity_set: str, question: Any, *, prefer: Prefer = PLAIN) -> Any:
        yield from self.paged


def held(who: str, role: str, name: str = "Role", *, root: str | None = None) -> Row:
    return {"systemuserid": who, "role": role, "root": root, "rolename": name}


def granted(role: str, privilege: str) -> Row:
    return {"roleid": role, "privilege": privilege}


def test_roles_are_ones_own_and_those_of_ones_teams() -> None:
    client = Answering(
        [held("ada", "R1", "Seller")],
        [held("ada", "R2", "Desk"), held("bea", "R2", "Desk")],
        [granted("r1", "prvReadLead")],
        [{"teamid": "T", "role": "R2", "rolename": "Desk"}],
    )
    roles = RoleReader(client).roles(PRIVILEGES, of_teams=True)
    assert roles.of_users == {"ada": {"Seller", "Desk"}, "bea": {"Desk"}}
    assert roles.of_teams == {"t": {"Desk"}}


def test_who_has_roles_of_which_none_reads_a_type_cannot_read_it() -> None:
    client = Answering(
        [held("ada", "R1"), held("bea", "R2")],
        [],
        [granted("r1", "prvReadLead"), granted("r2", "prvReadNew_Visit")],
    )
    roles = RoleReader(client).roles(PRIVILEGES, of_teams=False)
    assert roles.unreadable == {"ada": {"new_visit"}, "bea": {"lead"}}


def test_a_copy_of_a_role_grants_what_its_root_does() -> None:
    client = Answering([held("ada", "COPY", root="ROOT")], [], [granted("root", "prvReadLead")])
    assert RoleReader(client).roles({"lead": "prvReadlead"}, of_teams=False).unreadable == {
        "ada": set()
    }


def test_a_privilege_that_no_role_has_keeps_nobody_out() -> None:
    client = Answering([held("ada", "R1")], [], [granted("r1", "prvReadLead")])
    assert RoleReader(client).roles(PRIVILEGES, of_teams=False).unreadable == {"ada": set()}


def test_only_sellers_roles_are_asked_for_in_one_request() -> None:
    client = Answering([], [], [], [])
    RoleReader(client).roles(PRIVILEGES, of_teams=True)
    assert len(client.asked) == 4
    for number in (DIRECT, BY_TEAM):
        assert "wa_seller" in client.asked[number]
    assert "wa_seller" not in client.asked[TEAMS]
    assert "prvReadnew_visit" in client.asked[GRANTING]


def test_more_roles_than_a_page_holds_are_read_to_the_last() -> None:
    full = [held(f"user {number}", "R1") for number in range(LONGEST_PAGE)]
    client = Answering(full, [], [], paged=[*full, held("last", "R2", "Last")])
    roles = RoleReader(client).roles(PRIVILEGES, of_teams=False)
    assert roles.of_users["last"] == {"Last"}
    assert len(roles.of_users) == LONGEST_PAGE + 1
