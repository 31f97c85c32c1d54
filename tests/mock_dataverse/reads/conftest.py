"""Worlds for the reading tests: an empty one, and one with a few rows that tests speak of."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from tests.mock_dataverse.reads.world import ME, World, guid, open_world

ANA, BEN, NORTH = 0xA1, 0xA2, 0xF1
CONTOSO, FABRIKAM, ADA = 0x51, 0x52, 0x61
NOW = datetime(2026, 3, 4, 12, 30, tzinfo=UTC)


@pytest.fixture
def empty_world() -> Iterator[World]:
    world = open_world()
    yield world
    world.db.close()


@pytest.fixture
def world(empty_world: World) -> World:
    """Three leads, two accounts, a contact, three tasks, two users and a team."""
    empty_world.add("systemuser", ANA, fullname="Ana Alvarez", title="Seller")
    empty_world.add("systemuser", BEN, fullname="Ben Brown")
    empty_world.add("team", NORTH, name="North")
    empty_world.add("transactioncurrency", 0xE1, currencyname="Euro", currencysymbol="€")
    _add_customers(empty_world)
    _add_leads(empty_world)
    _add_tasks(empty_world)
    empty_world.add("teammembership", 0x91, systemuserid=guid(ANA), teamid=guid(NORTH))
    empty_world.add("teammembership", 0x92, systemuserid=guid(BEN), teamid=guid(NORTH))
    assert guid(ANA) == ME.user_id
    return empty_world


@pytest.fixture
def berlin(empty_world: World) -> World:
    """Wednesday noon for a caller in Berlin; weeks start on Monday, fiscal years in April with
    four quarters and are named by their start."""
    empty_world.add(
        "organization",
        0xC1,
        weekstartdaycode=1,
        fiscalcalendarstart="2000-04-01",
        fiscalperiodtype=2002,
        fiscalyeardisplaycode=1,
    )
    empty_world.add("usersettings", 0xA1, timezonecode=110)
    empty_world.now = NOW
    return empty_world


def _add_customers(world: World) -> None:
    world.add("contact", ADA, fullname="Ada Byron", city="London", parentaccountid=guid(CONTOSO))
    world.add(
        "account",
        CONTOSO,
        name="Contoso",
        revenue=5000.0,
        transactioncurrencyid=guid(0xE1),
        primarycontactid=guid(ADA),
    )
    world.add("account", FABRIKAM, name="Fabrikam", revenue=None)


def _add_leads(world: World) -> None:
    world.add(
        "lead",
        1,
        subject="Forty chairs",
        firstname="Zoë",
        lastname="Zoe",
        leadsourcecode=2,
        interests="1,9",
        donotemail=1,
        employees=1200,
        score=2.5,
        estimatedamount=1234.5,
        estimatedamount_base=1300.0,
        transactioncurrencyid=guid(0xE1),
        closeon="2026-03-01",
        createdon="2026-03-01T09:00:00Z",
        statecode=0,
        parentaccountid=guid(CONTOSO),
        wa_segmentid=guid(FABRIKAM),
        customerid=guid(CONTOSO),
        customerid__type="account",
        ownerid=guid(ANA),
        ownerid__type="systemuser",
        owninguser=guid(ANA),
        hidden="hush",
    )
    world.add(
        "lead",
        2,
        subject="100% cotton",
        firstname="Bo",
        lastname="Li",
        leadsourcecode=1,
        interests="2",
        donotemail=0,
        employees=3,
        createdon="2026-03-02T15:30:00Z",
        statecode=1,
        parentaccountid=guid(FABRIKAM),
        customerid=guid(ADA),
        customerid__type="contact",
        ownerid=guid(NORTH),
        ownerid__type="team",
    )
    world.add("lead", 3, subject="O'Hara", createdon="2026-02-27T00:00:00Z", statecode=0)


def _add_tasks(world: World) -> None:
    regarding_lead = {"regardingobjectid": guid(1), "regardingobjectid__type": "lead"}
    world.add("task", 0x71, subject="Call", effort=5, owninguser=guid(BEN), **regarding_lead)
    world.add("task", 0x72, subject="Write", effort=9, **regarding_lead)
    world.add(
        "task",
        0x73,
        subject="Visit",
        effort=1,
        regardingobjectid=guid(CONTOSO),
        regardingobjectid__type="account",
    )
