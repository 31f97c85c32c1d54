"""Who may be given records: roles, privileges, teams' roles, and what changes between reading and writing."""

from __future__ import annotations

import pytest
from tests.e2e.features import (
    BUSINESS_UNIT,
    Interrupted,
    change_user,
    create,
    define,
    give_role,
    lead,
    owner,
    people,
    role,
    role_named,
    route,
    rulebook,
    run_of,
    sellers,
    shop,
    take_role,
    team,
    told,
)
from tests.e2e.world import World, user_id

from work_assignment.cli import sample_data
from work_assignment.dataverse import messages
from work_assignment.dataverse.errors import AccessDenied
from work_assignment.dataverse.names import ROLE, SELLER
from work_assignment.dataverse.queries import Query
from work_assignment.dataverse.role_reader import RoleReader, Roles
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.services.deciding import Decider


def definitions(*names: str, settings: str = "{}") -> str:
    return f"""
settings: {settings}
segments: [{{name: All, record_type: lead}}]
rules: [{{name: Anyone, segment: All, match: any}}]
{sellers(*names)}
"""


def eligible(world: World, *names: str) -> set[str]:
    """Who gets one of as many leads as there are sellers in turn."""
    ids = [lead(world) for _ in names]
    route(world)
    return {owner(world, one) for one in ids}


def test_only_sellers_with_an_eligible_role_receive_records(world: World) -> None:
    people(world, "Ada", "Bea", "Cy")
    inside = role(world, "Inside sales", "prvReadLead")
    give_role(world, "Ada", inside)
    desk = team(world, "Desk", "Bea", roles=(inside,))
    assert desk
    define(world, definitions("Ada", "Bea", "Cy", settings="{eligible_roles: [inside sales]}"))
    assert eligible(world, "Ada", "Bea", "Cy") == {"Ada", "Bea"}
    some_lead = next(run["wa_recordid"] for run in world.runs())
    assert "Cy Seller: has none of the eligible security roles" in told(world, some_lead)


def test_the_copy_of_a_role_in_another_business_unit_counts_as_the_role(world: World) -> None:
    people(world, "Ada", "Bea")
    north = create(world, BUSINESS_UNIT, {"name": "North"})
    root = role(world, "Readers", "prvReadLead")
    copy = create(
        world,
        ROLE,
        {
            "name": "Readers",
            **messages.bind("businessunitid", "businessunits", north),
            **messages.bind("parentrootroleid", "roles", root),
        },
    )
    take_role(world, "Ada", role_named(world, sample_data.SALESPERSON))
    give_role(world, "Ada", copy)
    define(world, definitions("Ada"))
    found = rulebook(world).definitions.sellers
    assert [seller.unreadable for seller in found.values()] == [frozenset()]
    assert [seller.roles for seller in found.values()] == [{"Readers"}]


def test_a_seller_who_cannot_read_leads_is_passed_over_and_the_reason_names_the_table(
    world: World,
) -> None:
    people(world, "Ada", "Bea")
    take_role(world, "Ada", role_named(world, sample_data.SALESPERSON))
    give_role(world, "Ada", role(world, "Accounts only", "prvReadAccount"))
    define(world, definitions("Ada", "Bea"))
    first, second = lead(world), lead(world)
    route(world)
    assert {owner(world, one) for one in (first, second)} == {"Bea"}
    said = "Ada Seller: has no security role that lets her read a lead"
    assert said in told(world, first)


def test_where_nobody_may_read_leads_the_reason_is_privileges(world: World) -> None:
    people(world, "Ada")
    take_role(world, "Ada", role_named(world, sample_data.SALESPERSON))
    give_role(world, "Ada", role(world, "Accounts only", "prvReadAccount"))
    define(world, definitions("Ada"))
    one = lead(world)
    route(world)
    run = run_of(world, one)
    assert run["wa_routingstatus"] == RoutingStatus.NO_PRIVILEGES
    assert run["wa_reason"] == (
        "Record unassigned as seller lacks security role privileges (Anyone): "
        "Ada Seller has no security role that lets her read a lead"
    )
    assert "lets her read a lead" in told(world, one)


def test_a_role_of_a_team_lets_its_members_read(world: World) -> None:
    people(world, "Ada")
    take_role(world, "Ada", role_named(world, sample_data.SALESPERSON))
    give_role(world, "Ada", role(world, "Accounts only", "prvReadAccount"))
    team(world, "Desk", "Ada", roles=(role(world, "Readers", "prvReadLead"),))
    define(world, definitions("Ada"))
    assert eligible(world, "Ada") == {"Ada"}


