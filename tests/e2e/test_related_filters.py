"""Filters that look at other rows, from YAML over Dataverse to an owner."""

from __future__ import annotations

import pytest
from tests.e2e.features import (
    BUSINESS_UNIT,
    change,
    change_user,
    create,
    define,
    join_team,
    lead,
    owned_by,
    owner,
    people,
    route,
    rulebook,
    run_of,
    sellers,
    team,
    told,
)
from tests.e2e.world import World

from work_assignment.dataverse import messages
from work_assignment.dataverse.names import ACCOUNT, CONTACT, TableName
from work_assignment.dataverse.queries import Query
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.services.configuration.problems import ConfigurationErrors

TASK = TableName("task", "tasks", "activityid")


def account(world: World, name: str, **columns: object) -> str:
    return create(world, ACCOUNT, {"name": name, **columns})


def of_account(account_id: str) -> dict[str, str]:
    return messages.bind("parentaccountid", ACCOUNT.entity_set, account_id)


def segments_by(condition: str) -> str:
    """Ada's segment with a condition, and Bea's for the rest."""
    return f"""
segments:
  - name: Wanted
    record_type: lead
    filter: {{all: [{condition}]}}
  - {{name: Others, record_type: lead}}
rules:
  - {{name: For Ada, segment: Wanted, match: list, list: [ada@team.example]}}
  - {{name: For Bea, segment: Others, match: list, list: [bea@team.example]}}
{sellers("Ada", "Bea")}
"""


def test_a_lead_goes_by_the_account_it_points_at(world: World) -> None:
    people(world, "Ada", "Bea")
    define(
        world,
        segments_by("related: {lookup: parentaccountid, filter: {all: [[revenue, gt, 1000000]]}}"),
    )
    big, small = account(world, "Big", revenue=2_000_000), account(world, "Small", revenue=10)
    of_big, of_small = lead(world, **of_account(big)), lead(world, **of_account(small))
    alone = lead(world)
    assert rulebook(world).faults == ()
    route(world)
    assert [owner(world, one) for one in (of_big, of_small, alone)] == ["Ada", "Bea", "Bea"]
    assert "parentaccountid.revenue is 10" in told(world, of_small)


def test_a_lead_goes_by_the_rows_that_point_at_it(world: World) -> None:
    people(world, "Ada", "Bea")
    condition = (
        "not_related: {table: task, lookup: regardingobjectid, filter: {all: [[statecode, eq, 0]]}}"
    )
    define(world, segments_by(condition))
    idle, busy, done = lead(world), lead(world), lead(world)
    for one in (busy, done):
        about = {"regardingobjectid_lead_task@odata.bind": f"/leads({one})", "subject": "Call"}
        made = create(world, TASK, about)
    change(world, TASK, made, {"statecode": 1, "statuscode": 5})
    route(world)
    assert [owner(world, one) for one in (idle, busy, done)] == ["Ada", "Bea", "Ada"]
    assert "rows of task is 1" in told(world, busy)


def test_related_rows_are_followed_from_row_to_row(world: World) -> None:
    people(world, "Ada", "Bea")
    condition = (
        "related: {lookup: parentaccountid, filter: {all: ["
        "{related: {lookup: parentaccountid, filter: {all: [[name, eq, Larkfell Group]]}}}, "
        "{not_related: {table: contact, lookup: parentcustomerid, filter: "
        "{all: [[jobtitle, eq, Buyer]]}}}]}}"
    )
    define(world, segments_by(condition))
    group = account(world, "Larkfell Group")
    below = messages.bind("parentaccountid", ACCOUNT.entity_set, group)
    plain, with_buyer = account(world, "Larkfell UK", **below), account(world, "B", **below)
    create(
        world,
        CONTACT,
        {
            "lastname": "Buyer",
            "jobtitle": "buyer ",
            **messages.bind("parentcustomerid_account", ACCOUNT.entity_set, with_buyer),
        },
    )
    fitting = lead(world, **of_account(plain))
    others = [lead(world, **of_account(with_buyer)), lead(world, **of_account(group)), lead(world)]
    route(world)
    assert owner(world, fitting) == "Ada"
    assert [owner(world, one) for one in others] == ["Bea"] * 3


