"""Words for tests of what definitions can say: whom there is, what is defined, what became of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import yaml
from tests.e2e.world import World, user_id, user_name, workshop

from work_assignment.cli import sample_data
from work_assignment.cli.apply import apply_folder
from work_assignment.dataverse import messages
from work_assignment.dataverse.names import (
    LEAD,
    QUEUE,
    ROLE,
    SYSTEM_USER,
    TEAM,
    TEAM_MEMBERS,
    USER_ROLES,
    TableName,
)
from work_assignment.dataverse.outcome_store import OutcomeStore
from work_assignment.dataverse.queries import Query, eq
from work_assignment.dataverse.run_store import RunStore
from work_assignment.domain.runs.facts import Rulebook, SellerRow
from work_assignment.domain.runs.outcomes import Outcome, SellerChange, WriteResult
from work_assignment.domain.runs.stories import story
from work_assignment.services.deciding import Decider
from work_assignment.services.workshop import Workshop

BUSINESS_UNIT = TableName("businessunit", "businessunits", "businessunitid")
QUEUE_ITEM = TableName("queueitem", "queueitems", "queueitemid")
PRIVILEGE = TableName("privilege", "privileges", "privilegeid")


def create(world: World, table: TableName, columns: Mapping[str, Any]) -> str:
    """Create a row as an administrator; gives its id."""
    return str(world.admin.send(messages.create(table.entity_set, columns)).entity_id)


def change(world: World, table: TableName, row_id: str, columns: Mapping[str, Any]) -> None:
    """Change a row as an administrator."""
    world.admin.send(messages.update(table.entity_set, row_id, columns, version="*"))


def rows(world: World, table: TableName) -> list[dict[str, Any]]:
    return list(world.admin.rows(Query(table.entity_set)))


def people(world: World, *names: str, role: str = sample_data.SALESPERSON) -> None:
    """Users with a role, and the app's own users."""
    sample_data.create_application_users(world.admin)
    listed = [
        {"domainname": user_name(name), "firstname": name, "lastname": "Seller"} for name in names
    ]
    sample_data.create_users(world.admin, listed, role=role)


def change_user(world: World, name: str, **columns: Any) -> None:
    change(world, SYSTEM_USER, user_id(name), columns)


def owned_by(name: str) -> dict[str, str]:
    """What binds a row to its owner."""
    return messages.bind("ownerid", SYSTEM_USER.entity_set, user_id(name))


def role(world: World, name: str, *privileges: str, **columns: Any) -> str:
    """A role that holds these privileges only."""
    made = create(world, ROLE, {"name": name, **columns})
    grant(world, made, *privileges)
    return made


def grant(world: World, role_id: str, *privileges: str) -> None:
    ids = {row["name"]: row[PRIVILEGE.primary_id] for row in rows(world, PRIVILEGE)}
    granted = [{"PrivilegeId": ids[name], "Depth": "Global"} for name in privileges]
    if granted:
        body = {"Privileges": granted}
        action = messages.bound_action(ROLE.entity_set, role_id, "AddPrivilegesRole", body)
        world.admin.send(action)


def give_role(world: World, name: str, role_id: str) -> None:
    ours = (SYSTEM_USER.entity_set, user_id(name), USER_ROLES)
    world.admin.send(messages.associate(*ours, ROLE.entity_set, role_id))


def take_role(world: World, name: str, role_id: str) -> None:
    ours = (SYSTEM_USER.entity_set, user_id(name), USER_ROLES)
    world.admin.send(messages.disassociate(*ours, role_id))


def role_named(world: World, name: str) -> str:
    (found,) = world.admin.rows(Query(ROLE.entity_set, filter=eq("name", name)))
    return str(found[ROLE.primary_id])


def team(world: World, name: str, *members: str, roles: tuple[str, ...] = (), **more: Any) -> str:
    made = create(world, TEAM, {"name": name, **more})
    for member in members:
        join_team(world, made, member)
    for role_id in roles:
        theirs = (TEAM.entity_set, made, "teamroles_association")
        world.admin.send(messages.associate(*theirs, ROLE.entity_set, role_id))
    return made


def join_team(world: World, team_id: str, member: str) -> None:
    theirs = (TEAM.entity_set, team_id, TEAM_MEMBERS)
    world.admin.send(messages.associate(*theirs, SYSTEM_USER.entity_set, user_id(member)))


def queue(world: World, name: str, **more: Any) -> str:
    return create(world, QUEUE, {"name": name, **more})


def put_into_queue(world: World, queue_id: str, lead_id: str) -> None:
    target = {"leadid": lead_id, "@odata.type": "Microsoft.Dynamics.CRM.lead"}
    body = {"Target": target}
    world.admin.send(messages.bound_action(QUEUE.entity_set, queue_id, "AddToQueue", body))


def queues_of(world: World, lead_id: str) -> list[str]:
    """The queues in which a lead waits."""
    return [
        row["_queueid_value"]
        for row in rows(world, QUEUE_ITEM)
        if row["_objectid_value"] == lead_id and row["statecode"] == 0
    ]


def define(world: World, text: str) -> None:
    """Apply a folder of one file."""
    folder = world.folder / "definitions"
    folder.mkdir(exist_ok=True)
    (folder / "all.yaml").write_text(text, encoding="utf-8")
    apply_folder(world.admin, folder)


def sellers(*names: str, **more: Any) -> str:
    """The section for sellers who have all the same."""
    return yaml.safe_dump({"sellers": [{"user": user_name(name), **more} for name in names]})


def lead(world: World, **columns: Any) -> str:
    """A lead that came in by the web form; gives its id."""
    (made,) = world.create_leads(1, **columns)
    return made


def shop(world: World, **options: Any) -> Workshop:
    return workshop(world.mock.url, world.folder / "queues.sqlite", **options)


def route(world: World, **options: Any) -> Decider:
    """Let a worker of its own answer the bell."""
    worker = Decider(shop(world, **options))
    worker.answer()
    return worker


def rulebook(world: World) -> Rulebook:
    return shop(world).facts.rulebook()


def owner(world: World, lead_id: str) -> str:
    """The owner's name, as far as she is one of ours."""
    names = {row["systemuserid"]: row["firstname"] for row in rows(world, SYSTEM_USER)}
    teams = {row["teamid"]: row["name"] for row in rows(world, TEAM)}
    owner_id = world.lead(lead_id)["_ownerid_value"]
    return str(names.get(owner_id) or teams.get(owner_id))


def run_of(world: World, record_id: str) -> dict[str, Any]:
    """The only run about a record."""
    (found,) = (row for row in world.runs() if row["wa_recordid"] == record_id)
    return found


def told(world: World, record_id: str, table: TableName = LEAD) -> str:
    """What `wa explain` tells of a record."""
    store = RunStore(world.admin)
    now = store.record(table.logical_name, record_id)
    return "\n".join(story(now, store.runs(table.logical_name, record_id)))


class Interrupted(OutcomeStore):
    """Something happens between reading and the first write."""

    happening: Callable[[], object] | None = None

    def reserve(self, changes: Sequence[SellerChange]) -> list[SellerRow] | None:
        self._happen()
        return super().reserve(changes)

    def commit_alone(self, changes: Sequence[SellerChange], outcome: Outcome) -> WriteResult:
        self._happen()
        return super().commit_alone(changes, outcome)

    def _happen(self) -> None:
        happening, self.happening = self.happening, None
        if happening is not None:
            happening()
