"""Who has which security roles, directly or by a team, and which record types they let her read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from work_assignment.dataverse import fetch, messages
from work_assignment.dataverse.batches import Batch
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.messages import Request, Response, Row
from work_assignment.dataverse.names import (
    ROLE,
    SELLER,
    SYSTEM_USER,
    TEAM,
    Common,
    SellerColumn,
    TableName,
)


@dataclass(frozen=True, slots=True)
class Roles:
    """Names of security roles by user and by team, and record types that users cannot read."""

    of_users: Mapping[str, frozenset[str]] = field(default_factory=dict)
    of_teams: Mapping[str, frozenset[str]] = field(default_factory=dict)
    unreadable: Mapping[str, frozenset[str]] = field(default_factory=dict)


class RoleReader:
    """Reads roles; keeps nothing."""

    def __init__(self, client: DataverseClient) -> None:
        self._client = client

    def roles(self, privileges: Mapping[str, str], *, of_teams: bool) -> Roles:
        """The roles of sellers, their own and their teams', and on request those of teams.

        `privileges` are those to read, by record type: a seller of whose roles none has one cannot
        read the type. One without any role is left to Dataverse, which refuses her when she is to
        own a record; so is everybody where no role has a privilege of that name.
        """
        direct, by_team, granting, *teams = self._fetched(
            [
                _rows_of(SYSTEM_USER, _roles_by("systemuserroles", SYSTEM_USER), _is_seller()),
                _rows_of(SYSTEM_USER, _roles_by_team(), _is_seller()),
                _granting(privileges.values()),
                *([_rows_of(TEAM, _roles_by("teamroles", TEAM))] if of_teams else []),
            ]
        )
        users = _by_holder([*direct, *by_team], SYSTEM_USER.primary_id)
        groups = _by_holder([row for rows in teams for row in rows], TEAM.primary_id)
        granted = _granted(granting, privileges)
        return Roles(
            {who: _names(held) for who, held in users.items()},
            {team: _names(held) for team, held in groups.items()},
            {who: _unreadable(held, granted) for who, held in users.items()},
        )

    def _fetched(self, questions: Sequence[tuple[str, fetch.Fetch]]) -> list[list[Row]]:
        """The rows of every question: the first pages in one request, others as they are needed."""
        requests: list[Request] = [
            messages.fetch(entity_set, fetch.render(question)) for entity_set, question in questions
        ]
        answers = self._client.send_batch(Batch(requests, continue_on_error=True))
        found = []
        for (entity_set, question), request, answer in zip(
            questions, requests, answers, strict=True
        ):
            if not isinstance(answer, Response):
                raise TypeError(f"a read was answered by {type(answer).__name__}")
            rows = answer.raise_for_error(request.what).rows
            if len(rows) == fetch.LONGEST_PAGE:
                rows = list(self._client.fetch_rows(entity_set, question))
            found.append(rows)
        return found


@dataclass(frozen=True, slots=True)
class _Role:
    """A role as somebody has it: in a business unit below it is a copy of its root."""

    ids: frozenset[str]
    name: str


def _role_link() -> fetch.Link:
    return fetch.Link(
        ROLE.logical_name,
        from_=ROLE.primary_id,
        to=ROLE.primary_id,
        attributes=(
            fetch.Attribute(ROLE.primary_id, alias="role"),
            fetch.Attribute("parentrootroleid", alias="root"),
            fetch.Attribute(Common.NAME, alias="rolename"),
        ),
    )


def _roles_by(intersect: str, holder: TableName) -> fetch.Link:
    column = holder.primary_id
    return fetch.Link(intersect, from_=column, to=column, links=(_role_link(),))


def _roles_by_team() -> fetch.Link:
    column = SYSTEM_USER.primary_id
    by_team = _roles_by("teamroles", TEAM)
    return fetch.Link("teammembership", from_=column, to=column, links=(by_team,))


def _is_seller() -> fetch.Link:
    """Leaves out everybody else: organisations have many more users."""
    return fetch.Link(
        SELLER.logical_name,
        from_=SellerColumn.SYSTEM_USER.column,
        to=SYSTEM_USER.primary_id,
        filter=fetch.all_of(fetch.Condition(Common.STATE, "eq", (0,))),
    )


def _granting(privileges: Iterable[str]) -> tuple[str, fetch.Fetch]:
    named = fetch.Link(
        "privilege",
        from_="privilegeid",
        to="privilegeid",
        attributes=(fetch.Attribute(Common.NAME, alias="privilege"),),
        filter=fetch.all_of(fetch.Condition(Common.NAME, "in", tuple(privileges))),
    )
    link = fetch.Link("roleprivileges", from_=ROLE.primary_id, to=ROLE.primary_id, links=(named,))
    return _rows_of(ROLE, link)


def _rows_of(table: TableName, *links: fetch.Link) -> tuple[str, fetch.Fetch]:
    question = fetch.Fetch(table.logical_name, attributes=(table.primary_id,), links=links)
    return table.entity_set, fetch.paged(question)


def _by_holder(rows: Iterable[Row], column: str) -> dict[str, list[_Role]]:
    found: dict[str, list[_Role]] = defaultdict(list)
    for row in rows:
        ids = frozenset(str(row[key]).lower() for key in ("role", "root") if row.get(key))
        found[str(row[column]).lower()].append(_Role(ids, str(row.get("rolename") or "")))
    return found


def _names(held: Iterable[_Role]) -> frozenset[str]:
    return frozenset(role.name for role in held)


def _granted(rows: Iterable[Row], privileges: Mapping[str, str]) -> dict[str, set[str]]:
    """By record type, the ids of the roles that let it be read."""
    by_privilege: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        by_privilege[str(row["privilege"]).lower()].add(str(row[ROLE.primary_id]).lower())
    return {table: by_privilege.get(name.lower(), set()) for table, name in privileges.items()}


def _unreadable(held: Iterable[_Role], granted: Mapping[str, set[str]]) -> frozenset[str]:
    """The record types that none of these roles lets anybody read, and others do."""
    ids = frozenset().union(*(role.ids for role in held))
    return frozenset(table for table, roles in granted.items() if roles and not ids & roles)