def test_a_seller_is_found_over_a_team_that_she_belongs_to(world: World) -> None:
    people(world, "Ada", "Bea")
    key = team(world, "Key accounts", "Bea")
    define(
        world,
        f"""
segments: [{{name: All, record_type: lead}}]
rules:
  - name: Key accounts
    segment: All
    match: attributes
    seller_filter:
      all:
        - related:
            table: teammembership
            lookup: systemuserid
            filter: {{all: [{{related: {{lookup: teamid, filter: {{all: [[name, eq, Key accounts]]}}}}}}]}}
{sellers("Ada", "Bea")}
""",
    )
    found = rulebook(world)
    assert found.faults == ()
    first = lead(world)
    route(world)
    assert owner(world, first) == "Bea"
    join_team(world, key, "Ada")
    second = lead(world)
    route(world)
    assert owner(world, second) == "Ada"


def test_a_seller_is_found_by_her_business_unit(world: World) -> None:
    people(world, "Ada", "Bea")
    north = create(world, BUSINESS_UNIT, {"name": "North"})
    change_user(world, "Bea", **messages.bind("businessunitid", "businessunits", north))
    define(
        world,
        f"""
segments: [{{name: All, record_type: lead}}]
rules:
  - name: By unit
    segment: All
    match: attributes
    seller_filter:
      all: [{{related: {{lookup: businessunitid, filter: {{all: [[name, eq, $(address1_city)]]}}}}}}]
{sellers("Ada", "Bea")}
""",
    )
    there, nowhere, empty = (
        lead(world, address1_city="north"),
        lead(world, address1_city="South"),
        lead(world),
    )
    route(world)
    assert owner(world, there) == "Bea"
    assert run_of(world, nowhere)["wa_routingstatus"] == RoutingStatus.NO_SELLERS
    assert run_of(world, empty)["wa_routingstatus"] == RoutingStatus.NO_SELLERS


def test_a_lead_goes_to_the_owner_of_its_parent_account(world: World) -> None:
    people(world, "Ada", "Bea", "Cy")
    define(
        world,
        f"""
segments: [{{name: All, record_type: lead}}]
rules:
  - name: Account owner
    segment: All
    match: attributes
    seller_filter:
      all:
        - related: {{table: account, lookup: owninguser, filter: {{all: [[accountid, eq, $(parentaccountid)]]}}}}
{sellers("Ada", "Bea")}
""",
    )
    of_ada, of_bea, of_cy = (
        account(world, name, **owned_by(name)) for name in ("Ada", "Bea", "Cy")
    )
    assert rulebook(world).faults == ()
    ids = [lead(world, **of_account(one)) for one in (of_ada, of_bea, of_bea, of_cy)]
    alone = lead(world)
    route(world)
    assert [owner(world, one) for one in ids[:3]] == ["Ada", "Bea", "Bea"]
    for nobody in (ids[3], alone):
        assert run_of(world, nobody)["wa_routingstatus"] == RoutingStatus.NO_SELLERS


def test_an_account_that_changes_hands_counts_with_its_new_owner_at_once(world: World) -> None:
    people(world, "Ada", "Bea")
    define(
        world,
        f"""
segments: [{{name: All, record_type: lead}}]
rules:
  - name: Account owner
    segment: All
    match: attributes
    seller_filter:
      all:
        - related: {{table: account, lookup: owninguser, filter: {{all: [[name, eq, $(companyname)]]}}}}
{sellers("Ada", "Bea")}
""",
    )
    made = account(world, "Larkfell", **owned_by("Ada"))
    first = lead(world, companyname="LARKFELL")
    worker = route(world)
    assert owner(world, first) == "Ada"
    change(world, ACCOUNT, made, owned_by("Bea"))
    second = lead(world, companyname="larkfell ")
    worker.answer()
    assert owner(world, second) == "Bea"


def test_text_of_a_related_row_is_compared_with_what_people_read_in_a_choice(world: World) -> None:
    people(world, "Ada", "Bea")
    define(
        world,
        f"""
segments: [{{name: All, record_type: lead}}]
rules:
  - name: By unit
    segment: All
    match: attributes
    seller_filter:
      all:
        - related: {{table: account, lookup: owninguser, filter: {{all: [[name, eq, $(leadsourcecode)]]}}}}
{sellers("Ada", "Bea")}
""",
    )
    account(world, "Trade Show", **owned_by("Bea"))
    found = lead(world, leadsourcecode=7)
    route(world)
    assert owner(world, found) == "Bea"