def test_a_seller_without_any_role_is_left_to_dataverse(world: World) -> None:
    people(world, "Ada")
    take_role(world, "Ada", role_named(world, sample_data.SALESPERSON))
    define(world, definitions("Ada"))
    assert eligible(world, "Ada") == {"Ada"}


def loses_her_privileges(world: World, name: str) -> None:
    take_role(world, name, role_named(world, sample_data.SALESPERSON))
    give_role(world, name, role(world, "Accounts only", "prvReadAccount"))


def is_disabled(world: World, name: str) -> None:
    change_user(world, name, isdisabled=True)


def is_no_seller(world: World, name: str) -> None:
    (row,) = (row for row in world.seller_rows() if row["_wa_systemuserid_value"] == user_id(name))
    world.admin.send(messages.delete(SELLER.entity_set, row["wa_sellerid"]))


@pytest.mark.parametrize("count", [1, 5])
@pytest.mark.parametrize(
    ("happens", "said"),
    [
        (loses_her_privileges, "lacks the privileges to own it"),
        (is_disabled, "is disabled"),
        (is_no_seller, "is no seller any more"),
    ],
)
def test_a_seller_lost_between_reading_and_writing_makes_room_for_the_next(
    world: World, count: int, happens: object, said: str
) -> None:
    people(world, "Ada", "Bea")
    define(world, definitions("Ada", "Bea"))
    ids = world.create_leads(count)
    place = shop(world, store=Interrupted)
    assert isinstance(place.outcomes, Interrupted)
    first = min("Ada", "Bea", key=user_id)
    other = "Bea" if first == "Ada" else "Ada"
    assert callable(happens)
    place.outcomes.happening = lambda: happens(world, first)
    Decider(place).answer()
    assert {owner(world, one) for one in ids} == {other}
    why = [told(world, one) for one in ids]
    assert any(f"{first} Seller: {said}" in text for text in why), why


def test_a_column_of_users_that_is_gone_is_the_fault_of_its_rule_alone(world: World) -> None:
    people(world, "Ada", "Bea")
    define(
        world,
        f"""
segments: [{{name: All, record_type: lead}}]
rules:
  - {{name: By city, segment: All, match: attributes, seller_filter: {{all: [[address1_city, eq, London]]}}, filter: {{all: [[subject, eq, Broken]]}}}}
  - {{name: Anyone, segment: All, match: any}}
{sellers("Ada", "Bea")}
""",
    )
    (rule,) = (
        r for r in world.admin.rows(Query("wa_assignmentrules")) if r["wa_name"] == "By city"
    )
    broken = '<filter><condition attribute="new_city" operator="eq" value="London"/></filter>'
    world.admin.send(
        messages.update(
            "wa_assignmentrules",
            rule["wa_assignmentruleid"],
            {"wa_sellerfilter": broken},
            version="*",
        )
    )
    assert [str(fault) for fault in rulebook(world).faults] == [
        "rule 'By city', seller filter: there is no column 'new_city'"
    ]


@pytest.mark.parametrize(
    ("settings", "given"), [("{}", True), ("{eligible_roles: [Salesperson]}", False)]
)
def test_roles_that_cannot_be_read_make_nobody_eligible_where_one_is_needed(
    world: World, monkeypatch: pytest.MonkeyPatch, settings: str, given: bool
) -> None:
    people(world, "Ada")
    define(world, definitions("Ada", settings=settings))

    def refused(*_: object, **__: object) -> Roles:
        raise AccessDenied(403, "0x80040220", "prvReadRole is missing", "", "GET roles")

    monkeypatch.setattr(RoleReader, "roles", refused)
    one = lead(world)
    route(world)
    assert (owner(world, one) == "Ada") is given
    (fault,) = rulebook(world).faults
    assert "prvReadRole is missing" in str(fault)


def test_eligible_roles_that_cannot_be_understood_make_nobody_eligible(world: World) -> None:
    people(world, "Ada")
    define(world, definitions("Ada"))
    (setting,) = world.admin.rows(Query("wa_settings"))
    broken = {"wa_eligibleroles": "Salesperson"}
    world.admin.send(messages.update("wa_settings", setting["wa_settingid"], broken, version="*"))
    one = lead(world)
    route(world)
    assert run_of(world, one)["wa_routingstatus"] == RoutingStatus.NO_SELLERS
    assert [str(fault).split(":")[0] for fault in rulebook(world).faults] == [
        "settings, eligible_roles"
    ]
