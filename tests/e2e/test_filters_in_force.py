"""Filters on records and sellers as they work in an organisation: its dates, trees, choices and names."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from tests.e2e.features import (
    BUSINESS_UNIT,
    change,
    change_user,
    create,
    define,
    lead,
    owner,
    people,
    route,
    rulebook,
    run_of,
    sellers,
    shop,
    told,
)
from tests.e2e.world import World, user_id

from work_assignment.dataverse import messages
from work_assignment.dataverse.names import ACCOUNT, ORGANIZATION, SYSTEM_USER
from work_assignment.dataverse.queries import Query
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.services.deciding import Decider

TOMORROW = (datetime.now(UTC) + timedelta(days=1)).date()


def at(day: date, hour: float) -> datetime:
    return datetime.combine(day, time(), UTC) + timedelta(hours=hour)


def with_filter(condition: str, settings: str = "{}") -> str:
    """Everybody's leads that fulfil a condition go to Ada."""
    return f"""
settings: {settings}
segments: [{{name: Wanted, record_type: lead, filter: {{all: [{condition}]}}}}]
rules: [{{name: Anyone, segment: Wanted, match: any}}]
{sellers("Ada")}
"""


def with_sellers(match: str, *listed: str) -> str:
    """All leads go to whom a rule matches; `listed` are sellers as YAML."""
    entries = "\n".join(f"  - {entry}" for entry in listed)
    return f"""
segments: [{{name: All, record_type: lead}}]
rules: [{{name: Matching, segment: All, match: attributes, {match}}}]
sellers:
{entries}
"""


ADA, BEA = "{user: ada@team.example}", "{user: bea@team.example}"


def takes(world: World, lead_id: str, moment: datetime) -> bool:
    """Whether the segment takes the lead, decided at that moment."""
    Decider(replace(shop(world), clock=lambda: moment)).answer()
    return bool(world.lead(lead_id)["wa_assignmentresult"] == 0)


def given(world: World, lead_id: str) -> str | None:
    """Who gets the lead, or nobody for want of a seller who fits."""
    route(world)
    run = run_of(world, lead_id)
    if run["wa_routingstatus"] == RoutingStatus.ASSIGNED:
        return owner(world, lead_id)
    assert run["wa_routingstatus"] == RoutingStatus.NO_SELLERS, run["wa_reason"]
    return None


# Dates


@pytest.mark.parametrize(
    ("zone", "is_today"),
    [("UTC", False), ("Pacific/Kiritimati", True), ("W. Europe Standard Time", True)],
)
def test_days_are_those_of_the_evaluation_time_zone(
    world: World, zone: str, is_today: bool
) -> None:
    people(world, "Ada")
    settings = f"{{evaluation_time_zone: {zone}}}"
    define(world, with_filter("[schedulefollowup_qualify, today]", settings))
    late = lead(world, schedulefollowup_qualify=at(TOMORROW, 23.5))
    assert takes(world, late, at(TOMORROW, 24 + 5)) is is_today


@pytest.mark.parametrize(("starts_on", "same_week"), [(1, True), (0, False)])
def test_weeks_start_as_the_organisation_says(
    world: World, starts_on: int, same_week: bool
) -> None:
    people(world, "Ada")
    organization(world, weekstartdaycode=starts_on)
    define(world, with_filter("[schedulefollowup_qualify, this-week]"))
    sunday = TOMORROW + timedelta(days=7 + 6 - TOMORROW.weekday())
    on_monday = lead(world, schedulefollowup_qualify=at(sunday - timedelta(days=6), 12))
    assert takes(world, on_monday, at(sunday, 12)) is same_week


def organization(world: World, **columns: object) -> None:
    (row,) = world.admin.rows(Query(ORGANIZATION.entity_set))
    change(world, ORGANIZATION, row[ORGANIZATION.primary_id], columns)


@pytest.mark.parametrize(
    ("settings", "year"),
    [
        ({}, 2030),
        ({"fiscalcalendarstart": "2020-07-01"}, 2029),
        ({"fiscalcalendarstart": "2020-07-01", "fiscalyeardisplaycode": 2}, 2030),
    ],
    ids=["calendar year", "from July", "from July, named by its end"],
)
def test_fiscal_years_are_the_organisations(
    world: World, settings: dict[str, object], year: int
) -> None:
    people(world, "Ada")
    organization(world, **settings)
    define(world, with_filter(f"[estimatedclosedate, in-fiscal-year, {year}]"))
    inside = lead(world, estimatedclosedate=date(2030, 6, 30))
    outside = lead(world, estimatedclosedate=date(2031, 7, 1))
    now = datetime.now(UTC)
    assert (takes(world, inside, now), takes(world, outside, now)) == (True, False)


# Trees


def test_accounts_below_another_at_any_depth_are_under_it(world: World) -> None:
    people(world, "Ada")
    ids: dict[str, str] = {}
    for name, above in (
        ("Group", None),
        ("Country", "Group"),
        ("City", "Country"),
        ("Alone", None),
    ):
        below = messages.bind("parentaccountid", ACCOUNT.entity_set, ids[above]) if above else {}
        ids[name] = create(world, ACCOUNT, {"name": name, **below})
    define(world, with_filter("[parentaccountid, under, Group]"))
    assert rulebook(world).faults == ()
    leads = {
        name: lead(world, **messages.bind("parentaccountid", ACCOUNT.entity_set, account))
        for name, account in ids.items()
    }
    route(world)
    results = {name: world.lead(one)["wa_assignmentresult"] for name, one in leads.items()}
    assert results == {"Group": 1, "Country": 0, "City": 0, "Alone": 1}