def test_a_segment_compares_text_of_a_related_row_with_the_label_of_a_choice_too(
    world: World,
) -> None:
    people(world, "Ada", "Bea")
    condition = "related: {lookup: parentaccountid, filter: {all: [[name, eq, $(leadsourcecode)]]}}"
    define(world, segments_by(condition))
    fair = account(world, "Trade Show")
    fitting = lead(world, leadsourcecode=7, **of_account(fair))
    other = lead(world, leadsourcecode=1, **of_account(fair))
    route(world)
    assert [owner(world, fitting), owner(world, other)] == ["Ada", "Bea"]


def test_a_lead_goes_by_the_teams_of_whoever_entered_it(world: World) -> None:
    people(world, "Ada", "Bea")
    define(
        world,
        segments_by(
            "related: {lookup: createdby, filter: {all: [{related: {table: teammembership, "
            "lookup: systemuserid, filter: {all: [{related: {lookup: teamid, filter: "
            "{all: [[name, eq, Entry desk]]}}}]}}}]}}"
        ),
    )
    desk = team(world, "Entry desk")
    other = lead(world)
    route(world)
    (form,) = (r for r in world.admin.rows(Query("systemusers")) if r["firstname"] == "Web")
    theirs = ("teams", desk, "teammembership_association")
    world.admin.send(messages.associate(*theirs, "systemusers", form["systemuserid"]))
    ours = lead(world)
    route(world)
    assert [owner(world, other), owner(world, ours)] == ["Bea", "Ada"]


def test_a_filter_pasted_from_the_editor_with_links_works_the_same(world: World) -> None:
    people(world, "Ada", "Bea")
    text = (
        '<fetch><entity name="lead"><attribute name="fullname"/><filter type="and">'
        '<condition attribute="statecode" operator="eq" value="0"/></filter>'
        '<link-entity name="account" from="accountid" to="parentaccountid" link-type="inner">'
        '<filter><condition attribute="name" operator="begins-with" value="Lark"/></filter>'
        "</link-entity></entity></fetch>"
    )
    document = segments_by("[subject, not-null]").replace(
        "filter: {all: [[subject, not-null]]}", f"filter: '{text}'"
    )
    define(world, document)
    larkfell = account(world, "Larkfell")
    ours, other = lead(world, **of_account(larkfell)), lead(world)
    route(world)
    assert [owner(world, ours), owner(world, other)] == ["Ada", "Bea"]


def test_more_records_than_one_question_names_are_all_looked_at(world: World) -> None:
    people(world, "Ada", "Bea")
    define(
        world, segments_by("related: {lookup: parentaccountid, filter: {all: [[revenue, gt, 5]]}}")
    )
    big = account(world, "Big", revenue=6)
    fitting = world.create_leads(230, **of_account(big))
    world.create_leads(20)
    route(world, block_size=250)
    owned = world.owned(["Ada", "Bea"])
    assert owned == {"Ada": len(fitting), "Bea": 20}


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (
            "related: {lookup: createdby, filter: {all: [{related: {table: teammembership, "
            "lookup: teamid}}]}}",
            "column 'teamid' of teammembership does not point at systemuser",
        ),
        (
            "related: {lookup: createdby, filter: {all: [{related: {table: teammembership, "
            "lookup: systemuserid, filter: {all: [{related: {lookup: teammembershipid}}]}}}]}}",
            "column 'teammembershipid' of teammembership is no lookup",
        ),
    ],
)
def test_ids_of_a_many_to_many_table_lead_where_they_belong(
    world: World, condition: str, said: str
) -> None:
    people(world, "Ada", "Bea")
    with pytest.raises(ConfigurationErrors, match=said):
        define(world, segments_by(condition))


def test_columns_of_different_kinds_cannot_be_joined(world: World) -> None:
    people(world, "Ada", "Bea")
    text = (
        '<filter><link-entity name="account" from="name" to="leadsourcecode" link-type="any"/>'
        "</filter>"
    )
    document = segments_by("[subject, not-null]").replace(
        "filter: {all: [[subject, not-null]]}", f"filter: '{text}'"
    )
    with pytest.raises(ConfigurationErrors, match=r"'name' of account \(text\) cannot be joined"):
        define(world, document)
