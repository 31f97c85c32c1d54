"""Sellers who cannot be told when their block is settled are told later, and keep nobody waiting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.e2e.features import shop
from tests.e2e.world import EverybodysLease, World, user_id

from work_assignment.bootstrap import now
from work_assignment.dataverse import messages
from work_assignment.dataverse.names import APP_NOTIFICATION, SYSTEM_USER
from work_assignment.dataverse.outcome_store import OutcomeStore
from work_assignment.dataverse.queries import Query
from work_assignment.services.deciding import Decider


class Overtaken(OutcomeStore):
    """Something happens between commit and settling."""

    happening: Callable[[], object] = staticmethod(lambda: None)

    def settle(self, *values: Any, **options: Any) -> None:
        self.happening()
        super().settle(*values, **options)


def notices(world: World, name: str) -> list[str]:
    rows = world.admin.rows(Query(APP_NOTIFICATION.entity_set))
    return [row["title"] for row in rows if row["_ownerid_value"] == user_id(name)]


def switch(world: World, name: str, *, off: bool) -> None:
    request = messages.update(
        SYSTEM_USER.entity_set, user_id(name), {"isdisabled": off}, version="*"
    )
    world.admin.send(request)


def test_a_seller_who_is_disabled_meanwhile_is_told_when_she_is_back(world: World) -> None:
    world.settle_in({"Ada": 2, "Bea": 2})
    world.create_leads(4)
    place = shop(world, store=Overtaken)
    assert isinstance(place.outcomes, Overtaken)
    place.outcomes.happening = lambda: switch(world, "Ada", off=True)
    assert Decider(place).answer().assigned == 4
    assert (notices(world, "Ada"), len(notices(world, "Bea"))) == ([], 1)
    assert [row["wa_reservations"] for row in world.seller_rows()] == [None, None]

    later = replace(shop(world), clock=lambda: now() + timedelta(minutes=5))
    Decider(later).answer(thorough=True)
    assert notices(world, "Ada") == []

    switch(world, "Ada", off=False)
    Decider(later).answer(thorough=True)
    assert notices(world, "Ada") == ["2 leads were assigned to you"]
    assert not any(run["wa_tellpending"] for run in world.runs())
    Decider(later).answer(thorough=True)
    assert len(notices(world, "Ada")) == 1


def test_a_seller_whom_another_worker_has_told_is_told_once(world: World) -> None:
    world.settle_in({"Ada": 2, "Bea": 2})
    world.create_leads(4)
    place = shop(world, store=Overtaken)
    assert isinstance(place.outcomes, Overtaken)
    other = shop(world, leases=EverybodysLease())
    later = replace(other, clock=lambda: now() + timedelta(minutes=6))

    def somebody_else_settles_first() -> None:
        Decider(later).answer(thorough=True)
        switch(world, "Ada", off=True)

    place.outcomes.happening = somebody_else_settles_first
    assert Decider(place).answer().assigned == 4
    switch(world, "Ada", off=False)
    Decider(later).answer(thorough=True)
    assert (len(notices(world, "Ada")), len(notices(world, "Bea"))) == (1, 1)
    assert not any(run["wa_tellpending"] for run in world.runs())