def test_sellers_are_found_below_a_business_unit_and_below_a_manager(world: World) -> None:
    people(world, "Ada", "Bea", "Boss")
    north = create(world, BUSINESS_UNIT, {"name": "North"})
    above = messages.bind("parentbusinessunitid", BUSINESS_UNIT.entity_set, north)
    oslo = create(world, BUSINESS_UNIT, {"name": "Oslo", **above})
    change_user(world, "Bea", **messages.bind("businessunitid", BUSINESS_UNIT.entity_set, oslo))
    boss = messages.bind("parentsystemuserid", SYSTEM_USER.entity_set, user_id("Boss"))
    change_user(world, "Ada", **boss)
    by_unit = "seller_filter: {all: [[businessunitid, eq-or-under, North]]}"
    define(world, with_sellers(by_unit, ADA, BEA))
    assert given(world, lead(world)) == "Bea"
    by_manager = f"seller_filter: {{all: [[systemuserid, under, {user_id('Boss')}]]}}"
    define(world, with_sellers(by_manager, ADA, BEA))
    assert given(world, lead(world)) == "Ada"


# Choices and names


def test_choices_and_lookups_go_by_label_and_name(world: World) -> None:
    people(world, "Ada")
    account = create(world, ACCOUNT, {"name": "Larkfell"})
    define(
        world,
        with_filter("[leadsourcecode, in, [Web, Trade Show]], [parentaccountid, eq, larkfell]"),
    )
    bound = messages.bind("parentaccountid", ACCOUNT.entity_set, account)
    now = datetime.now(UTC)
    fitting = lead(world, leadsourcecode=7, **bound)
    assert takes(world, fitting, now)
    for columns in ({"leadsourcecode": 1, **bound}, {"leadsourcecode": 7}):
        assert not takes(world, lead(world, **columns), now)


# The record's own values


def test_a_users_column_is_compared_with_the_records_own_value(world: World) -> None:
    people(world, "Ada", "Bea")
    change_user(world, "Ada", address1_city="London")
    change_user(world, "Bea", address1_city="Zürich")
    filter_ = "seller_filter: {all: [[address1_city, eq, $(address1_city)]]}"
    define(world, with_sellers(filter_, ADA, BEA))
    assert given(world, lead(world, address1_city="ZURICH ")) == "Bea"
    assert given(world, lead(world, address1_city="Paris")) is None
    empty = lead(world)
    assert given(world, empty) is None
    assert "$(address1_city) is empty" in told(world, empty)


def test_an_empty_value_of_the_record_is_unlike_anything(world: World) -> None:
    people(world, "Ada", "Bea")
    change_user(world, "Ada", address1_city="London")
    filter_ = (
        "seller_filter: {all: [[address1_city, ne, $(address1_city)], [address1_city, not-null]]}"
    )
    define(world, with_sellers(filter_, ADA, BEA))
    assert given(world, lead(world, address1_city="London")) is None
    assert given(world, lead(world)) == "Ada"


def test_a_users_text_is_compared_with_the_label_of_a_choice(world: World) -> None:
    people(world, "Ada", "Bea")
    change_user(world, "Ada", jobtitle="Web desk")
    change_user(world, "Bea", jobtitle="Trade show desk")
    filter_ = 'seller_filter: {all: [[jobtitle, eq, "$(leadsourcecode) desk"]]}'
    define(world, with_sellers(filter_, ADA, BEA))
    assert given(world, lead(world, leadsourcecode=7)) == "Bea"


def test_a_users_lookup_is_compared_with_the_records_own(world: World) -> None:
    people(world, "Ada", "Bea")
    north = create(world, BUSINESS_UNIT, {"name": "North"})
    change_user(world, "Bea", **messages.bind("businessunitid", BUSINESS_UNIT.entity_set, north))
    filter_ = "seller_filter: {all: [[businessunitid, eq, $(owningbusinessunit)]]}"
    define(world, with_sellers(filter_, ADA, BEA))
    assert given(world, lead(world)) == "Ada"  # the web form's own business unit


@pytest.mark.parametrize("held", ["Trade Show", "7"], ids=["by label", "by number"])
def test_an_attribute_has_the_value_of_a_records_choice(world: World, held: str) -> None:
    people(world, "Ada", "Bea")
    attribute = "attributes: {all: [[Source, eq, $(leadsourcecode)]]}"
    ada = "{user: ada@team.example, attributes: {Source: [Web]}}"
    bea = f'{{user: bea@team.example, attributes: {{Source: ["{held}", Other]}}}}'
    define(world, with_sellers(attribute, ada, bea))
    assert given(world, lead(world, leadsourcecode=7)) == "Bea"
    assert given(world, lead(world, leadsourcecode=1)) is None
    assert given(world, lead(world)) is None


def test_an_attribute_has_the_name_of_the_row_a_lookup_points_at(world: World) -> None:
    people(world, "Ada", "Bea")
    attribute = "attributes: {all: [[Accounts, eq, $(parentaccountid)]]}"
    ada = "{user: ada@team.example, attributes: {Accounts: [Larkfell]}}"
    define(world, with_sellers(attribute, ada, BEA))
    larkfell = create(world, ACCOUNT, {"name": "Larkfell"})
    bound = messages.bind("parentaccountid", ACCOUNT.entity_set, larkfell)
    assert given(world, lead(world, **bound)) == "Ada"
    assert given(world, lead(world)) is None
