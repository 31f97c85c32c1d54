"""What is told late is told as it is by then: nobody hears of what is no longer hers."""

from __future__ import annotations

from typing import Any

import pytest
from tests.e2e.features import define
from tests.e2e.test_telling_others import Story, at_work, follow, with_quiet_hours
from tests.e2e.world import World, user_id

from work_assignment.dataverse import messages
from work_assignment.dataverse.names import SYSTEM_USER


def given_to(story: Story, name: str, *ids: str) -> None:
    owner = messages.bind("ownerid", SYSTEM_USER.entity_set, user_id(name))
    for one in ids:
        story.world.update_lead(one, owner)


def closed(story: Story, *ids: str) -> None:
    for one in ids:
        story.world.update_lead(one, {"statecode": 2, "statuscode": 4})


def quiet(world: World, story: Story) -> None:
    define(world, with_quiet_hours("Ada", "Ben"))


def marked(world: World) -> list[Any]:
    return [run for run in world.runs() if run["wa_tellpending"] or run["wa_tellothers"]]


@pytest.mark.parametrize("how", [given_to, closed])
@pytest.mark.parametrize("count", [1, 4])
def test_after_quiet_hours_a_new_owner_hears_of_what_is_hers_yet(
    world: World, count: int, how: Any
) -> None:
    with at_work(world) as story:
        quiet(world, story)
        ids = world.create_leads(count, budgetamount=900)
        story.route()
        assert (story.told("Ben"), len(marked(world))) == ([], 1)
        gone = ids[:1]
        how(story, "Eve", *gone) if how is given_to else how(story, *gone)
        story.minutes_pass(125)
        said = [] if count == 1 else ["3 leads were assigned to you"]
        assert story.told("Ben") == said
        assert marked(world) == []


@pytest.mark.parametrize("count", [1, 4])
def test_after_quiet_hours_who_had_it_before_hears_of_what_did_not_come_back(
    world: World, count: int
) -> None:
    with at_work(world) as story:
        ids = story.leads_of_ada(count)
        follow(world, "Ada", ids[0])
        quiet(world, story)
        story.budgets_rise(ids)
        story.route()
        story.forget()
        given_to(story, "Ada", ids[0])
        story.minutes_pass(125)
        said = [] if count == 1 else ["3 of your leads went to others"]
        assert (story.told("Ada"), marked(world)) == (said, [])


def test_a_deleted_lead_is_told_of_to_nobody(world: World) -> None:
    with at_work(world) as story:
        quiet(world, story)
        (one,) = world.create_leads(1, budgetamount=900)
        story.route()
        world.admin.send(messages.delete("leads", one))
        story.minutes_pass(125)
        assert (story.told("Ben"), marked(world)) == ([], [])


def test_a_run_whose_record_nobody_can_look_up_is_told_as_it_says(world: World) -> None:
    with at_work(world) as story:
        quiet(world, story)
        world.create_leads(1, budgetamount=900)
        story.route()
        (run,) = marked(world)
        odd = {"wa_recordid": "no id at all"}
        row = messages.update("wa_routingruns", run["wa_routingrunid"], odd, version="*")
        world.admin.send(row)
        story.minutes_pass(125)
        assert (len(story.told("Ben")), marked(world)) == (1, [])
