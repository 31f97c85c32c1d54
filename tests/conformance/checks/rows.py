"""Checks of rows: limits of URLs and texts, versions, what a deletion does to others."""

from __future__ import annotations

from ..world import World
from .asking import ask
from .definitions import make_parent_and_child

_LONGEST_URL = 32_768


def url_limit(world: World) -> None:
    """A URL of 32,768 characters is answered, a longer one is not."""
    stem = f"{world.root}leads?$select=subject&$filter=subject eq '".replace(" ", "%20")
    room = _LONGEST_URL - len(stem) - 1
    for length, allowed in ((room, [200, 400]), (room + 1, [400, 404, 414])):
        ask(world, f"GET {stem}{'x' * length}'", answers=allowed)


def text_too_long(world: World) -> None:
    """A text one longer than its column is refused, one that fits is taken."""
    ask(world, "POST leads", body={"subject": "x" * 300}, answers=204)
    ask(
        world,
        "POST leads",
        body={"subject": "x" * 301},
        answers=400,
        error="0x80044331",
        message="The length of the 'subject' attribute of the 'lead' entity exceeded the maximum"
        " allowed length of '300'.",
    )


def versions_rise(world: World) -> None:
    """Each update gives a version greater than the one before."""
    ask(world, "POST leads", body={"subject": "one"}, answers=204, keep={"lead": "id"})
    versions = []
    for subject in ("one", "two", "three"):
        ask(world, "PATCH leads(«lead»)", body={"subject": subject}, answers=204)
        etag = ask(world, "GET leads(«lead»)?$select=subject", answers=200).json()["@odata.etag"]
        versions.append(int(etag.removeprefix('W/"').removesuffix('"')))
    assert versions == sorted(set(versions)), versions


def delete_restricted(world: World) -> None:
    """A parent whose relationship restricts its deletion stays while it has children."""
    make_parent_and_child(world, "Restrict")
    ask(world, "DELETE new_parents(«parent»)", answers=[400, 405], error="0x80040227")
    ask(world, "GET new_parents(«parent»)", answers=200)


def delete_removes_links(world: World) -> None:
    """A parent's deletion clears the lookups of its children."""
    make_parent_and_child(world, "RemoveLink")
    ask(world, "DELETE new_parents(«parent»)", answers=204)
    ask(world, "GET new_children(«child»)", answers=200, has={"_new_parentid_value": None})


def bulk_delete(world: World) -> None:
    """A bulk deletion answers with its job, which ends; the rows are gone."""
    ask(world, "POST leads", body={"subject": "«u»"}, answers=204, keep={"lead": "id"})
    query = {
        "@odata.type": "Microsoft.Dynamics.CRM.QueryExpression",
        "EntityName": "lead",
        "ColumnSet": {"AllColumns": False, "Columns": []},
        "Criteria": {
            "FilterOperator": "And",
            "Conditions": [
                {
                    "AttributeName": "leadid",
                    "Operator": "In",
                    "Values": [{"Value": world.known["lead"], "Type": "System.Guid"}],
                }
            ],
            "Filters": [],
        },
    }
    body = {
        "JobName": "«u»",
        "SendEmailNotification": False,
        "ToRecipients": [],
        "CCRecipients": [],
        "RecurrencePattern": "",
        "StartDateTime": "2020-01-01T00:00:00Z",
        "QuerySet": [query],
    }
    ask(world, "POST BulkDelete", body=body, answers=200, keep={"job": "JobId"})
    world.until(
        lambda: ask(world, "GET asyncoperations(«job»)", answers=200).json()["statuscode"] == 30
    )
    ask(world, "GET asyncoperations(«job»)", answers=200, has={"statecode": 3, "statuscode": 30})
    ask(world, "GET leads(«lead»)", answers=404)


def assign_without_privilege(world: World) -> None:
    """Who has a role that does not assign leads assigns none."""
    unit = {"businessunitid@odata.bind": "/businessunits(«unit»)"}
    ask(world, "POST roles", body={"name": "Reader «u»", **unit}, answers=204, keep={"role": "id"})
    privilege = ask(world, "GET privileges?$filter=name eq 'prvReadLead'", answers=200).json()
    grant = {"PrivilegeId": privilege["value"][0]["privilegeid"], "Depth": "Global"}
    ask(
        world,
        "POST roles(«role»)/Microsoft.Dynamics.CRM.AddPrivilegesRole",
        body={"Privileges": [{**grant, "BusinessUnitId": world.known["unit"]}]},
        answers=204,
    )
    user = {"firstname": "Ann", "lastname": "«u»", "domainname": "«u»@x.example", **unit}
    ask(world, "POST systemusers", body=user, answers=204, keep={"ann": "id"})
    ask(
        world,
        "POST systemusers(«ann»)/systemuserroles_association/$ref",
        body={"@odata.id": "«root»roles(«role»)"},
        answers=204,
    )
    ask(world, "POST leads", body={"subject": "«u»"}, answers=204, keep={"lead": "id"})
    change = {"ownerid@odata.bind": "/systemusers(«ann»)"}
    ask(
        world,
        "PATCH leads(«lead»)",
        body=change,
        headers={"Authorization": "Bearer user:«ann»"},
        answers=403,
        error="0x80040220",
        message="prvAssignLead",
    )
    ask(world, "GET leads(«lead»)", answers=200, has={"_ownerid_value": world.known["me"]})


def schedules(world: World) -> None:
    """Two users have two schedules, in the order asked for."""
    answer = _schedules(world)
    assert len(answer["TimeInfos"]) == 2, answer


def blocks_of_time(world: World) -> None:
    """A block of time has the members of TimeInfo."""
    block = _schedules(world)["TimeInfos"][0]["TimeInfos"][0]
    expected = {
        *("Start", "End", "TimeCode", "SubCode", "SourceId", "CalendarId", "SourceTypeCode"),
        *("IsActivity", "ActivityStatusCode", "Effort", "DisplayText"),
    }
    assert expected <= set(block), block


def _schedules(world: World) -> dict[str, list[dict[str, list[dict[str, object]]]]]:
    """Ask for the week of a user who works from Monday to Friday, twice."""
    calendar = {
        "name": "«u»",
        "type": 0,
        "calendar_calendar_rules": [
            {
                "timezonecode": 92,
                "duration": 1440,
                "extentcode": 1,
                "pattern": "FREQ=WEEKLY;INTERVAL=1;BYDAY=MO,TU,WE,TH,FR",
                "rank": 0,
                "starttime": "2020-01-06T00:00:00Z",
                "innercalendarid": {
                    "type": -1,
                    "calendar_calendar_rules": [
                        {
                            "offset": 480,
                            "duration": 480,
                            "effort": 1.0,
                            "timecode": 0,
                            "subcode": 1,
                            "rank": 0,
                        }
                    ],
                },
            }
        ],
    }
    ask(world, "POST calendars", body=calendar, answers=204, keep={"calendar": "id"})
    ask(
        world,
        "PATCH systemusers(«me»)",
        body={"calendarid@odata.bind": "/calendars(«calendar»)"},
        answers=204,
    )
    path = (
        "QueryMultipleSchedules(ResourceIds=@r,Start=@s,End=@e,TimeCodes=@t)"
        '?@r=["«me»","«me»"]&@s=2026-03-02T00:00:00Z&@e=2026-03-09T00:00:00Z&@t=["Available"]'
    )
    found: dict[str, list[dict[str, list[dict[str, object]]]]]
    found = ask(world, f"GET {path}", answers=200).json()
    return found
